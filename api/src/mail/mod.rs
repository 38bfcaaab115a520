//! Sending mail.

mod mailer;

pub use mailer::{Attachment, Heard, MailError, Mailer, OutgoingMail};
