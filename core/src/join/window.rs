use chrono::{DateTime, Utc};

use crate::{ids::SessionId, organization::Policies, session::SessionState};

/// When a session takes place and where it stands: all the choice needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionTimes {
    /// Which one.
    pub id: SessionId,
    /// First instant.
    pub starts_at: DateTime<Utc>,
    /// Last instant.
    pub ends_at: DateTime<Utc>,
    /// Where it stands.
    pub state: SessionState,
}

/// Whether people may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Opens at this instant.
    Early(DateTime<Utc>),
    /// Open now.
    Open,
    /// Over.
    Over,
    /// Called off.
    Cancelled,
}

/// The join window: from some minutes before the start to some after the end; *Start* opens it at once.
///
/// A session that runs on stays open until it is ended; one that was ended is over at once.
#[must_use]
pub fn window(session: &SessionTimes, policies: &Policies, now: DateTime<Utc>) -> Window {
    let opens = session.starts_at - policies.join_opens();
    let closes = session.ends_at + policies.join_closes();
    match session.state {
        SessionState::Cancelled => Window::Cancelled,
        SessionState::Ended => Window::Over,
        SessionState::Live => Window::Open,
        SessionState::Scheduled if now < opens => Window::Early(opens),
        SessionState::Scheduled if now < closes => Window::Open,
        SessionState::Scheduled => Window::Over,
    }
}

/// Which session a class's link opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Its window is open now.
    Open(SessionId),
    /// Several windows are open, earliest start first: the page lists them.
    Several(Vec<SessionId>),
    /// None is open; this one is next, and its window opens at the instant.
    Next(SessionId, DateTime<Utc>),
    /// The next thing to say is that this one was cancelled: nothing else is to come.
    Cancelled(SessionId),
    /// All are over; the last one.
    Over(SessionId),
    /// The class has no session this person may come to.
    Nothing,
}

/// Picks the session whose window is open now, else the next one, else says what has been.
#[must_use]
pub fn choose(sessions: &[SessionTimes], policies: &Policies, now: DateTime<Utc>) -> Choice {
    let mut ordered: Vec<_> = sessions.iter().collect();
    ordered.sort_by_key(|session| (session.starts_at, session.id));
    let with = |wanted: fn(&Window) -> bool| {
        ordered
            .iter()
            .filter(move |session| wanted(&window(session, policies, now)))
            .map(|session| session.id)
    };
    let open: Vec<_> = with(|window| *window == Window::Open).collect();
    match open.as_slice() {
        [one] => return Choice::Open(*one),
        [] => {}
        _ => return Choice::Several(open),
    }
    let next = ordered.iter().find_map(|session| match window(session, policies, now) {
        Window::Early(opens) => Some(Choice::Next(session.id, opens)),
        _ => None,
    });
    if let Some(next) = next {
        return next;
    }
    match ordered.last() {
        None => Choice::Nothing,
        Some(last) if last.state == SessionState::Cancelled => Choice::Cancelled(last.id),
        Some(last) => Choice::Over(last.id),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Duration, TimeZone};
    use uuid::Uuid;

    use super::*;

    fn session(id: u128, starts: i64, state: SessionState) -> SessionTimes {
        let starts_at = Utc.timestamp_opt(starts * 60, 0).single().unwrap_or_default();
        SessionTimes {
            id: SessionId(Uuid::from_u128(id)),
            starts_at,
            ends_at: starts_at + Duration::minutes(45),
            state,
        }
    }

    fn at(minute: i64) -> DateTime<Utc> {
        Utc.timestamp_opt(minute * 60, 0).single().unwrap_or_default()
    }

    #[test]
    fn the_window_opens_a_quarter_before_and_closes_a_quarter_after() {
        let (policies, nine) = (Policies::default(), session(1, 540, SessionState::Scheduled));
        assert_eq!(window(&nine, &policies, at(524)), Window::Early(at(525)));
        assert_eq!(window(&nine, &policies, at(525)), Window::Open);
        assert_eq!(window(&nine, &policies, at(599)), Window::Open);
        assert_eq!(window(&nine, &policies, at(600)), Window::Over);
        assert_eq!(
            window(&session(1, 540, SessionState::Live), &policies, at(100)),
            Window::Open,
            "start opens at once"
        );
        assert_eq!(window(&session(1, 540, SessionState::Ended), &policies, at(545)), Window::Over);
    }

    #[test]
    fn the_open_one_wins_then_the_next_then_what_has_been() {
        let policies = Policies::default();
        let day = [
            session(1, 540, SessionState::Ended),
            session(2, 600, SessionState::Scheduled),
            session(3, 620, SessionState::Scheduled),
        ];
        assert_eq!(choose(&day, &policies, at(580)), Choice::Next(day[1].id, at(585)));
        assert_eq!(choose(&day, &policies, at(590)), Choice::Open(day[1].id));
        assert_eq!(choose(&day, &policies, at(610)), Choice::Several(vec![day[1].id, day[2].id]));
        assert_eq!(choose(&day, &policies, at(700)), Choice::Over(day[2].id));
        assert_eq!(choose(&[], &policies, at(0)), Choice::Nothing);
        let off = [session(1, 540, SessionState::Cancelled)];
        assert_eq!(choose(&off, &policies, at(0)), Choice::Cancelled(off[0].id));
    }
}
