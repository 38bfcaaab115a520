//! Classes that people book: on terms, for money or free, with a waiting list; a booking that is confirmed is an enrollment.

pub mod checkout;
pub mod jobs;
pub mod offers;
pub mod pages;
pub mod routes;
pub mod service;
pub mod store;
