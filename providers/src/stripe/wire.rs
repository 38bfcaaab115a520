//! What Stripe's objects have in common: ids that may be expanded, times as seconds, and maps of short texts.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::Value;

use super::StripeError;
use crate::transport::Response;

/// Longest id Stripe may give, by its documents' advice on columns.
pub(super) const LONGEST_ID: usize = 255;

/// Whether a text can be an id: it goes into a path.
pub(super) fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Reads an answer.
pub(super) fn read<T: DeserializeOwned>(
    operation: &'static str,
    response: &Response,
) -> Result<T, StripeError> {
    serde_json::from_slice(&response.body)
        .map_err(|error| StripeError::unreadable(operation, response, &error))
}

/// Seconds since 1970.
pub(super) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    let seconds = i64::deserialize(deserializer)?;
    DateTime::from_timestamp(seconds, 0).ok_or_else(|| serde::de::Error::custom("no moment"))
}

/// An id, absent, or the whole object in its place.
pub(super) fn reference<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Id(String),
        Whole { id: String },
    }
    Ok(Option::<Either>::deserialize(deserializer)?.map(|either| match either {
        Either::Id(id) | Either::Whole { id } => id,
    }))
}

/// A map of texts, absent or null; values that are no texts are left out.
pub(super) fn metadata<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let read = Option::<BTreeMap<String, Value>>::deserialize(deserializer)?.unwrap_or_default();
    let text = |value| if let Value::String(text) = value { Some(text) } else { None };
    Ok(read.into_iter().filter_map(|(key, value)| Some((key, text(value)?))).collect())
}

/// Words of a list that may grow: each has its text, and one not known yet is kept as it is.
pub(super) trait Word: Sized {
    fn of(text: String) -> Self;
    fn word(&self) -> &str;
}

pub(super) fn word<'de, D: Deserializer<'de>, W: Word>(deserializer: D) -> Result<W, D::Error> {
    Ok(W::of(Option::<String>::deserialize(deserializer)?.unwrap_or_default()))
}

pub(super) fn as_word<S: Serializer, W: Word>(word: &W, serializer: S) -> Result<S::Ok, S::Error> {
    word.word().serialize(serializer)
}

/// Makes a list of words that may grow.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$each])* $variant,)*
            /// Something newer than this release.
            Other(String),
        }

        impl $crate::stripe::wire::Word for $name {
            fn of(text: String) -> Self {
                match text.as_str() {
                    $($text => Self::$variant,)*
                    _ => Self::Other(text),
                }
            }

            fn word(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(text) => text,
                }
            }
        }

        impl $name {
            /// Stripe's word for it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                $crate::stripe::wire::Word::word(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::stripe::wire::word(deserializer)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::stripe::wire::as_word(self, serializer)
            }
        }
    };
}
pub(super) use words;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Sample {
        #[serde(deserialize_with = "seconds")]
        at: DateTime<Utc>,
        #[serde(default, deserialize_with = "reference")]
        intent: Option<String>,
        #[serde(default, deserialize_with = "metadata")]
        metadata: BTreeMap<String, String>,
    }

    #[test]
    fn ids_are_read_alone_and_expanded() {
        let read = |text: &str| serde_json::from_str::<Sample>(text).map(|sample| sample.intent);
        assert_eq!(read(r#"{"at":1}"#).unwrap(), None);
        assert_eq!(read(r#"{"at":1,"intent":null}"#).unwrap(), None);
        assert_eq!(read(r#"{"at":1,"intent":"pi_1"}"#).unwrap().as_deref(), Some("pi_1"));
        assert_eq!(read(r#"{"at":1,"intent":{"id":"pi_1","x":[]}}"#).unwrap().as_deref(), Some("pi_1"));
        assert!(read(r#"{"at":9223372036854775807}"#).is_err());
    }

    #[test]
    fn odd_metadata_breaks_nothing() {
        let read = |text: &str| serde_json::from_str::<Sample>(text).unwrap().metadata;
        assert!(read(r#"{"at":1,"metadata":null}"#).is_empty());
        assert_eq!(read(r#"{"at":1,"metadata":{"a":"b","c":3}}"#), [("a".to_owned(), "b".to_owned())].into());
    }

    #[test]
    fn an_id_cannot_climb() {
        assert!(is_id("cs_test_a1b2"));
        for wrong in ["", "../account", "cs_test_1/expire", "cs?x", "cs_\u{e9}", &"x".repeat(256)] {
            assert!(!is_id(wrong), "{wrong}");
        }
    }
}
