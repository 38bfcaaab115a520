//! Reads stored deliveries: what an event says is absorbed into runs and stays, and told to those who watch.
//!
//! One transaction a batch and organization. Reading a delivery again changes nothing (a stay only ever gains marks), so a
//! crash between the work and the mark on the delivery costs a second reading, never a second effect.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration as StdDuration,
};

use lectern_core::{
    ids::{OrganizationId, SessionId},
    provider::{EventKind, IncomingEvent, ProviderName},
};
use lectern_providers::registry;
use uuid::Uuid;

use super::{
    placing::{Arrival, Work},
    store::{self, Outcome, Waiting},
};
use crate::{
    app::App,
    db::{Engine, StoreError},
    error::ApiError,
    keys::Sealer,
    platforms,
    sessions::facts,
};

/// The longest look away from the inbox.
const IDLE: StdDuration = StdDuration::from_secs(1);
/// Between two readings: what arrives meanwhile is read together, and nobody who watches notices.
const BREATH: StdDuration = StdDuration::from_millis(2);
/// The same while deliveries wait to be acknowledged.
const GIVE_WAY: StdDuration = StdDuration::from_millis(10);
/// Tries before a delivery is set aside.
const TRIES: i64 = 8;

/// Reads deliveries until the application stops.
pub async fn run(app: App) {
    loop {
        let mut after = Uuid::nil();
        loop {
            match read_some(&app, after).await {
                Ok(Some((last, _))) => after = last,
                Ok(None) => break,
                Err(error) => {
                    tracing::error!(%error, "deliveries could not be read: {error}");
                    break;
                }
            }
            // Acknowledging goes first: on SQLite both write through the one writer.
            tokio::time::sleep(if app.appender.is_behind() { GIVE_WAY } else { BREATH }).await;
        }
        tokio::select! {
            () = app.stopping() => return,
            () = app.wake.inbox.notified() => {}
            () = tokio::time::sleep(IDLE) => {}
        }
    }
}

/// Reads every delivery that waits, each at most once; returns how many are settled.
///
/// # Errors
/// When the inbox cannot be read.
pub async fn process_pending(app: &App) -> Result<usize, StoreError> {
    let (mut settled, mut after) = (0, Uuid::nil());
    while let Some((last, more)) = read_some(app, after).await? {
        (settled, after) = (settled + more, last);
    }
    Ok(settled)
}

/// Reads some deliveries after one; the last of them and how many are settled, or nothing when none waits.
async fn read_some(app: &App, after: Uuid) -> Result<Option<(Uuid, usize)>, StoreError> {
    let mut look = app.db.system_read().await?;
    let rows = store::waiting(&mut look, after).await?;
    drop(look);
    let Some(last) = rows.last().map(|row| row.id) else { return Ok(None) };
    let mut groups: BTreeMap<Uuid, Vec<Waiting>> = BTreeMap::new();
    for row in rows {
        groups.entry(row.organization_id).or_default().push(row);
    }
    let mut settled = 0;
    for (organization, rows) in groups {
        settled += process(app, organization.into(), rows).await?;
    }
    Ok(Some((last, settled)))
}

/// A delivery that was opened and understood.
struct Item {
    row: Waiting,
    provider: ProviderName,
    events: Vec<IncomingEvent>,
}

async fn process(app: &App, organization: OrganizationId, rows: Vec<Waiting>) -> Result<usize, StoreError> {
    let sealer = match app.keys.sealer(organization).await {
        Ok(sealer) => sealer,
        Err(error) => {
            let failed = rows.iter().map(|row| failed(row, &error.to_string())).collect::<Vec<_>>();
            return mark(app, &failed).await;
        }
    };
    let mut aside = Vec::new();
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        match open(app, organization, &sealer, &row).await {
            Ok((provider, events)) => match withdrawals(app, organization, &events).await {
                Ok(()) => items.push(Item { row, provider, events }),
                Err(error) => aside.push(failed(&row, &error.problem().code)),
            },
            Err(problem) => {
                tracing::warn!(delivery = %row.id, "delivery {} cannot be read: {problem}", row.id);
                aside.push(Outcome { id: row.id, state: "bad", problem: Some(problem.to_owned()) });
            }
        }
    }
    let mut settled = mark(app, &aside).await?;
    match work(app, organization, &sealer, &items).await {
        Ok(count) => settled += count,
        Err(error) if items.len() > 1 => {
            tracing::warn!(?error, "a batch of {} deliveries failed, reading them one by one", items.len());
            for item in &items {
                match work(app, organization, &sealer, std::slice::from_ref(item)).await {
                    Ok(count) => settled += count,
                    Err(error) => settled += mark(app, &[failed(&item.row, &error.to_string())]).await?,
                }
            }
        }
        Err(error) => {
            for item in &items {
                settled += mark(app, &[failed(&item.row, &error.to_string())]).await?;
            }
        }
    }
    Ok(settled)
}

