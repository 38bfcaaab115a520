//! The join link and what it opens.
//!
//! One link admits one bound browser of one enrolled person, inside the join window of one session, for as long as that
//! session lasts. A copy opened anywhere else admits nobody without a fresh proof by that person.

mod alias;
mod form;
mod link;
mod window;

pub use alias::Alias;
pub use form::{BrowserSecret, FormTokens};
pub use link::{JoinClaims, JoinLinks, LinkRefused, Purpose};
pub use window::{Choice, SessionTimes, Window, choose, window};
