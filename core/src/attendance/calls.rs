//! Runs of vendors whose events do not name them (Microsoft Teams): a call began, a call ended, and who was there, told apart by
//! time alone. The report that comes afterwards names the run.
//!
//! A beginning and an end are kept as they came, each as a run of its own ([`unnamed`]), and put together whenever they are
//! read ([`named`]): so their order of arrival, and what is lost, do not matter.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Presence, Run, Source};
use crate::provider::{EventKind, IncomingEvent};

/// Begins the id of a beginning or an end whose run has no name.
const UNNAMED: &str = "call:";
/// A report's start and the event of that start differ by less.
const SAME_START: TimeDelta = TimeDelta::minutes(5);
/// Somebody's coming in may be told with a time a little before that of the call's beginning.
const AHEAD: TimeDelta = TimeDelta::minutes(1);

/// The id under which a beginning or an end without a run's name is kept; `None` for other events.
#[must_use]
pub fn unnamed(event: &IncomingEvent) -> Option<String> {
    let what = match event.kind {
        EventKind::MeetingStarted => "began",
        EventKind::MeetingEnded => "ended",
        _ => return None,
    };
    Some(format!("{UNNAMED}{what}:{}", event.at.timestamp_micros()))
}

/// Whether a run has no name of the vendor's, so that nobody can be asked about it.
#[must_use]
pub fn is_unnamed(run: &str) -> bool {
    run.starts_with(UNNAMED)
}

/// Puts beginnings and ends together to calls, calls to the runs that a report lists, and stays without a run into the one in
/// which they lie. Stays keep their order; runs that have names lose nothing.
#[must_use]
pub fn named(runs: Vec<Run>, mut presences: Vec<Presence>) -> (Vec<Run>, Vec<Presence>) {
    let (marks, mut runs): (Vec<Run>, Vec<Run>) = runs.into_iter().partition(|run| is_unnamed(&run.id));
    let meetings: BTreeSet<&str> = marks.iter().map(|mark| mark.meeting.as_str()).collect();
    for meeting in meetings {
        for call in calls(marks.iter().filter(|mark| mark.meeting == meeting)) {
            match listed(&mut runs, &call) {
                Some(run) => run.absorb(&call),
                None => runs.push(call),
            }
        }
    }
    for presence in &mut presences {
        if presence.key.source == Source::Webhook && presence.key.run.is_empty() {
            let marks = presence.joins.iter().chain(&presence.leaves).min();
            if let Some(run) = marks.and_then(|at| around(&runs, *at)) {
                presence.key.run.clone_from(&run.id);
            }
        }
    }
    (runs, presences)
}

/// Each beginning with the first end after it and before the next beginning; ends without a beginning last.
fn calls<'a>(marks: impl Iterator<Item = &'a Run> + Clone) -> Vec<Run> {
    let began: BTreeSet<_> = marks.clone().filter_map(|mark| mark.started_at).collect();
    let mut ended: BTreeSet<_> = marks.clone().filter_map(|mark| mark.ended_at).collect();
    let Some(meeting) = marks.into_iter().next().map(|mark| mark.meeting.clone()) else { return Vec::new() };
    let mut calls: Vec<Run> = Vec::new();
    for start in &began {
        let next = began.range((std::ops::Bound::Excluded(start), std::ops::Bound::Unbounded)).next();
        let first = ended.range(start..).next().copied().filter(|end| next.is_none_or(|next| end < next));
        if let Some(end) = first {
            ended.remove(&end);
        }
        let id = format!("{UNNAMED}{}", start.timestamp_micros());
        calls.push(Run { id, meeting: meeting.clone(), started_at: Some(*start), ended_at: first });
    }
    calls.extend(ended.into_iter().map(|end| Run {
        id: format!("{UNNAMED}until:{}", end.timestamp_micros()),
        meeting: meeting.clone(),
        started_at: None,
        ended_at: Some(end),
    }));
    calls
}

/// The listed run that is this call.
fn listed<'a>(runs: &'a mut [Run], call: &Run) -> Option<&'a mut Run> {
    let same_meeting = runs.iter_mut().filter(|run| run.meeting == call.meeting && !is_unnamed(&run.id));
    match (call.started_at, call.ended_at) {
        (Some(start), _) => same_meeting
            .filter_map(|run| Some(((run.started_at? - start).abs(), run)))
            .filter(|(apart, _)| *apart <= SAME_START)
            .min_by_key(|(apart, _)| *apart)
            .map(|(_, run)| run),
        (None, Some(end)) => same_meeting
            .filter(|run| run.ended_at.is_none_or(|known| known == end))
            .filter(|run| run.started_at.is_some_and(|start| start <= end))
            .max_by_key(|run| run.started_at),
        (None, None) => None,
    }
}

