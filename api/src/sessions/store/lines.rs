//! Sessions with what a list says of them, in one statement: class, meeting, and the member's place.

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{EnrollmentId, OrganizationId, PersonId},
    provider::ProviderName,
    sentence::Sentence,
};
use lectern_providers::registry;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::{
    meetings::MeetingState,
    sessions::{Row, Session},
};
use crate::{
    db::{StoreError, Tx, in_words},
    run, statement,
};

/// A session as a list needs it.
#[derive(Clone, Debug)]
pub struct Line {
    /// The session.
    pub session: Session,
    /// The series it belongs to.
    pub series: Option<Uuid>,
    /// When its row last changed.
    pub changed_at: DateTime<Utc>,
    /// The class's title.
    pub class_title: String,
    /// The class's own platform.
    pub provider: ProviderName,
    /// Who teaches it.
    pub instructor: PersonId,
    /// The meeting behind it.
    pub meeting: Option<LineMeeting>,
    /// The place of the member whose list it is, with its generation.
    pub place: Option<(EnrollmentId, u32)>,
}

/// A meeting as a list needs it.
#[derive(Clone, Debug)]
pub struct LineMeeting {
    /// On which platform.
    pub provider: ProviderName,
    /// Where it stands.
    pub state: MeetingState,
    /// A stable word for what is wrong, and the words.
    pub problem: Option<(String, Sentence)>,
}

#[derive(FromRow)]
struct LineRow {
    #[sqlx(flatten)]
    session: Row,
    series: Option<Uuid>,
    changed_at: DateTime<Utc>,
    class_title: String,
    class_provider: String,
    instructor: Uuid,
    meeting_provider: Option<String>,
    meeting_state: Option<String>,
    problem_code: Option<String>,
    problem: Option<String>,
    problem_words: Option<Json<Sentence>>,
    place: Option<Uuid>,
    generation: Option<i64>,
}

impl TryFrom<LineRow> for Line {
    type Error = StoreError;

    fn try_from(row: LineRow) -> Result<Self, StoreError> {
        let named = |name: &str| {
            registry::named(name).map_err(|_| StoreError::corrupt("meetings", format!("provider {name}")))
        };
        let meeting = match row.meeting_provider.zip(row.meeting_state) {
            Some((provider, state)) => Some(LineMeeting {
                provider: named(&provider)?,
                state: MeetingState::parse(&state)
                    .ok_or_else(|| StoreError::corrupt("meetings", format!("state {state}")))?,
                problem: row.problem_code.zip(in_words(row.problem, row.problem_words)),
            }),
            None => None,
        };
        Ok(Self {
            session: row.session.try_into()?,
            series: row.series,
            changed_at: row.changed_at,
            class_title: row.class_title,
            provider: named(&row.class_provider)?,
            instructor: row.instructor.into(),
            meeting,
            place: row
                .place
                .zip(row.generation)
                .map(|(id, generation)| (EnrollmentId(id), u32::try_from(generation).unwrap_or_default())),
        })
    }
}

macro_rules! lines {
    ($place:literal, $from:literal) => {
        concat!(
            "select s.id, s.class_id, s.external_id, s.title, s.starts_at, s.ends_at, s.time_zone, s.delivery, s.state, s.started_at, s.ended_at, s.cancel_reason, s.revision,
                case when s.series_slot is not null then s.series_id end as series, s.updated_at as changed_at, c.title as class_title, c.provider as class_provider, c.instructor_id as instructor,
                m.provider as meeting_provider, m.state as meeting_state, m.problem_code, m.problem, m.problem_words, ",
            $place,
            " from ",
            $from,
            " left join meetings m on m.organization_id = s.organization_id and m.session_id = s.id and m.parent_id is null and m.state <> 'removed'
                where s.starts_at >= $2 and s.starts_at < $3 "
        )
    };
}
macro_rules! page {
    ($lines:expr, $rest:literal) => {
        concat!($lines, $rest, " order by s.starts_at, s.id limit $6")
    };
}

// The join is written in the order in which the rows are few: by day for everybody, by class for one person. `cross join` keeps
// SQLite from turning it around.
statement!(tenant ALL,
    sqlite: page!(lines!("null as place, null as generation", "sessions s join classes c on c.organization_id = s.organization_id and c.id = s.class_id"), "and s.organization_id = $1 and (s.starts_at, s.id) > ($4, $5)"),
    postgres: page!(lines!("null::uuid as place, null::bigint as generation", "sessions s join classes c on c.organization_id = s.organization_id and c.id = s.class_id"), "and s.organization_id = $1 and (s.starts_at, s.id) > ($4, $5)"));
statement!(tenant TAUGHT,
    sqlite: page!(lines!("null as place, null as generation", "classes c cross join sessions s on s.organization_id = c.organization_id and s.class_id = c.id"), "and c.organization_id = $1 and c.instructor_id = $7 and (s.starts_at, s.id) > ($4, $5)"),
    postgres: page!(lines!("null::uuid as place, null::bigint as generation", "classes c join sessions s on s.organization_id = c.organization_id and s.class_id = c.id"), "and c.organization_id = $1 and c.instructor_id = $7 and (s.starts_at, s.id) > ($4, $5)"));
