//! No string is missing, none is left over, and both languages ask for the same values.

use std::collections::BTreeSet;
use std::path::Path;

use lectern_web::Lang;
use lectern_web::catalog::{Catalog, Message, placeholders};

/// Families of keys made in Rust: weekdays and months by number, parts of the day, zones with a name of their own, and
/// sentences that carry their key.
const MADE_IN_RUST: [&str; 9] = [
    "weekday.",
    "month.",
    "daypart.",
    "zone.",
    "reason.",
    "provider_error.",
    "provider_step.",
    "said.",
    "rule.",
];

#[derive(Default)]
struct Used {
    whole: BTreeSet<String>,
    prefixes: BTreeSet<String>,
}

fn read(folder: &Path, used: &mut Used) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, used);
        } else {
            scan(&std::fs::read_to_string(&path).unwrap(), used);
        }
    }
}

/// The first argument of every `t(…)`, `t_html(…)` and `t_or(…)`: a literal, a choice of literals, or a prefix.
fn scan(template: &str, used: &mut Used) {
    for call in ["t(", "t_html(", "t_or("] {
        for (at, _) in template.match_indices(call) {
            let before = template[..at].chars().next_back().unwrap_or(' ');
            if before.is_alphanumeric() || before == '_' {
                continue;
            }
            let argument = &template[at + call.len()..];
            let end = argument.find([',', ')']).unwrap_or(argument.len());
            let argument = &argument[..end];
            for (number, literal) in argument.split(['"', '\'']).enumerate() {
                if number % 2 == 0 || literal.is_empty() || !literal.contains(|c: char| c.is_alphabetic()) {
                    continue;
                }
                if call == "t_or(" {
                    used.prefixes.insert(format!("{literal}."));
                } else if literal.ends_with('.') {
                    used.prefixes.insert(literal.to_owned());
                } else if argument.contains('~') && !literal.contains('.') && number > 1 {
                    // The tail of `"feed." ~ kind ~ "_html"`.
                } else if !literal.starts_with('.') {
                    used.whole.insert(literal.to_owned());
                }
            }
        }
    }
}

fn used() -> Used {
    let mut used = Used::default();
    read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/templates")), &mut used);
    used
}

fn texts(message: &Message) -> Vec<&str> {
    match message {
        Message::Plain(text) => vec![text],
        Message::Plural { one, other } => vec![one, other],
    }
}

fn values(message: &Message) -> BTreeSet<&str> {
    texts(message).into_iter().flat_map(placeholders).filter(|name| !name.starts_with("word.")).collect()
}

#[test]
fn no_string_is_missing() {
    let catalog = Catalog::load().unwrap();
    let used = used();
    assert!(used.whole.len() > 300, "the scan found only {}", used.whole.len());
    for key in &used.whole {
        assert!(catalog.has(key), "templates say {key}, the catalog does not");
    }
    for prefix in &used.prefixes {
        assert!(
            catalog.strings(Lang::En).keys().any(|key| key.starts_with(prefix)),
            "nothing begins with {prefix}"
        );
    }
}

#[test]
fn no_string_is_left_over() {
    let catalog = Catalog::load().unwrap();
    let used = used();
    let mut wanted: BTreeSet<String> = used.whole.clone();
    for message in Lang::ALL.into_iter().flat_map(|lang| catalog.strings(lang).values()) {
        wanted.extend(texts(message).into_iter().flat_map(placeholders).map(str::to_owned));
    }
    for key in catalog.strings(Lang::En).keys() {
        let plain = key.split('@').next().unwrap();
        let known = wanted.contains(plain)
            || used.prefixes.iter().any(|prefix| plain.starts_with(prefix.as_str()))
            || MADE_IN_RUST.iter().any(|prefix| plain.starts_with(prefix));
        assert!(known, "nobody says {key}");
    }
}

#[test]
fn bengali_is_complete_and_has_nothing_more() {
    let catalog = Catalog::load().unwrap();
    let (en, bn) = (catalog.strings(Lang::En), catalog.strings(Lang::Bn));
    for key in en.keys() {
        assert!(bn.contains_key(key), "{key} is not translated");
    }
    for key in bn.keys() {
        assert!(en.contains_key(key), "{key} is only Bengali");
    }
}

#[test]
fn both_languages_ask_for_the_same_values() {
    let catalog = Catalog::load().unwrap();
    for (key, en) in catalog.strings(Lang::En) {
        let bn = &catalog.strings(Lang::Bn)[key];
        assert_eq!(values(en), values(bn), "{key}");
        assert_eq!(
            matches!(en, Message::Plain(_)),
            matches!(bn, Message::Plain(_)),
            "{key}: plural forms differ"
        );
    }
}

#[test]
fn bengali_writes_its_own_digits_and_danda() {
    let catalog = Catalog::load().unwrap();
    for (key, message) in catalog.strings(Lang::Bn) {
        for text in texts(message) {
            assert!(!text.contains(|c: char| c.is_ascii_digit()), "{key}: {text}");
            assert!(!text.contains(". ") && !text.ends_with('.'), "{key}: {text}");
        }
    }
}

#[test]
fn markup_stands_only_in_strings_that_say_so() {
    let catalog = Catalog::load().unwrap();
    for lang in Lang::ALL {
        for (key, message) in catalog.strings(lang) {
            for text in texts(message) {
                assert_eq!(text.contains('<'), key.ends_with("_html") && text.contains('<'), "{key}: {text}");
            }
        }
    }
}
