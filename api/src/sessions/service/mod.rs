//! Scheduling, moving, starting, ending and cancelling sessions.

mod cancel;
mod end;
mod find;
mod follow;
mod record;
mod schedule;
mod start;
mod view;

pub use cancel::{cancel, cancel_coming};
pub use end::{close, end};
pub use find::{
    class_of, find, glance, hold, live_count, near, next_of_class, of_class, own, own_to_change, readable,
    titles,
};
pub use follow::{class_changed, renew_if_pasted, renew_meetings, renew_pasted, roster_grew};
pub use schedule::{ChangeSession, LATEST_MEETING, ScheduleSessions, change, schedule};
pub use start::{Started, hosts, launch, start};
pub use view::{MeetingProblem, MeetingView, SessionView, list, stands_in_for, view};
