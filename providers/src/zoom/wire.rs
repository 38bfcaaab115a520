//! Zoom's formats: identifiers in paths, times, limits of length, and the shapes of its answers.

use chrono::{DateTime, SecondsFormat, Utc};
use lectern_core::provider::{OurReference, Result};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use super::client::Page;
use crate::transport::Response;
pub(super) use crate::wire::{cut, marker, moment, segment, text, with_marker};

/// Longest topic, in characters.
pub(super) const TOPIC: usize = 200;
/// Longest agenda, in characters.
pub(super) const AGENDA: usize = 2000;
/// Longest given or family name of a registrant, in characters.
pub(super) const NAME: usize = 64;
/// Longest address of a registrant, in characters.
pub(super) const EMAIL: usize = 128;

/// The UUID of a run in a path: encoded once; twice when it begins with `/` or contains `//`.
pub(super) fn run_segment(uuid: &str) -> String {
    let once = segment(uuid);
    if uuid.starts_with('/') || uuid.contains("//") { segment(&once) } else { once }
}

/// UTC in the one form that Zoom reads as UTC: an offset such as `+01:00` was seen to be ignored.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The agenda with our marker as its last line, within Zoom's limit.
pub(super) fn agenda(text: &str, reference: &OurReference) -> String {
    with_marker(text, reference, AGENDA)
}

/// Reads an answer.
pub(super) fn read<T: DeserializeOwned>(operation: &'static str, response: &Response) -> Result<T> {
    crate::wire::read(crate::zoom::NAME, operation, response)
}

/// An id: Zoom writes the same one as a number here and as a string there.
pub(super) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Id {
        Number(i64),
        Text(String),
    }
    Ok(match Id::deserialize(deserializer)? {
        Id::Number(number) => number.to_string(),
        Id::Text(text) => text,
    })
}

/// A meeting, as create and get answer it.
#[derive(Debug, Deserialize)]
pub(super) struct Meeting {
    #[serde(deserialize_with = "id")]
    pub(super) id: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) host_id: Option<String>,
    #[serde(default)]
    pub(super) topic: String,
    #[serde(default)]
    pub(super) agenda: String,
    #[serde(default, deserialize_with = "moment")]
    pub(super) start_time: Option<DateTime<Utc>>,
    #[serde(default)]
    pub(super) duration: u32,
    #[serde(default)]
    pub(super) join_url: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) start_url: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) settings: MeetingSettings,
}

/// The settings we ask for, or must know of. What an answer leaves out is `None`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MeetingSettings {
    pub(super) approval_type: Option<i64>,
    pub(super) waiting_room: Option<bool>,
    pub(super) auto_recording: Option<String>,
    pub(super) allow_multiple_devices: Option<bool>,
    pub(super) show_share_button: Option<bool>,
    pub(super) registrants_confirmation_email: Option<bool>,
    pub(super) registrants_email_notification: Option<bool>,
    pub(super) meeting_authentication: Option<bool>,
    pub(super) use_pmi: Option<bool>,
    pub(super) join_before_host: Option<bool>,
}

/// A meeting, as the list shows it: perhaps with a shortened agenda, or none.
#[derive(Debug, Deserialize)]
pub(super) struct ListedMeeting {
    #[serde(deserialize_with = "id")]
    pub(super) id: String,
    #[serde(default)]
    pub(super) topic: String,
    #[serde(default)]
    pub(super) agenda: String,
    #[serde(default, deserialize_with = "moment")]
    pub(super) start_time: Option<DateTime<Utc>>,
}

/// What registering answers; `join_url` is missing while the registrant waits for approval.
#[derive(Debug, Deserialize)]
pub(super) struct Registered {
    #[serde(default)]
    pub(super) registrant_id: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) join_url: Option<String>,
    #[serde(default)]
    pub(super) email: String,
}

/// What a batch answers.
#[derive(Debug, Deserialize)]
pub(super) struct RegisteredBatch {
    #[serde(default)]
    pub(super) registrants: Vec<Registered>,
}

/// A registrant in a list.
#[derive(Debug, Deserialize)]
pub(super) struct ListedRegistrant {
    pub(super) id: String,
    #[serde(default)]
    pub(super) email: String,
    #[serde(default)]
    pub(super) first_name: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) last_name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) join_url: Option<String>,
}

