//! What is typed about an organization, read.

use chrono_tz::Tz;
use lectern_core::{organization::Vocabulary, provider::ProviderName};
use lectern_providers::registry;
use lectern_web::{Lang, Languages};

use crate::{
    app::App,
    error::{ApiError, FieldError},
    platforms,
};

/// Keeps what is wrong with a field for the answer to all of them; any other failure ends at once.
pub(super) fn gather<T>(
    errors: &mut Vec<FieldError>,
    outcome: Result<T, ApiError>,
) -> Result<Option<T>, ApiError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(ApiError::Invalid(more)) => {
            errors.extend(more);
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

/// A name of one line.
pub(super) fn named(name: &str) -> Result<String, ApiError> {
    crate::people::service::one_line(name, 120).map_err(|message| ApiError::field("name", message))
}

/// `school` or `marketplace`.
pub(super) fn vocabulary(word: &str) -> Result<Vocabulary, ApiError> {
    let known = [Vocabulary::School, Vocabulary::Marketplace].into_iter().find(|one| one.as_str() == word);
    known.ok_or_else(|| ApiError::field("vocabulary", "Use one of: school, marketplace."))
}

/// The languages as they are to be: what is not sent stays.
pub(super) fn languages(
    standing: Languages,
    offered: Option<Vec<String>>,
    default: Option<String>,
) -> Result<Languages, ApiError> {
    let of = |tag: &str| Lang::ALL.into_iter().find(|lang| lang.tag() == tag);
    let offered = match offered {
        None => standing.offered().collect(),
        Some(tags) => {
            let read: Option<Vec<_>> = tags.iter().map(|tag| of(tag)).collect();
            let some = read.filter(|languages| !languages.is_empty());
            some.ok_or_else(|| ApiError::field("languages", "Offer at least one of: en, bn."))?
        }
    };
    let default = match default {
        None => Some(standing.default_lang()),
        Some(tag) => of(&tag),
    };
    default.and_then(|default| Languages::new(&offered, default)).ok_or_else(|| {
        let tags: Vec<_> = offered.iter().map(|lang| lang.tag()).collect();
        ApiError::field(
            "default_language",
            format!("Use one of those that are offered: {}.", tags.join(", ")),
        )
    })
}

/// An IANA zone.
pub(super) fn zone_of(zone: &str) -> Result<Tz, ApiError> {
    zone.parse().map_err(|_| ApiError::field("time_zone", "Use an IANA zone such as Asia/Dhaka."))
}

/// A platform by its word: one on which this server's classes can be held.
pub(super) fn offered(app: &App, field: &'static str, word: &str) -> Result<ProviderName, ApiError> {
    let names = platforms::settings::for_classes(app);
    registry::named(word).ok().filter(|name| names.contains(name)).ok_or_else(|| {
        let names: Vec<_> = names.iter().map(|name| name.as_str()).collect();
        ApiError::field(field, format!("Use one of: {}.", names.join(", ")))
    })
}
