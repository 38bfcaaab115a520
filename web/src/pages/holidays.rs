//! `GET|POST /holidays {csrf, day, name, seen}`, `POST /holidays/{day}/remove {csrf}`: the organization's days off.

use serde::Serialize;

use crate::environment::Page;
use crate::form::FieldError;

/// One day off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HolidayRow {
    /// `2026-12-16`.
    pub day: String,
    /// The day's noon in UTC, for its words.
    pub noon: String,
    pub name: String,
}

/// The page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HolidaysPage {
    pub items: Vec<HolidayRow>,
    /// Whether the viewer may add and remove.
    pub can_change: bool,
    pub day: String,
    pub name: String,
    /// How many sessions the day would call off; the form asks before it does.
    pub cancels: u32,
    pub errors: Vec<FieldError>,
}

impl Page for HolidaysPage {
    const TEMPLATE: &'static str = "pages/holidays.html";
    fn samples() -> Vec<Self> {
        let victory = HolidayRow {
            day: "2026-12-16".to_owned(),
            noon: "2026-12-16T12:00:00Z".to_owned(),
            name: "Victory Day".to_owned(),
        };
        vec![
            Self::default(),
            Self { items: vec![victory.clone()], ..Self::default() },
            Self {
                items: vec![victory.clone()],
                can_change: true,
                day: "2026-12-02".to_owned(),
                name: "Sports day".to_owned(),
                cancels: 12,
                ..Self::default()
            },
            Self {
                items: vec![victory],
                can_change: true,
                name: "Sports day".to_owned(),
                errors: vec![FieldError::new("day", "date")],
                ..Self::default()
            },
        ]
    }
}
