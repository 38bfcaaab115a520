//! Platform settings, one's own connection, and everybody's, as pages.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use lectern_core::{ids::ConnectionId, provider::ProviderName, secret::SecretString};
use lectern_web::{
    FieldError as PageFieldError, NoticeKind, Section,
    pages::{connection as connection_page, platform as page},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    StepState,
    connect::{self, ConnectionState, ConnectionView},
    consent,
    routes::with_cookie,
    save::{self, SaveSettings},
    settings::{self, HistoryView, PlatformState, PlatformView},
    store::settings::Mode,
};
use crate::{
    app::App,
    error::ApiError,
    extract::{Admin, Form, Instructor, Query, SignedIn},
    list::Paging,
    organizations,
    pages::{Pages, Reader, see_other},
};

/// The platform these pages are about.
const ZOOM: ProviderName = ProviderName::Zoom;
/// Changes shown on the page; the rest is in the interface.
const CHANGES: i64 = 20;

/// Query of these pages.
#[derive(Debug, Default, Deserialize)]
pub struct NoticeQuery {
    notice: Option<NoticeKind>,
}

impl From<PlatformState> for page::PlatformState {
    fn from(state: PlatformState) -> Self {
        match state {
            PlatformState::NotSet => Self::NotSet,
            PlatformState::Untested => Self::Untested,
            PlatformState::Working => Self::Working,
            PlatformState::Failing => Self::Failing,
        }
    }
}

impl From<Mode> for page::PlatformMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::User => Self::User,
            Mode::ServerToServer => Self::ServerToServer,
        }
    }
}

impl From<StepState> for page::StepState {
    fn from(state: StepState) -> Self {
        match state {
            StepState::Ok => Self::Ok,
            StepState::Warn => Self::Warn,
            StepState::Bad => Self::Bad,
            StepState::Skipped => Self::Skipped,
        }
    }
}

/// The name of a field's input: the page asks for the secret by the platform's word for it.
fn input(field: &str) -> &str {
    if field == "webhook_secret" { "webhook_secret_token" } else { field }
}

fn page_of(view: PlatformView, history: Vec<HistoryView>, zone: String) -> page::ZoomPlatform {
    let instant = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    page::ZoomPlatform {
        state: view.state.into(),
        mode: view.mode.into(),
        client_id: view.client_id.unwrap_or_default(),
        account_id: view.account_id.unwrap_or_default(),
        base_url: view.base_url,
        base_urls: view.base_urls,
        default_host: view.default_host.unwrap_or_default(),
        has_secret: view.has_client_secret,
        has_webhook_secret: view.has_webhook_secret,
        redirect_url: view.redirect_url,
        webhook_url: view.webhook_url,
        can_edit: view.can_edit,
        connected: u32::try_from(view.connected).unwrap_or(u32::MAX),
        instructors: u32::try_from(view.instructors).unwrap_or(u32::MAX),
        tested_at: view.tested_at.map(instant),
        steps: view
            .steps
            .into_iter()
            .map(|step| page::TestStep {
                step: step.step,
                state: step.state.into(),
                sentence: Some(step.sentence),
                repair: step.repair,
            })
            .collect(),
        history: history
            .into_iter()
            .map(|change| page::HistoryItem {
                who: change.person_name.unwrap_or_else(|| "–".to_owned()),
                at: instant(change.at),
                changed: change.fields.iter().map(|field| input(field).to_owned()).collect(),
            })
            .collect(),
        zone,
        errors: Vec::new(),
    }
}

async fn zone(app: &App, who: &SignedIn) -> Result<String, ApiError> {
    Ok(organizations::service::settings(app, who.organization).await?.time_zone)
}

async fn zoom_page(app: &App, who: &SignedIn) -> Result<page::ZoomPlatform, ApiError> {
    let view = settings::show(app, who, ZOOM).await?;
    let history = settings::history(app, who, ZOOM, &Paging::new(Some(CHANGES), None)?).await?;
    Ok(page_of(view, history.items, zone(app, who).await?))
}

/// `GET /platforms/zoom`
pub async fn zoom(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Query(query): Query<NoticeQuery>,
) -> Result<Response, ApiError> {
    let page = zoom_page(&app, &who).await?;
    Pages::new(&app, &who, reader, Section::Platforms).await?.notice(query.notice).show(&page)
}

/// The form of the settings.
#[derive(Debug, Deserialize)]
pub struct ZoomForm {
    #[serde(default)]
    mode: page::PlatformMode,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    client_secret: Option<SecretString>,
    #[serde(default)]
    account_id: String,
    #[serde(default)]
    base_url: String,
    #[serde(default)]
    redirect_url: Option<String>,
    #[serde(default)]
    webhook_secret_token: Option<SecretString>,
    #[serde(default)]
    default_host: String,
}

