//! The stage on which the stories play: the whole server over real HTTP, on either database, with a clock that stands
//! still until the story moves it, a simulated Zoom and a mail catcher.
//!
//! A story is written once and runs twice:
//!
//! ```ignore
//! story!(
//!     /// S-07: …
//!     a_removed_student_is_refused, |app| async {
//!         let oakwood = app.organization("oakwood").await;
//!         let ayesha = oakwood.student("ayesha").await;
//!         let (status, me) = ayesha.get("/api/v1/me").await;
//!         assert_eq!((status, &me["role"]), (200, &json!(0)));
//!     }
//! );
//! ```
//!
//! It becomes the tests `a_removed_student_is_refused::sqlite` and `…::postgres`. Nothing runs behind a story's back:
//! jobs, events and webhooks happen in [`TestApp::settle`]. A story that leaves a dead job behind, or one of its secrets
//! in the log, fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test stops at the first surprise"
)]

mod browser;
mod bucket;
mod bulk;
mod client;
mod contract;
mod database;
mod evening;
mod held_class;
mod independent;
mod laws;
mod logs;
mod people;
mod pictures;
pub mod plans;
mod process;
mod receiver;
mod room;
mod scheduling;
mod school_class;
mod story;
mod test_app;
pub mod trials;
mod wire;
mod zoom;

pub use browser::{Browser, Page};
pub use bucket::Bucket;
pub use bulk::{Bulk, Cell};
pub use client::{Answer, Client};
pub use contract::contract;
pub use database::{Database, Engine, Hold, is_there, migrations_folder};
pub use evening::{CLIENT_SECRET, Lesson, WEBHOOK_SECRET, zoom_settings};
pub use held_class::HeldClass;
pub use independent::Independent;
pub use laws::{Law, Laws};
pub use logs::log_so_far;
pub use people::{Organization, PASSWORD, Person};
pub use pictures::{LOGO, LOGO_SEEN};
pub use process::{Lectern, Output, Serving};
pub use receiver::{Received, Receiver};
pub use room::Room;
pub use school_class::{School, SchoolClass};
pub use story::tell;
pub use test_app::{Others, TestApp, start_of_term};
pub use wire::{Deed, Gate, Wire};
pub use zoom::{ZOOM_ADMIN_SCOPES, ZOOM_SCOPES, ZoomApp};
