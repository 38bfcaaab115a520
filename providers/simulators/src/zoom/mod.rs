//! A simulated Zoom: its REST API, OAuth pages, webhooks and meeting rooms.
//!
//! What it does is what `zoom.md` says Zoom does; where the sources leave a choice, [`Behaviour`] has a switch.

mod answer;
mod api;
mod changes;
mod control;
mod errors;
mod http;
mod limits;
mod live;
mod meetings;
mod oauth;
mod operations;
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

pub use errors::documented_errors;
pub use live::Refusal;
pub use operations::operation_path;
pub use simulator::{AppSpec, EndpointSpec, HostSpec, ValidationFailed, Visit, ZoomOptions, ZoomSimulator};
pub use state::{AccountPlan, AppMode, Behaviour, HostPlan, RequestRecord, RetryHeader, Role};
pub use truth::{Interval, PersonTruth, RunTruth, Truth};
pub use webhooks::{IdForm, RetryRule, WebhookBehaviour, WebhookRecord, encrypted_token, signature};
