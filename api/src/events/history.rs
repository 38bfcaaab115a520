//! Events that were numbered before: for those who come back.

use lectern_core::ids::OrganizationId;

use super::{LiveMessage, publisher, store};
use crate::{app::App, error::ApiError};

/// Beyond so many missed events a watcher starts anew.
const MOST: usize = 5_000;

/// The events after a number.
#[derive(Debug)]
pub enum Since {
    /// These, in order; up to this number nothing more.
    Events(Vec<LiveMessage>, i64),
    /// Too old, too many, or of another database: start anew after this number.
    Gone(i64),
}

/// The number of the last event.
pub async fn last_seq(app: &App) -> Result<i64, ApiError> {
    let mut tx = app.db.system_read().await?;
    Ok(store::last_seq(&mut tx).await?)
}

/// One organization's events after a number.
pub async fn since(app: &App, organization: OrganizationId, since: i64) -> Result<Since, ApiError> {
    let mut tx = app.db.system_read().await?;
    let last = store::last_seq(&mut tx).await?;
    let oldest = store::oldest(&mut tx).await?;
    let kept = oldest.is_none_or(|oldest| since >= oldest - 1);
    if since < 0 || since > last || !kept {
        return Ok(Since::Gone(last));
    }
    let mut rows = Vec::new();
    let mut seen = since;
    while seen < last {
        let page = store::since_of(&mut tx, organization, seen).await?;
        let Some(newest) = page.last() else { break };
        seen = newest.seq;
        rows.extend(page);
        if rows.len() > MOST {
            return Ok(Since::Gone(last));
        }
    }
    drop(tx);
    let mut events = Vec::with_capacity(rows.len());
    for row in rows {
        events.push(LiveMessage::new(row.seq, publisher::open(app, organization, &row).await?));
    }
    Ok(Since::Events(events, seen.max(last)))
}
