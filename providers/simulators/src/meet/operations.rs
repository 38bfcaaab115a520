//! Every method of Google's documents that is served: path, quota, and the scopes of which one is enough.

/// What a call counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Label {
    /// Outside Meet's quotas.
    Free,
    Read,
    Write,
    Create,
}

#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) id: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) service: &'static str,
    pub(crate) label: Label,
    pub(crate) scopes: &'static [&'static str],
}

pub(crate) const CREATED: &str = "meetings.space.created";
pub(crate) const READONLY: &str = "meetings.space.readonly";
pub(crate) const SETTINGS: &str = "meetings.space.settings";

const WRITE: &[&str] = &[CREATED];
const READ: &[&str] = &[CREATED, READONLY];
const LOOK: &[&str] = &[CREATED, READONLY, SETTINGS];
const CHANGE: &[&str] = &[CREATED, SETTINGS];
const DRIVE_READ: &[&str] = &["drive", "drive.readonly", "drive.meet.readonly"];
const DRIVE_WRITE: &[&str] = &["drive"];
const PEOPLE: &[&str] = &["directory.readonly", "contacts.readonly"];
const DIRECTORY: &[&str] = &["admin.directory.user.readonly"];
const PUBSUB: &[&str] = &["pubsub", "cloud-platform"];

macro_rules! operations {
    ($($id:literal $method:literal $path:literal $service:literal $label:ident $scopes:ident;)*) => {
        pub(crate) const OPERATIONS: &[Operation] = &[$(Operation {
            id: $id, method: $method, path: $path, service: $service, label: Label::$label, scopes: $scopes,
        }),*];
    };
}

operations! {
    "meet.spaces.create" "POST" "/v2/spaces" "meet" Create WRITE;
    "meet.spaces.get" "GET" "/v2/spaces/{}" "meet" Read LOOK;
    "meet.spaces.patch" "PATCH" "/v2/spaces/{}" "meet" Write CHANGE;
    "meet.spaces.endActiveConference" "POST" "/v2/spaces/{}:endActiveConference" "meet" Write WRITE;
    "meet.spaces.members.create" "POST" "/v2/spaces/{}/members" "meet" Write WRITE;
    "meet.spaces.members.list" "GET" "/v2/spaces/{}/members" "meet" Read READ;
    "meet.spaces.members.batchUpdate" "POST" "/v2/spaces/{}/members:batchUpdate" "meet" Write WRITE;
    "meet.spaces.members.get" "GET" "/v2/spaces/{}/members/{}" "meet" Read READ;
    "meet.spaces.members.patch" "PATCH" "/v2/spaces/{}/members/{}" "meet" Write WRITE;
    "meet.spaces.members.delete" "DELETE" "/v2/spaces/{}/members/{}" "meet" Write WRITE;
    "meet.conferenceRecords.list" "GET" "/v2/conferenceRecords" "meet" Read READ;
    "meet.conferenceRecords.get" "GET" "/v2/conferenceRecords/{}" "meet" Read READ;
    "meet.conferenceRecords.participants.list" "GET" "/v2/conferenceRecords/{}/participants" "meet" Read READ;
    "meet.conferenceRecords.participants.get" "GET" "/v2/conferenceRecords/{}/participants/{}" "meet" Read READ;
    "meet.conferenceRecords.participants.participantSessions.list" "GET" "/v2/conferenceRecords/{}/participants/{}/participantSessions" "meet" Read READ;
    "meet.conferenceRecords.participants.participantSessions.get" "GET" "/v2/conferenceRecords/{}/participants/{}/participantSessions/{}" "meet" Read READ;
    "meet.conferenceRecords.recordings.list" "GET" "/v2/conferenceRecords/{}/recordings" "meet" Read READ;
    "meet.conferenceRecords.recordings.get" "GET" "/v2/conferenceRecords/{}/recordings/{}" "meet" Read READ;
    "workspaceevents.subscriptions.create" "POST" "/v1/subscriptions" "workspaceevents" Free READ;
    "workspaceevents.subscriptions.list" "GET" "/v1/subscriptions" "workspaceevents" Free READ;
    "workspaceevents.subscriptions.get" "GET" "/v1/subscriptions/{}" "workspaceevents" Free READ;
    "workspaceevents.subscriptions.patch" "PATCH" "/v1/subscriptions/{}" "workspaceevents" Free READ;
    "workspaceevents.subscriptions.delete" "DELETE" "/v1/subscriptions/{}" "workspaceevents" Free READ;
    "workspaceevents.subscriptions.reactivate" "POST" "/v1/subscriptions/{}:reactivate" "workspaceevents" Free READ;
    "workspaceevents.operations.get" "GET" "/v1/operations/{}" "workspaceevents" Free READ;
    "drive.files.get" "GET" "/drive/v3/files/{}" "drive" Free DRIVE_READ;
    "drive.files.update" "PATCH" "/drive/v3/files/{}" "drive" Free DRIVE_WRITE;
    "drive.files.delete" "DELETE" "/drive/v3/files/{}" "drive" Free DRIVE_WRITE;
    "drive.about.get" "GET" "/drive/v3/about" "drive" Free DRIVE_READ;
    "people.people.getBatchGet" "GET" "/v1/people:batchGet" "people" Free PEOPLE;
    "people.people.get" "GET" "/v1/people/{}" "people" Free PEOPLE;
    "directory.users.get" "GET" "/admin/directory/v1/users/{}" "admin" Free DIRECTORY;
    "pubsub.projects.subscriptions.pull" "POST" "/v1/projects/{}/subscriptions/{}:pull" "pubsub" Free PUBSUB;
    "pubsub.projects.subscriptions.acknowledge" "POST" "/v1/projects/{}/subscriptions/{}:acknowledge" "pubsub" Free PUBSUB;
}

