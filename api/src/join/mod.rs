//! The join: from our link, through a seat bound to one browser, to the platform. The rules are section 1 of the design's
//! security page; the pure parts (link, form, window) are in `lectern_core::join`.

mod aliases;
mod codes;
mod door;
mod entrance;
pub mod pages;
mod redeem;
pub mod registrants;
pub mod service;
pub mod store;
mod way_in;

pub use aliases::Naming;
pub use codes::{LIFE as CODE_LIFE, digits as code_digits};
pub use way_in::{WayIn, way_in};
