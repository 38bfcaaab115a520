//! Tables of this room: seats, their registrants, and codes that prove another browser.

mod codes;
mod registrants;
mod seats;

pub use codes::{CodeRow, find_code, put_code, remove_old_codes, try_code, use_code};
pub use registrants::{
    Made, RegistrantRow, cancelled, goes_on, last_unanswered, leave, leaving, made, not_made, registrant,
    sessions_with_leaving, take, want_registrant, wanted,
};
pub use seats::{
    Seat, bind, find_seat, move_seat, redirected, release, release_many, seat, seats_in_class,
    seats_of_people, seats_of_session, wait,
};
