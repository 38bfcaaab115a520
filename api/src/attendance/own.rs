//! What a person sees of their own attendance.

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use lectern_core::{
    attendance::AttendanceState,
    ids::{OrganizationId, PersonId},
};
use lectern_web::{
    Section,
    pages::own_attendance::{OwnAttendance, OwnRow},
};
use serde::Deserialize;
use sqlx::FromRow;
use uuid::Uuid;

use super::pages::page_state;
use crate::{
    app::App,
    calendar,
    db::{StoreError, Tx},
    error::ApiError,
    extract::{Member, Query},
    list::{Paging, end_of_time, instant_cursor, next_url},
    live::feed::instant,
    pages::{Pages, Reader},
    run, statement,
};

// What nobody can judge, or nobody holds against a person, is no part of a share.
statement!(tenant FIGURES, "select count(*) as held, count(case when state <> 'absent' then 1 end) as came, count(case when verified_by is null then 1 end) as proposed
    from attendance where organization_id = $1 and person_id = $2 and state in ('present', 'late', 'left_early', 'absent')");
statement!(tenant PAGE, "select s.id, s.title, c.title as class_title, s.starts_at, s.ends_at, a.state, a.seconds, a.verified_by is not null as verified
    from attendance a join sessions s on s.organization_id = a.organization_id and s.id = a.session_id
        join classes c on c.organization_id = s.organization_id and c.id = s.class_id
    where a.organization_id = $1 and a.person_id = $2 and c.instructor_id <> $2 and (s.starts_at, s.id) < ($3, $4)
    order by s.starts_at desc, s.id desc limit $5");

/// How somebody's attendance stands.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Figures {
    /// Sessions with a verdict that counts.
    pub held: i64,
    /// Of those, how many the person came to.
    pub came: i64,
    /// Of those, how many no teacher has looked at.
    pub proposed: i64,
}

/// How somebody's attendance stands.
pub async fn figures(
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
) -> Result<Figures, ApiError> {
    Ok(run!(one, tx, FIGURES, [organization.uuid(), person.uuid()])?)
}

impl From<Figures> for lectern_web::pages::home::OwnFigures {
    fn from(of: Figures) -> Self {
        let number = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
        Self { held: number(of.held), came: number(of.came), proposed: number(of.proposed) }
    }
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    title: String,
    class_title: String,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    state: String,
    seconds: i64,
    verified: bool,
}

/// Query of the list.
#[derive(Debug, Default, Deserialize)]
pub struct OwnQuery {
    cursor: Option<String>,
}

/// `GET /attendance`: the newest first.
pub async fn list(
    State(app): State<App>,
    who: Member,
    reader: Reader,
    Query(query): Query<OwnQuery>,
) -> Result<Response, ApiError> {
    let paging = Paging::new(None, query.cursor.as_deref())?;
    let (at, id) = paging.instant_and_id()?.unwrap_or_else(end_of_time);
    let mut tx = app.db.read(who.organization).await?;
    let figures = figures(&mut tx, who.organization, who.person).await?;
    let zone = calendar::service::zone_of(&mut tx, &who).await?;
    let rows: Vec<Row> =
        run!(all, &mut tx, PAGE, [who.organization.uuid(), who.person.uuid(), at, id, paging.fetch()])?;
    drop(tx);
    let list = paging.list(rows, |row| instant_cursor(row.starts_at, row.id), shown);
    let page = OwnAttendance {
        figures: Some(figures.into()).filter(|_| figures.held > 0),
        rows: list.items.into_iter().collect::<Result<_, _>>()?,
        zone: zone.name().to_owned(),
        next_url: list.next_cursor.map(|cursor| next_url("/attendance?", &[], &cursor)),
    };
    Pages::new(&app, &who, reader, Section::Attendance).await?.show(&page)
}

fn shown(row: Row) -> Result<OwnRow, ApiError> {
    let state = AttendanceState::parse(&row.state)
        .ok_or_else(|| StoreError::corrupt("attendance", format!("state {}", row.state)))?;
    Ok(OwnRow {
        session_id: row.id.to_string(),
        title: row.title,
        class_title: row.class_title,
        starts_at: instant(row.starts_at),
        ends_at: instant(row.ends_at),
        state: page_state(state),
        minutes: u32::try_from(row.seconds / 60).unwrap_or(0),
        verified: row.verified,
    })
}
