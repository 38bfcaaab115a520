use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use lectern_core::{
    random::{Randomness, SystemRandomness},
    secret::SecretString,
};
use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, ObjectStoreExt, RetryConfig, aws::AmazonS3Builder,
    local::LocalFileSystem, path::Path,
};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use super::Key;
use crate::{
    config::{Config, S3Config, is_loopback},
    db::assert_no_open_transaction,
    files::make_folder,
};

/// How long a look at the room is believed.
const LOOK_LASTS: Duration = Duration::from_secs(60);
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why a file cannot be kept, or had.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StorageError {
    /// `[storage]` is wrong.
    #[error("{0}")]
    Settings(String),
    /// The file is larger than its shelf takes.
    #[error("the file has {0} bytes, more than are taken here")]
    TooLarge(u64),
    /// The place says no: a folder that may not be written, a key that may not.
    #[error("the place for files says no: {0}")]
    Refused(String),
    /// The place cannot be reached, or asks to try later.
    #[error("the place for files does not answer: {0}")]
    Unavailable(String),
}

impl From<object_store::Error> for StorageError {
    fn from(error: object_store::Error) -> Self {
        match &error {
            object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
                Self::Refused(error.to_string())
            }
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl StorageError {
    /// What whoever runs the server does about it.
    #[must_use]
    pub const fn next_step(&self) -> &'static str {
        match self {
            Self::Settings(_) => "Correct the section [storage].",
            Self::TooLarge(_) => "Send a smaller file.",
            Self::Refused(_) => {
                "Make the folder writable for the user that runs Lectern; for a bucket check the key's id, its secret and what it may do."
            }
            Self::Unavailable(_) => {
                "Check that the disk has room and is there; for a bucket check its name, its region, the endpoint and the network between."
            }
        }
    }
}

/// Where files lie.
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    folder: Option<PathBuf>,
    /// In words, without keys.
    place: String,
    /// What this server's trial files are called.
    probe: String,
    looked: Mutex<Option<(Instant, Result<(), StorageError>)>>,
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage").field("place", &self.place).finish_non_exhaustive()
    }
}

/// What is slow is no work for an open transaction, and nothing waits for ever.
async fn within<T>(work: impl Future<Output = object_store::Result<T>>) -> object_store::Result<T> {
    assert_no_open_transaction();
    timeout(PATIENCE, work)
        .await
        .unwrap_or_else(|late| Err(object_store::Error::Generic { store: "files", source: Box::new(late) }))
}

fn bucket(s3: &S3Config) -> Result<Arc<dyn ObjectStore>, object_store::Error> {
    let secret = s3.secret_access_key.as_ref().map(SecretString::expose).cloned().unwrap_or_default();
    let plain =
        s3.endpoint.as_ref().is_some_and(|endpoint| endpoint.scheme() == "http" && is_loopback(endpoint));
    let client = ClientOptions::new()
        .with_allow_http(plain)
        .with_connect_timeout(Duration::from_secs(5))
        .with_timeout(PATIENCE);
    let retry = RetryConfig { backoff: BackoffConfig::default(), max_retries: 2, retry_timeout: PATIENCE };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&s3.bucket)
        .with_region(&s3.region)
        .with_access_key_id(&s3.access_key_id)
        .with_secret_access_key(secret)
        .with_client_options(client)
        // One by one: not every server that speaks S3 removes many at once.
        .with_disable_bulk_delete(true)
        .with_retry(retry);
    if let Some(endpoint) = &s3.endpoint {
        builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/'));
    }
    Ok(Arc::new(builder.build()?))
}

impl Storage {
    /// As the configuration says. A folder is made if it is not there; a bucket is only looked at when it is used.
    ///
    /// # Errors
    /// [`StorageError::Settings`].
    pub fn open(config: &Config) -> Result<Self, StorageError> {
        if let Some(problem) = config.storage.problem() {
            return Err(StorageError::Settings(problem));
        }
        let wrong =
            |what: String, error: &dyn fmt::Display| StorageError::Settings(format!("{what}: {error}"));
        let (store, folder, place): (Arc<dyn ObjectStore>, _, _) = match &config.storage.s3 {
            Some(s3) => {
                let store = bucket(s3).map_err(|error| wrong("[storage.s3]".to_owned(), &error))?;
                (store, None, format!("S3: {}", s3.bucket))
            }
            None => {
                let folder = config.files_folder();
                let place = folder.display().to_string();
                make_folder(&folder).map_err(|error| wrong(format!("{place} cannot be made"), &error))?;
                let store = LocalFileSystem::new_with_prefix(&folder)
                    .map_err(|error| wrong(format!("{place} cannot be used"), &error))?;
                (Arc::new(store.with_fsync(true)), Some(folder), place)
            }
        };
        let probe = hex::encode((&SystemRandomness as &dyn Randomness).bytes::<8>());
        Ok(Self { store, folder, place, probe, looked: Mutex::default() })
    }

    /// Where files lie, in words.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The folder, where it is one.
    #[must_use]
    pub fn folder(&self) -> Option<&std::path::Path> {
        self.folder.as_deref()
    }

    /// Keeps a file.
    ///
    /// # Errors
    /// [`StorageError`]; then there is no such file, or the whole of it.
    pub async fn put(&self, key: &Key, bytes: Bytes) -> Result<(), StorageError> {
        if bytes.len() > key.shelf.most() {
            return Err(StorageError::TooLarge(bytes.len() as u64));
        }
        within(self.store.put(&key.path(), bytes.into())).await?;
        Ok(())
    }

    /// A file, if there is one.
    ///
    /// # Errors
    /// [`StorageError`]; also for a file that is larger than its shelf takes, which nobody of us wrote.
    pub async fn get(&self, key: &Key) -> Result<Option<Bytes>, StorageError> {
        let path = key.path();
        let found = match within(self.store.get(&path)).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if found.meta.size > key.shelf.most() as u64 {
            return Err(StorageError::TooLarge(found.meta.size));
        }
        Ok(Some(within(found.bytes()).await?))
    }

    /// Removes a file; one that is not there is removed already.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn remove(&self, key: &Key) -> Result<(), StorageError> {
        match within(self.store.delete(&key.path())).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes a few bytes, reads them again and takes them away.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn test(&self) -> Result<(), StorageError> {
        // Each server its own: two that look at the same moment do not take away each other's.
        let path = Path::from_iter(["probe", &self.probe]);
        within(self.store.put(&path, Bytes::from_static(b"probe").into())).await?;
        let read = within(async { self.store.get(&path).await?.bytes().await }).await;
        let removed = within(self.store.delete(&path)).await;
        if read? != b"probe"[..] {
            return Err(StorageError::Unavailable("what was written is not what is read".to_owned()));
        }
        Ok(removed?)
    }

    /// The same, looked at once a minute at the most.
    pub async fn health(&self) -> Result<(), StorageError> {
        let mut looked = self.looked.lock().await;
        if let Some((_, known)) = looked.as_ref().filter(|(at, _)| at.elapsed() < LOOK_LASTS) {
            return known.clone();
        }
        let fresh = self.test().await;
        *looked = Some((Instant::now(), fresh.clone()));
        fresh
    }
}
