//! Who was there, and when; and the verdict.

use lectern_core::sentence::Sentence;
use serde::{Deserialize, Serialize};

use crate::charts::Interval;
use crate::environment::Page;
use crate::pages::session::ParticipantRole;

/// The verdict, or the proposal for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttendanceState {
    Expected,
    InClass,
    Left,
    Present,
    Late,
    LeftEarly,
    Absent,
    Excused,
    /// No source can show it.
    Unconfirmed,
}

/// Where a piece of evidence comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceSource {
    /// Our own redirect.
    Redirect,
    /// The platform's event.
    Event,
    /// The platform's report after the session.
    Report,
    /// A person's word.
    Person,
}

/// One raw piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttendanceEvidence {
    pub source: EvidenceSource,
    pub from: String,
    /// `None` for a moment or while it lasts.
    pub to: Option<String>,
    /// Who said it, for a person's word; the vendor's reason otherwise.
    pub detail: Option<String>,
    /// The stay, when it was given to this person by hand: it can be taken back.
    pub stay: Option<String>,
}

/// One expected person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttendanceRow {
    pub person_id: String,
    pub name: String,
    pub role: ParticipantRole,
    pub state: AttendanceState,
    /// Whole minutes that count.
    pub minutes: u32,
    /// The same before rounding.
    pub seconds: u32,
    /// Whole minutes that the sources show, whatever was decided.
    pub measured: u32,
    pub minutes_late: u32,
    pub minutes_early: u32,
    /// The union of their presence, not clipped to the session.
    pub intervals: Vec<Interval>,
    /// The name of who verified it.
    pub verified_by: Option<String>,
    /// When that was, or `never`: a form that changes the row says what it has seen.
    pub seen: String,
    pub note: Option<String>,
    pub evidence: Vec<AttendanceEvidence>,
}

/// The sums above the sheet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AttendanceFigures {
    pub present: u32,
    pub late: u32,
    pub left_early: u32,
    pub absent: u32,
    pub excused: u32,
    pub unconfirmed: u32,
    pub to_check: u32,
}

/// Somebody the platform saw and Lectern does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stranger {
    /// The name they had on the platform.
    pub name: String,
    pub from: String,
    pub to: String,
    /// Whom it may be, where the address is registered for several people.
    pub maybe: Option<String>,
    /// Names the stay in the form.
    pub stay: String,
    /// Whose name is like this one; the rest of the list follows in the form.
    pub alike: Vec<Candidate>,
}

/// Somebody a stay may be given to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    pub person_id: String,
    pub name: String,
}

/// `GET /sessions/{id}/attendance`.
///
/// `POST …/verify {csrf, person=…&seen=…&person=…&seen=…}` with what each row proposes (`present 42`),
/// `POST …/{person} {csrf, seen, state, minutes?, note?}`, `POST …/reconcile {csrf}`,
/// `POST …/strays {csrf, stay, person_id?}`: without a person the stay is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attendance {
    pub session_id: String,
    pub class_id: String,
    pub class_title: String,
    pub title: String,
    pub platform: String,
    pub starts_at: String,
    pub ends_at: String,
    pub zone: String,
    pub now: String,
    /// Whether the session is over; before that the sheet is a preview.
    pub ended: bool,
    /// When the platform's report was read.
    pub checked_at: Option<String>,
    /// Why the report could not be read: a sentence.
    pub report_problem: Option<Sentence>,
    pub figures: AttendanceFigures,
    /// Minutes that count as present.
    pub needed_minutes: u32,
    pub rows: Vec<AttendanceRow>,
    /// The persons whose proposal has no doubt: verified by one button.
    pub clear: Vec<String>,
    pub strangers: Vec<Stranger>,
    pub can_change: bool,
    /// The sheet as a file.
    pub csv_url: String,
}

