//! Google's formats: resource names in paths, filters, and the shapes of its answers.

use chrono::{DateTime, SecondsFormat, Utc};
use lectern_core::provider::{ErrorKind, ProviderError, Result};
use serde::{Deserialize, de::DeserializeOwned};

use super::client::Page;
use crate::transport::Response;
pub(super) use crate::wire::{moment, segment, text};

/// Longest resource name that is asked for.
const LONGEST_NAME: usize = 512;

/// A resource's name (`spaces/abc/members/def`) as a path, when it is one of this kind.
pub(super) fn path(operation: &'static str, name: &str, kinds: &[&str]) -> Result<String> {
    let parts: Vec<_> = name.split('/').collect();
    let good = name.len() <= LONGEST_NAME
        && parts.len() == kinds.len() * 2
        && parts.chunks(2).zip(kinds).all(|(pair, kind)| pair.first() == Some(kind))
        && parts.iter().all(|part| !part.is_empty());
    if good {
        return Ok(parts.iter().map(|part| format!("/{}", segment(part))).collect());
    }
    Err(ProviderError::new(crate::meet::NAME, operation, ErrorKind::NotFound).vendor_code("no resource name"))
}

/// A text inside a filter, in quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// UTC, as filters want it.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The part of a resource's name that follows this kind: `participants` in `conferenceRecords/a/participants/b` is `b`.
pub(super) fn id_of<'a>(name: &'a str, kind: &str) -> Option<&'a str> {
    let mut parts = name.split('/');
    parts.find(|part| *part == kind)?;
    parts.next().filter(|id| !id.is_empty())
}

/// Our name for a stay: the participant's id and the session's.
pub(super) fn stay(session: &str) -> Option<String> {
    Some(format!("{}/{}", id_of(session, "participants")?, id_of(session, "participantSessions")?))
}

/// The run a resource belongs to.
pub(super) fn run_of(name: &str) -> Option<String> {
    id_of(name, "conferenceRecords").map(|id| format!("conferenceRecords/{id}"))
}

/// Reads an answer.
pub(super) fn read<T: DeserializeOwned>(operation: &'static str, response: &Response) -> Result<T> {
    crate::wire::read(crate::meet::NAME, operation, response)
}

/// A space. Its configuration is shown to its owner only.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Space {
    pub(super) name: String,
    #[serde(default)]
    pub(super) meeting_uri: String,
    pub(super) config: Option<SpaceConfig>,
    pub(super) active_conference: Option<ActiveConference>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ActiveConference {
    #[serde(deserialize_with = "text")]
    pub(super) conference_record: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct SpaceConfig {
    pub(super) access_type: Option<String>,
    pub(super) moderation_restrictions: ModerationRestrictions,
    pub(super) artifact_config: ArtifactConfig,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ModerationRestrictions {
    pub(super) chat_restriction: Option<String>,
    pub(super) present_restriction: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ArtifactConfig {
    pub(super) recording_config: RecordingConfig,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RecordingConfig {
    pub(super) auto_recording_generation: Option<String>,
}

/// Somebody on a space's list. `user` comes where Google shows it.
#[derive(Debug, Deserialize)]
pub(super) struct Member {
    pub(super) name: String,
    #[serde(default)]
    pub(super) email: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) role: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) user: Option<String>,
}

/// One run of a space.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConferenceRecord {
    pub(super) name: String,
    #[serde(default)]
    pub(super) space: String,
    #[serde(default, deserialize_with = "moment")]
    pub(super) start_time: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "moment")]
    pub(super) end_time: Option<DateTime<Utc>>,
}

/// One person in a run.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Participant {
    pub(super) name: String,
    #[serde(default, deserialize_with = "moment")]
    pub(super) latest_end_time: Option<DateTime<Utc>>,
    signedin_user: Option<Person>,
    anonymous_user: Option<Person>,
    phone_user: Option<Person>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Person {
    #[serde(default, deserialize_with = "text")]
    user: Option<String>,
    #[serde(default)]
    display_name: String,
}

