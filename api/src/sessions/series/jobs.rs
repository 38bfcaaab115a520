//! Regular work on series: sessions are written out ahead, holidays are kept, and what laws do to clocks is followed.

use chrono_tz::Tz;
use lectern_core::{
    ids::{OrganizationId, SeriesId, SessionId},
    schedule::{Pinned, reconcile, replan},
};

use super::{
    apply::{Hand, end_at, existing},
    store::{self, Place},
};
use crate::{
    app::App,
    audit::Actor,
    classes,
    error::ApiError,
    holidays,
    jobs::{Job, JobError},
    organizations,
    sessions::{
        jobs::Failures,
        service::{class_of, wake},
        store as sessions,
    },
};

/// Brings one organization's series up to date: after its holidays changed.
pub const REFRESH: &str = "series.refresh";
/// Does so for all, and follows the zones.
pub const TICK: &str = "tick.series";

fn told(error: ApiError) -> JobError {
    JobError::Retry(error.problem().detail, None)
}

/// Tick `series`.
pub async fn tick(app: &App) -> Result<(), JobError> {
    let mut failures = Failures::default();
    for organization in organizations::service::all_active(app).await.map_err(told)? {
        failures.note(organization, follow_clocks(app, organization).await);
        failures.note(organization, refresh_all(app, organization).await);
    }
    failures.finish()
}

/// Job `series.refresh`.
pub async fn refresh(app: &App, job: &Job) -> Result<(), JobError> {
    refresh_all(app, job.organization).await.map_err(told)
}

async fn refresh_all(app: &App, organization: OrganizationId) -> Result<(), ApiError> {
    let mut look = app.db.read(organization).await?;
    let active = store::active(&mut look, organization).await?;
    drop(look);
    for id in active {
        refresh_one(app, organization, id).await?;
    }
    Ok(())
}

/// What the series wants now and what is scheduled are brought together; a series without a session to come ends.
async fn refresh_one(app: &App, organization: OrganizationId, id: SeriesId) -> Result<(), ApiError> {
    let (now, zones) = (app.clock.now(), app.zones.as_ref());
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    let course = store::find_to_change(&mut tx, organization, id, zones).await?;
    let Some(mut course) = course.filter(|course| course.active) else { return Ok(()) };
    let class = classes::service::find(&mut tx, organization, course.class).await?;
    let class = class.filter(|class| class.active);
    let days = holidays::of(&mut tx, organization).await?;
    let Some(class) = class.filter(|_| course.plan.goes_on_after(zones, now)) else {
        course.active = false;
        store::update(&mut tx, organization, &course, now).await?;
        return Ok(tx.commit().await?);
    };
    let placed = store::places(&mut tx, organization, id).await?;
    let held: Vec<_> = placed.iter().map(|placed| existing(placed, now)).collect();
    let changes = reconcile(&held, &course.plan.written_out(zones, &days, now), now);
    if changes.is_empty() {
        return Ok(());
    }
    let hand = Hand { app, sealer: &sealer, organization, actor: Actor::System, class: &class, now };
    hand.carry_out(&mut tx, &course, &changes).await?;
    tx.commit().await?;
    wake(app);
    Ok(())
}

/// Sessions keep their time on the clock when a zone's rule changes: their instants move, and people are told.
async fn follow_clocks(app: &App, organization: OrganizationId) -> Result<(), ApiError> {
    let (now, zones) = (app.clock.now(), app.zones.as_ref());
    let mut look = app.db.read(organization).await?;
    let coming = store::pinned(&mut look, organization, now).await?;
    drop(look);
    let mut pinned = Vec::with_capacity(coming.len());
    for (id, clock, zone, starts_at) in coming {
        let Ok(zone) = zone.parse::<Tz>() else { continue };
        match clock {
            Some(local) => pinned.push(Pinned { id, local, zone, starts_at }),
            // From an earlier release: what its clock shows now is what was meant.
            None => {
                let mut tx = app.db.begin(organization).await?;
                store::set_clock(&mut tx, organization, id, zones.local_of(zone, starts_at)).await?;
                tx.commit().await?;
            }
        }
    }
    for moved in replan(zones, &pinned, now) {
        replanned(app, organization, moved.id, moved.starts_at).await?;
    }
    Ok(())
}

async fn replanned(
    app: &App,
    organization: OrganizationId,
    id: SessionId,
    starts_at: chrono::DateTime<chrono::Utc>,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    let before = sessions::find_to_change(&mut tx, organization, id).await?;
    let Some(before) = before.filter(sessions::Session::is_scheduled) else { return Ok(()) };
    let class = class_of(&mut tx, organization, &before).await?;
    let place: Place = store::place_of(&mut tx, organization, id).await?;
    // Somebody may have moved it since it was looked at.
    let right = place.local.zip(before.time_zone.parse::<Tz>().ok());
    if right.is_none_or(|(local, zone)| app.zones.instant_of(zone, local) != starts_at) {
        return Ok(());
    }
    let mut after = sessions::Session { starts_at, ends_at: end_at(&before, starts_at), ..before.clone() };
    let hand = Hand { app, sealer: &sealer, organization, actor: Actor::System, class: &class, now };
    hand.put(&mut tx, &before, &mut after, true).await?;
    tx.commit().await?;
    wake(app);
    Ok(())
}
