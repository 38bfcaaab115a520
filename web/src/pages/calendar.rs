//! `GET /calendar?view=month|week|list&on=2026-11-21`, `POST /calendar/rotate {csrf}`: the timetable.

use serde::Serialize;

use super::session::SessionState;
use crate::environment::Page;

/// One session on a calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CalendarEntry {
    pub id: String,
    pub title: String,
    pub class_title: String,
    pub state: SessionState,
    pub hybrid: bool,
    pub in_person: bool,
    pub starts_at: String,
    pub ends_at: String,
    /// The class's zone, where it is not the reader's.
    pub other_zone: Option<String>,
}

/// One day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CalendarDay {
    /// Of the month, from 1.
    pub number: u32,
    /// An instant of the day, for its words.
    pub noon: String,
    /// It only fills up the first or last week.
    pub out: bool,
    pub today: bool,
    /// Why no class is held.
    pub holiday: Option<String>,
    pub entries: Vec<CalendarEntry>,
    /// How many entries there are besides.
    pub more: u32,
    /// The list from this day on.
    pub url: String,
}

/// The page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CalendarPage {
    /// `month`, `week` or `list`.
    pub view: String,
    /// From 1.
    pub month: u32,
    pub year: i32,
    /// IANA zone in which the reader sees it.
    pub zone: String,
    /// Everybody's sessions, not only one's own.
    pub whole: bool,
    pub can_schedule: bool,
    /// Weeks of seven days; a list is one row of the days that have something.
    pub weeks: Vec<Vec<CalendarDay>>,
    pub before_url: Option<String>,
    pub today_url: String,
    pub after_url: Option<String>,
    pub month_url: String,
    pub week_url: String,
    pub list_url: String,
    /// Where a long list goes on.
    pub next_url: Option<String>,
    /// The address of one's own calendar feed; none for a program.
    pub feed_url: Option<String>,
}

impl CalendarPage {
    fn sample(view: &str, weeks: Vec<Vec<CalendarDay>>) -> Self {
        let url = |view: &str| format!("/calendar?view={view}&on=2026-11-21");
        Self {
            view: view.to_owned(),
            month: 11,
            year: 2026,
            zone: "Europe/London".to_owned(),
            whole: view == "month",
            can_schedule: view != "list",
            weeks,
            before_url: Some(url(view)),
            today_url: url(view),
            after_url: Some(url(view)),
            month_url: url("month"),
            week_url: url("week"),
            list_url: url("list"),
            next_url: (view == "list").then(|| "/calendar?view=list&cursor=abc".to_owned()),
            feed_url: (view != "week").then(|| "https://classes.example/calendar/AXBl.ics".to_owned()),
        }
    }
}

impl Page for CalendarPage {
    const TEMPLATE: &'static str = "pages/calendar.html";
    fn samples() -> Vec<Self> {
        let entry = |id: &str, state, hybrid, in_person| CalendarEntry {
            id: id.to_owned(),
            title: "Fractions: dividing and multiplying".to_owned(),
            class_title: "Mathematics, class 8".to_owned(),
            state,
            hybrid,
            in_person,
            starts_at: "2026-11-21T03:00:00Z".to_owned(),
            ends_at: "2026-11-21T03:45:00Z".to_owned(),
            other_zone: (id == "1").then(|| "Asia/Dhaka".to_owned()),
        };
        let all = vec![
            entry("1", SessionState::Live, false, false),
            entry("2", SessionState::Scheduled, true, false),
            entry("3", SessionState::Ended, false, true),
            entry("4", SessionState::Cancelled, false, false),
        ];
        let day = |number: u32, entries: Vec<CalendarEntry>| CalendarDay {
            number,
            noon: format!("2026-11-{number:02}T12:00:00Z"),
            out: number == 1,
            today: number == 21,
            holiday: (number == 16).then(|| "Victory Day".to_owned()),
            more: if entries.is_empty() { 0 } else { 17 },
            entries,
            url: format!("/calendar?view=list&on=2026-11-{number:02}"),
        };
        let week = |first: u32| -> Vec<CalendarDay> {
            (first..first + 7).map(|n| day(n, if n == 21 { all.clone() } else { vec![] })).collect()
        };
        vec![
            Self::sample("month", vec![week(1), week(8), week(15)]),
            Self::sample("week", vec![week(15)]),
            Self::sample("list", vec![vec![day(16, vec![]), day(21, all.clone())]]),
            Self::sample("list", vec![vec![]]),
        ]
    }
}
