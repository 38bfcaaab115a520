//! Booking pages as pages: for whoever books, and for whoever is booked.

mod sheet;
mod staff;
mod visit;

pub(crate) use sheet::{Look, about, sheet};
pub use staff::{create, end, list, new, save, show};
pub use visit::{book, visit};
