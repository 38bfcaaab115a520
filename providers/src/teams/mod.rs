//! Microsoft Teams, over Microsoft Graph.
//!
//! Can: classes as calendar events whose online meeting gets the class's options (lobby, presenters, chat, automatic recording);
//! attendance reports after the meeting; who is there now, by change notifications; recordings and transcripts. Cannot, over
//! Graph: give each person a link of their own, end a meeting for everyone, make breakout rooms, admit from the lobby.
//! Students are never attendees of the event: Outlook's invitation carries the raw link.
//!
//! Credentials come from an app registration in Entra ID, platform *Web*. Teachers connect their own work or school accounts
//! (delegated permissions, [`oauth::SCOPES`]), or a school's administrator consents to application permissions for the
//! tenant ([`oauth::APPLICATION_PERMISSIONS`]) and grants the app a Teams application access policy.
//!
//! A series is one event each: the drafts of Lectern have no recurrence, and all occurrences of a Teams series share one
//! link, so that who has the link of one lesson has them all.

mod attendance;
mod capabilities;
mod client;
mod config;
mod crypto;
mod error;
mod events;
mod meetings;
pub mod oauth;
mod options;
mod platform;
mod recordings;
mod reference;
mod steps;
mod subscriptions;
mod validation;
mod wire;

pub use capabilities::{at_best, of as capabilities_of, unconnected};
pub use config::{Mode, Teams, TeamsConnection, TeamsSettings};
pub use error::steps;
pub use events::TeamsEvents;
pub use platform::{NAME, PLATFORM};
