//! Connections as people see them: shown, refreshed, disconnected, revoked; and the organization's own, which needs no consent.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{ConnectionId, OrganizationId},
    provider::{AccessTokens, Account, Call, ErrorKind, Provider, ProviderError, ProviderName, TokenSet},
    sentence::Sentence,
};
use lectern_providers::registry;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    ending::end,
    host_days::Today,
    settings,
    store::{
        self,
        connections::{Connection, State},
        settings::Mode,
    },
    tokens::{self, Tokens},
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    error::ApiError,
    events,
    extract::SignedIn,
    list::{List, Paging, instant_cursor},
};

/// How long the platform is waited for.
const WAIT: Duration = Duration::from_secs(15);

/// Connects the organization's own account, which needs no person's consent. No transaction may be open.
pub(super) async fn connect_account(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
    actor: Actor,
) -> Result<Connection, ProviderError> {
    let ours = |error: ApiError| {
        ProviderError::new(provider, "connect account", ErrorKind::Unavailable).source(format!("{error:?}"))
    };
    let (found, credentials) = settings::for_calls(app, organization, provider).await?;
    let unsupported =
        || ProviderError::new(provider, "connect account", ErrorKind::Unsupported("account_token"));
    let platform =
        registry::build(&credentials, app.providers.transport(), None).map_err(|_| unsupported())?;
    let oauth = platform.oauth().ok_or_else(unsupported)?;
    let call = Call::interactive(WAIT);
    let granted = oauth.account_token(&call).await?;
    let account_id = found.account_id.clone().unwrap_or_default();
    let unknown =
        Account { user_id: String::new(), account_id, email: String::new(), name: String::new(), plan: None };
    let account = match &found.default_host {
        Some(host) => oauth.account(&call, &granted.access_token, Some(host)).await.unwrap_or(unknown),
        None => unknown,
    };
    keep_account(app, organization, provider, actor, &account, &granted).await.map_err(ours)
}

async fn keep_account(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
    actor: Actor,
    account: &Account,
    granted: &TokenSet,
) -> Result<Connection, ApiError> {
    let sealer = app.keys.sealer(organization).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin(organization).await?;
    let earlier = store::connections::earlier(&mut tx, organization, provider, None, "").await?;
    let id = earlier.as_ref().map_or_else(|| app.new_id(), |earlier| earlier.id);
    let pair = tokens::seal(&sealer, id, granted, app, &[]);
    let is_news = earlier.as_ref().is_none_or(|earlier| earlier.state != State::Active);
    match earlier {
        Some(_) => {
            store::connections::reconnect(&mut tx, organization, provider, id, account, &pair).await?;
        }
        None => {
            store::connections::insert(&mut tx, organization, provider, id, None, account, &pair).await?;
        }
    }
    let row = store::connections::find(&mut tx, organization, id).await?.ok_or(ApiError::NotFound)?;
    if is_news {
        let entry =
            app.entry(organization, EntryKind::Connected, actor).details(tokens::details(provider, id));
        audit::store::insert(&mut tx, &entry).await?;
        let event = tokens::changed(now, &row, "connected");
        events::emit(&mut tx, &app.ids, &sealer, organization, now, &event).await?;
    }
    tx.commit().await?;
    app.wake.outbox.notify_one();
    Ok(row)
}

/// How a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    /// Nothing is connected.
    None,
    /// It works.
    Connected,
    /// It must be connected again.
    NeedsReconnect,
}

/// Whose connection it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ConnectionPerson {
    /// Their id.
    pub id: Uuid,
    /// Their name.
    pub name: String,
}

/// A permission that was not granted.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MissingScope {
    /// Its name at the platform.
    pub scope: &'static str,
    /// What it is for.
    pub purpose: &'static str,
}

