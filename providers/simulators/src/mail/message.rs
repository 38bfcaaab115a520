//! One caught mail, taken apart.

use mail_parser::{MessageParser, MimeHeaders as _};
use serde::Serialize;

/// A mail as its receivers would see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaughtMessage {
    /// Its number in this inbox, from 1.
    pub id: u64,
    /// The envelope's sender.
    pub from: String,
    /// The envelope's receivers.
    pub to: Vec<String>,
    /// The subject, decoded.
    pub subject: String,
    /// The plain part.
    pub text: String,
    /// The HTML part; empty when there is none.
    pub html: String,
    /// Everything else.
    pub attachments: Vec<Attachment>,
    /// The message as it came, headers included.
    pub raw: String,
}

/// A part that is not the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// The name it should be saved under.
    pub filename: String,
    /// Its media type, without parameters.
    pub content_type: String,
    /// Its content, decoded, as text.
    pub text: String,
}

impl CaughtMessage {
    /// Takes a mail apart. What cannot be read stays in `raw`.
    pub(crate) fn parse(id: u64, from: String, to: Vec<String>, raw: &[u8]) -> Self {
        let mut caught = Self {
            id,
            from,
            to,
            subject: String::new(),
            text: String::new(),
            html: String::new(),
            attachments: Vec::new(),
            raw: String::from_utf8_lossy(raw).into_owned(),
        };
        let Some(parsed) = MessageParser::default().parse(raw) else { return caught };
        caught.subject = parsed.subject().unwrap_or_default().to_owned();
        // Only parts that are in the mail: the parser would make the one from the other.
        let plain = parsed
            .text_body
            .iter()
            .filter_map(|part| parsed.part(*part))
            .find(|part| part.is_text() && !part.is_text_html());
        caught.text = plain.and_then(|part| part.text_contents()).unwrap_or_default().to_owned();
        let html =
            parsed.html_body.iter().filter_map(|part| parsed.part(*part)).find(|part| part.is_text_html());
        caught.html = html.and_then(|part| part.text_contents()).unwrap_or_default().to_owned();
        let other = parsed.parts.iter().filter(|part| {
            let is_alternative = part.content_type().is_some_and(|kind| {
                kind.ctype() == "multipart"
                    || (kind.ctype() == "text"
                        && matches!(kind.subtype(), Some("plain" | "html"))
                        && part.attachment_name().is_none())
            });
            part.content_type().is_some() && !is_alternative
        });
        caught.attachments = other
            .map(|part| Attachment {
                filename: part.attachment_name().unwrap_or_default().to_owned(),
                content_type: part
                    .content_type()
                    .map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("octet-stream")))
                    .unwrap_or_default(),
                text: String::from_utf8_lossy(part.contents()).into_owned(),
            })
            .collect();
        caught
    }
}
