//! What other rooms ask of this one.

use std::sync::Arc;

use lectern_core::{
    ids::ConnectionId,
    provider::{AccessTokens, Account, Call, ErrorKind, RepairedBy},
    sentence::Sentence,
};
use lectern_providers::registry::{self, ProviderSettings};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    App, Capabilities, Connected, OrganizationId, PersonId, ProviderError, ProviderName, Url, connect,
    settings,
    store::{
        self,
        connections::{Connection, State},
        settings::Mode,
    },
    tokens::{self, Tokens},
};
use crate::{
    audit::{self, Actor, EntryKind},
    db::Tx,
    error::ApiError,
    events, people,
};

pub(super) fn ours(provider: ProviderName, error: &ApiError) -> ProviderError {
    ProviderError::new(provider, "connect", ErrorKind::Unavailable).source(format!("{error:?}"))
}

fn reconnect(provider: ProviderName) -> ProviderError {
    ProviderError::new(provider, "connect", ErrorKind::Reconnect)
}

/// The provider with which this instructor's classes are held: their own connection, else the organization's.
/// No transaction may be open.
pub async fn connected(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
    instructor: PersonId,
) -> Result<Connected, ProviderError> {
    if registry::needs_no_account(provider) {
        return without_account(app, provider);
    }
    let (found, credentials) = settings::for_calls(app, organization, provider).await?;
    let looking = async {
        let mut tx = app.db.read(organization).await?;
        let row = match found.mode {
            Mode::User => store::connections::of_person(&mut tx, organization, provider, instructor).await?,
            Mode::ServerToServer => {
                store::connections::of_organization(&mut tx, organization, provider).await?
            }
        };
        let email = match found.mode {
            Mode::User => None,
            Mode::ServerToServer => {
                people::service::find(&mut tx, organization, instructor).await?.map(|person| person.email)
            }
        };
        Ok::<_, ApiError>((row, email))
    };
    let (row, email) = looking.await.map_err(|error| ours(provider, &error))?;
    let row = match (row.filter(|row| row.state == State::Active), found.mode) {
        (Some(row), _) => row,
        // An account without people needs nobody's consent: it is connected when it is first needed.
        (None, Mode::ServerToServer) => {
            connect::connect_account(app, organization, provider, Actor::System).await?
        }
        (None, Mode::User) => return Err(reconnect(provider)),
    };
    let Some(email) = email else { return build(app, organization, provider, &credentials, &row, None) };
    let (host, plan) =
        host_of(app, organization, provider, &credentials, &row, email, found.default_host.as_deref())
            .await?;
    let mut row = row;
    row.account.plan = plan;
    build(app, organization, provider, &credentials, &row, Some(host))
}

/// Who hosts an instructor's classes in the organization's account, and with which plan: the instructor's own address, or the
/// default host when the account does not know the instructor.
async fn host_of(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
    credentials: &ProviderSettings,
    row: &Connection,
    email: String,
    default_host: Option<&str>,
) -> Result<(String, Option<i64>), ProviderError> {
    let known = match app.providers.known_host(organization, provider, &email) {
        Some(known) => known,
        None => {
            let access = Tokens::new(app, organization, provider, row.id).current().await?;
            let platform = registry::build(credentials, app.providers.transport(), None)
                .map_err(|_| reconnect(provider))?;
            let oauth = platform.oauth().ok_or_else(|| reconnect(provider))?;
            let call = Call::interactive(std::time::Duration::from_secs(5));
            let known = match oauth.account(&call, &access, Some(&email)).await {
                Ok(account) => Some(account),
                Err(error) if error.kind == ErrorKind::HostNotFound => None,
                // Not knowing the plan is no reason not to try.
                Err(error) => {
                    tracing::info!(%error, "the host of a class could not be looked at: {error}");
                    return Ok((email, None));
                }
            };
            app.providers.remember_host(organization, provider, email.clone(), known.clone());
            known
        }
    };
    match (known, default_host) {
        // By the platform's own id, where it said one: not every platform takes an address in its paths.
        (Some(account), _) if !account.user_id.is_empty() => Ok((account.user_id, account.plan)),
        (Some(account), _) => Ok((email, account.plan)),
        (None, Some(default)) => Ok((default.to_owned(), row.account.plan)),
        (None, None) => {
            Err(ProviderError::new(provider, "connect", ErrorKind::HostNotFound)
                .repaired_by(RepairedBy::Admin))
        }
    }
}

fn build(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
    credentials: &ProviderSettings,
    row: &Connection,
    host: Option<String>,
) -> Result<Connected, ProviderError> {
    let account = &row.account;
    let rate_key = if account.account_id.is_empty() { &account.user_id } else { &account.account_id };
    let connection = registry::Connection {
        tokens: Arc::new(Tokens::new(app, organization, provider, row.id)),
        account: account.clone(),
        scopes: row.scopes.clone(),
        rate_key: rate_key.clone(),
    };
    let built = registry::build(credentials, app.providers.transport(), Some(connection))
        .map_err(|error| reconnect(provider).source(error))?;
    Ok(Connected { provider: built, connection: Some(row.id), host, account: account.clone() })
}

