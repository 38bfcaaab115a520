//! Making, changing and finding classes.

mod change;
mod create;
mod fields;
mod find;
mod view;

pub use change::{ChangeClass, archive, change, person_disabled};
pub use create::{CreateClass, could_create, create, create_in};
pub(in crate::classes) use fields::provider;
pub(crate) use fields::{description, external, instructor, pasted, title};
pub(in crate::classes) use find::room;
pub use find::{
    all_before, count, find, find_by_external, find_titled, give_words, list, list_tab, may_manage, own,
    own_active, own_to_change, platforms_in_use, readable, titles,
};
pub use view::{ClassView, PersonRef, view, views};
