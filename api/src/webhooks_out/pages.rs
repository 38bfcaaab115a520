//! Endpoints and their deliveries, as pages.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use lectern_web::{
    FieldError as PageFieldError, NoticeKind, Section,
    pages::{Webhook, WebhookDelivery, WebhookForm, WebhookNew, WebhookRow, WebhookState, Webhooks},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    HookKind,
    deliveries::{self, DeliveryView, STATES},
    service::{self, ChangeEndpoint, CreateEndpoint, EndpointView, MOST, host},
};
use crate::{
    app::App,
    error::ApiError,
    extract::{Admin, Form, Path, Query, SignedIn},
    list::Paging,
    organizations,
    pages::{Pages, Reader, beside_form, see_other},
};

/// What is typed about an endpoint.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct EndpointForm {
    url: String,
    description: String,
    event: Vec<String>,
}

impl EndpointForm {
    fn events(&self) -> Vec<HookKind> {
        self.event.iter().filter_map(|word| HookKind::parse(word)).collect()
    }

    fn shown(self, errors: Vec<PageFieldError>) -> WebhookForm {
        WebhookForm {
            url: self.url,
            description: self.description,
            events: self.event,
            kinds: kinds(),
            errors,
        }
    }
}

/// What one can be told without asking for it each time; the test comes anyway.
fn kinds() -> Vec<String> {
    let all = HookKind::ALL.iter().filter(|kind| **kind != HookKind::EndpointTest);
    all.map(|kind| kind.as_str().to_owned()).collect()
}

/// What was done before the page came, and what of it is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WebhookQuery {
    notice: Option<NoticeKind>,
    state: String,
    cursor: Option<String>,
}

/// How soon the next try of a delivery must be for a page to wait for it.
const SOON: Duration = Duration::seconds(30);

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn state(endpoint: &EndpointView) -> WebhookState {
    match (endpoint.state.as_str(), endpoint.disabled_by.as_deref()) {
        ("active", _) if endpoint.failing_since.is_some() => WebhookState::Failing,
        ("active", _) => WebhookState::Active,
        (_, Some("gone")) => WebhookState::Gone,
        (_, Some("failing")) => WebhookState::GivenUp,
        _ => WebhookState::Disabled,
    }
}

fn row(endpoint: EndpointView) -> WebhookRow {
    WebhookRow {
        id: endpoint.id.to_string(),
        state: state(&endpoint),
        events: endpoint.events.len(),
        last_delivered_at: endpoint.last_delivered_at.map(text),
        url: endpoint.url,
        description: endpoint.description,
    }
}

fn delivery(one: DeliveryView) -> WebhookDelivery {
    WebhookDelivery {
        id: one.id.to_string(),
        kind: one.kind,
        state: one.state,
        tries: one.tries,
        created_at: text(one.created_at),
        last_try_at: one.last_try_at.map(text),
        next_try_at: one.next_try_at.map(text),
        status: one.status,
        problem: one.problem,
        answer: one.answer,
    }
}

async fn zone(app: &App, who: &SignedIn) -> Result<String, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    Ok(organizations::service::settings_in(&mut tx, who.organization).await?.time_zone)
}

/// `GET /webhooks`
pub async fn list(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Query(query): Query<WebhookQuery>,
) -> Result<Response, ApiError> {
    let all = service::list(&app, &who).await?;
    let can_add = i64::try_from(all.len()).is_ok_and(|count| count < MOST);
    let page = Webhooks { items: all.into_iter().map(row).collect(), can_add, zone: zone(&app, &who).await? };
    Pages::new(&app, &who, reader, Section::Webhooks).await?.notice(query.notice).show(&page)
}

/// `GET /webhooks/new`
pub async fn new(State(app): State<App>, who: Admin, reader: Reader) -> Result<Response, ApiError> {
    let page = WebhookNew { form: EndpointForm::default().shown(Vec::new()) };
    Pages::new(&app, &who, reader, Section::Webhooks).await?.show(&page)
}

/// `POST /webhooks`: the endpoint's page, once with its secret.
pub async fn create(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Form(form): Form<EndpointForm>,
) -> Result<Response, ApiError> {
    let new = CreateEndpoint {
        url: form.url.clone(),
        description: form.description.clone(),
        events: form.events(),
        version: None,
    };
    let errors = match service::create(&app, &who, new).await {
        Ok(made) => return once(&app, &who, reader, made).await,
        Err(error) => beside_form(&app, error)?,
    };
    let page = WebhookNew { form: form.shown(errors) };
    Pages::new(&app, &who, reader, Section::Webhooks).await?.refuse(&page)
}

/// The endpoint's page with its secret, which no cache may keep.
async fn once(
    app: &App,
    who: &SignedIn,
    reader: Reader,
    endpoint: EndpointView,
) -> Result<Response, ApiError> {
    let page = page(app, who, endpoint, &WebhookQuery::default()).await?;
    let shown =
        Pages::new(app, who, reader, Section::Webhooks).await?.notice(Some(NoticeKind::Saved)).show(&page)?;
    Ok(([(axum::http::header::CACHE_CONTROL, "no-store")], shown).into_response())
}

