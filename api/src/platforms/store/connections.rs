//! OAuth grants. Every write of tokens names the generation it replaces.

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{ConnectionId, OrganizationId, PersonId},
    provider::{Account, ProviderName},
};
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
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
    /// Why it does not work, as a sentence.
    pub problem: Option<String>,
    /// Since when.
    pub connected_at: DateTime<Utc>,
    /// When the present pair was made.
    pub refreshed_at: Option<DateTime<Utc>>,
}

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "select id, provider, person_id, external_user_id, external_account_id, email, name, plan, scopes, access_token, refresh_token,
        access_expires_at, generation, state, problem, connected_at, refreshed_at from connections where organization_id = $1 ",
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
statement!(tenant INSERT, "insert into connections (id, organization_id, provider, person_id, external_user_id, external_account_id, email, name, plan, scopes,
        access_token, refresh_token, access_expires_at, generation, state, connected_at, refreshed_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, 'active', $14, $14)");
statement!(tenant RECONNECT, "update connections set external_user_id = $3, external_account_id = $4, email = $5, name = $6, plan = $7, scopes = $8,
        access_token = $9, refresh_token = $10, access_expires_at = $11, connected_at = $12, refreshed_at = $12, generation = generation + 1, state = 'active',
        problem = null, refresh_lease_until = null, refresh_lease_holder = null
    where organization_id = $1 and id = $2");
statement!(tenant TAKE_LEASE, "update connections set refresh_lease_until = $4, refresh_lease_holder = $5
    where organization_id = $1 and id = $2 and generation = $3 and state = 'active' and (refresh_lease_until is null or refresh_lease_until <= $6)");
statement!(tenant DROP_LEASE, "update connections set refresh_lease_until = null, refresh_lease_holder = null where organization_id = $1 and id = $2 and refresh_lease_holder = $3");
statement!(tenant STORE_PAIR, "update connections set access_token = $4, refresh_token = $5, access_expires_at = $6, scopes = $7, refreshed_at = $8,
        generation = generation + 1, state = 'active', problem = null, refresh_lease_until = null, refresh_lease_holder = null
    where organization_id = $1 and id = $2 and generation = $3 and state <> 'gone'");
statement!(tenant LOSE, "update connections set state = 'needs_reconnect', problem = $4, access_token = null, access_expires_at = null, refresh_token = null,
        refresh_lease_until = null, refresh_lease_holder = null
    where organization_id = $1 and id = $2 and generation = $3 and state = 'active'");
statement!(tenant END, "update connections set state = $3, problem = $4, access_token = null, refresh_token = null, access_expires_at = null,
        refresh_lease_until = null, refresh_lease_holder = null, generation = generation + 1 where organization_id = $1 and id = $2 and state <> 'gone'");
statement!(tenant FORGET_ACCOUNT, "update connections set email = '', name = '', plan = null, scopes = $3 where organization_id = $1 and id = $2");
statement!(tenant SET_ACCOUNT, "update connections set email = $3, name = $4, plan = $5 where organization_id = $1 and id = $2 and external_user_id = $6 and state = 'active'");
statement!(tenant EXPIRING, "select id from connections where organization_id = $1 and state = 'active' and access_expires_at <= $2");
statement!(system ADD_EXTERNAL, "insert into external_accounts (provider, external_key, organization_id, connection_id) values ($1, $2, $3, $4) on conflict do nothing");
statement!(system REMOVE_EXTERNAL, "delete from external_accounts where organization_id = $1 and connection_id = $2");
statement!(tenant LIST,
    sqlite: "select c.id, c.person_id, p.first_name, p.last_name, p.email as person_email from connections c
        left join people p on p.organization_id = c.organization_id and p.id = c.person_id
        where c.organization_id = $1 and c.state <> 'gone' and ($2 is null or (c.connected_at, c.id) < ($2, $3)) order by c.connected_at desc, c.id desc limit $4",
    postgres: "select c.id, c.person_id, p.first_name, p.last_name, p.email as person_email from connections c
        left join people p on p.organization_id = c.organization_id and p.id = c.person_id
        where c.organization_id = $1 and c.state <> 'gone' and ($2::timestamptz is null or (c.connected_at, c.id) < ($2, $3::uuid))
        order by c.connected_at desc, c.id desc limit $4");
statement!(tenant UNCONNECTED, "select p.id, p.first_name, p.last_name from people p
    where p.organization_id = $1 and p.kind = 'user' and p.role = 1 and p.state = 'active'
      and not exists (select 1 from connections c where c.organization_id = $1 and c.person_id = p.id and c.provider = $2 and c.state <> 'gone')
    order by p.email_key limit $3");

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
    connected_at: DateTime<Utc>,
    refreshed_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Connection {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            provider: row.provider.parse().map_err(|error| StoreError::corrupt("connections", error))?,
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
            problem: row.problem,
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

/// A token pair on its way into the table, sealed for its row.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Sealed.
    pub access_token: Vec<u8>,
    /// Sealed.
    pub refresh_token: Option<Vec<u8>>,
    /// End of the access token's life.
    pub expires_at: DateTime<Utc>,
    /// What was granted.
    pub scopes: Vec<String>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Adds a grant.
pub async fn insert(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
    id: ConnectionId,
    person: Option<PersonId>,
    account: &Account,
    pair: &Pair,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        INSERT,
        [
            id.uuid(),
            organization.uuid(),
            provider.as_str(),
            person.map(PersonId::uuid),
            &account.user_id,
            &account.account_id,
            &account.email,
            &account.name,
            account.plan,
            Json(&pair.scopes),
            pair.access_token.as_slice(),
            pair.refresh_token.as_deref(),
            pair.expires_at,
            pair.now
        ]
    )?;
    add_external(tx, organization, provider, id, account).await
}

/// Gives an earlier grant a new pair, whatever became of the old one.
pub async fn reconnect(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
    id: ConnectionId,
    account: &Account,
    pair: &Pair,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        RECONNECT,
        [
            organization.uuid(),
            id.uuid(),
            &account.user_id,
            &account.account_id,
            &account.email,
            &account.name,
            account.plan,
            Json(&pair.scopes),
            pair.access_token.as_slice(),
            pair.refresh_token.as_deref(),
            pair.expires_at,
            pair.now
        ]
    )?;
    remove_external(tx, organization, id).await?;
    add_external(tx, organization, provider, id, account).await
}

async fn add_external(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
    id: ConnectionId,
    account: &Account,
) -> Result<(), StoreError> {
    for (kind, external) in [("user", &account.user_id), ("account", &account.account_id)] {
        if external.is_empty() {
            continue;
        }
        run!(
            execute,
            tx,
            ADD_EXTERNAL,
            [provider.as_str(), format!("{kind}:{external}"), organization.uuid(), id.uuid()]
        )?;
    }
    Ok(())
}

async fn remove_external(
    tx: &mut Tx,
    organization: OrganizationId,
    id: ConnectionId,
) -> Result<(), StoreError> {
    run!(execute, tx, REMOVE_EXTERNAL, [organization.uuid(), id.uuid()])?;
    Ok(())
}

/// Takes the right to refresh this generation; `false` when somebody else has it, or it is no longer this generation.
pub async fn take_lease(
    tx: &mut Tx,
    organization: OrganizationId,
    id: ConnectionId,
    generation: i64,
    holder: &str,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, TAKE_LEASE, [organization.uuid(), id.uuid(), generation, until, holder, now])? == 1)
}

/// Gives the right to refresh back.
pub async fn drop_lease(
    tx: &mut Tx,
    organization: OrganizationId,
    id: ConnectionId,
    holder: &str,
) -> Result<(), StoreError> {
    run!(execute, tx, DROP_LEASE, [organization.uuid(), id.uuid(), holder])?;
    Ok(())
}

/// Stores the pair that follows this generation; `false` when a newer pair is there, or the grant is gone.
///
/// A grant that was meanwhile taken for lost is found again: a pair that the platform just gave proves it.
pub async fn store_pair(
    tx: &mut Tx,
    organization: OrganizationId,
    id: ConnectionId,
    generation: i64,
    pair: &Pair,
) -> Result<bool, StoreError> {
    Ok(run!(
        execute,
        tx,
        STORE_PAIR,
        [
            organization.uuid(),
            id.uuid(),
            generation,
            pair.access_token.as_slice(),
            pair.refresh_token.as_deref(),
            pair.expires_at,
            Json(&pair.scopes),
            pair.now
        ]
    )? == 1)
}

/// The platform no longer accepts this generation; `false` when it is no longer the present one: a late failure never
/// takes a newer pair away.
pub async fn lose(
    tx: &mut Tx,
    organization: OrganizationId,
    id: ConnectionId,
    generation: i64,
    problem: &str,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, LOSE, [organization.uuid(), id.uuid(), generation, problem])? == 1)
}

/// Ends a grant on our side and forgets its tokens; `false` when it was gone already.
pub async fn end(
    tx: &mut Tx,
    organization: OrganizationId,
    id: ConnectionId,
    state: State,
    problem: Option<&str>,
) -> Result<bool, StoreError> {
    let word = if state == State::NeedsReconnect { "needs_reconnect" } else { "gone" };
    let ended = run!(execute, tx, END, [organization.uuid(), id.uuid(), word, problem])?;
    remove_external(tx, organization, id).await?;
    Ok(ended == 1)
}

/// Forgets what the platform told about the account; only its ids stay, by which a new consent finds the row again.
pub async fn forget_account(
    tx: &mut Tx,
    organization: OrganizationId,
    id: ConnectionId,
) -> Result<(), StoreError> {
    run!(execute, tx, FORGET_ACCOUNT, [organization.uuid(), id.uuid(), Json(Vec::<String>::new())])?;
    Ok(())
}

/// Keeps what the platform tells of the account now.
pub async fn set_account(
    tx: &mut Tx,
    organization: OrganizationId,
    id: ConnectionId,
    account: &Account,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        SET_ACCOUNT,
        [organization.uuid(), id.uuid(), &account.email, &account.name, account.plan, &account.user_id]
    )?;
    Ok(())
}

/// Grants whose access token ends by this instant.
pub async fn expiring(
    tx: &mut Tx,
    organization: OrganizationId,
    by: DateTime<Utc>,
) -> Result<Vec<ConnectionId>, StoreError> {
    let ids: Vec<Uuid> = run!(values, tx, EXPIRING, [organization.uuid(), by])?;
    Ok(ids.into_iter().map(ConnectionId).collect())
}

/// Whose a listed grant is.
#[derive(Clone, Debug, FromRow)]
pub struct Listed {
    /// The grant.
    pub id: Uuid,
    /// The person; none for the organization's own.
    pub person_id: Option<Uuid>,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Their address here.
    pub person_email: Option<String>,
}

/// Grants that are not gone, newest first, before one.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<(Listed, Connection)>, StoreError> {
    let rows: Vec<Listed> = run!(
        all,
        tx,
        LIST,
        [organization.uuid(), before.map(|(at, _)| at), before.map(|(_, id)| id), limit]
    )?;
    let mut list = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(connection) = find(tx, organization, ConnectionId(row.id)).await? {
            list.push((row, connection));
        }
    }
    Ok(list)
}

/// Instructors without a grant: id, given and family name.
pub async fn unconnected(
    tx: &mut Tx,
    organization: OrganizationId,
    provider: ProviderName,
    limit: i64,
) -> Result<Vec<(Uuid, String, Option<String>)>, StoreError> {
    Ok(run!(all, tx, UNCONNECTED, [organization.uuid(), provider.as_str(), limit])?)
}
