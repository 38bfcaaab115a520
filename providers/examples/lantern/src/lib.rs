//! Lantern Rooms: an example of a provider in a crate of its own.
//!
//! Can: make rooms by our key, change, end and delete them; a lobby; a list of visits after the class. Cannot: all the rest,
//! and it says so. Credentials are a client id and its secret, for one account that holds everybody's classes; a teacher can
//! connect an account of their own as well.
//!
//! The service does not exist; its simulator is in `tests/conformance/vendor.rs`. The files are named as in Lectern's own
//! providers, so that a reader of one can read this. A server has it by one line in its `main`:
//!
//! ```
//! # fn main() -> Result<(), lectern_providers::registry::PlugInError> {
//! lectern_providers::registry::plug_in(&[&lectern_lantern::PLATFORM])?;
//! # assert_eq!(lectern_providers::registry::named("lantern"), Ok(lectern_lantern::NAME));
//! # Ok(())
//! # }
//! ```

mod attendance;
mod capabilities;
mod client;
mod config;
mod error;
mod meetings;
mod oauth;
mod platform;
mod wire;

pub use capabilities::{at_best, of as capabilities_of};
pub use config::Lantern;
pub use platform::{NAME, PLATFORM};
