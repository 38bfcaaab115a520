//! Scheduling, moving, starting, ending and cancelling sessions.

mod cancel;
mod end;
mod find;
mod follow;
mod record;
mod schedule;
mod start;
mod view;

pub use cancel::{cancel, cancel_coming, cancel_one};
pub use end::{close, end};
pub use find::{
    class_of, count_live, find, find_by_external, find_to_change, glances, hold, hold_host, live_count, near,
    next_of_class, of_class, own, own_to_change, page_of_class, readable, titles,
};
pub use follow::{class_changed, renew_if_pasted, renew_meetings, renew_pasted, roster_grew};
pub(in crate::sessions) use record::{record, wake};
pub use schedule::{
    ChangeSession, Clashes, LATEST_MEETING, PREPARED_AHEAD, ScheduleSessions, add, change, check_change,
    check_length, check_new, move_to, schedule, schedule_in, scope_of,
};
pub(in crate::sessions) use schedule::{check_time, check_zone};
pub use start::{Started, hosts, launch, start};
pub use view::{
    MeetingProblem, MeetingView, SessionView, by_day, line_link, lines, list, stands_in_for, view, whose,
    whose_by,
};
