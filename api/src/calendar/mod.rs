//! The timetable as people look at it: month, week and list, and the same for their own calendar program.

pub mod feed;
pub mod ics;
pub mod pages;
pub mod routes;
pub mod service;
pub mod store;
