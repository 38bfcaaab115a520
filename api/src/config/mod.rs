//! What the operator decides: `lectern.toml` and `LECTERN_*` variables, which win.
//!
//! `LECTERN_MAIL__HOST=…` sets `[mail] host`: two underscores stand for the dot.

mod database;
mod limits;
mod mail;
mod payments;
mod platforms;
mod server;
mod storage;
mod webhooks;

use std::path::{Path, PathBuf};

use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use serde::{Deserialize, Serialize};

pub use database::DatabaseConfig;
pub use limits::LimitsConfig;
pub use mail::{MailConfig, MailSecurity};
pub use payments::PaymentsConfig;
pub use platforms::{PlatformHosts, PlatformsConfig};
pub use server::ServerConfig;
pub(crate) use storage::is_loopback;
pub use storage::{S3Config, StorageConfig};
pub use webhooks::WebhooksConfig;

/// The whole configuration.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the embedded database, the key file and other data lie.
    pub data: DataFolder,
    /// Addresses.
    pub server: ServerConfig,
    /// The database.
    pub database: DatabaseConfig,
    /// Outgoing mail.
    pub mail: MailConfig,
    /// Files.
    pub storage: StorageConfig,
    /// Which vendor addresses may be used.
    pub platforms: PlatformsConfig,
    /// Where people pay.
    pub payments: PaymentsConfig,
    /// Limits against abuse.
    pub limits: LimitsConfig,
    /// Where outgoing webhooks may go.
    pub webhooks: WebhooksConfig,
}

/// A folder that is ours alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DataFolder(pub PathBuf);

impl Default for DataFolder {
    fn default() -> Self {
        Self(PathBuf::from("lectern-data"))
    }
}

impl Config {
    /// Reads `file` (which may be missing) and the environment.
    ///
    /// # Errors
    /// With the name of the key that is wrong.
    pub fn load(file: &Path) -> Result<Self, Box<figment::Error>> {
        Figment::from(Serialized::defaults(Self::default()))
            .merge(Toml::file(file))
            .merge(
                Env::prefixed("LECTERN_")
                    .filter(|key| {
                        !key.starts_with("test_") && key != "vendor_specs" && key != "config" && key != "log"
                    })
                    .split("__"),
            )
            .extract()
            .map_err(Box::new)
    }

    /// The embedded database's file.
    #[must_use]
    pub fn sqlite_file(&self) -> PathBuf {
        self.data.0.join("lectern.sqlite")
    }

    /// The folder files lie in, where they lie in one.
    #[must_use]
    pub fn files_folder(&self) -> PathBuf {
        self.storage.folder.clone().unwrap_or_else(|| self.data.0.join("files"))
    }

    /// The master key's file.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.data.0.join("master.key")
    }
}
