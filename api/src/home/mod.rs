//! Everybody's own first page: a student's home, an instructor's day, an administrator's overview.

mod day;
mod overview;
mod pages;
mod store;
mod student;
mod today;
mod why;

pub use pages::{show, why};
