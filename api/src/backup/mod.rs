//! Backups: a folder with the database as it was at one instant, the files that lie in a folder, a manifest that says what must be in it, and, only if
//! asked for, the key file. A backup without the key file is unreadable where it matters; keep the two apart.

mod contents;
mod manifest;
mod postgres;
mod restore;
mod sqlite;
mod stored;

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

pub use manifest::{Manifest, Table};
pub use restore::restore;

use crate::config::Config;

/// Why a backup could not be made or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Something stands in the way; nothing was touched.
    #[error("{0}")]
    Refused(String),
    /// What was written or read is not what it must be.
    #[error("{0}")]
    Damaged(String),
    /// A file.
    #[error("{0}: {1}")]
    File(PathBuf, #[source] std::io::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The tables could not be brought to this release.
    #[error(transparent)]
    Migrate(#[from] crate::db::MigrateError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] crate::keys::KeyError),
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> BackupError {
    let path = path.to_owned();
    move |error| BackupError::File(path, error)
}

/// Writes a backup into `folder`, which must be new or empty. The server may go on serving.
///
/// # Errors
/// [`BackupError`]; a folder without `manifest.json` is no backup.
pub async fn backup(
    config: &Config,
    folder: &Path,
    with_key: bool,
    now: DateTime<Utc>,
) -> Result<Manifest, BackupError> {
    crate::files::make_folder(folder).map_err(at(folder))?;
    if std::fs::read_dir(folder).map_err(at(folder))?.next().is_some() {
        return Err(BackupError::Refused(format!("{} is not empty: name a new folder", folder.display())));
    }
    private(folder)?;
    let (engine, file, tables, migrations) = match &config.database.url {
        Some(_) => {
            let (tables, migrations) = postgres::dump(config, &folder.join(postgres::FILE)).await?;
            ("postgres", postgres::FILE, tables, migrations)
        }
        None => {
            let copy = folder.join(sqlite::FILE);
            sqlite::copy(&config.sqlite_file(), &copy).await?;
            let (tables, migrations) = contents::of_sqlite(&copy).await?;
            ("sqlite", sqlite::FILE, tables, migrations)
        }
    };
    let mut files = vec![manifest::File::of(folder, file)?];
    files.extend(stored::copy(config, folder)?);
    if with_key {
        let key = folder.join(KEY_FILE);
        std::fs::copy(config.key_file(), &key).map_err(at(&config.key_file()))?;
        files.push(manifest::File::of(folder, KEY_FILE)?);
    }
    let manifest = Manifest {
        format: 1,
        release: env!("CARGO_PKG_VERSION").to_owned(),
        engine: engine.to_owned(),
        made_at: now,
        migrations,
        tables,
        files,
        files_elsewhere: config.storage.s3.as_ref().map(|s3| s3.bucket.clone()),
    };
    manifest.write(folder)?;
    Ok(manifest)
}

/// The key file's name inside a backup.
const KEY_FILE: &str = "master.key";

/// Only this user may look into the folder.
fn private(folder: &Path) -> Result<(), BackupError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).map_err(at(folder))?;
    }
    Ok(())
}
