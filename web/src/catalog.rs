//! Every visible string, by key, in every language.
//!
//! `locales/*.json` are flat objects. A value is a text, or `{"one": …, "other": …}` chosen by the argument
//! `count`. `{name}` is filled from the arguments; `{word.students}` is another entry of the catalog, which is how
//! an organization's vocabulary reaches every sentence. A key may have a twin `key@marketplace` where changing
//! the words alone does not give a good sentence. A language may leave a key out: English stands in.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use crate::lang::{Lang, Vocabulary};

const EN: &str = include_str!("../locales/en.json");
const BN: &str = include_str!("../locales/bn.json");

/// One string, with its plural forms where it counts something.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Message {
    Plain(String),
    Plural { one: String, other: String },
}

/// A string that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    #[error("the {0} translations are not readable: {1}")]
    Unreadable(&'static str, #[source] serde_json::Error),
    #[error("there is no string called {0}")]
    Unknown(String),
    #[error("the string {key} needs a value for {placeholder}")]
    Missing { key: String, placeholder: String },
    #[error("the string {0} has an opening brace without its closing one")]
    Unbalanced(String),
}

/// All strings of all languages.
#[derive(Debug)]
pub struct Catalog {
    en: BTreeMap<String, Message>,
    bn: BTreeMap<String, Message>,
}

impl Catalog {
    /// Reads the embedded translations.
    ///
    /// # Errors
    /// [`CatalogError::Unreadable`] when a file is not valid JSON of the expected shape.
    pub fn load() -> Result<Self, CatalogError> {
        Ok(Self {
            en: serde_json::from_str(EN).map_err(|error| CatalogError::Unreadable("English", error))?,
            bn: serde_json::from_str(BN).map_err(|error| CatalogError::Unreadable("Bengali", error))?,
        })
    }

    /// The strings of one language, without its stand-ins.
    #[must_use]
    pub fn strings(&self, lang: Lang) -> &BTreeMap<String, Message> {
        match lang {
            Lang::En => &self.en,
            Lang::Bn => &self.bn,
        }
    }

    /// Whether a key exists at all.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.en.contains_key(key)
    }

    fn message(&self, lang: Lang, vocabulary: Vocabulary, key: &str) -> Option<&Message> {
        let twin = (vocabulary == Vocabulary::Marketplace).then(|| format!("{key}@marketplace"));
        for strings in [self.strings(lang), &self.en] {
            if let Some(found) = twin.as_ref().and_then(|twin| strings.get(twin)) {
                return Some(found);
            }
            if let Some(found) = strings.get(key) {
                return Some(found);
            }
        }
        None
    }

    /// Makes one string. `value` gives the arguments, already in the language's digits and, for HTML, escaped.
    ///
    /// # Errors
    /// An unknown key, or an argument the string needs and did not get.
    pub fn say(
        &self,
        lang: Lang,
        vocabulary: Vocabulary,
        key: &str,
        count: Option<i64>,
        value: &dyn Fn(&str) -> Option<String>,
    ) -> Result<String, CatalogError> {
        let message =
            self.message(lang, vocabulary, key).ok_or_else(|| CatalogError::Unknown(key.to_owned()))?;
        let text = match message {
            Message::Plain(text) => text,
            Message::Plural { one, other } => match count {
                Some(count) if lang.is_one(count) => one,
                Some(_) => other,
                None => {
                    return Err(CatalogError::Missing {
                        key: key.to_owned(),
                        placeholder: "count".to_owned(),
                    });
                }
            },
        };
        let mut out = String::with_capacity(text.len() + 16);
        let mut rest = text.as_str();
        while let Some(open) = rest.find('{') {
            let (before, after) = rest.split_at(open);
            out.push_str(before);
            let close = after.find('}').ok_or_else(|| CatalogError::Unbalanced(key.to_owned()))?;
            let placeholder = &after[1..close];
            let filled: Cow<'_, str> = match value(placeholder) {
                Some(filled) => Cow::Owned(filled),
                None if placeholder.starts_with("word.") => {
                    Cow::Owned(self.say(lang, vocabulary, placeholder, count, value)?)
                }
                None => {
                    return Err(CatalogError::Missing {
                        key: key.to_owned(),
                        placeholder: placeholder.to_owned(),
                    });
                }
            };
            out.push_str(&filled);
            rest = &after[close + 1..];
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// The placeholders of one text, for the tests that compare languages.
#[must_use]
pub fn placeholders(text: &str) -> Vec<&str> {
    text.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name)).collect()
}
