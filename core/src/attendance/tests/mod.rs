//! The rules as stories, and as properties of whole random evenings.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod assigning;
mod evening;
mod matching;
mod properties;
mod scene;
mod stories;
