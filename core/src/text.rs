//! What a text of one person may do to another's page, mail or calendar: nothing that is not seen.

/// Whether a character moves, breaks or ends the text around it without being seen: control characters (line ends and tabs
/// among them), Unicode's own line and paragraph separators, and what turns the direction of writing.
///
/// Joiners stay possible: Bengali, Arabic and emoji need them.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text without its hidden characters: for names that others chose and that cannot be refused.
#[must_use]
pub fn visible(text: &str) -> String {
    text.chars().filter(|c| !is_hidden(*c)).collect()
}

/// A digit as programs write it: Bengali digits are digits.
#[must_use]
pub fn plain_digit(c: char) -> char {
    match u32::from(c) {
        bengali @ 0x09E6..=0x09EF => char::from_digit(bengali - 0x09E6, 10).unwrap_or(c),
        _ => c,
    }
}

/// A number as programs read it, without the blanks around it.
#[must_use]
pub fn plain_digits(text: &str) -> String {
    text.trim().chars().map(plain_digit).collect()
}

/// Whether a spreadsheet takes a field that begins so for a formula, also after blanks.
#[must_use]
pub fn begins_a_formula(text: &str) -> bool {
    let first = text.trim_start_matches([' ', '\u{feff}', '\u{a0}']).chars().next();
    matches!(first, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\0' | '＝' | '＋' | '－' | '＠'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_hidden_and_scripts_are_not_harmed() {
        for hidden in [
            '\0', '\r', '\n', '\t', '\u{1b}', '\u{7f}', '\u{85}', '\u{2028}', '\u{2029}', '\u{202e}',
            '\u{2066}',
        ] {
            assert!(is_hidden(hidden), "{hidden:?}");
        }
        for name in ["আয়েশা নূর", "ক্\u{200d}ষ", "علي", "José", "👩\u{200d}🏫", "O’Brien"]
        {
            assert_eq!(visible(name), name);
        }
        assert_eq!(visible("Ayesha\u{202e}gpj.exe"), "Ayeshagpj.exe");
    }
}
