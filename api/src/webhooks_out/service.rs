//! Endpoints: added, changed, given another secret, removed.

use chrono::{DateTime, Utc};
use lectern_core::{ids::OrganizationId, secret::SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::types::Json;
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    HookKind,
    messages::{VERSION, VERSIONS},
    signing,
    store::{
        endpoints::{self, Endpoint},
        queue,
    },
};
use crate::{
    app::App,
    audit::{self, EntryKind},
    db::Tx,
    error::{ApiError, FieldError},
    extract::{SignedIn, Via},
    people::{Scope, service::one_line},
};

/// Endpoints of an organization.
pub(super) const MOST: i64 = 20;
/// The longest address.
const LONGEST_URL: usize = 2000;

/// An endpoint, as shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EndpointView {
    /// Its id.
    pub id: Uuid,
    /// Where it is.
    pub url: String,
    /// What people call it.
    pub description: String,
    /// The types it wants; an empty list: all, also those to come.
    pub events: Vec<HookKind>,
    /// The shape of payload it was written for.
    #[schema(example = "2026-11-27")]
    pub version: String,
    /// `active` or `disabled`.
    pub state: String,
    /// Who disabled it: `person`; `gone` (it answered 410); `failing` (nothing arrived for five days).
    pub disabled_by: Option<String>,
    /// Since when.
    pub disabled_at: Option<DateTime<Utc>>,
    /// The first failure since anything arrived.
    pub failing_since: Option<DateTime<Utc>>,
    /// When something last arrived.
    pub last_delivered_at: Option<DateTime<Utc>>,
    /// Until when the secret before signs as well.
    pub old_secret_until: Option<DateTime<Utc>>,
    /// Since when it is there.
    pub created_at: DateTime<Utc>,
    /// What signs, `whsec_…`: only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl From<Endpoint> for EndpointView {
    fn from(endpoint: Endpoint) -> Self {
        Self {
            id: endpoint.id,
            url: endpoint.url,
            description: endpoint.description,
            events: endpoint.events.iter().filter_map(|word| HookKind::parse(word)).collect(),
            version: endpoint.version,
            state: endpoint.state,
            disabled_by: endpoint.disabled_by,
            disabled_at: endpoint.disabled_at,
            failing_since: endpoint.failing_at,
            last_delivered_at: endpoint.delivered_at,
            old_secret_until: endpoint.previous_until,
            created_at: endpoint.created_at,
            secret: None,
        }
    }
}

impl EndpointView {
    fn with_secret(endpoint: Endpoint, secret: &SecretString) -> Self {
        Self { secret: Some(secret.expose().clone()), ..endpoint.into() }
    }
}

/// A new endpoint.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateEndpoint {
    /// Where it is: https, on the public internet.
    pub url: String,
    /// What people call it.
    #[serde(default)]
    pub description: String,
    /// The types it wants; left out or empty: all.
    #[serde(default)]
    pub events: Vec<HookKind>,
    /// The shape of payload it is written for; the newest when left out.
    #[serde(default)]
    pub version: Option<String>,
}

/// What changes about an endpoint.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeEndpoint {
    /// Where it is.
    #[serde(default)]
    pub url: Option<String>,
    /// What people call it.
    #[serde(default)]
    pub description: Option<String>,
    /// The types it wants; empty: all.
    #[serde(default)]
    pub events: Option<Vec<HookKind>>,
    /// The shape of payload it is written for.
    #[serde(default)]
    pub version: Option<String>,
    /// `false`: nothing more is sent; `true`: it is sent to again.
    #[serde(default)]
    pub active: Option<bool>,
}

/// A program that may not read must not have everything sent to it.
fn may_listen(who: &SignedIn) -> Result<(), ApiError> {
    match &who.via {
        Via::ApiKey(_, scopes) if !scopes.contains(&Scope::Read) => Err(ApiError::Forbidden),
        _ => Ok(()),
    }
}

fn read_url(app: &App, text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST_URL {
        return Err("Write the whole address, https://….".to_owned());
    }
    let url = Url::parse(text).map_err(|_| "Write the whole address, https://….".to_owned())?;
    app.courier.check(&url).map_err(|reason| {
        format!("This address is not called: {reason}. Use an https address on the public internet.")
    })?;
    Ok(url.to_string())
}

