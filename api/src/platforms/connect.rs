//! Accounts are connected, refreshed, disconnected and revoked.
//!
//! A consent comes back by the browser, so it must be the browser that asked. The rule: the callback carries the cookie that
//! the start gave, or the very sign-in the start came with. Where a program asked (`Authorization: Bearer`), any sign-in of the
//! same person will do, because the program hands the address to a browser we have not seen. Somebody else's sign-in is
//! refused in every case, and no token is asked for before all of this holds.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use lectern_core::{
    ids::{ConnectionId, OrganizationId, PersonId},
    provider::{Account, AuthorizeRequest, Call, ErrorKind, Provider, ProviderError, ProviderName, TokenSet},
    role::Role,
    secret::SecretString,
};
use lectern_providers::registry;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    settings,
    store::{
        self,
        connections::{Connection, State},
        settings::{Mode, Settings},
        states,
    },
    tokens::{self, Tokens},
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    db::Tx,
    error::ApiError,
    events,
    extract::{SignedIn, Via},
    keys::Sealer,
    list::{List, Paging, instant_cursor},
    people,
};

/// The cookie of whoever asked for a consent, before the prefix.
pub const COOKIE: &str = "lectern-connect";
/// How long a consent may take.
pub const PATIENCE: TimeDelta = TimeDelta::minutes(10);
/// How long a person waits for the platform.
const WAIT: Duration = Duration::from_secs(15);

/// Where a consent begins.
#[derive(Debug)]
pub struct Started {
    /// At the platform.
    pub authorize_url: Url,
    /// For the asker's cookie.
    pub cookie: SecretString,
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn random(app: &App) -> String {
    URL_SAFE_NO_PAD.encode(app.randomness.bytes::<32>())
}

/// The verifier's row in its seal: the table's key is a hash, of which half is enough.
fn state_row(hash: &[u8; 32]) -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn callback(app: &App, provider: ProviderName) -> Result<Url, ApiError> {
    Url::parse(&settings::redirect_url(app, provider)).map_err(ApiError::internal)
}

/// Asks for a consent.
///
/// # Errors
/// [`ApiError::Conflict`] when the organization has one account for all; [`ApiError::Provider`] when it has no app.
pub async fn start(app: &App, who: &SignedIn, provider: ProviderName) -> Result<Started, ApiError> {
    let person = who.person()?;
    let organization = who.organization;
    let (found, credentials) = settings::for_calls(app, organization, provider).await?;
    if found.mode == Mode::ServerToServer {
        return Err(ApiError::conflict(
            "connected_by_organization",
            format!("Your organization has one {} account for all classes.", provider.title()),
            "There is nothing to connect: start your class.",
        ));
    }
    let platform =
        registry::build(&credentials, app.providers.transport(), None).map_err(ApiError::internal)?;
    let oauth = platform.oauth().ok_or(ApiError::NotFound)?;
    let sealer = app.keys.sealer(organization).await?;
    let now = app.clock.now();

    // The organization leads, so that the callback finds the row without a sign-in; the rest cannot be guessed.
    let state = format!("{}.{}", organization.uuid().simple(), random(app));
    let state_hash = hash(&state);
    let verifier = SecretString::new(random(app));
    let cookie = SecretString::new(random(app));
    let row = states::State {
        provider: provider.as_str().to_owned(),
        person_id: person.uuid(),
        browser_hash: match &who.via {
            Via::Cookie(hash) => Some(hash.to_vec()),
            _ => None,
        },
        cookie_hash: hash(cookie.expose()).to_vec(),
        verifier: sealer.seal(
            "oauth_states",
            "verifier",
            state_row(&state_hash),
            verifier.expose().as_bytes(),
        ),
        expires_at: now + PATIENCE,
        used_at: None,
    };
    let mut tx = app.db.begin(organization).await?;
    states::remove_expired(&mut tx, organization, now).await?;
    states::insert(&mut tx, organization, &state_hash, &row).await?;
    tx.commit().await?;
    let authorize_url = oauth.authorize_url(&AuthorizeRequest {
        redirect_uri: callback(app, provider)?,
        state,
        code_challenge: URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose().as_bytes())),
    });
    Ok(Started { authorize_url, cookie })
}

/// What the platform sends a browser back with.
#[derive(Debug, Default, Deserialize)]
pub struct Callback {
    /// Ours, back.
    #[serde(default)]
    pub state: Option<String>,
    /// To be traded for tokens.
    #[serde(default)]
    pub code: Option<SecretString>,
    /// The person said no, or the platform did.
    #[serde(default)]
    pub error: Option<String>,
}

/// How a consent ended that was really ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The account is connected.
    Connected,
    /// It was refused at the platform.
    Denied,
}

fn refused() -> ApiError {
    ApiError::Malformed(
        "This address was not asked for by this browser, was used already, or is older than 10 minutes. Start again from your \
         connection page."
            .to_owned(),
    )
}

