//! Tables of this room: cohorts, who is in them, and the classes they are enrolled in.

mod cohorts;
mod members;
mod places;

pub use cohorts::{
    Cohort, MemberRow, find, find_by_external, find_to_change, insert, list, members, remove, update,
};
pub use members::{add, count, has, ids, remove_all, take_out};
pub use places::{
    ClassCohortRow, brings, classes_of, classes_of_person, cohorts_of_class, enroll, kept_out, to_bring,
    to_put_out, unenroll, unenroll_everywhere, ways, would_bring,
};
