//! The one form that schedules: what and who, when, where, the options of the classroom, and beside it what will happen.

use lectern_core::sentence::Sentence;
use serde::Serialize;

use crate::environment::Page;
use crate::form::{Choice, FieldError};
use crate::pages::class::{ClassOptions, Missed};
use crate::pages::classes::{CanLine, PlatformCan, PlatformChoice};
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
    /// Its day on the class's clock: `2027-03-31`.
    pub day: String,
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

/// When the platform's meetings are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MeetingsMade {
    /// At once.
    Now,
    /// Of the next two weeks at once, the others as their time comes.
    Ahead,
    /// With the first booking, or shortly before the start.
    Booked,
    /// When the session is started.
    Started,
    /// The pasted link is there.
    Link,
}

/// What will happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SchedulePlan {
    /// The rule in words; none for one session.
    pub rule: Option<Sentence>,
    /// Empty where no session is scheduled yet.
    pub lines: Vec<PreviewLine>,
    /// More follow than are shown.
    pub goes_on: bool,
    pub viewer_time_zone: String,
    /// How many sessions would be made of these.
    pub sessions: u32,
    /// The host has another session at the time of so many.
    pub clashing: u32,
    /// Whether that may be.
    pub clashes_allowed: bool,
    /// Another time on the same days at which nothing clashes: `09:50`.
    pub free_at: Option<String>,
    pub meetings: MeetingsMade,
    /// The account that will hold them, where it is known.
    pub account: Option<String>,
    /// How many people hear of it, guests too.
    pub told: u32,
    /// Minutes before each session.
    pub reminders: Vec<u32>,
}

/// A cohort that may be ticked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CohortTick {
    pub id: String,
    pub name: String,
    pub people: u32,
    pub ticked: bool,
}

/// `GET /schedule?class=&instructor_id=`; `POST /schedule/look` shows it again with what will happen, `POST /schedule` does it:
/// `{csrf, press, seen, class?, title, description?, instructor_id?, cohort*, people?, guests?, later=on?, session_title?,
/// date, time, duration_minutes, time_zone, repeats, interval, day*, ends, count, until, leave_out*, allow_clashes=on?,
/// viewer_time_zone?, provider, instead?, link?}` and the [options](ClassOptions).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SchedulePage {
    /// The chosen class; empty: a new one.
    pub class: String,
    /// Classes to choose from.
    pub classes: Vec<Choice>,
    /// Of the chosen class: how many are on its list.
    pub on_list: u32,
    /// Of a new class.
    pub title: String,
    pub description: String,
    /// For admins, who may choose; empty for instructors.
    pub instructors: Vec<Choice>,
    pub instructor_id: String,
    /// Whose account the platforms' answers are about.
    pub host: String,
    pub cohorts: Vec<CohortTick>,
    /// The names of those that the chosen class has already.
    pub cohorts_enrolled: Vec<String>,
    /// As typed: one a line.
    pub people: String,
    pub guests: String,
    /// When, and how it repeats; its title is that of the sessions.
    pub form: ScheduleForm,
    pub zones: Vec<String>,
    /// No session for now.
    pub later: bool,
    /// Days that are left out: `2026-12-01`.
    pub left_out: Vec<String>,
    /// The chosen platform.
    pub provider: String,
    pub platform: String,
    pub default_provider: String,
    /// To choose from; of a class that is there its own alone.
    pub providers: Vec<PlatformChoice>,
    pub link: String,
    pub options: ClassOptions,
    pub missed: Option<Missed>,
    pub plan: Option<SchedulePlan>,
    /// This form's own key: sent twice, it is done once.
    pub press: String,
    /// What was looked at, as the server knows it again.
    pub seen: String,
    /// Of the form's parts, all in one list.
    pub errors: Vec<FieldError>,
}

