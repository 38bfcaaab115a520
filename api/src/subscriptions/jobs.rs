//! Asking for events in time, asking again before they end, and ending what nobody needs.

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    ids::OrganizationId,
    provider::{Call, ErrorKind, MeetingRef, ProviderError, Retry, Subscription},
    sentence::Sentence,
};
use uuid::Uuid;

use super::{
    service::{self, Need},
    store::{self, Row, State},
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    error::ApiError,
    jobs::{Job, JobError},
    organizations, platforms,
    sessions::facts,
};

/// Compares what is asked for with what the classes need.
pub const TICK: &str = "tick.subscriptions";
/// Asks for events: `{subscription}`.
pub const SUBSCRIBE: &str = "events.subscribe";
/// Asks for them again, before they end: `{subscription}`.
pub const RENEW: &str = "events.renew";
/// Ends them: `{subscription}`.
pub const UNSUBSCRIBE: &str = "events.unsubscribe";

/// Events are asked for so long before a class.
pub(super) const LEAD: Duration = Duration::minutes(45);
/// A class that is over may be gone on with for so long.
const AFTER: Duration = Duration::minutes(90);
/// A platform that may no longer deliver cannot say so: renewing shows it.
const STILL_TELLS: Duration = Duration::minutes(30);
/// What was refused is asked again: a policy takes half an hour to work.
const ASK_AGAIN: Duration = Duration::minutes(5);

fn ours(error: impl std::fmt::Display) -> JobError {
    JobError::Retry(error.to_string(), None)
}

/// Tick: every organization in turn.
///
/// # Errors
/// For the runner to try again.
pub async fn tick(app: &App) -> Result<(), JobError> {
    let mut failed = 0;
    for organization in organizations::service::all_active(app).await.map_err(ours)? {
        if let Err(error) = tick_organization(app, organization).await {
            failed += 1;
            tracing::error!(%organization, ?error, "subscriptions of organization {organization} were not looked after");
        }
    }
    app.wake.jobs.notify_one();
    if failed == 0 { Ok(()) } else { Err(JobError::Retry(format!("{failed} organizations failed"), None)) }
}

async fn tick_organization(app: &App, organization: OrganizationId) -> Result<(), ApiError> {
    let now = app.clock.now();
    let mut look = app.db.read(organization).await?;
    let sessions = facts::to_follow(&mut look, organization, now + LEAD, now - AFTER, now).await?;
    let living = store::living(&mut look, organization).await?;
    drop(look);
    if sessions.is_empty() && living.is_empty() {
        return Ok(());
    }
    let mut needs: Vec<Need> = Vec::new();
    for facts in &sessions {
        needs.extend(service::need(app, organization, facts).await?.filter(|need| !needs.contains(need)));
    }
    let mut tx = app.db.begin(organization).await?;
    for need in &needs {
        service::want(app, &mut tx, organization, need).await?;
    }
    for row in living {
        let needed =
            needs.iter().any(|need| need.connection == row.connection && need.meeting == row.meeting);
        let again = row.asked_at.is_none_or(|asked| asked + ASK_AGAIN <= now);
        let kind = match row.state {
            _ if !needed => UNSUBSCRIBE,
            State::Wanted => SUBSCRIBE,
            State::Refused if again => SUBSCRIBE,
            State::Active if is_due(&row, now) => RENEW,
            State::Active | State::Refused | State::Ended => continue,
        };
        service::push(app, &mut tx, organization, kind, row.id).await?;
    }
    Ok(tx.commit().await?)
}

/// Less than half of the life that the platform gave is left (its own documents disagree on how long that is), or it was not
/// asked for half an hour whether it still tells.
fn is_due(row: &Row, now: DateTime<Utc>) -> bool {
    match (row.until, row.asked_at) {
        (Some(until), Some(asked)) => until - now < (until - asked) / 2 || asked + STILL_TELLS <= now,
        _ => true,
    }
}

/// Reads the row a job is about, with no transaction left open.
async fn row_of(app: &App, job: &Job) -> Result<Option<Row>, JobError> {
    let id: Uuid = job.id_of("subscription")?;
    let mut look = app.db.read(job.organization).await?;
    Ok(store::find(&mut look, job.organization, id).await?.filter(|row| row.state != State::Ended))
}

/// Job [`SUBSCRIBE`]. The platform calls our address before it answers, so nothing is held meanwhile.
///
/// # Errors
/// For the runner to try again.
pub async fn subscribe(app: &App, job: &Job) -> Result<(), JobError> {
    let Some(row) = row_of(app, job).await?.filter(|row| row.state != State::Active) else { return Ok(()) };
    let outcome = ask(app, job.organization, &row).await;
    settle(app, job.organization, &row, outcome).await
}

