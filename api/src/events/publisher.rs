//! Gives committed events their numbers and delivers them.
//!
//! An id taken at insert would not be dense: transactions commit out of order. So one publisher (by lease, among all
//! instances) numbers what is committed, and every instance delivers what is numbered.

use std::time::Duration as StdDuration;

use chrono::Duration;
use lectern_core::ids::OrganizationId;
use sqlx::postgres::PgListener;

use super::{Event, LiveMessage, store};
use crate::{app::App, db::StoreError};

const IDLE: StdDuration = StdDuration::from_secs(1);
const LEASE: Duration = Duration::seconds(10);
const PUBLISHER: &str = "publisher";
const CHANNEL: &str = "lectern_events";

/// Where delivery stands in this process.
#[derive(Debug)]
pub struct Delivery {
    seq: i64,
}

impl Delivery {
    /// Starts after everything there is: who wants more asks with `since`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn from_now(app: &App) -> Result<Self, StoreError> {
        let mut tx = app.db.system_read().await?;
        Ok(Self { seq: store::last_seq(&mut tx).await? })
    }

    /// Numbers what waits (when this process holds the lease) and delivers what is new; returns how many were delivered.
    ///
    /// # Errors
    /// When the database refuses; nothing is lost, the next turn goes on.
    pub async fn turn(&mut self, app: &App) -> Result<usize, StoreError> {
        self.number(app).await?;
        let mut delivered = 0;
        loop {
            let mut tx = app.db.system_read().await?;
            let rows = store::since(&mut tx, self.seq).await?;
            drop(tx);
            if rows.is_empty() {
                return Ok(delivered);
            }
            for row in rows {
                self.seq = row.seq;
                delivered += 1;
                let organization = OrganizationId(row.organization_id);
                match open(app, organization, &row).await {
                    Ok(event) => app.hub.deliver(organization, LiveMessage::new(row.seq, event)),
                    Err(error) => tracing::error!(seq = row.seq, "event {} cannot be read: {error}", row.seq),
                }
            }
        }
    }

    async fn number(&self, app: &App) -> Result<(), StoreError> {
        loop {
            let mut look = app.db.system_read().await?;
            let waiting = store::unnumbered(&mut look).await?;
            drop(look);
            if !waiting {
                return Ok(());
            }
            let now = app.clock.now();
            let mut tx = app.db.system().await?;
            if !store::take_lease(&mut tx, PUBLISHER, &app.instance, now + LEASE, now).await? {
                return Ok(());
            }
            store::number(&mut tx).await?;
            tx.commit().await?;
        }
    }
}

/// Gives the lease back, so that another instance, or this one started again, goes on at once.
///
/// # Errors
/// When the database refuses; the lease then runs out by itself.
pub async fn hand_over(app: &App) -> Result<(), StoreError> {
    let mut tx = app.db.system().await?;
    store::release_lease(&mut tx, PUBLISHER, &app.instance).await?;
    tx.commit().await
}

/// Opens a numbered event.
///
/// # Errors
/// When it does not open or is not an event.
pub async fn open(
    app: &App,
    organization: OrganizationId,
    row: &store::Row,
) -> Result<Event, crate::keys::KeyError> {
    let sealer = app.keys.sealer(organization).await?;
    let plain = sealer.open("event_outbox", "payload", row.id, &row.payload)?;
    serde_json::from_slice(&plain)
        .map_err(|_| crate::keys::KeyError::Seal(lectern_core::seal::SealError::Malformed))
}

/// Publishes until the application stops.
pub async fn run(app: App) {
    let mut delivery = match Delivery::from_now(&app).await {
        Ok(delivery) => delivery,
        Err(error) => {
            tracing::error!(%error, "the event publisher cannot start: {error}");
            return;
        }
    };
    let mut listener = listen(&app).await;
    loop {
        match delivery.turn(&app).await {
            Ok(0) => {}
            Ok(_) => {
                app.wake.hooks.notify_one();
                tell_others(&app).await;
            }
            Err(error) => tracing::error!(%error, "events could not be published: {error}"),
        }
        tokio::select! {
            () = app.stopping() => return,
            () = app.wake.outbox.notified() => {}
            () = heard(&mut listener) => {}
            () = tokio::time::sleep(IDLE) => {}
        }
    }
}

/// Other instances look at once instead of within a second: a hint without content.
async fn tell_others(app: &App) {
    if app.db.postgres_options().is_none() {
        return;
    }
    let told = async {
        let mut tx = app.db.system().await?;
        crate::run!(execute, tx, NOTIFY, [])?;
        tx.commit().await
    };
    if let Err(error) = told.await {
        tracing::warn!(%error, "other instances could not be woken: {error}");
    }
}

crate::statement!(system NOTIFY, sqlite: "select 1", postgres: "select pg_notify('lectern_events', '')");

async fn listen(app: &App) -> Option<PgListener> {
    let options = app.db.postgres_options()?;
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(1).connect_lazy_with(options.clone());
    let mut listener = PgListener::connect_with(&pool).await.ok()?;
    listener.listen(CHANNEL).await.ok()?;
    Some(listener)
}

async fn heard(listener: &mut Option<PgListener>) {
    let lost = match listener {
        Some(listener) => listener.recv().await.is_err(),
        None => std::future::pending().await,
    };
    if lost {
        // The one-second look goes on without it.
        *listener = None;
    }
}