/// A connection, without its tokens.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ConnectionView {
    /// Its id; none when nothing is connected.
    pub id: Option<Uuid>,
    /// At which platform.
    pub provider: &'static str,
    /// How it stands.
    pub state: ConnectionState,
    /// Whose; none for the organization's own.
    pub person: Option<ConnectionPerson>,
    /// Whether one account of the organization holds all meetings.
    pub by_organization: bool,
    /// Whether the organization's credentials are saved.
    pub platform_ready: bool,
    /// The account's address at the platform.
    pub email: Option<String>,
    /// The account's name at the platform.
    pub name: Option<String>,
    /// The host's plan, in the platform's words.
    pub plan: Option<&'static str>,
    /// How often meetings of this account were made or changed today (UTC); of the organization's own account, of the host who had
    /// most.
    pub changes_today: Option<i64>,
    /// How often the platform lets one host's meetings be made or changed in a day; null: as often as one likes.
    pub changes_per_day: Option<u32>,
    /// What was granted.
    pub scopes: Vec<String>,
    /// What was not, though it is of use.
    pub missing_scopes: Vec<MissingScope>,
    /// When the access token ends; it is refreshed before by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last refreshed.
    pub refreshed_at: Option<DateTime<Utc>>,
    /// Since when.
    pub connected_at: Option<DateTime<Utc>>,
    /// Why it does not work.
    pub problem: Option<String>,
    /// The same, for pages in the reader's language.
    #[serde(skip)]
    pub words: Option<Sentence>,
}

/// What a view needs besides the row.
struct Ready {
    mode: Option<Mode>,
    platform: Option<Arc<dyn Provider>>,
}

async fn ready(app: &App, organization: OrganizationId, provider: ProviderName) -> Ready {
    match settings::for_calls(app, organization, provider).await {
        Ok((found, credentials)) => Ready {
            mode: Some(found.mode),
            platform: registry::build(&credentials, app.providers.transport(), None).ok(),
        },
        Err(_) => Ready { mode: None, platform: None },
    }
}

fn view(
    provider: ProviderName,
    ready: &Ready,
    row: Option<&Connection>,
    person: Option<ConnectionPerson>,
    today: &Today,
) -> ConnectionView {
    let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let oauth = ready.platform.as_ref().and_then(|platform| platform.oauth());
    let active = row.filter(|row| row.state == State::Active);
    let missing = oauth.zip(active).map(|(oauth, row)| oauth.missing_scopes(&row.scopes));
    ConnectionView {
        id: row.map(|row| row.id.uuid()),
        provider: provider.as_str(),
        state: match row.map(|row| row.state) {
            Some(State::Active) => ConnectionState::Connected,
            Some(State::NeedsReconnect) => ConnectionState::NeedsReconnect,
            Some(State::Gone) | None => ConnectionState::None,
        },
        person,
        by_organization: ready.mode == Some(Mode::ServerToServer),
        platform_ready: ready.mode.is_some(),
        email: row.and_then(|row| text(&row.account.email)),
        name: row.and_then(|row| text(&row.account.name)),
        plan: row.and_then(|row| registry::plan_name(provider, row.account.plan)),
        changes_today: active.map(|row| today.of(row)),
        changes_per_day: registry::at_best(provider).and_then(|best| best.limits.host_writes_per_day),
        scopes: row.map(|row| row.scopes.clone()).unwrap_or_default(),
        missing_scopes: missing
            .unwrap_or_default()
            .into_iter()
            .map(|(scope, purpose)| MissingScope { scope, purpose })
            .collect(),
        expires_at: row.and_then(|row| row.access_expires_at),
        refreshed_at: row.and_then(|row| row.refreshed_at),
        connected_at: row.map(|row| row.connected_at),
        problem: row.and_then(|row| row.problem.as_deref().map(str::to_owned)),
        words: row.and_then(|row| row.problem.clone()),
    }
}

/// One's own connection, or the organization's where it has one for all.
pub async fn show(app: &App, who: &SignedIn, provider: ProviderName) -> Result<ConnectionView, ApiError> {
    let person = who.person()?;
    let ready = ready(app, who.organization, provider).await;
    let mut tx = app.db.read(who.organization).await?;
    let row = match ready.mode {
        Some(Mode::ServerToServer) => {
            store::connections::of_organization(&mut tx, who.organization, provider).await?
        }
        _ => store::connections::of_person(&mut tx, who.organization, provider, person).await?,
    };
    let today = Today::look(app, &mut tx, who.organization).await?;
    drop(tx);
    let whose = row
        .as_ref()
        .and_then(|row| row.person)
        .map(|id| ConnectionPerson { id: id.uuid(), name: who.name.clone() });
    Ok(view(provider, &ready, row.as_ref(), whose, &today))
}

