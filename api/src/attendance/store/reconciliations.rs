//! How far the platform's report was read.

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{OrganizationId, SessionId},
    sentence::Sentence,
};
use sqlx::{FromRow, types::Json};

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(tenant RECONCILIATION, "select state, attempt, report, problem, problem_words, asked_at, finished_at from reconciliations where organization_id = $1 and session_id = $2");
statement!(tenant SAVE_RECONCILIATION, "insert into reconciliations (organization_id, session_id, state, attempt, report, problem, asked_at, finished_at, problem_words) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict (organization_id, session_id) do update set state = excluded.state, attempt = excluded.attempt, report = excluded.report, problem = excluded.problem, problem_words = excluded.problem_words,
        asked_at = excluded.asked_at, finished_at = excluded.finished_at");

/// How far reading the platform's report has come.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Reconciliation {
    /// `waiting`, `finished` (every run has its report), `none` (nobody to ask) or `given_up`.
    pub state: String,
    /// How often the platform was asked.
    pub attempt: i64,
    /// Which kind of report the last one was.
    pub report: Option<String>,
    /// What stood in the way last time: a sentence.
    pub problem: Option<String>,
    /// The same, for pages in the reader's language.
    #[sqlx(json(nullable))]
    pub problem_words: Option<Sentence>,
    /// When the platform was last asked.
    pub asked_at: Option<DateTime<Utc>>,
    /// When there was nothing more to ask.
    pub finished_at: Option<DateTime<Utc>>,
}

/// A session's reconciliation; none before the first try.
///
/// # Errors
/// When the database refuses.
pub async fn reconciliation(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
) -> Result<Option<Reconciliation>, StoreError> {
    Ok(run!(optional, tx, RECONCILIATION, [organization.uuid(), session.uuid()])?)
}

/// Writes a session's reconciliation.
///
/// # Errors
/// When the database refuses.
pub async fn save_reconciliation(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    reconciliation: &Reconciliation,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        SAVE_RECONCILIATION,
        [
            organization.uuid(),
            session.uuid(),
            &reconciliation.state,
            reconciliation.attempt,
            reconciliation.report.as_deref(),
            reconciliation.problem.as_deref(),
            reconciliation.asked_at,
            reconciliation.finished_at,
            reconciliation.problem_words.as_ref().map(Json)
        ]
    )?;
    Ok(())
}
