//! `GET /`: an instructor's first page.

use lectern_core::sentence::Sentence;
use serde::Serialize;

use super::{
    home::{Day, DaySession},
    session::SessionState,
};
use crate::environment::Page;

/// Something that stands in the way, with where it is mended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// About which session; none for all of them.
    pub about: Option<TroubledSession>,
    pub words: Sentence,
    pub url: String,
    /// The last part of its `trouble.*` key: the words on the button.
    pub action: &'static str,
}

/// The first session that something stands in the way of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TroubledSession {
    pub title: String,
    pub starts_at: String,
    /// Whoever teaches it, where that is somebody else than the reader.
    pub instructor: Option<String>,
    /// How many later ones have the same in their way.
    pub more: u32,
}

/// A session whose attendance waits for a look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToVerify {
    pub session_id: String,
    pub title: String,
    pub starts_at: String,
    pub ends_at: String,
    pub zone: String,
    /// How many proposals nobody has verified.
    pub people: u32,
}

/// An instructor's first page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Today {
    pub day: Day,
    /// The session that runs, else the one that comes next, on whichever day.
    pub next: Option<DaySession>,
    /// How many belong to the class of `next`.
    pub people: u32,
    pub troubles: Vec<Trouble>,
    pub to_verify: Vec<ToVerify>,
}

impl Page for Today {
    const TEMPLATE: &'static str = "pages/today.html";
    fn samples() -> Vec<Self> {
        let live = DaySession::sample("Fractions", SessionState::Live, 3);
        let next = DaySession::sample("Geometry", SessionState::Scheduled, 4);
        let check = |people| ToVerify {
            session_id: "s1".to_owned(),
            title: "Fractions: adding".to_owned(),
            starts_at: "2026-11-20T03:00:00Z".to_owned(),
            ends_at: "2026-11-20T03:45:00Z".to_owned(),
            zone: "Asia/Dhaka".to_owned(),
            people,
        };
        vec![
            Self {
                day: Day::sample(vec![live.clone(), next.clone()]),
                next: Some(live),
                people: 24,
                troubles: vec![
                    Trouble {
                        about: None,
                        words: "Your Zoom connection has ended.".into(),
                        url: "/connection".to_owned(),
                        action: "connect",
                    },
                    Trouble {
                        about: Some(TroubledSession {
                            title: "Geometry".to_owned(),
                            starts_at: "2026-11-22T04:00:00Z".to_owned(),
                            instructor: None,
                            more: 0,
                        }),
                        words: "Zoom does not answer.".into(),
                        url: "/sessions/s-4".to_owned(),
                        action: "open",
                    },
                ],
                to_verify: vec![check(1), check(12)],
            },
            Self {
                day: Day::sample(vec![next.clone()]),
                next: Some(next),
                people: 1,
                troubles: Vec::new(),
                to_verify: Vec::new(),
            },
            Self {
                day: Day { part: "afternoon", ..Day::sample(Vec::new()) },
                next: None,
                people: 0,
                troubles: Vec::new(),
                to_verify: Vec::new(),
            },
        ]
    }
}
