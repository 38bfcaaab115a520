//! Who is where at this moment, from events in any order.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Match, Occasion, Presence, PresenceKey, PresenceKind, Source, identify, runs::RunBook, stays};
use crate::{ids::PersonId, provider::ParticipantFacts, role::SessionRole};

/// Where somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whereabouts {
    /// The vendor has not seen them.
    NotSeen,
    /// In the waiting room.
    Waiting,
    /// In the meeting, or in one of its breakout rooms.
    InClass,
    /// Was in the meeting, and went.
    Left,
}

/// One person of the roster, now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LivePerson {
    /// Who.
    pub person: PersonId,
    /// What they are to the session.
    pub role: SessionRole,
    /// Where.
    pub whereabouts: Whereabouts,
    /// Since when they are there: came in, left, or began to wait.
    pub since: Option<DateTime<Utc>>,
    /// The vendor's id of the breakout room they are in.
    pub breakout_room: Option<String>,
    /// When we last sent them in.
    pub redirected_at: Option<DateTime<Utc>>,
    /// Inside more than once: a second device, or a crashed client the vendor has not let go of.
    pub devices: usize,
}

/// Somebody inside or waiting who has no seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LiveStranger {
    /// The row.
    pub presence: PresenceKey,
    /// What the vendor shows of them.
    pub facts: ParticipantFacts,
    /// Where.
    pub whereabouts: Whereabouts,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
}

/// The live board of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Board {
    /// Everybody on the roster, in its order.
    pub people: Vec<LivePerson>,
    /// People without a seat.
    pub strangers: Vec<LiveStranger>,
}

struct Stay<'a> {
    presence: &'a Presence,
    found: Option<Match>,
    open: bool,
}

/// Reads the board. Only the vendor's events and our redirects speak of the present.
#[must_use]
pub fn board(occasion: &Occasion<'_>) -> Board {
    let book = RunBook::new(occasion.runs, occasion.presences, occasion.ended);
    let matches = identify(occasion.roster, occasion.presences);
    let readings = stays::read(occasion.presences, &book, occasion.now);
    let rows = occasion.presences.iter().zip(matches).zip(readings);
    let all: Vec<Stay<'_>> =
        rows.map(|((presence, found), reading)| Stay { presence, found, open: reading.open }).collect();
    let people = occasion.roster.seats().iter().map(|seat| {
        let theirs: Vec<&Stay<'_>> =
            all.iter().filter(|stay| stay.found.is_some_and(|found| found.person == seat.person)).collect();
        let events: Vec<&Stay<'_>> =
            theirs.iter().copied().filter(|stay| stay.presence.key.source == Source::Webhook).collect();
        let (whereabouts, since) = whereabouts(&events);
        let inside = |stay: &&&Stay<'_>| stay.open && stay.presence.key.kind == PresenceKind::Main;
        let redirects = theirs.iter().filter(|stay| stay.presence.key.source == Source::Redirect);
        LivePerson {
            person: seat.person,
            role: seat.role,
            whereabouts,
            since,
            breakout_room: breakout_room(&events),
            redirected_at: redirects.filter_map(|stay| stay.presence.joins.last().copied()).max(),
            devices: events
                .iter()
                .filter(inside)
                .count()
                .max(usize::from(whereabouts == Whereabouts::InClass)),
        }
    });
    let people = people.collect();
    let unknown = all
        .iter()
        .filter(|stay| stay.found.is_none() && stay.open && stay.presence.key.source == Source::Webhook);
    let mut strangers: Vec<LiveStranger> = unknown
        .map(|stay| LiveStranger {
            presence: stay.presence.key.clone(),
            facts: stay.presence.facts.clone(),
            whereabouts: if stay.presence.key.kind == PresenceKind::Waiting {
                Whereabouts::Waiting
            } else {
                Whereabouts::InClass
            },
            since: stay.presence.joins.last().copied(),
        })
        .collect();
    strangers.sort_by(|a, b| a.presence.cmp(&b.presence));
    Board { people, strangers }
}

fn whereabouts(events: &[&Stay<'_>]) -> (Whereabouts, Option<DateTime<Utc>>) {
    let (waiting, inside): (Vec<&Stay<'_>>, Vec<&Stay<'_>>) =
        events.iter().copied().partition(|stay| stay.presence.key.kind == PresenceKind::Waiting);
    if let Some(since) =
        inside.iter().filter(|stay| stay.open).filter_map(|stay| stay.presence.joins.last().copied()).min()
    {
        return (Whereabouts::InClass, Some(since));
    }
    let last_inside =
        inside.iter().flat_map(|stay| stay.presence.joins.iter().chain(&stay.presence.leaves)).max().copied();
    // A waiting that was followed by coming in is over, also when the vendor's word of its end was lost.
    let waits_since =
        waiting.iter().filter(|stay| stay.open).filter_map(|stay| stay.presence.joins.last().copied()).max();
    match (waits_since, last_inside) {
        (Some(since), last) if last.is_none_or(|last| since >= last) => (Whereabouts::Waiting, Some(since)),
        (_, Some(last)) => (Whereabouts::Left, Some(last)),
        (_, None) => (Whereabouts::NotSeen, None),
    }
}

fn breakout_room(events: &[&Stay<'_>]) -> Option<String> {
    let open = events.iter().filter(|stay| stay.open && stay.presence.key.kind == PresenceKind::Breakout);
    open.max_by_key(|stay| (stay.presence.joins.last(), &stay.presence.key))
        .and_then(|stay| stay.presence.facts.breakout_room.clone())
}
