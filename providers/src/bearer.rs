//! A connection's token, and the one second try with a newer one.

use std::future::Future;

use lectern_core::{
    provider::{AccessTokens, ErrorKind, ProviderError, ProviderName, Result},
    secret::SecretString,
};
use tokio::time::timeout_at;

use crate::transport::{Allowance, Opened, Response};

/// What was answered to a token.
pub(crate) trait Answered {
    fn status(&self) -> u16;
}

impl Answered for Response {
    fn status(&self) -> u16 {
        self.status
    }
}

impl Answered for Opened {
    fn status(&self) -> u16 {
        self.head.status
    }
}

/// One use of a connection's token, within the use's time.
pub(crate) struct Bearer<'a> {
    pub(crate) provider: ProviderName,
    pub(crate) operation: &'static str,
    pub(crate) tokens: &'a dyn AccessTokens,
    pub(crate) time: &'a Allowance,
}

impl Bearer<'_> {
    async fn token(&self, refused: Option<&SecretString>) -> Result<SecretString> {
        let asking = async {
            match refused {
                None => self.tokens.current().await,
                Some(refused) => self.tokens.replace(refused).await,
            }
        };
        timeout_at(self.time.until(), asking)
            .await
            .map_err(|_| ProviderError::new(self.provider, self.operation, ErrorKind::Unavailable))?
    }

    /// Calls; any 401 is answered with a newer token, once.
    pub(crate) async fn call<T: Answered, F: Future<Output = Result<T>>>(
        &self,
        call: impl Fn(SecretString) -> F,
    ) -> Result<T> {
        let token = self.token(None).await?;
        let answer = call(token.clone()).await?;
        if answer.status() != 401 {
            return Ok(answer);
        }
        let newer = self.token(Some(&token)).await?;
        if newer == token { Ok(answer) } else { call(newer).await }
    }
}
