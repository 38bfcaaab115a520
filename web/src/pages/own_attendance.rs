//! `GET /attendance`: what is known of the reader's own attendance.

use serde::Serialize;

use super::{attendance::AttendanceState, home::OwnFigures};
use crate::environment::Page;

/// One session that was held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnRow {
    pub session_id: String,
    pub title: String,
    pub class_title: String,
    pub starts_at: String,
    pub ends_at: String,
    pub state: AttendanceState,
    /// Whole minutes that count.
    pub minutes: u32,
    /// Whether a teacher has looked at it.
    pub verified: bool,
}

/// The page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnAttendance {
    /// None before the first verdict.
    pub figures: Option<OwnFigures>,
    /// The newest first.
    pub rows: Vec<OwnRow>,
    /// IANA zone in which the reader sees it.
    pub zone: String,
    /// The address of the next page of the list.
    pub next_url: Option<String>,
}

impl Page for OwnAttendance {
    const TEMPLATE: &'static str = "pages/own_attendance.html";
    fn samples() -> Vec<Self> {
        let row = |state, minutes, verified| OwnRow {
            session_id: "s1".to_owned(),
            title: "Fractions".to_owned(),
            class_title: "Mathematics, class 8".to_owned(),
            starts_at: "2026-11-20T03:00:00Z".to_owned(),
            ends_at: "2026-11-20T03:45:00Z".to_owned(),
            state,
            minutes,
            verified,
        };
        vec![
            Self {
                figures: Some(OwnFigures { held: 25, came: 24, proposed: 1 }),
                rows: vec![
                    row(AttendanceState::Present, 45, false),
                    row(AttendanceState::Late, 1, true),
                    row(AttendanceState::LeftEarly, 30, true),
                    row(AttendanceState::Absent, 0, true),
                    row(AttendanceState::Excused, 0, true),
                    row(AttendanceState::Unconfirmed, 0, false),
                ],
                zone: "Asia/Dhaka".to_owned(),
                next_url: Some("/attendance?cursor=abc".to_owned()),
            },
            Self { figures: None, rows: Vec::new(), zone: "Asia/Dhaka".to_owned(), next_url: None },
        ]
    }
}