/// Whether the browser that came back is the one that asked.
fn is_same_browser(
    state: &states::State,
    organization: OrganizationId,
    who: Option<&SignedIn>,
    cookie: Option<&str>,
) -> bool {
    if let Some(who) = who
        && (who.organization != organization || who.person.uuid() != state.person_id)
    {
        return false;
    }
    let by_cookie = cookie.is_some_and(|cookie| hash(cookie).as_slice() == state.cookie_hash.as_slice());
    let by_sign_in = who.is_some_and(|who| match (&who.via, &state.browser_hash) {
        (Via::Cookie(hash) | Via::Bearer(hash), Some(asked)) => hash.as_slice() == asked.as_slice(),
        (_, Some(_)) => false,
        (_, None) => true,
    });
    by_cookie || by_sign_in
}

/// Completes a consent: checks who came back with what, then asks for tokens and keeps them.
///
/// # Errors
/// [`ApiError::Malformed`] for a state that is missing, unknown, used, expired, another platform's or another browser's: the
/// platform is not asked then. [`ApiError::Provider`] when the platform gives no tokens.
pub async fn complete(
    app: &App,
    provider: ProviderName,
    who: Option<&SignedIn>,
    cookie: Option<&str>,
    back: Callback,
) -> Result<Outcome, ApiError> {
    let now = app.clock.now();
    let text = back.state.ok_or_else(refused)?;
    let organization = text
        .split_once('.')
        .and_then(|(organization, _)| Uuid::try_parse(organization).ok())
        .map(OrganizationId)
        .ok_or_else(refused)?;
    let state_hash = hash(&text);
    let sealer = app.keys.sealer(organization).await.map_err(|_| refused())?;
    let mut tx = app.db.begin(organization).await?;
    let state = states::find(&mut tx, organization, &state_hash).await?.ok_or_else(refused)?;
    let person = PersonId(state.person_id);
    let teaches = people::service::find(&mut tx, organization, person)
        .await?
        .is_some_and(|person| person.active && person.role != Role::Student);
    let good = state.provider == provider.as_str()
        && state.used_at.is_none()
        && now < state.expires_at
        && teaches
        && is_same_browser(&state, organization, who, cookie);
    if !good || !states::use_up(&mut tx, organization, &state_hash, now).await? {
        return Err(refused());
    }
    tx.commit().await?;

    let Some(code) = back.code.filter(|_| back.error.is_none()) else {
        tracing::info!(%organization, "a consent was refused at the platform");
        return Ok(Outcome::Denied);
    };
    let verifier = sealer.open_text("oauth_states", "verifier", state_row(&state_hash), &state.verifier)?;
    let (_, credentials) = settings::for_calls(app, organization, provider).await?;
    let platform =
        registry::build(&credentials, app.providers.transport(), None).map_err(ApiError::internal)?;
    let oauth = platform.oauth().ok_or(ApiError::NotFound)?;
    let call = Call::interactive(WAIT);
    let granted = oauth.exchange(&call, code.expose(), &verifier, &callback(app, provider)?).await?;
    let account = match oauth.account(&call, &granted.access_token, None).await {
        Ok(account) => account,
        Err(error) => {
            revoke_at_platform(app, organization, provider, &granted.access_token).await;
            return Err(error.into());
        }
    };
    keep(app, organization, provider, person, &account, &granted, &sealer).await?;
    Ok(Outcome::Connected)
}

async fn keep(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
    person: PersonId,
    account: &Account,
    granted: &TokenSet,
    sealer: &Sealer,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let mut tx = app.db.begin(organization).await?;
    let earlier =
        store::connections::earlier(&mut tx, organization, provider, Some(person), &account.user_id).await?;
    let mut ended = Vec::new();
    let own = store::connections::of_person(&mut tx, organization, provider, person).await?;
    if let Some(own) = own.filter(|own| earlier.as_ref().is_none_or(|earlier| earlier.id != own.id)) {
        // Another account than before: what the old one made stays its own.
        ended.extend(Ended::of(&own, sealer));
        store::connections::end(&mut tx, organization, own.id, State::Gone, None).await?;
    }
    let others = store::connections::by_external_user(&mut tx, organization, &account.user_id).await?;
    for other in others.iter().filter(|other| other.provider == provider && other.person != Some(person)) {
        // The platform ended that grant with this one: a second consent of one user voids the first.
        let why = "Somebody else connected this account.";
        store::connections::end(&mut tx, organization, other.id, State::NeedsReconnect, Some(why)).await?;
        let event = tokens::changed(now, other, "needs_reconnect");
        events::emit(&mut tx, &app.ids, sealer, organization, now, &event).await?;
        tokens::tell(app, &mut tx, organization, other).await?;
    }
    let id = earlier.as_ref().map_or_else(|| app.new_id(), |earlier| earlier.id);
    let pair = tokens::seal(sealer, id, granted, app, &[]);
    match &earlier {
        Some(_) => {
            store::connections::reconnect(&mut tx, organization, provider, id, account, &pair).await?;
        }
        None => {
            store::connections::insert(&mut tx, organization, provider, id, Some(person), account, &pair)
                .await?;
        }
    }
    let entry = app
        .entry(organization, EntryKind::Connected, Actor::Person(person))
        .person(person)
        .details(tokens::details(provider, id));
    audit::store::insert(&mut tx, &entry).await?;
    if let Some(row) = store::connections::find(&mut tx, organization, id).await? {
        let event = tokens::changed(now, &row, "connected");
        events::emit(&mut tx, &app.ids, sealer, organization, now, &event).await?;
    }
    tx.commit().await?;
    app.wake.outbox.notify_one();
    if !ended.is_empty() {
        let (found, _) = settings::for_calls(app, organization, provider).await?;
        revoke_later(app, organization, provider, found, ended);
    }
    Ok(())
}

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

