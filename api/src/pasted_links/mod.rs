//! Pasted links: meetings that Lectern did not make, at any address, behind the same gate as the others.

pub mod routes;
pub mod service;
pub mod store;
