use std::{
    collections::BTreeMap,
    io::Read,
    path::{Component, Path},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{BackupError, at};

const NAME: &str = "manifest.json";

/// What a backup must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Of this document.
    pub format: u32,
    /// Which release made it.
    pub release: String,
    /// `sqlite` or `postgres`.
    pub engine: String,
    /// When.
    pub made_at: DateTime<Utc>,
    /// The migrations that had run, by version.
    pub migrations: Vec<i64>,
    /// What each table held.
    pub tables: BTreeMap<String, Table>,
    /// The files beside this one.
    pub files: Vec<File>,
    /// The bucket that files lie in and that is not backed up here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files_elsewhere: Option<String>,
}

/// What a table held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Rows.
    pub rows: u64,
    /// A sum over the hashes of all rows, whatever their order.
    pub hash: String,
}

/// A file of the backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 in hex.
    pub sha256: String,
}

impl File {
    pub(super) fn of(folder: &Path, name: &str) -> Result<Self, BackupError> {
        let path = folder.join(name);
        let mut file = std::fs::File::open(&path).map_err(at(&path))?;
        let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
        loop {
            let read = file.read(&mut buffer).map_err(at(&path))?;
            if read == 0 {
                break;
            }
            bytes += read as u64;
            hash.update(&buffer[..read]);
        }
        file.sync_all().map_err(at(&path))?;
        Ok(Self { name: name.to_owned(), bytes, sha256: hex::encode(hash.finalize()) })
    }
}

impl Manifest {
    pub(super) fn write(&self, folder: &Path) -> Result<(), BackupError> {
        let path = folder.join(NAME);
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| BackupError::Damaged(format!("the manifest cannot be written: {error}")))?;
        std::fs::write(&path, text).map_err(at(&path))?;
        std::fs::File::open(&path).and_then(|file| file.sync_all()).map_err(at(&path))
    }

    /// Reads a backup's manifest and checks that every file is as it was written.
    ///
    /// # Errors
    /// [`BackupError::Damaged`] with the file's name.
    pub fn read(folder: &Path) -> Result<Self, BackupError> {
        let path = folder.join(NAME);
        let text = std::fs::read(&path).map_err(|error| {
            BackupError::Refused(format!(
                "{} is no backup: its {NAME} cannot be read: {error}",
                folder.display()
            ))
        })?;
        let manifest: Self = serde_json::from_slice(&text)
            .map_err(|error| BackupError::Damaged(format!("{} cannot be read: {error}", path.display())))?;
        if manifest.format != 1 {
            return Err(BackupError::Refused(format!(
                "this backup has format {}, which this release does not know: use release {}",
                manifest.format, manifest.release
            )));
        }
        for file in &manifest.files {
            let below = Path::new(&file.name).components().all(|part| matches!(part, Component::Normal(_)));
            if !below || File::of(folder, &file.name)? != *file {
                return Err(BackupError::Damaged(format!(
                    "{} is not the file that was backed up: the backup is damaged, use another",
                    folder.join(&file.name).display()
                )));
            }
        }
        Ok(manifest)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.files.iter().any(|file| file.name == name)
    }

    /// Compares what is there now with what must be.
    pub(super) fn compare(&self, tables: &BTreeMap<String, Table>) -> Result<(), BackupError> {
        for (name, was) in &self.tables {
            match tables.get(name) {
                Some(is) if is == was => {}
                Some(is) => {
                    return Err(BackupError::Damaged(format!(
                        "table {name} has {} rows, not the {} that were backed up, or they differ",
                        is.rows, was.rows
                    )));
                }
                None => return Err(BackupError::Damaged(format!("table {name} is missing"))),
            }
        }
        Ok(())
    }
}
