//! How a host application's tokens are checked, and whose they are.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    audit::{self, EntryKind},
    error::ApiError,
    extract::SignedIn,
    organizations::store::{self, HostTokens, Organization},
};

/// How the host application's tokens are to be checked.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetHostTokens {
    /// Algorithm, issuer, audience and, for `rs256`, the key set.
    #[schema(value_type = Object)]
    pub tokens: HostTokens,
    /// For `hs256`: the shared secret, at least 32 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub secret: Option<lectern_core::secret::SecretString>,
}

/// Sets how the host application's tokens are checked.
pub async fn set_host_tokens(app: &App, who: &SignedIn, set: SetHostTokens) -> Result<(), ApiError> {
    let secret = match (&set.tokens, &set.secret) {
        (HostTokens::Hs256 { .. }, Some(secret)) if secret.expose().len() >= 32 => Some(secret),
        (HostTokens::Hs256 { .. }, _) => {
            return Err(ApiError::field("secret", "Send the shared secret, at least 32 characters."));
        }
        (HostTokens::Rs256 { jwks, .. }, None) => {
            crate::people::host_tokens::check_key_set(jwks)
                .map_err(|message| ApiError::field("tokens.jwks", message))?;
            None
        }
        (HostTokens::Rs256 { .. }, Some(_)) => {
            return Err(ApiError::field("secret", "A key set needs no secret; leave it out."));
        }
    };
    let sealer = app.keys.sealer(who.organization).await?;
    let sealed = secret.map(|secret| {
        sealer.seal(
            "organization_settings",
            "host_secret",
            who.organization.uuid(),
            secret.expose().as_bytes(),
        )
    });
    let mut tx = app.db.begin(who.organization).await?;
    let mut settings = store::settings_to_change(&mut tx, who.organization).await?;
    let (HostTokens::Hs256 { issuer, audience } | HostTokens::Rs256 { issuer, audience, .. }) = &set.tokens;
    if !store::set_host_issuer(&mut tx, who.organization, issuer, audience).await? {
        return Err(ApiError::field(
            "tokens.audience",
            "Another organization uses this issuer and audience. Choose another audience.",
        ));
    }
    settings.host_tokens = Some(set.tokens);
    settings.host_secret = sealed;
    store::update_settings(&mut tx, who.organization, &settings, app.clock.now()).await?;
    audit::store::insert(&mut tx, &app.entry(who.organization, EntryKind::HostTokensChanged, who.actor()))
        .await?;
    tx.commit().await?;
    Ok(())
}

/// The open organization a host application's tokens of this issuer and audience belong to.
pub async fn of_host_tokens(
    app: &App,
    issuer: &str,
    audiences: &[String],
) -> Result<Option<Organization>, ApiError> {
    let mut tx = app.db.system_read().await?;
    for audience in audiences {
        if let Some(id) = store::of_host_issuer(&mut tx, issuer, audience).await? {
            return Ok(store::find(&mut tx, id).await?.filter(|organization| organization.active));
        }
    }
    Ok(None)
}
