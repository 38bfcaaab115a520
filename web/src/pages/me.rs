//! `GET|POST /me {csrf, language, time_zone, mail_<topic>?, live_<topic>?}`: what a person chooses for themselves.

use serde::Serialize;

use crate::environment::Page;
use crate::form::{Choice, FieldError};

/// How a topic of notices is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TopicChoice {
    /// `reminder`, `change` or `trouble`.
    pub topic: String,
    pub mail: bool,
    pub live: bool,
}

/// The page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MePage {
    pub name: String,
    pub email: String,
    /// Whether they are one of those who are taught.
    pub student: bool,
    /// `en`, `bn`, or empty: the browser's.
    pub language: String,
    /// Those that the organization offers.
    pub languages: Vec<Choice>,
    /// The chosen one, where it is not offered any more.
    pub gone: Option<Choice>,
    /// IANA zone, or empty: the organization's.
    pub time_zone: String,
    pub organization_zone: String,
    pub zones: Vec<String>,
    pub choices: Vec<TopicChoice>,
    pub errors: Vec<FieldError>,
}

impl Page for MePage {
    const TEMPLATE: &'static str = "pages/me.html";
    fn samples() -> Vec<Self> {
        let page = |language: &str, time_zone: &str| Self {
            name: "Ayesha Noor".to_owned(),
            email: "ayesha@oakwood.example".to_owned(),
            student: language.is_empty(),
            language: language.to_owned(),
            languages: vec![Choice::new("en", "English"), Choice::new("bn", "বাংলা")],
            gone: None,
            time_zone: time_zone.to_owned(),
            organization_zone: "Asia/Dhaka".to_owned(),
            zones: vec!["Asia/Dhaka".to_owned(), "Europe/London".to_owned()],
            choices: [("reminder", true), ("change", false), ("trouble", true), ("booking", true)]
                .map(|(topic, mail)| TopicChoice { topic: topic.to_owned(), mail, live: true })
                .to_vec(),
            errors: vec![],
        };
        vec![
            page("", ""),
            page("bn", "Europe/London"),
            Self {
                languages: vec![Choice::new("bn", "বাংলা")],
                gone: Some(Choice::new("en", "English")),
                ..page("en", "")
            },
            Self { errors: vec![FieldError::new("time_zone", "required")], ..page("en", "Pacific/Apia") },
        ]
    }
}
