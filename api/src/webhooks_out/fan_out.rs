//! From events to deliveries, in the order of their numbers.
//!
//! Deliveries are written first, each once for an endpoint and an event, then how far the outbox was read: whatever crashes
//! between, the next turn reads the same events and writes nothing twice. Two instances may do it at once.

use std::collections::BTreeMap;

use lectern_core::ids::OrganizationId;
use uuid::Uuid;

use super::{
    HookKind, messages,
    store::{
        deliveries::{self, NewDelivery},
        endpoints::{self, Endpoint},
        queue::{self, Row},
    },
};
use crate::{
    app::App,
    db::{StoreError, Tx},
    error::ApiError,
    events::Event,
    keys::{KeyError, Sealer},
};

/// Events of one turn.
const MOST: i64 = 200;
/// Where nobody wants what happens, the place in the outbox is kept only every so many events.
const STRIDE: i64 = 500;

/// Where reading stands in this process; the table knows for all.
#[derive(Debug, Default)]
pub struct FanOut {
    looked: i64,
}

/// A delivery that was composed.
struct Made {
    id: Uuid,
    endpoint: Uuid,
    event: Uuid,
    kind: HookKind,
    payload: Vec<u8>,
}

impl FanOut {
    /// Reads what is new; returns how many deliveries were decided on.
    ///
    /// # Errors
    /// When the database refuses; nothing is lost, the next turn goes on.
    pub async fn turn(&mut self, app: &App) -> Result<usize, ApiError> {
        let mut written = 0;
        while let Some(more) = self.step(app).await? {
            written += more;
        }
        Ok(written)
    }

    /// One step; `None` when there is nothing new.
    async fn step(&mut self, app: &App) -> Result<Option<usize>, ApiError> {
        let mut look = app.db.system_read().await?;
        let at = queue::look(&mut look).await?;
        if !at.anybody || at.last == self.looked {
            self.looked = at.last;
            return Ok(None);
        }
        // A number that is higher than all there are is another outbox's.
        let from = if at.read_to > at.last { 0 } else { at.read_to };
        let rows = queue::after(&mut look, from, at.last, MOST).await?;
        drop(look);
        let whole = i64::try_from(rows.len()).unwrap_or(MOST) < MOST;
        let to = if whole { at.last } else { rows.last().map_or(at.last, |row| row.seq) };
        let mut groups: BTreeMap<Uuid, Vec<Row>> = BTreeMap::new();
        let none_wants = rows.is_empty();
        for row in rows {
            groups.entry(row.organization_id).or_default().push(row);
        }
        let (mut written, mut endpoints) = (0, Vec::new());
        for (organization, rows) in groups {
            match write(app, organization.into(), &rows).await {
                Ok((more, touched)) => {
                    written += more;
                    endpoints.extend(touched);
                }
                Err(error) if passes(&error) => return Err(error),
                Err(error) => {
                    tracing::error!(organization = %organization, %error, "events of organization {organization} cannot be told to webhook endpoints: {error}")
                }
            }
        }
        if !none_wants || to - from >= STRIDE || from != at.read_to {
            let mut tx = app.db.system().await?;
            for endpoint in &endpoints {
                queue::hasten(&mut tx, *endpoint, app.clock.now()).await?;
            }
            queue::advance(&mut tx, at.read_to, to).await?;
            tx.commit().await?;
        }
        if whole {
            self.looked = at.last;
        }
        Ok(Some(written))
    }
}

/// Whether another turn may go better: the database is in the way. Anything else would stand in everybody's way for good.
fn passes(error: &ApiError) -> bool {
    let ApiError::Internal(cause) = error else { return false };
    let by_store = |error: &StoreError| matches!(error, StoreError::Database(_));
    cause.is::<sqlx::Error>()
        || cause.downcast_ref::<StoreError>().is_some_and(by_store)
        || matches!(cause.downcast_ref::<KeyError>(), Some(KeyError::Store(error)) if by_store(error))
}

/// The deliveries of one organization's events: how many are new, and to which endpoints.
async fn write(
    app: &App,
    organization: OrganizationId,
    rows: &[Row],
) -> Result<(usize, Vec<Uuid>), ApiError> {
    let sealer = app.keys.sealer(organization).await?;
    let mut look = app.db.read(organization).await?;
    let listening: Vec<Endpoint> =
        endpoints::all(&mut look, organization).await?.into_iter().filter(Endpoint::is_active).collect();
    let mut made = Vec::new();
    for row in rows {
        match compose(app, &mut look, organization, &sealer, &listening, row).await {
            Ok(more) => made.extend(more),
            Err(error) if passes(&error) => return Err(error),
            Err(error) => {
                tracing::error!(event = %row.id, %error, "event {} cannot be told to webhook endpoints and is left out: {error}", row.id);
            }
        }
    }
    drop(look);
    if made.is_empty() {
        return Ok((0, Vec::new()));
    }
    let mut tx = app.db.begin(organization).await?;
    let mut written = 0;
    for one in &made {
        let new = NewDelivery {
            id: one.id,
            endpoint: one.endpoint,
            event: one.event,
            kind: one.kind.as_str(),
            payload: &one.payload,
            due_at: app.clock.now(),
        };
        // It fails when the endpoint was removed meanwhile: the next turn sees that.
        written += usize::from(deliveries::insert(&mut tx, organization, &new).await?);
    }
    tx.commit().await?;
    let mut touched: Vec<Uuid> = made.into_iter().map(|one| one.endpoint).collect();
    touched.sort_unstable();
    touched.dedup();
    Ok((written, touched))
}

async fn compose(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    sealer: &Sealer,
    listening: &[Endpoint],
    row: &Row,
) -> Result<Vec<Made>, ApiError> {
    if !listening.iter().any(|endpoint| row.created_at >= endpoint.active_at) {
        return Ok(Vec::new());
    }
    let plain = sealer.open("event_outbox", "payload", row.id, &row.payload)?;
    let event: Event = serde_json::from_slice(&plain).map_err(ApiError::internal)?;
    let Some(kind) = HookKind::of(&event) else { return Ok(Vec::new()) };
    let wanting: Vec<_> = listening
        .iter()
        .filter(|endpoint| endpoint.wants(kind.as_str()) && row.created_at >= endpoint.active_at)
        .collect();
    if wanting.is_empty() {
        return Ok(Vec::new());
    }
    let Some(data) = messages::data(app, tx, organization, kind, &event).await? else {
        return Ok(Vec::new());
    };
    let seal = |endpoint: &&Endpoint| {
        let id = app.ids.next();
        let body = messages::body(kind, event.at, &endpoint.version, &data)?;
        let payload = sealer.seal("webhook_deliveries", "payload", id, &body);
        Ok(Made { id, endpoint: endpoint.id, event: row.id, kind, payload })
    };
    wanting.iter().map(seal).collect()
}

/// Up to which number the outbox may be forgotten, as far as endpoints are concerned.
///
/// # Errors
/// When the database refuses.
pub async fn read_to(tx: &mut Tx) -> Result<i64, StoreError> {
    let at = queue::look(tx).await?;
    Ok(if at.anybody && at.read_to <= at.last { at.read_to } else { i64::MAX })
}
