//! `GET /`: a student's first page. When, where, and can I go in?

use serde::Serialize;

use super::session::SessionState;
use crate::{charts::Stretch, environment::Page};

/// One session of the reader's day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DaySession {
    pub id: String,
    pub class_id: String,
    pub title: String,
    pub class_title: String,
    pub instructor: String,
    /// The platform's name; of a session in person none.
    pub platform: Option<String>,
    pub state: SessionState,
    pub hybrid: bool,
    pub in_person: bool,
    pub starts_at: String,
    pub ends_at: String,
    /// When the door opens, while it is not.
    pub opens_at: Option<String>,
    /// Whether the door is open.
    pub open: bool,
}

/// The reader's day: their sessions, and where they stand on the hour line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Day {
    pub now: String,
    /// IANA zone in which the reader sees it.
    pub zone: String,
    /// `morning`, `afternoon` or `evening`, by the reader's clock.
    pub part: &'static str,
    /// Why no class is held today.
    pub holiday: Option<String>,
    pub sessions: Vec<DaySession>,
    /// The same as stretches of the hour line; what is cancelled is left out.
    pub line: Vec<Stretch>,
    /// How many sessions the day has besides.
    pub more: u32,
    /// The last event this page knows.
    pub seq: u64,
}

/// How somebody's attendance stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct OwnFigures {
    /// Sessions with a verdict for the reader that a teacher has looked at; those that nobody can judge are left out.
    pub held: u32,
    /// Of those, how many the reader came to.
    pub came: u32,
    /// Sessions with a proposal that no teacher has looked at: no figure is made of those.
    pub proposed: u32,
}

/// A student's first page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StudentHome {
    pub day: Day,
    /// The session that is open, else the one that opens next.
    pub next: Option<DaySession>,
    /// None before the first verdict.
    pub attendance: Option<OwnFigures>,
    /// Whether the reader belongs to any class.
    pub has_classes: bool,
}

impl DaySession {
    pub(crate) fn sample(title: &str, state: SessionState, hour: u32) -> Self {
        Self {
            id: format!("s-{hour}"),
            class_id: "c1".to_owned(),
            title: title.to_owned(),
            class_title: "Mathematics, class 8".to_owned(),
            instructor: "Farhan Karim".to_owned(),
            platform: Some("Zoom".to_owned()),
            state,
            hybrid: false,
            in_person: false,
            starts_at: format!("2026-11-21T{hour:02}:00:00Z"),
            ends_at: format!("2026-11-21T{hour:02}:45:00Z"),
            opens_at: (state == SessionState::Scheduled)
                .then(|| format!("2026-11-21T{:02}:45:00Z", hour.saturating_sub(1))),
            open: state == SessionState::Live,
        }
    }
}

impl Day {
    pub(crate) fn sample(sessions: Vec<DaySession>) -> Self {
        let held = sessions.iter().filter(|one| one.state != SessionState::Cancelled);
        let line = held.map(|one| Stretch {
            from: one.starts_at.clone(),
            to: one.ends_at.clone(),
            in_person: one.in_person,
        });
        Self {
            now: "2026-11-21T03:13:00Z".to_owned(),
            zone: "Asia/Dhaka".to_owned(),
            part: "morning",
            holiday: None,
            line: line.collect(),
            sessions,
            more: 0,
            seq: 7,
        }
    }
}

impl Page for StudentHome {
    const TEMPLATE: &'static str = "pages/home.html";
    fn samples() -> Vec<Self> {
        let live = DaySession::sample("Fractions", SessionState::Live, 3);
        let next = DaySession::sample("Grammar \"tenses\" <b>", SessionState::Scheduled, 4);
        let room = DaySession {
            in_person: true,
            platform: None,
            ..DaySession::sample("Physics", SessionState::Scheduled, 6)
        };
        let off = DaySession::sample("History", SessionState::Cancelled, 8);
        let over = DaySession::sample("Drawing", SessionState::Ended, 2);
        let tomorrow = DaySession {
            starts_at: "2026-11-23T03:00:00Z".to_owned(),
            ends_at: "2026-11-23T03:45:00Z".to_owned(),
            opens_at: Some("2026-11-23T02:45:00Z".to_owned()),
            hybrid: true,
            ..DaySession::sample("Fractions", SessionState::Scheduled, 3)
        };
        let figures = |proposed| Some(OwnFigures { held: 25, came: 24, proposed });
        let page = |sessions, next, attendance, has_classes| Self {
            day: Day::sample(sessions),
            next,
            attendance,
            has_classes,
        };
        vec![
            page(vec![over, live.clone(), next.clone(), room.clone(), off], Some(live), figures(1), true),
            page(vec![next.clone()], Some(next), figures(0), true),
            page(vec![room.clone()], Some(room), None, true),
            Self {
                day: Day {
                    holiday: Some("Victory Day".to_owned()),
                    part: "evening",
                    ..Day::sample(Vec::new())
                },
                next: Some(tomorrow),
                attendance: None,
                has_classes: true,
            },
            page(Vec::new(), None, None, true),
            page(Vec::new(), None, None, false),
        ]
    }
}