/// A run of a meeting.
#[derive(Debug, Deserialize)]
pub(super) struct Instance {
    pub(super) uuid: String,
    #[serde(default, deserialize_with = "moment")]
    pub(super) start_time: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Instances {
    #[serde(default)]
    pub(super) meetings: Vec<Instance>,
}

/// A stay, in the report or among the past participants.
#[derive(Debug, Deserialize)]
pub(super) struct Stay {
    #[serde(default, deserialize_with = "text")]
    pub(super) registrant_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) user_email: Option<String>,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) user_id: Option<String>,
    #[serde(default, deserialize_with = "moment")]
    pub(super) join_time: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "moment")]
    pub(super) leave_time: Option<DateTime<Utc>>,
    /// Seconds, although a meeting's own duration is minutes.
    #[serde(default)]
    pub(super) duration: u32,
    #[serde(default, deserialize_with = "text")]
    pub(super) status: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) bo_mtg_id: Option<String>,
}

/// A recorded run.
#[derive(Debug, Deserialize)]
pub(super) struct Recorded {
    pub(super) uuid: String,
    #[serde(deserialize_with = "id")]
    pub(super) id: String,
    #[serde(default)]
    pub(super) topic: String,
    #[serde(default, deserialize_with = "moment")]
    pub(super) start_time: Option<DateTime<Utc>>,
    #[serde(default)]
    pub(super) recording_files: Vec<RecordedFile>,
}

/// One file of it.
#[derive(Debug, Deserialize)]
pub(super) struct RecordedFile {
    #[serde(default)]
    pub(super) id: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) file_type: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) recording_type: Option<String>,
    #[serde(default, deserialize_with = "moment")]
    pub(super) recording_start: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "moment")]
    pub(super) recording_end: Option<DateTime<Utc>>,
    #[serde(default)]
    pub(super) file_size: Option<f64>,
    #[serde(default, deserialize_with = "text")]
    pub(super) download_url: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) status: Option<String>,
}

macro_rules! pages {
    ($($page:ident: $field:ident of $item:ty;)*) => {$(
        #[derive(Debug, Deserialize)]
        pub(super) struct $page {
            #[serde(default, deserialize_with = "text")]
            next_page_token: Option<String>,
            #[serde(default)]
            $field: Vec<$item>,
        }

        impl Page for $page {
            type Item = $item;

            fn next(&self) -> Option<&str> {
                self.next_page_token.as_deref()
            }

            fn items(self) -> Vec<$item> {
                self.$field
            }
        }
    )*};
}

pages! {
    MeetingPage: meetings of ListedMeeting;
    RegistrantPage: registrants of ListedRegistrant;
    StayPage: participants of Stay;
    RecordedPage: meetings of Recorded;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn a_run_is_encoded_once_or_twice() {
        assert_eq!(run_segment("/abc=="), "%252Fabc%253D%253D");
        assert_eq!(run_segment("a/b=="), "a%2Fb%3D%3D");
        assert_eq!(run_segment("a//b=="), "a%252F%252Fb%253D%253D");
        assert_eq!(run_segment("4444AAAiAAAAAiAiAiiAii=="), "4444AAAiAAAAAiAiAiiAii%3D%3D");
        assert_eq!(run_segment("a+b"), "a%2Bb");
    }

    #[test]
    fn the_marker_is_the_last_line_and_always_fits() {
        let reference = OurReference::parse("abcdefghij").unwrap();
        assert_eq!(agenda("Bring a pen.\n", &reference), "Bring a pen.\n[lectern:abcdefghij]");
        assert_eq!(agenda("", &reference), "[lectern:abcdefghij]");
        let long = agenda(&"ż".repeat(5000), &reference);
        assert_eq!(long.chars().count(), AGENDA);
        assert!(long.ends_with("\n[lectern:abcdefghij]"));
    }

    #[test]
    fn times_are_utc_with_a_z() {
        assert_eq!(time("2026-11-21T10:00:00.5+01:00".parse().unwrap()), "2026-11-21T09:00:00Z");
    }

    #[test]
    fn ids_are_read_as_numbers_and_as_text() {
        for body in [r#"{"id":94890226305}"#, r#"{"id":"94890226305"}"#] {
            assert_eq!(serde_json::from_str::<ListedMeeting>(body).unwrap().id, "94890226305");
        }
    }
}
