use async_trait::async_trait;
use chrono::{DateTime, Utc};
use url::Url;

use super::{Call, Result};
use crate::secret::SecretString;

/// What goes into the address a person is sent to.
#[derive(Clone, Debug)]
pub struct AuthorizeRequest {
    /// Must equal the one registered with the vendor.
    pub redirect_uri: Url,
    /// Random, single use.
    pub state: String,
    /// PKCE challenge, method S256.
    pub code_challenge: String,
}

/// What a token endpoint gave.
#[derive(Clone, Debug)]
pub struct TokenSet {
    /// For calls.
    pub access_token: SecretString,
    /// For the next refresh; `None` for server-to-server grants.
    pub refresh_token: Option<SecretString>,
    /// Absolute end of the access token's life.
    pub expires_at: DateTime<Utc>,
    /// What was granted.
    pub scopes: Vec<String>,
    /// A regional API base the vendor asks to use; used only when the operator's list has it.
    pub api_url: Option<Url>,
    /// The vendor's account, where the token endpoint says it and the API does not (Microsoft: the tenant). It goes before
    /// [`Account::account_id`].
    pub account_id: Option<String>,
}

/// Whose grant it is, and what that account may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The vendor's id of the user.
    pub user_id: String,
    /// The vendor's id of the account the user belongs to.
    pub account_id: String,
    /// The address people know the account by.
    pub email: String,
    /// Display name.
    pub name: String,
    /// The host's plan in the vendor's numbering; `None` when the vendor did not say.
    pub plan: Option<i64>,
}

/// Granting, refreshing and revoking access.
#[async_trait]
pub trait OAuth: Send + Sync {
    /// Where to send the person's browser.
    fn authorize_url(&self, request: &AuthorizeRequest) -> Url;

    /// Trades the code of the callback for tokens.
    async fn exchange(
        &self,
        call: &Call,
        code: &str,
        verifier: &SecretString,
        redirect_uri: &Url,
    ) -> Result<TokenSet>;

    /// A new pair; the old refresh token is dead afterwards.
    ///
    /// # Errors
    /// [`super::ErrorKind::Reconnect`] when the vendor refuses the refresh token.
    async fn refresh(&self, call: &Call, refresh_token: &SecretString) -> Result<TokenSet>;

    /// Tokens without a person, where the settings carry an account of their own (server-to-server).
    ///
    /// # Errors
    /// [`super::ErrorKind::Unsupported`] when the settings are not of that kind.
    async fn account_token(&self, call: &Call) -> Result<TokenSet>;

    /// Ends the grant at the vendor. Repeatable.
    async fn revoke(&self, call: &Call, access_token: &SecretString) -> Result<()>;

    /// Whose token it is. `host`: for a server-to-server grant, the user to look at (id or address).
    async fn account(&self, call: &Call, access_token: &SecretString, host: Option<&str>) -> Result<Account>;

    /// Scopes this product wants and `granted` lacks, by what each is for.
    fn missing_scopes(&self, granted: &[String]) -> Vec<(&'static str, &'static str)>;
}
