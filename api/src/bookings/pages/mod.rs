//! Bookings as pages: for whoever books, and for whoever teaches the class.

mod book;
mod booking;
mod list;
mod slot;

pub(crate) use book::stranger;
pub use book::{book, show};
pub use booking::{booking, cancel, pay};
pub(crate) use booking::{lead_on, with_checkout};
pub use list::{end, list, save_terms};
pub use slot::reschedule;
