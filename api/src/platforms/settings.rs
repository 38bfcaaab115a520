//! Use cases around an organization's credentials: who may, what is kept, what is told.

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::OrganizationId,
    organization::CredentialsBy,
    provider::{ErrorKind, ProviderError, ProviderName, RepairedBy},
    secret::SecretString,
    sentence::Sentence,
};
use lectern_providers::registry::{self, ProviderSettings};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Step, StepState, StepView, ending,
    store::{
        connections::State,
        settings::{self as store, Changes, Mode, Settings},
    },
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    error::ApiError,
    extract::SignedIn,
    list::{List, Paging, instant_cursor},
    organizations,
};

/// Reads a platform's word in a path: only platforms this release can talk to.
pub fn provider(word: &str) -> Result<ProviderName, ApiError> {
    registry::named(word).ok().filter(|name| registry::AVAILABLE.contains(name)).ok_or(ApiError::NotFound)
}

/// The platforms for which the operator lists an address.
#[must_use]
pub fn offered(app: &App) -> Vec<ProviderName> {
    let listed = |name: &&ProviderName| !app.providers.addresses(**name).is_empty();
    registry::AVAILABLE.iter().filter(listed).copied().collect()
}

/// The platforms on which this server holds classes: those offered, and pasted links where the operator has them.
#[must_use]
pub fn for_classes(app: &App) -> Vec<ProviderName> {
    let mut all = offered(app);
    if app.config.platforms.has_links() {
        let links = registry::platforms().iter().map(|platform| platform.name);
        all.extend(links.filter(|name| registry::needs_no_account(*name)));
    }
    all
}

/// What the settings' sealed values name as their row: the table's key has no id of its own.
pub(super) fn row_id(organization: OrganizationId, provider: ProviderName) -> Uuid {
    let digest = Sha256::new()
        .chain_update(b"platform_settings")
        .chain_update(organization.uuid())
        .chain_update(provider.as_str())
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Where the platform sends people back to.
#[must_use]
pub fn redirect_url(app: &App, provider: ProviderName) -> String {
    app.config.server.url(&format!("/oauth/{provider}/callback"))
}

/// Where the platform sends its events.
#[must_use]
pub fn webhook_url(app: &App, organization: OrganizationId, provider: ProviderName) -> String {
    app.config.server.url(&format!("/api/{provider}/webhook/{organization}"))
}

fn not_set(provider: ProviderName) -> ProviderError {
    let step =
        Sentence::known("provider_step.lectern.save", "save its credentials in Lectern's platform settings.");
    ProviderError::policy(provider, "read settings", step).repaired_by(RepairedBy::Admin)
}

/// The organization's app, ready to build a provider with. No transaction may be open.
pub(super) async fn for_calls(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
) -> Result<(Settings, ProviderSettings), ProviderError> {
    let ours = |error: ApiError| {
        ProviderError::new(provider, "read settings", ErrorKind::Unavailable).source(format!("{error:?}"))
    };
    let looking = async {
        let mut tx = app.db.read(organization).await?;
        Ok::<_, ApiError>(store::find(&mut tx, organization, provider).await?)
    };
    let found = looking.await.map_err(ours)?.ok_or_else(|| not_set(provider))?;
    let settings = open(app, organization, provider, &found).await?;
    Ok((found, settings))
}

/// Opens the credentials.
pub(super) async fn open(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
    found: &Settings,
) -> Result<ProviderSettings, ProviderError> {
    let sealed = |error: crate::keys::KeyError| {
        ProviderError::new(provider, "open credentials", ErrorKind::Unexpected).source(error)
    };
    let sealer = app.keys.sealer(organization).await.map_err(sealed)?;
    let client_secret = sealer
        .open_text("platform_settings", "client_secret", row_id(organization, provider), &found.client_secret)
        .map_err(sealed)?;
    let hosts = app
        .providers
        .addresses(provider)
        .iter()
        .find(|hosts| hosts.api.as_str() == found.api_base)
        .ok_or_else(|| {
        let step = Sentence::known(
            "provider_step.lectern.base_url",
            "choose another base URL in Lectern's platform settings: the server's operator took the \
                 present one off the list.",
        );
        ProviderError::policy(provider, "open credentials", step)
    })?;
    Ok(ProviderSettings {
        provider,
        tenant: organization.to_string(),
        client_id: found.client_id.clone(),
        client_secret,
        account_id: found.account_id.clone().filter(|_| found.mode == Mode::ServerToServer),
        api_base: hosts.api.clone(),
        oauth_base: hosts.oauth.clone(),
        others: hosts.others.clone(),
        hosts: hosts.meeting_hosts.clone(),
    })
}

/// Opens the present and the previous webhook secret.
pub(super) async fn open_webhook_secrets(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
    found: &Settings,
) -> Result<(Option<SecretString>, Option<SecretString>), ApiError> {
    let sealer = app.keys.sealer(organization).await?;
    let row = row_id(organization, provider);
    let open = |column, sealed: &Option<Vec<u8>>| {
        sealed.as_ref().map(|sealed| sealer.open_text("platform_settings", column, row, sealed)).transpose()
    };
    Ok((
        open("webhook_secret", &found.webhook_secret)?,
        open("previous_webhook_secret", &found.previous_webhook_secret)?,
    ))
}

/// How a platform stands in an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlatformState {
    /// No credentials yet.
    NotSet,
    /// Never tested since they were saved.
    Untested,
    /// No step of the test failed.
    Working,
    /// A step of the test failed.
    Failing,
}

