//! How many calls an account, a host and a registrant may make.
//!
//! Sources: `zoom.md`, section 5 (limits per account, shared by all apps; per host and per registrant a day).

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, SecondsFormat, TimeDelta, Utc};

use super::{
    answer::Answer,
    behaviour::{Behaviour, RetryHeader},
    state::AccountPlan,
};

const MEETING_WRITE: &str = "meeting write";
const MEETING_WRITES: u64 = 100;

/// The weight Zoom gives an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Label {
    Light,
    Medium,
    Heavy,
}

impl Label {
    fn word(self) -> &'static str {
        match self {
            Self::Light => "Light",
            Self::Medium => "Medium",
            Self::Heavy => "Heavy",
        }
    }

    fn per_second(self, plan: AccountPlan) -> u64 {
        match (plan, self) {
            (AccountPlan::Free, Self::Light) => 4,
            (AccountPlan::Free, Self::Medium) => 2,
            (AccountPlan::Free, Self::Heavy) => 1,
            (AccountPlan::Pro, Self::Light) => 30,
            (AccountPlan::Pro, Self::Medium) => 20,
            (AccountPlan::Pro, Self::Heavy) => 10,
            (AccountPlan::Business, Self::Light) => 80,
            (AccountPlan::Business, Self::Medium) => 60,
            (AccountPlan::Business, Self::Heavy) => 40,
        }
    }

    fn per_day(self, plan: AccountPlan) -> Option<u64> {
        match (plan, self) {
            (AccountPlan::Free, Self::Light) => Some(6_000),
            (AccountPlan::Free, Self::Medium) => Some(2_000),
            (AccountPlan::Free, Self::Heavy) => Some(1_000),
            (AccountPlan::Pro, Self::Heavy) => Some(30_000),
            (AccountPlan::Business, Self::Heavy) => Some(60_000),
            (AccountPlan::Pro | AccountPlan::Business, Self::Light | Self::Medium) => None,
        }
    }
}

/// Counters; those of an older second or day are forgotten.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    seconds: BTreeMap<(String, Label), (i64, u64)>,
    days: BTreeMap<(String, &'static str), (NaiveDate, u64)>,
}

/// A limit that a call has reached.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reached {
    Second,
    Day,
}

impl Limits {
    /// Counts a call and says whether it goes through: the headers of every answer, or the 429.
    pub(crate) fn count(
        &mut self,
        account: &str,
        plan: AccountPlan,
        label: Label,
        behaviour: &Behaviour,
        now: DateTime<Utc>,
    ) -> Result<Vec<(&'static str, String)>, Answer> {
        let limit = label.per_second(plan);
        let second = self.seconds.entry((account.to_owned(), label)).or_insert((now.timestamp(), 0));
        if second.0 != now.timestamp() {
            *second = (now.timestamp(), 0);
        }
        if behaviour.limits_per_second && second.1 >= limit {
            return Err(too_many(Reached::Second, label, limit, None, behaviour, now));
        }
        second.1 += 1;
        let remaining = limit.saturating_sub(second.1);
        if let Some(limit) = label.per_day(plan)
            && !self.take(account, label.word(), limit, behaviour, now)
        {
            return Err(too_many(Reached::Day, label, limit, None, behaviour, now));
        }
        Ok(vec![
            ("x-ratelimit-category", label.word().to_owned()),
            ("x-ratelimit-type", "QPS".to_owned()),
            ("x-ratelimit-limit", limit.to_string()),
            ("x-ratelimit-remaining", remaining.to_string()),
        ])
    }

    /// Counts one of a day's calls of a kind; false when the day has no more.
    fn take(
        &mut self,
        key: &str,
        kind: &'static str,
        limit: u64,
        behaviour: &Behaviour,
        now: DateTime<Utc>,
    ) -> bool {
        let today = now.date_naive();
        let day = self.days.entry((key.to_owned(), kind)).or_insert((today, 0));
        if day.0 != today {
            *day = (today, 0);
        }
        if behaviour.limits_per_day && day.1 >= limit {
            return false;
        }
        day.1 += 1;
        true
    }

