//! No English is left over on a Bengali page: Latin letters stand only in what people and platforms are called, and in a stated list.

use std::collections::BTreeSet;

use lectern_web::every::{Visit, visit};
use lectern_web::{Lang, Mail, Page, Shell, Vocabulary, Web};
use serde::Serialize;
use serde_json::Value;

use crate::markup::tags;

/// What is written in Latin letters in Bengali too, on every page: names, and words of the trade that have no other form.
const STATED: &[&str] = &["Lectern", "English", "CSV", "URL", "https", "Zoom", "Google", "Meet", "Stripe"];

/// And on one page: the vendors' own words for what is to be pressed, what a program reads, and the samples' data where it looks like ours.
const STATED_ON: &[(&str, &str)] = &[
    ("pages/api_keys.html", "grades portal timetable"),
    // Kinds of files, and an example of a colour.
    ("pages/branding.html", "PNG JPEG WebP e"),
    ("pages/class_settings.html", "Participant"),
    // The columns of a file, as it must have them.
    ("pages/cohort_import.html", "email name first last external id language en bn time zone role"),
    ("pages/demo.html", "oakwood"),
    ("pages/embedding.html", "http www dreamcrowd example localhost"),
    ("pages/instance_job_discard.html", "oakwood"),
    ("pages/own_organization.html", "school"),
    ("pages/payments.html", "sk rk whsec"),
    ("pages/platform.html", "Cloud OAuth Pub Sub my project topic"),
    ("pages/schedule.html", "Jitsi Webex Participant"),
    ("pages/sign_in.html", "oakwood"),
    ("pages/webhook.html", "JSON"),
    ("pages/webhook_new.html", "JSON"),
];

/// What a reader hears or sees that is no text between tags.
const SPOKEN: [&str; 6] = ["aria-label", "title", "placeholder", "alt", "data-unit", "data-head"];

/// Every word with a Latin letter in it, without what is glued to it by a hyphen.
fn latin(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty())
}

/// The words of everything that came as data. An identifier like `left_early` is a choice of ours, not a name: its words must be
/// translated.
fn words_of(data: &Value, known: &mut BTreeSet<String>) {
    match data {
        Value::String(text) if text.chars().all(|c| c.is_ascii_lowercase() || c == '_') => {}
        Value::String(text) => known.extend(latin(text).map(str::to_owned)),
        Value::Array(items) => items.iter().for_each(|item| words_of(item, known)),
        Value::Object(fields) => fields.values().for_each(|field| words_of(field, known)),
        _ => {}
    }
}

fn plain(html: &str) -> String {
    html.replace("&#x2f;", "/")
        .replace("&#x27;", "'")
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// All that is read of a page: the texts between its tags but for what says that it is another language or a program's, and what is spoken.
fn read_of(html: &str) -> Vec<String> {
    let mut read: Vec<String> = Vec::new();
    // What is inside of an element whose language is not the page's, or that a program reads.
    let mut skipped: Option<(String, usize)> = None;
    for piece in html.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        let closing = tag.starts_with('/');
        let name: String =
            tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        match &mut skipped {
            Some((outer, depth)) if *outer == name => {
                if closing {
                    *depth -= 1
                } else {
                    *depth += 1
                }
                if *depth == 0 {
                    skipped = None;
                }
            }
            None if !closing
                && (tag.contains(" lang=\"en\"") || ["code", "kbd", "pre"].contains(&name.as_str())) =>
            {
                skipped = Some((name, 1))
            }
            _ => {}
        }
        if skipped.is_none() {
            read.push(plain(text));
        }
    }
    for tag in tags(html) {
        for (key, value) in &tag.attributes {
            if SPOKEN.contains(&key.as_str()) || key.ends_with("-words") {
                read.push(plain(value));
            }
        }
    }
    read
}

struct Leftovers {
    web: Web,
    found: BTreeSet<String>,
}

impl Leftovers {
    fn look(&mut self, name: &str, data: &impl Serialize, shell: Option<&Shell>, read: Vec<String>) {
        let mut known: BTreeSet<String> = STATED.iter().map(|&word| word.to_owned()).collect();
        let here = STATED_ON.iter().filter(|(page, _)| *page == name);
        known.extend(here.flat_map(|(_, words)| words.split(' ')).map(str::to_owned));
        words_of(&serde_json::to_value(data).unwrap(), &mut known);
        words_of(&serde_json::to_value(shell).unwrap(), &mut known);
        for text in read {
            // Where a script writes the time.
            for word in latin(&text.replace("%at", "")) {
                // Somebody's initials.
                let initials = word.len() <= 2 && word.bytes().all(|byte| byte.is_ascii_uppercase());
                if !initials && !known.contains(word) {
                    self.found.insert(format!("{name}: {word} in {:.120}", text.trim()));
                }
            }
        }
    }
}

impl Visit for Leftovers {
    fn staff<P: Page>(&mut self) {
        for shell in Shell::samples() {
            for page in P::samples() {
                let html = self.web.page(&page, &shell, Lang::Bn).unwrap();
                self.look(P::TEMPLATE, &page, Some(&shell), read_of(&html));
            }
        }
    }

    fn bare<P: Page>(&mut self) {
        for page in P::samples() {
            let html = self.web.bare(&page, Vocabulary::School, Lang::Bn).unwrap();
            self.look(P::TEMPLATE, &page, None, read_of(&html));
        }
    }

    fn mail<M: Mail>(&mut self) {
        for mail in M::samples() {
            let body = self.web.mail(&mail, Vocabulary::School, Lang::Bn).unwrap();
            self.look(
                M::NAME,
                &mail,
                None,
                read_of(&body.html).into_iter().chain([body.subject, body.text]).collect(),
            );
        }
    }
}

#[test]
fn a_bengali_page_has_no_english_left_over() {
    let mut leftovers = Leftovers { web: Web::new().unwrap(), found: BTreeSet::new() };
    visit(&mut leftovers);
    let found: Vec<&String> = leftovers.found.iter().collect();
    assert!(
        found.is_empty(),
        "{} words of English:\n{}",
        found.len(),
        found.iter().map(|line| line.as_str()).collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn what_is_left_over_is_found() {
    assert_eq!(
        read_of("<p>ক <b title=\"Title\">bold</b><code>code</code></p><a lang=\"en\">English</a>")
            .join(" ")
            .split_whitespace()
            .collect::<Vec<_>>(),
        ["ক", "bold", "Title"]
    );
    assert_eq!(latin("Zoom-এ যান, 5 min").collect::<Vec<_>>(), ["Zoom", "min"]);
}
