//! Telling people: a row for each mail that was decided on, written with what caused it; a job renders and sends it.

pub mod jobs;
pub mod service;
pub mod store;
