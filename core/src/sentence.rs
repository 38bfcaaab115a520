//! Sentences that people read, each in their own language.

use std::{borrow::Cow, collections::BTreeMap, fmt, ops::Deref};

use serde::{Deserialize, Serialize};

/// A sentence in English and, where it has a key, in every language of the catalogues.
///
/// With a key it is a template: `{scope}` stands for the value of that name. The catalogues hold the same template under
/// the key, in each language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept")]
pub struct Sentence {
    /// In English, with its values.
    english: Cow<'static, str>,
    /// Its name in the catalogues.
    key: Option<Cow<'static, str>>,
    /// What stands where; a value may itself be a sentence with a key.
    values: BTreeMap<String, Sentence>,
}

/// A sentence in a table: before there were keys it was kept as a bare text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Kept {
    Text(String),
    Sentence {
        english: Cow<'static, str>,
        key: Option<Cow<'static, str>>,
        values: BTreeMap<String, Sentence>,
    },
}

impl From<Kept> for Sentence {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Text(text) => text.into(),
            Kept::Sentence { english, key, values } => Self { english, key, values },
        }
    }
}

impl Sentence {
    /// A sentence that the catalogues hold under this key.
    #[must_use]
    pub const fn known(key: &'static str, english: &'static str) -> Self {
        Self { english: Cow::Borrowed(english), key: Some(Cow::Borrowed(key)), values: BTreeMap::new() }
    }

    /// The same with the value of one `{name}`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Self>) -> Self {
        let value = value.into();
        self.english = Cow::Owned(self.english.replace(&format!("{{{name}}}"), &value.english));
        self.values.insert(name.to_owned(), value);
        self
    }

    /// Its name in the catalogues; without one it is only there in English.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// What stands where.
    #[must_use]
    pub const fn values(&self) -> &BTreeMap<String, Self> {
        &self.values
    }
}

/// The English sentence.
impl Deref for Sentence {
    type Target = str;

    fn deref(&self) -> &str {
        &self.english
    }
}

/// The English sentence.
impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.english)
    }
}

/// Without a key: English in every language.
impl From<&'static str> for Sentence {
    fn from(english: &'static str) -> Self {
        Self { english: Cow::Borrowed(english), key: None, values: BTreeMap::new() }
    }
}

/// Without a key: English in every language.
impl From<String> for Sentence {
    fn from(english: String) -> Self {
        Self { english: Cow::Owned(english), key: None, values: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn values_stand_in_the_english_sentence_and_survive_json() {
        let step = Sentence::known("step.activate", "activate the app.");
        let said = Sentence::known("error.step", "{platform} needs a step: {step}")
            .with("platform", "Zoom")
            .with("step", step);
        assert_eq!(&*said, "Zoom needs a step: activate the app.");
        let back: Sentence = serde_json::from_str(&serde_json::to_string(&said).unwrap()).unwrap();
        assert_eq!(back, said);
        assert_eq!(back.values()["step"].key(), Some("step.activate"));
        let bare: Sentence = serde_json::from_str(r#""Only English.""#).unwrap();
        assert_eq!(bare, Sentence::from("Only English."));
        assert_eq!(bare.key(), None);
    }
}
