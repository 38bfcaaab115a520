use lectern_web::{FieldError as PageFieldError, pages::session_forms::ScheduleForm};
use serde::Deserialize;

use super::form::{Schedule, page_form};
use crate::{
    pages::Beside,
    sessions::{
        Session,
        service::{ChangeSession, Clashes},
    },
};

/// The inputs of the form that changes a session, and what its page showed in them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EditForm {
    date: String,
    time: String,
    time_zone: String,
    duration_minutes: String,
    title: String,
    scope: String,
    was_date: String,
    was_time: String,
    was_time_zone: String,
    was_duration_minutes: String,
    was_title: String,
}

impl EditForm {
    /// How far the change reaches in a series, as chosen.
    pub(super) fn scope(&self) -> Option<String> {
        Some(self.scope.clone()).filter(|scope| !scope.is_empty())
    }

    /// Beside the session as it is now; a form that does not say what was shown showed that.
    pub(super) fn beside(&self, session: &Session) -> Edit<'_> {
        let now = page_form(session);
        let shown = if self.was_date.is_empty() {
            now.clone()
        } else {
            ScheduleForm {
                date: self.was_date.clone(),
                time: self.was_time.clone(),
                time_zone: self.was_time_zone.clone(),
                duration_minutes: self.was_duration_minutes.clone(),
                title: self.was_title.clone(),
                ..ScheduleForm::default()
            }
        };
        Edit { form: self, shown, now, revision: session.revision }
    }
}

/// The form, what it showed, and what holds now.
#[derive(Debug)]
pub(super) struct Edit<'a> {
    form: &'a EditForm,
    shown: ScheduleForm,
    now: ScheduleForm,
    revision: i64,
}

impl Edit<'_> {
    fn date(&self) -> Beside<'_> {
        Beside::new(&self.form.date, &self.shown.date, &self.now.date)
    }

    fn time(&self) -> Beside<'_> {
        Beside::new(&self.form.time, &self.shown.time, &self.now.time)
    }

    fn zone(&self) -> Beside<'_> {
        Beside::new(&self.form.time_zone, &self.shown.time_zone, &self.now.time_zone)
    }

    fn minutes(&self) -> Beside<'_> {
        Beside::new(&self.form.duration_minutes, &self.shown.duration_minutes, &self.now.duration_minutes)
    }

    /// A title that was emptied asks for no other.
    fn title(&self) -> Beside<'_> {
        let empty = self.form.title.trim().is_empty();
        let typed = if empty { &self.shown.title } else { &self.form.title };
        Beside::new(typed, &self.shown.title, &self.now.title)
    }

    /// What somebody else changed meanwhile and this form would change back.
    pub(super) fn overtaken(&self) -> Vec<PageFieldError> {
        // A day of one person and a time of another make a time that nobody chose.
        let moment = [
            ("date", "meanwhile_day", self.date()),
            ("time", "meanwhile_number", self.time()),
            ("time_zone", "meanwhile", self.zone()),
        ];
        let moved = moment.iter().any(|(_, _, input)| input.is_changed());
        let moment = moment.into_iter().filter(|(_, _, input)| moved && input.is_overtaken());
        let others =
            [("duration_minutes", "meanwhile_number", self.minutes()), ("title", "meanwhile", self.title())];
        let others = others.into_iter().filter(|(_, _, input)| input.is_changed() && input.is_overtaken());
        moment.chain(others).map(|(field, words, input)| input.overtaken(field, words)).collect()
    }

    /// What it asks for otherwise than it is; none: nothing. The errors name its inputs.
    pub(super) fn change(&self) -> Result<Option<ChangeSession>, Vec<PageFieldError>> {
        let overtaken = self.overtaken();
        if !overtaken.is_empty() {
            return Err(overtaken);
        }
        let (zone, minutes, title) = (self.zone().asks(), self.minutes().asks(), self.title().asks());
        let moved = zone || self.date().asks() || self.time().asks();
        if !moved && !minutes && !title {
            return Ok(None);
        }
        let asked = self.typed().read()?;
        Ok(Some(ChangeSession {
            starts_at: asked.starts_at.filter(|_| moved),
            duration_minutes: minutes.then_some(asked.duration_minutes),
            time_zone: asked.time_zone.filter(|_| zone),
            title: asked.title.filter(|_| title),
            scope: self.form.scope(),
            // The page asked for one time; whoever edits there sees the timetable.
            clashes: Some(Clashes::Allow),
            revision: Some(self.revision),
            ..ChangeSession::default()
        }))
    }

    fn typed(&self) -> Schedule {
        Schedule {
            date: self.form.date.clone(),
            time: self.form.time.clone(),
            time_zone: self.form.time_zone.clone(),
            duration_minutes: self.form.duration_minutes.clone(),
            title: self.form.title.clone(),
            ..Schedule::default()
        }
    }

    /// The form again: what was typed stays, and what was not touched is as it is now.
    pub(super) fn again(&self, errors: Vec<PageFieldError>) -> ScheduleForm {
        ScheduleForm {
            date: self.date().again(),
            time: self.time().again(),
            time_zone: self.zone().again(),
            duration_minutes: self.minutes().again(),
            title: self.title().again(),
            errors,
            ..ScheduleForm::default()
        }
    }
}