/// A platform's settings, without its secrets.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlatformView {
    /// Which platform.
    pub provider: &'static str,
    /// How it stands.
    pub state: PlatformState,
    /// `user` or `server_to_server`.
    pub mode: Mode,
    /// The app's id.
    pub client_id: Option<String>,
    /// Whether a client secret is saved.
    pub has_client_secret: bool,
    /// The platform's account.
    pub account_id: Option<String>,
    /// One of `base_urls`.
    pub base_url: String,
    /// The operator's list.
    pub base_urls: Vec<String>,
    /// The account's user that hosts for instructors the account does not know.
    pub default_host: Option<String>,
    /// Google Meet: the Pub/Sub topic to which it publishes events.
    pub event_topic: Option<String>,
    /// The service account of the topic's push subscription; its audience is `webhook_url`.
    pub event_sender: Option<String>,
    /// Whether a webhook secret is saved.
    pub has_webhook_secret: bool,
    /// Until when the webhook secret before this one is accepted as well.
    pub previous_webhook_secret_until: Option<DateTime<Utc>>,
    /// To be put into the app at the platform.
    pub redirect_url: String,
    /// To be put into the app's event subscription.
    pub webhook_url: String,
    /// When a delivery was last verified, to the hour.
    pub webhook_seen_at: Option<DateTime<Utc>>,
    /// When it was last tested.
    pub tested_at: Option<DateTime<Utc>>,
    /// What the test found.
    pub test: Vec<StepView>,
    /// The same, for pages in the reader's language.
    #[serde(skip)]
    pub steps: Vec<Step>,
    /// When the settings last changed.
    pub updated_at: Option<DateTime<Utc>>,
    /// Instructors that are connected.
    pub connected: i64,
    /// Instructors there are.
    pub instructors: i64,
    /// Whether whoever asks may change them.
    pub can_edit: bool,
}

/// A platform's settings; one that is not set up shows the addresses to set it up with.
pub async fn show(app: &App, who: &SignedIn, provider: ProviderName) -> Result<PlatformView, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let found = store::find(&mut tx, who.organization, provider).await?;
    let (connected, instructors) = store::counts(&mut tx, who.organization, provider).await?;
    let policies = organizations::service::settings_in(&mut tx, who.organization).await?.policies;
    drop(tx);
    let first = app.providers.addresses(provider).first().map(|hosts| hosts.api.to_string());
    let steps = found.as_ref().and_then(|found| found.test.clone()).unwrap_or_default();
    let base_url = found.as_ref().map(|found| found.api_base.clone()).or(first).unwrap_or_default();
    Ok(PlatformView {
        provider: provider.as_str(),
        state: match &found {
            None => PlatformState::NotSet,
            Some(Settings { test: None, .. }) => PlatformState::Untested,
            Some(Settings { test: Some(steps), .. }) => {
                let bad = steps.iter().any(|step| step.state == StepState::Bad);
                if bad { PlatformState::Failing } else { PlatformState::Working }
            }
        },
        mode: found.as_ref().map(|found| found.mode).unwrap_or_default(),
        client_id: found.as_ref().map(|found| found.client_id.clone()),
        has_client_secret: found.is_some(),
        account_id: found.as_ref().and_then(|found| found.account_id.clone()),
        base_url,
        base_urls: app.providers.addresses(provider).iter().map(|hosts| hosts.api.to_string()).collect(),
        default_host: found.as_ref().and_then(|found| found.default_host.clone()),
        event_topic: found
            .as_ref()
            .and_then(|found| found.events_by.as_ref())
            .map(|queue| queue.topic.clone()),
        event_sender: found
            .as_ref()
            .and_then(|found| found.events_by.as_ref())
            .map(|queue| queue.sender.clone()),
        has_webhook_secret: found.as_ref().is_some_and(|found| found.webhook_secret.is_some()),
        previous_webhook_secret_until: found
            .as_ref()
            .and_then(|found| found.previous_valid_until)
            .filter(|until| *until > app.clock.now()),
        redirect_url: redirect_url(app, provider),
        webhook_url: webhook_url(app, who.organization, provider),
        webhook_seen_at: found.as_ref().and_then(|found| found.webhook_seen_at),
        tested_at: found.as_ref().and_then(|found| found.tested_at),
        updated_at: found.as_ref().map(|found| found.updated_at),
        test: steps.iter().map(StepView::from).collect(),
        steps,
        connected,
        instructors,
        can_edit: may_edit(who, policies.credentials_by),
    })
}

