//! Sending one notice to everybody of a session, fast: what they share is read once, many mails are under way at a time, and what
//! was sent is written down in groups while the next are sent.

use std::{sync::Arc, time::Duration};

use lectern_core::{
    ids::{OrganizationId, PersonId, SessionId},
    join::JoinClaims,
};
use serde_json::json;
use tokio::{
    sync::mpsc,
    task::{JoinError, JoinSet},
    time::Instant,
};
use uuid::Uuid;

use super::{
    compose::{self, About, Recipient},
    store::{self, WantedMail},
};
use crate::{
    app::App,
    classes::links,
    db::Tx,
    error::ApiError,
    jobs::{
        Job, JobError,
        store::{self as jobs, NewJob},
    },
    mail::MailError,
};

/// Sends a session's mails of one kind.
pub const SEND: &str = "mails.send";

/// Rows read at a time.
const READ: i64 = 256;
/// Results written down at a time, at most.
const GROUP: usize = 64;
/// A turn ends well before the job's lease does; another goes on.
const TURN: Duration = Duration::from_secs(90);

/// Has everybody's mails of this kind about a session sent, in the caller's transaction.
pub(super) async fn queue(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    kind: &str,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let job = NewJob {
        id: app.ids.next(),
        kind: SEND,
        body: json!({"session": session, "kind": kind}),
        unique_key: Some(&format!("{session} {kind}")),
        run_at: now,
        now,
    };
    Ok(jobs::insert(tx, organization, &job).await?)
}

/// What became of one mail.
enum Outcome {
    Sent,
    Dropped,
    /// The server takes nothing now: it stays wanted.
    Later(MailError),
}

/// What the mails of one job share.
struct Batch {
    app: App,
    organization: OrganizationId,
    about: Option<About>,
    kind: String,
}

/// How far the senders came.
enum Reached {
    All,
    /// The turn's time is over: another goes on.
    Time,
}

/// Job `mails.send`. At a crash, and when the database refuses, those that were just being sent and those whose result was not written
/// down yet may go twice, with the same Message-ID.
pub async fn send(app: &App, job: &Job) -> Result<(), JobError> {
    let session: SessionId = job.id_of("session")?;
    let kind = job.body.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default().to_owned();
    let organization = job.organization;
    let told = |error: ApiError| JobError::Retry(error.problem().detail, None);
    let mut tx = app.db.read(organization).await?;
    let about = About::load(app, &mut tx, organization, session).await.map_err(told)?;
    drop(tx);
    let batch = Arc::new(Batch { app: app.clone(), organization, about, kind });
    let (tell, mut outcomes) = mpsc::channel(GROUP);
    // Mails go on while results are written down. Dropped, on an error below, the set ends what it holds.
    let mut senders = JoinSet::new();
    senders.spawn(send_all(Arc::clone(&batch), session, tell));
    let mut refused = None;
    let mut group = Vec::with_capacity(GROUP);
    while outcomes.recv_many(&mut group, GROUP).await > 0 {
        let mut finished: [Vec<Uuid>; 2] = Default::default();
        for (id, outcome) in group.drain(..) {
            match outcome {
                Outcome::Sent => finished[0].push(id),
                Outcome::Dropped => finished[1].push(id),
                Outcome::Later(error) => refused = Some(error),
            }
        }
        if finished.iter().all(Vec::is_empty) {
            continue;
        }
        let mut tx = app.db.begin(organization).await?;
        for (ids, sent) in finished.iter().zip([true, false]).filter(|(ids, _)| !ids.is_empty()) {
            store::finish(&mut tx, organization, ids, sent, app.clock.now()).await?;
        }
        tx.commit().await?;
    }
    let reached = match senders.join_next().await {
        Some(Ok(reached)) => reached?,
        Some(Err(error)) => return Err(JobError::Retry(format!("the senders ended: {error}"), None)),
        None => Reached::All,
    };
    match (refused, reached) {
        (Some(error), _) => Err(JobError::Retry(error.to_string(), None)),
        (None, Reached::All) => Ok(()),
        (None, Reached::Time) => {
            let mut tx = app.db.begin(organization).await?;
            queue(app, &mut tx, organization, session, &batch.kind).await.map_err(told)?;
            tx.commit().await?;
            Ok(())
        }
    }
}

