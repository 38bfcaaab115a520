use std::{path::Path, time::Duration};

use sqlx::{
    Connection,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};

use super::{BackupError, at};

pub(super) const FILE: &str = "lectern.sqlite";

/// One consistent copy, while others read and write.
pub(super) async fn copy(from: &Path, to: &Path) -> Result<(), BackupError> {
    if !from.exists() {
        return Err(BackupError::Refused(format!("there is no database at {}", from.display())));
    }
    let options = SqliteConnectOptions::new().filename(from).busy_timeout(Duration::from_secs(30));
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let target = to.to_str().ok_or_else(|| {
        BackupError::Refused(format!("{} cannot be written in SQL: name another folder", to.display()))
    })?;
    crate::files::make_file(to).map_err(at(to))?;
    sqlx::query("vacuum into $1").bind(target).execute(&mut connection).await?;
    connection.close().await?;
    std::fs::File::open(to).and_then(|file| file.sync_all()).map_err(at(to))
}