/// `POST /platforms/zoom`
pub async fn save_zoom(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Form(form): Form<ZoomForm>,
) -> Result<Response, ApiError> {
    let body = SaveSettings {
        mode: Some(match form.mode {
            page::PlatformMode::User => Mode::User,
            page::PlatformMode::ServerToServer => Mode::ServerToServer,
        }),
        client_id: Some(form.client_id.clone()),
        client_secret: form.client_secret,
        account_id: Some(form.account_id.clone()),
        base_url: Some(form.base_url.clone()),
        redirect_url: form.redirect_url,
        webhook_secret: form.webhook_secret_token,
        default_host: Some(form.default_host.clone()),
    };
    let errors = match save::save(&app, &who, ZOOM, body).await {
        Ok(_) => return Ok(see_other("/platforms/zoom?notice=saved")),
        Err(ApiError::Invalid(errors)) => errors,
        Err(other) => return Err(other),
    };
    let mut page = zoom_page(&app, &who).await?;
    page.mode = form.mode;
    page.client_id = form.client_id;
    page.account_id = form.account_id;
    page.base_url = form.base_url;
    page.default_host = form.default_host;
    page.errors =
        errors.iter().map(|error| PageFieldError::new(input(&error.field), error.message.as_str())).collect();
    Pages::new(&app, &who, reader, Section::Platforms).await?.refuse(&page)
}

/// `POST /platforms/zoom/test`
pub async fn test_zoom(State(app): State<App>, who: Admin, Form(()): Form<()>) -> Result<Response, ApiError> {
    super::check::run(&app, &who, ZOOM).await?;
    Ok(see_other("/platforms/zoom?notice=tested"))
}

fn state_of(view: &ConnectionView) -> connection_page::ConnectionState {
    let instant = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    match view.state {
        ConnectionState::None => connection_page::ConnectionState::None,
        ConnectionState::Connected => connection_page::ConnectionState::Connected {
            email: view.email.clone().or_else(|| view.name.clone()).unwrap_or_default(),
            expires_at: view.expires_at.map(instant),
            last_refreshed_at: view.refreshed_at.map(instant),
            scopes_missing: view.missing_scopes.iter().map(|missing| missing.scope.to_owned()).collect(),
            plan: view.plan.map(str::to_owned),
        },
        ConnectionState::NeedsReconnect => connection_page::ConnectionState::NeedsReconnect {
            email: view.email.clone(),
            reason: view.words.clone().unwrap_or_else(|| "".into()),
        },
    }
}

/// `GET /connection`
pub async fn connection(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Query(query): Query<NoticeQuery>,
) -> Result<Response, ApiError> {
    let view = connect::show(&app, &who, ZOOM).await?;
    let page = connection_page::Connection {
        platform: ZOOM.title().to_owned(),
        platform_ready: view.platform_ready,
        by_organization: view.by_organization,
        state: state_of(&view),
        zone: zone(&app, &who).await?,
    };
    Pages::new(&app, &who, reader, Section::Connection).await?.notice(query.notice).show(&page)
}

/// `POST /connection/zoom/connect`: on to the platform, where the person allows it.
pub async fn connect_zoom(
    State(app): State<App>,
    who: Instructor,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    let started = consent::start(&app, &who, ZOOM).await?;
    let response = see_other(started.authorize_url.as_str()).into_response();
    Ok(with_cookie(&app, &started, response))
}

/// `POST /connection/zoom/refresh`. A grant that is lost is shown by the page itself.
pub async fn refresh_zoom(
    State(app): State<App>,
    who: Instructor,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    match connect::refresh(&app, &who, ZOOM).await {
        Ok(_) => Ok(see_other("/connection?notice=refreshed")),
        Err(ApiError::Provider(error)) => {
            tracing::warn!(%error, "a connection could not be refreshed: {error}");
            let lost = matches!(error.kind, lectern_core::provider::ErrorKind::Reconnect);
            Ok(see_other(if lost { "/connection" } else { "/connection?notice=trying_again" }))
        }
        Err(other) => Err(other),
    }
}

/// `POST /connection/zoom/disconnect`
pub async fn disconnect_zoom(
    State(app): State<App>,
    who: Instructor,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    match connect::disconnect(&app, &who, ZOOM).await {
        Ok(()) => Ok(see_other("/connection?notice=disconnected")),
        Err(ApiError::NotFound) => Ok(see_other("/connection?notice=already_done")),
        Err(other) => Err(other),
    }
}

/// `GET /connections`: those who are connected, then instructors who are not.
pub async fn connections(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Query(query): Query<NoticeQuery>,
) -> Result<Response, ApiError> {
    let list = connect::list(&app, &who, &Paging::new(Some(200), None)?).await?;
    let pages = Pages::new(&app, &who, reader, Section::Connections).await?.notice(query.notice);
    let organization = organizations::service::find_active(&app, who.organization).await?;
    let own = organization.map(|organization| organization.name).unwrap_or_default();
    let row = |view: &ConnectionView| connection_page::ConnectionRow {
        id: view.id.map(|id| id.to_string()),
        person: view.person.as_ref().map_or_else(|| own.clone(), |person| person.name.clone()),
        state: state_of(view),
    };
    let mut items: Vec<_> = list.items.iter().map(row).collect();
    let by_organization = list.items.iter().any(|view| view.by_organization);
    if !by_organization {
        let others = connect::unconnected(&app, &who, ZOOM, 200).await?;
        items.extend(others.into_iter().map(|(_, name)| connection_page::ConnectionRow {
            id: None,
            person: name,
            state: connection_page::ConnectionState::None,
        }));
    }
    let page = connection_page::Connections {
        platform: ZOOM.title().to_owned(),
        items,
        zone: zone(&app, &who).await?,
    };
    pages.show(&page)
}

/// `POST /connections/{id}/revoke`
pub async fn revoke(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    connect::revoke_any(&app, &who, ConnectionId(id)).await?;
    Ok(see_other("/connections?notice=revoked"))
}
