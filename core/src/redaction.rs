//! Technical errors for whoever runs the server: without what a tenant's people or a secret could be known by.

/// What stands in place of what is left out.
const GONE: &str = "…";
/// The longest text that is shown.
const MOST: usize = 300;
/// From this length on letters and figures in one piece may be a token.
const TOKEN: usize = 16;

/// The error in one line of at most 300 characters, without addresses of people, what follows the host in an address of a page,
/// values in a database's words, tokens, and words in other scripts, which can only be names or titles.
///
/// Ids of rows stay, so that the row can be found.
#[must_use]
pub fn technical(error: &str) -> String {
    let mut out = String::new();
    let values_gone = without_values(error);
    for word in values_gone.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        redact(word, &mut out);
    }
    match out.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}{GONE}", &out[..end]),
        None => out,
    }
}

/// PostgreSQL's `Key (email_key)=(ayesha@home.example)` names the value behind the column.
fn without_values(error: &str) -> String {
    let (mut out, mut rest) = (String::new(), error);
    while let Some((before, value)) = rest.split_once(")=(") {
        out.push_str(before);
        out.push_str(")=(");
        out.push_str(GONE);
        // A value may hold brackets itself.
        let end = value
            .find(") already exists")
            .or_else(|| value.find(") is not present"))
            .or_else(|| value.rfind(')'));
        rest = end.map_or("", |end| &value[end..]);
    }
    out + rest
}

fn redact(word: &str, out: &mut String) {
    if word.contains('@') {
        out.push_str(GONE);
        return;
    }
    if let Some((scheme, after)) = word.split_once("://") {
        let host_end = after.find(['/', '?', '#']).unwrap_or(after.len());
        piecewise(scheme, out);
        out.push_str("://");
        out.push_str(&after[..host_end]);
        // What closes a bracket or a sentence is no part of the address.
        let path_end = after.trim_end_matches([')', ']', '>', ',', '.', ':', '"', '\'']).len().max(host_end);
        if path_end > host_end {
            out.push('/');
            out.push_str(GONE);
        }
        out.push_str(&after[path_end..]);
        return;
    }
    piecewise(word, out);
}

/// Word by its pieces of letters, figures and what tokens are made of.
fn piecewise(word: &str, out: &mut String) {
    let part_of_token =
        |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '+' | '/' | '~' | '\u{0980}'..='\u{0dff}');
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let inside = part_of_token(first);
        let end = rest.find(|c| part_of_token(c) != inside).unwrap_or(rest.len());
        let (piece, more) = rest.split_at(end);
        out.push_str(if inside && is_telling(piece) { GONE } else { piece });
        rest = more;
    }
}

fn is_telling(piece: &str) -> bool {
    if piece.chars().any(|c| c.is_alphabetic() && !c.is_ascii()) {
        return true;
    }
    if is_row_id(piece) || piece.len() < TOKEN {
        return false;
    }
    let figures = piece.bytes().filter(u8::is_ascii_digit).count();
    let changes_case = piece
        .as_bytes()
        .windows(2)
        .filter(|two| two[0].is_ascii_lowercase() && two[1].is_ascii_uppercase())
        .count();
    figures > 2 || changes_case > 3
}

fn is_row_id(piece: &str) -> bool {
    piece.len() == 36
        && piece.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn people_and_secrets_are_gone_and_the_rest_can_be_read() {
        for (error, told) in [
            (
                "the mail server refuses the message: 550 5.1.1 <bela@home.example>: Recipient address rejected",
                "the mail server refuses the message: 550 5.1.1 … Recipient address rejected",
            ),
            (
                "Key (organization_id, email_key)=(0193, ayesha rahman) already exists.",
                "Key (organization_id, email_key)=(…) already exists.",
            ),
            (
                "error sending request for url (https://api.zoom.us/v2/meetings/88?tk=abc)",
                "error sending request for url (https://api.zoom.us/…)",
            ),
            ("token eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30 is refused", "token ….e30 is refused"),
            ("meeting \"বাংলা ক্লাস\" cannot be made", "meeting \"… …\" cannot be made"),
            ("zoom: meetings.create: Unavailable", "zoom: meetings.create: Unavailable"),
            (
                "violates unique constraint \"webhook_deliveries_once\"",
                "violates unique constraint \"webhook_deliveries_once\"",
            ),
            (
                "job 0193f1a2-7c44-7d10-9a53-3f0c5b1e2d77 has no body",
                "job 0193f1a2-7c44-7d10-9a53-3f0c5b1e2d77 has no body",
            ),
            ("one\n  two", "one two"),
        ] {
            assert_eq!(technical(error), told);
        }
        assert!(technical(&"word ".repeat(200)).chars().count() <= 301);
    }

    proptest! {
        #[test]
        fn no_address_and_no_token_comes_through(
            before in "[a-z :]{0,40}", name in "[a-z]{3,10}", token in "[A-Za-z0-9_-]{6}[0-9]{6}[A-Za-z0-9_-]{12}", path in "[a-z0-9]{3,9}", any in "\\PC{0,80}",
        ) {
            let said = technical(&format!("{before} {name}@home.example {token} https://host.example/{path}!{path} {any}"));
            prop_assert!(!said.contains("@home.example"));
            prop_assert!(!said.contains(&token));
            let gone = format!("host.example/{path}");
            prop_assert!(!said.contains(&gone));
        }
    }
}
