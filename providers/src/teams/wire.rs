//! Graph's formats: times, filters, and the shapes of its answers.

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use lectern_core::provider::{OurReference, Result};
use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::transport::Response;
pub(super) use crate::wire::{cut, marker, moment, segment, text, with_marker};

/// Longest subject of an event, in characters.
pub(super) const SUBJECT: usize = 255;
/// Longest description we write, in characters.
pub(super) const BODY: usize = 4000;

/// Reads an answer.
pub(super) fn read<T: DeserializeOwned>(operation: &'static str, response: &Response) -> Result<T> {
    crate::wire::read(crate::teams::NAME, operation, response)
}

/// UTC, as an event's `dateTime`: without an offset.
pub(super) fn event_time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// UTC, as everywhere else.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A text inside an `OData` literal.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The event's `transactionId`, by which Graph knows a repeated create: a UUID made of our reference (RFC 9562, version 8).
pub(super) fn transaction(reference: &OurReference) -> String {
    let hash = Sha256::digest(format!("lectern event {}", reference.as_str()));
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = hex::encode(bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// One page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Page<T> {
    #[serde(default = "Vec::new")]
    pub(super) value: Vec<T>,
    #[serde(default, rename = "@odata.nextLink", deserialize_with = "text")]
    pub(super) next: Option<String>,
}

/// A time of an event, asked for in UTC.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct EventTime {
    date_time: String,
}

impl EventTime {
    pub(super) fn at(&self) -> Option<DateTime<Utc>> {
        let text = self.date_time.trim_end_matches('Z');
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok().map(|at| at.and_utc())
    }
}

/// A calendar event.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    pub(super) id: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) subject: Option<String>,
    #[serde(default)]
    pub(super) start: Option<EventTime>,
    #[serde(default)]
    pub(super) end: Option<EventTime>,
    #[serde(default)]
    pub(super) is_online_meeting: Option<bool>,
    #[serde(default)]
    pub(super) is_cancelled: Option<bool>,
    #[serde(default, deserialize_with = "text")]
    pub(super) transaction_id: Option<String>,
    #[serde(default)]
    pub(super) body: Option<EventBody>,
    #[serde(default, deserialize_with = "text")]
    pub(super) body_preview: Option<String>,
    #[serde(default)]
    pub(super) online_meeting: Option<OnlineMeetingInfo>,
}

impl Event {
    pub(super) fn starts_at(&self) -> Option<DateTime<Utc>> {
        self.start.as_ref()?.at()
    }

    pub(super) fn ends_at(&self) -> Option<DateTime<Utc>> {
        self.end.as_ref()?.at()
    }

    pub(super) fn join_url(&self) -> Option<&str> {
        self.online_meeting.as_ref()?.join_url.as_deref()
    }

    /// Whether a text of ours stands in the description.
    pub(super) fn says(&self, words: &str) -> bool {
        self.body.as_ref().is_some_and(|body| body.content.contains(words))
            || self.body_preview.as_deref().is_some_and(|preview| preview.contains(words))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct EventBody {
    content: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OnlineMeetingInfo {
    #[serde(default, deserialize_with = "text")]
    pub(super) join_url: Option<String>,
}

/// An online meeting. What an answer leaves out is `None`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OnlineMeeting {
    pub(super) id: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) join_web_url: Option<String>,
    #[serde(default)]
    pub(super) lobby_bypass_settings: Option<Lobby>,
    #[serde(default, deserialize_with = "text")]
    pub(super) allowed_presenters: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) allowed_lobby_admitters: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) allow_meeting_chat: Option<String>,
    #[serde(default)]
    pub(super) allow_attendee_to_enable_mic: Option<bool>,
    #[serde(default)]
    pub(super) allow_attendee_to_enable_camera: Option<bool>,
    #[serde(default)]
    pub(super) record_automatically: Option<bool>,
    #[serde(default)]
    pub(super) participants: Option<Participants>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Lobby {
    pub(super) scope: Option<String>,
    pub(super) is_dial_in_bypass_enabled: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Participants {
    pub(super) organizer: Option<Organizer>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Organizer {
    pub(super) identity: Option<IdentitySet>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct IdentitySet {
    pub(super) user: Option<Identity>,
}

/// Who somebody is.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Identity {
    #[serde(deserialize_with = "text")]
    pub(super) id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) display_name: Option<String>,
}

impl OnlineMeeting {
    pub(super) fn organizer(&self) -> Option<String> {
        self.participants.as_ref()?.organizer.as_ref()?.identity.as_ref()?.user.as_ref()?.id.clone()
    }
}

/// A call session's report.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    pub(super) id: String,
    #[serde(default, deserialize_with = "moment")]
    pub(super) meeting_start_date_time: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "moment")]
    pub(super) meeting_end_date_time: Option<DateTime<Utc>>,
    /// Only there when asked for.
    #[serde(default)]
    pub(super) attendance_records: Option<Vec<Record>>,
    #[serde(default, rename = "attendanceRecords@odata.nextLink", deserialize_with = "text")]
    pub(super) more_records: Option<String>,
}

/// One person in it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    #[serde(default, deserialize_with = "text")]
    pub(super) email_address: Option<String>,
    #[serde(default)]
    pub(super) identity: Option<Identity>,
    #[serde(default)]
    pub(super) attendance_intervals: Option<Vec<AttendanceInterval>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AttendanceInterval {
    #[serde(default, deserialize_with = "moment")]
    pub(super) join_date_time: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "moment")]
    pub(super) leave_date_time: Option<DateTime<Utc>>,
    #[serde(default)]
    pub(super) duration_in_seconds: Option<i64>,
}

/// A recording or a transcript.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Artifact {
    pub(super) id: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) call_id: Option<String>,
    #[serde(default, deserialize_with = "moment")]
    pub(super) created_date_time: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "moment")]
    pub(super) end_date_time: Option<DateTime<Utc>>,
}

/// A subscription.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Subscribed {
    pub(super) id: String,
    #[serde(default)]
    pub(super) resource: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) notification_url: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) encryption_certificate_id: Option<String>,
    #[serde(default, deserialize_with = "moment")]
    pub(super) expiration_date_time: Option<DateTime<Utc>>,
}

/// A user.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    pub(super) id: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) display_name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) mail: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) user_principal_name: Option<String>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn the_transaction_is_a_uuid_of_our_reference() {
        let id = |text| transaction(&OurReference::parse(text).unwrap());
        assert_eq!(id("abcdefghij"), id("abcdefghij"));
        assert_ne!(id("abcdefghij"), id("abcdefghik"));
        let id = id("abcdefghij");
        assert_eq!(id.len(), 36);
        assert_eq!((&id[14..15], id[19..20].contains(['8', '9', 'a', 'b'])), ("8", true));
    }

    #[test]
    fn event_times_have_no_offset() {
        let read = |text: &str| EventTime { date_time: text.to_owned() }.at().map(time);
        assert_eq!(read("2026-03-02T10:00:00.0000000").as_deref(), Some("2026-03-02T10:00:00Z"));
        assert_eq!(read("2026-03-02T10:00:00Z").as_deref(), Some("2026-03-02T10:00:00Z"));
        assert_eq!(read("soon"), None);
        assert_eq!(event_time("2026-03-02T10:00:00.7Z".parse().unwrap()), "2026-03-02T10:00:00");
    }

    #[test]
    fn quotes_are_doubled_in_a_filter() {
        assert_eq!(quoted("a'b"), "'a''b'");
    }
}
