//! What is taught or sold: a title, an instructor, options, and who belongs to it.

pub mod admitting;
pub mod choosing;
pub mod enrollments;
pub mod groups;
pub mod guests;
pub mod links;
pub mod making;
pub mod moving;
pub mod pages;
pub mod routes;
pub mod service;
pub mod settings;
pub mod store;

pub use store::{Class, Enrollment, EnrollmentKind};
