//! The keys at hand: the master key from its file, and each organization's data keys, opened once.

use std::{
    collections::HashMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use lectern_core::{
    clock::Clock,
    ids::OrganizationId,
    random::Randomness,
    seal::{DataKey, DataKeys, MasterKey, Place, SealError},
    secret::SecretString,
};
use sqlx::FromRow;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    db::{Db, StoreError, Tx},
    on, statement,
};

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("the key file {0} cannot be used: {1}")]
    File(PathBuf, std::io::Error),
    /// The file does not hold a key.
    #[error("the key file {0} does not hold 64 hex digits a line")]
    NotAKey(PathBuf),
    /// There is data, but no key file.
    #[error(
        "the key file {0} is missing, but the database already holds sealed data; put the file back (from the backup \
         made with `--with-key`). A new key is never made over existing data"
    )]
    Missing(PathBuf),
    /// The key in the file did not seal this data.
    #[error("the key in {0} did not seal this database's data; put the right key file back")]
    Wrong(PathBuf),
    /// An organization without a key.
    #[error("organization {0} has no data key")]
    NoDataKey(OrganizationId),
    /// A sealed value does not open.
    #[error("a sealed value does not open: {0}")]
    Seal(#[from] SealError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

statement!(system ALL_KEYS, "select organization_id, number, master_id, wrapped from organization_keys order by organization_id, number");
statement!(system KEYS_OF, "select organization_id, number, master_id, wrapped from organization_keys where organization_id = $1");
statement!(system INSERT_KEY, "insert into organization_keys (organization_id, number, master_id, wrapped, created_at) values ($1, $2, $3, $4, $5)");
statement!(system REWRAP, "update organization_keys set wrapped = $3, master_id = $4 where organization_id = $1 and number = $2");

#[derive(FromRow)]
struct Row {
    organization_id: Uuid,
    number: i64,
    master_id: String,
    wrapped: Vec<u8>,
}

/// Seals and opens. Cloning shares.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The first one wraps; the others still open, during a rotation.
    masters: Arc<Vec<MasterKey>>,
    file: Arc<PathBuf>,
    opened: Arc<RwLock<HashMap<OrganizationId, Arc<DataKeys>>>>,
    db: Db,
    randomness: Arc<dyn Randomness>,
}

impl Keys {
    /// Reads the key file, or makes one when the database holds nothing sealed yet, and checks it against the data.
    ///
    /// # Errors
    /// [`KeyError::Missing`], [`KeyError::Wrong`]: the server must not start.
    pub async fn open(file: &Path, db: Db, randomness: Arc<dyn Randomness>) -> Result<Self, KeyError> {
        let mut tx = db.system_read().await?;
        let rows: Vec<Row> =
            on!(tx, ALL_KEYS, |sql, db| sqlx::query_as(sql).fetch_all(db).await.map_err(StoreError::from)?);
        drop(tx);
        let masters = match read_key_file(file) {
            Err(KeyError::Missing(_)) if rows.is_empty() => {
                let key = MasterKey::generate(randomness.as_ref());
                write_key_file(file, std::slice::from_ref(&key))?;
                vec![key]
            }
            read => read?,
        };
        let keys = Self {
            masters: Arc::new(masters),
            file: Arc::new(file.to_owned()),
            opened: Arc::default(),
            db,
            randomness,
        };
        for rows in rows.chunk_by(|a, b| a.organization_id == b.organization_id) {
            keys.remember(rows)?;
        }
        Ok(keys)
    }

    /// The master keys, the sealing one first.
    #[must_use]
    pub fn masters(&self) -> &[MasterKey] {
        &self.masters
    }

    fn remember(&self, rows: &[Row]) -> Result<(), KeyError> {
        let Some(first) = rows.first() else { return Ok(()) };
        let organization = OrganizationId(first.organization_id);
        let mut keys = Vec::with_capacity(rows.len());
        for row in rows {
            keys.push(self.unwrap(row)?);
        }
        if let Some(keys) = DataKeys::new(keys) {
            self.opened.write().unwrap_or_else(PoisonError::into_inner).insert(organization, Arc::new(keys));
        }
        Ok(())
    }

