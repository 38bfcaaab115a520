//! Whose a stay is, by a person's word: for people who came in without their own way in, whom no key of the vendor gives to
//! anybody.

use sha2::{Digest, Sha256};

use super::{Presence, PresenceKey, Roster, Source, identify};
use crate::ids::PersonId;

/// Why a stay cannot be given to somebody by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no such stay.
    UnknownStay,
    /// A key of the vendor, or our own door, says whose it is.
    Known,
    /// The person is not expected in this session.
    NotExpected,
}

/// A stay with its new person, and whose it was by hand before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// To be stored.
    pub presence: Presence,
    /// Before.
    pub before: Option<PersonId>,
}

impl PresenceKey {
    /// A name of the stay for the outside: 32 hex digits, without what the vendor calls it.
    #[must_use]
    pub fn handle(&self) -> String {
        let mut hash = Sha256::new();
        for part in [self.source.name(), &self.run, self.kind.name(), &self.entry] {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hex::encode(&hash.finalize()[..16])
    }
}

/// Gives a stay to somebody, or to nobody again. What a key decides stays decided: a hand only fills a gap.
///
/// # Errors
/// [`Refused`].
pub fn assign(
    roster: &Roster,
    presences: &[Presence],
    handle: &str,
    person: Option<PersonId>,
) -> Result<Assignment, Refused> {
    let at =
        presences.iter().position(|presence| presence.key.handle() == handle).ok_or(Refused::UnknownStay)?;
    if presences[at].key.source == Source::Redirect {
        return Err(Refused::Known);
    }
    let mut rows = presences.to_vec();
    let before = rows[at].assigned.take();
    if identify(roster, &rows)[at].is_some() {
        return Err(Refused::Known);
    }
    if person.is_some_and(|person| roster.seats().iter().all(|seat| seat.person != person)) {
        return Err(Refused::NotExpected);
    }
    let presence = Presence { assigned: person, ..rows.swap_remove(at) };
    Ok(Assignment { presence, before })
}
