//! Scheduling, moving, starting, ending and cancelling sessions.

mod cancel;
mod change;
mod checks;
mod end;
mod find;
mod follow;
mod record;
mod schedule;
mod start;
mod view;

pub use cancel::{cancel, cancel_coming, cancel_one};
pub use change::{ChangeSession, change, check_change, move_to, scope_of};
pub use checks::{LONGEST_MINUTES, check_length};
pub(in crate::sessions) use checks::{check_time, check_zone};
pub use end::{close, end};
pub use find::{
    class_of, count_live, find, find_by_external, find_to_change, glances, hold, hold_host, live_count, near,
    next_of_class, of_class, own, own_to_change, page_of_class, readable, titles,
};
pub use follow::{class_changed, renew_if_pasted, renew_meetings, renew_pasted, roster_grew};
pub(in crate::sessions) use record::{record, wake};
pub use schedule::{
    Clashes, LATEST_MEETING, PREPARED_AHEAD, ScheduleSessions, add, check_new, schedule, schedule_in,
};
pub use start::{Started, hosts, launch, start};
pub use view::{
    MeetingProblem, MeetingView, SessionView, by_day, line_link, lines, list, stands_in_for, view, whose,
    whose_by,
};
