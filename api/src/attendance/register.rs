//! A class's register: who came to which of its sessions.

use std::collections::HashMap;

use axum::{extract::State, response::Response};
use lectern_core::{attendance::AttendanceState, ids::ClassId};
use lectern_web::{
    Section,
    pages::class_attendance::{ClassAttendance, Mark, RegisterCell, RegisterRow, RegisterSession},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    pages::page_state,
    store::register::{self as store, Cell, HeldSession, Member, Tally},
};
use crate::{
    app::App,
    classes::{self, Class},
    db::StoreError,
    error::ApiError,
    extract::{Instructor, Path, Query, SignedIn},
    ids::json_list,
    list::{Paging, bad_cursor, end_of_time, instant_cursor},
    live::feed::instant,
    pages::{Pages, Reader},
};

/// Sessions side by side: as many as a laptop shows without scrolling.
const SIDE_BY_SIDE: i64 = 8;
/// What stands between the parts of a cursor of people: in no name, since names have no control characters.
const UNIT: char = '\u{1f}';

/// Query of the register.
#[derive(Debug, Default, Deserialize)]
pub struct RegisterQuery {
    /// The last person of the page before.
    cursor: Option<String>,
    /// The sessions before this one.
    before: Option<String>,
}

/// A piece of the register: some people by name, and some sessions by time.
struct Piece {
    class: Class,
    /// The oldest first, as people read.
    sessions: Vec<HeldSession>,
    members: Vec<Member>,
    cells: Vec<Cell>,
    by_session: HashMap<Uuid, Tally>,
    by_member: HashMap<Uuid, Tally>,
    older: Option<String>,
    next: Option<String>,
}

/// Reads it.
///
/// # Errors
/// [`ApiError::NotFound`] for a class that is not theirs, [`ApiError::Invalid`] for a cursor that is none.
async fn read(app: &App, who: &SignedIn, class: ClassId, query: &RegisterQuery) -> Result<Piece, ApiError> {
    let paging = Paging::new(None, query.cursor.as_deref())?;
    let before = Paging::new(Some(SIDE_BY_SIDE), query.before.as_deref())?;
    let after = paging.text()?.map(|cursor| after(&cursor)).transpose()?.unwrap_or_default();
    let organization = who.organization;
    let mut tx = app.db.read(organization).await?;
    let class = classes::service::own(&mut tx, who, class).await?;
    let until = before.instant_and_id()?.unwrap_or_else(end_of_time);
    let held = store::held(&mut tx, organization, class.id, until, before.fetch()).await?;
    let held = before.list(held, |row| instant_cursor(row.starts_at, row.id), |row| row);
    let from = (after.0.as_str(), after.1.as_str(), after.2);
    let members = store::members(&mut tx, organization, class.id, from, paging.fetch()).await?;
    let key = |row: &Member| format!("{}{UNIT}{}{UNIT}{}", row.first_name, row.last_name, row.id);
    let members = paging.list(members, key, |row| row);
    let sessions = json_list(held.items.iter().map(|session| session.id));
    let people = json_list(members.items.iter().map(|member| member.person_id));
    let cells = store::cells(&mut tx, organization, &sessions, &people).await?;
    let by_session = store::session_figures(&mut tx, organization, &sessions, class.instructor).await?;
    let by_member = store::member_figures(&mut tx, organization, class.id, &people).await?;
    let by_id = |all: Vec<Tally>| all.into_iter().map(|one| (one.id, one)).collect();
    Ok(Piece {
        sessions: held.items.into_iter().rev().collect(),
        members: members.items,
        cells,
        by_session: by_id(by_session),
        by_member: by_id(by_member),
        older: held.next_cursor,
        next: members.next_cursor,
        class,
    })
}

/// The person behind whom a page begins.
fn after(cursor: &str) -> Result<(String, String, Uuid), ApiError> {
    let mut parts = cursor.splitn(3, UNIT);
    let (first, last, id) = (parts.next(), parts.next(), parts.next().and_then(|id| id.parse().ok()));
    match (first, last, id) {
        (Some(first), Some(last), Some(id)) => Ok((first.to_owned(), last.to_owned(), id)),
        _ => Err(bad_cursor()),
    }
}

fn number(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn mark(tally: Option<&Tally>) -> Mark {
    tally.map_or_else(Mark::default, |one| Mark {
        held: number(one.held),
        came: number(one.came),
        proposed: number(one.proposed),
    })
}

/// `GET /classes/{id}/attendance`: the newest sessions, the people by name.
pub async fn show(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Query(query): Query<RegisterQuery>,
) -> Result<Response, ApiError> {
    let piece = read(&app, &who, ClassId(id), &query).await?;
    let mut tx = app.db.read(who.organization).await?;
    let head = classes::pages::head(&mut tx, &who, &piece.class).await?;
    drop(tx);
    let mut cells: HashMap<(Uuid, Uuid), &Cell> = HashMap::new();
    for cell in &piece.cells {
        cells.insert((cell.person_id, cell.session_id), cell);
    }
    let row = |member: &Member| -> Result<RegisterRow, ApiError> {
        let of = |session: &HeldSession| cells.get(&(member.person_id, session.id)).map(|cell| shown(cell));
        Ok(RegisterRow {
            person_id: member.person_id.to_string(),
            name: format!("{} {}", member.first_name, member.last_name).trim().to_owned(),
            cells: piece.sessions.iter().map(|session| of(session).transpose()).collect::<Result<_, _>>()?,
            mark: mark(piece.by_member.get(&member.person_id)),
        })
    };
    let session = |session: &HeldSession| RegisterSession {
        id: session.id.to_string(),
        title: session.title.clone(),
        starts_at: instant(session.starts_at),
        ends_at: instant(session.ends_at),
        zone: session.time_zone.clone(),
        mark: mark(piece.by_session.get(&session.id)),
    };
    let path = format!("/classes/{id}/attendance");
    let page = ClassAttendance {
        class: head,
        sessions: piece.sessions.iter().map(session).collect(),
        rows: piece.members.iter().map(row).collect::<Result<_, _>>()?,
        older_url: piece.older.map(|cursor| format!("{path}?before={cursor}")),
        next_url: piece.next.map(|cursor| match &query.before {
            Some(before) => format!("{path}?before={before}&cursor={cursor}"),
            None => format!("{path}?cursor={cursor}"),
        }),
        newest: query.before.is_none(),
    };
    Pages::new(&app, &who, reader, Section::Classes).await?.show(&page)
}

fn shown(cell: &Cell) -> Result<RegisterCell, ApiError> {
    let state = AttendanceState::parse(&cell.state)
        .ok_or_else(|| StoreError::corrupt("attendance", format!("state {}", cell.state)))?;
    Ok(RegisterCell { state: page_state(state), verified: cell.verified })
}
