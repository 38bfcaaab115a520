//! What other rooms may know of a session, and what the platform may change of it: everything takes the open transaction.

mod expected;
mod find;
mod running;

pub use expected::{Expected, expected, expected_of, is_member, role_of, roster};
pub use find::{SessionFacts, by_meeting_ref, live_for_member, of_session, on_now, over_between, to_follow};
pub use running::{mark_ended, mark_live};
