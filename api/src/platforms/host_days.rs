//! A host's day: so many times their meetings may be made and changed, by the platform's count and by ours.
//!
//! Zoom allows a host 100 in a UTC day, over all apps (`reference/zoom.md`, section 5), and tells nobody how many are left. What is
//! counted here is what got through; when the platform itself says that the day is over, it is over here too.

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    ids::OrganizationId,
    provider::{ErrorKind, ProviderError},
};
use lectern_providers::layer::next_utc_day;

use super::{
    Connected,
    store::{connections::Connection, host_writes as store},
};
use crate::{app::App, db::Tx, error::ApiError};

/// What can wait until tomorrow leaves so many for today.
const KEPT_FOR_TODAY: u32 = 10;
/// Days are kept so long.
const KEPT: Duration = Duration::days(7);

fn day_of(now: DateTime<Utc>) -> String {
    now.date_naive().to_string()
}

/// How many a host may have in a day, and who it is; `None` where the platform sets no limit.
fn limited(connected: &Connected) -> Option<(u32, String)> {
    let most = connected.provider.capabilities().limits.host_writes_per_day?;
    let host = connected.host.clone().unwrap_or_else(|| connected.account.user_id.clone());
    Some((most, host)).filter(|(_, host)| !host.is_empty())
}

/// Whether another meeting of this host can be made or changed today, for a session of this start. No transaction may be open.
///
/// # Errors
/// [`ErrorKind::DailyLimit`] until the next day begins.
pub async fn has_room(
    app: &App,
    organization: OrganizationId,
    connected: &Connected,
    starts_at: DateTime<Utc>,
) -> Result<(), ProviderError> {
    let Some((most, host)) = limited(connected) else { return Ok(()) };
    let (provider, now) = (connected.provider.name(), app.clock.now());
    let tomorrow = next_utc_day(now);
    let most = if starts_at > tomorrow { most.saturating_sub(KEPT_FOR_TODAY) } else { most };
    let looking = async {
        let mut look = app.db.read(organization).await?;
        Ok::<_, ApiError>(store::find(&mut look, organization, (provider, &host, &day_of(now))).await?)
    };
    let error = |kind| ProviderError::new(provider, "change a meeting", kind);
    match looking.await {
        Ok(writes) if writes < i64::from(most) => Ok(()),
        Ok(_) => Err(error(ErrorKind::DailyLimit(tomorrow))),
        Err(unread) => Err(error(ErrorKind::Unavailable).source(unread)),
    }
}

/// Counts what became of a call that makes or changes a meeting.
pub async fn count<T>(
    app: &App,
    organization: OrganizationId,
    connected: &Connected,
    outcome: &Result<T, ProviderError>,
) -> Result<(), ApiError> {
    let Some((most, host)) = limited(connected) else { return Ok(()) };
    let writes = match outcome {
        Ok(_) => 1,
        Err(error) if error.maybe_done => 1,
        // Only a day that ends when days end: other answers are waited for as they say.
        Err(error) if error.kind == ErrorKind::DailyLimit(next_utc_day(app.clock.now())) => i64::from(most),
        Err(_) => return Ok(()),
    };
    let day = day_of(app.clock.now());
    let mut tx = app.db.begin(organization).await?;
    store::add(&mut tx, organization, (connected.provider.name(), &host, &day), writes).await?;
    Ok(tx.commit().await?)
}

/// What is used of everybody's day so far.
#[derive(Debug)]
pub(super) struct Today(Vec<(String, String, i64)>);

impl Today {
    pub(super) async fn look(app: &App, tx: &mut Tx, organization: OrganizationId) -> Result<Self, ApiError> {
        Ok(Self(store::of_day(tx, organization, &day_of(app.clock.now())).await?))
    }

    /// Of a connection: of the account itself, or of the host of the organization's account who used most.
    pub(super) fn of(&self, row: &Connection) -> i64 {
        let here = self.0.iter().filter(|(provider, ..)| provider == row.provider.as_str());
        let hosts = here.filter(|(_, host, _)| row.person.is_none() || *host == row.account.user_id);
        hosts.map(|(.., writes)| *writes).max().unwrap_or(0)
    }
}

/// Removes days of the past.
pub async fn clean_up(app: &App, organization: OrganizationId) -> Result<u64, ApiError> {
    let mut tx = app.db.begin(organization).await?;
    let removed = store::remove_before(&mut tx, organization, &day_of(app.clock.now() - KEPT)).await?;
    tx.commit().await?;
    Ok(removed)
}
