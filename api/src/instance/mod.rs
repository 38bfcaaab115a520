//! The server as a whole, for whoever runs it: its work, and how it is. Never what is inside an organization.

pub mod health;
pub mod work;