/// Whether somebody may edit credentials, by the organization's policy.
pub(crate) fn may_edit(who: &SignedIn, by: CredentialsBy) -> bool {
    match by {
        CredentialsBy::Admins => true,
        CredentialsBy::Owners => who.owner,
    }
}

/// Removes credentials and ends every grant made with them.
pub async fn remove(app: &App, who: &SignedIn, provider: ProviderName) -> Result<(), ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let policies = organizations::service::settings_in(&mut tx, who.organization).await?.policies;
    drop(tx);
    if !may_edit(who, policies.credentials_by) {
        return Err(ApiError::Forbidden);
    }
    take_away(app, who.organization, provider, who.actor(), who.person().ok().map(|person| person.uuid()))
        .await
}

/// The operator removes an organization's credentials without ever seeing them; its audit log says so.
pub async fn reset(
    app: &App,
    operator: &SignedIn,
    organization: OrganizationId,
    provider: ProviderName,
) -> Result<(), ApiError> {
    let mut tx = app.db.system_read().await?;
    let known = organizations::service::find(&mut tx, organization).await?.is_some();
    drop(tx);
    if !known || organization == crate::app::OPERATOR {
        return Err(ApiError::NotFound);
    }
    take_away(app, organization, provider, Actor::Operator(operator.person), None).await
}

async fn take_away(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
    actor: Actor,
    by: Option<Uuid>,
) -> Result<(), ApiError> {
    let sealer = app.keys.sealer(organization).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin(organization).await?;
    let before = store::find(&mut tx, organization, provider).await?.ok_or(ApiError::NotFound)?;
    let ended = ending::end_all(app, &mut tx, organization, provider, State::Gone, None, &sealer).await?;
    store::remove(&mut tx, organization, provider).await?;
    let changes = Changes::from([("removed".to_owned(), None)]);
    store::add_history(&mut tx, organization, provider, app.ids.next(), by, now, &changes).await?;
    let entry = app
        .entry(organization, EntryKind::PlatformRemoved, actor)
        .details(serde_json::json!({"provider": provider.as_str(), "connections_ended": ended.len()}));
    audit::store::insert(&mut tx, &entry).await?;
    tx.commit().await?;
    app.providers.forget(organization, provider);
    app.wake.outbox.notify_one();
    ending::revoke_later(app, organization, provider, before, ended);
    Ok(())
}

/// Who changed what, when.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HistoryView {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom; none for a program with an API key, or the operator.
    pub person_id: Option<Uuid>,
    /// Their name.
    pub person_name: Option<String>,
    /// Which fields.
    pub fields: Vec<String>,
    /// New values of those that are no secret.
    #[schema(value_type = Object)]
    pub values: Changes,
}

/// Changes of a platform's settings, newest first.
pub async fn history(
    app: &App,
    who: &SignedIn,
    provider: ProviderName,
    paging: &Paging,
) -> Result<List<HistoryView>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let rows =
        store::history(&mut tx, who.organization, provider, paging.instant_and_id()?, paging.fetch()).await?;
    Ok(paging.list(
        rows,
        |row| instant_cursor(row.at, row.id),
        |row| HistoryView {
            id: row.id,
            at: row.at,
            person_id: row.person_id,
            person_name: full_name(row.first_name, row.last_name),
            fields: row.changes.0.keys().cloned().collect(),
            values: row.changes.0.into_iter().filter(|(_, value)| value.is_some()).collect(),
        },
    ))
}

/// Given and family name of a person who was joined to a row.
pub(super) fn full_name(first: Option<String>, last: Option<String>) -> Option<String> {
    first.map(|first| match last {
        Some(last) => format!("{first} {last}"),
        None => first,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn sealed_values_of_another_organization_or_platform_have_another_row() {
        let (one, two) = (OrganizationId(Uuid::from_u128(1)), OrganizationId(Uuid::from_u128(2)));
        let rows = [
            row_id(one, lectern_providers::zoom::NAME),
            row_id(two, lectern_providers::zoom::NAME),
            row_id(one, lectern_providers::teams::NAME),
        ];
        assert!(rows[0] != rows[1] && rows[0] != rows[2] && rows[1] != rows[2]);
        assert_eq!(row_id(one, lectern_providers::zoom::NAME), rows[0]);
    }
}
