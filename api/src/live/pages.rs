//! The live board as a page.

use std::cmp::Reverse;

use axum::{extract::State, response::Response};
use chrono::Duration;
use lectern_core::{
    attendance::{PresenceKind, Source, Whereabouts},
    role::{Role, SessionRole},
    sentence::Sentence,
    session::{Delivery, SessionState},
};
use lectern_web::{
    NoticeKind, Section,
    pages::live::{BoardDetail, BoardFigures, BoardProblem, BoardRow, BoardState, LiveBoard},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    feed::{self, instant},
    service::{self, HeadCount, SessionBoard, count},
};
use crate::{
    app::App,
    audit::{self, EntryKind, service::Filter},
    error::ApiError,
    extract::{Instructor, Query, SignedIn},
    organizations,
    pages::{Pages, Reader},
    sessions::facts,
};

/// More refusals than this within an hour are not counted further.
const MOST_REFUSED: i64 = 1_000;
/// Entries shown of a session that is not opened.
const SHOWN: usize = 6;

/// Query of the board.
#[derive(Debug, Default, Deserialize)]
pub struct BoardQuery {
    open: Option<Uuid>,
    notice: Option<NoticeKind>,
}

/// `GET /live?open={session}`: what is on now; an instructor's own.
pub async fn board(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Query(query): Query<BoardQuery>,
) -> Result<Response, ApiError> {
    let page = board_of(&app, &who, query.open).await?;
    let live = page.figures.live;
    Pages::new(&app, &who, reader, Section::Live).await?.live_now(live).notice(query.notice).show(&page)
}

/// What is on now, for an admin all of it, for an instructor their own; one session with its details.
pub async fn board_of(app: &App, who: &SignedIn, open: Option<Uuid>) -> Result<LiveBoard, ApiError> {
    let seq = crate::events::history::last_seq(app).await?;
    let now = app.clock.now();
    let mut tx = app.db.read(who.organization).await?;
    let settings = organizations::service::settings_in(&mut tx, who.organization).await?;
    let instructor = (who.role == Role::Instructor).then_some(who.person);
    let mut rows = Vec::new();
    let mut problems = Vec::new();
    let mut figures = BoardFigures::default();
    let mut classes = Vec::new();
    let mut on = facts::on_now(&mut tx, who.organization, now, instructor).await?;
    on.retain(|facts| facts.delivery != Delivery::InPerson || facts.state == SessionState::Live);
    for facts in &on {
        classes.push(facts.class.uuid());
        if facts.meeting_state.as_deref() == Some("failed")
            && let Some(problem) = &facts.meeting_problem
        {
            problems.push(BoardProblem {
                sentence: Sentence::known("said.meeting_problem", "{title}: {problem}")
                    .with("title", facts.title.clone())
                    .with("problem", problem.clone()),
                next_step: None,
                url: Some(format!("/sessions/{}", facts.session)),
            });
        }
    }
    for board in service::session_boards(&mut tx, who.organization, on, now).await? {
        let mut feed =
            feed::feed(&mut tx, who.organization, &board, settings.policies.late_after_minutes).await?;
        let open = open == Some(board.facts.session.uuid());
        let last = feed.first().cloned();
        feed.truncate(SHOWN);
        let detail = open.then(|| BoardDetail { steps: feed::steps(&board), feed });
        let row = BoardRow { last, detail, ..row(&board) };
        figures.live += u32::from(board.facts.state == SessionState::Live);
        figures.people += row.here;
        figures.waiting +=
            count(board.places().iter().filter(|place| place.whereabouts == Whereabouts::Waiting).count());
        rows.push(row);
    }
    // Trouble first, then the newest.
    rows.sort_by_key(|row| {
        (matches!(row.state, BoardState::Live | BoardState::Untold), Reverse(row.starts_at.clone()))
    });
    let refused = Filter {
        kind: Some(EntryKind::JoinRefused.as_str().to_owned()),
        from: Some(now - Duration::hours(1)),
        ..Filter::default()
    };
    let refused = audit::service::rows(&mut tx, who.organization, &refused, MOST_REFUSED).await?;
    let all = who.role == Role::Admin;
    figures.refused_last_hour = count(
        refused
            .iter()
            .filter(|row| all || row.class_id.is_some_and(|class| classes.contains(&class)))
            .count(),
    );
    drop(tx);
    Ok(LiveBoard {
        now: instant(now),
        zone: settings.time_zone,
        figures,
        problems,
        rows,
        seq: u64::try_from(seq).unwrap_or(0),
    })
}

fn row(board: &SessionBoard) -> BoardRow {
    let facts = &board.facts;
    let HeadCount { here, strangers, expected: roster } = board.head_count();
    let teacher = board.board.people.iter().find(|live| live.role == SessionRole::Instructor);
    let teaches = teacher.is_some_and(|live| live.whereabouts == Whereabouts::InClass);
    let events = || {
        board
            .presences
            .iter()
            .filter(|stay| stay.key.source == Source::Webhook && stay.key.kind == PresenceKind::Main)
    };
    let state = if facts.meeting_state.as_deref() == Some("failed") {
        BoardState::Failed
    } else if facts.state == SessionState::Live && teaches {
        BoardState::Live
    } else if facts.state == SessionState::Live && !board.is_told() {
        BoardState::Untold
    } else {
        BoardState::HostMissing
    };
    BoardRow {
        session_id: facts.session.to_string(),
        title: facts.title.clone(),
        class_title: facts.class_title.clone(),
        instructor: board
            .expected
            .iter()
            .find(|expected| expected.seat.person == facts.instructor)
            .map(|expected| expected.seat.name.clone())
            .unwrap_or_default(),
        platform: facts.provider.title().to_owned(),
        state,
        starts_at: instant(facts.starts_at),
        ends_at: instant(facts.ends_at),
        started_at: facts.started_at.map(instant),
        zone: facts.time_zone.clone(),
        here,
        strangers,
        roster,
        joins: count(events().map(|stay| stay.joins.len()).sum()),
        leaves: count(events().map(|stay| stay.leaves.len()).sum()),
        through_door: board.through_door(),
        last: None,
        detail: None,
    }
}
