//! Tables of this room: people, sign-ins and API keys.

mod api_keys;
mod many;
mod people;
mod sign_ins;

pub use api_keys::{
    ApiKey, find_api_key, find_api_key_hash, insert_api_key, list_api_keys, note_api_key_use, revoke_api_key,
};
pub use many::{holders, insert_students, of_addresses, of_ids, update_students};
pub use people::{
    NewPerson, Person, PersonKind, admins, adopt, count_active, count_languages, count_users, email_key,
    external_ids, find, find_by_email, find_by_external, find_by_subject, find_to_change, has_owner,
    has_subject, insert, keep_words, list, list_of_role, names, set_password, teachers, update,
    without_words,
};
pub use sign_ins::{find_sign_in, insert_sign_in, remove_ended_sign_ins, remove_sign_in, remove_sign_ins_of};
