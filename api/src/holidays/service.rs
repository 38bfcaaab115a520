//! Keeping days off, and what follows for what is scheduled.

use chrono::{Datelike, NaiveDate};
use lectern_core::{ids::OrganizationId, schedule::Holidays};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::store;
use crate::{
    app::App,
    audit::{self, EntryKind},
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    jobs::store::{self as jobs, NewJob},
    sessions::series::{self, jobs::REFRESH},
};

/// A day off.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HolidayView {
    /// The day, on every class's clock.
    #[schema(value_type = String, example = "2026-12-16")]
    pub day: NaiveDate,
    /// What it is called.
    #[schema(example = "Victory Day")]
    pub name: String,
}

/// An organization's days off.
pub async fn of(tx: &mut Tx, organization: OrganizationId) -> Result<Holidays, ApiError> {
    Ok(store::all(tx, organization).await?.into_iter().collect())
}

/// How many sessions a day off would call off: none on a day that is off already.
pub(super) async fn would_cancel(
    app: &App,
    organization: OrganizationId,
    day: NaiveDate,
) -> Result<u32, ApiError> {
    let mut tx = app.db.read(organization).await?;
    let count = series::on_day(&mut tx, organization, day, app.clock.now()).await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Adds a day off, or names it anew. Sessions of series that fall on it are called off with its name as reason.
pub async fn save(app: &App, who: &SignedIn, day: NaiveDate, name: &str) -> Result<HolidayView, ApiError> {
    let name =
        crate::people::service::one_line(name, 120).map_err(|message| ApiError::field("name", message))?;
    if !(2000..=2999).contains(&day.year()) {
        return Err(ApiError::field("day", "Write a day such as 2026-12-16."));
    }
    let organization = who.organization;
    let mut tx = app.db.begin(organization).await?;
    store::save(&mut tx, organization, day, &name, app.clock.now()).await?;
    let entry = app.entry(organization, EntryKind::HolidaySaved, who.actor());
    audit::store::insert(&mut tx, &entry.details(json!({"day": day, "name": name}))).await?;
    follow(app, &mut tx, organization).await?;
    tx.commit().await?;
    app.wake.jobs.notify_one();
    Ok(HolidayView { day, name })
}

/// Takes a day off back: series hold class on it again. Fine when it was none.
pub async fn remove(app: &App, who: &SignedIn, day: NaiveDate) -> Result<(), ApiError> {
    let organization = who.organization;
    let mut tx = app.db.begin(organization).await?;
    if !store::remove(&mut tx, organization, day).await? {
        return Ok(());
    }
    let entry = app.entry(organization, EntryKind::HolidayRemoved, who.actor());
    audit::store::insert(&mut tx, &entry.details(json!({"day": day}))).await?;
    follow(app, &mut tx, organization).await?;
    tx.commit().await?;
    app.wake.jobs.notify_one();
    Ok(())
}

async fn follow(app: &App, tx: &mut Tx, organization: OrganizationId) -> Result<(), ApiError> {
    let now = app.clock.now();
    let job = NewJob {
        id: app.ids.next(),
        kind: REFRESH,
        body: json!({}),
        unique_key: Some("holidays"),
        run_at: now,
        now,
    };
    Ok(jobs::insert(tx, organization, &job).await?)
}
