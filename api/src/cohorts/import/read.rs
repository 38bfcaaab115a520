//! From the bytes of a file to lines with named fields.

use csv::{ReaderBuilder, StringRecord};
use lectern_core::text::visible;

use crate::error::ApiError;

/// Lines of people a file holds, at most.
pub const MOST_LINES: usize = 5_000;

/// The columns that are read; any other is left alone, and the report says so.
pub const COLUMNS: [&str; 7] =
    ["email", "name", "first_name", "last_name", "external_id", "language", "time_zone"];

/// A file as read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// Lines that are not empty.
    pub lines: Vec<Line>,
    /// Columns whose name says nothing to us.
    pub ignored_columns: Vec<String>,
}

/// One line of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Where it begins in the file, from 1.
    pub number: u64,
    /// In the order of [`COLUMNS`]; what is empty or has no column is `None`.
    pub fields: [Option<String>; 7],
    /// It has more fields than there are columns.
    pub overflows: bool,
}

impl Line {
    /// A field by its column.
    #[must_use]
    pub fn field(&self, column: &str) -> Option<&str> {
        let at = COLUMNS.iter().position(|known| *known == column)?;
        self.fields[at].as_deref()
    }
}

fn refused(message: impl Into<String>) -> ApiError {
    ApiError::field("file", message)
}

/// Reads a file: UTF-8, with commas, semicolons or tabs, quoted as RFC 4180 says.
///
/// # Errors
/// When it is no such file, has no column `email`, or is too long.
pub fn sheet(file: &[u8]) -> Result<Sheet, ApiError> {
    let text = std::str::from_utf8(file)
        .map_err(|_| refused("This is not UTF-8. Save the table as “CSV UTF-8” and try again."))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    let mut columns: Option<Vec<Option<usize>>> = None;
    let mut sheet = Sheet::default();
    while reader
        .read_record(&mut record)
        .map_err(|error| refused(format!("This cannot be read: {error}.")))?
    {
        if record.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        let Some(columns) = &columns else {
            columns = Some(head(&record, &mut sheet.ignored_columns)?);
            continue;
        };
        if sheet.lines.len() == MOST_LINES {
            return Err(refused(format!("A file holds at most {MOST_LINES} people. Send it in parts.")));
        }
        let at = record.position().map_or(0, csv::Position::byte);
        sheet.lines.push(line(line_number(text, at), &record, columns));
    }
    match columns {
        Some(_) => Ok(sheet),
        None => Err(refused("This is empty. The first line names the columns, such as email,name.")),
    }
}

/// Blank lines before a record belong to no record.
fn line_number(text: &str, at: u64) -> u64 {
    let at = usize::try_from(at).unwrap_or(usize::MAX).min(text.len());
    let blank = text.as_bytes()[at..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let before = &text.as_bytes()[..at + blank];
    let ends = before
        .iter()
        .enumerate()
        .filter(|(at, byte)| **byte == b'\n' || (**byte == b'\r' && before.get(at + 1) != Some(&b'\n')));
    u64::try_from(ends.count()).unwrap_or(u64::MAX).saturating_add(1)
}

/// Whichever of the usual separators stands most often in the first line.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |sign: u8| first.bytes().filter(|byte| *byte == sign).count();
    let mut best = b',';
    for sign in [b';', b'\t'] {
        if count(sign) > count(best) {
            best = sign;
        }
    }
    best
}

fn head(record: &StringRecord, ignored: &mut Vec<String>) -> Result<Vec<Option<usize>>, ApiError> {
    let mut columns = Vec::with_capacity(record.len());
    for field in record {
        let name = field.trim().to_lowercase().replace([' ', '-'], "_");
        let name = if name == "e_mail" { "email" } else { &name };
        let known = COLUMNS.iter().position(|column| *column == name);
        if known.is_some() && columns.contains(&known) {
            return Err(refused(format!("The column {name} is there twice.")));
        }
        if known.is_none() && !name.is_empty() && ignored.len() < 50 {
            ignored.push(visible(field.trim()).chars().take(60).collect());
        }
        columns.push(known);
    }
    if columns.contains(&Some(0)) {
        return Ok(columns);
    }
    Err(refused("The first line names the columns, and one of them is email."))
}

fn line(number: u64, record: &StringRecord, columns: &[Option<usize>]) -> Line {
    let mut line = Line { number, ..Line::default() };
    for (index, field) in record.iter().enumerate() {
        let field = field.trim();
        match columns.get(index) {
            Some(Some(column)) if !field.is_empty() => line.fields[*column] = Some(field.to_owned()),
            None if !field.is_empty() => line.overflows = true,
            _ => {}
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbers(text: &str) -> Vec<(u64, String)> {
        let lines = sheet(text.as_bytes()).unwrap().lines;
        lines.iter().map(|line| (line.number, line.field("email").unwrap_or_default().to_owned())).collect()
    }

    #[test]
    fn lines_are_numbered_as_an_editor_does() {
        let expected = vec![(2, "a@x.example".to_owned()), (5, "b@x.example".to_owned())];
        assert_eq!(numbers("email\na@x.example\n\n\nb@x.example"), expected);
        assert_eq!(numbers("email\r\na@x.example\r\n\r\n\r\nb@x.example\r\n"), expected);
        assert_eq!(numbers("\u{feff}\"email\";name\na@x.example;\"A\nB\"\n \nb@x.example;B\n"), expected);
    }

    #[test]
    fn separators_quotes_and_names_of_columns_are_as_people_write_them() {
        for text in [
            "E-Mail,Name\na@x.example,\"Noor, Ayesha\"\n",
            "name;email\n\"Noor, Ayesha\";a@x.example\n",
            "name\temail\nNoor, Ayesha\ta@x.example",
        ] {
            let read = sheet(text.as_bytes()).unwrap();
            assert_eq!(read.lines[0].field("email"), Some("a@x.example"), "{text}");
            assert_eq!(read.lines[0].field("name"), Some("Noor, Ayesha"), "{text}");
        }
        let read = sheet(b"email,role,organization_id\na@x.example,2,1,one more\n").unwrap();
        assert_eq!(read.ignored_columns, ["role", "organization_id"]);
        assert!(read.lines[0].overflows);
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        let utf16 = [0xff, 0xfe, b'e', 0, b'm', 0];
        let many = format!("email\n{}", "a@x.example\n".repeat(MOST_LINES + 1));
        for file in [&b""[..], b"\n\n", b"name\nA", b"email,email\n", &utf16, many.as_bytes()] {
            assert!(sheet(file).is_err(), "{:?}", &file[..file.len().min(20)]);
        }
        assert_eq!(sheet(&many.as_bytes()[..many.len() - 12]).unwrap().lines.len(), MOST_LINES);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn no_bytes_make_it_stumble(file in proptest::collection::vec(any::<u8>(), 0..400)) {
            sheet(&file).ok();
        }

        #[test]
        fn no_text_makes_it_stumble(rest in "[a-z@.,;\"\t\r\n \u{feff}=é]{0,200}") {
            let text = format!("email,name\n{rest}");
            let read = sheet(text.as_bytes()).unwrap();
            let numbers: Vec<u64> = read.lines.iter().map(|line| line.number).collect();
            prop_assert!(numbers.is_sorted() && numbers.first().is_none_or(|first| *first >= 2), "{:?}", numbers);
        }
    }
}
