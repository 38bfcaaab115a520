//! Sends what is due.
//!
//! A worker has one endpoint at a time, and an endpoint one worker: up to eight messages at once while it answers, one at a
//! time while it does not. Endpoints that fail or take long have a lane of their own, so that however many are dead, and
//! however long they keep a connection open, the others find a worker free.

use std::time::Duration as StdDuration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};
use lectern_core::{ids::OrganizationId, secret::SecretString};
use lectern_providers::transport::{FailureKind, Receipt};
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use tokio::{task::JoinSet, time::Instant};
use url::Url;
use uuid::Uuid;

use super::{
    ending,
    fan_out::FanOut,
    pauses, signing,
    store::{
        deliveries::{self, Due, Try},
        endpoints::{self, Endpoint},
        queue::{self, Claim},
    },
};
use crate::{
    app::App,
    db::StoreError,
    error::ApiError,
    keys::{KeyError, Sealer},
};

/// Endpoints of a process at a time: those that answer at once, and those that do not.
const LANES: [(bool, usize); 2] = [(false, 32), (true, 16)];
/// Messages to one endpoint at a time.
const AT_ONCE: usize = 8;
/// Messages to one endpoint before others have their turn.
const IN_A_ROW: usize = 32;
/// One try may take so long.
const LIMIT: StdDuration = StdDuration::from_secs(15);
/// An endpoint that takes longer is slow, whatever it answers.
const SLOW: i64 = 3_000;
/// So much of an answer is kept.
const MOST_ANSWER: usize = 4096;
/// The longest look away.
const IDLE: StdDuration = StdDuration::from_secs(1);
/// After a failure of ours.
const OUR_PAUSE: chrono::TimeDelta = chrono::TimeDelta::seconds(10);

/// Fans out and sends until the application stops.
pub async fn run(app: App) {
    let mut fan_out = FanOut::default();
    let mut lanes = LANES.map(|(slow, most)| (slow, most, JoinSet::<usize>::new()));
    loop {
        if let Err(error) = fan_out.turn(&app).await {
            tracing::error!(%error, "events could not be handed to webhook endpoints: {error}");
        }
        let mut claimed = 0;
        for (slow, most, running) in &mut lanes {
            while running.try_join_next().is_some() {}
            let claims = claim(&app, *slow, most.saturating_sub(running.len())).await;
            let claims = claims.unwrap_or_else(|error| {
                tracing::error!(%error, "webhook endpoints could not be claimed: {error}");
                Vec::new()
            });
            claimed += claims.len();
            for claim in claims {
                running.spawn(work(app.clone(), claim));
            }
        }
        if claimed > 0 {
            continue;
        }
        let [(_, _, quick), (_, _, slow)] = &mut lanes;
        tokio::select! {
            () = app.stopping() => break,
            () = app.wake.hooks.notified() => {}
            _ = quick.join_next(), if !quick.is_empty() => {}
            _ = slow.join_next(), if !slow.is_empty() => {}
            () = tokio::time::sleep(IDLE) => {}
        }
    }
    // What is under way may finish; what does not is sent again after its lease.
    let _unfinished = tokio::time::timeout(StdDuration::from_secs(20), async {
        for (_, _, mut running) in lanes {
            while running.join_next().await.is_some() {}
        }
    })
    .await;
}

/// Fans out what is new and sends what is due now, until nothing is: for tests. Returns how much was done.
///
/// # Errors
/// When a queue cannot be read.
pub async fn run_due(app: &App) -> Result<usize, ApiError> {
    let mut done = FanOut::default().turn(app).await?;
    loop {
        let mut claims = claim(app, false, AT_ONCE).await?;
        claims.extend(claim(app, true, AT_ONCE).await?);
        if claims.is_empty() {
            return Ok(done);
        }
        for claim in claims {
            done += work(app.clone(), claim).await;
        }
    }
}

async fn claim(app: &App, slow: bool, room: usize) -> Result<Vec<Claim>, StoreError> {
    if room == 0 {
        return Ok(Vec::new());
    }
    let now = app.clock.now();
    let mut look = app.db.system_read().await?;
    let any = queue::has_work(&mut look, slow, now).await?;
    drop(look);
    if !any {
        return Ok(Vec::new());
    }
    let mut tx = app.db.system().await?;
    let claims = queue::claim(&mut tx, slow, now, i64::try_from(room).unwrap_or(1)).await?;
    tx.commit().await?;
    Ok(claims)
}

/// How an endpoint is given back.
struct Release {
    due_at: Option<DateTime<Utc>>,
    slow: bool,
    rests_until: Option<DateTime<Utc>>,
}

