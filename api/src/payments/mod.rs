//! Money: an organization's own account at Stripe, the pages people pay on, and what Stripe says became of them.

pub mod pages;
pub mod routes;
pub mod service;
pub mod store;
