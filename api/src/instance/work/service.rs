//! Counting, listing and deciding about what gave up.

use chrono::{DateTime, Utc};
use lectern_core::{ids::OrganizationId, redaction::technical};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    app::{App, OPERATOR},
    append::Row,
    audit::{Actor, Entry, EntryKind},
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    jobs::standing::{self, Standing},
    list::{List, Paging, end_of_time, instant_cursor},
    webhooks_in::{self, DeadDelivery},
};

/// How much work of a kind there is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KindView {
    /// What it does; `webhook.read` are deliveries from platforms.
    #[schema(example = "meeting.create")]
    pub kind: String,
    /// Not tried yet, due now or later.
    pub waiting: i64,
    /// Being done.
    pub running: i64,
    /// Failed, and tried again by itself.
    pub retrying: i64,
    /// Gave up, in the last 30 days.
    pub dead: i64,
    /// Since when the one waits that is due the longest.
    pub due_since: Option<DateTime<Utc>>,
}

/// A piece of work that gave up.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeadView {
    /// Its id.
    pub id: Uuid,
    /// What it does.
    pub kind: String,
    /// For a delivery: the platform and its word for the event.
    pub about: Option<String>,
    /// The organization's id; null for the server's own work.
    pub organization_id: Option<Uuid>,
    /// Its short name.
    pub organization: Option<String>,
    /// How often it was tried.
    pub attempts: i64,
    /// Why the last try failed, in short: without e-mail addresses, paths of pages, values of the database and long tokens. What a platform
    /// or a mail server said may still name somebody in plain words.
    pub error: Option<String>,
    /// Since when it was to be done.
    pub created_at: DateTime<Utc>,
    /// When it gave up; for a delivery, when it arrived.
    pub died_at: DateTime<Utc>,
}

fn tenant(id: Uuid, slug: String) -> (Option<Uuid>, Option<String>) {
    if OrganizationId(id) == OPERATOR { (None, None) } else { (Some(id), Some(slug)) }
}

impl From<Standing> for DeadView {
    fn from(job: Standing) -> Self {
        let (organization_id, organization) = tenant(job.organization_id, job.slug);
        Self {
            id: job.id,
            kind: job.kind,
            about: None,
            organization_id,
            organization,
            attempts: job.tries,
            error: job.last_error.as_deref().map(technical),
            created_at: job.created_at,
            died_at: job.finished_at.unwrap_or(job.created_at),
        }
    }
}

impl From<DeadDelivery> for DeadView {
    fn from(delivery: DeadDelivery) -> Self {
        let (organization_id, organization) = tenant(delivery.organization_id, delivery.slug);
        Self {
            id: delivery.id,
            kind: webhooks_in::DEAD.to_owned(),
            about: Some(format!("{} {}", delivery.provider, technical(&delivery.kind))),
            organization_id,
            organization,
            attempts: delivery.attempt,
            error: delivery.problem.as_deref().map(technical),
            created_at: delivery.received_at,
            died_at: delivery.received_at,
        }
    }
}

/// All work by kind, and one page of what gave up, the newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WorkView {
    /// Every kind of which there is any.
    pub kinds: Vec<KindView>,
    /// What gave up.
    pub items: Vec<DeadView>,
    /// For `?cursor=`; null on the last page.
    pub next_cursor: Option<String>,
}

/// How much there is of each kind.
///
/// # Errors
/// When the database refuses.
pub async fn kinds(tx: &mut Tx, now: DateTime<Utc>) -> Result<Vec<KindView>, ApiError> {
    let jobs = standing::by_kind(tx, now).await?;
    let mut kinds: Vec<KindView> = jobs
        .into_iter()
        .map(|of| KindView {
            kind: of.kind,
            waiting: of.waiting,
            running: of.running,
            retrying: of.retrying,
            dead: of.dead,
            due_since: of.due_since,
        })
        .collect();
    let backlog = webhooks_in::backlog(tx).await?;
    let dead = webhooks_in::dead_count(tx).await?;
    if backlog.waiting + dead > 0 {
        kinds.push(KindView {
            kind: webhooks_in::DEAD.to_owned(),
            waiting: backlog.waiting - backlog.retrying,
            running: 0,
            retrying: backlog.retrying,
            dead,
            due_since: backlog.waits_since,
        });
    }
    Ok(kinds)
}