impl Participant {
    fn person(&self) -> Option<&Person> {
        self.signedin_user.as_ref().or(self.anonymous_user.as_ref()).or(self.phone_user.as_ref())
    }

    /// The account, for people who are signed in.
    pub(super) fn user_id(&self) -> Option<&str> {
        self.signedin_user.as_ref()?.user.as_deref()?.strip_prefix("users/")
    }

    pub(super) fn display_name(&self) -> &str {
        self.person().map(|person| person.display_name.as_str()).unwrap_or_default()
    }
}

/// One stay of one device.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ParticipantSession {
    pub(super) name: String,
    #[serde(default, deserialize_with = "moment")]
    pub(super) start_time: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "moment")]
    pub(super) end_time: Option<DateTime<Utc>>,
}

/// A recording; its file is there from `FILE_GENERATED` on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Recording {
    pub(super) name: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) state: Option<String>,
    #[serde(default, deserialize_with = "moment")]
    pub(super) start_time: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "moment")]
    pub(super) end_time: Option<DateTime<Utc>>,
    pub(super) drive_destination: Option<DriveDestination>,
}

#[derive(Debug, Deserialize)]
pub(super) struct DriveDestination {
    #[serde(default, deserialize_with = "text")]
    pub(super) file: Option<String>,
}

/// A file in Drive.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct DriveFile {
    #[serde(deserialize_with = "text")]
    pub(super) size: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) mime_type: Option<String>,
    pub(super) trashed: bool,
    pub(super) capabilities: FileCapabilities,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct FileCapabilities {
    pub(super) can_download: Option<bool>,
}

/// What the People API says of several people.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Profiles {
    pub(super) responses: Vec<ProfileAnswer>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ProfileAnswer {
    pub(super) requested_resource_name: String,
    pub(super) person: Profile,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Profile {
    email_addresses: Vec<ProfileAddress>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ProfileAddress {
    metadata: AddressMetadata,
    value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AddressMetadata {
    primary: bool,
}

impl Profile {
    /// The primary address, else the first.
    pub(super) fn address(&self) -> Option<&str> {
        let addresses = || self.email_addresses.iter().filter(|address| !address.value.is_empty());
        let found = addresses().find(|address| address.metadata.primary).or_else(|| addresses().next());
        found.map(|address| address.value.as_str())
    }
}

/// A user of a domain.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DirectoryUser {
    #[serde(default, deserialize_with = "text")]
    pub(super) primary_email: Option<String>,
}

/// A subscription to events.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Subscription {
    pub(super) name: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) state: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) suspension_reason: Option<String>,
    #[serde(default, deserialize_with = "moment")]
    pub(super) expire_time: Option<DateTime<Utc>>,
    pub(super) notification_endpoint: Option<NotificationEndpoint>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NotificationEndpoint {
    #[serde(default, deserialize_with = "text")]
    pub(super) pubsub_topic: Option<String>,
}

/// Work that may still be under way.
#[derive(Debug, Deserialize)]
pub(super) struct Operation<T> {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) done: bool,
    pub(super) response: Option<T>,
    pub(super) error: Option<OperationError>,
}

#[derive(Debug, Deserialize)]
pub(super) struct OperationError {
    #[serde(default)]
    pub(super) code: i64,
}

