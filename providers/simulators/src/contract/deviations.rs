//! Where a vendor is known to differ from its own document.

use serde::Deserialize;

/// One accepted difference.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deviation {
    /// The operation id, an event's name, or `*`.
    pub operation: String,
    /// What differs: `status:503` (or `status:5XX`), `request:/settings/x`, `query:x`, `response:/rows/*/x`, `webhook:/payload/x`.
    pub pointer: String,
    /// Why it is accepted.
    pub reason: String,
    /// Who says so.
    pub source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    deviation: Vec<Deviation>,
}

/// Reads the list.
pub(crate) fn read(text: &str) -> Result<Vec<Deviation>, toml::de::Error> {
    Ok(toml::from_str::<File>(text)?.deviation)
}

impl Deviation {
    /// Whether it covers what was found.
    pub(crate) fn covers(&self, operation: &str, pointer: &str) -> bool {
        (self.operation == "*" || self.operation == operation) && fits(&self.pointer, pointer)
    }
}

fn fits(pattern: &str, pointer: &str) -> bool {
    pattern == pointer
        || matches!(
            (pattern.strip_prefix("status:"), pointer.strip_prefix("status:")),
            (Some(pattern), Some(status)) if pattern.strip_suffix("XX").is_some_and(|family| status.len() == 3 && status.starts_with(family))
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_of_statuses_covers_its_members_only() {
        let entry = Deviation {
            operation: "*".into(),
            pointer: "status:5XX".into(),
            reason: String::new(),
            source: String::new(),
        };
        assert!(entry.covers("meeting", "status:503"));
        assert!(!entry.covers("meeting", "status:403"));
        assert!(!entry.covers("meeting", "response:/a"));
    }

    #[test]
    fn the_lists_of_this_repository_read() {
        for list in [
            include_str!("deviations.toml"),
            include_str!("teams-deviations.toml"),
            include_str!("google-deviations.toml"),
        ] {
            let list = read(list).unwrap();
            assert!(list.iter().all(|entry| !entry.reason.is_empty() && !entry.source.is_empty()));
        }
    }
}