async fn own(app: &App, who: &SignedIn, provider: ProviderName) -> Result<Connection, ApiError> {
    let person = who.person()?;
    let mut tx = app.db.read(who.organization).await?;
    store::connections::of_person(&mut tx, who.organization, provider, person)
        .await?
        .ok_or(ApiError::NotFound)
}

/// Refreshes one's own connection now, and looks at the account again.
pub async fn refresh(app: &App, who: &SignedIn, provider: ProviderName) -> Result<ConnectionView, ApiError> {
    let row = own(app, who, provider).await?;
    let tokens = Tokens::new(app, who.organization, provider, row.id);
    tokens.refresh_now(row.generation).await?;
    if let Err(error) = look_again(app, who.organization, &row).await {
        tracing::info!(%error, "the account of connection {} could not be looked at: {error}", row.id);
    }
    show(app, who, provider).await
}

/// Asks the platform whose connection it is, and keeps the answer: plans change.
pub(super) async fn look_again(
    app: &App,
    organization: OrganizationId,
    row: &Connection,
) -> Result<Account, ProviderError> {
    let ours = |error: crate::db::StoreError| {
        ProviderError::new(row.provider, "read account", ErrorKind::Unavailable).source(error)
    };
    let access = Tokens::new(app, organization, row.provider, row.id).current().await?;
    let (found, credentials) = settings::for_calls(app, organization, row.provider).await?;
    let unsupported = || ProviderError::new(row.provider, "read account", ErrorKind::Unsupported("oauth"));
    let platform =
        registry::build(&credentials, app.providers.transport(), None).map_err(|_| unsupported())?;
    let oauth = platform.oauth().ok_or_else(unsupported)?;
    let account = oauth.account(&Call::interactive(WAIT), &access, found.default_host.as_deref()).await?;
    let mut tx = app.db.begin(organization).await.map_err(ours)?;
    store::connections::set_account(&mut tx, organization, row.id, &account).await.map_err(ours)?;
    tx.commit().await.map_err(ours)?;
    Ok(account)
}

/// Ends one's own connection.
pub async fn disconnect(app: &App, who: &SignedIn, provider: ProviderName) -> Result<(), ApiError> {
    let row = own(app, who, provider).await?;
    end(app, who.organization, &row, EntryKind::Disconnected, who.actor()).await
}

/// An administrator ends anybody's connection.
pub async fn revoke_any(app: &App, who: &SignedIn, id: ConnectionId) -> Result<(), ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let row = store::connections::find(&mut tx, who.organization, id).await?.ok_or(ApiError::NotFound)?;
    drop(tx);
    end(app, who.organization, &row, EntryKind::ConnectionRevoked, who.actor()).await
}

/// All connections of the organization, newest first.
pub async fn list(app: &App, who: &SignedIn, paging: &Paging) -> Result<List<ConnectionView>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let rows =
        store::connections::list(&mut tx, who.organization, paging.instant_and_id()?, paging.fetch()).await?;
    let mut platforms: Vec<(ProviderName, Ready)> = Vec::new();
    let today = Today::look(app, &mut tx, who.organization).await?;
    drop(tx);
    for (_, row) in &rows {
        if !platforms.iter().any(|(name, _)| *name == row.provider) {
            platforms.push((row.provider, ready(app, who.organization, row.provider).await));
        }
    }
    let none = Ready { mode: None, platform: None };
    Ok(paging.list(
        rows,
        |(listed, row)| instant_cursor(row.connected_at, listed.id),
        |(listed, row)| {
            let ready =
                platforms.iter().find(|(name, _)| *name == row.provider).map_or(&none, |(_, ready)| ready);
            let name = settings::full_name(listed.first_name, listed.last_name);
            let person = listed.person_id.map(|id| ConnectionPerson { id, name: name.unwrap_or_default() });
            view(row.provider, ready, Some(&row), person, &today)
        },
    ))
}

/// Instructors that have connected nothing: id and name.
pub async fn unconnected(
    app: &App,
    who: &SignedIn,
    provider: ProviderName,
    most: i64,
) -> Result<Vec<(Uuid, String)>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let rows = store::connections::unconnected(&mut tx, who.organization, provider, most).await?;
    Ok(rows
        .into_iter()
        .map(|(id, first, last)| (id, settings::full_name(Some(first), last).unwrap_or_default()))
        .collect())
}
