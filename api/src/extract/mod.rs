//! The argument list of a handler is its security policy: each extractor has already checked what its name says.

mod body;
mod client;
mod path;
pub(crate) mod refusal;
mod roles;
mod signed_in;
mod upload;

pub use body::{Form, Json, Query};
pub(crate) use body::{read_form, shown_to};
pub use client::{ClientAddress, cookie};
pub use path::Path;
pub use roles::{Admin, AnyAdmin, Instructor, Member, Owner, SuperAdmin};
pub(crate) use signed_in::is_own_page;
pub use signed_in::{Asker, SignedIn, Via, Visitor};
pub use upload::{CsvBody, PictureBody, Upload};
