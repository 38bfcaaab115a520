//! The actual runs of a meeting. One that is stopped and started again has several, each with its own id.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Interval, Presence, Source};
use crate::provider::{EventKind, IncomingEvent, MeetingRun};

/// The longest a vendor lets a meeting run (Zoom, licensed: 30 hours). Only bounds a run whose end nobody told.
const LONGEST_RUN: TimeDelta = TimeDelta::hours(30);

/// What is known of one run. Gains knowledge like a [`Presence`]: order and repetition do not matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The vendor's id of the run.
    pub id: String,
    /// Whose run it is, by whatever id the caller uses for meetings. A meeting has one run at a time, but a session
    /// with helped breakout rooms has several meetings at once.
    pub meeting: String,
    /// When it began, if told.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended, if told.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Run {
    /// What one event says of its run; an "ended" may come before its "started". `None` without ids.
    #[must_use]
    pub fn from_event(event: &IncomingEvent) -> Option<Self> {
        let at = |kind| (event.kind == kind).then_some(event.at);
        Some(Self {
            id: event.run_id.clone()?,
            meeting: event.meeting_id.clone()?,
            started_at: at(EventKind::MeetingStarted),
            ended_at: at(EventKind::MeetingEnded),
        })
    }

    /// A run the vendor lists after the fact.
    #[must_use]
    pub fn listed(meeting: &str, run: &MeetingRun) -> Self {
        Self {
            id: run.id.clone(),
            meeting: meeting.to_owned(),
            started_at: Some(run.started_at),
            ended_at: None,
        }
    }

    /// Adds what another record of the same run knows.
    pub fn absorb(&mut self, other: &Self) {
        self.started_at = self.started_at.into_iter().chain(other.started_at).min();
        self.ended_at = self.ended_at.max(other.ended_at);
    }
}

/// The runs that overlap a time, oldest first: for a meeting that serves many sessions.
///
/// A run without a known end lasts at most until the meeting's next run, or 30 hours.
#[must_use]
pub fn overlapping(runs: &[Run], time: Interval) -> Vec<Run> {
    let mut chosen: Vec<Run> = runs.iter().filter(|run| overlaps(run, runs, time)).cloned().collect();
    chosen.sort_by(|a, b| (a.started_at, &a.id).cmp(&(b.started_at, &b.id)));
    chosen
}

fn overlaps(run: &Run, all: &[Run], time: Interval) -> bool {
    let Some(start) = run.started_at else {
        return run.ended_at.is_some_and(|end| time.from < end && end <= time.to);
    };
    let next = all
        .iter()
        .filter(|other| other.meeting == run.meeting)
        .filter_map(|other| other.started_at)
        .filter(|at| *at > start)
        .min();
    let end = run.ended_at.or(next).unwrap_or(start + LONGEST_RUN);
    start < time.to && end > time.from
}

/// When a stay that nobody saw end is taken to have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    /// The run is going on.
    Running,
    /// The run is over; this is its end, or the last that was heard of it.
    At(DateTime<Utc>),
}

/// What all evidence together says of each run's bounds.
#[derive(Debug)]
pub(crate) struct RunBook<'a>(BTreeMap<&'a str, Bounds>);

#[derive(Debug, Default)]
struct Bounds {
    first: Option<DateTime<Utc>>,
    last: Option<DateTime<Utc>>,
    ended: Option<DateTime<Utc>>,
    over: bool,
}

impl<'a> RunBook<'a> {
    /// `session_over`: nothing of this session can be going on any more.
    pub(crate) fn new(runs: &'a [Run], presences: &'a [Presence], session_over: bool) -> Self {
        let mut book: BTreeMap<&str, Bounds> = BTreeMap::new();
        for run in runs {
            let bounds = book.entry(&run.id).or_default();
            bounds.ended = bounds.ended.max(run.ended_at);
            bounds.see(run.started_at);
            bounds.see(run.ended_at);
        }
        for presence in
            presences.iter().filter(|p| !matches!(p.key.source, Source::Redirect | Source::Person))
        {
            let bounds = book.entry(&presence.key.run).or_default();
            for mark in presence.joins.iter().chain(&presence.leaves) {
                bounds.see(Some(*mark));
            }
        }
        // A meeting has one run at a time: a later one shows that the earlier is over.
        let mut newest: BTreeMap<&str, DateTime<Utc>> = BTreeMap::new();
        for run in runs {
            if let Some(first) = book.get(run.id.as_str()).and_then(|bounds| bounds.first) {
                let start = newest.entry(&run.meeting).or_insert(first);
                *start = first.max(*start);
            }
        }
        for run in runs {
            if let (Some(bounds), Some(newest)) =
                (book.get_mut(run.id.as_str()), newest.get(run.meeting.as_str()))
            {
                bounds.over = bounds.first.is_some_and(|first| first < *newest);
            }
        }
        for bounds in book.values_mut() {
            bounds.over |= session_over;
        }
        Self(book)
    }

    pub(crate) fn closing(&self, run: &str) -> Closing {
        let Some(bounds) = self.0.get(run) else { return Closing::Running };
        match (bounds.ended, bounds.over, bounds.last) {
            (Some(end), _, _) => Closing::At(end),
            (None, true, Some(last)) => Closing::At(last),
            _ => Closing::Running,
        }
    }

    /// The earliest instant at which anybody can have been in this run.
    pub(crate) fn first(&self, run: &str) -> Option<DateTime<Utc>> {
        self.0.get(run).and_then(|bounds| bounds.first)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().copied()
    }
}

impl Bounds {
    fn see(&mut self, at: Option<DateTime<Utc>>) {
        self.first = self.first.into_iter().chain(at).min();
        self.last = self.last.max(at);
    }
}