fn read_version(text: &str) -> Result<String, String> {
    if VERSIONS.contains(&text) {
        Ok(text.to_owned())
    } else {
        Err(format!("This server writes these versions: {}.", VERSIONS.join(", ")))
    }
}

fn read_description(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Ok(String::new()) } else { one_line(text, 200) }
}

fn words(mut events: Vec<HookKind>) -> Vec<String> {
    events.sort_unstable();
    events.dedup();
    events.into_iter().map(|kind| kind.as_str().to_owned()).collect()
}

/// Keeps a value, or its refusal.
fn note<T>(errors: &mut Vec<FieldError>, field: &str, read: Result<T, String>) -> Option<T> {
    read.map_err(|message| errors.push(FieldError::new(field, message))).ok()
}

/// The organization's endpoints, in the order they were made.
pub(super) async fn list(app: &App, who: &SignedIn) -> Result<Vec<EndpointView>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let all = endpoints::all(&mut tx, who.organization).await?;
    Ok(all.into_iter().map(EndpointView::from).collect())
}

/// One of them, in the caller's transaction.
pub(super) async fn own(tx: &mut Tx, who: &SignedIn, id: Uuid) -> Result<Endpoint, ApiError> {
    endpoints::find(tx, who.organization, id).await?.ok_or(ApiError::NotFound)
}

/// Adds an endpoint; its secret is in the answer and nowhere else.
pub(super) async fn create(app: &App, who: &SignedIn, new: CreateEndpoint) -> Result<EndpointView, ApiError> {
    may_listen(who)?;
    let mut errors = Vec::new();
    let url = note(&mut errors, "url", read_url(app, &new.url));
    let description = note(&mut errors, "description", read_description(&new.description));
    let version = note(&mut errors, "version", read_version(new.version.as_deref().unwrap_or(VERSION)));
    let (Some(url), Some(description), Some(version)) = (url, description, version) else {
        return Err(ApiError::Invalid(errors));
    };
    let organization = who.organization;
    let sealer = app.keys.sealer(organization).await?;
    let secret = signing::generate(app.randomness.as_ref());
    let (id, now) = (app.ids.next(), app.clock.now());
    let endpoint = Endpoint {
        id,
        url,
        description,
        events: Json(words(new.events)),
        version,
        secret: sealer.seal("webhook_endpoints", "secret", id, secret.expose().as_bytes()),
        previous_secret: None,
        previous_until: None,
        state: "active".to_owned(),
        disabled_by: None,
        disabled_at: None,
        failing_at: None,
        delivered_at: None,
        created_at: now,
        active_at: now,
    };
    let mut tx = app.db.begin(organization).await?;
    if endpoints::count_alone(&mut tx, organization).await? >= MOST {
        return Err(ApiError::conflict(
            "too_many_endpoints",
            format!("There are {MOST} endpoints already."),
            "Remove one first.",
        ));
    }
    endpoints::insert(&mut tx, organization, &endpoint).await?;
    queue::insert(&mut tx, organization, id, None).await?;
    let entry = app.entry(organization, EntryKind::WebhookEndpointCreated, who.actor());
    let details = json!({"webhook_endpoint": id, "host": host(&endpoint.url)});
    audit::store::insert(&mut tx, &entry.details(details)).await?;
    tx.commit().await?;
    Ok(EndpointView::with_secret(endpoint, &secret))
}

