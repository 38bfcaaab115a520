use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Timelike, Utc};
use chrono_tz::Tz;
use lectern_web::{FieldError as PageFieldError, pages::session_forms::ScheduleForm};
use serde::Deserialize;

use crate::{
    error::{ApiError, FieldError},
    people::pages::field_errors,
    sessions::{Session, local_time, service::ScheduleSessions},
};

/// Minutes a new session is offered with.
const USUAL_MINUTES: i64 = 60;

/// The inputs of the form that schedules or moves a session, as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Schedule {
    date: String,
    time: String,
    time_zone: String,
    duration_minutes: String,
    title: String,
}

impl Schedule {
    /// What it asks for; the errors name its inputs.
    pub fn read(&self) -> Result<ScheduleSessions, Vec<PageFieldError>> {
        let mut errors = Vec::new();
        let date = NaiveDate::parse_from_str(self.date.trim(), "%Y-%m-%d").ok();
        if date.is_none() {
            errors.push(PageFieldError::new("date", "date"));
        }
        let time = ["%H:%M", "%H:%M:%S"]
            .into_iter()
            .find_map(|format| NaiveTime::parse_from_str(self.time.trim(), format).ok());
        if time.is_none() {
            errors.push(PageFieldError::new("time", "time"));
        }
        let zone = self.time_zone.trim().parse::<Tz>().ok();
        if zone.is_none() {
            errors.push(PageFieldError::new("time_zone", "zone"));
        }
        let minutes = self.duration_minutes.trim().parse::<i64>().ok();
        if minutes.is_none() {
            errors.push(PageFieldError::new("duration_minutes", "number"));
        }
        match (date, time, zone, minutes) {
            (Some(date), Some(time), Some(zone), Some(duration_minutes)) => Ok(ScheduleSessions {
                starts_at: Some(local_time::instant_of(date.and_time(time), zone)),
                duration_minutes,
                time_zone: Some(zone.name().to_owned()),
                title: Some(self.title.trim().to_owned()).filter(|title| !title.is_empty()),
                ..ScheduleSessions::default()
            }),
            _ => Err(errors),
        }
    }

    /// The form again, as it was filled in.
    #[must_use]
    pub fn again(self, errors: Vec<PageFieldError>) -> ScheduleForm {
        ScheduleForm {
            date: self.date,
            time: self.time,
            time_zone: self.time_zone,
            duration_minutes: self.duration_minutes,
            title: self.title,
            errors,
        }
    }

    /// The service's refusals under the names of the form's inputs; anything else goes on.
    pub fn refused(error: ApiError) -> Result<Vec<PageFieldError>, ApiError> {
        match error {
            ApiError::Invalid(errors) => Ok(errors
                .iter()
                .map(|error| match error.field.as_str() {
                    "starts_at" => FieldError::new("date", error.message.clone()),
                    _ => error.clone(),
                })
                .flat_map(|error| field_errors(&[error]))
                .collect()),
            ApiError::Conflict(_, detail, next) => Ok(vec![PageFieldError::form(format!("{detail} {next}"))]),
            other => Err(other),
        }
    }
}

/// The form for a new session: the next full hour in the organization's zone.
#[must_use]
pub fn empty_form(now: DateTime<Utc>, zone: &str) -> ScheduleForm {
    let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
    let next = (now + Duration::hours(1)).with_timezone(&zone);
    let next = next.with_minute(0).unwrap_or(next);
    ScheduleForm {
        date: next.format("%Y-%m-%d").to_string(),
        time: next.format("%H:%M").to_string(),
        time_zone: zone.name().to_owned(),
        duration_minutes: USUAL_MINUTES.to_string(),
        ..ScheduleForm::default()
    }
}

/// The form for a session that is there.
#[must_use]
pub fn page_form(session: &Session) -> ScheduleForm {
    let zone: Tz = session.time_zone.parse().unwrap_or(Tz::UTC);
    let starts = session.starts_at.with_timezone(&zone);
    ScheduleForm {
        date: starts.format("%Y-%m-%d").to_string(),
        time: starts.format("%H:%M").to_string(),
        time_zone: session.time_zone.clone(),
        duration_minutes: session.minutes().to_string(),
        title: session.title.clone(),
        errors: Vec::new(),
    }
}

/// The zones a form offers.
#[must_use]
pub fn zones() -> Vec<String> {
    local_time::OFFERED.iter().map(|zone| (*zone).to_owned()).collect()
}
