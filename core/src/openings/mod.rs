//! When somebody can be booked: hours on the clock of their own wall, less what is taken.
//!
//! | step | file |
//! |---|---|
//! | hours of a day, as written and as sent | [`hours`] |
//! | from hours to free slots | [`free`] |
//!
//! As with series the truth is *the clock on the wall* of whoever is booked. A slot whose begin the clocks skip is none; one that
//! they show twice is the first of the two.

pub mod free;
pub mod hours;

pub use free::{Openings, Taken};
pub use hours::{Availability, ClockTime, Hours, HoursError};
