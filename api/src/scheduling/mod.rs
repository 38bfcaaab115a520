//! The one flow that schedules: a class, who belongs to it, its sessions, platform and options, from one form.
//!
//! - `form`: what was typed, read.
//! - `ground`: what the form stands on: the class or its instructor, the platforms for that host, the organization's locks.
//! - `plan`: what the form comes to, and everything that is wrong with it; nothing is done.
//! - `service`: all of it, in one transaction of the rooms whose things they are.

mod form;
mod ground;
pub mod pages;
mod people;
mod plan;
mod service;
