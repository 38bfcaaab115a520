//! What every form shares: errors that name a field, and choices of a select.

use serde::{Deserialize, Serialize};

/// One thing to mend in a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The input's name; empty when the sentence is about the whole form.
    pub field: String,
    /// A sentence, or the last part of a `problem.*` key of the catalog (`required`, `email`, …), which is then translated.
    pub message: String,
    /// What of a longer text is meant, in the words that were typed; empty: all of it.
    #[serde(default)]
    pub about: String,
    /// Between which numbers the value must be; said with the key `between`.
    #[serde(default)]
    pub range: Option<(i64, i64)>,
}

impl FieldError {
    /// An error of one field.
    #[must_use]
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into(), about: String::new(), range: None }
    }

    /// A number is missing, or not in its range.
    #[must_use]
    pub fn between(field: impl Into<String>, least: i64, most: i64) -> Self {
        Self { range: Some((least, most)), ..Self::new(field, "between") }
    }

    /// An error of the whole form.
    #[must_use]
    pub fn form(message: impl Into<String>) -> Self {
        Self::new("", message)
    }
}

/// One entry of a select or a radio group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub value: String,
    pub label: String,
}

impl Choice {
    /// A choice whose label is shown as it is.
    #[must_use]
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into() }
    }
}
