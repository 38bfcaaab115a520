//! Classes as pages: the list, the form for a new one, and a class with its tabs.

mod class;
mod list;
mod platform;
mod roster;
mod sessions;
mod settings;

pub(crate) use class::head;
pub use class::overview;
pub use list::{create, list, new};
pub use platform::{move_class, platform, set_link};
pub use roster::{back_to_roster, enroll, invite, remove, remove_guest, restore, roster, rotate, send};
pub use sessions::{back_to_sessions, preview, schedule, sessions};
pub use settings::{set_settings, settings};
