//! How many calls a minute a user of a project has, and the project.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Duration, Utc};

use super::{behaviour::Behaviour, errors::too_many, operations::Label};
use crate::answer::Answer;

/// A project has ten times what one of its users has.
const PROJECT: usize = 10;

/// The calls of the last minute, by project, user (empty: the project) and label.
#[derive(Debug, Default)]
pub(crate) struct Limits(BTreeMap<(String, String, Label), VecDeque<DateTime<Utc>>>);

impl Limits {
    /// Counts a call, or says that there were too many.
    pub(crate) fn count(
        &mut self,
        (project, user): (&str, &str),
        label: Label,
        behaviour: &Behaviour,
        now: DateTime<Utc>,
    ) -> Result<(), Answer> {
        let (metric, most) = match label {
            Label::Free => return Ok(()),
            Label::Read => ("Read requests", behaviour.reads),
            Label::Write => ("Write requests", behaviour.writes),
            Label::Create => ("Space creation requests", behaviour.creates),
        };
        if !behaviour.quotas {
            return Ok(());
        }
        let keys = [(user, most), ("", most * PROJECT)]
            .map(|(user, most)| ((project.to_owned(), user.to_owned(), label), most));
        for (key, most) in &keys {
            let recent = self.0.entry(key.clone()).or_default();
            while recent.front().is_some_and(|at| now - *at >= Duration::seconds(60)) {
                recent.pop_front();
            }
            if recent.len() >= *most {
                return Err(too_many("meet.googleapis.com", metric, *most));
            }
        }
        for (key, _) in keys {
            self.0.entry(key).or_default().push_back(now);
        }
        Ok(())
    }
}
