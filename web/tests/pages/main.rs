//! What must hold for every page and mail, whatever is on it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod every;
mod hostile;
mod join;
mod leftover;
mod markup;
mod sentences;
mod sizes;
mod strings;
