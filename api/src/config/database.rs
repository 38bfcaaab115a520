use serde::{Deserialize, Serialize};

/// `[database]`
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `postgres://…` of an ordinary role. Without it the embedded SQLite database is used.
    pub url: Option<String>,
    /// The owner's address, for `lectern migrate` only.
    pub owner_url: Option<String>,
}
