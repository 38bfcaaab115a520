//! Series, the places of sessions in them, and who is busy.

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use lectern_core::{
    ids::{ClassId, OrganizationId, PersonId, SeriesId, SessionId},
    schedule::{Recurrence, Series, Zones},
    session::{Delivery, SessionState},
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run,
    sessions::Session,
    statement,
};

/// How times on the clock are stored.
const LOCAL: &str = "%Y-%m-%dT%H:%M:%S";

/// A stored time on the clock.
pub fn local_text(local: NaiveDateTime) -> String {
    local.format(LOCAL).to_string()
}

fn local(table: &'static str, text: &str) -> Result<NaiveDateTime, StoreError> {
    NaiveDateTime::parse_from_str(text, LOCAL)
        .map_err(|_| StoreError::corrupt(table, format!("the local time {text}")))
}

/// A series of a class.
#[derive(Clone, Debug)]
pub struct Course {
    /// Its id.
    pub id: SeriesId,
    /// Of which class.
    pub class: ClassId,
    /// The title of its sessions.
    pub title: String,
    /// Online, hybrid or in the room.
    pub delivery: Delivery,
    /// Start, zone, length and rule.
    pub plan: Series,
    /// Whether sessions are still written out.
    pub active: bool,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    class_id: Uuid,
    title: String,
    local_start: String,
    time_zone: String,
    duration_minutes: i64,
    delivery: String,
    recurrence: String,
    state: String,
}

impl Row {
    fn course(self, zones: &dyn Zones) -> Result<Course, StoreError> {
        let broken = |what: &str| StoreError::corrupt("series", what);
        let start = local("series", &self.local_start)?;
        let zone: Tz = self.time_zone.parse().map_err(|_| broken("time_zone"))?;
        Ok(Course {
            id: self.id.into(),
            class: self.class_id.into(),
            title: self.title,
            delivery: Delivery::parse(&self.delivery).ok_or_else(|| broken("delivery"))?,
            plan: Series {
                start,
                zone,
                minutes: u32::try_from(self.duration_minutes).map_err(|_| broken("duration_minutes"))?,
                recurrence: Recurrence::read(&self.recurrence, start, zone, zones)
                    .map_err(|error| broken(&error.to_string()))?,
            },
            active: self.state == "active",
        })
    }
}

macro_rules! series_columns {
    ($rest:literal) => {
        concat!(
            "select id, class_id, title, local_start, time_zone, duration_minutes, delivery, recurrence, state from series ",
            $rest
        )
    };
}

statement!(tenant INSERT, "insert into series (id, organization_id, class_id, title, local_start, time_zone, duration_minutes, delivery, recurrence, state, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'active', $10, $10)");
statement!(tenant UPDATE, "update series set title = $3, local_start = $4, time_zone = $5, duration_minutes = $6, recurrence = $7, state = $8, updated_at = $9 where organization_id = $1 and id = $2");
statement!(tenant FIND_TO_CHANGE,
    sqlite: series_columns!("where organization_id = $1 and id = $2"),
    postgres: series_columns!("where organization_id = $1 and id = $2 for update"));
statement!(tenant ACTIVE, "select id from series where organization_id = $1 and state = 'active' order by id");
statement!(tenant ACTIVE_OF_CLASS, "select id from series where organization_id = $1 and class_id = $2 and state = 'active' order by id");
statement!(tenant INSERT_SESSION, "insert into sessions (id, organization_id, class_id, series_id, series_slot, local_start, title, starts_at, ends_at, time_zone, delivery, state, revision, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10, 'scheduled', 0, $11, $11)");
statement!(tenant PLACES, "select id, series_slot, starts_at, ends_at, state, moved from sessions where organization_id = $1 and series_id = $2 and series_slot is not null order by series_slot");
statement!(tenant PLACE_OF, "select series_id, series_slot, local_start, moved from sessions where organization_id = $1 and id = $2");
statement!(tenant SET_PLACE, "update sessions set series_id = $3, series_slot = $4, local_start = $5, moved = $6 where organization_id = $1 and id = $2");
statement!(tenant HAND_OVER, "update sessions set series_id = $4 where organization_id = $1 and series_id = $2 and series_slot >= $3");
statement!(tenant SET_CLOCK, "update sessions set local_start = $3 where organization_id = $1 and id = $2");
statement!(tenant PINNED, "select id, local_start, time_zone, starts_at from sessions where organization_id = $1 and state = 'scheduled' and starts_at > $2 order by starts_at, id");
statement!(tenant ON_DAY, "select count(*) from sessions where organization_id = $1 and starts_at >= $2 and starts_at < $3 and state = 'scheduled' and series_id is not null and not moved and substr(local_start, 1, 10) = $4");
statement!(tenant LOCK_HOST,
    sqlite: "select id from people where organization_id = $1 and id = $2",
    postgres: "select id from people where organization_id = $1 and id = $2 for no key update");
