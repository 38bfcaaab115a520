//! Tables of this room: sessions, and the meetings behind them.

mod lines;
mod meetings;
mod sessions;

pub use lines::{Line, OfDay, Whose, by_day, list};
pub use meetings::{
    Made, Meeting, MeetingState, begin_attempt, find_meeting, insert_meeting, meeting_not_ended, meeting_of,
    meeting_problem, meeting_ready, meeting_removed, not_yet_removed, removable_meetings, retire_meeting,
};
pub use sessions::{
    Session, count_all_live, count_live, due_for_meeting, find, find_by_external, find_to_change, glances,
    insert, near, next_of_class, of_class, overdue, page_of_class, titles, update,
};
