//! How an organization shows itself on its pages and in its mails: logo, colour, and in whose name mails come.
//!
//! Colour and logo are seen by everybody who opens one of its pages, so they stand with its name, and each has an address of its own
//! that changes with what it shows. What pages use is derived from the colour, so that everything can be read.

pub mod jobs;
pub mod looks;
pub mod pages;
pub mod routes;
pub mod service;

pub use looks::house;