/// Changes an endpoint, or switches it off and on.
pub(super) async fn change(
    app: &App,
    who: &SignedIn,
    id: Uuid,
    change: ChangeEndpoint,
) -> Result<EndpointView, ApiError> {
    may_listen(who)?;
    let (organization, now) = (who.organization, app.clock.now());
    let mut tx = app.db.begin(organization).await?;
    let mut endpoint = own(&mut tx, who, id).await?;
    let mut errors = Vec::new();
    let mut changed = Vec::new();
    if let Some(url) = change.url.and_then(|url| note(&mut errors, "url", read_url(app, &url))) {
        changed.push("url");
        endpoint.url = url;
    }
    let description = change.description.map(|text| read_description(&text));
    if let Some(description) = description.and_then(|read| note(&mut errors, "description", read)) {
        changed.push("description");
        endpoint.description = description;
    }
    let version = change.version.map(|text| read_version(&text));
    if let Some(version) = version.and_then(|read| note(&mut errors, "version", read)) {
        changed.push("version");
        endpoint.version = version;
    }
    if let Some(events) = change.events {
        changed.push("events");
        endpoint.events = Json(words(events));
    }
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    if !changed.is_empty() {
        endpoints::change(&mut tx, organization, &endpoint, now).await?;
        let entry = app.entry(organization, EntryKind::WebhookEndpointChanged, who.actor());
        let details = json!({"webhook_endpoint": id, "changed": changed, "host": host(&endpoint.url)});
        audit::store::insert(&mut tx, &entry.details(details)).await?;
    }
    let switched = match change.active {
        Some(true) => endpoints::enable(&mut tx, organization, id, now).await?,
        Some(false) => endpoints::disable(&mut tx, organization, id, "person", now).await?,
        None => false,
    };
    let active = change.active.unwrap_or_default();
    if switched {
        let kind =
            if active { EntryKind::WebhookEndpointEnabled } else { EntryKind::WebhookEndpointDisabled };
        let details = json!({"webhook_endpoint": id, "why": "person"});
        audit::store::insert(&mut tx, &app.entry(organization, kind, who.actor()).details(details)).await?;
        if active {
            queue::insert(&mut tx, organization, id, Some(now)).await?;
        }
    }
    let endpoint = own(&mut tx, who, id).await?;
    tx.commit().await?;
    if switched {
        let mut tx = app.db.system().await?;
        if active {
            queue::call(&mut tx, id, now).await?;
        } else {
            queue::remove(&mut tx, id).await?;
        }
        tx.commit().await?;
        app.wake.hooks.notify_one();
    }
    Ok(endpoint.into())
}

/// Another secret; the one before signs as well for a day.
pub(super) async fn rotate(app: &App, who: &SignedIn, id: Uuid) -> Result<EndpointView, ApiError> {
    may_listen(who)?;
    let (organization, now) = (who.organization, app.clock.now());
    let sealer = app.keys.sealer(organization).await?;
    let secret = signing::generate(app.randomness.as_ref());
    let sealed = sealer.seal("webhook_endpoints", "secret", id, secret.expose().as_bytes());
    let mut tx = app.db.begin(organization).await?;
    let endpoint = own(&mut tx, who, id).await?;
    let until = now + signing::OLD_SIGNS_FOR;
    endpoints::rotate(&mut tx, organization, &endpoint, &sealed, until, now).await?;
    let entry = app.entry(organization, EntryKind::WebhookSecretRotated, who.actor());
    audit::store::insert(&mut tx, &entry.details(json!({"webhook_endpoint": id}))).await?;
    let endpoint = own(&mut tx, who, id).await?;
    tx.commit().await?;
    Ok(EndpointView::with_secret(endpoint, &secret))
}

/// Removes an endpoint with everything that was sent to it.
pub(super) async fn remove(app: &App, who: &SignedIn, id: Uuid) -> Result<(), ApiError> {
    let organization = who.organization;
    let mut tx = app.db.begin(organization).await?;
    let endpoint = own(&mut tx, who, id).await?;
    endpoints::remove(&mut tx, organization, id).await?;
    let entry = app.entry(organization, EntryKind::WebhookEndpointRemoved, who.actor());
    let details = json!({"webhook_endpoint": id, "host": host(&endpoint.url)});
    audit::store::insert(&mut tx, &entry.details(details)).await?;
    tx.commit().await?;
    let mut tx = app.db.system().await?;
    queue::remove(&mut tx, id).await?;
    Ok(tx.commit().await?)
}

/// An address's host: the rest of it may hold what nobody should read.
pub(super) fn host(url: &str) -> String {
    Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

/// An endpoint that was disabled without anybody's doing.
#[derive(Clone, Debug)]
pub struct GivenUp {
    /// Its host.
    pub host: String,
    /// It said that it is gone for good.
    pub gone: bool,
}

/// What there is to tell about an endpoint that was given up; `None` when a person has dealt with it since.
///
/// # Errors
/// When the database refuses.
pub async fn given_up(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
) -> Result<Option<GivenUp>, ApiError> {
    let found = endpoints::find(tx, organization, id).await?;
    Ok(found.and_then(|endpoint| {
        let gone = match endpoint.disabled_by.as_deref()? {
            "gone" => true,
            "failing" => false,
            _ => return None,
        };
        Some(GivenUp { host: host(&endpoint.url), gone })
    }))
}