/// The provider of a platform that needs nobody's account.
fn without_account(app: &App, provider: ProviderName) -> Result<Connected, ProviderError> {
    let built = registry::build_without_account(provider, app.providers.transport())
        .map_err(|error| reconnect(provider).source(error))?;
    Ok(Connected { provider: built, connection: None, host: None, account: Account::default() })
}

/// The provider with a certain connection: for work on a meeting that this connection made. Without one only where none is
/// needed.
pub async fn connected_by(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
    connection: Option<ConnectionId>,
) -> Result<Connected, ProviderError> {
    let Some(connection) = connection else { return without_account(app, provider) };
    let (_, credentials) = settings::for_calls(app, organization, provider).await?;
    let looking = async {
        let mut tx = app.db.read(organization).await?;
        Ok::<_, ApiError>(store::connections::find(&mut tx, organization, connection).await?)
    };
    let row = looking.await.map_err(|error| ours(provider, &error))?;
    let row = row
        .filter(|row| row.state == State::Active && row.provider == provider)
        .ok_or_else(|| reconnect(provider))?;
    build(app, organization, provider, &credentials, &row, None)
}

/// How ready a platform is for one instructor's classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HostState {
    /// A class can be held.
    Ready,
    /// The organization has no working app there.
    NotSetUp,
    /// The instructor has not connected an account.
    NotConnected,
    /// The account must be connected again.
    NeedsReconnect,
    /// Nobody needs an account: the class brings its link.
    Pasted,
}

/// A platform, as one instructor can use it.
#[derive(Clone, Debug)]
pub struct Standing {
    /// How ready it is.
    pub state: HostState,
    /// The host's plan, where the platform told it.
    pub plan: Option<&'static str>,
    /// What a class can have.
    pub capabilities: Capabilities,
    /// Whether that is what this host's grant and plan allow; otherwise it is what the platform can at best.
    pub effective: bool,
}

/// How a platform stands for an instructor; `None`: for nobody in particular. No I/O but the database.
pub async fn standing(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
    instructor: Option<PersonId>,
) -> Result<Standing, ApiError> {
    let best = registry::at_best(provider)
        .ok_or_else(|| ApiError::field("provider", "This platform is not available in this release."))?;
    let at_best = |state| Standing { state, plan: None, capabilities: best.clone(), effective: false };
    if registry::needs_no_account(provider) {
        return Ok(Standing { effective: true, ..at_best(HostState::Pasted) });
    }
    let mut tx = app.db.read(organization).await?;
    let Some(found) = store::settings::find(&mut tx, organization, provider).await? else {
        return Ok(at_best(HostState::NotSetUp));
    };
    let mut row = match (found.mode, instructor) {
        (Mode::User, Some(instructor)) => {
            store::connections::of_person(&mut tx, organization, provider, instructor).await?
        }
        (Mode::User, None) => None,
        (Mode::ServerToServer, _) => {
            store::connections::of_organization(&mut tx, organization, provider).await?
        }
    };
    let instructor = match instructor {
        Some(instructor) => people::service::find(&mut tx, organization, instructor).await?,
        None => None,
    };
    drop(tx);
    if let (Mode::ServerToServer, Some(row), Some(instructor)) = (found.mode, &mut row, instructor)
        && let Some(Some(account)) = app.providers.known_host(organization, provider, &instructor.email)
    {
        row.account.plan = account.plan;
    }
    let row = match row {
        Some(row) if row.state == State::Active => row,
        Some(row) if row.state == State::NeedsReconnect => return Ok(at_best(HostState::NeedsReconnect)),
        // An account without people is connected when it is first needed.
        _ if found.mode == Mode::ServerToServer => return Ok(at_best(HostState::Ready)),
        _ => return Ok(at_best(HostState::NotConnected)),
    };
    let credentials = match settings::open(app, organization, provider, &found).await {
        Ok(credentials) => credentials,
        Err(error) if matches!(error.kind, ErrorKind::PolicyMissing(_)) => {
            return Ok(at_best(HostState::NotSetUp));
        }
        Err(error) => return Err(error.into()),
    };
    let built = build(app, organization, provider, &credentials, &row, None)?;
    Ok(Standing {
        state: HostState::Ready,
        plan: registry::plan_name(provider, row.account.plan),
        capabilities: built.provider.capabilities().clone(),
        effective: true,
    })
}

