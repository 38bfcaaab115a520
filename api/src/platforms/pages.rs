//! Platform settings, one's own connection, and everybody's, as pages.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use lectern_core::{ids::ConnectionId, provider::ProviderName, secret::SecretString};
use lectern_providers::registry::{self, LiveSource};
use lectern_web::{
    Section,
    pages::{connection as connection_page, platform as page},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    StepState,
    connect::{self, ConnectionState, ConnectionView},
    consent,
    days::Past,
    routes::with_cookie,
    save::{self, SaveSettings},
    settings::{self, HistoryView, PlatformState, PlatformView},
    store::settings::Mode,
};
use crate::{
    app::App,
    error::ApiError,
    extract::{Admin, Form, Instructor, Path, Query, SignedIn},
    list::Paging,
    organizations,
    pages::{NoticeQuery, Pages, Reader, field_errors, see_other},
};

/// Changes shown on the page; the rest is in the interface.
const CHANGES: i64 = 20;

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

fn page_of(
    offered: &[ProviderName],
    provider: ProviderName,
    view: PlatformView,
    history: Vec<HistoryView>,
    zone: String,
) -> page::Platform {
    let instant = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let tab = |name: &ProviderName| page::PlatformTab {
        platform: name.as_str().to_owned(),
        title: name.title().to_owned(),
    };
    page::Platform {
        platform: provider.as_str().to_owned(),
        title: provider.title().to_owned(),
        platforms: offered.iter().map(tab).collect(),
        by_account: registry::by_account(provider),
        is_told: registry::live_source(provider) == LiveSource::Told,
        publishes: registry::live_source(provider) == LiveSource::Published,
        state: view.state.into(),
        mode: view.mode.into(),
        client_id: view.client_id.unwrap_or_default(),
        account_id: view.account_id.unwrap_or_default(),
        base_url: view.base_url,
        base_urls: view.base_urls,
        default_host: view.default_host.unwrap_or_default(),
        event_topic: view.event_topic.unwrap_or_default(),
        event_sender: view.event_sender.unwrap_or_default(),
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

async fn settings_page(
    app: &App,
    who: &SignedIn,
    provider: ProviderName,
) -> Result<page::Platform, ApiError> {
    let view = settings::show(app, who, provider).await?;
    let history = settings::history(app, who, provider, &Paging::new(Some(CHANGES), None)?).await?;
    Ok(page_of(&settings::offered(app), provider, view, history.items, zone(app, who).await?))
}

/// `GET /platforms`: the first.
pub async fn platforms(State(app): State<App>, _: Admin) -> Response {
    let first =
        settings::offered(&app).first().or(registry::AVAILABLE.first()).map_or("", |name| name.as_str());
    see_other(&format!("/platforms/{first}")).into_response()
}

/// `GET /platforms/{provider}`
pub async fn show(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Path(provider): Path<String>,
    Query(query): Query<NoticeQuery>,
) -> Result<Response, ApiError> {
    let page = settings_page(&app, &who, settings::provider(&provider)?).await?;
    Pages::new(&app, &who, reader, Section::Platforms).await?.notice(query.notice).show(&page)
}

/// The form of the settings.
#[derive(Debug, Deserialize)]
pub struct SettingsForm {
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
    #[serde(default)]
    event_topic: String,
    #[serde(default)]
    event_sender: String,
    #[serde(default)]
    disconnect_accounts: Option<String>,
}

/// `POST /platforms/{provider}`
pub async fn save(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Path(provider): Path<String>,
    Form(form): Form<SettingsForm>,
) -> Result<Response, ApiError> {
    let provider = settings::provider(&provider)?;
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
        event_topic: Some(form.event_topic.clone()),
        event_sender: Some(form.event_sender.clone()),
        disconnect_accounts: form.disconnect_accounts.is_some(),
    };
    let errors = match save::save(&app, &who, provider, body).await {
        Ok(_) => return Ok(see_other(&format!("/platforms/{provider}?notice=saved"))),
        Err(ApiError::Invalid(errors)) => errors,
        Err(other) => return Err(other),
    };
    let mut page = settings_page(&app, &who, provider).await?;
    page.mode = form.mode;
    page.client_id = form.client_id;
    page.account_id = form.account_id;
    page.base_url = form.base_url;
    page.default_host = form.default_host;
    page.event_topic = form.event_topic;
    page.event_sender = form.event_sender;
    page.errors = field_errors(&errors);
    for error in &mut page.errors {
        error.field = input(&error.field).to_owned();
    }
    Pages::new(&app, &who, reader, Section::Platforms).await?.refuse(&page)
}

/// `POST /platforms/{provider}/test`
pub async fn test(
    State(app): State<App>,
    who: Admin,
    Path(provider): Path<String>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    let provider = settings::provider(&provider)?;
    super::check::run(&app, &who, provider).await?;
    Ok(see_other(&format!("/platforms/{provider}?notice=tested")))
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
            changes: view.changes_today.zip(view.changes_per_day).map(|(today, most)| {
                connection_page::ChangesToday { today: u32::try_from(today).unwrap_or(most).min(most), most }
            }),
        },
        ConnectionState::NeedsReconnect => connection_page::ConnectionState::NeedsReconnect {
            email: view.email.clone(),
            reason: view.words.clone().unwrap_or_else(|| "".into()),
        },
    }
}

