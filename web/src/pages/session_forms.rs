//! The forms that schedule, move, cancel and end a session.

use serde::{Deserialize, Serialize};

use crate::environment::Page;
use crate::form::FieldError;

/// The typed values of `{csrf, date, time, time_zone, duration_minutes, title?}`.
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
            errors: vec![],
        }
    }
}

/// `GET|POST /sessions/{id}/edit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EditSession {
    pub id: String,
    pub class_id: String,
    pub class_title: String,
    pub form: ScheduleForm,
    pub zones: Vec<String>,
    /// How many people get a mail when the time changes.
    pub people: u32,
}

impl Page for EditSession {
    const TEMPLATE: &'static str = "pages/session_edit.html";
    fn samples() -> Vec<Self> {
        let page = |errors, people| Self {
            id: "s1".to_owned(),
            class_id: "c1".to_owned(),
            class_title: "Mathematics, class 8".to_owned(),
            form: ScheduleForm { errors, ..ScheduleForm::sample() },
            zones: vec!["Asia/Dhaka".to_owned(), "UTC".to_owned()],
            people,
        };
        vec![page(vec![], 24), page(vec![FieldError::new("date", "past")], 1)]
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
    pub errors: Vec<FieldError>,
}

impl Page for CancelSession {
    const TEMPLATE: &'static str = "pages/session_cancel.html";
    fn samples() -> Vec<Self> {
        vec![Self {
            id: "s1".to_owned(),
            title: "Fractions: dividing and multiplying".to_owned(),
            class_id: "c1".to_owned(),
            class_title: "Mathematics, class 8".to_owned(),
            starts_at: "2026-11-21T03:00:00Z".to_owned(),
            ends_at: "2026-11-21T03:45:00Z".to_owned(),
            zone: "Asia/Dhaka".to_owned(),
            reason: "x".repeat(12),
            people: 24,
            errors: vec![FieldError::new("reason", "too_long")],
        }]
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
        };
        vec![page(18), page(1), page(0)]
    }
}
