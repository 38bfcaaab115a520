//! `GET /demo/components`, in a demo alone: every component beside the others, for whoever builds pages.

use serde::Serialize;

use super::{
    attendance::Attendance, home::StudentHome, overview::Overview, session::SessionPage,
    session_forms::ScheduleForm,
};
use crate::environment::Page;
use crate::form::{Choice, FieldError};
use crate::pages::home::Day;
use crate::pages::overview::WeekColumn;

/// The page: what its components show comes from the samples of the pages they stand on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComponentsPage {
    pub session: SessionPage,
    pub sheet: Attendance,
    pub day: Option<Day>,
    pub weeks: Vec<WeekColumn>,
    pub form: ScheduleForm,
    pub choices: Vec<Choice>,
    /// One error of a field.
    pub errors: Vec<FieldError>,
}

impl ComponentsPage {
    /// With all components.
    ///
    /// # Panics
    /// Never: these pages have samples.
    #[must_use]
    pub fn whole() -> Self {
        let first = |mut pages: Vec<SessionPage>| pages.swap_remove(0);
        Self {
            session: first(SessionPage::samples()),
            sheet: Attendance::samples().swap_remove(0),
            day: StudentHome::samples().into_iter().map(|home| home.day).find(|day| !day.line.is_empty()),
            weeks: Overview::samples()
                .into_iter()
                .map(|page| page.weeks)
                .find(|weeks| !weeks.is_empty())
                .unwrap_or_default(),
            form: ScheduleForm::sample(),
            choices: vec![Choice::new("zoom", "Zoom"), Choice::new("meet", "Google Meet")],
            errors: vec![FieldError::new("wrong", "email")],
        }
    }
}

impl Page for ComponentsPage {
    const TEMPLATE: &'static str = "pages/components.html";
    fn samples() -> Vec<Self> {
        vec![Self::whole()]
    }
}