/// What this instructor's classes can do on a platform; without a connection, what the platform can at best. No I/O but the database.
pub async fn capabilities(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
    instructor: PersonId,
) -> Result<Capabilities, ApiError> {
    Ok(standing(app, organization, provider, Some(instructor)).await?.capabilities)
}

/// The address of the account that holds an instructor's meetings, where it is known without asking the platform.
pub async fn held_as(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
    instructor: PersonId,
) -> Result<Option<String>, ApiError> {
    match store::settings::find(tx, organization, provider).await?.map(|found| found.mode) {
        None => Ok(None),
        Some(Mode::User) => {
            let row = store::connections::of_person(tx, organization, provider, instructor).await?;
            Ok(row.filter(|row| row.state == State::Active).map(|row| row.account.email))
        }
        Some(Mode::ServerToServer) => {
            Ok(people::service::find(tx, organization, instructor).await?.map(|person| person.email))
        }
    }
}

/// Whether a person may be sent to this address of the platform: only hosts of the operator's list; where a pasted link leads is
/// for its own part to say.
pub fn is_meeting_host(app: &App, provider: ProviderName, url: &Url) -> bool {
    if registry::needs_no_account(provider) {
        return crate::pasted_links::service::is_allowed(app, url);
    }
    app.providers.is_meeting_host(provider, url)
}

/// The connected accounts' ids and addresses of an instructor, by which the host is recognised in events and reports.
/// `None` for an organization's own connection, whose hosts are the instructors' addresses.
pub async fn host_identities(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
    connection: ConnectionId,
) -> Result<Option<(String, String)>, ApiError> {
    let row = store::connections::find(tx, organization, connection).await?;
    Ok(row
        .filter(|row| row.provider == provider && row.person.is_some())
        .map(|row| (row.account.user_id, row.account.email)))
}

/// The address of an account that the platform names by its id, where the organization's own app may look it up; `None` for
/// accounts of others. Remembered for ten minutes.
pub async fn address_of(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
    connection: ConnectionId,
    user: &str,
) -> Result<Option<String>, ProviderError> {
    let known = match app.providers.known_host(organization, provider, user) {
        Some(known) => known,
        None => {
            let (found, credentials) = settings::for_calls(app, organization, provider).await?;
            if found.mode != Mode::ServerToServer {
                return Ok(None);
            }
            let access = Tokens::new(app, organization, provider, connection).current().await?;
            let platform = registry::build(&credentials, app.providers.transport(), None)
                .map_err(|_| reconnect(provider))?;
            let oauth = platform.oauth().ok_or_else(|| reconnect(provider))?;
            let account = match oauth.account(&Call::background(), &access, Some(user)).await {
                Ok(account) => Some(account),
                Err(error) if error.kind == ErrorKind::HostNotFound => None,
                Err(error) => return Err(error),
            };
            app.providers.remember_host(organization, provider, user.to_owned(), account.clone());
            account
        }
    };
    Ok(known.map(|account| account.email).filter(|email| !email.is_empty()))
}

/// The platform says that an account withdrew its grant: tokens and what was told about the account are deleted, the
/// connection waits for a new consent. `external_account_id` may be empty. Repeatable.
pub async fn deauthorized(
    app: &App,
    organization: OrganizationId,
    external_user_id: &str,
    external_account_id: &str,
) -> Result<(), ApiError> {
    if external_user_id.is_empty() {
        return Ok(());
    }
    let sealer = app.keys.sealer(organization).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin(organization).await?;
    let rows = store::connections::by_external_user(&mut tx, organization, external_user_id).await?;
    for row in rows {
        let same_account = external_account_id.is_empty()
            || row.account.account_id.is_empty()
            || row.account.account_id == external_account_id;
        let forgotten = row.state == State::NeedsReconnect && row.account.email.is_empty();
        if !same_account || forgotten {
            continue;
        }
        let why = Sentence::known("said.app_removed", "The account removed the app at {platform}.")
            .with("platform", row.provider.title());
        store::connections::end(&mut tx, organization, row.id, State::NeedsReconnect, Some(&why)).await?;
        store::connections::forget_account(&mut tx, organization, row.id).await?;
        let mut entry = app.entry(organization, EntryKind::Deauthorized, Actor::Provider);
        entry.person = row.person;
        let mut details = tokens::details(row.provider, row.id);
        details["deleted"] =
            serde_json::json!(["access_token", "refresh_token", "email", "name", "plan", "scopes"]);
        audit::store::insert(&mut tx, &entry.details(details)).await?;
        let event = tokens::changed(now, &row, "needs_reconnect");
        events::emit(&mut tx, &app.ids, &sealer, organization, now, &event).await?;
        tokens::tell(app, &mut tx, organization, &row).await?;
    }
    tx.commit().await?;
    app.wake.outbox.notify_one();
    app.wake.jobs.notify_one();
    Ok(())
}
