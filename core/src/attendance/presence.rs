//! One stay of one participant, as one source tells it: the row that is stored, and all that a verdict rests on.
//!
//! A row only ever *gains* marks ([`Presence::absorb`] is commutative, associative and idempotent), so events
//! may come late, twice or in any order: load the row with the same [`PresenceKey`], absorb, save.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Interval;
use crate::{
    ids::PersonId,
    provider::{EventKind, IncomingEvent, ParticipantFacts, ParticipantReport, ReportKind, ReportRow},
};

/// Who says it. Later in this list means believed before earlier; see [`super::merge`] for the whole rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// We redirected the person into the meeting. Shows an intent, no minutes.
    Redirect,
    /// The vendor's events while it happened.
    Webhook,
    /// The vendor's list of past participants: addresses, no registrants.
    PastParticipants,
    /// The vendor's full report: registrants.
    AdminReport,
    /// Somebody in charge says so.
    Person,
}

impl Source {
    const ALL: [Self; 5] =
        [Self::Redirect, Self::Webhook, Self::PastParticipants, Self::AdminReport, Self::Person];

    /// The word stored and sent.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Redirect => "redirect",
            Self::Webhook => "webhook",
            Self::PastParticipants => "past_participants",
            Self::AdminReport => "admin_report",
            Self::Person => "person",
        }
    }

    /// Reads the stored word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == word)
    }

    /// A vendor's account of a whole run, made after it.
    #[must_use]
    pub const fn is_report(self) -> bool {
        matches!(self, Self::PastParticipants | Self::AdminReport)
    }
}

impl From<ReportKind> for Source {
    fn from(kind: ReportKind) -> Self {
        match kind {
            ReportKind::Admin => Self::AdminReport,
            ReportKind::PastParticipants => Self::PastParticipants,
        }
    }
}

/// Where in the meeting the stay was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresenceKind {
    /// In the main room.
    Main,
    /// In the waiting room: never counted.
    Waiting,
    /// In a breakout room: counted.
    Breakout,
}

impl PresenceKind {
    /// The word stored and sent.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Waiting => "waiting",
            Self::Breakout => "breakout",
        }
    }

    /// Reads the stored word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Main, Self::Waiting, Self::Breakout].into_iter().find(|kind| kind.name() == word)
    }
}

/// What makes a row the same row: with the session, the unique key of the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PresenceKey {
    /// Who says it.
    pub source: Source,
    /// The vendor's run; empty where there is none. Never NULL: NULLs are distinct in a unique index.
    pub run: String,
    /// Where.
    pub kind: PresenceKind,
    /// Which stay. Events: the vendor's id of the stay. Reports, where one id may have several rows: that id with the
    /// row's times. Redirects: the person.
    pub entry: String,
}

/// One stay, from one source.
///
/// Stored whole, as JSON, beside the columns that queries need: the key (its `entry` is the column `stay`),
/// [`Presence::joined_at`], [`Presence::left_at`], the registrant, and the person found last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// Its identity within the session.
    pub key: PresenceKey,
    /// The person, where known otherwise than by the vendor's facts: passed our gate, or was chosen by hand from the
    /// review queue. What [`super::matching`] finds is *not* put here, so that it can be found anew.
    pub assigned: Option<PersonId>,
    /// Instants at which the source saw them come in. More than one when an id is used again.
    pub joins: BTreeSet<DateTime<Utc>>,
    /// Instants at which the source saw them go out.
    pub leaves: BTreeSet<DateTime<Utc>>,
    /// The person, by the vendor's facts.
    pub facts: ParticipantFacts,
    /// When we first heard of it.
    pub received_at: DateTime<Utc>,
}

impl Presence {
    /// What one event says of one stay. `None` for events that are not about a stay.
    #[must_use]
    pub fn from_event(event: &IncomingEvent, received_at: DateTime<Utc>) -> Option<Self> {
        let (kind, came_in) = match event.kind {
            EventKind::ParticipantJoined => (PresenceKind::Main, true),
            EventKind::ParticipantLeft => (PresenceKind::Main, false),
            EventKind::WaitingRoomJoined => (PresenceKind::Waiting, true),
            EventKind::WaitingRoomLeft => (PresenceKind::Waiting, false),
            EventKind::BreakoutJoined => (PresenceKind::Breakout, true),
            EventKind::BreakoutLeft => (PresenceKind::Breakout, false),
            _ => return None,
        };
        let facts = event.participant.clone()?;
        let run = event.run_id.clone().unwrap_or_default();
        let key = PresenceKey { source: Source::Webhook, run, kind, entry: entry(&facts) };
        let mark = BTreeSet::from([event.at]);
        let (joins, leaves) = if came_in { (mark, BTreeSet::new()) } else { (BTreeSet::new(), mark) };
        Some(Self { key, assigned: None, joins, leaves, facts, received_at })
    }

    /// The rows of a report on one run.
    ///
    /// A report is a snapshot: store it by replacing, in one transaction, all rows of this source and run, but only
    /// with a report that has rows (an empty answer proves nothing). By-hand assignments of rows that stay are kept.
    #[must_use]
    pub fn from_report(run: &str, report: &ParticipantReport, received_at: DateTime<Utc>) -> Vec<Self> {
        let source = Source::from(report.kind);
        let mut rows: Vec<Self> =
            report.rows.iter().map(|row| Self::from_row(source, run, row, received_at)).collect();
        rows.sort_by(|a, b| a.key.cmp(&b.key));
        rows.dedup_by(|a, b| a.key == b.key);
        rows
    }