/// A segment against its pattern: `{}` takes anything without a verb, `{}:verb` anything with this one.
fn fits(pattern: &str, segment: &str) -> Option<Option<String>> {
    match pattern.strip_prefix("{}") {
        None => (pattern == segment).then_some(None),
        Some(verb) => {
            let value = segment.strip_suffix(verb)?;
            let decoded = percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned();
            (!value.is_empty() && !value.contains(':')).then_some(Some(decoded))
        }
    }
}

/// The method a call means, and what its path holds.
pub(crate) fn find(method: &str, path: &str) -> Option<(&'static Operation, Vec<String>)> {
    let segments: Vec<_> = path.split('/').collect();
    OPERATIONS.iter().filter(|operation| operation.method == method).find_map(|operation| {
        let pattern: Vec<_> = operation.path.split('/').collect();
        if pattern.len() != segments.len() {
            return None;
        }
        let mut params = Vec::new();
        for (pattern, segment) in pattern.iter().zip(&segments) {
            params.extend(fits(pattern, segment)?);
        }
        Some((operation, params))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_belong_to_their_methods() {
        let id = |method, path| find(method, path).map(|(operation, _)| operation.id);
        assert_eq!(id("POST", "/v2/spaces/a:endActiveConference"), Some("meet.spaces.endActiveConference"));
        assert_eq!(id("GET", "/v2/spaces/a"), Some("meet.spaces.get"));
        assert_eq!(id("GET", "/v2/spaces/a:b"), None);
        assert_eq!(id("DELETE", "/v2/spaces/a"), None);
        assert_eq!(id("POST", "/v2/spaces/a/members:batchUpdate"), Some("meet.spaces.members.batchUpdate"));
        assert_eq!(id("GET", "/v1/people:batchGet"), Some("people.people.getBatchGet"));
        assert_eq!(find("GET", "/v1/people/115").map(|(_, params)| params), Some(vec!["115".to_owned()]));
    }
}
