//! OAuth grants. Every write of tokens names the generation it replaces.

mod consent;
mod grants;
mod lists;
mod pairs;

pub use consent::{end, forget_account, insert, reconnect, set_account};
pub use grants::{
    Connection, State, any_active, by_external_user, earlier, find, living, of_organization, of_person,
};
pub use lists::{Listed, list, unconnected};
pub use pairs::{Pair, drop_lease, expiring, lose, store_pair, take_lease};
