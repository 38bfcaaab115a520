//! What all page handlers share: rendering for whoever is signed in, language, headers, errors as pages, static files.

mod assets;
mod before;
mod errors;
mod headers;
mod keys;
mod meanwhile;
mod refusals;
mod render;

pub use assets::asset;
pub use before::{Overtaken, before};
pub use errors::errors_as_pages;
pub use headers::{
    CheckoutHeaders, FrameHeaders, JoinHeaders, PastedLinkHeaders, SafeHeaders, secure_headers,
};
pub use keys::keys;
pub use meanwhile::Beside;
pub use refusals::{beside_form, conflict, field_errors};
pub use render::{
    NoticeQuery, Pages, Reader, Wishes, back, see_other, see_other_with_undo, undoable, vocabulary,
};
