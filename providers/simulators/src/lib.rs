//! Faithful servers of the vendors' real protocols: for the demo, rehearsals, teacher training and the tests.
//!
//! A simulator is never kinder than the vendor: it signs, limits, rotates, forgets and fails as the vendor does,
//! and it has a fault plan for worse days. Time and chance are arguments, so that a seed and a moved clock
//! repeat any story without waiting.

mod answer;
pub mod contract;
mod control;
mod dice;
pub mod faults;
mod html;
mod http;
pub mod mail;
pub mod meet;
mod query;
mod rooms;
mod server;
mod stage;
pub mod stripe;
pub mod teams;
mod transit;
pub mod zoom;
