use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use crate::{
    provider::{AccessTokens, Call, Provider, Result, TokenSet},
    secret::SecretString,
};

/// Tokens as the server keeps them, for harnesses: refreshed when the vendor refuses them, by the provider's own OAuth part.
pub struct Tokens {
    unconnected: Arc<dyn Provider>,
    held: Mutex<TokenSet>,
}

impl Tokens {
    /// `unconnected`: the provider whose [`Provider::oauth`] refreshes.
    #[must_use]
    pub fn new(unconnected: Arc<dyn Provider>, tokens: TokenSet) -> Self {
        Self { unconnected, held: Mutex::new(tokens) }
    }

    fn held(&self) -> MutexGuard<'_, TokenSet> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

#[async_trait]
impl AccessTokens for Tokens {
    async fn current(&self) -> Result<SecretString> {
        Ok(self.held().access_token.clone())
    }

    async fn replace(&self, refused: &SecretString) -> Result<SecretString> {
        let held = self.held().clone();
        if held.access_token != *refused {
            return Ok(held.access_token);
        }
        let oauth = self.unconnected.oauth().expect("a provider with tokens has an OAuth part");
        let call = Call::background();
        let fresh = match &held.refresh_token {
            Some(refresh) => oauth.refresh(&call, refresh).await?,
            None => oauth.account_token(&call).await?,
        };
        let token = fresh.access_token.clone();
        *self.held() = fresh;
        Ok(token)
    }
}
