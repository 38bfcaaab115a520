//! What the server has to do, and what of it gave up: jobs, and deliveries from platforms that could not be read.
//!
//! Outgoing webhooks that did not arrive are not here: they are the organization's, which sees them beside its endpoint. Events for
//! the live pages cannot give up.

pub mod pages;
pub mod routes;
pub mod service;