    fn from_row(source: Source, run: &str, row: &ReportRow, received_at: DateTime<Utc>) -> Self {
        let kind = match (row.waiting_room, &row.breakout_room) {
            (true, _) => PresenceKind::Waiting,
            (false, Some(_)) => PresenceKind::Breakout,
            (false, None) => PresenceKind::Main,
        };
        let facts = ParticipantFacts {
            stay: row.stay.clone(),
            registrant_id: row.registrant_id.clone(),
            email: row.email.clone(),
            name: Some(row.name.clone()),
            breakout_room: row.breakout_room.clone(),
            ..ParticipantFacts::default()
        };
        let stay = Interval::new(row.joined_at, row.left_at);
        let entry = timed_entry(&entry(&facts), stay);
        let key = PresenceKey { source, run: run.to_owned(), kind, entry };
        Self {
            key,
            assigned: None,
            joins: BTreeSet::from([stay.from]),
            leaves: BTreeSet::from([stay.to]),
            facts,
            received_at,
        }
    }

    /// We sent this person into the meeting.
    #[must_use]
    pub fn redirected(person: PersonId, at: DateTime<Utc>) -> Self {
        let key = PresenceKey {
            source: Source::Redirect,
            run: String::new(),
            kind: PresenceKind::Main,
            entry: person.to_string(),
        };
        Self {
            key,
            assigned: Some(person),
            joins: BTreeSet::from([at]),
            leaves: BTreeSet::new(),
            facts: ParticipantFacts::default(),
            received_at: at,
        }
    }

    /// Somebody in charge says that this person was there; who said so belongs in the audit.
    #[must_use]
    pub fn told(person: PersonId, stay: Interval, at: DateTime<Utc>) -> Self {
        let entry = timed_entry(&person.to_string(), stay);
        Self {
            key: PresenceKey { source: Source::Person, run: String::new(), kind: PresenceKind::Main, entry },
            assigned: Some(person),
            joins: BTreeSet::from([stay.from]),
            leaves: BTreeSet::from([stay.to]),
            facts: ParticipantFacts::default(),
            received_at: at,
        }
    }

    /// Adds what another row of the same key knows. The order of absorbing does not matter, nor does repeating it.
    pub fn absorb(&mut self, other: &Self) {
        debug_assert_eq!(self.key, other.key, "only rows of one stay are joined");
        self.joins.extend(&other.joins);
        self.leaves.extend(&other.leaves);
        self.received_at = self.received_at.min(other.received_at);
        // An assignment is a decision by hand, made on the stored row: incoming ones are empty, or the same.
        self.assigned = self.assigned.or(other.assigned);
        let (mine, theirs) = (&mut self.facts, &other.facts);
        keep(&mut mine.stay, &theirs.stay);
        keep(&mut mine.stay_alias, &theirs.stay_alias);
        keep(&mut mine.registrant_id, &theirs.registrant_id);
        keep(&mut mine.email, &theirs.email);
        keep(&mut mine.name, &theirs.name);
        keep(&mut mine.user_id, &theirs.user_id);
        keep(&mut mine.breakout_room, &theirs.breakout_room);
        keep(&mut mine.parent_stay, &theirs.parent_stay);
        keep(&mut mine.leave_reason, &theirs.leave_reason);
    }

    /// The first instant in; `None` when only the leaving was seen.
    #[must_use]
    pub fn joined_at(&self) -> Option<DateTime<Utc>> {
        self.joins.first().copied()
    }

    /// The last instant out; `None` while nothing says that they left, also when they came back in since.
    #[must_use]
    pub fn left_at(&self) -> Option<DateTime<Utc>> {
        self.leaves.last().copied().filter(|out| self.joins.last().is_none_or(|came_in| came_in <= out))
    }
}

/// Of two different values the smaller one: any rule does, as long as both orders of arrival end with the same row.
fn keep(mine: &mut Option<String>, theirs: &Option<String>) {
    let empty = |value: &Option<String>| value.as_ref().is_none_or(|text| text.trim().is_empty());
    if empty(theirs) {
        return;
    }
    if empty(mine) || *theirs < *mine {
        mine.clone_from(theirs);
    }
}

/// What tells one stay from another. Vendors give an id for each stay; the rest is for events that lack it.
fn entry(facts: &ParticipantFacts) -> String {
    let keys = [
        ("", &facts.stay),
        ("alias:", &facts.stay_alias),
        ("registrant:", &facts.registrant_id),
        ("user:", &facts.user_id),
        ("address:", &facts.email),
        ("name:", &facts.name),
    ];
    let named = keys.into_iter().find_map(|(prefix, value)| {
        let value = value.as_deref().map(str::trim).filter(|text| !text.is_empty())?;
        Some(format!("{prefix}{value}"))
    });
    named.unwrap_or_else(|| "unidentified".to_owned())
}

fn timed_entry(entry: &str, stay: Interval) -> String {
    format!("{entry}@{}-{}", stay.from.timestamp_millis(), stay.to.timestamp_millis())
}
