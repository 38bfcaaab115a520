//! Bookings as pages: for whoever books, and for whoever teaches the class.

mod book;
mod booking;
mod list;

pub use book::{book, show};
pub use booking::{booking, cancel, pay};
pub use list::{end, list, save_terms};
