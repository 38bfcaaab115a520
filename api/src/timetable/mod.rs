//! A timetable elsewhere feeds this one: whatever it sends, by its own ids, is made so here; sending it again changes nothing.

pub mod routes;
pub mod service;
