//! What goes on now: the board of a session, events with resume, and the socket that carries them.

pub mod feed;
pub mod pages;
pub mod routes;
pub mod service;
pub mod socket;
pub mod store;
