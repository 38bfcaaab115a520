//! `GET|POST /me {csrf, language, time_zone}`: what a person chooses for themselves.

use serde::Serialize;

use crate::environment::Page;
use crate::form::FieldError;

/// The page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MePage {
    pub name: String,
    pub email: String,
    /// Whether they are one of those who are taught.
    pub student: bool,
    /// `en`, `bn`, or empty: the browser's.
    pub language: String,
    /// IANA zone, or empty: the organization's.
    pub time_zone: String,
    pub organization_zone: String,
    pub zones: Vec<String>,
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
            time_zone: time_zone.to_owned(),
            organization_zone: "Asia/Dhaka".to_owned(),
            zones: vec!["Asia/Dhaka".to_owned(), "Europe/London".to_owned()],
            errors: vec![],
        };
        vec![
            page("", ""),
            page("bn", "Europe/London"),
            Self { errors: vec![FieldError::new("time_zone", "required")], ..page("en", "Pacific/Apia") },
        ]
    }
}
