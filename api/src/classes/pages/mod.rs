//! Classes as pages: the list, and a class with its tabs.

mod class;
mod list;
mod options;
mod platform;
mod roster;
mod sessions;
mod settings;

pub(crate) use class::head;
pub use class::overview;
pub use list::list;
pub(crate) use list::platform_choices;
pub(crate) use options::{OptionsForm, ability_of, missed, shown};
pub use platform::{move_class, platform, set_link};
pub use roster::{back_to_roster, enroll, invite, remove, remove_guest, restore, roster, rotate, send};
pub use sessions::sessions;
pub use settings::{back_to_settings, rename, set_settings, settings};
