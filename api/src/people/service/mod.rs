//! Who may sign in, and who is made by whom.

mod api_keys;
mod change;
mod create;
mod directory;
mod fields;
mod many;
mod set_up;
mod sign_in;

pub use api_keys::{api_key_names, api_keys, create_api_key, revoke_api_key};
pub use change::{ChangePerson, change_person, set_choices, set_password};
pub use create::{
    CreatePerson, CreatePersonBody, Whom, create_person, find_or_make, make_guest, make_student,
};
pub(in crate::people) use directory::room;
pub use directory::{
    PersonView, admins, all, count, count_active, count_languages, external_ids, find, find_by_email,
    find_by_external, has_owner, names, page, search, teachers,
};
pub use fields::{NameInput, one_line, parse_email, parse_language, parse_time_zone};
pub use many::{NewStudent, change_students, give_words, holders, make_students, of_addresses, of_ids};
pub use set_up::{SetUp, ensure_operator, set_up, set_up_is_open, set_up_token};
pub use sign_in::{
    Login, authenticate_bearer, authenticate_sign_in, check_again, remove_ended_sign_ins, sign_in, sign_out,
    signed_in,
};