    /// As if a host had made all of its creates and updates of today.
    pub(crate) fn spend_day(&mut self, host: &str, now: DateTime<Utc>) {
        self.days.insert((host.to_owned(), MEETING_WRITE), (now.date_naive(), MEETING_WRITES));
    }

    /// 100 creates and updates of meetings a UTC day and host.
    pub(crate) fn meeting_write(
        &mut self,
        host: &str,
        behaviour: &Behaviour,
        now: DateTime<Utc>,
    ) -> Result<(), Answer> {
        if self.take(host, MEETING_WRITE, MEETING_WRITES, behaviour, now) {
            return Ok(());
        }
        let text = "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this particular user. \
                    You may resume these requests at GMT 00:00:00.";
        Err(too_many(Reached::Day, Label::Light, MEETING_WRITES, Some(text), behaviour, now))
    }

    /// 3 registrations a day of the same address for the same meeting.
    pub(crate) fn registration(
        &mut self,
        meeting: u64,
        email: &str,
        behaviour: &Behaviour,
        now: DateTime<Utc>,
    ) -> Result<(), Answer> {
        if self.take(&format!("{meeting} {}", email.to_lowercase()), "registration", 3, behaviour, now) {
            return Ok(());
        }
        let text = "You have exceeded the daily rate limit (3) of Add meeting registrant API requests permitted for this registrant. \
                    You may resume these requests at GMT 00:00:00.";
        Err(too_many(Reached::Day, Label::Light, 3, Some(text), behaviour, now))
    }

    /// 10 status updates a day of the same registrant.
    pub(crate) fn registrant_status(
        &mut self,
        meeting: u64,
        registrant: &str,
        behaviour: &Behaviour,
        now: DateTime<Utc>,
    ) -> Result<(), Answer> {
        if self.take(&format!("{meeting} {registrant}"), "registrant status", 10, behaviour, now) {
            return Ok(());
        }
        let text = "You have exceeded the daily rate limit (10) of Update meeting registrant's status API requests permitted for this registrant. \
                    You may resume these requests at GMT 00:00:00.";
        Err(too_many(Reached::Day, Label::Medium, 10, Some(text), behaviour, now))
    }
}

/// A 429 in the form the behaviour asks for.
pub(crate) fn too_many(
    reached: Reached,
    label: Label,
    limit: u64,
    text: Option<&str>,
    behaviour: &Behaviour,
    now: DateTime<Utc>,
) -> Answer {
    let (kind, text, back) = match reached {
        Reached::Second => (
            "QPS",
            text.unwrap_or("You have reached the maximum per-second rate limit for this API. Try again later."),
            now + TimeDelta::seconds(1),
        ),
        Reached::Day => (
            "Daily-limit",
            text.unwrap_or("You have reached the maximum daily rate limit for this API. Refer to the response header for details on when you can make another request."),
            (now.date_naive() + Days::new(1)).and_hms_opt(0, 0, 0).map_or(now, |midnight| midnight.and_utc()),
        ),
    };
    let answer = Answer::error(429, 429, text)
        .header("x-ratelimit-type", kind.to_owned())
        .header("x-ratelimit-limit", limit.to_string())
        .header("x-ratelimit-remaining", "0".to_owned());
    let back = back.to_rfc3339_opts(SecondsFormat::Secs, true);
    let category = if behaviour.retry_header == RetryHeader::Missing { Label::Light } else { label };
    let answer = answer.header("x-ratelimit-category", category.word().to_owned());
    match (behaviour.retry_header, reached) {
        (RetryHeader::Missing, _) => answer,
        (RetryHeader::AsDocumented, Reached::Second) => answer.header("x-ratelimit-reset", back),
        (RetryHeader::AsDocumented, Reached::Day) | (RetryHeader::Always, _) => {
            answer.header("retry-after", back)
        }
    }
}
