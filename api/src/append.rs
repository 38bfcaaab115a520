//! The appending task: audit entries and webhook deliveries are written for many callers in one commit.
//!
//! Up to [`MOST`] rows or [`PATIENCE`] go into one transaction; then every caller is told. When a batch fails, its rows
//! are tried one by one, so that a bad row fails alone.

use std::time::Duration;

use lectern_core::ids::OrganizationId;
use tokio::sync::{mpsc, oneshot};

use crate::{
    audit::{self, Entry},
    db::{Db, StoreError},
    webhooks_in::{self, InboxRow},
};

const MOST: usize = 256;
const PATIENCE: Duration = Duration::from_millis(2);
const QUEUE: usize = 8_192;

/// A row to append.
#[derive(Clone, Debug)]
pub enum Row {
    /// What happened.
    Audit(Entry),
    /// A verified delivery.
    Webhook(InboxRow),
}

impl Row {
    const fn organization(&self) -> OrganizationId {
        match self {
            Self::Audit(entry) => entry.organization,
            Self::Webhook(row) => row.organization,
        }
    }
}

/// Whether the row is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is now on disk.
    New,
    /// The same delivery was there already.
    Duplicate,
}

/// The row is not on disk.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the row could not be written")]
pub struct NotAppended;

#[derive(Debug)]
struct Request {
    row: Row,
    done: oneshot::Sender<Result<Appended, NotAppended>>,
}

/// Hands rows to the appending task.
#[derive(Clone, Debug)]
pub struct Appender(mpsc::Sender<Request>);

impl Appender {
    /// Starts the task; it ends when the last handle is dropped.
    #[must_use]
    pub fn start(db: Db) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(run(db, receiver));
        Self(sender)
    }

    /// Writes a row; answers when it is on disk.
    ///
    /// # Errors
    /// [`NotAppended`]: the row is not on disk, or the queue is full.
    pub async fn append(&self, row: Row) -> Result<Appended, NotAppended> {
        let (done, answer) = oneshot::channel();
        self.0.try_send(Request { row, done }).map_err(|_| NotAppended)?;
        answer.await.map_err(|_| NotAppended)?
    }
}

async fn run(db: Db, mut receiver: mpsc::Receiver<Request>) {
    let mut batch = Vec::with_capacity(MOST);
    while receiver.recv_many(&mut batch, MOST).await > 0 {
        // Whoever is already on the way joins this commit; a lone caller does not wait for company.
        if batch.len() > 1 && batch.len() < MOST {
            let patience = tokio::time::sleep(PATIENCE);
            tokio::pin!(patience);
            while batch.len() < MOST {
                let room = MOST - batch.len();
                tokio::select! {
                    biased;
                    more = receiver.recv_many(&mut batch, room) => if more == 0 { break },
                    () = &mut patience => break,
                }
            }
        }
        // Rows of one organization lie together, so that the tenant is switched as rarely as possible.
        batch.sort_by_key(|request| request.row.organization());
        let rows: Vec<&Row> = batch.iter().map(|request| &request.row).collect();
        match write(&db, &rows).await {
            Ok(results) => {
                for (request, result) in batch.drain(..).zip(results) {
                    request.done.send(Ok(result)).ok();
                }
            }
            Err(error) if batch.len() > 1 => {
                tracing::warn!(%error, "a batch of {} rows failed, writing them one by one: {error}", batch.len());
                for request in batch.drain(..) {
                    let result = write(&db, &[&request.row]).await;
                    request.done.send(single(result)).ok();
                }
            }
            Err(error) => {
                for request in batch.drain(..) {
                    tracing::error!(%error, "a row could not be appended: {error}");
                    request.done.send(Err(NotAppended)).ok();
                }
            }
        }
    }
}

fn single(result: Result<Vec<Appended>, StoreError>) -> Result<Appended, NotAppended> {
    match result {
        Ok(results) => results.first().copied().ok_or(NotAppended),
        Err(error) => {
            tracing::error!(%error, "a row could not be appended: {error}");
            Err(NotAppended)
        }
    }
}

async fn write(db: &Db, rows: &[&Row]) -> Result<Vec<Appended>, StoreError> {
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let mut tenant = first.organization();
    let mut tx = db.begin(tenant).await?;
    let mut results = Vec::with_capacity(rows.len());
    for row in rows {
        if row.organization() != tenant {
            tenant = row.organization();
            Db::switch(&mut tx, tenant).await?;
        }
        results.push(match row {
            Row::Audit(entry) => {
                audit::store::insert(&mut tx, entry).await?;
                Appended::New
            }
            Row::Webhook(row) => webhooks_in::store::insert(&mut tx, row).await?,
        });
    }
    tx.commit().await?;
    Ok(results)
}