statement!(tenant BUSY, "select s.id, s.class_id, s.title, s.starts_at, s.ends_at, c.provider from sessions s join classes c on c.organization_id = s.organization_id and c.id = s.class_id
    where s.organization_id = $1 and c.instructor_id = $2 and s.starts_at < $4 and s.ends_at > $3 and s.state in ('scheduled', 'live') and s.delivery <> 'in_person'
    order by s.starts_at, s.id");

/// Adds a series.
pub async fn insert(
    tx: &mut Tx,
    organization: OrganizationId,
    course: &Course,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        INSERT,
        [
            course.id.uuid(),
            organization.uuid(),
            course.class.uuid(),
            &course.title,
            local_text(course.plan.start),
            course.plan.zone.name(),
            i64::from(course.plan.minutes),
            course.delivery.as_str(),
            course.plan.recurrence.to_string(),
            now
        ]
    )?;
    Ok(())
}

/// Writes what may change.
pub async fn update(
    tx: &mut Tx,
    organization: OrganizationId,
    course: &Course,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        UPDATE,
        [
            organization.uuid(),
            course.id.uuid(),
            &course.title,
            local_text(course.plan.start),
            course.plan.zone.name(),
            i64::from(course.plan.minutes),
            course.plan.recurrence.to_string(),
            if course.active { "active" } else { "ended" },
            now
        ]
    )?;
    Ok(())
}

/// A series that is about to be changed: nobody else changes it until the transaction ends.
pub async fn find_to_change(
    tx: &mut Tx,
    organization: OrganizationId,
    id: SeriesId,
    zones: &dyn Zones,
) -> Result<Option<Course>, StoreError> {
    let row: Option<Row> = run!(optional, tx, FIND_TO_CHANGE, [organization.uuid(), id.uuid()])?;
    row.map(|row| row.course(zones)).transpose()
}

/// Series of which sessions are still written out.
pub async fn active(tx: &mut Tx, organization: OrganizationId) -> Result<Vec<SeriesId>, StoreError> {
    let ids: Vec<Uuid> = run!(values, tx, ACTIVE, [organization.uuid()])?;
    Ok(ids.into_iter().map(SeriesId).collect())
}

/// The same of one class.
pub async fn active_of_class(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
) -> Result<Vec<SeriesId>, StoreError> {
    let ids: Vec<Uuid> = run!(values, tx, ACTIVE_OF_CLASS, [organization.uuid(), class.uuid()])?;
    Ok(ids.into_iter().map(SeriesId).collect())
}

/// Adds a session of a series, in its slot.
pub async fn insert_session(
    tx: &mut Tx,
    organization: OrganizationId,
    series: SeriesId,
    slot: NaiveDateTime,
    session: &Session,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        INSERT_SESSION,
        [
            session.id.uuid(),
            organization.uuid(),
            session.class.uuid(),
            series.uuid(),
            local_text(slot),
            &session.title,
            session.starts_at,
            session.ends_at,
            &session.time_zone,
            session.delivery.as_str(),
            now
        ]
    )?;
    Ok(())
}

/// A session in its slot.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Which.
    pub id: SessionId,
    /// Its slot's time by the rule.
    pub slot: NaiveDateTime,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// Where it stands.
    pub state: SessionState,
    /// Somebody moved it by itself.
    pub moved: bool,
}

/// The sessions of a series that hold a slot, in the order of the slots.
pub async fn places(
    tx: &mut Tx,
    organization: OrganizationId,
    series: SeriesId,
) -> Result<Vec<Placed>, StoreError> {
    type Columns = (Uuid, String, DateTime<Utc>, DateTime<Utc>, String, bool);
    let rows: Vec<Columns> = run!(all, tx, PLACES, [organization.uuid(), series.uuid()])?;
    rows.into_iter()
        .map(|(id, slot, starts_at, ends_at, state, moved)| {
            Ok(Placed {
                id: id.into(),
                slot: local("sessions", &slot)?,
                starts_at,
                ends_at,
                state: SessionState::parse(&state)
                    .ok_or_else(|| StoreError::corrupt("sessions", format!("state {state}")))?,
                moved,
            })
        })
        .collect()
}

