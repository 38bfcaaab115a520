//! A mail catcher: an SMTP server that keeps everything and sends nothing, with an inbox as a page.

mod catcher;
mod message;
mod pages;
mod smtp;

pub use catcher::MailCatcher;
pub use message::{Attachment, CaughtMessage};
