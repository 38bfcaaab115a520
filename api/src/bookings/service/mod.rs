//! Booking a class, and what becomes of a booking.

mod book;
mod end;
mod find;
mod settle;
mod slots;

pub use book::{Buyer, HELD, book};
pub use end::{EndedBy, end};
pub(super) use find::own_path;
pub use find::{BookingView, behind, find, of_page, readable, url};
pub use settle::stripe_told;
pub(super) use settle::{checked_out, expire, promote, refund_failed, refunded};
pub use slots::{book_slot, move_slot, session_cancelled, session_moved};
