//! Tables of this room: classes, and the places in them.

mod classes;
mod enrollments;
mod many;

pub use classes::{
    Class, Shelf, count, find, find_by_external, find_to_change, hold, insert, keep_words, list, list_tab,
    of_ids, platforms, titles, update, without_words,
};
pub use enrollments::{
    Enrollment, EnrollmentKind, NewEnrollment, enrollments_of_person, find_enrollment, find_enrollment_of,
    find_guest_by_email, guest_sessions, insert_enrollment, list_enrollments, set_guest_sessions,
    update_enrollment,
};
pub use many::{bring, enrollments_of_people, guests_of_people, put_out};
