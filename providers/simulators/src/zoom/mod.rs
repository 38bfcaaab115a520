//! A simulated Zoom: its REST API, OAuth pages, webhooks and meeting rooms.
//!
//! What it does is what `zoom.md` says Zoom does; where the sources leave a choice, [`Behaviour`] has a switch.

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
mod query;
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

pub use behaviour::{Behaviour, RetryHeader};
pub use driving::Visit;
pub use errors::documented_errors;
pub use live::Refusal;
pub use operations::operation_path;
pub use options::{AppSpec, EndpointSpec, HostSpec, ValidationFailed, ZoomOptions};
pub use simulator::ZoomSimulator;
pub use state::{AccountPlan, AppMode, HostPlan, Role};
pub use truth::{Interval, PersonTruth, RunTruth, Truth};
pub use webhooks::{IdForm, RetryRule, WebhookBehaviour, WebhookRecord, encrypted_token, signature};
pub use world::RequestRecord;
