//! What scheduling would come to: every occurrence on the class's and the viewer's clock, before anything is saved.

use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use chrono_tz::Tz;
use lectern_core::{
    ids::{ClassId, OrganizationId, PersonId},
    provider::ProviderName,
    schedule::{End, Slot, clock_changes, rule::LARGEST_COUNT, series::HORIZON, words},
    sentence::Sentence,
    session::Delivery,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{host, schedule::plan, store::BusyRow};
use crate::{
    app::App,
    classes,
    error::ApiError,
    extract::SignedIn,
    holidays, organizations,
    sessions::service::{check_time, check_zone},
};

/// A series that somebody thinks of.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewSessions {
    /// First instant.
    #[schema(value_type = String, example = "2026-12-01T03:00:00Z")]
    pub starts_at: DateTime<Utc>,
    /// 1 to 1440.
    #[schema(example = 60)]
    pub duration_minutes: i64,
    /// IANA zone; the organization's when left out.
    #[serde(default)]
    #[schema(example = "Asia/Dhaka")]
    pub time_zone: Option<String>,
    /// The clock on which the viewer looks too; the organization's zone when left out.
    #[serde(default)]
    #[schema(example = "Europe/London")]
    pub viewer_time_zone: Option<String>,
    /// `virtual` when left out.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub delivery: Option<Delivery>,
    /// A rule in RFC 5545 words; one session when left out.
    #[serde(default)]
    #[schema(example = "FREQ=WEEKLY;BYDAY=TU,TH;COUNT=10")]
    pub recurrence: Option<String>,
}

/// What it would come to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Preview {
    /// The zone of the class's clock.
    pub time_zone: String,
    /// The zone of the viewer's clock.
    pub viewer_time_zone: String,
    /// The rule as it is kept; none for one session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<String>,
    /// The rule in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// The same, for pages in the reader's language.
    #[serde(skip)]
    pub sentence: Option<Sentence>,
    /// A rule without end: what is listed are the next 26 weeks.
    pub goes_on: bool,
    /// In order. Days off are listed too; no session is made for them.
    pub occurrences: Vec<PreviewedSession>,
}

/// One occurrence.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PreviewedSession {
    /// First instant, UTC.
    pub starts_at: DateTime<Utc>,
    /// Last instant, UTC.
    pub ends_at: DateTime<Utc>,
    /// What the class's clock shows then.
    #[schema(value_type = String, example = "2026-12-01T09:00:00")]
    pub local_starts_at: NaiveDateTime,
    /// What the viewer's clock shows then.
    #[schema(value_type = String, example = "2026-12-01T03:00:00")]
    pub viewer_starts_at: NaiveDateTime,
    /// The organization's day off that it falls on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holiday: Option<String>,
    /// The class's clocks were set since the one before, by so many minutes: in other zones it is at another hour from here on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shift_minutes: Option<i64>,
    /// By so many minutes later than the one before (or earlier) the viewer's clock shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub viewer_shift_minutes: Option<i64>,
    /// The clocks skip its time on this day: it begins so many minutes later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped_minutes: Option<i64>,
    /// Its time comes twice on this day: it begins at the first.
    pub twice: bool,
    /// What else the host holds then.
    pub clashes: Vec<ClashingSession>,
}

/// Another session of the same host at the same time.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClashingSession {
    /// Its id.
    pub id: Uuid,
    /// Its class.
    pub class_id: Uuid,
    /// Its title.
    pub title: String,
    /// First instant, UTC.
    pub starts_at: DateTime<Utc>,
    /// Last instant, UTC.
    pub ends_at: DateTime<Utc>,
}

impl From<BusyRow> for ClashingSession {
    fn from(row: BusyRow) -> Self {
        Self {
            id: row.id,
            class_id: row.class_id,
            title: row.title,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
        }
    }
}

/// Works out a series without saving anything.
pub async fn preview(
    app: &App,
    who: &SignedIn,
    class: ClassId,
    asked: PreviewSessions,
) -> Result<Preview, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let class = classes::service::own(&mut tx, who, class).await?;
    drop(tx);
    preview_for(app, who.organization, (class.instructor, class.provider), asked).await
}

/// The same for a host, whose class need not be there yet.
pub async fn preview_for(
    app: &App,
    organization: OrganizationId,
    of_host: (PersonId, ProviderName),
    asked: PreviewSessions,
) -> Result<Preview, ApiError> {
    let (now, zones) = (app.clock.now(), app.zones.as_ref());
    let mut errors = Vec::new();
    check_time(asked.starts_at, asked.duration_minutes, now, &mut errors);
    check_zone(asked.time_zone.as_deref(), &mut errors);
    if asked.viewer_time_zone.as_deref().is_some_and(|zone| zone.parse::<Tz>().is_err()) {
        errors.push(crate::error::FieldError::new(
            "viewer_time_zone",
            "Use an IANA zone such as Europe/London.",
        ));
    }
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let mut tx = app.db.read(organization).await?;
    let settings = organizations::service::settings_in(&mut tx, organization).await?;
    let zone_of =
        |name: Option<&str>| -> Tz { name.unwrap_or(&settings.time_zone).parse().unwrap_or(Tz::UTC) };
    let (zone, viewer) = (zone_of(asked.time_zone.as_deref()), zone_of(asked.viewer_time_zone.as_deref()));
    // One session is the rule that comes once.
    let rule = asked.recurrence.as_deref().unwrap_or("FREQ=DAILY;COUNT=1");
    let plan = plan(app, asked.starts_at, asked.duration_minutes, zone, rule)?;
    let rule = &plan.recurrence.rule;
    let goes_on = rule.end() == End::Never;
    let slots: Vec<Slot> = plan
        .slots(zones)
        .take_while(|slot| !goes_on || slot.starts_at <= now + HORIZON)
        .take(LARGEST_COUNT as usize)
        .filter(|slot| slot.ends_at > now)
        .collect();
    let days = holidays::of(&mut tx, organization).await?;
    let mut clashes = match asked.delivery {
        Some(Delivery::InPerson) => Vec::new(),
        _ => host::taken(&mut tx, organization, of_host, &slots, &[], None).await?,
    };
    let changes = clock_changes(zones, zone, viewer, &slots);
    let minutes = |by: Option<Duration>| by.map(|by| by.num_minutes());
    let occurrences = slots.iter().zip(changes).enumerate().map(|(at, (slot, change))| PreviewedSession {
        starts_at: slot.starts_at,
        ends_at: slot.ends_at,
        local_starts_at: zones.local_of(zone, slot.starts_at),
        viewer_starts_at: zones.local_of(viewer, slot.starts_at),
        holiday: days.get(&slot.local.date()).cloned(),
        shift_minutes: minutes(change.shift),
        viewer_shift_minutes: minutes(change.viewer_shift),
        skipped_minutes: minutes(change.skipped),
        twice: change.twice,
        clashes: clashes
            .iter_mut()
            .find(|(slot, _)| *slot == at)
            .map(|(_, with)| std::mem::take(with).into_iter().map(ClashingSession::from).collect())
            .unwrap_or_default(),
    });
    let said = asked.recurrence.is_some().then(|| words(rule));
    Ok(Preview {
        time_zone: zone.name().to_owned(),
        viewer_time_zone: viewer.name().to_owned(),
        recurrence: asked.recurrence.is_some().then(|| plan.recurrence.to_string()),
        words: said.as_ref().map(ToString::to_string),
        sentence: said,
        goes_on,
        occurrences: occurrences.collect(),
    })
}