    fn unwrap(&self, row: &Row) -> Result<DataKey, KeyError> {
        let wrong = || KeyError::Wrong(self.file.as_ref().clone());
        let of_row = |masters: &[MasterKey]| masters.iter().find(|key| key.id() == row.master_id).cloned();
        let master = match of_row(&self.masters) {
            Some(master) => master,
            // Rotated while this process runs: the file knows the new key.
            None => of_row(&read_key_file(&self.file)?).ok_or_else(wrong)?,
        };
        let number = u32::try_from(row.number).unwrap_or_default();
        master.unwrap_key(OrganizationId(row.organization_id), number, &row.wrapped).map_err(|_| wrong())
    }

    /// Makes a new organization's data key, in the transaction that makes the organization.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn create(
        &self,
        tx: &mut Tx,
        organization: OrganizationId,
        clock: &dyn Clock,
    ) -> Result<(), KeyError> {
        // From the file, not from memory: a key that a rotation is about to drop must not wrap anything new.
        let masters = read_key_file(&self.file)?;
        let master = masters.first().ok_or_else(|| KeyError::NotAKey(self.file.as_ref().clone()))?;
        let key = DataKey::generate(1, self.randomness.as_ref());
        let wrapped = master.wrap(organization, &key, self.randomness.as_ref());
        on!(tx, INSERT_KEY, |sql, db| sqlx::query(sql)
            .bind(organization.uuid())
            .bind(1_i64)
            .bind(master.id())
            .bind(wrapped.as_slice())
            .bind(clock.now())
            .execute(db)
            .await
            .map(drop)
            .map_err(StoreError::from)?);
        Ok(())
    }

    async fn of(&self, organization: OrganizationId) -> Result<Arc<DataKeys>, KeyError> {
        if let Some(keys) = self.opened.read().unwrap_or_else(PoisonError::into_inner).get(&organization) {
            return Ok(Arc::clone(keys));
        }
        let mut tx = self.db.system_read().await?;
        let rows: Vec<Row> = on!(tx, KEYS_OF, |sql, db| sqlx::query_as(sql)
            .bind(organization.uuid())
            .fetch_all(db)
            .await
            .map_err(StoreError::from)?);
        drop(tx);
        self.remember(&rows)?;
        let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner);
        opened.get(&organization).cloned().ok_or(KeyError::NoDataKey(organization))
    }

    /// One organization's sealer. Get it before a transaction: the first time it reads the database.
    ///
    /// # Errors
    /// When the organization has no key.
    pub async fn sealer(&self, organization: OrganizationId) -> Result<Sealer, KeyError> {
        Ok(Sealer {
            organization,
            keys: self.of(organization).await?,
            randomness: Arc::clone(&self.randomness),
        })
    }

    /// Wraps every data key under a new master key and writes it as the first line of the key file; the old one stays
    /// as the second line, for join links made before. Restartable: run again after a crash, it goes on.
    ///
    /// # Errors
    /// [`KeyError`]; whatever has been wrapped by then opens with one of the keys in the file.
    pub async fn rotate(&self) -> Result<usize, KeyError> {
        let new = MasterKey::generate(self.randomness.as_ref());
        let mut masters = vec![new.clone()];
        masters.extend(read_key_file(&self.file)?);
        write_key_file(&self.file, &masters)?;
        self.rewrap(&new).await
    }

    /// Takes all keys but the first out of the key file, after making sure that the first one wraps everything. Join links
    /// made before the rotation are refused from the next start on; they are made anew whenever they are shown or sent.
    /// Returns how many keys were dropped.
    ///
    /// # Errors
    /// [`KeyError`]; the file is unchanged then.
    pub async fn drop_old(&self) -> Result<usize, KeyError> {
        let masters = read_key_file(&self.file)?;
        let first = masters.first().ok_or_else(|| KeyError::NotAKey(self.file.as_ref().clone()))?;
        self.rewrap(first).await?;
        write_key_file(&self.file, std::slice::from_ref(first))?;
        Ok(masters.len() - 1)
    }

    /// Wraps every data key under this master key; returns how many were wrapped anew.
    async fn rewrap(&self, new: &MasterKey) -> Result<usize, KeyError> {
        let mut tx = self.db.system().await?;
        let rows: Vec<Row> =
            on!(tx, ALL_KEYS, |sql, db| sqlx::query_as(sql).fetch_all(db).await.map_err(StoreError::from)?);
        let mut count = 0;
        for row in rows.iter().filter(|row| row.master_id != new.id()) {
            let key = self.unwrap(row)?;
            let organization = OrganizationId(row.organization_id);
            let wrapped = new.wrap(organization, &key, self.randomness.as_ref());
            on!(tx, REWRAP, |sql, db| sqlx::query(sql)
                .bind(row.organization_id)
                .bind(row.number)
                .bind(wrapped.as_slice())
                .bind(new.id())
                .execute(db)
                .await
                .map(drop)
                .map_err(StoreError::from)?);
            count += 1;
        }
        tx.commit().await?;
        Ok(count)
    }
}

