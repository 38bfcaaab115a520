//! A connection's token, and the one second try with a newer one: for each provider's `client.rs`.

use std::future::Future;

use lectern_core::{
    provider::{AccessTokens, ErrorKind, ProviderError, ProviderName, Result},
    secret::SecretString,
};
use tokio::time::timeout_at;

use crate::transport::{Allowance, Opened, Response};

/// What was answered to a token.
pub trait Answered {
    /// The HTTP status.
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
#[derive(Debug)]
pub struct Bearer<'a> {
    /// Whose call it is.
    pub provider: ProviderName,
    /// Which call, in our words.
    pub operation: &'static str,
    /// Where tokens come from.
    pub tokens: &'a dyn AccessTokens,
    /// The time the use still has.
    pub time: &'a Allowance,
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
    ///
    /// # Errors
    /// [`ErrorKind::Reconnect`] when the grant is gone, [`ErrorKind::Unavailable`] when the token does not come in time, and the
    /// call's own.
    pub async fn call<T: Answered, F: Future<Output = Result<T>>>(
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
