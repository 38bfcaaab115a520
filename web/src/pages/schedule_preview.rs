//! `POST /classes/{id}/sessions/preview`: every session of a plan on two clocks, before anything is saved. Its form carries the plan
//! on and posts it to `/classes/{id}/sessions`, or once more here with another `viewer_time_zone`.

use lectern_core::sentence::Sentence;
use serde::Serialize;

use crate::environment::Page;
use crate::pages::class::ClassHead;
use crate::pages::session_forms::{RepeatForm, ScheduleForm};

/// Another session of the host at the same time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PreviewClash {
    pub title: String,
    pub starts_at: String,
    pub ends_at: String,
}

/// One session as it would be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PreviewLine {
    pub starts_at: String,
    pub ends_at: String,
    /// The day off it falls on: no session is made.
    pub holiday: Option<String>,
    /// The class's clocks were set since the line before: forward by so many minutes, back where negative.
    pub shift_minutes: Option<i64>,
    /// So many minutes later on the viewer's clock than the line before, earlier where negative.
    pub viewer_shift_minutes: Option<i64>,
    /// The clocks skip its time: so many minutes later.
    pub skipped_minutes: Option<i64>,
    /// Its time comes twice that day: the first is meant.
    pub twice: bool,
    pub clashes: Vec<PreviewClash>,
}

/// The page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SchedulePreview {
    pub class: ClassHead,
    /// Carried on as hidden inputs.
    pub form: ScheduleForm,
    pub viewer_time_zone: String,
    pub zones: Vec<String>,
    /// The rule in words; none for one session.
    pub rule: Option<Sentence>,
    /// More follow than are shown.
    pub goes_on: bool,
    pub lines: Vec<PreviewLine>,
    /// How many sessions would be made of these.
    pub sessions: u32,
    /// The host has another session at the time of so many.
    pub clashing: u32,
}

impl Page for SchedulePreview {
    const TEMPLATE: &'static str = "pages/schedule_preview.html";
    fn samples() -> Vec<Self> {
        let line = |day: u32| PreviewLine {
            starts_at: format!("2027-03-{day}T20:00:00Z"),
            ends_at: format!("2027-03-{day}T21:00:00Z"),
            ..PreviewLine::default()
        };
        let lines = vec![
            line(16),
            PreviewLine {
                clashes: vec![PreviewClash {
                    title: "Circles".to_owned(),
                    starts_at: "2027-03-23T20:30:00Z".to_owned(),
                    ends_at: "2027-03-23T21:15:00Z".to_owned(),
                }],
                ..line(23)
            },
            PreviewLine { shift_minutes: Some(60), viewer_shift_minutes: Some(-60), twice: true, ..line(28) },
            PreviewLine { shift_minutes: Some(-30), viewer_shift_minutes: Some(30), ..line(29) },
            PreviewLine { skipped_minutes: Some(60), holiday: Some("Spring break".to_owned()), ..line(30) },
        ];
        let page = |rule, goes_on, lines: Vec<PreviewLine>, clashing| Self {
            class: ClassHead::sample(),
            form: ScheduleForm {
                repeat: RepeatForm {
                    repeats: "weekly".to_owned(),
                    days: vec!["TU".to_owned()],
                    ..RepeatForm::default()
                },
                ..ScheduleForm::sample()
            },
            viewer_time_zone: "Europe/London".to_owned(),
            zones: vec!["Asia/Dhaka".to_owned(), "Europe/London".to_owned()],
            rule,
            goes_on,
            sessions: u32::try_from(lines.len()).unwrap_or(0),
            lines,
            clashing,
        };
        vec![
            page(Some(Sentence::known("rule.daily", "Every day")), true, lines, 1),
            page(None, false, vec![line(16)], 0),
        ]
    }
}