/// Works for one endpoint; how many messages were tried.
async fn work(app: App, claim: Claim) -> usize {
    let (tried, release) = match send_due(&app, claim).await {
        Ok(done) => done,
        Err(error) => {
            tracing::error!(endpoint = %claim.endpoint_id, %error, "webhook endpoint {} could not be served: {error}", claim.endpoint_id);
            let due_at = Some(app.clock.now() + OUR_PAUSE);
            (0, Some(Release { due_at, slow: claim.slow, rests_until: None }))
        }
    };
    let released = async {
        let mut tx = app.db.system().await?;
        match &release {
            Some(release) => {
                queue::release(&mut tx, claim, release.due_at, release.slow, release.rests_until).await?;
            }
            None => queue::remove(&mut tx, claim.endpoint_id).await?,
        }
        tx.commit().await
    };
    if let Err(error) = released.await {
        // Its lease runs out.
        tracing::error!(endpoint = %claim.endpoint_id, %error, "webhook endpoint {} could not be given back: {error}", claim.endpoint_id);
    }
    tried
}

/// Sends what is due to an endpoint. `None` instead of a release: there is nothing to serve any more.
async fn send_due(app: &App, claim: Claim) -> Result<(usize, Option<Release>), ApiError> {
    let organization = OrganizationId(claim.organization_id);
    let sealer = app.keys.sealer(organization).await?;
    let (mut tried, mut slow, mut rests_until) = (0, claim.slow, None);
    while tried < IN_A_ROW && rests_until.is_none() {
        let now = app.clock.now();
        let mut look = app.db.read(organization).await?;
        let endpoint = endpoints::find(&mut look, organization, claim.endpoint_id).await?;
        let Some(endpoint) = endpoint.filter(Endpoint::is_active) else { return Ok((tried, None)) };
        let most = if endpoint.failing_at.is_some() { 1 } else { i64::try_from(AT_ONCE).unwrap_or(1) };
        let due = deliveries::due(&mut look, organization, endpoint.id, now, most).await?;
        drop(look);
        if due.is_empty() {
            break;
        }
        tried += due.len();
        let wave = Wave::send(app, &sealer, &endpoint, due).await?;
        rests_until = wave.rests_until;
        slow = !wave.any_arrived || wave.is_slow();
        let failed = !wave.any_arrived;
        if wave.record(app, organization, &endpoint).await? {
            return Ok((tried, None));
        }
        if failed {
            break;
        }
    }
    let mut look = app.db.read(organization).await?;
    let due_at = deliveries::next_due(&mut look, organization, claim.endpoint_id).await?;
    // Whoever is due since long takes its turn behind those that wait.
    let due_at = due_at.map(|due| due.max(app.clock.now()));
    Ok((tried, Some(Release { due_at, slow, rests_until })))
}

/// Some messages to one endpoint, tried.
struct Wave {
    tries: Vec<(Due, Try)>,
    any_arrived: bool,
    is_gone: bool,
    rests_until: Option<DateTime<Utc>>,
}

/// The secrets that sign now, the present one first.
fn secrets(sealer: &Sealer, endpoint: &Endpoint, now: DateTime<Utc>) -> Result<Vec<SecretString>, KeyError> {
    let mut secrets = vec![sealer.open_text("webhook_endpoints", "secret", endpoint.id, &endpoint.secret)?];
    let previous = endpoint.previous_secret.as_ref();
    if let Some(previous) = previous.filter(|_| endpoint.previous_until.is_some_and(|until| now < until)) {
        // It was sealed as the present one, and moved.
        secrets.push(sealer.open_text("webhook_endpoints", "secret", endpoint.id, previous)?);
    }
    Ok(secrets)
}

/// What is told of a try without an answer.
fn problem(kind: &FailureKind) -> &'static str {
    match kind {
        FailureKind::Forbidden(_) => "forbidden",
        FailureKind::TimedOut => "timed_out",
        FailureKind::NotConnected => "not_connected",
        _ => "interrupted",
    }
}

