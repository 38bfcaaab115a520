use std::{fmt, time::Duration};

use async_trait::async_trait;

use super::Result;
use crate::secret::SecretString;

/// How one use of a provider should go: who waits for it, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// The whole time this use may take, retries included.
    pub deadline: Duration,
    /// A person waits: no long back-off, fewer tries, and no queueing behind background work.
    pub interactive: bool,
}

impl Call {
    /// Work in the background: up to 60 s, with back-off.
    #[must_use]
    pub const fn background() -> Self {
        Self { deadline: Duration::from_secs(60), interactive: false }
    }

    /// Work a person waits for.
    #[must_use]
    pub const fn interactive(deadline: Duration) -> Self {
        Self { deadline, interactive: true }
    }

    /// What is left of it after so much time: for one of several uses that share a deadline.
    #[must_use]
    pub const fn after(self, spent: Duration) -> Self {
        Self { deadline: self.deadline.saturating_sub(spent), interactive: self.interactive }
    }
}

/// Where a provider gets the access token of its connection. Implemented by whoever keeps the tokens.
#[async_trait]
pub trait AccessTokens: fmt::Debug + Send + Sync {
    /// A token that should work now; refreshed first when it is about to expire.
    ///
    /// # Errors
    /// [`super::ErrorKind::Reconnect`] when the grant is gone.
    async fn current(&self) -> Result<SecretString>;

    /// Called after the vendor refused `refused` (401): a newer token, refreshed at most once for all callers.
    ///
    /// # Errors
    /// [`super::ErrorKind::Reconnect`] when the grant is gone.
    async fn replace(&self, refused: &SecretString) -> Result<SecretString>;
}
