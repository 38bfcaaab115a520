//! People of an organization, and how they prove who they are: passwords, sign-ins, API keys, the host application's tokens.

pub mod host_tokens;
pub mod key_pages;
pub mod me;
pub mod pages;
mod passwords;
pub mod person_page;
pub mod routes;
pub mod service;
pub mod store;
mod tokens;

pub use passwords::Passwords;
pub use store::{Person, PersonKind, email_key};
pub use tokens::{BearerToken, Scope};
