//! What a reader of JSON, forms and queries could not read, said to whoever sent it.

use crate::error::{ApiError, FieldError};

const TIME: &str = "a time with its offset, such as 2026-11-26T18:00:00+06:00";

/// Where a value is wrong, and serde's own text of what is wrong. `path`: `.` for the whole.
pub(crate) fn of(path: &str, message: &str) -> ApiError {
    // serde names an unknown or missing field only in its text.
    let named = ["unknown field `", "missing field `", "duplicate field `"].iter().find_map(|start| {
        let rest = message.strip_prefix(start)?;
        rest.split_once('`').map(|(name, _)| name)
    });
    let field = match (path, named) {
        ("" | ".", Some(name)) => name.to_owned(),
        (path, Some(name)) if path != name && !path.ends_with(&format!(".{name}")) => {
            format!("{path}.{name}")
        }
        ("" | ".", None) => "body".to_owned(),
        (path, _) => path.to_owned(),
    };
    ApiError::Invalid(vec![FieldError::new(field, words(message))])
}

/// Of a text that begins with the path: `limit: invalid digit found in string`.
pub(super) fn told(text: &str) -> ApiError {
    match text.split_once(": ") {
        Some((path, message)) if !path.contains(' ') => of(path, message),
        _ if text.contains(" field `") => of(".", text),
        _ => of("query", text),
    }
}

/// serde's text in plain words.
fn words(message: &str) -> String {
    let listed = |rest: &str| rest.split('`').skip(1).step_by(2).collect::<Vec<_>>().join(", ");
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let known = rest.split_once(", expected ").map(|(_, known)| listed(known)).unwrap_or_default();
        return match known.as_str() {
            "" => "There is no such field here. Leave it out.".to_owned(),
            known => format!("There is no such field here. Known: {known}."),
        };
    }
    if message.starts_with("missing field ") {
        return "This field is needed. Send it too.".to_owned();
    }
    if message.starts_with("duplicate field ") {
        return "This field was sent twice. Send it once.".to_owned();
    }
    if let Some((_, expected)) =
        message.strip_prefix("unknown variant ").and_then(|rest| rest.split_once(", expected "))
    {
        return format!("Use one of: {}.", listed(expected));
    }
    let expected = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))
        .and_then(|rest| rest.rsplit_once(", expected "));
    if let Some((_, expected)) = expected {
        return format!("Send {} here.", thing(expected));
    }
    if message.starts_with("UUID parsing failed") {
        return "This is no id. Copy the id that Lectern gave.".to_owned();
    }
    if message.contains("digit found")
        || message.contains("number too")
        || message.contains("an integer from")
    {
        return "Send a whole number here.".to_owned();
    }
    if message.starts_with("provided string was not") {
        return "Send true or false here.".to_owned();
    }
    if message == "expected value" {
        return format!("Send {} here.", thing("a string"));
    }
    let of_time = [
        "premature end of input",
        "input contains invalid characters",
        "input is out of range",
        "trailing input",
    ];
    if of_time.contains(&message) {
        return format!("Send {TIME}, here.");
    }
    format!("This cannot be read: {message}.")
}

/// What serde wants, as people call it.
fn thing(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => "a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" | "a borrowed string" | "string or map" => "text in quotation marks",
        "a sequence" => "a list",
        "a map" => "an object",
        "a UUID string" | "a formatted UUID string" => "an id",
        "an RFC 3339 formatted date and time string" => TIME,
        "a formatted date string" => "a date such as 2026-11-26",
        _ if expected.starts_with("struct ") || expected.starts_with("internally tagged enum") => "an object",
        _ => expected,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use serde::Deserialize;

    use super::*;
    use crate::extract::body::read_json;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        School,
        Market,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Body {
        id: uuid::Uuid,
        at: chrono::DateTime<chrono::Utc>,
        day: chrono::NaiveDate,
        count: u32,
        names: Vec<String>,
        kind: Kind,
        on: bool,
    }

    fn said(changed: &str, value: &str) -> (String, String) {
        let mut body = serde_json::json!({
            "id": uuid::Uuid::nil(), "at": "2026-11-26T18:00:00Z", "day": "2026-11-26", "count": 1, "names": ["a"],
            "kind": "school", "on": true,
        });
        match serde_json::from_str(value) {
            Ok(value) => body[changed] = value,
            Err(_) => drop(body.as_object_mut().unwrap().remove(changed)),
        }
        match read_json::<Body>(body.to_string().as_bytes()).unwrap_err() {
            ApiError::Invalid(mut errors) => {
                let error = errors.remove(0);
                (error.field, error.message)
            }
            other => (String::new(), format!("{other:?}")),
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_in_plain_words() {
        for (field, value, at, words) in [
            ("count", "-1", "count", "not negative"),
            ("count", "\"x\"", "count", "not negative"),
            ("count", "4294967296", "count", "not negative"),
            ("names", "\"x\"", "names", "a list"),
            ("names", "[1]", "names[0]", "quotation marks"),
            ("kind", "\"club\"", "kind", "one of: school, market"),
            ("kind", "7", "kind", "Send"),
            ("on", "\"yes\"", "on", "true or false"),
            ("id", "\"7\"", "id", "no id"),
            ("at", "\"tomorrow\"", "at", "2026-11-26T18:00:00+06:00"),
            ("at", "\"\"", "at", "2026-11-26T18:00:00+06:00"),
            ("at", "7", "at", "2026-11-26T18:00:00+06:00"),
            ("day", "\"2026-13-40\"", "day", "2026-11-26"),
            ("more", "1", "more", "no such field here. Known: id, at"),
            ("day", "", "day", "needed"),
        ] {
            let (named, sentence) = said(field, value);
            assert_eq!(named, at, "{field} = {value}: {sentence}");
            assert!(sentence.contains(words), "{field} = {value}: {sentence}");
            assert!(!sentence.contains("expected"), "{sentence}");
        }
    }

    #[test]
    fn what_is_wrong_as_a_whole_is_the_body() {
        let Err(ApiError::Invalid(errors)) = read_json::<Body>(b"\"x\"") else {
            panic!("a text is no object");
        };
        assert_eq!((errors[0].field.as_str(), errors[0].message.as_str()), ("body", "Send an object here."));
    }

    #[test]
    fn a_query_names_its_field() {
        let told = |text| match super::told(text) {
            ApiError::Invalid(mut errors) => errors.remove(0),
            other => FieldError::new("", format!("{other:?}")),
        };
        assert_eq!(told("limit: invalid digit found in string").field, "limit");
        assert_eq!(told("unknown field `x`, expected `limit`").field, "x");
        assert_eq!(told("missing field `from`").field, "from");
        assert_eq!(told("something else").field, "query");
    }
}
