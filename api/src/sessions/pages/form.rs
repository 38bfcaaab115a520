use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, Timelike, Utc};
use chrono_tz::Tz;
use lectern_core::{
    schedule::{
        NthWeekday,
        rule::{LARGEST_COUNT, LONGEST_INTERVAL},
    },
    text::plain_digits,
};
use lectern_web::{
    FieldError as PageFieldError,
    pages::session_forms::{RepeatForm, ScheduleForm},
};

use crate::{
    app::App,
    error::{ApiError, FieldError},
    pages::{beside_form, field_errors},
    sessions::{
        Session, local_time,
        service::{Clashes, LONGEST_MINUTES, ScheduleSessions},
    },
};

/// Minutes a new session is offered with.
const USUAL_MINUTES: i64 = 60;

/// The inputs of a form that says when a session is, as typed.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    pub(crate) date: String,
    pub(crate) time: String,
    pub(crate) time_zone: String,
    pub(crate) duration_minutes: String,
    pub(crate) title: String,
    pub(crate) repeats: String,
    pub(crate) interval: String,
    pub(crate) day: Vec<String>,
    pub(crate) ends: String,
    pub(crate) count: String,
    pub(crate) until: String,
    pub(crate) allow_clashes: Option<String>,
    pub(crate) viewer_time_zone: String,
}

impl Schedule {
    /// What it asks for; the errors name its inputs.
    pub fn read(&self) -> Result<ScheduleSessions, Vec<PageFieldError>> {
        let mut errors = Vec::new();
        let date = NaiveDate::parse_from_str(self.date.trim(), "%Y-%m-%d").ok();
        // Years that calendars write; others have no instant in every zone.
        let date = date.filter(|date| (1970..=9999).contains(&date.year()));
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
        if let (Some(date), Some(time), Some(zone)) = (date, time, zone)
            && local_time::is_skipped(date.and_time(time), zone)
        {
            // Moved on silently it would take a whole series along.
            errors.push(PageFieldError::new("time", "skipped"));
        }
        let minutes = plain_digits(&self.duration_minutes).parse::<i64>().ok();
        if minutes.is_none() {
            errors.push(PageFieldError::between("duration_minutes", 1, LONGEST_MINUTES));
        }
        let recurrence = date.and_then(|date| self.rule(date, &mut errors));
        match (date, time, zone, minutes) {
            (Some(date), Some(time), Some(zone), Some(duration_minutes)) if errors.is_empty() => {
                Ok(ScheduleSessions {
                    recurrence,
                    clashes: self.allow_clashes.as_ref().map(|_| Clashes::Allow),
                    starts_at: Some(local_time::instant_of(date.and_time(time), zone)),
                    duration_minutes,
                    time_zone: Some(zone.name().to_owned()),
                    title: Some(self.title.trim().to_owned()).filter(|title| !title.is_empty()),
                    ..ScheduleSessions::default()
                })
            }
            _ => Err(errors),
        }
    }

    /// The rule in RFC 5545's words; the days of a month are those of the first session.
    fn rule(&self, first: NaiveDate, errors: &mut Vec<PageFieldError>) -> Option<String> {
        let mut rule = match self.repeats.as_str() {
            "" | "once" => return None,
            "daily" => "FREQ=DAILY".to_owned(),
            "weekly" if self.day.is_empty() => "FREQ=WEEKLY".to_owned(),
            "weekly" => format!("FREQ=WEEKLY;BYDAY={}", self.day.join(",")),
            "monthly_day" => format!("FREQ=MONTHLY;BYMONTHDAY={}", first.day()),
            "monthly_weekday" => {
                let day = NthWeekday::of(first);
                // Few months have a fifth: whoever begins with one means the last.
                let nth = if day.nth == 5 { -1 } else { day.nth };
                format!("FREQ=MONTHLY;BYDAY={}", NthWeekday { nth, ..day })
            }
            _ => {
                errors.push(PageFieldError::new("repeats", "choose"));
                return None;
            }
        };
        match plain_digits(&self.interval).parse::<u32>() {
            Ok(interval @ 1..=LONGEST_INTERVAL) => rule.push_str(&format!(";INTERVAL={interval}")),
            _ => errors.push(PageFieldError::between("interval", 1, LONGEST_INTERVAL.into())),
        }
        match self.ends.as_str() {
            "never" => {}
            "until" => match NaiveDate::parse_from_str(self.until.trim(), "%Y-%m-%d") {
                Ok(until) if until < first => errors.push(PageFieldError::new("until", "until_early")),
                Ok(until) => rule.push_str(&format!(";UNTIL={}", until.format("%Y%m%d"))),
                Err(_) => errors.push(PageFieldError::new("until", "date")),
            },
            _ => match plain_digits(&self.count).parse::<u32>() {
                Ok(count @ 1..=LARGEST_COUNT) => rule.push_str(&format!(";COUNT={count}")),
                _ => errors.push(PageFieldError::between("count", 1, LARGEST_COUNT.into())),
            },
        }
        Some(rule)
    }

    /// The clock on which the viewer looks too.
    #[must_use]
    pub fn viewer_time_zone(&self) -> Option<String> {
        Some(self.viewer_time_zone.trim().to_owned()).filter(|zone| !zone.is_empty())
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
            repeat: RepeatForm {
                repeats: self.repeats,
                interval: self.interval,
                days: self.day,
                ends: self.ends,
                count: self.count,
                until: self.until,
            },
            errors,
        }
    }

    /// The service's refusals under the names of the form's inputs; anything else goes on.
    pub fn refused(app: &App, error: ApiError) -> Result<Vec<PageFieldError>, ApiError> {
        match error {
            ApiError::Invalid(errors) => Ok(errors
                .iter()
                .map(|error| match error.field.as_str() {
                    "starts_at" => FieldError::new("date", error.message.clone()),
                    "recurrence" | "scope" => FieldError::new("repeats", error.message.clone()),
                    _ => error.clone(),
                })
                .flat_map(|error| field_errors(&[error]))
                .collect()),
            other => beside_form(app, other),
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
        ..ScheduleForm::default()
    }
}

/// The zones a form offers.
#[must_use]
pub fn zones() -> Vec<String> {
    local_time::OFFERED.iter().map(|zone| (*zone).to_owned()).collect()
}
