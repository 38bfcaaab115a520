//! Zoom Meetings.
//!
//! Can: create, change, find again, end and delete meetings; one join link for each person (registrants, on a licensed
//! host); live events and reports of who was there; cloud recordings; breakout rooms planned ahead. Cannot, over its API:
//! switch chat or screen sharing for one meeting, steer breakout rooms while they run, tell who holds a join link.
//!
//! Credentials come from an app in the Zoom App Marketplace: a *General app* with user authorization (teachers connect
//! their own accounts), or a *Server-to-Server OAuth app* for one school's own account. The scopes it needs are in
//! [`oauth::SCOPES`]; the secret token of its event subscription verifies the webhooks.

mod attendance;
mod breakouts;
mod capabilities;
mod client;
mod config;
mod error;
mod events;
mod meetings;
pub mod oauth;
mod platform;
mod recordings;
mod registrants;
mod wire;

pub use capabilities::{at_best, of as capabilities_of};
pub use config::{Mode, Zoom, ZoomConnection, ZoomSettings, unconnected};
pub use error::STEPS;
pub use events::ZoomEvents;
pub use platform::{NAME, PLATFORM};
