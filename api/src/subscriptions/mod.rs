//! Events that platforms must be asked for: one subscription a meeting, or one for all meetings of an account, as the platform
//! has it; renewed while a class needs it, ended after it.

pub mod jobs;
pub mod service;
pub mod store;

pub use service::{Told, ask_anew, follow, last_problem, remove_old, suspended, told};
