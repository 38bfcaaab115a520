//! This and following, or all: a session's series is changed.

use chrono_tz::Tz;
use lectern_core::{
    ids::SessionId,
    schedule::{EditError, Recurrence, Scope, Stage, Wish, edit},
};
use serde_json::json;

use super::{
    apply::{Hand, existing},
    store::{self, Course},
};
use crate::{
    app::App,
    audit::{self, EntryKind},
    error::ApiError,
    extract::SignedIn,
    holidays,
    sessions::{
        service::{ChangeSession, SessionView, own_to_change, view, wake},
        store as sessions,
    },
};

fn refused(error: EditError) -> ApiError {
    match error {
        EditError::NoSuchSlot => not_in_series(),
        EditError::RuleForOne => ApiError::field("scope", error.to_string()),
        EditError::RuleNeeded | EditError::NothingLeft => ApiError::field("recurrence", error.to_string()),
    }
}

pub(super) fn not_in_series() -> ApiError {
    ApiError::conflict(
        "not_in_series",
        "This session does not belong to a series.",
        "Leave scope out, or send \"this\".",
    )
}

/// Changes a session and those behind it, or all of its series that have not begun. What was changed by hand before, called
/// off, or has begun stays as it is.
pub(in crate::sessions) async fn change(
    app: &App,
    who: &SignedIn,
    id: SessionId,
    scope: Scope,
    change: ChangeSession,
    title: Option<String>,
) -> Result<SessionView, ApiError> {
    let now = app.clock.now();
    let organization = who.organization;
    let zones = app.zones.as_ref();
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    let (session, class) = own_to_change(&mut tx, who, id).await?;
    change.is_about(&session)?;
    let place = store::place_of(&mut tx, organization, id).await?;
    let (series, at) = place.slot.ok_or_else(not_in_series)?;
    let course =
        store::find_to_change(&mut tx, organization, series, zones).await?.ok_or_else(not_in_series)?;
    let zone = match change.time_zone.as_deref() {
        Some(name) => Some(
            name.parse::<Tz>()
                .map_err(|_| ApiError::field("time_zone", "Use an IANA zone such as Asia/Dhaka."))?,
        ),
        None => None,
    };
    let clock = zone.unwrap_or(course.plan.zone);
    let local = change.starts_at.map(|starts_at| zones.local_of(clock, starts_at));
    let minutes = change.duration_minutes.and_then(|minutes| u32::try_from(minutes).ok());
    let recurrence = match change.recurrence.as_deref() {
        Some(rule) => Some(
            Recurrence::read(rule, local.unwrap_or(at), clock, zones)
                .map_err(|error| ApiError::field("recurrence", error.to_string()))?,
        ),
        None => None,
    };
    let placed = store::places(&mut tx, organization, series).await?;
    let held: Vec<_> = placed.iter().map(|placed| existing(placed, now)).collect();
    let days = holidays::of(&mut tx, organization).await?;
    let stage = Stage { zones, holidays: &days, series: &course.plan, existing: &held, now };
    let wish = Wish { local, zone, minutes, recurrence };
    let edited = edit(stage, at, scope, &wish).map_err(refused)?;
    let hand = Hand { app, sealer: &sealer, organization, actor: who.actor(), class: &class, now };
    if change.clashes.unwrap_or_default().refuses() {
        hand.refuse_clashes(&mut tx, &edited.changes).await?;
    }
    let new_title = title.clone().unwrap_or_else(|| course.title.clone());
    let mut course = Course { plan: edited.series.unwrap_or(course.plan), ..course };
    let target = match edited.following {
        Some(plan) => {
            store::update(&mut tx, organization, &course, now).await?;
            let next = Course { id: app.new_id(), title: new_title, plan, active: true, ..course };
            store::insert(&mut tx, organization, &next, now).await?;
            store::hand_over(&mut tx, organization, series, at, next.id).await?;
            next
        }
        None => {
            course.title = new_title;
            store::update(&mut tx, organization, &course, now).await?;
            course
        }
    };
    hand.carry_out(&mut tx, &target, &edited.changes).await?;
    if let Some(title) = &title {
        for placed in store::places(&mut tx, organization, target.id).await? {
            let before = sessions::find_to_change(&mut tx, organization, placed.id).await?;
            let Some(before) = before.filter(|before| before.starts_at > now && before.title != *title)
            else {
                continue;
            };
            let mut after = sessions::Session { title: title.clone(), ..before.clone() };
            hand.put(&mut tx, &before, &mut after, false).await?;
        }
    }
    let details = json!({"series": target.id, "scope": scope.as_str(), "recurrence": target.plan.recurrence.to_string(), "changes": edited.changes.len()});
    let entry = app.entry(organization, EntryKind::SeriesChanged, who.actor()).class(class.id).session(id);
    audit::store::insert(&mut tx, &entry.details(details)).await?;
    let session = sessions::find(&mut tx, organization, id).await?.ok_or(ApiError::NotFound)?;
    let view = view(app, &mut tx, who, &session, &class).await?;
    tx.commit().await?;
    wake(app);
    Ok(view)
}
