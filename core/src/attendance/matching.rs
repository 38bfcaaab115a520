//! Whose stay it is. By the vendor's keys only; a name never decides, it only suggests.
//!
//! The keys, in order:
//! 1. a choice by hand, or our own redirect;
//! 2. the registrant id, of any generation of the seat: the only id that outlives leave and rejoin;
//! 3. exact equality (trimmed, ASCII case ignored) with an address registered for that one seat in that meeting. The list
//!    of past participants, which is all a user-level connection can read, has no other;
//! 4. the vendor's user id of an account that is connected as this person: the host;
//! 5. the same stay of the same run, or the main-room stay it belongs to, already known by 1-4 from another source.
//!
//! A key that two people share (two accounts of ours with one address are one registrant at the vendor) decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Presence;
use crate::{ids::PersonId, provider::ParticipantFacts, role::SessionRole};

/// Somebody expected in a session, with everything the vendor may know them by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Who.
    pub person: PersonId,
    /// What they are to the session.
    pub role: SessionRole,
    /// For suggestions only.
    pub name: String,
    /// Registrants made for this seat in this meeting: all generations, cancelled ones too.
    pub registrant_ids: Vec<String>,
    /// The address each was registered with; for the host, the connected account's.
    pub addresses: Vec<String>,
    /// Vendor accounts connected as this person: the host's user id.
    pub vendor_users: Vec<String>,
    /// Absence was announced and accepted.
    pub excused: bool,
}

/// How a stay was matched. In the order of the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    /// By hand, or because we redirected this very person.
    Assigned,
    /// By registrant id.
    Registrant,
    /// By the registered address.
    Address,
    /// By the connected vendor account.
    VendorUser,
    /// Through another source's row of the same stay.
    SameStay,
}

/// Whose a stay is, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// Who.
    pub person: PersonId,
    /// Why.
    pub by: MatchedBy,
}

/// Everybody expected, findable by key.
#[derive(Clone, Debug)]
pub struct Roster {
    seats: Vec<Seat>,
    registrants: Index,
    addresses: Index,
    vendor_users: Index,
}

impl Roster {
    /// One seat a person; verdicts come in this order.
    #[must_use]
    pub fn new(seats: Vec<Seat>) -> Self {
        let registrants = Index::of(&seats, |seat| &seat.registrant_ids, exact);
        let addresses = Index::of(&seats, |seat| &seat.addresses, address);
        let vendor_users = Index::of(&seats, |seat| &seat.vendor_users, exact);
        Self { seats, registrants, addresses, vendor_users }
    }

    /// Everybody, in order.
    #[must_use]
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// Whose these facts are, by keys 2-4.
    #[must_use]
    pub fn find(&self, facts: &ParticipantFacts) -> Option<Match> {
        let tries = [
            (&self.registrants, exact(facts.registrant_id.as_deref()), MatchedBy::Registrant),
            (&self.addresses, address(facts.email.as_deref()), MatchedBy::Address),
            (&self.vendor_users, exact(facts.user_id.as_deref()), MatchedBy::VendorUser),
        ];
        tries.into_iter().find_map(|(index, key, by)| Some(Match { person: index.only(&key?)?, by }))
    }

    /// Whom a person in charge may mean, likeliest first: for the review queue, never used by itself.
    /// `seen`: people with stays of their own, who come after the others of equal likeness.
    #[must_use]
    pub fn suggest(&self, facts: &ParticipantFacts, seen: &BTreeSet<PersonId>) -> Vec<Suggestion> {
        let shown = words(facts.name.as_deref().unwrap_or_default());
        let shared: &[PersonId] = address(facts.email.as_deref())
            .and_then(|key| self.addresses.0.get(&key))
            .map_or(&[], Vec::as_slice);
        let mut found: Vec<(Likeness, bool, &str, PersonId)> = self
            .seats
            .iter()
            .filter_map(|seat| {
                let likeness = if shared.contains(&seat.person) {
                    Some(Likeness::SharedAddress)
                } else {
                    alike(&shown, &words(&seat.name))
                };
                Some((likeness?, seen.contains(&seat.person), seat.name.as_str(), seat.person))
            })
            .collect();
        found.sort();
        found.into_iter().map(|(likeness, _, _, person)| Suggestion { person, likeness }).collect()
    }
}

