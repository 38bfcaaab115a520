//! A session as pages: before, live, after, and the forms that schedule, move, cancel and end it.

mod actions;
mod edit;
mod form;
mod line;
mod show;

pub use actions::{ask_cancel, ask_end, back_to_session, cancel, change, edit, end, ending, launch, start};
pub use form::{Schedule, empty_form, page_form, zones};
pub use line::{line, page_state};
pub use show::show;
