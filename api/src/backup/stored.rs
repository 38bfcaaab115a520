//! The files of the room for files: copied where they lie in a folder, and only named where they lie in a bucket.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use bytes::Bytes;

use super::{BackupError, Manifest, at, manifest::File};
use crate::{
    config::Config,
    files::make_folder,
    storage::{Key, Storage},
};

/// Their folder inside a backup.
const FOLDER: &str = "files";

/// What lies in a folder; nothing where there is none.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, BackupError> {
    let read = match std::fs::read_dir(folder) {
        Ok(read) => read,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(at(folder)(error)),
    };
    let entries = read.map(|entry| {
        let entry = entry.map_err(at(folder))?;
        Ok((entry.file_name().to_string_lossy().into_owned(), entry.path()))
    });
    entries.collect()
}

/// Copies every file into the backup. After the database: whatever that names was there before.
pub(super) fn copy(config: &Config, backup: &Path) -> Result<Vec<File>, BackupError> {
    let mut files = Vec::new();
    if config.storage.s3.is_some() {
        return Ok(files);
    }
    for (organization, folder) in entries(&config.files_folder())? {
        for (shelf, folder) in entries(&folder)? {
            for (id, path) in entries(&folder)? {
                let name = format!("{organization}/{shelf}/{id}");
                // Nothing that is half-way written, and nothing of anybody else's.
                if Key::parse(&name).is_none() {
                    continue;
                }
                let name = format!("{FOLDER}/{name}");
                let to = backup.join(&name);
                make_folder(to.parent().unwrap_or(backup)).map_err(at(&to))?;
                match std::fs::copy(&path, &to) {
                    Ok(_) => files.push(File::of(backup, &name)?),
                    // Replaced meanwhile.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(at(&path)(error)),
                }
            }
        }
    }
    Ok(files)
}

/// Puts the backup's files where the configuration says: a folder or a bucket.
pub(super) async fn restore(config: &Config, backup: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    let stored: Vec<_> = manifest.files.iter().filter_map(|file| file.name.strip_prefix("files/")).collect();
    if stored.is_empty() {
        return Ok(());
    }
    let refused = |error: &dyn std::fmt::Display| BackupError::Refused(error.to_string());
    let room = Storage::open(config).map_err(|error| refused(&error))?;
    for name in stored {
        let key = Key::parse(name)
            .ok_or_else(|| BackupError::Damaged(format!("{FOLDER}/{name} is no file of Lectern's")))?;
        let path = backup.join(FOLDER).join(name);
        let bytes = std::fs::read(&path).map_err(at(&path))?;
        room.put(&key, Bytes::from(bytes)).await.map_err(|error| refused(&error))?;
    }
    Ok(())
}
