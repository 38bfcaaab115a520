//! An organization's policies: what was sent is laid over what stands, checked, and told apart for the log.

use lectern_core::organization::Policies;
use serde_json::{Map, Value, json};

use crate::{
    error::{ApiError, FieldError},
    extract::refusal,
};

fn object(policies: &Policies) -> Result<Map<String, Value>, ApiError> {
    match serde_json::to_value(policies).map_err(ApiError::internal)? {
        Value::Object(fields) => Ok(fields),
        other => Err(ApiError::internal(anyhow::anyhow!("policies are no object: {other}"))),
    }
}

/// These policies with what was sent in place; `null` is the default.
///
/// # Errors
/// [`ApiError::Invalid`] at `policies.…`, for a field that is not known or cannot be read.
pub(super) fn merged(policies: &Policies, sent: Map<String, Value>) -> Result<Policies, ApiError> {
    let mut fields = object(policies)?;
    for (name, value) in sent {
        match value {
            Value::Null if fields.contains_key(&name) => drop(fields.remove(&name)),
            value => drop(fields.insert(name, value)),
        }
    }
    serde_path_to_error::deserialize(Value::Object(fields)).map_err(|error| {
        let path = match error.path().to_string().as_str() {
            "." => "policies".to_owned(),
            path => format!("policies.{path}"),
        };
        refusal::of(&path, &error.inner().to_string())
    })
}

/// What is another now: each with `from` and `to`.
pub(super) fn changes(before: &Policies, after: &Policies) -> Result<Map<String, Value>, ApiError> {
    let (before, after) = (object(before)?, object(after)?);
    let changed = after.into_iter().filter(|(name, value)| before.get(name) != Some(value));
    Ok(changed.map(|(name, to)| (name.clone(), json!({"from": before.get(&name), "to": to}))).collect())
}

/// Whether they make sense.
///
/// # Errors
/// [`ApiError::Invalid`] with every wrong field.
pub(super) fn check(policies: &Policies) -> Result<(), ApiError> {
    let mut errors = Vec::new();
    for (field, minutes) in [
        ("policies.join_opens_minutes", policies.join_opens_minutes),
        ("policies.join_closes_minutes", policies.join_closes_minutes),
        ("policies.late_after_minutes", policies.late_after_minutes),
        ("policies.left_early_minutes", policies.left_early_minutes),
    ] {
        if minutes > 24 * 60 {
            errors.push(FieldError::new(field, "At most 1440 minutes."));
        }
    }
    let leads = &policies.reminder_minutes;
    let apart = leads.iter().collect::<std::collections::BTreeSet<_>>().len() == leads.len();
    if leads.len() > 5 || !apart || leads.iter().any(|minutes| !(1..=7 * 24 * 60).contains(minutes)) {
        errors.push(FieldError::new(
            "policies.reminder_minutes",
            "At most five different leads, each of 1 to 10080 minutes.",
        ));
    }
    if policies.standby_after_minutes > 60 {
        errors.push(FieldError::new("policies.standby_after_minutes", "At most 60 minutes."));
    }
    if policies.minimum_presence_percent > 100 {
        errors.push(FieldError::new("policies.minimum_presence_percent", "At most 100."));
    }
    let domain = &policies.relay_domain;
    let labels = domain
        .split('.')
        .all(|label| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
    if !labels || domain.len() > 60 {
        errors.push(FieldError::new(
            "policies.relay_domain",
            "Use a domain name such as seats.school.example.",
        ));
    }
    if errors.is_empty() { Ok(()) } else { Err(ApiError::Invalid(errors)) }
}