/// The run that began last before an instant; else the first of all.
fn around(runs: &[Run], at: DateTime<Utc>) -> Option<&Run> {
    let began = |run: &&Run| run.started_at.is_some_and(|start| start <= at + AHEAD);
    let first = || runs.iter().min_by_key(|run| run.started_at.or(run.ended_at));
    runs.iter().filter(began).max_by_key(|run| run.started_at).or_else(first)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        attendance::{PresenceKey, PresenceKind},
        provider::ParticipantFacts,
    };

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn mark(what: &str, started: Option<i64>, ended: Option<i64>) -> Run {
        Run {
            id: format!("call:{what}"),
            meeting: "m".to_owned(),
            started_at: started.map(at),
            ended_at: ended.map(at),
        }
    }

    fn listed_run(id: &str, started: i64) -> Run {
        Run { id: id.to_owned(), meeting: "m".to_owned(), started_at: Some(at(started)), ended_at: None }
    }

    fn stay(entry: &str, joined: Option<i64>, left: Option<i64>) -> Presence {
        Presence {
            key: PresenceKey {
                source: Source::Webhook,
                run: String::new(),
                kind: PresenceKind::Main,
                entry: entry.to_owned(),
            },
            assigned: None,
            joins: joined.map(at).into_iter().collect::<BTreeSet<_>>(),
            leaves: left.map(at).into_iter().collect(),
            facts: ParticipantFacts::default(),
            received_at: at(0),
        }
    }

    fn bounds(runs: &[Run]) -> Vec<(Option<i64>, Option<i64>)> {
        let minute = |at: DateTime<Utc>| at.timestamp() / 60;
        runs.iter().map(|run| (run.started_at.map(minute), run.ended_at.map(minute))).collect()
    }

    #[test]
    fn beginnings_and_ends_become_calls_in_whatever_order_they_came() {
        let marks = [
            mark("a", Some(0), None),
            mark("b", None, Some(10)),
            mark("c", Some(20), None),
            mark("d", None, Some(30)),
        ];
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
            let runs = order.map(|index| marks[index].clone()).to_vec();
            let stays = vec![
                stay("early", Some(1), None),
                stay("late", Some(21), None),
                stay("first", Some(-1), None),
            ];
            let (runs, stays) = named(runs, stays);
            assert_eq!(bounds(&runs), [(Some(0), Some(10)), (Some(20), Some(30))]);
            let of: Vec<_> = stays.iter().map(|stay| stay.key.run == runs[0].id).collect();
            assert_eq!(of, [true, false, true]);
        }
    }

    #[test]
    fn what_is_lost_leaves_the_rest() {
        // The first end is lost: the call goes on until the next begins. The second beginning is lost too.
        assert_eq!(bounds(&named(vec![mark("a", Some(0), None)], Vec::new()).0), [(Some(0), None)]);
        assert_eq!(bounds(&named(vec![mark("b", None, Some(9))], Vec::new()).0), [(None, Some(9))]);
        let (runs, stays) = named(vec![mark("b", None, Some(9))], vec![stay("x", Some(1), None)]);
        assert_eq!(stays[0].key.run, runs[0].id);
        // Nothing of any run: nothing to put it into.
        assert_eq!(named(Vec::new(), vec![stay("x", Some(1), None)]).1[0].key.run, "");
    }

    #[test]
    fn the_report_names_the_call() {
        let told = vec![
            mark("a", Some(0), None),
            mark("b", None, Some(10)),
            mark("c", None, Some(30)),
            listed_run("r1", 1),
            listed_run("r2", 20),
        ];
        let (runs, stays) = named(told, vec![stay("x", Some(2), Some(9)), stay("y", Some(22), None)]);
        assert_eq!(bounds(&runs), [(Some(0), Some(10)), (Some(20), Some(30))]);
        assert_eq!([stays[0].key.run.as_str(), stays[1].key.run.as_str()], ["r1", "r2"]);
        assert!(runs.iter().all(|run| !is_unnamed(&run.id)));
    }

    #[test]
    fn runs_with_names_and_other_sources_are_left_alone() {
        let mut redirect = stay("p", Some(1), None);
        redirect.key.source = Source::Redirect;
        let mut theirs = stay("z", Some(1), None);
        theirs.key.run = "r0".to_owned();
        let (runs, stays) = named(vec![listed_run("r1", 0)], vec![redirect.clone(), theirs.clone()]);
        assert_eq!((runs, stays), (vec![listed_run("r1", 0)], vec![redirect, theirs]));
    }
}
