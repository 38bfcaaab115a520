//! What Lectern means, without any I/O: the domain's words, the provider traits and the pure rules.
//!
//! Nothing here opens a socket, a file or a database, reads the clock or throws dice: time and
//! randomness come in through [`clock::Clock`] and [`random::Randomness`].

pub mod addressee;
pub mod attendance;
pub mod booking;
pub mod calendar;
pub mod clock;
pub mod colour;
#[cfg(any(feature = "conformance", doc, test))]
pub mod conformance;
pub mod connection_days;
#[cfg(doc)]
pub mod docs;
pub mod embed;
pub mod health;
pub mod ids;
pub mod join;
pub mod locks;
pub mod openings;
pub mod organization;
pub mod personal_link;
pub mod picture;
pub mod provider;
pub mod random;
pub mod redaction;
pub mod reminder;
pub mod role;
pub mod schedule;
pub mod seal;
pub mod search;
pub mod secret;
pub mod sentence;
pub mod session;
pub mod settings;
mod signed;
pub mod text;
