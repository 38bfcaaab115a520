//! Sending one notice to everybody of a session, fast: what they share is read once, many mails are under way at a time, and what
//! was sent is written down in groups while the next are sent.

use std::time::Duration;

use futures::{StreamExt, stream};
use lectern_core::{
    ids::{OrganizationId, PersonId, SessionId},
    join::JoinClaims,
};
use serde_json::json;
use tokio::time::Instant;
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

/// Job `mails.send`. At a crash those that were just being sent may go twice, with the same Message-ID.
pub async fn send(app: &App, job: &Job) -> Result<(), JobError> {
    let session: SessionId = job.id_of("session")?;
    let kind = job.body.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default().to_owned();
    let organization = job.organization;
    let told = |error: ApiError| JobError::Retry(error.problem().detail, None);
    let end = Instant::now() + TURN;
    let mut tx = app.db.read(organization).await?;
    let about = About::load(app, &mut tx, organization, session).await.map_err(told)?;
    drop(tx);
    let mut after = Uuid::nil();
    loop {
        let mut tx = app.db.read(organization).await?;
        let rows = store::wanted(&mut tx, organization, session, &kind, after, READ).await?;
        drop(tx);
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id;
        let mails = stream::iter(rows).map(|row| deliver(app, organization, about.as_ref(), &kind, row));
        let mut done = mails.buffer_unordered(app.mailer.at_once()).ready_chunks(GROUP);
        let mut refused = None;
        while let Some(group) = done.next().await {
            let mut finished: [Vec<Uuid>; 2] = Default::default();
            for (id, outcome) in group {
                match outcome {
                    Outcome::Sent => finished[0].push(id),
                    Outcome::Dropped => finished[1].push(id),
                    Outcome::Later(error) => refused = Some(error),
                }
            }
            let mut tx = app.db.begin(organization).await?;
            for (ids, sent) in finished.iter().zip([true, false]).filter(|(ids, _)| !ids.is_empty()) {
                store::finish(&mut tx, organization, ids, sent, app.clock.now()).await?;
            }
            tx.commit().await?;
        }
        if let Some(error) = refused {
            return Err(JobError::Retry(error.to_string(), None));
        }
        if Instant::now() >= end {
            let mut tx = app.db.begin(organization).await?;
            queue(app, &mut tx, organization, session, &kind).await.map_err(told)?;
            tx.commit().await?;
            return Ok(());
        }
    }
}

async fn deliver(
    app: &App,
    organization: OrganizationId,
    about: Option<&About>,
    kind: &str,
    row: WantedMail,
) -> (Uuid, Outcome) {
    let id = row.id;
    let Some(about) = about.filter(|_| row.person_active) else { return (id, Outcome::Dropped) };
    let to = recipient(organization, about, &row);
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