/// Ends the connections of accounts that withdrew their grant: it calls the platform, so before the transaction.
async fn withdrawals(
    app: &App,
    organization: OrganizationId,
    events: &[IncomingEvent],
) -> Result<(), ApiError> {
    for event in events.iter().filter(|event| event.kind == EventKind::Deauthorized) {
        let user = event.host_id.as_deref().unwrap_or_default();
        let account = event.account_id.as_deref().unwrap_or_default();
        platforms::service::deauthorized(app, organization, user, account).await?;
    }
    Ok(())
}

async fn open(
    app: &App,
    organization: OrganizationId,
    sealer: &Sealer,
    row: &Waiting,
) -> Result<(ProviderName, Vec<IncomingEvent>), &'static str> {
    let provider: ProviderName = registry::named(&row.provider).map_err(|_| "unknown_provider")?;
    let events = registry::events(provider).ok_or("unknown_provider")?;
    let body = sealer.open("webhook_inbox", "body", row.id, &row.body).map_err(|_| "sealed_elsewhere")?;
    let secrets = platforms::events::webhook_secrets(app, provider, organization).await;
    let secrets = secrets.map_err(|_| "no_keys")?;
    let events = events.parse(&body, &secrets.opened_with(&[])).map_err(|_| "malformed")?;
    Ok((provider, events))
}

fn failed(row: &Waiting, problem: &str) -> Outcome {
    let attempt = row.attempt + 1;
    let state = if attempt >= TRIES { "failed" } else { "new" };
    tracing::error!(delivery = %row.id, attempt, "delivery {} could not be worked in: {problem}", row.id);
    Outcome { id: row.id, state, problem: Some(problem.chars().take(300).collect()) }
}

/// Marks deliveries on their own; returns how many are settled by it.
async fn mark(app: &App, outcomes: &[Outcome]) -> Result<usize, StoreError> {
    if outcomes.is_empty() {
        return Ok(0);
    }
    let mut tx = app.db.system().await?;
    store::mark(&mut tx, outcomes).await?;
    tx.commit().await?;
    Ok(outcomes.iter().filter(|outcome| outcome.state != "new").count())
}

/// Works in what looking at a meeting showed, as if the platform had told it now. What was seen before changes nothing.
///
/// # Errors
/// When the database refuses.
pub(super) async fn absorb(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
    seen: &[IncomingEvent],
) -> Result<(), ApiError> {
    let sealer = app.keys.sealer(organization).await?;
    let mut work = Work::begin(app, organization, &sealer).await?;
    let arrival = Arrival { at: work.now, late: false };
    for event in seen {
        work.take_in(provider, event, arrival).await?;
    }
    work.finish().await?;
    let Work { tx, told, asked, .. } = work;
    tx.commit().await?;
    wake(app, told, asked);
    Ok(())
}

/// Works in whose the stays of a session are that the platform named by ids alone: addresses by id.
///
/// # Errors
/// When the database refuses.
pub(super) async fn recognise(
    app: &App,
    organization: OrganizationId,
    session: SessionId,
    addresses: &HashMap<String, String>,
) -> Result<(), ApiError> {
    let sealer = app.keys.sealer(organization).await?;
    let mut work = Work::begin(app, organization, &sealer).await?;
    let facts = facts::of_session(&mut work.tx, organization, session).await?;
    let Some(key) = facts.and_then(|facts| Some((facts.provider, facts.provider_id?))) else { return Ok(()) };
    if let Some(mut scene) = work.scene(&key).await? {
        work.recognise(&mut scene, addresses).await?;
        work.scenes.insert(key, Some(scene));
    }
    work.finish().await?;
    let Work { tx, told, asked, .. } = work;
    tx.commit().await?;
    wake(app, told, asked);
    Ok(())
}

fn wake(app: &App, told: bool, asked: bool) {
    if told {
        app.wake.outbox.notify_one();
    }
    if asked {
        app.wake.jobs.notify_one();
    }
}

/// Works deliveries of one organization in, in one transaction.
async fn work(
    app: &App,
    organization: OrganizationId,
    sealer: &Sealer,
    items: &[Item],
) -> Result<usize, ApiError> {
    if items.is_empty() {
        return Ok(0);
    }
    let mut work = Work::begin(app, organization, sealer).await?;
    let mut outcomes = Vec::with_capacity(items.len());
    for item in items {
        let mut problem = None;
        for event in &item.events {
            let arrival = Arrival { at: item.row.received_at, late: item.row.late };
            problem = work.take_in(item.provider, event, arrival).await?;
        }
        let outcome = Outcome { id: item.row.id, state: "done", problem: problem.map(str::to_owned) };
        outcomes.push(outcome);
    }
    work.finish().await?;
    let Work { mut tx, told, asked, .. } = work;
    // One commit where one role may do both. On PostgreSQL the worker's role marks afterwards.
    let together = app.db.engine() == Engine::Sqlite;
    if together {
        store::mark(&mut tx, &outcomes).await?;
    }
    tx.commit().await?;
    wake(app, told, asked);
    if !together {
        mark(app, &outcomes).await?;
    }
    Ok(outcomes.len())
}
