//! How the server is, for the super admin.

use lectern_core::{health::State, sentence::Sentence};
use serde::Serialize;

use crate::environment::Page;

/// One part; its name is `health.part.<part>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HealthPart {
    pub part: String,
    pub state: State,
    /// What was seen.
    pub seen: Sentence,
    /// What to do.
    pub next_step: Option<Sentence>,
    /// From when on it is judged otherwise.
    pub limits: Option<Sentence>,
}

/// Regular work; its words are `jobs.kind.<kind>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HealthTick {
    pub kind: String,
    pub state: State,
    pub every_seconds: u32,
    pub last_done_at: Option<String>,
    pub last_failed_at: Option<String>,
}

/// `GET /health`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InstanceHealth {
    /// Of the worst part.
    pub state: State,
    pub parts: Vec<HealthPart>,
    pub ticks: Vec<HealthTick>,
    pub now: String,
    pub zone: String,
}

impl Page for InstanceHealth {
    const TEMPLATE: &'static str = "pages/instance_health.html";
    fn samples() -> Vec<Self> {
        let part = |part: &str, state| HealthPart {
            part: part.to_owned(),
            state,
            seen: "Something was seen.".into(),
            next_step: (state != State::Ok).then(|| "Do something.".into()),
            limits: (part == "jobs").then(|| "Bad from 15 min on.".into()),
        };
        let tick = |kind: &str, state, done: Option<&str>| HealthTick {
            kind: kind.to_owned(),
            state,
            every_seconds: 60,
            last_done_at: done.map(str::to_owned),
            last_failed_at: (state == State::Warn).then(|| "2026-11-21T03:10:52Z".to_owned()),
        };
        let page = |state| Self {
            state,
            parts: vec![part("version", State::Ok), part("mail", State::Warn), part("jobs", state)],
            ticks: vec![
                tick("tick.reminders", State::Ok, Some("2026-11-21T03:10:50Z")),
                tick("tick.look", State::Warn, Some("2026-11-21T03:01:50Z")),
                tick("tick.series", state, None),
            ],
            now: "2026-11-21T03:12:00Z".to_owned(),
            zone: "Asia/Dhaka".to_owned(),
        };
        vec![page(State::Ok), page(State::Warn), page(State::Bad)]
    }
}
