//! When a class takes place: from a rule in RFC 5545's words to instants, and what a change of plan does to them.
//!
//! | step | file |
//! |---|---|
//! | what a rule can say, checked once | [`rule`] |
//! | RFC 5545's words to a rule, and back | [`read`], [`print`](mod@print) |
//! | a rule for people | [`words`](mod@words) |
//! | a rule to times on the clock on the wall | [`expand`] |
//! | a time on the clock to an instant | [`zones`] |
//! | a series to slots, without the holidays | [`series`] |
//! | slots to changes of what is scheduled | [`reconcile`](mod@reconcile) |
//! | this, this and following, all | [`edit`](mod@edit) |
//! | a zone's clocks were changed by law | [`replan`](mod@replan) |
//! | what somebody sees before saving | [`preview`] |
//!
//! The truth is *the clock on the wall in the class's zone*: nine o'clock stays nine o'clock whatever the clocks do. Instants
//! are computed from it, and computed anew when a zone's rule changes. Why the rules are our own code:
//! `docs/decisions/0014-wall-clock-first.md`.

pub mod edit;
pub mod expand;
pub mod preview;
pub mod print;
pub mod read;
pub mod reconcile;
pub mod replan;
pub mod rule;
pub mod series;
pub mod words;
pub mod zones;

#[cfg(test)]
mod tests;

pub use edit::{EditError, Edited, Scope, Stage, Wish, edit};
pub use preview::{Busy, Clash, ClockChange, clashes, clock_changes};
pub use reconcile::{Change, Existing, Standing, reconcile};
pub use replan::{Pinned, Replanned, replan};
pub use rule::{End, Moment, NthWeekday, Pattern, Recurrence, Rule, RuleError};
pub use series::{Holidays, Series, Slot};
pub use words::words;
pub use zones::{IanaZones, Zones};
