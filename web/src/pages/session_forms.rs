//! The forms that schedule, move, cancel and end a session.

use lectern_core::sentence::Sentence;
use serde::{Deserialize, Serialize};

use crate::environment::Page;
use crate::form::FieldError;

/// How a new session repeats: the typed values of `{repeats, interval, day*, ends, count, until}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepeatForm {
    /// `once`, `daily`, `weekly`, `monthly_day` or `monthly_weekday`.
    pub repeats: String,
    /// Every how many days, weeks or months.
    pub interval: String,
    /// `MO`, `TU`, …; none: the day of the first session.
    pub days: Vec<String>,
    /// `never`, `count` or `until`.
    pub ends: String,
    pub count: String,
    /// `2027-03-31`.
    pub until: String,
}

impl Default for RepeatForm {
    fn default() -> Self {
        Self {
            repeats: "once".to_owned(),
            interval: "1".to_owned(),
            days: Vec::new(),
            ends: "count".to_owned(),
            count: "10".to_owned(),
            until: String::new(),
        }
    }
}

/// The typed values of `{csrf, date, time, time_zone, duration_minutes, title?}`, and for a new session how it repeats; there its
/// title is `session_title`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleForm {
    /// `2026-11-24`, as a native date input has it.
    pub date: String,
    /// `09:00`.
    pub time: String,
    pub time_zone: String,
    /// Text, so that a wrong entry comes back as typed.
    pub duration_minutes: String,
    pub title: String,
    pub repeat: RepeatForm,
    pub errors: Vec<FieldError>,
}

impl ScheduleForm {
    pub(crate) fn sample() -> Self {
        Self {
            date: "2026-11-24".to_owned(),
            time: "09:00".to_owned(),
            time_zone: "Asia/Dhaka".to_owned(),
            duration_minutes: "45".to_owned(),
            title: "Fractions: practice hour".to_owned(),
            repeat: RepeatForm::default(),
            errors: vec![],
        }
    }
}

/// `GET|POST /sessions/{id}/edit`; the form sends `was_*` beside each input, and asks for what differs from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EditSession {
    pub id: String,
    pub class_id: String,
    pub class_title: String,
    pub form: ScheduleForm,
    /// The session as it is while the page is made.
    pub was: ScheduleForm,
    pub zones: Vec<String>,
    /// How many people get a mail when the time changes.
    pub people: u32,
    /// How far the change reaches in its series: `this`, `following` or `all`; none: it has no series.
    pub scope: Option<String>,
}

impl Page for EditSession {
    const TEMPLATE: &'static str = "pages/session_edit.html";
    fn samples() -> Vec<Self> {
        let page = |errors, people| Self {
            id: "s1".to_owned(),
            class_id: "c1".to_owned(),
            class_title: "Mathematics, class 8".to_owned(),
            form: ScheduleForm { errors, ..ScheduleForm::sample() },
            was: ScheduleForm::sample(),
            zones: vec!["Asia/Dhaka".to_owned(), "UTC".to_owned()],
            people,
            scope: (people > 1).then(|| "following".to_owned()),
        };
        let meanwhile = |field: &str, words: &str, now: &str| FieldError {
            about: now.to_owned(),
            ..FieldError::new(field, words)
        };
        let overtaken = vec![
            meanwhile("date", "meanwhile_day", "2026-11-25"),
            meanwhile("time", "meanwhile_number", "10:00"),
            meanwhile("title", "meanwhile", "Fractions: practice hour"),
        ];
        vec![page(vec![], 24), page(vec![FieldError::new("date", "past")], 1), page(overtaken, 24)]
    }
}

/// `GET|POST /sessions/{id}/cancel {csrf, reason}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CancelSession {
    pub id: String,
    pub title: String,
    pub class_id: String,
    pub class_title: String,
    pub starts_at: String,
    pub ends_at: String,
    pub zone: String,
    pub reason: String,
    /// How many people get a mail.
    pub people: u32,
    /// How far it reaches in its series; none: it has no series.
    pub scope: Option<String>,
    pub errors: Vec<FieldError>,
}

impl Page for CancelSession {
    const TEMPLATE: &'static str = "pages/session_cancel.html";
    fn samples() -> Vec<Self> {
        let page = |scope| Self {
            id: "s1".to_owned(),
            title: "Fractions: dividing and multiplying".to_owned(),
            class_id: "c1".to_owned(),
            class_title: "Mathematics, class 8".to_owned(),
            starts_at: "2026-11-21T03:00:00Z".to_owned(),
            ends_at: "2026-11-21T03:45:00Z".to_owned(),
            zone: "Asia/Dhaka".to_owned(),
            reason: "x".repeat(12),
            people: 24,
            scope,
            errors: vec![FieldError::new("reason", "too_long")],
        };
        vec![page(None), page(Some("all".to_owned()))]
    }
}

/// `GET|POST /sessions/{id}/end {csrf}`: the question before a class ends for everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EndSession {
    pub id: String,
    pub title: String,
    pub class_id: String,
    pub class_title: String,
    pub platform: String,
    /// How many people are in class now.
    pub people: u32,
    /// Why the platform does not end it for everybody, and who does.
    pub by_hand: Option<Sentence>,
}

impl Page for EndSession {
    const TEMPLATE: &'static str = "pages/session_end.html";
    fn samples() -> Vec<Self> {
        let page = |people| Self {
            id: "s1".to_owned(),
            title: "Fractions".to_owned(),
            class_id: "c1".to_owned(),
            class_title: "Mathematics, class 8".to_owned(),
            platform: "Zoom".to_owned(),
            people,
            by_hand: None,
        };
        let by_hand =
            Sentence::known("reason.teams.end", "Microsoft has no way to end a meeting for everyone.");
        vec![
            page(18),
            page(1),
            page(0),
            Self { platform: "Microsoft Teams".to_owned(), by_hand: Some(by_hand), ..page(3) },
        ]
    }
}