/// How a connection's last days were.
fn days(past: &Past, view: &ConnectionView) -> Vec<connection_page::ConnectionDay> {
    let works = view.state == ConnectionState::Connected;
    view.id.map_or_else(Vec::new, |id| past.of(id, works))
}

/// `GET /connection`
pub async fn connection(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Query(query): Query<NoticeQuery>,
) -> Result<Response, ApiError> {
    let page = own_connections(&app, &who).await?;
    Pages::new(&app, &who, reader, Section::Connection).await?.notice(query.notice).show(&page)
}

/// An instructor's own account on each platform.
pub async fn own_connections(app: &App, who: &SignedIn) -> Result<connection_page::Connection, ApiError> {
    let zone = zone(app, who).await?;
    let past =
        Past::look(app, &mut app.db.read(who.organization).await?, who.organization, Some(who.person), &zone)
            .await?;
    let mut items = Vec::new();
    for provider in settings::offered(app) {
        let view = connect::show(app, who, provider).await?;
        items.push(connection_page::OwnConnection {
            platform: provider.as_str().to_owned(),
            title: provider.title().to_owned(),
            platform_ready: view.platform_ready,
            by_organization: view.by_organization,
            state: state_of(&view),
            days: days(&past, &view),
        });
    }
    // What can be connected comes first; where nothing is set up, all are named.
    if items.iter().any(|item| item.platform_ready) {
        items.retain(|item| item.platform_ready);
    }
    Ok(connection_page::Connection { items, zone })
}

/// `POST /connection/{provider}/connect`: on to the platform, where the person allows it.
pub async fn connect(
    State(app): State<App>,
    who: Instructor,
    Path(provider): Path<String>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    let provider = settings::provider(&provider)?;
    let started = consent::start(&app, &who, provider).await?;
    let response = see_other(started.authorize_url.as_str()).into_response();
    Ok(with_cookie(&app, &started, response))
}

/// `POST /connection/{provider}/refresh`. A grant that is lost is shown by the page itself.
pub async fn refresh(
    State(app): State<App>,
    who: Instructor,
    Path(provider): Path<String>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    Ok(back_to_connection(refreshed(&app, &who, &provider).await?))
}

fn back_to_connection(notice: Option<&str>) -> Response {
    match notice {
        Some(notice) => see_other(&format!("/connection?notice={notice}")),
        None => see_other("/connection"),
    }
}

/// Refreshes a grant: the notice to show. None for one that is lost, which the page says itself.
pub async fn refreshed(app: &App, who: &SignedIn, provider: &str) -> Result<Option<&'static str>, ApiError> {
    match connect::refresh(app, who, settings::provider(provider)?).await {
        Ok(_) => Ok(Some("refreshed")),
        Err(ApiError::Provider(error)) => {
            tracing::warn!(%error, "a connection could not be refreshed: {error}");
            let lost = matches!(error.kind, lectern_core::provider::ErrorKind::Reconnect);
            Ok((!lost).then_some("trying_again"))
        }
        Err(other) => Err(other),
    }
}

/// `POST /connection/{provider}/disconnect`
pub async fn disconnect(
    State(app): State<App>,
    who: Instructor,
    Path(provider): Path<String>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    Ok(back_to_connection(Some(disconnected(&app, &who, &provider).await?)))
}

/// Disconnects: the notice to show.
pub async fn disconnected(app: &App, who: &SignedIn, provider: &str) -> Result<&'static str, ApiError> {
    match connect::disconnect(app, who, settings::provider(provider)?).await {
        Ok(()) => Ok("disconnected"),
        Err(ApiError::NotFound) => Ok("already_done"),
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
    let zone = zone(&app, &who).await?;
    let past =
        Past::look(&app, &mut app.db.read(who.organization).await?, who.organization, None, &zone).await?;
    let pages = Pages::new(&app, &who, reader, Section::Connections).await?.notice(query.notice);
    let organization = organizations::service::find_active(&app, who.organization).await?;
    let own = organization.map(|organization| organization.name).unwrap_or_default();
    let row = |view: &ConnectionView| connection_page::ConnectionRow {
        id: view.id.map(|id| id.to_string()),
        person: view.person.as_ref().map_or_else(|| own.clone(), |person| person.name.clone()),
        platform: registry::named(view.provider).map_or("", ProviderName::title).to_owned(),
        state: state_of(view),
        days: days(&past, view),
    };
    let mut items: Vec<_> = list.items.iter().map(row).collect();
    for provider in settings::offered(&app) {
        let by_people = settings::show(&app, &who, provider)
            .await
            .is_ok_and(|view| view.mode == Mode::User && !matches!(view.state, PlatformState::NotSet));
        if by_people {
            let others = connect::unconnected(&app, &who, provider, 200).await?;
            items.extend(others.into_iter().map(|(_, name)| connection_page::ConnectionRow {
                id: None,
                person: name,
                platform: provider.title().to_owned(),
                state: connection_page::ConnectionState::None,
                days: Vec::new(),
            }));
        }
    }
    let page = connection_page::Connections { items, zone };
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
