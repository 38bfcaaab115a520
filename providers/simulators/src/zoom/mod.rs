//! A simulated Zoom: its REST API, OAuth pages, webhooks and meeting rooms.
//!
//! What it does is what `zoom.md` says Zoom does; where the sources leave a choice, [`Behaviour`] has a switch.
//!
//! A test drives a meeting like this:
//!
//! ```
//! # use std::sync::Arc;
//! # use lectern_core::clock::{Clock as _, FixedClock, SystemClock};
//! # use lectern_simulators::zoom::*;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let clock = FixedClock::at(SystemClock.now());
//! let zoom = ZoomSimulator::start(ZoomOptions::new(Arc::new(clock.clone()), 42)).await?;
//! zoom.add_host(HostSpec {
//!     email: "ada@oak.test".into(), first_name: "Ada".into(), last_name: "Lovelace".into(), plan: HostPlan::Licensed,
//!     account_id: "oak".into(), account_plan: AccountPlan::Pro, time_zone: "UTC".into(),
//! });
//! // ... the client under test connects at zoom.base_url(), creates a meeting at zoom.api_url(), registers people ...
//! for (meeting, _topic) in zoom.meetings() {
//!     zoom.host_joins(meeting)?;
//!     for (_registrant, _email, join_url) in zoom.registrants(meeting) {
//!         let visit = zoom.joins(&join_url)?;
//!         clock.advance(chrono::Duration::minutes(30));
//!         zoom.leaves(visit)?;
//!     }
//!     zoom.end_for_all(meeting);
//!     zoom.flush_webhooks().await;
//!     println!("{:?}", zoom.truth(meeting));
//! }
//! # Ok(())
//! # }
//! ```

mod answer;
mod api;
mod behaviour;
mod changes;
mod control;
mod delivery;
mod doors;
mod driving;
mod errors;
mod events;
mod gateway;
mod http;
mod limits;
mod live;
mod live_events;
mod meetings;
mod oauth;
mod operations;
mod options;
mod paging;
mod past;
mod recording_files;
mod recordings;
mod recurrence;
mod registrants;
mod room;
mod simulator;
mod state;
mod time;
mod truth;
mod users;
mod webhooks;
mod world;

pub use crate::stage::Options as ZoomOptions;
pub use behaviour::{Behaviour, RetryHeader};
pub use driving::Visit;
pub use errors::documented_errors;
pub use live::Refusal;
pub use operations::operation_path;
pub use options::{AppSpec, EndpointSpec, HostSpec, ValidationFailed};
pub use simulator::ZoomSimulator;
pub use state::{AccountPlan, AppMode, HostPlan, Role};
pub use truth::{Interval, PersonTruth, RunTruth, Truth};
pub use webhooks::{IdForm, RetryRule, WebhookBehaviour, WebhookRecord, encrypted_token, signature};
pub use world::RequestRecord;
