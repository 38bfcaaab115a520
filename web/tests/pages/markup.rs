//! Rules of the markup: nothing inline, every form guarded, every label and reference in its place.

use std::collections::HashSet;

use lectern_web::assets;

use crate::every::pages;

/// One start tag: its name and attributes.
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
}

impl Tag {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// All start tags of a document we wrote ourselves: attributes are quoted with double quotes or have no value.
pub(crate) fn tags(html: &str) -> Vec<Tag> {
    let mut tags = vec![];
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
        if name.is_empty() {
            continue;
        }
        rest = &rest[name.len()..];
        let mut attributes = vec![];
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
            if rest.is_empty() || rest.starts_with('>') {
                break;
            }
            let key: String =
                rest.chars().take_while(|c| !c.is_whitespace() && !"=>/".contains(*c)).collect();
            rest = &rest[key.len()..];
            let mut value = String::new();
            if let Some(after) = rest.strip_prefix("=\"") {
                let end = after.find('"').expect("an attribute is closed");
                value = after[..end].to_owned();
                rest = &after[end + 1..];
            } else {
                assert!(!rest.starts_with('='), "an attribute without quotes: {key} in <{name}>");
            }
            assert!(!key.is_empty(), "broken markup near {:.60}", rest);
            attributes.push((key, value));
        }
        tags.push(Tag { name, attributes });
    }
    tags
}

#[test]
fn nothing_is_inline() {
    for page in pages() {
        for tag in tags(&page.html) {
            assert_ne!(tag.name, "style", "{}", page.name);
            if tag.name == "script" {
                assert!(
                    tag.get("src").is_some_and(|src| src.contains("static")),
                    "{}: an inline script",
                    page.name
                );
            }
            for (key, value) in &tag.attributes {
                assert_ne!(key, "style", "{}: <{}>", page.name, tag.name);
                assert!(!key.starts_with("on"), "{}: <{} {key}>", page.name, tag.name);
                assert!(!value.trim_start().starts_with("javascript:"), "{}: {value}", page.name);
            }
        }
        assert!(!page.html.contains("</style>"), "{}", page.name);
    }
}

#[test]
fn every_form_of_a_signed_in_page_carries_the_token() {
    for page in pages().iter().filter(|page| page.staff) {
        let tags = tags(&page.html);
        let posts = tags.iter().filter(|tag| tag.name == "form" && tag.get("method") == Some("post")).count();
        let tokens = tags
            .iter()
            .filter(|tag| {
                tag.get("name") == Some("csrf") && tag.get("value").is_some_and(|value| !value.is_empty())
            })
            .count();
        assert_eq!(posts, tokens, "{}", page.name);
        assert!(posts >= 1, "{}: signing out is a form", page.name);
    }
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    for page in pages() {
        for tag in tags(&page.html) {
            for name in ["src", "href", "action"] {
                let Some(address) = tag.get(name) else { continue };
                if tag.name != "a" {
                    let address = address.replace("&#x2f;", "/");
                    assert!(
                        address.starts_with('/') && !address.starts_with("//"),
                        "{}: {address}",
                        page.name
                    );
                }
            }
        }
    }
}

#[test]
fn ids_are_unique_and_references_lead_somewhere() {
    for page in pages() {
        let tags = tags(&page.html);
        let mut ids = HashSet::new();
        for tag in &tags {
            if let Some(id) = tag.get("id") {
                assert!(!id.is_empty(), "{}: an empty id", page.name);
                assert!(ids.insert(id), "{}: the id {id} twice", page.name);
            }
        }
        for tag in &tags {
            for name in ["for", "aria-labelledby", "aria-describedby"] {
                for id in tag.get(name).unwrap_or_default().split_whitespace() {
                    assert!(ids.contains(id), "{}: {name}={id} leads nowhere", page.name);
                }
            }
        }
    }
}

#[test]
fn every_input_has_a_label() {
    for page in pages() {
        let tags = tags(&page.html);
        let labelled: HashSet<_> = tags.iter().filter_map(|tag| tag.get("for")).collect();
        for tag in tags.iter().filter(|tag| ["input", "select", "textarea"].contains(&tag.name.as_str())) {
            // Boxes and radios stand inside their label.
            if ["hidden", "checkbox", "radio"].contains(&tag.get("type").unwrap_or_default()) {
                continue;
            }
            let id = tag.get("id").unwrap_or_else(|| panic!("{}: an input without id", page.name));
            assert!(labelled.contains(id), "{}: nobody names the input {id}", page.name);
        }
    }
}

#[test]
fn a_page_says_its_language_and_title() {
    for page in pages() {
        assert!(page.html.contains(&format!("<html lang=\"{}\">", page.lang.tag())), "{}", page.name);
        let title = page.html.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap();
        assert!(title.trim().len() > 3, "{}: {title:?}", page.name);
        assert_eq!(page.html.matches("<h1").count().min(1), 1, "{}: no heading", page.name);
    }
}

#[test]
fn at_most_one_main_action_is_filled() {
    for page in pages() {
        // Forms beside a list have their own; a page's head and its doors do not repeat it.
        let doors = page.html.matches("btn main door").count();
        assert!(doors <= 1, "{}: {doors} doors", page.name);
    }
}

#[test]
fn the_style_sheet_knows_no_left_and_right() {
    let sheet = assets::get("x/lectern.css").unwrap().bytes;
    let sheet = String::from_utf8(sheet.into_owned()).unwrap();
    let physical = [
        "margin-left",
        "margin-right",
        "padding-left",
        "padding-right",
        "border-left",
        "border-right",
        "text-align:left",
        "text-align:right",
        "float:",
    ];
    for word in physical {
        assert!(!sheet.contains(word), "{word}: from right to left it stands on the wrong side");
    }
    for side in ["left:", "right:"] {
        let alone = sheet.match_indices(side).filter(|(at, _)| sheet[..*at].ends_with([';', '{', ' ']));
        assert_eq!(alone.count(), 0, "{side}");
    }
}