/// Where a session belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// To which series, in which slot.
    pub slot: Option<(SeriesId, NaiveDateTime)>,
    /// The time on its clock; unknown in rows of an earlier release.
    pub local: Option<NaiveDateTime>,
    /// Somebody moved it by itself.
    pub moved: bool,
}

/// Where a session belongs.
pub async fn place_of(tx: &mut Tx, organization: OrganizationId, id: SessionId) -> Result<Place, StoreError> {
    type Columns = (Option<Uuid>, Option<String>, Option<String>, bool);
    let row: Option<Columns> = run!(optional, tx, PLACE_OF, [organization.uuid(), id.uuid()])?;
    let Some((series, slot, clock, moved)) = row else { return Ok(Place::default()) };
    let slot = slot.map(|slot| local("sessions", &slot)).transpose()?;
    Ok(Place {
        slot: series.map(SeriesId).zip(slot),
        local: clock.map(|clock| local("sessions", &clock)).transpose()?,
        moved,
    })
}

/// Writes where a session belongs; without a slot it is out of its series.
pub async fn set_place(
    tx: &mut Tx,
    organization: OrganizationId,
    id: SessionId,
    place: &Place,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        SET_PLACE,
        [
            organization.uuid(),
            id.uuid(),
            place.slot.map(|(series, _)| series.uuid()),
            place.slot.map(|(_, slot)| local_text(slot)),
            place.local.map(local_text),
            place.moved
        ]
    )?;
    Ok(())
}

/// From a slot on the sessions of one series belong to another.
pub async fn hand_over(
    tx: &mut Tx,
    organization: OrganizationId,
    from: SeriesId,
    at: NaiveDateTime,
    to: SeriesId,
) -> Result<(), StoreError> {
    run!(execute, tx, HAND_OVER, [organization.uuid(), from.uuid(), local_text(at), to.uuid()])?;
    Ok(())
}

/// Writes the time on a session's clock.
pub async fn set_clock(
    tx: &mut Tx,
    organization: OrganizationId,
    id: SessionId,
    local: NaiveDateTime,
) -> Result<(), StoreError> {
    run!(execute, tx, SET_CLOCK, [organization.uuid(), id.uuid(), local_text(local)])?;
    Ok(())
}

/// Id, time on the clock, zone and instant of what is to come, in order.
pub async fn pinned(
    tx: &mut Tx,
    organization: OrganizationId,
    after: DateTime<Utc>,
) -> Result<Vec<(SessionId, Option<NaiveDateTime>, String, DateTime<Utc>)>, StoreError> {
    type Columns = (Uuid, Option<String>, String, DateTime<Utc>);
    let rows: Vec<Columns> = run!(all, tx, PINNED, [organization.uuid(), after])?;
    rows.into_iter()
        .map(|(id, clock, zone, starts_at)| {
            let clock = clock.map(|clock| local("sessions", &clock)).transpose()?;
            Ok((SessionId(id), clock, zone, starts_at))
        })
        .collect()
}

/// How many sessions of series to come stand on a day of their own clocks, those left out that somebody moved there by hand.
pub async fn on_day(
    tx: &mut Tx,
    organization: OrganizationId,
    day: NaiveDate,
    after: DateTime<Utc>,
) -> Result<i64, StoreError> {
    // No clock is further from UTC than fourteen hours.
    let midnight = day.and_time(NaiveTime::MIN).and_utc();
    let (from, until) = (midnight - Duration::hours(14), midnight + Duration::hours(24 + 14));
    Ok(run!(value, tx, ON_DAY, [organization.uuid(), from.max(after), until, day.to_string()])?)
}

/// Nobody else plans this host's time until the transaction ends. SQLite has one writer anyway.
pub async fn lock_host(tx: &mut Tx, organization: OrganizationId, host: PersonId) -> Result<(), StoreError> {
    let _locked: Option<Uuid> = run!(optional_value, tx, LOCK_HOST, [organization.uuid(), host.uuid()])?;
    Ok(())
}

/// Something that takes a host's time.
#[derive(Clone, Debug, FromRow)]
pub struct BusyRow {
    /// The session.
    pub id: Uuid,
    /// Its class.
    pub class_id: Uuid,
    /// Its title.
    pub title: String,
    /// Its begin.
    pub starts_at: DateTime<Utc>,
    /// Its end.
    pub ends_at: DateTime<Utc>,
    /// On which platform.
    pub provider: String,
}

/// What a person holds online between two instants, in order.
pub async fn busy(
    tx: &mut Tx,
    organization: OrganizationId,
    host: PersonId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<BusyRow>, StoreError> {
    Ok(run!(all, tx, BUSY, [organization.uuid(), host.uuid(), from, to])?)
}
