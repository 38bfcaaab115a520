//! A simulated Microsoft: the login service, the part of Graph that has to do with meetings, change notifications and
//! meeting rooms.
//!
//! What it does is what `teams.md` says Microsoft does; where the sources leave a choice, [`Behaviour`] has a switch. Left out,
//! because the client under test does not use them: webinars and town halls, presence, `$batch`, `$filter` of the event list,
//! monthly and yearly series, `getAllRecordings` and `/delta`, `metadataContent`, and certificates as client credentials.
//!
//! A test drives a meeting like this:
//!
//! ```
//! # use std::sync::Arc;
//! # use lectern_core::clock::{Clock as _, FixedClock, SystemClock};
//! # use lectern_simulators::teams::*;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let clock = FixedClock::at(SystemClock.now());
//! let teams = TeamsSimulator::start(TeamsOptions::new(Arc::new(clock.clone()), 42)).await?;
//! teams.add_user(UserSpec {
//!     email: "ada@oak.test".into(), name: "Ada Lovelace".into(), tenant: "909c6581-5130-43e9-88f3-fcb3582cde37".into(), licensed: true,
//! });
//! // ... the client under test connects at teams.base_url() and makes an event at teams.api_url() ...
//! for (_subject, join_url) in teams.meetings() {
//!     teams.organizer_joins(&join_url)?;
//!     let visit = teams.joins(&join_url, Identity::Anonymous, "Stu")?;
//!     teams.admit(visit)?;
//!     clock.advance(chrono::Duration::minutes(30));
//!     teams.leaves(visit)?;
//!     teams.end_for_all(&join_url);
//!     teams.flush_notifications().await;
//!     println!("{:?}", teams.truth(&join_url));
//! }
//! # Ok(())
//! # }
//! ```

mod behaviour;
mod calendar;
mod control;
mod delivery;
mod driving;
mod errors;
mod files;
mod graph;
mod http;
mod keys;
mod live;
mod login;
mod notify;
mod online;
mod operations;
mod options;
mod recurrence;
mod reports;
mod room;
mod simulator;
mod state;
mod strange;
mod subscriptions;
mod tokens;
mod truth;
mod world;
mod zones;

pub use crate::stage::Options as TeamsOptions;
pub use behaviour::Behaviour;
pub use driving::Visit;
pub use errors::Forced;
pub use keys::PUBLISHER;
pub use live::Refusal;
pub use notify::{NotificationBehaviour, NotificationRecord};
pub use options::{AppSpec, PolicySpec, UserSpec};
pub use simulator::TeamsSimulator;
pub use state::{Identity, Mail};
pub use truth::{CallTruth, StayTruth, Truth};
pub use world::RequestRecord;
