//! A class that takes place again and again: the series, and its sessions as far as they are written out.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use lectern_core::{
    schedule::{End, Recurrence, Series, Slot, rule::LARGEST_COUNT},
    session::Delivery,
};
use serde_json::json;

use super::{
    apply::Hand,
    host,
    store::{self, Course},
};
use crate::{
    app::App,
    audit::{self, EntryKind},
    classes::Class,
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    holidays,
    keys::Sealer,
    notify, organizations,
    sessions::{Session, service::Clashes},
};

/// Nothing is scheduled further ahead.
pub(super) const FURTHEST: Duration = Duration::days(5 * 366);

/// A checked request for a series.
#[derive(Clone, Debug)]
pub(in crate::sessions) struct Asked {
    /// The first instant.
    pub(in crate::sessions) starts_at: DateTime<Utc>,
    /// How long, in minutes.
    pub(in crate::sessions) minutes: i64,
    /// IANA zone; the organization's when left out.
    pub(in crate::sessions) zone: Option<String>,
    /// The class's title when left out.
    pub(in crate::sessions) title: Option<String>,
    /// Online, hybrid or in the room.
    pub(in crate::sessions) delivery: Delivery,
    /// RFC 5545's words.
    pub(in crate::sessions) rule: String,
    /// Which clashes of the host refuse it.
    pub(in crate::sessions) clashes: Clashes,
}

/// The plan that a request asks for.
///
/// # Errors
/// [`ApiError::Invalid`]: a rule that is not accepted, that leaves nothing to come, or reaches too far.
pub(super) fn plan(
    app: &App,
    starts_at: DateTime<Utc>,
    minutes: i64,
    zone: Tz,
    rule: &str,
) -> Result<Series, ApiError> {
    let refused = |why: String| ApiError::field("recurrence", why);
    let start = app.zones.local_of(zone, starts_at);
    let recurrence = Recurrence::read(rule, start, zone, app.zones.as_ref())
        .map_err(|error| refused(error.to_string()))?;
    let minutes = u32::try_from(minutes)
        .map_err(|_| ApiError::field("duration_minutes", "Between 1 and 1440 minutes."))?;
    let plan = Series { start, zone, minutes, recurrence };
    let now = app.clock.now();
    if plan.recurrence.rule.end() != End::Never {
        let most = LARGEST_COUNT as usize;
        let (many, last) = plan
            .slots(app.zones.as_ref())
            .take(most + 1)
            .fold((0, None), |(many, _), slot| (many + 1, Some(slot.ends_at)));
        if many > most {
            return Err(refused(format!("At most {most} sessions. Choose an earlier end.")));
        }
        if last.is_none_or(|last| last <= now) {
            return Err(refused("No session to come is left by this rule. Choose a later end.".to_owned()));
        }
        if last.is_some_and(|last| last > now + FURTHEST) {
            return Err(refused("At most five years ahead. Choose an earlier end.".to_owned()));
        }
    } else if !plan.goes_on_after(app.zones.as_ref(), now) {
        return Err(refused("No day fits this rule.".to_owned()));
    }
    Ok(plan)
}

/// Schedules a series in the caller's transaction. People get one mail, for its first session; the link in it is good for all.
pub(in crate::sessions) async fn schedule(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    who: &SignedIn,
    class: &Class,
    asked: Asked,
) -> Result<Vec<Session>, ApiError> {
    let now = app.clock.now();
    let organization = who.organization;
    let settings = organizations::service::settings_in(tx, organization).await?;
    let zone = asked.zone.unwrap_or(settings.time_zone).parse().unwrap_or(Tz::UTC);
    let plan = plan(app, asked.starts_at, asked.minutes, zone, &asked.rule)?;
    let days = holidays::of(tx, organization).await?;
    let slots: Vec<Slot> = plan
        .written_out(app.zones.as_ref(), &days, now)
        .into_iter()
        .filter(|slot| slot.ends_at > now)
        .collect();
    let course = Course {
        id: app.new_id(),
        class: class.id,
        title: asked.title.unwrap_or_else(|| class.title.clone()),
        delivery: asked.delivery,
        plan,
        active: true,
    };
    let online = asked.delivery != Delivery::InPerson;
    match asked.clashes {
        Clashes::RefuseAny if online => host::refuse_any_clash(tx, organization, class, &slots).await?,
        Clashes::Refuse if online => host::refuse_clashes(tx, organization, class, &slots, &[]).await?,
        Clashes::Refuse | Clashes::RefuseAny | Clashes::Allow => {}
    }
    store::insert(tx, organization, &course, now).await?;
    let hand = Hand { app, sealer, organization, actor: who.actor(), class, now };
    let sessions = hand.add(tx, &course, &slots).await?;
    let details = json!({"series": course.id, "recurrence": course.plan.recurrence.to_string(), "sessions": sessions.len()});
    let entry = app.entry(organization, EntryKind::SeriesScheduled, who.actor()).class(class.id);
    audit::store::insert(tx, &entry.details(details)).await?;
    hand.announce(tx, &sessions).await?;
    if let Some(first) = sessions.first() {
        notify::service::session_scheduled(app, tx, sealer, organization, first, class).await?;
    }
    Ok(sessions)
}
