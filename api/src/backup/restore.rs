use std::path::Path;

use super::{BackupError, KEY_FILE, Manifest, at, contents, postgres, sqlite, stored};
use crate::config::Config;

/// Puts a backup where the configuration says, which must be an empty place, and compares what is then there with the
/// manifest. Returns the manifest and whether the key file is in place.
///
/// # Errors
/// [`BackupError`]; what was begun is taken away again, except rows that PostgreSQL refused by itself.
pub async fn restore(config: &Config, folder: &Path) -> Result<(Manifest, bool), BackupError> {
    let manifest = Manifest::read(folder)?;
    let here = if config.database.url.is_some() { "postgres" } else { "sqlite" };
    if manifest.engine != here {
        return Err(BackupError::Refused(format!(
            "this backup is of {}, and the configuration names {here}: {} database.url",
            manifest.engine,
            if here == "sqlite" { "set" } else { "remove" },
        )));
    }
    crate::files::make_folder(&config.data.0).map_err(at(&config.data.0))?;
    let key = config.key_file();
    let from_backup = folder.join(KEY_FILE);
    if manifest.has(KEY_FILE) && key.exists() {
        let same = std::fs::read(&key).map_err(at(&key))?
            == std::fs::read(&from_backup).map_err(at(&from_backup))?;
        if !same {
            return Err(BackupError::Refused(format!(
                "{} is another key than the backup's: move it away first, or restore elsewhere",
                key.display()
            )));
        }
    }
    match &config.database.url {
        Some(url) => {
            postgres::load(config, url, &folder.join(postgres::FILE)).await?;
            let mut connection = postgres::connect(config).await?;
            let (tables, migrations) = contents::of_postgres(&mut connection).await?;
            compare(&manifest, &tables, &migrations)?;
        }
        None => put_file(config, folder, &manifest).await?,
    }
    stored::restore(config, folder, &manifest).await?;
    if manifest.has(KEY_FILE) && !key.exists() {
        let keys = crate::keys::read_key_file(&from_backup)?;
        crate::keys::write_key_file(&key, &keys)?;
    }
    Ok((manifest, key.exists()))
}

/// A restore into a newer release has migrated already: then figures of changed tables cannot be compared.
fn compare(
    manifest: &Manifest,
    tables: &std::collections::BTreeMap<String, super::Table>,
    migrations: &[i64],
) -> Result<(), BackupError> {
    if migrations == manifest.migrations {
        return manifest.compare(tables);
    }
    for (name, was) in manifest.tables.iter().filter(|(name, _)| *name != "_sqlx_migrations") {
        if let Some(is) = tables.get(name).filter(|is| is.rows < was.rows) {
            return Err(BackupError::Damaged(format!(
                "table {name} has {} rows, and {} were backed up",
                is.rows, was.rows
            )));
        }
    }
    Ok(())
}

async fn put_file(config: &Config, folder: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    let file = config.sqlite_file();
    for name in [file.clone(), file.with_extension("sqlite-wal"), file.with_extension("sqlite-shm")] {
        if name.exists() {
            return Err(BackupError::Refused(format!(
                "{} is there already: restore only into an empty place (another LECTERN_DATA)",
                name.display()
            )));
        }
    }
    let beside = file.with_extension("restoring");
    std::fs::copy(folder.join(sqlite::FILE), &beside).map_err(at(&beside))?;
    let checked = async {
        let (tables, _) = contents::of_sqlite(&beside).await?;
        manifest.compare(&tables)?;
        std::fs::File::open(&beside).and_then(|file| file.sync_all()).map_err(at(&beside))?;
        std::fs::rename(&beside, &file).map_err(at(&file))
    };
    if let Err(error) = checked.await {
        std::fs::remove_file(&beside).ok();
        return Err(error);
    }
    crate::db::migrate_sqlite(&file).await?;
    Ok(())
}
