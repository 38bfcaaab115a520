//! A class's register: people beside sessions.

use serde::Serialize;

use super::{attendance::AttendanceState, class::ClassHead};
use crate::environment::Page;

/// How a session or a person stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// Verdicts that count: neither excused nor unconfirmed.
    pub held: u32,
    /// Of those, how many say that somebody came.
    pub came: u32,
    /// How many nobody has looked at.
    pub proposed: u32,
}

/// A session: one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegisterSession {
    pub id: String,
    pub title: String,
    /// RFC 3339.
    pub starts_at: String,
    /// RFC 3339.
    pub ends_at: String,
    /// IANA name.
    pub zone: String,
    pub mark: Mark,
}

/// Where a person and a session cross.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RegisterCell {
    pub state: AttendanceState,
    /// Whether a teacher has looked at it.
    pub verified: bool,
}

/// A person: one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegisterRow {
    pub person_id: String,
    pub name: String,
    /// One for each session; none where nobody expected them.
    pub cells: Vec<Option<RegisterCell>>,
    /// Over all sessions of the class, also those that are not shown.
    pub mark: Mark,
}

/// `GET /classes/{id}/attendance`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassAttendance {
    pub class: ClassHead,
    /// The oldest first.
    pub sessions: Vec<RegisterSession>,
    /// By name.
    pub rows: Vec<RegisterRow>,
    /// The address of the sessions before these.
    pub older_url: Option<String>,
    /// The address of the next people.
    pub next_url: Option<String>,
    /// Whether no later session is left out.
    pub newest: bool,
}

impl Page for ClassAttendance {
    const TEMPLATE: &'static str = "pages/class_attendance.html";
    fn samples() -> Vec<Self> {
        let session = |number: u32, came, proposed| RegisterSession {
            id: format!("s{number}"),
            title: "Fractions".to_owned(),
            starts_at: format!("2026-11-{number:02}T03:00:00Z"),
            ends_at: format!("2026-11-{number:02}T03:45:00Z"),
            zone: "Asia/Dhaka".to_owned(),
            mark: Mark { held: 24, came, proposed },
        };
        let cell = |state, verified| Some(RegisterCell { state, verified });
        let row = |name: &str, cells, came| RegisterRow {
            person_id: format!("p-{name}"),
            name: name.to_owned(),
            cells,
            mark: Mark { held: 12, came, proposed: 1 },
        };
        use AttendanceState::{
            Absent, Excused, Expected, InClass, Late, Left, LeftEarly, Present, Unconfirmed,
        };
        vec![
            Self {
                class: ClassHead::sample(),
                sessions: vec![
                    session(16, 20, 0),
                    session(18, 24, 0),
                    session(23, 18, 1),
                    session(25, 0, 24),
                ],
                rows: vec![
                    row(
                        "Ayesha Noor",
                        vec![
                            cell(Present, true),
                            cell(Late, true),
                            cell(LeftEarly, true),
                            cell(InClass, false),
                        ],
                        12,
                    ),
                    row(
                        "Bashir Alam",
                        vec![
                            cell(Absent, true),
                            cell(Excused, true),
                            cell(Unconfirmed, false),
                            cell(Expected, false),
                        ],
                        9,
                    ),
                    row("Camila Roy", vec![None, None, cell(Present, false), cell(Left, false)], 0),
                ],
                older_url: Some("/classes/c1/attendance?before=abc".to_owned()),
                next_url: Some("/classes/c1/attendance?cursor=abc".to_owned()),
                newest: true,
            },
            Self {
                class: ClassHead::sample(),
                sessions: vec![session(16, 0, 0)],
                rows: vec![RegisterRow { mark: Mark::default(), ..row("Ayesha Noor", vec![None], 0) }],
                older_url: None,
                next_url: None,
                newest: false,
            },
            Self {
                class: ClassHead::sample(),
                sessions: vec![],
                rows: vec![],
                older_url: None,
                next_url: None,
                newest: true,
            },
        ]
    }
}