/// Seals and opens one organization's values. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sealer {
    organization: OrganizationId,
    keys: Arc<DataKeys>,
    randomness: Arc<dyn Randomness>,
}

impl Sealer {
    fn place(&self, table: &'static str, column: &'static str, row: Uuid) -> Place {
        Place { organization: self.organization, table, column, row }
    }

    /// A key of the organization for one purpose, the same for as long as the organization is here.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        self.keys.derive(purpose)
    }

    /// Seals for one place.
    #[must_use]
    pub fn seal(&self, table: &'static str, column: &'static str, row: Uuid, plain: &[u8]) -> Vec<u8> {
        self.keys.seal(&self.place(table, column, row), plain, self.randomness.as_ref())
    }

    /// Opens bytes.
    ///
    /// # Errors
    /// [`KeyError::Seal`] when it was sealed elsewhere or changed.
    pub fn open(
        &self,
        table: &'static str,
        column: &'static str,
        row: Uuid,
        sealed: &[u8],
    ) -> Result<Vec<u8>, KeyError> {
        Ok(self.keys.open(&self.place(table, column, row), sealed)?.to_vec())
    }

    /// Opens a text.
    ///
    /// # Errors
    /// As [`Sealer::open`].
    pub fn open_text(
        &self,
        table: &'static str,
        column: &'static str,
        row: Uuid,
        sealed: &[u8],
    ) -> Result<SecretString, KeyError> {
        let bytes = self.keys.open(&self.place(table, column, row), sealed)?;
        String::from_utf8(bytes.to_vec())
            .map(SecretString::new)
            .map_err(|_| KeyError::Seal(SealError::Malformed))
    }
}

/// The keys in the file, the sealing one first.
///
/// # Errors
/// [`KeyError::Missing`] when there is no file.
pub fn read_key_file(file: &Path) -> Result<Vec<MasterKey>, KeyError> {
    let text = fs::read_to_string(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => KeyError::Missing(file.to_owned()),
        _ => KeyError::File(file.to_owned(), error),
    })?;
    let keys = text.lines().map(MasterKey::from_hex).collect::<Option<Vec<_>>>();
    keys.filter(|keys| !keys.is_empty()).ok_or_else(|| KeyError::NotAKey(file.to_owned()))
}

/// Writes the keys, readable by this user alone, so that a crash leaves either the old file or the new one.
pub(crate) fn write_key_file(file: &Path, keys: &[MasterKey]) -> Result<(), KeyError> {
    let failed = |error| KeyError::File(file.to_owned(), error);
    if let Some(folder) = file.parent() {
        crate::files::make_folder(folder).map_err(failed)?;
    }
    let beside = file.with_extension("new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut handle = options.open(&beside).map_err(failed)?;
    for key in keys {
        writeln!(handle, "{}", key.to_hex().as_str()).map_err(failed)?;
    }
    handle.sync_all().map_err(failed)?;
    fs::rename(&beside, file).map_err(failed)?;
    if let Some(folder) = file.parent() {
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    }
    Ok(())
}
