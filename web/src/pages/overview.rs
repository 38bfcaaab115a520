//! `GET /`: an administrator's first page. Problems first, calm otherwise.

use serde::Serialize;

use super::{
    home::{Day, DaySession},
    session::SessionState,
    today::{Trouble, TroubledSession},
};
use crate::environment::Page;

/// One step of the set-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SetUpStep {
    /// The last part of its `checklist.*` keys.
    pub step: &'static str,
    pub done: bool,
    pub url: &'static str,
}

/// The sessions of one week, by how they are held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WeekColumn {
    /// The week's first instant.
    pub from: String,
    /// The day of the month it begins with, for the narrow label.
    pub day: u32,
    pub online: u32,
    pub hybrid: u32,
    pub in_person: u32,
    /// The week of today.
    pub current: bool,
}

/// An administrator's first page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overview {
    pub day: Day,
    /// Classes that run now.
    pub live: u32,
    /// Sessions of today.
    pub today: u32,
    /// People with an account, guests not counted.
    pub people: u32,
    pub troubles: Vec<Trouble>,
    /// Empty once everything is done.
    pub steps: Vec<SetUpStep>,
    pub weeks: Vec<WeekColumn>,
}

impl Page for Overview {
    const TEMPLATE: &'static str = "pages/overview.html";
    fn samples() -> Vec<Self> {
        let live = DaySession::sample("Fractions", SessionState::Live, 3);
        let next = DaySession {
            instructor: "Dalia Haque".to_owned(),
            ..DaySession::sample("Grammar", SessionState::Scheduled, 4)
        };
        let week = |day: u32, online, hybrid, in_person| WeekColumn {
            from: format!("2026-11-{day:02}T18:00:00Z"),
            day: day + 1,
            online,
            hybrid,
            in_person,
            current: day == 20,
        };
        let step = |step, done, url| SetUpStep { step, done, url };
        vec![
            Self {
                day: Day { more: 12, ..Day::sample(vec![live, next]) },
                live: 3,
                today: 14,
                people: 420,
                troubles: vec![Trouble {
                    about: Some(TroubledSession {
                        title: "Chemistry 2".to_owned(),
                        starts_at: "2026-11-22T04:00:00Z".to_owned(),
                        instructor: Some("Imran Sarkar".to_owned()),
                        more: 2,
                    }),
                    words: "Zoom does not answer.".into(),
                    url: "/sessions/s9".to_owned(),
                    action: "open",
                }],
                steps: Vec::new(),
                weeks: vec![week(6, 60, 4, 10), week(13, 72, 0, 12), week(20, 55, 3, 0)],
            },
            Self {
                day: Day::sample(Vec::new()),
                live: 0,
                today: 0,
                people: 1,
                troubles: Vec::new(),
                steps: vec![
                    step("platform", true, "/platforms"),
                    step("teachers", true, "/people"),
                    step("students", false, "/people"),
                    step("connect", false, "/connections"),
                    step("class", false, "/schedule"),
                    step("session", false, "/schedule"),
                ],
                weeks: Vec::new(),
            },
        ]
    }
}
