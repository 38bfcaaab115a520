//! Beginning, renewing and ending grants, and the routes by which the platform names them.

use lectern_core::{
    ids::{ConnectionId, OrganizationId, PersonId},
    provider::{Account, ProviderName},
    sentence::Sentence,
};
use sqlx::types::Json;

use super::{grants::State, pairs::Pair};
use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(tenant INSERT, "insert into connections (id, organization_id, provider, person_id, external_user_id, external_account_id, email, name, plan, scopes,
        access_token, refresh_token, access_expires_at, generation, state, connected_at, refreshed_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, 'active', $14, $14)");
statement!(tenant RECONNECT, "update connections set external_user_id = $3, external_account_id = $4, email = $5, name = $6, plan = $7, scopes = $8,
        access_token = $9, refresh_token = $10, access_expires_at = $11, connected_at = $12, refreshed_at = $12, generation = generation + 1, state = 'active',
        problem = null, problem_words = null, refresh_lease_until = null, refresh_lease_holder = null
    where organization_id = $1 and id = $2");
statement!(tenant END, "update connections set state = $3, problem = $4, problem_words = $5, access_token = null, refresh_token = null, access_expires_at = null,
        refresh_lease_until = null, refresh_lease_holder = null, generation = generation + 1 where organization_id = $1 and id = $2 and state <> 'gone'");
statement!(tenant FORGET_ACCOUNT, "update connections set email = '', name = '', plan = null, scopes = $3 where organization_id = $1 and id = $2");
statement!(tenant SET_ACCOUNT, "update connections set email = $3, name = $4, plan = $5 where organization_id = $1 and id = $2 and external_user_id = $6 and state = 'active'");
statement!(system ADD_EXTERNAL, "insert into external_accounts (provider, external_key, organization_id, connection_id) values ($1, $2, $3, $4) on conflict do nothing");
statement!(system REMOVE_EXTERNAL, "delete from external_accounts where organization_id = $1 and connection_id = $2");

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

/// Ends a grant on our side and forgets its tokens; `false` when it was gone already.
pub async fn end(
    tx: &mut Tx,
    organization: OrganizationId,
    id: ConnectionId,
    state: State,
    problem: Option<&Sentence>,
) -> Result<bool, StoreError> {
    let word = if state == State::NeedsReconnect { "needs_reconnect" } else { "gone" };
    let ended = run!(
        execute,
        tx,
        END,
        [organization.uuid(), id.uuid(), word, problem.map(|problem| &**problem), problem.map(Json)]
    )?;
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
