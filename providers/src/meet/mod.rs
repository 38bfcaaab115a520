//! Google Meet.
//!
//! Can: make spaces and change them, close the door for everybody who is not on the list (members), end the running call for
//! all, tell who is there and who was, switch chat and screen sharing, ask for automatic recording, fetch recordings from the
//! host's Drive. Cannot, over Google's API: give each person a link of their own, delete a space (it is locked instead), make
//! breakout rooms, start or stop a recording, show the addresses of people in a call (they are looked up elsewhere).
//!
//! Credentials come from the school's own Google Cloud project: an *OAuth client* of type "Web application" (teachers connect
//! their own accounts), or a *service account* with domain-wide delegation that acts as one organizer's account: then
//! `account_id` is the organizer's address and the secret is the key file's JSON. The scopes are in [`oauth::SCOPES`].
//!
//! Events come through the school's own Pub/Sub topic, where it has one; looking ([`lectern_core::provider::LiveRoster`])
//! needs none.

mod attendance;
mod capabilities;
mod client;
mod config;
mod error;
mod events;
mod identity;
mod live_roster;
mod meetings;
pub mod oauth;
mod platform;
mod recordings;
mod registrants;
mod service_account;
mod subscriptions;
mod wire;

pub use capabilities::{at_best, capabilities_of};
pub use config::{Meet, MeetAddresses, MeetConnection, MeetSettings, Mode, unconnected};
pub use error::STEPS;
pub use events::MeetEvents;
pub use platform::{NAME, PLATFORM};