macro_rules! pages {
    ($($page:ident: $field:ident of $item:ty, $largest:literal;)*) => {$(
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub(super) struct $page {
            #[serde(default, deserialize_with = "text")]
            next_page_token: Option<String>,
            // An empty list comes without it.
            #[serde(default)]
            $field: Vec<$item>,
        }

        impl Page for $page {
            type Item = $item;
            const LARGEST: &str = $largest;

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
    MemberPage: members of Member, "500";
    RecordPage: conference_records of ConferenceRecord, "100";
    ParticipantPage: participants of Participant, "250";
    SessionPage: participant_sessions of ParticipantSession, "250";
    RecordingPage: recordings of Recording, "100";
    SubscriptionPage: subscriptions of Subscription, "100";
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn only_names_of_the_kind_become_paths() {
        let space = |name: &str| path("test", name, &["spaces"]);
        assert_eq!(space("spaces/jQCFfuBOdN5z").unwrap(), "/spaces/jQCFfuBOdN5z");
        assert_eq!(space("spaces/a:end?x").unwrap(), "/spaces/a%3Aend%3Fx");
        assert_eq!(space("spaces/..").unwrap(), "/spaces/%2E%2E");
        for bad in [
            "",
            "spaces",
            "spaces/",
            "abc-mnop-xyz",
            "spaces/a/members/b",
            "conferenceRecords/a",
            "/spaces/a",
        ] {
            assert_eq!(space(bad).unwrap_err().kind, ErrorKind::NotFound, "{bad}");
        }
        assert_eq!(
            path("test", "spaces/a/members/b", &["spaces", "members"]).unwrap(),
            "/spaces/a/members/b"
        );
    }

    #[test]
    fn names_tell_the_run_and_the_stay() {
        let session = "conferenceRecords/r1/participants/p1/participantSessions/s1";
        assert_eq!(stay(session).as_deref(), Some("p1/s1"));
        assert_eq!(run_of(session).as_deref(), Some("conferenceRecords/r1"));
        assert_eq!(stay("conferenceRecords/r1"), None);
        assert_eq!(run_of("subscriptions/x"), None);
    }

    #[test]
    fn an_empty_list_is_an_empty_object() {
        let page: RecordingPage = serde_json::from_str("{}").unwrap();
        assert!(page.next().is_none() && page.items().is_empty());
    }

    #[test]
    fn quotes_cannot_leave_a_filter() {
        assert_eq!(quoted(r#"a" OR ""#), r#""a\" OR \"""#);
    }

    #[test]
    fn the_samples_are_read() {
        let Some(samples) = crate::samples::folder("the_samples_are_read", "meet/samples") else { return };
        let sample = |name: &str| samples.iter().find(|(key, _)| key == name).unwrap().1.clone();
        fn read<T: DeserializeOwned>(value: serde_json::Value) -> T {
            serde_json::from_value(value).unwrap()
        }
        let space: Space = read(sample("meet_space_create_response"));
        assert_eq!(space.name, "spaces/jQCFfuBOdN5z");
        assert_eq!(space.config.unwrap().access_type.as_deref(), Some("RESTRICTED"));
        assert!(read::<Space>(sample("meet_space_get_as_other")).config.is_none());
        assert!(read::<Space>(sample("meet_space_get_active_as_owner")).active_conference.is_some());
        assert_eq!(read::<MemberPage>(sample("meet_members_list_response")).next(), Some("page-2"));
        let people = read::<ParticipantPage>(sample("meet_participants_list_response")).items();
        let names: Vec<_> = people.iter().map(|one| (one.display_name(), one.user_id())).collect();
        assert_eq!(names[1], ("Sam Student", Some("115000000000000000002")));
        assert_eq!(names[2], ("sam s", None));
        assert_eq!(names[3], ("+1 202-***-**23", None));
        let sessions = read::<SessionPage>(sample("meet_participant_sessions_list_response")).items();
        assert!(sessions.iter().all(|one| one.start_time.is_some() && one.end_time.is_some()));
        let recording: Recording = read(sample("meet_recording_file_generated"));
        assert!(recording.drive_destination.unwrap().file.is_some());
        let profile: Profile = read(sample("people_get_response"));
        assert_eq!(profile.address(), Some("student1@school.example"));
        assert_eq!(read::<Profile>(sample("people_get_response_no_email")).address(), None);
        let user: DirectoryUser = read(sample("directory_user_get_response"));
        assert_eq!(user.primary_email.as_deref(), Some("student1@school.example"));
        let file: DriveFile = read(sample("drive_recording_file_metadata"));
        assert_eq!((file.size.as_deref(), file.capabilities.can_download), (Some("734003200"), Some(true)));
        let done: Operation<Subscription> = read(sample("events_operation_done_response"));
        assert!(done.done && done.response.unwrap().expire_time.is_some());
        assert_eq!(
            read::<Operation<Subscription>>(sample("events_operation_error_response")).error.unwrap().code,
            7
        );
    }
}
