//! What the vendors' formats have in common: segments of paths, limits of length, our marker, and forgiving fields.

use chrono::{DateTime, Utc};
use lectern_core::provider::{ErrorKind, OurReference, ProviderError, ProviderName, Result};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use crate::transport::Response;

/// A path segment: everything but letters, digits and `-_.~` percent-encoded.
#[must_use]
pub fn segment(text: &str) -> String {
    use std::fmt::Write as _;
    // A segment of dots would climb in the path.
    let dots = text == "." || text == "..";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') || (byte == b'.' && !dots) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _written = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The first characters of a text.
#[must_use]
pub fn cut(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// The line by which a meeting is found again.
#[must_use]
pub fn marker(reference: &OurReference) -> String {
    format!("[lectern:{}]", reference.as_str())
}

/// A text with our marker as its last line, within this many characters.
#[must_use]
pub fn with_marker(text: &str, reference: &OurReference, most: usize) -> String {
    let marker = marker(reference);
    let text = cut(text.trim_end(), most.saturating_sub(marker.len() + 1));
    if text.is_empty() { marker } else { format!("{text}\n{marker}") }
}

/// Reads an answer.
///
/// # Errors
/// [`ErrorKind::Unexpected`], without the vendor's words.
pub fn read<T: DeserializeOwned>(
    provider: ProviderName,
    operation: &'static str,
    response: &Response,
) -> Result<T> {
    serde_json::from_slice(&response.body).map_err(|error| {
        // The parser's own words may quote the answer.
        let place = format!("unreadable answer at line {} column {}", error.line(), error.column());
        ProviderError::new(provider, operation, ErrorKind::Unexpected).vendor_code(place)
    })
}

/// An optional text that is left out, null or empty: for `#[serde(deserialize_with)]`.
///
/// # Errors
/// When it is something else.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()))
}

/// An optional time, also empty or unreadable: for `#[serde(deserialize_with)]`.
///
/// # Errors
/// When it is no text.
pub fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| DateTime::parse_from_rfc3339(&text).ok()).map(|at| at.to_utc()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn a_segment_stays_a_segment() {
        assert_eq!(segment("jchill@example.com"), "jchill%40example.com");
        assert_eq!(segment("../../x?y#z"), "..%2F..%2Fx%3Fy%23z");
        assert_eq!(segment(".."), "%2E%2E");
        assert_eq!(segment("é"), "%C3%A9");
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("Zażółć", 4), "Zażó");
        assert_eq!(cut("Zażółć", 6), "Zażółć");
        assert_eq!(cut("", 3), "");
    }
}