statement!(tenant ENROLLED,
    sqlite: page!(lines!("e.id as place, e.generation", "enrollments e cross join sessions s on s.organization_id = e.organization_id and s.class_id = e.class_id join classes c on c.organization_id = s.organization_id and c.id = s.class_id"), "and e.organization_id = $1 and e.person_id = $7 and e.state = 'active' and (s.starts_at, s.id) > ($4, $5)"),
    postgres: page!(lines!("e.id as place, e.generation", "enrollments e join sessions s on s.organization_id = e.organization_id and s.class_id = e.class_id join classes c on c.organization_id = s.organization_id and c.id = s.class_id"), "and e.organization_id = $1 and e.person_id = $7 and e.state = 'active' and (s.starts_at, s.id) > ($4, $5)"));
// The first few of each day, and how many the day has; `$2` is a list of the days' first instants, each with the next day's.
statement!(tenant BY_DAY,
    sqlite: "with days as (select key as day, json_extract(value, '$[0]') as begins, json_extract(value, '$[1]') as ends from json_each($2))
        select d.day, (select count(*) from sessions t where t.organization_id = $1 and t.starts_at >= d.begins and t.starts_at < d.ends) as total,
            s.id, s.class_id, s.external_id, s.title, s.starts_at, s.ends_at, s.time_zone, s.delivery, s.state, s.started_at, s.ended_at, s.cancel_reason, s.revision, c.title as class_title
        from days d cross join sessions s join classes c on c.organization_id = s.organization_id and c.id = s.class_id
        where s.organization_id = $1 and s.id in (select x.id from sessions x where x.organization_id = $1 and x.starts_at >= d.begins and x.starts_at < d.ends order by x.starts_at, x.id limit $3)
        order by d.day, s.starts_at, s.id",
    postgres: "select d.day - 1 as day, (select count(*) from sessions t where t.organization_id = $1 and t.starts_at >= (d.value ->> 0)::timestamptz and t.starts_at < (d.value ->> 1)::timestamptz) as total,
            s.id, s.class_id, s.external_id, s.title, s.starts_at, s.ends_at, s.time_zone, s.delivery, s.state, s.started_at, s.ended_at, s.cancel_reason, s.revision, c.title as class_title
        from json_array_elements($2::json) with ordinality d(value, day)
        cross join lateral (select x.* from sessions x where x.organization_id = $1 and x.starts_at >= (d.value ->> 0)::timestamptz and x.starts_at < (d.value ->> 1)::timestamptz order by x.starts_at, x.id limit $3) s
        join classes c on c.organization_id = s.organization_id and c.id = s.class_id
        order by d.day, s.starts_at, s.id");

/// Whose sessions a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// All of the organization.
    Everybody,
    /// Of classes somebody teaches.
    TaughtBy(PersonId),
    /// Of classes somebody is enrolled in.
    EnrolledBy(PersonId),
}

/// Sessions that start from one instant and before another, in the order of their starts, behind a row.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    whose: Whose,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Line>, StoreError> {
    let (at, id) = after.unwrap_or((from, Uuid::nil()));
    // Rows before the last one shown need not be looked at.
    let from = at.max(from);
    let rows: Vec<LineRow> = match whose {
        Whose::Everybody => run!(all, tx, ALL, [organization.uuid(), from, to, at, id, limit])?,
        Whose::TaughtBy(person) => {
            run!(all, tx, TAUGHT, [organization.uuid(), from, to, at, id, limit, person.uuid()])?
        }
        Whose::EnrolledBy(person) => {
            run!(all, tx, ENROLLED, [organization.uuid(), from, to, at, id, limit, person.uuid()])?
        }
    };
    rows.into_iter().map(Line::try_from).collect()
}

#[derive(FromRow)]
struct DayRow {
    day: i64,
    total: i64,
    #[sqlx(flatten)]
    session: Row,
    class_title: String,
}

/// A session of one of several days.
#[derive(Clone, Debug)]
pub struct OfDay {
    /// Which of the days, from 0.
    pub day: usize,
    /// How many sessions the day has.
    pub total: u32,
    /// The session.
    pub session: Session,
    /// The class's title.
    pub class_title: String,
}

/// The first few sessions of each of several days, of the whole organization. Each day is its first instant and the next day's.
pub async fn by_day(
    tx: &mut Tx,
    organization: OrganizationId,
    days: &[(DateTime<Utc>, DateTime<Utc>)],
    most: i64,
) -> Result<Vec<OfDay>, StoreError> {
    // As SQLite keeps instants: its comparison is one of text.
    let days: Vec<(String, String)> =
        days.iter().map(|(begins, ends)| (begins.to_rfc3339(), ends.to_rfc3339())).collect();
    let rows: Vec<DayRow> =
        run!(all, tx, BY_DAY, [organization.uuid(), serde_json::json!(days).to_string(), most])?;
    rows.into_iter()
        .map(|row| {
            Ok(OfDay {
                day: usize::try_from(row.day).map_err(|error| StoreError::corrupt("sessions", error))?,
                total: u32::try_from(row.total).unwrap_or(u32::MAX),
                session: row.session.try_into()?,
                class_title: row.class_title,
            })
        })
        .collect()
}
