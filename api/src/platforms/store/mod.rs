//! Tables of this room.

pub mod connections;
pub mod event_keys;
pub mod host_writes;
pub mod settings;
pub mod states;
pub mod tickets;
