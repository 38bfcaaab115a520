//! What a person sees of their own attendance.

use axum::{extract::State, response::Response};
use lectern_core::{
    attendance::AttendanceState,
    ids::{OrganizationId, PersonId},
};
use lectern_web::{
    Section,
    pages::own_attendance::{OwnAttendance, OwnRow},
};
use serde::Deserialize;

use super::{
    pages::page_state,
    store::{self, Figures, PersonsRow},
};
use crate::{
    app::App,
    calendar,
    db::{StoreError, Tx},
    error::ApiError,
    extract::{Member, Query},
    list::{Paging, end_of_time, instant_cursor, next_url},
    live::feed::instant,
    pages::{Pages, Reader},
};

/// How somebody's attendance stands.
pub async fn figures(
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
) -> Result<Figures, ApiError> {
    Ok(store::figures_of_person(tx, organization, person).await?)
}

impl From<Figures> for lectern_web::pages::home::OwnFigures {
    fn from(of: Figures) -> Self {
        let number = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
        Self { held: number(of.held), came: number(of.came), proposed: number(of.proposed) }
    }
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
    let rows = store::of_person(&mut tx, who.organization, who.person, (at, id), paging.fetch()).await?;
    drop(tx);
    let list = paging.list(rows, |row| instant_cursor(row.starts_at, row.id), shown);
    let page = OwnAttendance {
        figures: Some(figures.into()).filter(|_| figures.held + figures.proposed > 0),
        rows: list.items.into_iter().collect::<Result<_, _>>()?,
        zone: zone.name().to_owned(),
        next_url: list.next_cursor.map(|cursor| next_url("/attendance?", &[], &cursor)),
    };
    Pages::new(&app, &who, reader, Section::Attendance).await?.show(&page)
}

fn shown(row: PersonsRow) -> Result<OwnRow, ApiError> {
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