impl Wave {
    async fn send(app: &App, sealer: &Sealer, endpoint: &Endpoint, due: Vec<Due>) -> Result<Self, ApiError> {
        let url = Url::parse(&endpoint.url).map_err(ApiError::internal)?;
        let secrets = secrets(sealer, endpoint, app.clock.now())?;
        let (url, secrets) = (&url, secrets.as_slice());
        let outcomes: Vec<_> = stream::iter(due)
            .map(|due| async move {
                let started = Instant::now();
                let outcome = post(app, sealer, endpoint, url, secrets, &due).await;
                (due, outcome, i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX))
            })
            .buffered(AT_ONCE)
            .collect()
            .await;
        let now = app.clock.now();
        let mut wave = Self { tries: Vec::new(), any_arrived: false, is_gone: false, rests_until: None };
        for (due, outcome, millis) in outcomes {
            let went = wave.judge(app, sealer, &due, outcome, now)?;
            let (status, state) = (went.status.unwrap_or(0), went.state);
            tracing::info!(endpoint = %endpoint.id, delivery = %due.id, status, millis, problem = went.problem, "webhook {} was tried: {state}", due.id);
            wave.tries.push((due, Try { millis, ..went }));
        }
        Ok(wave)
    }

    fn is_slow(&self) -> bool {
        self.tries.iter().any(|(_, went)| went.millis > SLOW)
    }

    fn judge(
        &mut self,
        app: &App,
        sealer: &Sealer,
        due: &Due,
        outcome: Result<Receipt, FailureKind>,
        now: DateTime<Utc>,
    ) -> Result<Try, ApiError> {
        let again = |asked| {
            let at = pauses::next(due.tries + 1, asked, now, app.randomness.as_ref());
            (if at.is_some() { "pending" } else { "failed" }, at)
        };
        Ok(match outcome {
            Ok(receipt) => {
                let arrived = (200..300).contains(&receipt.status);
                self.any_arrived |= arrived;
                self.is_gone |= receipt.status == 410;
                let asked = pauses::asked_for(receipt.retry_after.as_deref(), now).filter(|_| !arrived);
                if matches!(receipt.status, 429 | 503) {
                    self.rests_until = self.rests_until.max(asked);
                }
                let (state, due_at) = match receipt.status {
                    _ if arrived => ("delivered", None),
                    410 => ("failed", None),
                    _ => again(asked),
                };
                let answer = (!receipt.body.is_empty())
                    .then(|| sealer.seal("webhook_deliveries", "answer", due.id, &receipt.body));
                Try { state, due_at, status: Some(i64::from(receipt.status)), answer, ..Try::default() }
            }
            Err(kind) => {
                let (state, due_at) = again(None);
                Try { state, due_at, problem: Some(problem(&kind)), ..Try::default() }
            }
        })
    }

    /// Keeps how it went, in one transaction; whether the endpoint was disabled by it.
    async fn record(
        &self,
        app: &App,
        organization: OrganizationId,
        endpoint: &Endpoint,
    ) -> Result<bool, ApiError> {
        let now = app.clock.now();
        let mut tx = app.db.begin(organization).await?;
        for (due, went) in &self.tries {
            deliveries::finish(&mut tx, organization, due, went, now).await?;
        }
        if self.any_arrived {
            endpoints::answered(&mut tx, organization, endpoint.id, now).await?;
        } else {
            endpoints::failed(&mut tx, organization, endpoint.id, now).await?;
        }
        let since = endpoint.failing_at.filter(|_| !self.any_arrived);
        let why = match () {
            () if self.is_gone => Some("gone"),
            () if ending::is_given_up(since, now) => Some("failing"),
            () => None,
        };
        let disabled = match why {
            Some(why) => ending::give_up(app, &mut tx, organization, endpoint.id, why).await?,
            None => false,
        };
        tx.commit().await?;
        if disabled {
            app.wake.jobs.notify_one();
        }
        Ok(disabled)
    }
}

async fn post(
    app: &App,
    sealer: &Sealer,
    endpoint: &Endpoint,
    url: &Url,
    secrets: &[SecretString],
    due: &Due,
) -> Result<Receipt, FailureKind> {
    let ours = |_| FailureKind::Interrupted;
    let body = sealer.open("webhook_deliveries", "payload", due.id, &due.payload).map_err(|error| {
        tracing::error!(delivery = %due.id, %error, "the payload of webhook {} does not open: {error}", due.id);
        FailureKind::Interrupted
    })?;
    let now = app.clock.now();
    let id = message_id(due.event_id);
    let signed = signing::signatures(secrets, &id, now, &body).ok_or(FailureKind::Interrupted)?;
    let header = |text: &str| HeaderValue::from_str(text).map_err(ours);
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (HeaderName::from_static("webhook-id"), header(&id)?),
        (HeaderName::from_static("webhook-timestamp"), HeaderValue::from(now.timestamp())),
        (HeaderName::from_static("webhook-signature"), header(&signed)?),
        (HeaderName::from_static("lectern-version"), header(&endpoint.version)?),
    ];
    let sent = app.courier.post(url, &headers, Bytes::from(body), LIMIT, MOST_ANSWER).await;
    sent.map_err(|failure| failure.kind)
}

/// The header `webhook-id`: the event's, so that it is the same at each try, replay and endpoint.
pub(super) fn message_id(event: Uuid) -> String {
    format!("msg_{}", event.simple())
}
