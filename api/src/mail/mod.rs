//! Sending mail.

mod mailer;

pub use mailer::{Attachment, MailError, Mailer, OutgoingMail};
