//! Pages on which people book a time with somebody: on what terms, and what is free. The bookings themselves are
//! [`crate::bookings`]'.

pub mod openings;
pub mod pages;
pub mod routes;
pub mod service;
pub mod store;

pub use store::{Audience, BookingPage};
