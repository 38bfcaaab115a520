//! `GET /why`: why somebody who belongs to a class cannot join it, and what to do.

use serde::Serialize;

use super::{home::DaySession, session::SessionState};
use crate::environment::Page;

/// Where a session's door stands for the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyReason {
    /// It is open: one may join.
    Open,
    /// Open, and the teacher has not started.
    TeacherNotHere,
    Early,
    Over,
    Cancelled,
    InPerson,
    /// The platform's meeting could not be made; it is tried again.
    PlatformDown,
}

/// One session near now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WhyItem {
    pub session: DaySession,
    pub reason: WhyReason,
    /// Why it was called off, in somebody's words.
    pub detail: Option<String>,
}

/// The page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Why {
    pub items: Vec<WhyItem>,
    pub now: String,
    /// IANA zone in which the reader sees it.
    pub zone: String,
}

impl Page for Why {
    const TEMPLATE: &'static str = "pages/why.html";
    fn samples() -> Vec<Self> {
        let item = |state, hour, reason| WhyItem {
            session: DaySession::sample("Fractions", state, hour),
            reason,
            detail: (reason == WhyReason::Cancelled).then(|| "The teacher is ill.".to_owned()),
        };
        let called_off = WhyItem { detail: None, ..item(SessionState::Cancelled, 9, WhyReason::Cancelled) };
        vec![
            Self {
                items: vec![
                    item(SessionState::Live, 3, WhyReason::Open),
                    item(SessionState::Scheduled, 3, WhyReason::TeacherNotHere),
                    item(SessionState::Scheduled, 5, WhyReason::Early),
                    item(SessionState::Ended, 1, WhyReason::Over),
                    item(SessionState::Cancelled, 6, WhyReason::Cancelled),
                    called_off,
                    item(SessionState::Scheduled, 7, WhyReason::InPerson),
                    item(SessionState::Scheduled, 8, WhyReason::PlatformDown),
                ],
                now: "2026-11-21T03:13:00Z".to_owned(),
                zone: "Asia/Dhaka".to_owned(),
            },
            Self { items: Vec::new(), now: "2026-11-21T03:13:00Z".to_owned(), zone: "Asia/Dhaka".to_owned() },
        ]
    }
}
