//! Booking pages: their terms, who may see and use them, and the classes of those who book.

mod find;
mod own_class;
mod save;
mod terms;

pub use find::{Stand, find, hold, list, own, public, readable, stand};
pub use own_class::{class_for, made_among};
pub use save::save;
pub use terms::{
    BookingPageView, DayHours, ExceptionDay, SaveBookingPage, WEEKDAYS, WeeklyHours, path, view,
};