impl Page for Attendance {
    const TEMPLATE: &'static str = "pages/attendance.html";
    fn samples() -> Vec<Self> {
        let at = |time: &str| format!("2026-11-21T{time}Z");
        let interval = |from: &str, to: &str| Interval { from: at(from), to: Some(at(to)) };
        let row = |id: &str, name: &str, state, minutes: u32, intervals| AttendanceRow {
            person_id: id.to_owned(),
            name: name.to_owned(),
            role: ParticipantRole::Student,
            state,
            minutes,
            seconds: minutes * 60 + 12,
            measured: minutes,
            minutes_late: 0,
            minutes_early: 0,
            intervals,
            verified_by: None,
            seen: "never".to_owned(),
            note: None,
            evidence: vec![],
        };
        let evidence = |source, from: &str, to: Option<&str>, detail: Option<&str>| AttendanceEvidence {
            source,
            from: at(from),
            to: to.map(at),
            detail: detail.map(str::to_owned),
            stay: None,
        };
        let verified = |row: AttendanceRow| AttendanceRow {
            verified_by: Some("Farhan Karim".to_owned()),
            seen: at("04:05:00"),
            ..row
        };
        let rows = vec![
            verified(row(
                "p1",
                "Ayesha Noor",
                AttendanceState::Present,
                45,
                vec![interval("02:58:03", "03:47:00")],
            )),
            AttendanceRow {
                minutes_late: 11,
                ..row("p2", "Tanvir Hasan", AttendanceState::Late, 34, vec![interval("03:11:08", "03:46:00")])
            },
            AttendanceRow {
                evidence: vec![
                    evidence(EvidenceSource::Redirect, "02:58:50", None, None),
                    evidence(EvidenceSource::Event, "02:59:12", Some("03:09:30"), Some("connection lost")),
                    evidence(EvidenceSource::Report, "02:59:12", Some("03:46:00"), None),
                    AttendanceEvidence {
                        stay: Some("0c4e".to_owned()),
                        ..evidence(EvidenceSource::Event, "03:09:40", Some("03:44:00"), None)
                    },
                    evidence(EvidenceSource::Person, "03:50:00", None, Some("Nusrat Rahman")),
                ],
                ..row(
                    "p3",
                    "Samira Akhter",
                    AttendanceState::Present,
                    42,
                    vec![interval("02:59:12", "03:09:30"), interval("03:12:41", "03:46:00")],
                )
            },
            AttendanceRow {
                minutes_early: 16,
                ..row(
                    "p4",
                    "Rafi Chowdhury",
                    AttendanceState::LeftEarly,
                    29,
                    vec![interval("02:57:44", "03:29:00")],
                )
            },
            row("p5", "Priya Nandi", AttendanceState::Absent, 0, vec![]),
            // Decided by hand: nobody knows since when.
            verified(row("p8", "Leela Das", AttendanceState::Late, 0, vec![])),
            verified(row("p9", "Imran Kabir", AttendanceState::LeftEarly, 0, vec![])),
            verified(AttendanceRow {
                note: Some("Mother called the office".to_owned()),
                ..row("p6", "Omar Reza", AttendanceState::Excused, 0, vec![])
            }),
            AttendanceRow {
                role: ParticipantRole::Guest,
                ..row("p7", "Rokeya Begum", AttendanceState::Unconfirmed, 0, vec![])
            },
        ];
        let page = Self {
            session_id: "s1".to_owned(),
            class_id: "c1".to_owned(),
            class_title: "Mathematics, class 8".to_owned(),
            title: "Fractions".to_owned(),
            platform: "Zoom".to_owned(),
            starts_at: at("03:00:00"),
            ends_at: at("03:45:00"),
            zone: "Asia/Dhaka".to_owned(),
            now: at("04:10:00"),
            ended: true,
            checked_at: Some(at("03:58:00")),
            report_problem: None,
            figures: AttendanceFigures {
                present: 18,
                late: 2,
                left_early: 1,
                absent: 2,
                excused: 1,
                unconfirmed: 1,
                to_check: 4,
            },
            needed_minutes: 36,
            rows,
            clear: vec!["p3".to_owned()],
            strangers: vec![
                Stranger {
                    name: "Guest phone".to_owned(),
                    from: at("03:02:00"),
                    to: at("03:44:00"),
                    maybe: Some("Priya Nandi".to_owned()),
                    stay: "5f1c".to_owned(),
                    alike: vec![Candidate { person_id: "p1".to_owned(), name: "Ayesha Noor".to_owned() }],
                },
                Stranger {
                    name: "iPad".to_owned(),
                    from: at("03:02:00"),
                    to: at("03:04:00"),
                    maybe: None,
                    stay: "77ab".to_owned(),
                    alike: Vec::new(),
                },
            ],
            can_change: true,
            csv_url: "/api/v1/sessions/s1/attendance.csv".to_owned(),
        };
        let before = vec![
            row(
                "p1",
                "Ayesha Noor",
                AttendanceState::InClass,
                12,
                vec![Interval { from: at("02:58:03"), to: None }],
            ),
            row("p2", "Tanvir Hasan", AttendanceState::Expected, 0, vec![]),
            row("p3", "Leela Das", AttendanceState::Left, 3, vec![interval("03:00:00", "03:03:00")]),
        ];
        vec![
            page.clone(),
            Self {
                ended: false,
                now: at("03:12:00"),
                checked_at: None,
                rows: before,
                clear: vec![],
                strangers: vec![],
                figures: AttendanceFigures::default(),
                ..page.clone()
            },
            Self {
                report_problem: Some("Zoom gives no report for a meeting with one person.".into()),
                checked_at: None,
                rows: vec![],
                clear: vec![],
                strangers: vec![],
                can_change: false,
                figures: AttendanceFigures::default(),
                ..page
            },
        ]
    }
}
