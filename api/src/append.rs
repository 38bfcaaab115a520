//! The appending task: audit entries and webhook deliveries are written for many callers in one commit.
//!
//! While one commit is under way, rows gather for the next: up to 256 go into one transaction, a lone row never waits for
//! company. Then every caller is told. When a batch fails, its rows are tried one by one, so that a bad row fails alone.

use std::collections::BTreeMap;

use lectern_core::ids::OrganizationId;
use tokio::sync::{mpsc, oneshot};

use crate::{
    audit::{self, Entry},
    db::{Db, StoreError},
    webhooks_in::{self, InboxRow},
};

const MOST: usize = 256;
const QUEUE: usize = 8_192;

/// A row to append.
#[derive(Clone, Debug)]
pub enum Row {
    /// What happened.
    Audit(Entry),
    /// A verified delivery.
    Webhook(InboxRow),
}

/// The row is not on disk.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the row could not be written")]
pub struct NotAppended;

#[derive(Debug)]
struct Request {
    row: Row,
    done: oneshot::Sender<Result<(), NotAppended>>,
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

    /// Whether rows wait for their commit.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.0.capacity() < self.0.max_capacity()
    }

    /// Whether the task runs.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.0.is_closed()
    }

    /// Writes a row; answers when it is on disk.
    ///
    /// # Errors
    /// [`NotAppended`]: the row is not on disk, or the queue is full.
    pub async fn append(&self, row: Row) -> Result<(), NotAppended> {
        let (done, answer) = oneshot::channel();
        self.0.try_send(Request { row, done }).map_err(|_| NotAppended)?;
        answer.await.map_err(|_| NotAppended)?
    }
}

async fn run(db: Db, mut receiver: mpsc::Receiver<Request>) {
    let mut batch = Vec::with_capacity(MOST);
    while receiver.recv_many(&mut batch, MOST).await > 0 {
        let rows: Vec<&Row> = batch.iter().map(|request| &request.row).collect();
        match write(&db, &rows).await {
            Err(error) if batch.len() > 1 => {
                tracing::warn!(%error, "a batch of {} rows failed, writing them one by one: {error}", batch.len());
                for Request { row, done } in batch.drain(..) {
                    done.send(told(write(&db, &[&row]).await)).ok();
                }
            }
            written => {
                let answer = told(written);
                for request in batch.drain(..) {
                    request.done.send(answer).ok();
                }
            }
        }
    }
}

fn told(written: Result<(), StoreError>) -> Result<(), NotAppended> {
    written.map_err(|error| {
        tracing::error!(%error, "a row could not be appended: {error}");
        NotAppended
    })
}

/// One commit for rows of all kinds and organizations.
async fn write(db: &Db, rows: &[&Row]) -> Result<(), StoreError> {
    let mut deliveries = Vec::new();
    let mut entries: BTreeMap<OrganizationId, Vec<&Entry>> = BTreeMap::new();
    for row in rows {
        match row {
            Row::Webhook(delivery) => deliveries.push(delivery),
            Row::Audit(entry) => entries.entry(entry.organization).or_default().push(entry),
        }
    }
    // The inbox is no tenant's table: any organization's transaction writes it.
    let first = entries.keys().next().copied().or_else(|| deliveries.first().map(|row| row.organization));
    let Some(mut tenant) = first else { return Ok(()) };
    let mut tx = db.begin(tenant).await?;
    if !deliveries.is_empty() {
        webhooks_in::store::insert(&mut tx, &deliveries).await?;
    }
    for (organization, entries) in entries {
        if organization != tenant {
            tenant = organization;
            Db::switch(&mut tx, tenant).await?;
        }
        audit::store::insert_all(&mut tx, &entries).await?;
    }
    tx.commit().await
}
