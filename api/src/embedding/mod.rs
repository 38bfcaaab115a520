//! Parts of ours inside a host application's own pages: an instructor's accounts, one class's Join button, the live board.
//!
//! The host application asks for a link as its person ([`routes`]). Opening it inside a frame gives that browser a cookie of the
//! one view ([`frame`]), which opens no other page. Who may frame is the organization's decision ([`settings`]); everybody
//! else's frames stay empty. What cannot be undone, and what a platform or the meeting itself needs, goes on in a window of
//! its own ([`leaving`]).

pub mod frame;
pub mod leaving;
pub mod pages;
pub mod routes;
pub mod service;
pub mod settings;
pub mod settings_pages;
pub mod store;
