use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The platforms Lectern knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderName {
    /// Zoom Meetings.
    Zoom,
    /// Microsoft Teams.
    Teams,
    /// Google Meet.
    Meet,
    /// A pasted link to any other server.
    Link,
}

/// A word that names no platform.
#[derive(Clone, Debug, thiserror::Error)]
#[error("unknown platform")]
pub struct UnknownProvider;

impl ProviderName {
    /// Every platform.
    pub const ALL: [Self; 4] = [Self::Zoom, Self::Teams, Self::Meet, Self::Link];

    /// The word in URLs, JSON and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Zoom => "zoom",
            Self::Teams => "teams",
            Self::Meet => "meet",
            Self::Link => "link",
        }
    }

    /// The name people know it by.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Zoom => "Zoom",
            Self::Teams => "Microsoft Teams",
            Self::Meet => "Google Meet",
            Self::Link => "Pasted link",
        }
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ProviderName {
    type Err = UnknownProvider;

    fn from_str(word: &str) -> Result<Self, UnknownProvider> {
        Self::ALL.into_iter().find(|name| name.as_str() == word).ok_or(UnknownProvider)
    }
}
