//! Grants, found in every way they are looked for.

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{ConnectionId, OrganizationId, PersonId},
    provider::{Account, ProviderName},
    sentence::Sentence,
};
use lectern_providers::registry;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx, in_words},
    run, statement,
};

/// How a grant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It works.
    Active,
    /// The account must be connected again.
    NeedsReconnect,
    /// Disconnected or revoked.
    Gone,
}

/// A grant; tokens are sealed.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// At which platform.
    pub provider: ProviderName,
    /// Whose; none for the organization's own.
    pub person: Option<PersonId>,
    /// Whose at the platform.
    pub account: Account,
    /// What was granted.
    pub scopes: Vec<String>,
    /// Sealed.
    pub access_token: Option<Vec<u8>>,
    /// Sealed.
    pub refresh_token: Option<Vec<u8>>,
    /// End of the access token's life.
    pub access_expires_at: Option<DateTime<Utc>>,
    /// Grows with every pair.
    pub generation: i64,
    /// How it stands.
    pub state: State,
    /// Why it does not work.
    pub problem: Option<Sentence>,
    /// Since when.
    pub connected_at: DateTime<Utc>,
    /// When the present pair was made.
    pub refreshed_at: Option<DateTime<Utc>>,
}

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "select id, provider, person_id, external_user_id, external_account_id, email, name, plan, scopes, access_token, refresh_token,
        access_expires_at, generation, state, problem, problem_words, connected_at, refreshed_at from connections where organization_id = $1 ",
            $rest
        )
    };
}

statement!(tenant FIND, columns!("and id = $2"));
statement!(tenant OF_PERSON, columns!("and provider = $2 and person_id = $3 and state <> 'gone'"));
statement!(tenant OF_ORGANIZATION, columns!("and provider = $2 and person_id is null and state <> 'gone'"));
statement!(tenant EARLIER, columns!("and provider = $2 and person_id = $3 and external_user_id = $4 order by connected_at desc limit 1"));
statement!(tenant EARLIER_OWN, columns!("and provider = $2 and person_id is null order by connected_at desc limit 1"));
statement!(tenant BY_EXTERNAL_USER, columns!("and external_user_id = $2 and state <> 'gone'"));
statement!(tenant LIVING, columns!("and provider = $2 and state <> 'gone'"));
statement!(tenant ANY_ACTIVE, columns!("and provider = $2 and state = 'active' order by (case when person_id = $3 then 0 else 1 end), connected_at desc limit 1"));

#[derive(FromRow)]
struct Row {
    id: Uuid,
    provider: String,
    person_id: Option<Uuid>,
    external_user_id: String,
    external_account_id: String,
    email: String,
    name: String,
    plan: Option<i64>,
    scopes: Json<Vec<String>>,
    access_token: Option<Vec<u8>>,
    refresh_token: Option<Vec<u8>>,
    access_expires_at: Option<DateTime<Utc>>,
    generation: i64,
    state: String,
    problem: Option<String>,
    problem_words: Option<Json<Sentence>>,
    connected_at: DateTime<Utc>,
    refreshed_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Connection {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            provider: registry::named(&row.provider)
                .map_err(|error| StoreError::corrupt("connections", error))?,
            person: row.person_id.map(PersonId),
            account: Account {
                user_id: row.external_user_id,
                account_id: row.external_account_id,
                email: row.email,
                name: row.name,
                plan: row.plan,
            },
            scopes: row.scopes.0,
            access_token: row.access_token,
            refresh_token: row.refresh_token,
            access_expires_at: row.access_expires_at,
            generation: row.generation,
            state: match row.state.as_str() {
                "active" => State::Active,
                "needs_reconnect" => State::NeedsReconnect,
                "gone" => State::Gone,
                other => return Err(StoreError::corrupt("connections", format!("state {other}"))),
            },
            problem: in_words(row.problem, row.problem_words),
            connected_at: row.connected_at,
            refreshed_at: row.refreshed_at,
        })
    }
}

/// A grant by id, also one that is gone.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    id: ConnectionId,
) -> Result<Option<Connection>, StoreError> {
    let row: Option<Row> = run!(optional, tx, FIND, [organization.uuid(), id.uuid()])?;
    row.map(Connection::try_from).transpose()
}

/// A person's grant.
pub async fn of_person(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
    person: PersonId,
) -> Result<Option<Connection>, StoreError> {
    let row: Option<Row> =
        run!(optional, tx, OF_PERSON, [organization.uuid(), provider.as_str(), person.uuid()])?;
    row.map(Connection::try_from).transpose()
}

/// The organization's own grant.
pub async fn of_organization(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
) -> Result<Option<Connection>, StoreError> {
    let row: Option<Row> = run!(optional, tx, OF_ORGANIZATION, [organization.uuid(), provider.as_str()])?;
    row.map(Connection::try_from).transpose()
}

/// The latest grant of this person for this user of the platform, also a gone one: a new consent continues it. Without a
/// person: the organization's own.
pub async fn earlier(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
    person: Option<PersonId>,
    external_user: &str,
) -> Result<Option<Connection>, StoreError> {
    let row: Option<Row> = match person {
        Some(person) => run!(
            optional,
            tx,
            EARLIER,
            [organization.uuid(), provider.as_str(), person.uuid(), external_user]
        )?,
        None => run!(optional, tx, EARLIER_OWN, [organization.uuid(), provider.as_str()])?,
    };
    row.map(Connection::try_from).transpose()
}

/// Grants of a user of the platform that are not gone.
pub async fn by_external_user(
    tx: &mut Tx,
    organization: OrganizationId,
    external_user: &str,
) -> Result<Vec<Connection>, StoreError> {
    let rows: Vec<Row> = run!(all, tx, BY_EXTERNAL_USER, [organization.uuid(), external_user])?;
    rows.into_iter().map(Connection::try_from).collect()
}

/// All grants at a platform that are not gone.
pub async fn living(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
) -> Result<Vec<Connection>, StoreError> {
    let rows: Vec<Row> = run!(all, tx, LIVING, [organization.uuid(), provider.as_str()])?;
    rows.into_iter().map(Connection::try_from).collect()
}

/// A grant that works, this person's before others'.
pub async fn any_active(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
    person: PersonId,
) -> Result<Option<Connection>, StoreError> {
    let row: Option<Row> =
        run!(optional, tx, ANY_ACTIVE, [organization.uuid(), provider.as_str(), person.uuid()])?;
    row.map(Connection::try_from).transpose()
}
