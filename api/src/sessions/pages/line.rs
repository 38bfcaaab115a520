use lectern_core::session::SessionState;
use lectern_web::pages::session as page;

use crate::{live::feed::instant, sessions::Session};

/// A session's state in the pages' words.
#[must_use]
pub const fn page_state(state: SessionState) -> page::SessionState {
    match state {
        SessionState::Scheduled => page::SessionState::Scheduled,
        SessionState::Live => page::SessionState::Live,
        SessionState::Ended => page::SessionState::Ended,
        SessionState::Cancelled => page::SessionState::Cancelled,
    }
}

/// A session as one line of a list; `came` says how many came, of how many.
#[must_use]
pub fn line(session: &Session, came: Option<(u32, u32)>) -> page::SessionLine {
    page::SessionLine {
        id: session.id.to_string(),
        title: session.title.clone(),
        state: page_state(session.state),
        starts_at: instant(session.starts_at),
        ends_at: instant(session.ends_at),
        zone: session.time_zone.clone(),
        here: came.map(|(came, _)| came),
        expected: came.map_or(0, |(_, of)| of),
    }
}