async fn page(
    app: &App,
    who: &SignedIn,
    endpoint: EndpointView,
    query: &WebhookQuery,
) -> Result<Webhook, ApiError> {
    let filter = Some(query.state.as_str()).filter(|state| STATES.contains(state));
    let paging = Paging::new(Some(50), query.cursor.as_deref())?;
    let sent = deliveries::list(app, who, endpoint.id, filter, &paging).await?;
    let soon = app.clock.now() + SOON;
    // The page that shows a secret has an address at which there is nothing to look at again.
    let watching = endpoint.secret.is_none()
        && endpoint.state == "active"
        && sent.items.iter().any(|one| one.next_try_at.is_some_and(|next| next <= soon));
    let id = endpoint.id;
    let narrowed = filter.map(|state| format!("&state={state}")).unwrap_or_default();
    let form = EndpointForm {
        url: endpoint.url.clone(),
        description: endpoint.description.clone(),
        event: endpoint.events.iter().map(|kind| kind.as_str().to_owned()).collect(),
    };
    Ok(Webhook {
        id: id.to_string(),
        host: host(&endpoint.url),
        state: state(&endpoint),
        disabled_at: endpoint.disabled_at.map(text),
        failing_since: endpoint.failing_since.map(text),
        old_secret_until: endpoint.old_secret_until.filter(|until| *until > app.clock.now()).map(text),
        version: endpoint.version,
        secret: endpoint.secret,
        form: form.shown(Vec::new()),
        deliveries: sent.items.into_iter().map(delivery).collect(),
        filter: filter.unwrap_or_default().to_owned(),
        watching,
        next_url: sent.next_cursor.map(|cursor| format!("/webhooks/{id}?cursor={cursor}{narrowed}")),
        zone: zone(app, who).await?,
    })
}

async fn found(app: &App, who: &SignedIn, id: Uuid) -> Result<EndpointView, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    Ok(service::own(&mut tx, who, id).await?.into())
}

/// `GET /webhooks/{id}`
pub async fn show(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Path(id): Path<Uuid>,
    Query(query): Query<WebhookQuery>,
) -> Result<Response, ApiError> {
    let endpoint = found(&app, &who, id).await?;
    let page = page(&app, &who, endpoint, &query).await?;
    Pages::new(&app, &who, reader, Section::Webhooks).await?.notice(query.notice).show(&page)
}

/// `POST /webhooks/{id}`
pub async fn save(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Path(id): Path<Uuid>,
    Form(form): Form<EndpointForm>,
) -> Result<Response, ApiError> {
    let change = ChangeEndpoint {
        url: Some(form.url.clone()),
        description: Some(form.description.clone()),
        events: Some(form.events()),
        ..ChangeEndpoint::default()
    };
    let errors = match service::change(&app, &who, id, change).await {
        Ok(_) => return Ok(back(id, "saved")),
        Err(error) => beside_form(&app, error)?,
    };
    let endpoint = found(&app, &who, id).await?;
    let page = page(&app, &who, endpoint, &WebhookQuery::default()).await?;
    let page = Webhook { form: form.shown(errors), ..page };
    Pages::new(&app, &who, reader, Section::Webhooks).await?.refuse(&page)
}

fn back(id: Uuid, notice: &str) -> Response {
    see_other(&format!("/webhooks/{id}?notice={notice}"))
}

/// What was asked of an endpoint that is disabled meanwhile leads to its page, which says so.
fn done<T>(id: Uuid, outcome: Result<T, ApiError>, notice: &str) -> Result<Response, ApiError> {
    match outcome {
        Ok(_) => Ok(back(id, notice)),
        Err(ApiError::Conflict(..)) => Ok(see_other(&format!("/webhooks/{id}"))),
        Err(other) => Err(other),
    }
}

/// `POST /webhooks/{id}/test`
pub async fn test(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    done(id, deliveries::test(&app, &who, id).await, "webhook_tested")
}

/// `POST /webhooks/{id}/rotate`: the page, once with the new secret.
pub async fn rotate(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Path(id): Path<Uuid>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    let endpoint = service::rotate(&app, &who, id).await?;
    once(&app, &who, reader, endpoint).await
}

/// `POST /webhooks/{id}/enable`
pub async fn enable(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    let change = ChangeEndpoint { active: Some(true), ..ChangeEndpoint::default() };
    done(id, service::change(&app, &who, id, change).await, "saved")
}

/// `POST /webhooks/{id}/disable`
pub async fn disable(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    let change = ChangeEndpoint { active: Some(false), ..ChangeEndpoint::default() };
    done(id, service::change(&app, &who, id, change).await, "saved")
}

/// `POST /webhooks/{id}/remove`
pub async fn remove(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    service::remove(&app, &who, id).await?;
    Ok(see_other("/webhooks?notice=webhook_removed"))
}

/// `POST /webhooks/{id}/deliveries/{delivery}/replay`
pub async fn replay(
    State(app): State<App>,
    who: Admin,
    Path((id, delivery)): Path<(Uuid, Uuid)>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    done(id, deliveries::replay(&app, &who, id, delivery).await, "webhook_replayed")
}

/// How far back.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReplayForm {
    hours: String,
}

/// `POST /webhooks/{id}/replay`
pub async fn replay_failed(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
    Form(form): Form<ReplayForm>,
) -> Result<Response, ApiError> {
    let hours = form.hours.trim().parse::<i64>().unwrap_or(24).clamp(1, 720);
    let since = app.clock.now() - Duration::hours(hours);
    done(id, deliveries::replay_failed(&app, &who, id, since).await, "webhook_replayed")
}
