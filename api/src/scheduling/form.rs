//! What was typed into the form.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use lectern_core::ids::CohortId;
use lectern_web::pages::class::RecordingMode;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    classes::pages::OptionsForm,
    sessions::{
        pages::Schedule,
        service::{Clashes, ScheduleSessions},
    },
};

/// The inputs of the form, as sent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ScheduleForm {
    pub(super) class: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) instructor_id: String,
    pub(super) cohort: Vec<String>,
    pub(super) people: String,
    pub(super) guests: String,
    pub(super) later: Option<String>,
    pub(super) session_title: String,
    pub(super) date: String,
    pub(super) time: String,
    pub(super) duration_minutes: String,
    pub(super) time_zone: String,
    pub(super) repeats: String,
    pub(super) interval: String,
    pub(super) day: Vec<String>,
    pub(super) ends: String,
    pub(super) count: String,
    pub(super) until: String,
    pub(super) leave_out: Vec<String>,
    pub(super) allow_clashes: Option<String>,
    pub(super) viewer_time_zone: String,
    pub(super) provider: String,
    /// Another platform, by the button beside what the chosen one cannot do.
    pub(super) instead: String,
    /// Another time, by the button beside what clashes.
    pub(super) use_time: String,
    pub(super) link: String,
    pub(super) waiting_room: Option<String>,
    pub(super) recording: Option<RecordingMode>,
    pub(super) breakout_rooms: Option<String>,
    pub(super) chat: Option<String>,
    pub(super) screen_share: Option<String>,
    pub(super) aliases: Option<String>,
    pub(super) open: Vec<String>,
    /// The form's own key.
    pub(super) press: String,
    /// What was looked at.
    pub(super) seen: String,
}

impl ScheduleForm {
    /// The chosen class; none: a new one.
    pub(super) fn class(&self) -> Option<Result<Uuid, uuid::Error>> {
        Some(self.class.trim()).filter(|class| !class.is_empty()).map(Uuid::parse_str)
    }

    pub(super) fn instructor(&self) -> Option<Result<Uuid, uuid::Error>> {
        Some(self.instructor_id.trim()).filter(|id| !id.is_empty()).map(Uuid::parse_str)
    }

    /// The chosen platform's word; none: the organization's default.
    pub(super) fn platform(&self) -> Option<&str> {
        [&self.instead, &self.provider].into_iter().map(|word| word.trim()).find(|word| !word.is_empty())
    }

    pub(super) fn cohorts(&self) -> BTreeSet<CohortId> {
        self.cohort.iter().filter_map(|id| Uuid::parse_str(id.trim()).ok()).map(CohortId).collect()
    }

    /// A class without sessions is wanted: only a new one.
    pub(super) fn is_for_later(&self) -> bool {
        self.later.is_some() && self.class.trim().is_empty()
    }

    pub(super) fn options(&self) -> OptionsForm {
        OptionsForm {
            waiting_room: self.waiting_room.clone(),
            recording: self.recording,
            breakout_rooms: self.breakout_rooms.clone(),
            chat: self.chat.clone(),
            screen_share: self.screen_share.clone(),
            aliases: self.aliases.clone(),
            open: self.open.clone(),
        }
    }

    /// The days that are left out, each once.
    pub(super) fn left_out(&self) -> BTreeSet<NaiveDate> {
        self.leave_out
            .iter()
            .filter_map(|day| NaiveDate::parse_from_str(day.trim(), "%Y-%m-%d").ok())
            .collect()
    }

    /// The time of the button, where that was pressed, in the place of what was typed.
    pub(super) fn takes_the_time_of_the_button(&mut self) {
        let pressed = std::mem::take(&mut self.use_time);
        if !pressed.is_empty() {
            self.time = pressed;
        }
    }

    /// The part that says when.
    pub(super) fn when(&self) -> Schedule {
        Schedule {
            date: self.date.clone(),
            time: self.time.clone(),
            time_zone: self.time_zone.clone(),
            duration_minutes: self.duration_minutes.clone(),
            title: self.session_title.clone(),
            repeats: self.repeats.clone(),
            interval: if self.interval.is_empty() { "1".to_owned() } else { self.interval.clone() },
            day: self.day.clone(),
            ends: self.ends.clone(),
            count: self.count.clone(),
            until: self.until.clone(),
            allow_clashes: self.allow_clashes.clone(),
            viewer_time_zone: self.viewer_time_zone.clone(),
        }
    }

    /// When, as the sessions' room takes it; the errors name the form's inputs.
    pub(super) fn sessions(&self) -> Result<ScheduleSessions, Vec<lectern_web::FieldError>> {
        let mut asked = self.when().read()?;
        let days = self.left_out();
        if let Some(rule) = asked.recurrence.as_mut().filter(|_| !days.is_empty()) {
            let days: Vec<_> = days.iter().map(|day| day.format("%Y%m%d").to_string()).collect();
            rule.push_str(&format!("\nEXDATE;VALUE=DATE:{}", days.join(",")));
        }
        asked.clashes = Some(if self.allow_clashes.is_some() { Clashes::Allow } else { Clashes::RefuseAny });
        Ok(asked)
    }

    /// Of everything that was filled in.
    pub(super) fn hash(&self) -> [u8; 32] {
        let filled = Self { seen: String::new(), ..self.clone() };
        Sha256::digest(serde_json::to_vec(&filled).unwrap_or_default()).into()
    }

    /// Of what decides on what will happen: whoever looked at it and then changes a word of a title has still looked at it.
    pub(super) fn sight(&self, sessions: usize) -> String {
        // A class that is there has its instructor.
        let instructor = if self.class.trim().is_empty() { self.instructor_id.as_str() } else { "" };
        let words = [
            &self.class,
            &self.people,
            &self.guests,
            &self.date,
            &self.time,
            &self.duration_minutes,
            &self.time_zone,
            &self.repeats,
            &self.interval,
            &self.ends,
            &self.count,
            &self.until,
        ];
        let mut hash = Sha256::new();
        let sets = [&self.cohort, &self.day, &self.leave_out].map(|set| set.iter().collect::<BTreeSet<_>>());
        for word in words.into_iter().chain(sets.into_iter().flatten()) {
            hash.update(word.trim());
            hash.update([0]);
        }
        let flags = [self.is_for_later(), self.allow_clashes.is_some()];
        hash.update(format!("{instructor} {} {flags:?} {sessions}", self.platform().unwrap_or_default()));
        hash.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect()
    }
}
