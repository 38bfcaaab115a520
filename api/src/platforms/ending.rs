//! Grants end: here first and for certain, then at the platform as well as that goes.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lectern_core::{
    ids::OrganizationId,
    provider::{Call, Provider, ProviderName},
    secret::SecretString,
    sentence::Sentence,
};
use lectern_providers::registry;

use super::{
    settings,
    store::{
        self,
        connections::{Connection, State},
        settings::Settings,
    },
    tokens,
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    db::Tx,
    error::ApiError,
    events,
    keys::Sealer,
};

/// How long the platform is waited for.
const WAIT: Duration = Duration::from_secs(15);

/// Tokens of a grant that ended here and should end at the platform too.
#[derive(Debug)]
pub(super) struct Ended {
    access: Option<SecretString>,
    refresh: Option<SecretString>,
    expires_at: Option<DateTime<Utc>>,
}

impl Ended {
    /// `None` when there is nothing to revoke, or it does not open.
    pub(super) fn of(row: &Connection, sealer: &Sealer) -> Option<Self> {
        let open = |column, sealed: &Option<Vec<u8>>| {
            sealed.as_ref().and_then(|sealed| {
                sealer
                    .open_text("connections", column, row.id.uuid(), sealed)
                    .inspect_err(|error| tracing::error!(connection = %row.id, %error, "a token of connection {} does not open", row.id))
                    .ok()
            })
        };
        let access = open("access_token", &row.access_token);
        let refresh = open("refresh_token", &row.refresh_token);
        (access.is_some() || refresh.is_some()).then_some(Self {
            access,
            refresh,
            expires_at: row.access_expires_at,
        })
    }
}

/// Ends every grant at a platform on our side; what to revoke there comes back.
pub(super) async fn end_all(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
    state: State,
    why: Option<&Sentence>,
    sealer: &Sealer,
) -> Result<Vec<Ended>, ApiError> {
    let now = app.clock.now();
    let word = if state == State::NeedsReconnect { "needs_reconnect" } else { "none" };
    let mut ended = Vec::new();
    for row in store::connections::living(tx, organization, provider).await? {
        ended.extend(Ended::of(&row, sealer));
        store::connections::end(tx, organization, row.id, state, why).await?;
        events::emit(tx, &app.ids, sealer, organization, now, &tokens::changed(now, &row, word)).await?;
    }
    Ok(ended)
}

/// Ends one grant at the platform, as well as that goes. An access token that is over is first exchanged.
async fn revoke(app: &App, platform: &dyn Provider, ended: Ended) {
    let Some(oauth) = platform.oauth() else { return };
    let call = Call { deadline: WAIT, interactive: false };
    let living = ended.expires_at.is_some_and(|end| end > app.clock.now());
    let access = match (ended.access.filter(|_| living), ended.refresh) {
        (Some(access), _) => access,
        (None, Some(refresh)) => match oauth.refresh(&call, &refresh).await {
            Ok(tokens) => tokens.access_token,
            Err(error) => {
                tracing::info!(%error, "a grant that ended here could not be revoked at the platform: {error}");
                return;
            }
        },
        (None, None) => return,
    };
    if let Err(error) = oauth.revoke(&call, &access).await {
        tracing::warn!(%error, "a grant that ended here could not be revoked at the platform: {error}");
    }
}

/// Revokes in the background, with the app the grants were made with.
pub(super) fn revoke_later(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
    with: Settings,
    ended: Vec<Ended>,
) {
    let app = app.clone();
    tokio::spawn(async move {
        let platform = settings::open(&app, organization, provider, &with)
            .await
            .ok()
            .and_then(|credentials| registry::build(&credentials, app.providers.transport(), None).ok());
        let Some(platform) = platform else { return };
        for one in ended {
            revoke(&app, platform.as_ref(), one).await;
        }
    });
}

/// Revokes a fresh token that nobody keeps.
pub(super) async fn revoke_at_platform(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
    access: &SecretString,
) {
    let Ok((_, credentials)) = settings::for_calls(app, organization, provider).await else { return };
    let Ok(platform) = registry::build(&credentials, app.providers.transport(), None) else { return };
    let ended = Ended {
        access: Some(access.clone()),
        refresh: None,
        expires_at: Some(app.clock.now() + TimeDelta::minutes(1)),
    };
    revoke(app, platform.as_ref(), ended).await;
}

/// Ends one grant: here first and for certain, then at the platform as well as that goes.
pub(super) async fn end(
    app: &App,
    organization: OrganizationId,
    row: &Connection,
    kind: EntryKind,
    actor: Actor,
) -> Result<(), ApiError> {
    let sealer = app.keys.sealer(organization).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin(organization).await?;
    let row = store::connections::find(&mut tx, organization, row.id).await?.ok_or(ApiError::NotFound)?;
    if !store::connections::end(&mut tx, organization, row.id, State::Gone, None).await? {
        return Err(ApiError::NotFound);
    }
    let mut entry = app.entry(organization, kind, actor).details(tokens::details(row.provider, row.id));
    entry.person = row.person;
    audit::store::insert(&mut tx, &entry).await?;
    let event = tokens::changed(now, &row, "none");
    events::emit(&mut tx, &app.ids, &sealer, organization, now, &event).await?;
    tx.commit().await?;
    app.wake.outbox.notify_one();
    if let Some(ended) = Ended::of(&row, &sealer)
        && let Ok((_, credentials)) = settings::for_calls(app, organization, row.provider).await
        && let Ok(platform) = registry::build(&credentials, app.providers.transport(), None)
    {
        revoke(app, platform.as_ref(), ended).await;
    }
    Ok(())
}
