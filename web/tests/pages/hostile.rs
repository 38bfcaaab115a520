//! Names and titles written by people with bad intentions come out as text.

use std::marker::PhantomData;

use lectern_web::every::{Visit, visit};
use lectern_web::{Lang, Mail, Page, Shell, Vocabulary, Web};
use serde::Serialize;
use serde_json::Value;

const ATTACK: &str = "<img src=x onerror=alert(1)></script>\"' x=\"y {{7*7}} {% raw %}";

/// A page whose free text is an attack.
#[derive(Serialize)]
#[serde(transparent)]
struct Hostile<P> {
    data: Value,
    #[serde(skip)]
    page: PhantomData<P>,
}

/// Free text, as opposed to words of ours (`snake_case`), instants, zones, numbers and addresses.
fn is_free_text(text: &str) -> bool {
    let ours = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.-/:?=".contains(c));
    let zone = text.contains('/') && !text.contains(' ');
    let instant = text.len() > 18 && text.as_bytes()[4] == b'-' && text.ends_with('Z');
    let shouting = text == "UTC";
    !(ours || zone || instant || shouting)
}

fn attack(value: &mut Value) -> usize {
    match value {
        Value::String(text) if is_free_text(text) => {
            text.push_str(ATTACK);
            1
        }
        Value::Array(items) => items.iter_mut().map(attack).sum(),
        Value::Object(fields) => fields.values_mut().map(attack).sum(),
        _ => 0,
    }
}

fn attacked<T: Serialize>(sample: &T) -> (Value, usize) {
    let mut data = serde_json::to_value(sample).unwrap();
    let hits = attack(&mut data);
    (data, hits)
}

impl<P: Page> Page for Hostile<P> {
    const TEMPLATE: &'static str = P::TEMPLATE;
    fn samples() -> Vec<Self> {
        P::samples().iter().map(|sample| Self { data: attacked(sample).0, page: PhantomData }).collect()
    }
}

impl<P: Mail> Mail for Hostile<P> {
    const NAME: &'static str = P::NAME;
    fn samples() -> Vec<Self> {
        P::samples().iter().map(|sample| Self { data: attacked(sample).0, page: PhantomData }).collect()
    }
}

struct AttackAll {
    web: Web,
    shell: Shell,
    seen: usize,
}

impl AttackAll {
    fn check(&mut self, name: &str, html: &str) {
        assert!(!html.contains("<img src=x"), "{name}: an element was made from a name");
        assert!(!html.contains("x=\"y"), "{name}: an attribute was closed by a name");
        assert!(!html.contains(" 49 "), "{name}: a name was run as a template");
        self.seen += html.matches("{{7*7}}").count();
    }
}

impl Visit for AttackAll {
    fn staff<P: Page>(&mut self) {
        for page in Hostile::<P>::samples() {
            let html = self.web.page(&page, &self.shell, Lang::En).unwrap();
            self.check(P::TEMPLATE, &html);
        }
    }

    fn bare<P: Page>(&mut self) {
        for page in Hostile::<P>::samples() {
            let html = self.web.bare(&page, Vocabulary::School, Lang::Bn).unwrap();
            self.check(P::TEMPLATE, &html);
        }
    }

    fn mail<M: Mail>(&mut self) {
        for mail in Hostile::<M>::samples() {
            let body = self.web.mail(&mail, Vocabulary::School, Lang::En).unwrap();
            self.check(M::NAME, &body.html);
        }
    }
}

/// S-30: on every page and in every mail.
#[test]
fn s30_hostile_text_stays_text() {
    let mut shell = Shell::samples().remove(2);
    shell.person.push_str(ATTACK);
    shell.organization.push_str(ATTACK);
    let mut all = AttackAll { web: Web::new().unwrap(), shell, seen: 0 };
    visit(&mut all);
    assert!(all.seen > 500, "the attack was hardly tried: {}", all.seen);
}

/// S-31: the mail's subject.
#[test]
fn s31_a_title_with_a_line_break_does_not_become_a_header() {
    let mut mail = lectern_web::mails::JoinMail::samples().remove(0);
    mail.session.session_title = "Fractions\r\nBcc: everybody@example.org".to_owned();
    let body = Web::new().unwrap().mail(&mail, Vocabulary::School, Lang::En).unwrap();
    assert!(!body.subject.contains(['\r', '\n']));
}
