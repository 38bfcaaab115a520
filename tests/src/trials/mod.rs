//! Long trials with one seed: a small run of each is a story, a long one is a command that prints its figures.

pub mod big_school;
pub mod sessions;
pub mod starts;
