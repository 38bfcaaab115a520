//! Sessions that recur: written out from a rule, changed one by one, from one on, or all; kept right when holidays or clocks change.

mod apply;
mod cancel;
mod change;
mod host;
pub mod jobs;
mod preview;
pub mod routes;
mod schedule;
pub mod store;

pub(in crate::sessions) use cancel::{cancel, end_of_class};
pub(in crate::sessions) use change::change;
pub use host::in_the_way;
pub(in crate::sessions) use host::{refuse_any_clash, refuse_clashes};
pub use preview::{ClashingSession, Preview, PreviewSessions, PreviewedSession, preview, preview_for};
pub(in crate::sessions) use schedule::{Asked, schedule};
pub use store::{Place, on_day, place_of};
pub(in crate::sessions) use store::{lock_host, set_clock, set_place};
