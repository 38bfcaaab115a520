//! People as somebody writes them into a form: one a line, an address and perhaps a name.

/// One person of such a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addressee<'a> {
    /// As written, for whoever must mend it.
    pub written: &'a str,
    /// The name beside the address.
    pub name: Option<&'a str>,
    /// The address, or what stands in its place.
    pub email: &'a str,
}

fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '“' || c == '”')
}

fn named(text: &str) -> Option<&str> {
    Some(bare(text)).filter(|name| !name.is_empty())
}

/// Everybody in a text: `Ayesha Noor, ayesha@school.example`, `Ayesha Noor <ayesha@school.example>`, the same the other way round,
/// or the address alone; each on a line of its own or behind a semicolon. Addresses alone may stand in a row with commas.
#[must_use]
pub fn addressees(text: &str) -> Vec<Addressee<'_>> {
    let mut all = Vec::new();
    for written in text.split(['\n', '\r', ';']).map(str::trim).filter(|line| !line.is_empty()) {
        if let Some((name, rest)) = written.split_once('<') {
            let email = bare(rest.split('>').next().unwrap_or(rest));
            all.push(Addressee { written, name: named(name.trim_end().trim_end_matches(',')), email });
            continue;
        }
        let parts: Vec<&str> = written.split([',', '\t']).map(bare).filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            [_, _, ..] if parts.iter().all(|part| part.contains('@')) => {
                all.extend(parts.iter().map(|email| Addressee { written: email, name: None, email }));
            }
            [email, ..] if email.contains('@') => {
                let name = written.split_once([',', '\t']).and_then(|(_, name)| named(name));
                all.push(Addressee { written, name, email });
            }
            [.., email] => {
                let name = written.rsplit_once([',', '\t']).and_then(|(name, _)| named(name));
                all.push(Addressee { written, name, email });
            }
            [] => all.push(Addressee { written, name: None, email: written }),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<(Option<&str>, &str)> {
        addressees(text).into_iter().map(|one| (one.name, one.email)).collect()
    }

    #[test]
    fn every_usual_way_of_writing_is_read() {
        let noor = (Some("Ayesha Noor"), "ayesha@school.example");
        for text in [
            "Ayesha Noor, ayesha@school.example",
            "ayesha@school.example, Ayesha Noor",
            "Ayesha Noor\tayesha@school.example",
            "\"Ayesha Noor\" <ayesha@school.example>",
            "  Ayesha Noor <ayesha@school.example> ",
        ] {
            assert_eq!(read(text), [noor], "{text}");
        }
        assert_eq!(read("Noor, Ayesha, ayesha@school.example"), [(Some("Noor, Ayesha"), noor.1)]);
        let two = [(None, "a@x.example"), (None, "b@x.example")];
        for text in ["a@x.example\r\n\r\nb@x.example", "a@x.example; b@x.example", "a@x.example, b@x.example"]
        {
            assert_eq!(read(text), two, "{text}");
        }
        assert_eq!(read(" \n "), []);
        assert_eq!(read("Ayesha"), [(None, "Ayesha")], "what is no address is told, not left out");
    }

    proptest! {
        #[test]
        fn nobody_who_was_written_is_lost(text in "[a-z@<>,;\\n\" ]{0,60}") {
            let lines = text.split(['\n', ';']).filter(|line| !line.trim().is_empty()).count();
            let all = addressees(&text);
            prop_assert!(all.len() >= lines);
            prop_assert!(all.iter().all(|one| text.contains(one.written)));
        }

        #[test]
        fn a_name_and_an_address_come_back(name in "[A-Z][a-z]{1,8}( [A-Z][a-z]{1,8})?", local in "[a-z]{1,8}") {
            let email = format!("{local}@school.example");
            for text in [format!("{name}, {email}"), format!("{name} <{email}>"), format!("{email}, {name}")] {
                prop_assert_eq!(read(&text), vec![(Some(name.as_str()), email.as_str())]);
            }
        }
    }
}
