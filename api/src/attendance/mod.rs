//! Who was there: evidence from every source, the verdict on each person, and reading the platform's report afterwards.

pub mod csv;
pub mod evidence;
pub mod jobs;
pub mod own;
pub mod pages;
pub mod register;
pub mod routes;
pub mod service;
pub mod sheet;
pub mod store;
pub mod strays;