/// Job [`RENEW`].
///
/// # Errors
/// For the runner to try again.
pub async fn renew(app: &App, job: &Job) -> Result<(), JobError> {
    let Some(row) = row_of(app, job).await? else { return Ok(()) };
    let Some(external_id) = row.external_id.as_deref() else { return Ok(()) };
    let outcome = async {
        let connected = connected(app, job.organization, &row).await?;
        let part = connected.provider.subscriptions().ok_or_else(|| unsupported(&row))?;
        part.renew(&Call::background(), external_id).await
    }
    .await;
    match outcome {
        Err(error) if error.kind == ErrorKind::NotFound => {
            let mut tx = app.db.begin(job.organization).await?;
            store::lost(&mut tx, job.organization, row.id).await?;
            service::push(app, &mut tx, job.organization, SUBSCRIBE, row.id).await.map_err(ours)?;
            tx.commit().await?;
            app.wake.jobs.notify_one();
            Ok(())
        }
        outcome => settle(app, job.organization, &row, outcome).await,
    }
}

/// Job [`UNSUBSCRIBE`]. What the platform cannot end now ends there by itself.
///
/// # Errors
/// For the runner to try again.
pub async fn unsubscribe(app: &App, job: &Job) -> Result<(), JobError> {
    let Some(row) = row_of(app, job).await? else { return Ok(()) };
    if let Some(external_id) = row.external_id.as_deref() {
        let ending = async {
            let connected = connected(app, job.organization, &row).await?;
            match connected.provider.subscriptions() {
                Some(part) => part.unsubscribe(&Call::background(), external_id).await,
                None => Ok(()),
            }
        };
        match ending.await {
            Err(error) if matches!(error.retry, Retry::Backoff | Retry::After(_)) => {
                return Err(later(app, &error));
            }
            Err(error) => tracing::info!(%error, "a subscription is left to end by itself: {error}"),
            Ok(()) => {}
        }
    }
    let mut tx = app.db.begin(job.organization).await?;
    store::ended(&mut tx, job.organization, row.id, app.clock.now()).await?;
    Ok(tx.commit().await?)
}

async fn connected(
    app: &App,
    organization: OrganizationId,
    row: &Row,
) -> Result<platforms::Connected, ProviderError> {
    platforms::service::connected_by(app, organization, row.provider, Some(row.connection)).await
}

fn unsupported(row: &Row) -> ProviderError {
    ProviderError::new(row.provider, "subscribe", ErrorKind::Unsupported("subscriptions"))
}

async fn ask(app: &App, organization: OrganizationId, row: &Row) -> Result<Subscription, ProviderError> {
    let endpoint = platforms::events::event_endpoint(app, organization, row.provider).await?;
    let connected = connected(app, organization, row).await?;
    let part = connected.provider.subscriptions().ok_or_else(|| unsupported(row))?;
    platforms::events::expect_deliveries(app, organization, row.provider).await;
    let meeting = row.meeting.as_ref().map(|id| MeetingRef { id: id.clone(), host: connected.host.clone() });
    part.subscribe(&Call::background(), meeting.as_ref(), &endpoint).await
}

fn later(app: &App, error: &ProviderError) -> JobError {
    let at = match error.retry {
        Retry::After(wait) => Duration::from_std(wait).ok().map(|wait| app.clock.now() + wait),
        Retry::Never | Retry::Backoff => None,
    };
    JobError::Retry(error.to_string(), at)
}

/// Writes down what the platform answered. A refusal is told once, and asked again by the tick.
async fn settle(
    app: &App,
    organization: OrganizationId,
    row: &Row,
    outcome: Result<Subscription, ProviderError>,
) -> Result<(), JobError> {
    let now = app.clock.now();
    let entry = |kind, details| app.entry(organization, kind, Actor::System).details(details);
    match outcome {
        Ok(told) => {
            let problem = told.suspended.clone().map(|why| {
                Sentence::known("said.events_suspended", "{platform} sends no events at present: {why}.")
                    .with("platform", row.provider.title())
                    .with("why", why)
            });
            let mut tx = app.db.begin(organization).await?;
            store::confirmed(&mut tx, organization, row.id, &told, problem.as_ref(), now).await?;
            if row.state != State::Active {
                let details = serde_json::json!({"provider": row.provider, "until": told.until});
                audit::store::insert(&mut tx, &entry(EntryKind::EventsAsked, details)).await?;
            }
            Ok(tx.commit().await?)
        }
        Err(error) if matches!(error.retry, Retry::Backoff | Retry::After(_)) => Err(later(app, &error)),
        Err(error) => {
            tracing::warn!(%error, "{} refuses its events: {error}", row.provider);
            let mut tx = app.db.begin(organization).await?;
            store::refused(&mut tx, organization, row.id, &error.words(), now).await?;
            if row.state != State::Refused {
                let details = serde_json::json!({"provider": row.provider, "code": error.code(), "vendor_code": error.vendor_code});
                audit::store::insert(&mut tx, &entry(EntryKind::EventsRefused, details)).await?;
            }
            Ok(tx.commit().await?)
        }
    }
}
