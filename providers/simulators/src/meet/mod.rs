//! A simulated Google: accounts and tokens, Meet, Drive, People, the directory, Workspace Events, and Pub/Sub.
//!
//! What it does is what `meet.md` says Google does; where the sources leave a choice, [`Behaviour`] has a switch. One address
//! serves all of Google's hosts: their paths do not collide. Left out, and why: Calendar (Lectern makes spaces, not calendar
//! events), the audit reports (matching goes by account), Drive's permissions (recordings are copied, never shared),
//! transcripts and smart notes (Lectern keeps no such texts).
//!
//! ```
//! # use std::sync::Arc;
//! # use lectern_core::clock::{Clock as _, FixedClock, SystemClock};
//! # use lectern_simulators::meet::*;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let clock = FixedClock::at(SystemClock.now());
//! let google = MeetSimulator::start(MeetOptions::new(Arc::new(clock.clone()), 42)).await?;
//! google.add_account(AccountSpec::new("ada@oak.test", "Ada Lovelace"));
//! google.add_account(AccountSpec::new("stu@oak.test", "Stu Dent"));
//! // ... the client under test connects, creates a space at google.api_url(), makes stu a member ...
//! for (space, link) in google.spaces() {
//!     google.joins(&link, Visitor::account("ada@oak.test"))?;
//!     let visit = google.joins(&link, Visitor::account("stu@oak.test"))?;
//!     clock.advance(chrono::Duration::minutes(30));
//!     google.leaves(visit)?;
//!     google.end_for_all(&space);
//!     google.flush_pushes().await;
//!     println!("{:?}", google.truth(&space));
//! }
//! # Ok(())
//! # }
//! ```

mod behaviour;
mod consent;
mod control;
mod delivery;
mod drive;
mod driving;
mod errors;
mod fields;
mod filter;
mod gateway;
mod http;
mod identity;
mod keys;
mod limits;
mod live;
mod members;
mod oauth;
mod operations;
mod options;
mod paging;
mod pubsub;
mod records;
mod room;
mod simulator;
mod spaces;
mod state;
mod subscriptions;
mod tokens;
mod truth;
mod world;

pub use crate::stage::Options as MeetOptions;
pub use behaviour::{Behaviour, DuplicateMember, PushBehaviour};
pub use driving::{Visit, Visitor};
pub use live::{Refusal, Where};
pub use options::{AccountSpec, AppSpec, PushSpec, ServiceAccountSpec};
pub use pubsub::PushRecord;
pub use simulator::MeetSimulator;
pub use state::Edition;
pub use truth::{Interval, PersonTruth, RunTruth, Truth};
pub use world::RequestRecord;
