//! People in groups, enrolled as a group. The rosters of a cohort's classes are kept in step with it:
//!
//! - Whoever comes into a cohort, or belongs to one that is enrolled, comes onto the roster; whoever leaves, or whose cohort is
//!   taken off the class, leaves it. Mails, seats, events and log are as for one person.
//! - A person enrolled by hand stays, whatever their cohorts do; so does one whom another cohort of the class still brings.
//! - A person taken off the roster by hand while a cohort brings them stays out, whatever cohorts do, until somebody enrolls
//!   them by hand again.
//! - Whoever teaches the class and whoever is disabled is not brought; they come when that changes.
//! - A guest of the class whose address belongs to somebody who is brought is a guest no longer.
//! - Archived classes stay as they are.

pub mod import;
pub mod keeping;
pub mod pages;
pub mod routes;
pub mod service;
pub mod store;

pub use store::Cohort;