/// Finds each stay's person, in the order given.
#[must_use]
pub fn identify(roster: &Roster, presences: &[Presence]) -> Vec<Option<Match>> {
    let own = |presence: &Presence| match presence.assigned {
        Some(person) => Some(Match { person, by: MatchedBy::Assigned }),
        None => roster.find(&presence.facts),
    };
    let mut found: Vec<Option<Match>> = presences.iter().map(own).collect();
    let mut known: BTreeMap<(&str, &str), Vec<PersonId>> = BTreeMap::new();
    for (presence, person) in presences.iter().zip(&found) {
        let Some(Match { person, .. }) = person else { continue };
        for id in stay_ids(presence) {
            let people = known.entry((&presence.key.run, id)).or_default();
            if !people.contains(person) {
                people.push(*person);
            }
        }
    }
    for (presence, person) in presences.iter().zip(&mut found) {
        if person.is_none() {
            let ids = stay_ids(presence).chain(presence.facts.parent_stay.as_deref());
            *person = ids.into_iter().find_map(|id| {
                match known.get(&(presence.key.run.as_str(), id)).map(Vec::as_slice) {
                    Some([only]) => Some(Match { person: *only, by: MatchedBy::SameStay }),
                    _ => None,
                }
            });
        }
    }
    found
}

/// A stay's ids, where it has a run: without one they could be another run's.
fn stay_ids(presence: &Presence) -> impl Iterator<Item = &str> {
    let ids = [&presence.facts.stay, &presence.facts.stay_alias];
    ids.into_iter()
        .filter_map(|id| id.as_deref().filter(|text| !text.is_empty() && !presence.key.run.is_empty()))
}

#[derive(Clone, Debug, Default)]
struct Index(BTreeMap<String, Vec<PersonId>>);

impl Index {
    fn of(
        seats: &[Seat],
        keys: impl Fn(&Seat) -> &[String],
        normal: impl Fn(Option<&str>) -> Option<String>,
    ) -> Self {
        let mut index: BTreeMap<String, Vec<PersonId>> = BTreeMap::new();
        for seat in seats {
            for key in keys(seat).iter().filter_map(|key| normal(Some(key))) {
                let people = index.entry(key).or_default();
                if !people.contains(&seat.person) {
                    people.push(seat.person);
                }
            }
        }
        Self(index)
    }

    fn only(&self, key: &str) -> Option<PersonId> {
        match self.0.get(key).map(Vec::as_slice) {
            Some([only]) => Some(*only),
            _ => None,
        }
    }
}

fn exact(key: Option<&str>) -> Option<String> {
    key.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn address(key: Option<&str>) -> Option<String> {
    exact(key).map(|text| text.to_ascii_lowercase())
}

/// Why somebody is suggested, likeliest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    /// The address is registered for more than one person, this among them.
    SharedAddress,
    /// The same name.
    SameName,
    /// The same words in another order.
    SameWords,
    /// One name has all words of the other.
    PartOfName,
    /// A word apart by a letter or two.
    Similar,
}

/// Somebody an unknown participant may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// Who.
    pub person: PersonId,
    /// Why.
    pub likeness: Likeness,
}

fn words(name: &str) -> Vec<String> {
    name.split(|c: char| !c.is_alphanumeric() && !is_mark(c))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Vowel signs of Indic scripts are no letters to `char::is_alphanumeric`, yet part of the word.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036f}' | '\u{0900}'..='\u{0dff}' | '\u{200c}' | '\u{200d}')
}

fn alike(shown: &[String], known: &[String]) -> Option<Likeness> {
    if shown.is_empty() || known.is_empty() {
        return None;
    }
    if shown == known {
        return Some(Likeness::SameName);
    }
    let (a, b): (BTreeSet<&String>, BTreeSet<&String>) = (shown.iter().collect(), known.iter().collect());
    if a == b {
        return Some(Likeness::SameWords);
    }
    if a.is_subset(&b) || b.is_subset(&a) {
        return Some(Likeness::PartOfName);
    }
    let (shown, known) = (shown.join(" "), known.join(" "));
    let allowed = if shown.chars().count().min(known.chars().count()) >= 8 { 2 } else { 1 };
    (distance(&shown, &known) <= allowed).then_some(Likeness::Similar)
}

/// How many letters must change (Levenshtein). Names are short; both are cut at 64 letters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
