//! Making organizations, finding them, and changing what they decided.

mod aliases;
mod change;
mod create;
mod fields;
mod find;
mod host_tokens;

pub use aliases::check_aliases;
pub use change::{ChangeSettings, SettingsView, change, set_default_platform, set_locks};
pub(crate) use create::add;
pub use create::{CreateOrganization, OrganizationView, create};
pub use find::{all, all_active, find_active, organization, settings};
pub use host_tokens::{SetHostTokens, of_host_tokens, set_host_tokens};

/// What other rooms ask in their own transaction.
pub use super::store::{
    find, find_by_slug, instance_get, instance_put, instance_remove, of_class, sender, set_look, set_sender,
    settings as settings_in, settings_to_change,
};
