//! `GET /languages`, `POST` same path `{csrf, language*, default_language}`: in which languages an organization speaks.

use serde::Serialize;

use crate::environment::Page;
use crate::form::FieldError;

/// One language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LanguageRow {
    /// `en` or `bn`.
    pub tag: String,
    /// Its own name.
    pub name: String,
    pub offered: bool,
    /// For whoever chose none.
    pub default: bool,
    /// How many people chose it for themselves.
    pub people: u32,
}

/// The page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LanguagesPage {
    pub languages: Vec<LanguageRow>,
    /// How many people chose none.
    pub undecided: u32,
    pub errors: Vec<FieldError>,
}

impl Page for LanguagesPage {
    const TEMPLATE: &'static str = "pages/languages.html";
    fn samples() -> Vec<Self> {
        let row = |tag: &str, name: &str, offered, default, people| LanguageRow {
            tag: tag.to_owned(),
            name: name.to_owned(),
            offered,
            default,
            people,
        };
        let one = Self {
            languages: vec![row("en", "English", false, false, 1), row("bn", "বাংলা", true, true, 0)],
            undecided: 1,
            errors: vec![],
        };
        let both = Self {
            languages: vec![row("en", "English", true, true, 12), row("bn", "বাংলা", true, false, 240)],
            undecided: 1_024,
            errors: vec![],
        };
        let errors = vec![
            FieldError::new("languages", "languages_none"),
            FieldError::new("default_language", "languages_default"),
        ];
        vec![Self { errors, ..both.clone() }, one, both]
    }
}
