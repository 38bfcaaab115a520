//! Lines of files for spreadsheets: RFC 4180, and nothing in them is a formula.

use std::borrow::Cow;

use lectern_core::text::begins_a_formula;

/// Adds one line.
pub fn line<'a>(text: &mut String, fields: impl IntoIterator<Item = &'a str>) {
    for (index, field) in fields.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&quoted(&neutral(field)));
    }
    text.push_str("\r\n");
}

/// A spreadsheet takes a field that starts so for a formula (also after blanks): an apostrophe in front makes it text.
fn neutral(field: &str) -> Cow<'_, str> {
    if begins_a_formula(field) { Cow::Owned(format!("'{field}")) } else { Cow::Borrowed(field) }
}

fn quoted(field: &str) -> Cow<'_, str> {
    if field.contains(['"', ',', '\r', '\n']) {
        Cow::Owned(format!("\"{}\"", field.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S-32: what people are called cannot become a formula.
    #[test]
    fn s32_names_are_neutral_in_a_spreadsheet() {
        for name in ["=HYPERLINK(\"http://x\")", "\t=1+1", "+1", "-1", "@SUM(A1)", "\0=1", "  =1", "＝1"] {
            assert!(neutral(name).starts_with('\''), "{name:?}");
        }
        assert_eq!(neutral("Ayesha Noor"), "Ayesha Noor");
        assert_eq!(neutral("আয়েশা"), "আয়েশা");
    }

    #[test]
    fn fields_are_quoted_as_rfc_4180_says() {
        let mut text = String::new();
        line(&mut text, ["a", "b,c", "say \"hi\"", "two\r\nlines", ""]);
        assert_eq!(text, "a,\"b,c\",\"say \"\"hi\"\"\",\"two\r\nlines\",\r\n");
    }
}
