//! Who was there, and for how long: from single facts to a verdict that can be explained. One step a file.
//!
//! | step | file |
//! |---|---|
//! | one stay by one source, as stored; events and reports become such rows | [`presence`] |
//! | the runs of a meeting | [`runs`] |
//! | the runs of a vendor whose events do not name them | [`calls`] |
//! | whose stay it is | [`matching`] |
//! | whose it is by a person's word | [`assigning`] |
//! | marks to intervals | [`stays`] |
//! | which source counts | [`merge`] |
//! | union, clip, length | [`intervals`] |
//! | thresholds | [`policy`] |
//! | the verdict on one person | [`verdict`] |
//! | all steps for a session: [`attend`](attend()) | [`mod@attend`] |
//! | who is where now | [`live`] |
//! | a person's decision beside the proposal | [`verified`] |
//!
//! Everything is a function of the set of rows: their order, and how often an event came, do not matter.

pub mod assigning;
pub mod attend;
pub mod calls;
pub mod intervals;
pub mod live;
pub mod matching;
pub mod merge;
pub mod policy;
pub mod presence;
pub mod runs;
pub mod stays;
pub mod verdict;
pub mod verified;

#[cfg(test)]
mod tests;

pub use attend::{Attendance, Occasion, Unmatched, attend};
pub use intervals::Interval;
pub use live::{Board, LivePerson, LiveStranger, Whereabouts, board};
pub use matching::{Likeness, Match, MatchedBy, Roster, Seat, Suggestion, identify};
pub use merge::Effect;
pub use policy::{AttendancePolicy, MinimumPresence};
pub use presence::{Presence, PresenceKey, PresenceKind, Source};
pub use runs::{Run, overlapping};
pub use stays::Reading;
pub use verdict::{AttendanceState, Doubt, Evidence, Verdict};
pub use verified::{Finding, Outcome, Standing, Verified, apply};
