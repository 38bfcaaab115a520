//! Tables of this room: classes, and the places in them.

mod classes;
mod enrollments;
mod many;

pub use classes::{
    Class, ClassFilter, count, find, find_by_external, find_to_change, hold, insert, list, list_tab,
    platforms, titles, update,
};
pub use enrollments::{
    Enrollment, EnrollmentKind, NewEnrollment, count_kinds, count_members, enrollments_of_person,
    find_enrollment, find_enrollment_of, find_guest_by_email, guest_sessions, insert_enrollment,
    list_enrollments, set_guest_sessions, update_enrollment,
};
pub use many::{bring, enrollments_of_people, guests_of_people, put_out};