/// Tokens of a grant that ended here and should end at the platform too.
#[derive(Debug)]
pub(super) struct Ended {
    access: Option<SecretString>,
    refresh: Option<SecretString>,
    expires_at: Option<DateTime<Utc>>,
}

impl Ended {
    /// `None` when there is nothing to revoke, or it does not open.
    fn of(row: &Connection, sealer: &Sealer) -> Option<Self> {
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
    why: Option<&str>,
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
async fn end(
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
        scopes: row.map(|row| row.scopes.clone()).unwrap_or_default(),
        missing_scopes: missing
            .unwrap_or_default()
            .into_iter()
            .map(|(scope, purpose)| MissingScope { scope, purpose })
            .collect(),
        expires_at: row.and_then(|row| row.access_expires_at),
        refreshed_at: row.and_then(|row| row.refreshed_at),
        connected_at: row.map(|row| row.connected_at),
        problem: row.and_then(|row| row.problem.clone()),
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
    drop(tx);
    let whose = row
        .as_ref()
        .and_then(|row| row.person)
        .map(|id| ConnectionPerson { id: id.uuid(), name: who.name.clone() });
    Ok(view(provider, &ready, row.as_ref(), whose))
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
    use lectern_core::provider::AccessTokens;
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
    drop(tx);
    let mut platforms: Vec<(ProviderName, Ready)> = Vec::new();
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
            view(row.provider, ready, Some(&row), person)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn state(browser: Option<[u8; 32]>) -> states::State {
        states::State {
            provider: "zoom".to_owned(),
            person_id: Uuid::from_u128(7),
            browser_hash: browser.map(|hash| hash.to_vec()),
            cookie_hash: hash("cookie").to_vec(),
            verifier: Vec::new(),
            expires_at: DateTime::UNIX_EPOCH,
            used_at: None,
        }
    }

    fn who(person: u128, via: Via) -> SignedIn {
        SignedIn {
            organization: OrganizationId(Uuid::from_u128(1)),
            person: PersonId(Uuid::from_u128(person)),
            role: Role::Instructor,
            owner: false,
            name: "Farhan".to_owned(),
            language: None,
            via,
        }
    }

    /// S-16: a consent comes back only in the browser that asked.
    #[test]
    fn s16_only_the_browser_that_asked_comes_back() {
        let organization = OrganizationId(Uuid::from_u128(1));
        let same = |state: &states::State, who: Option<SignedIn>, cookie| {
            is_same_browser(state, organization, who.as_ref(), cookie)
        };
        let asked = state(Some([1; 32]));
        assert!(same(&asked, Some(who(7, Via::Cookie([1; 32]))), None));
        assert!(same(&asked, Some(who(7, Via::Bearer([1; 32]))), None));
        assert!(same(&asked, None, Some("cookie")));
        assert!(same(&asked, Some(who(7, Via::Cookie([2; 32]))), Some("cookie")), "signed in anew");
        assert!(!same(&asked, None, None));
        assert!(!same(&asked, None, Some("another")));
        assert!(!same(&asked, Some(who(7, Via::Cookie([2; 32]))), None), "another browser of that person");
        assert!(!same(&asked, Some(who(8, Via::Cookie([1; 32]))), Some("cookie")), "somebody else");
        let mut elsewhere = who(7, Via::Cookie([1; 32]));
        elsewhere.organization = OrganizationId(Uuid::from_u128(2));
        assert!(!same(&asked, Some(elsewhere), Some("cookie")), "another organization");

        let by_program = state(None);
        assert!(same(&by_program, Some(who(7, Via::Bearer([3; 32]))), None));
        assert!(same(&by_program, Some(who(7, Via::Cookie([4; 32]))), None));
        assert!(same(&by_program, None, Some("cookie")));
        assert!(!same(&by_program, None, None));
        assert!(!same(&by_program, Some(who(8, Via::Bearer([3; 32]))), None));
    }
}
