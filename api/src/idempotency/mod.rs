//! `Idempotency-Key`: a POST that is sent twice with the same key is done once, and both are told the same.
//!
//! Kept for 24 hours, for one person (or API key) of one organization on one route. What is told:
//!
//! | first request | same key again |
//! |---|---|
//! | answered below 500 | the same answer, with `Idempotency-Replayed: true` |
//! | the same, but path, query or body differ | 422 |
//! | still at work | 409 |
//! | the server was stopped while at work | 409: look whether the object is there, then use a new key |
//! | answered 401, 408, 429 or with a failure of ours | nothing was done: it is done now |

//! A page's form that must not be done twice carries a key of its own (`press`): its row and its answer are written by the
//! transaction that does what the form asks for, so a refused form has left nothing behind and may be sent again.

mod press;
mod service;
mod store;

pub use press::{Press, Pressed};
pub use service::{once, remove_old};