/// All work by kind, and a page of what gave up: of one kind, or with an empty one of all.
///
/// # Errors
/// [`ApiError::Invalid`] for a cursor that is none.
pub async fn work(app: &App, kind: &str, paging: &Paging) -> Result<WorkView, ApiError> {
    let before = paging.instant_and_id()?.unwrap_or_else(end_of_time);
    let mut tx = app.db.system_read().await?;
    let mut dead: Vec<DeadView> = Vec::new();
    if kind != webhooks_in::DEAD {
        let jobs = standing::dead_ones(&mut tx, before, kind, paging.fetch()).await?;
        dead.extend(jobs.into_iter().map(DeadView::from));
    }
    if kind.is_empty() || kind == webhooks_in::DEAD {
        let deliveries = webhooks_in::dead_ones(&mut tx, before, paging.fetch()).await?;
        dead.extend(deliveries.into_iter().map(DeadView::from));
    }
    let kinds = kinds(&mut tx, app.clock.now()).await?;
    drop(tx);
    dead.sort_by_key(|one| std::cmp::Reverse((one.died_at, one.id)));
    let List { items, next_cursor } = paging.list(dead, |one| instant_cursor(one.died_at, one.id), |one| one);
    Ok(WorkView { kinds, items, next_cursor })
}

/// One that gave up.
///
/// # Errors
/// [`ApiError::NotFound`] when it did not, or is gone.
pub async fn dead_one(app: &App, id: Uuid) -> Result<DeadView, ApiError> {
    let mut tx = app.db.system_read().await?;
    let job = standing::standing(&mut tx, id).await?;
    if let Some(job) = job.filter(|job| job.state == "dead") {
        return Ok(job.into());
    }
    let delivery = webhooks_in::dead_one(&mut tx, id).await?;
    delivery.filter(DeadDelivery::is_dead).map(DeadView::from).ok_or(ApiError::NotFound)
}

/// Has one tried again, now and with all its tries.
///
/// # Errors
/// [`ApiError::Conflict`] when it runs or waits for its first try; [`ApiError::NotFound`].
pub async fn retry(app: &App, who: &SignedIn, id: Uuid) -> Result<(), ApiError> {
    let mut tx = app.db.system().await?;
    let now = app.clock.now();
    let (kind, organization) = match standing::retry(&mut tx, id, now).await? {
        Some(job) => (job.kind, job.organization_id),
        None => {
            let delivery = webhooks_in::dead_one(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
            if !webhooks_in::revive(&mut tx, id).await? {
                return Err(ApiError::NotFound);
            }
            (webhooks_in::DEAD.to_owned(), delivery.organization_id)
        }
    };
    tx.commit().await?;
    wake(app, &kind);
    let entry = app.entry(OPERATOR, EntryKind::JobsRetried, who.actor());
    write_down(
        app,
        entry.details(json!({"kind": kind, "job": id, "organization": organization, "number": 1})),
    )
    .await
}

/// The same for all of a kind that gave up; how many.
///
/// # Errors
/// When the database refuses.
pub async fn retry_kind(app: &App, who: &SignedIn, kind: &str) -> Result<u64, ApiError> {
    let mut tx = app.db.system().await?;
    let number = if kind == webhooks_in::DEAD {
        webhooks_in::revive_all(&mut tx).await?
    } else {
        standing::revive_kind(&mut tx, kind, app.clock.now()).await?
    };
    tx.commit().await?;
    if number > 0 {
        wake(app, kind);
        let entry = app.entry(OPERATOR, EntryKind::JobsRetried, who.actor());
        write_down(app, entry.details(json!({"kind": kind, "number": number}))).await?;
    }
    Ok(number)
}

/// Lets one go undone. The organization reads it in its own log too: something of theirs will not happen.
///
/// # Errors
/// As [`retry`].
pub async fn discard(app: &App, who: &SignedIn, id: Uuid) -> Result<(), ApiError> {
    let mut look = app.db.system_read().await?;
    let (kind, organization) = match standing::may_be_decided(&mut look, id).await? {
        Some(job) => (job.kind, job.organization_id),
        None => {
            let delivery = webhooks_in::dead_one(&mut look, id).await?.ok_or(ApiError::NotFound)?;
            (webhooks_in::DEAD.to_owned(), delivery.organization_id)
        }
    };
    drop(look);
    // First the entries: one too many is better than work that is gone and nobody reads why.
    let details = json!({"kind": kind, "job": id, "organization": organization});
    let entry = app.entry(OPERATOR, EntryKind::JobDiscarded, who.actor());
    write_down(app, entry.details(details.clone())).await?;
    if OrganizationId(organization) != OPERATOR {
        let actor = Actor::Operator(who.person()?);
        let entry = app.entry(organization.into(), EntryKind::JobDiscarded, actor);
        write_down(app, entry.details(details)).await?;
    }
    let mut tx = app.db.system().await?;
    if standing::discard(&mut tx, id).await?.is_none() && !webhooks_in::discard(&mut tx, id).await? {
        return Err(ApiError::NotFound);
    }
    Ok(tx.commit().await?)
}

fn wake(app: &App, kind: &str) {
    if kind == webhooks_in::DEAD {
        app.wake.inbox.notify_one();
    } else {
        app.wake.jobs.notify_one();
    }
}

/// The queues are the worker's and the log a tenant's, so the entry follows in a commit of its own.
async fn write_down(app: &App, entry: Entry) -> Result<(), ApiError> {
    app.appender.append(Row::Audit(entry)).await.map_err(ApiError::internal)
}