impl SchedulePage {
    fn sample() -> Self {
        let choice = |name: &str, label: &str, note: &str, can| PlatformChoice {
            name: name.to_owned(),
            label: label.to_owned(),
            ready: true,
            note: Some(note.to_owned()),
            can,
        };
        let line = |capability, degree, how, reason: Option<&'static str>| CanLine {
            capability,
            degree,
            how,
            reason: reason.map(Into::into),
        };
        let basic = PlatformCan {
            effective: true,
            plan: Some("Basic".to_owned()),
            minutes: Some(40),
            lines: vec![
                line("registrants", "no", None, Some("People get no link of their own with the Basic plan.")),
                line("attendance", "yes", Some("live"), None),
                line("auto_recording", "yes", Some("local"), None),
                line("chat", "helped", Some("per_host"), Some("For all meetings of a host.")),
            ],
        };
        let best = PlatformCan {
            effective: false,
            plan: None,
            minutes: None,
            lines: vec![line("attendance", "yes", Some("report"), None)],
        };
        let [options, ..] = ClassOptions::samples();
        Self {
            class: String::new(),
            classes: vec![Choice::new("c1", "Mathematics, class 8"), Choice::new("c2", "Geometry, class 9")],
            on_list: 0,
            title: String::new(),
            description: String::new(),
            instructors: vec![],
            instructor_id: "1".to_owned(),
            host: "Farhan Karim".to_owned(),
            cohorts: vec![
                CohortTick {
                    id: "k1".to_owned(),
                    name: "Class 8, section A".to_owned(),
                    people: 32,
                    ticked: true,
                },
                CohortTick { id: "k2".to_owned(), name: "Chess club".to_owned(), people: 1, ticked: false },
            ],
            cohorts_enrolled: vec![],
            people: String::new(),
            guests: String::new(),
            form: ScheduleForm { title: String::new(), ..ScheduleForm::sample() },
            zones: vec!["Asia/Dhaka".to_owned(), "Europe/London".to_owned()],
            later: false,
            left_out: vec![],
            provider: "zoom".to_owned(),
            platform: "Zoom".to_owned(),
            default_provider: "zoom".to_owned(),
            providers: vec![
                choice("zoom", "Zoom", "connected", Some(basic)),
                choice("teams", "Microsoft Teams", "not_connected", Some(best)),
                choice("link", "Pasted link", "pasted", None),
            ],
            link: String::new(),
            options,
            missed: None,
            plan: None,
            press: "018f".to_owned(),
            seen: String::new(),
            errors: vec![],
        }
    }

    fn sample_plan() -> SchedulePlan {
        let line = |day: u32| PreviewLine {
            starts_at: format!("2027-03-{day}T20:00:00Z"),
            ends_at: format!("2027-03-{day}T21:00:00Z"),
            day: format!("2027-03-{}", day + 1),
            ..PreviewLine::default()
        };
        let clash = PreviewClash {
            title: "Circles".to_owned(),
            starts_at: "2027-03-23T20:30:00Z".to_owned(),
            ends_at: "2027-03-23T21:15:00Z".to_owned(),
        };
        SchedulePlan {
            rule: Some(Sentence::known("rule.daily", "Every day")),
            lines: vec![
                line(16),
                PreviewLine { clashes: vec![clash], ..line(23) },
                PreviewLine {
                    shift_minutes: Some(60),
                    viewer_shift_minutes: Some(-60),
                    twice: true,
                    ..line(28)
                },
                PreviewLine { shift_minutes: Some(-30), viewer_shift_minutes: Some(30), ..line(29) },
                PreviewLine {
                    skipped_minutes: Some(60),
                    holiday: Some("Spring break".to_owned()),
                    ..line(30)
                },
            ],
            goes_on: true,
            viewer_time_zone: "Europe/London".to_owned(),
            sessions: 4,
            clashing: 1,
            clashes_allowed: false,
            free_at: Some("09:50".to_owned()),
            meetings: MeetingsMade::Ahead,
            account: Some("farhan@oakwood.example".to_owned()),
            told: 34,
            reminders: vec![30, 1440],
        }
    }
}

impl Page for SchedulePage {
    const TEMPLATE: &'static str = "pages/schedule.html";
    fn samples() -> Vec<Self> {
        let [_, every, none] = ClassOptions::samples();
        let weekly = ScheduleForm {
            repeat: RepeatForm {
                repeats: "weekly".to_owned(),
                days: vec!["TU".to_owned()],
                ..RepeatForm::default()
            },
            ..ScheduleForm::sample()
        };
        let one = SchedulePlan {
            rule: None,
            lines: Self::sample_plan().lines.into_iter().take(1).collect(),
            goes_on: false,
            sessions: 1,
            clashing: 0,
            free_at: None,
            meetings: MeetingsMade::Now,
            told: 1,
            reminders: vec![],
            ..Self::sample_plan()
        };
        let clashes = vec![
            FieldError::new("time", "clash"),
            FieldError { about: "Ayesha, nowhere".to_owned(), ..FieldError::new("people", "email") },
        ];
        vec![
            Self::sample(),
            Self {
                class: "c1".to_owned(),
                on_list: 24,
                cohorts_enrolled: vec!["Class 8, section A".to_owned()],
                form: ScheduleForm { errors: clashes.clone(), ..weekly.clone() },
                left_out: vec!["2027-04-07".to_owned()],
                plan: Some(Self::sample_plan()),
                missed: Some(Missed {
                    set_by: "Oakwood School".to_owned(),
                    options: vec!["chat".to_owned()],
                }),
                providers: Self::sample().providers.into_iter().take(1).collect(),
                errors: clashes,
                ..Self::sample()
            },
            Self {
                title: "Algebra".to_owned(),
                instructors: vec![Choice::new("1", "Farhan Karim"), Choice::new("2", "Dalia Haque")],
                form: weekly,
                plan: Some(SchedulePlan { clashes_allowed: true, ..Self::sample_plan() }),
                options: every,
                seen: "abc".to_owned(),
                cohorts: vec![],
                ..Self::sample()
            },
            Self {
                provider: "link".to_owned(),
                platform: "Pasted link".to_owned(),
                default_provider: "zoom".to_owned(),
                classes: vec![],
                plan: Some(SchedulePlan { meetings: MeetingsMade::Link, account: None, ..one.clone() }),
                options: none,
                errors: vec![FieldError::form("look_again")],
                ..Self::sample()
            },
            Self {
                plan: Some(SchedulePlan {
                    meetings: MeetingsMade::Booked,
                    told: 0,
                    account: None,
                    ..one.clone()
                }),
                ..Self::sample()
            },
            Self {
                plan: Some(SchedulePlan { meetings: MeetingsMade::Started, ..one.clone() }),
                errors: vec![FieldError::new("title", "required"), FieldError::new("provider", "choose")],
                ..Self::sample()
            },
            Self {
                later: true,
                plan: Some(SchedulePlan { lines: vec![], sessions: 0, ..one }),
                ..Self::sample()
            },
        ]
    }
}
