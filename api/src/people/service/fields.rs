//! What people write into fields: one line, an address, a name, a password.

use lectern_core::{secret::SecretString, text::is_hidden};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::FieldError;

/// Trims, and refuses what cannot stand on one line of a mail header or a page.
///
/// # Errors
/// With what is wrong.
pub fn one_line(text: &str, most: usize) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("This is needed.".to_owned());
    }
    if text.chars().any(is_hidden) {
        return Err("Line breaks and control characters are not possible here.".to_owned());
    }
    if text.chars().count() > most {
        return Err(format!("At most {most} characters."));
    }
    Ok(text.to_owned())
}

/// An e-mail address that a mail library accepts.
///
/// # Errors
/// With what is wrong.
pub fn parse_email(text: &str) -> Result<String, String> {
    let text = one_line(text, 128)?;
    let address: lettre::Address =
        text.parse().map_err(|_| "Write an address such as ayesha@school.example.".to_owned())?;
    Ok(address.to_string())
}

/// A name as people give it: given and family name apart, or one name that is never split.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct NameInput {
    /// The whole name, kept whole.
    #[serde(default)]
    pub name: Option<String>,
    /// Given name.
    #[serde(default)]
    pub first_name: Option<String>,
    /// Family name.
    #[serde(default)]
    pub last_name: Option<String>,
}

impl NameInput {
    /// Given name and family name.
    pub fn read(&self, errors: &mut Vec<FieldError>) -> (String, Option<String>) {
        let (field, first) = match (&self.first_name, &self.name) {
            (Some(first), _) => ("first_name", first.as_str()),
            (None, Some(name)) => ("name", name.as_str()),
            (None, None) => ("name", ""),
        };
        let first = one_line(first, 120)
            .map_err(|message| errors.push(FieldError::new(field, message)))
            .unwrap_or_default();
        let last = self
            .last_name
            .as_deref()
            .map(str::trim)
            .filter(|last| !last.is_empty() && self.first_name.is_some());
        let last = last.and_then(|last| {
            one_line(last, 120).map_err(|message| errors.push(FieldError::new("last_name", message))).ok()
        });
        (first, last)
    }
}

/// A language people can choose.
///
/// # Errors
/// With what is right.
pub fn parse_language(text: &str) -> Result<String, String> {
    match text.trim() {
        language @ ("en" | "bn") => Ok(language.to_owned()),
        _ => Err("Use en or bn.".to_owned()),
    }
}

/// A zone by its IANA name.
///
/// # Errors
/// With what is right.
pub fn parse_time_zone(text: &str) -> Result<String, String> {
    let zone = text.trim().parse::<chrono_tz::Tz>();
    zone.map(|zone| zone.name().to_owned()).map_err(|_| "Use an IANA zone such as Asia/Dhaka.".to_owned())
}

pub(super) fn check_password(password: &SecretString) -> Result<(), &'static str> {
    match password.expose().chars().count() {
        0..10 => Err("At least 10 characters."),
        10..=200 => Ok(()),
        _ => Err("At most 200 characters."),
    }
}