/// Sends what is wanted, so many at a time, and tells what became of each; until all is sent, the server takes nothing more, or the
/// turn is over.
async fn send_all(
    batch: Arc<Batch>,
    session: SessionId,
    tell: mpsc::Sender<(Uuid, Outcome)>,
) -> Result<Reached, JobError> {
    let end = Instant::now() + TURN;
    let app = &batch.app;
    let mut after = Uuid::nil();
    let mut under_way = JoinSet::new();
    let (mut reached, mut lost) = (Reached::All, None);
    loop {
        let mut tx = app.db.read(batch.organization).await?;
        let rows = store::wanted(&mut tx, batch.organization, session, &batch.kind, after, READ).await?;
        drop(tx);
        let Some(last) = rows.last() else { break };
        after = last.id;
        let mut ends = false;
        for row in rows {
            if under_way.len() >= app.mailer.at_once() {
                ends |= hand_over(&tell, under_way.join_next().await, &mut lost).await;
            }
            let batch = Arc::clone(&batch);
            under_way.spawn(async move { deliver(&batch, row).await });
        }
        if ends {
            break;
        }
        if Instant::now() >= end {
            reached = Reached::Time;
            break;
        }
    }
    while !under_way.is_empty() {
        hand_over(&tell, under_way.join_next().await, &mut lost).await;
    }
    lost.map_or(Ok(reached), Err)
}

/// Hands one result over; `true` when no more need be tried. A mail whose task ended otherwise stays wanted, and the job fails by `lost`.
async fn hand_over(
    tell: &mpsc::Sender<(Uuid, Outcome)>,
    done: Option<Result<(Uuid, Outcome), JoinError>>,
    lost: &mut Option<JobError>,
) -> bool {
    match done {
        Some(Ok(done)) => {
            let refused = matches!(done.1, Outcome::Later(_));
            // Nobody listens only when the job has failed: then all stays wanted.
            tell.send(done).await.is_err() || refused
        }
        Some(Err(error)) => {
            *lost = Some(JobError::Retry(format!("the task of one mail ended: {error}"), None));
            false
        }
        None => false,
    }
}

async fn deliver(batch: &Batch, row: WantedMail) -> (Uuid, Outcome) {
    let (id, app, kind) = (row.id, &batch.app, batch.kind.as_str());
    let Some(about) = batch.about.as_ref().filter(|_| row.person_active) else {
        return (id, Outcome::Dropped);
    };
    let to = recipient(batch.organization, about, &row);
    let mail = match compose::about_session(app, about, &to, (id, kind, &row.facts.0)) {
        Ok(Some(mail)) => mail,
        Ok(None) => return (id, Outcome::Dropped),
        Err(error) => {
            tracing::error!(mail = %id, ?error, "mail {id} of kind {kind} could not be written");
            return (id, Outcome::Dropped);
        }
    };
    if !app.mailer.is_configured() {
        tracing::warn!(mail = %id, "no mail server is configured: mail {id} of kind {kind} is dropped");
        return (id, Outcome::Dropped);
    }
    match app.mailer.send_among_many(&mail).await {
        Ok(()) => (id, Outcome::Sent),
        Err(error @ (MailError::Unavailable(_) | MailError::Settings(_))) => (id, Outcome::Later(error)),
        Err(error) => {
            tracing::warn!(mail = %id, %error, "mail {id} of kind {kind} is refused for good: {error}");
            (id, Outcome::Dropped)
        }
    }
}

fn recipient(organization: OrganizationId, about: &About, row: &WantedMail) -> Recipient {
    let person = PersonId(row.person_id);
    let place = row.generation.map(|generation| JoinClaims {
        purpose: links::purpose(row.guest),
        organization,
        class: about.class().id,
        person,
        generation: u32::try_from(generation).unwrap_or_default(),
        all_sessions: row.all_sessions.unwrap_or(true),
    });
    let name = match &row.last_name {
        Some(last) => format!("{} {last}", row.first_name),
        None => row.first_name.clone(),
    };
    Recipient {
        id: person,
        name,
        email: row.email.clone(),
        language: row.language.clone(),
        time_zone: row.time_zone.clone(),
        place,
    }
}
