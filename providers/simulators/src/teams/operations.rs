//! The operations the simulator knows: method, path, and who may call them.

use crate::query::Query;

/// One operation of Graph.
#[derive(Debug)]
pub(crate) struct Operation {
    /// The document's id without `me.` or `user.`.
    pub(crate) id: &'static str,
    pub(crate) method: &'static str,
    /// Below `/me` or `/users/{id}`, or from the root.
    pub(crate) path: &'static str,
    /// Below a person.
    pub(crate) personal: bool,
    /// Any of these delegated permissions; empty: not for people.
    pub(crate) scopes: &'static [&'static str],
    /// Any of these application permissions.
    pub(crate) roles: &'static [&'static str],
    /// Needs an application access policy of the organizer, for an application.
    pub(crate) policy: bool,
}

/// Whose path it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Me,
    User(String),
    Nobody,
}

#[derive(Debug)]
pub(crate) struct Matched {
    pub(crate) operation: &'static Operation,
    pub(crate) owner: Owner,
    pub(crate) params: Vec<String>,
}

const CALENDAR_READ: &[&str] = &["Calendars.Read", "Calendars.ReadWrite", "Calendars.ReadBasic"];
const CALENDAR_WRITE: &[&str] = &["Calendars.ReadWrite"];
const MEETING_READ: &[&str] = &["OnlineMeetings.Read", "OnlineMeetings.ReadWrite"];
const MEETING_WRITE: &[&str] = &["OnlineMeetings.ReadWrite"];
const MEETING_READ_ALL: &[&str] = &["OnlineMeetings.Read.All", "OnlineMeetings.ReadWrite.All"];
const MEETING_WRITE_ALL: &[&str] = &["OnlineMeetings.ReadWrite.All"];
const ARTIFACTS: &[&str] = &["OnlineMeetingArtifact.Read.All"];
const RECORDINGS: &[&str] = &["OnlineMeetingRecording.Read.All"];
const TRANSCRIPTS: &[&str] = &["OnlineMeetingTranscript.Read.All"];
const PERSON: &[&str] = &["User.Read"];
const PEOPLE: &[&str] = &["User.Read.All", "User.ReadBasic.All"];

macro_rules! operations {
    ($($id:literal $method:literal $path:literal $kind:ident $scopes:expr, $roles:expr;)*) => {
        &[$(Operation {
            id: $id, method: $method, path: $path, personal: operations!(@personal $kind), scopes: $scopes, roles: $roles,
            policy: operations!(@policy $kind),
        }),*]
    };
    (@personal root) => { false };
    (@personal $other:ident) => { true };
    (@policy meeting) => { true };
    (@policy $other:ident) => { false };
}

/// All of them. Longer paths first where two could fit.
pub(crate) const OPERATIONS: &[Operation] = operations! {
    "get" "GET" "" person PERSON, PEOPLE;
    "events.create" "POST" "/events" person CALENDAR_WRITE, CALENDAR_WRITE;
    "events.list" "GET" "/events" person CALENDAR_READ, CALENDAR_READ;
    "events.get" "GET" "/events/{}" person CALENDAR_READ, CALENDAR_READ;
    "events.update" "PATCH" "/events/{}" person CALENDAR_WRITE, CALENDAR_WRITE;
    "events.delete" "DELETE" "/events/{}" person CALENDAR_WRITE, CALENDAR_WRITE;
    "events.cancel" "POST" "/events/{}/cancel" person CALENDAR_WRITE, CALENDAR_WRITE;
    "events.instances" "GET" "/events/{}/instances" person CALENDAR_READ, CALENDAR_READ;
    "calendarView.list" "GET" "/calendarView" person CALENDAR_READ, CALENDAR_READ;
    "onlineMeetings.createOrGet" "POST" "/onlineMeetings/createOrGet" meeting MEETING_WRITE, MEETING_WRITE_ALL;
    "onlineMeetings.create" "POST" "/onlineMeetings" meeting MEETING_WRITE, MEETING_WRITE_ALL;
    "onlineMeetings.list" "GET" "/onlineMeetings" meeting MEETING_READ, MEETING_READ_ALL;
    "onlineMeetings.get" "GET" "/onlineMeetings/{}" meeting MEETING_READ, MEETING_READ_ALL;
    "onlineMeetings.update" "PATCH" "/onlineMeetings/{}" meeting MEETING_WRITE, MEETING_WRITE_ALL;
    "onlineMeetings.delete" "DELETE" "/onlineMeetings/{}" meeting MEETING_WRITE, MEETING_WRITE_ALL;
    "attendanceReports.list" "GET" "/onlineMeetings/{}/attendanceReports" meeting ARTIFACTS, ARTIFACTS;
    "attendanceReports.get" "GET" "/onlineMeetings/{}/attendanceReports/{}" meeting ARTIFACTS, ARTIFACTS;
    "attendanceRecords.list" "GET" "/onlineMeetings/{}/attendanceReports/{}/attendanceRecords" meeting ARTIFACTS, ARTIFACTS;
    "recordings.list" "GET" "/onlineMeetings/{}/recordings" meeting RECORDINGS, RECORDINGS;
    "recordings.get" "GET" "/onlineMeetings/{}/recordings/{}" meeting RECORDINGS, RECORDINGS;
    "recordings.content" "GET" "/onlineMeetings/{}/recordings/{}/content" meeting RECORDINGS, RECORDINGS;
    "transcripts.list" "GET" "/onlineMeetings/{}/transcripts" meeting TRANSCRIPTS, TRANSCRIPTS;
    "transcripts.get" "GET" "/onlineMeetings/{}/transcripts/{}" meeting TRANSCRIPTS, TRANSCRIPTS;
    "transcripts.content" "GET" "/onlineMeetings/{}/transcripts/{}/content" meeting TRANSCRIPTS, TRANSCRIPTS;
    "subscriptions.create" "POST" "/subscriptions" root &[], &[];
    "subscriptions.list" "GET" "/subscriptions" root &[], &[];
    "subscriptions.get" "GET" "/subscriptions/{}" root &[], &[];
    "subscriptions.update" "PATCH" "/subscriptions/{}" root &[], &[];
    "subscriptions.delete" "DELETE" "/subscriptions/{}" root &[], &[];
    "subscriptions.reauthorize" "POST" "/subscriptions/{}/reauthorize" root &[], &[];
};

fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn params(pattern: &str, given: &[&str]) -> Option<Vec<String>> {
    let wanted: Vec<_> = pattern.split('/').skip(1).collect();
    let fits = wanted.len() == given.len()
        && wanted
            .iter()
            .zip(given)
            .all(|(wanted, part)| if *wanted == "{}" { !part.is_empty() } else { wanted == part });
    fits.then(|| {
        wanted
            .iter()
            .zip(given)
            .filter(|(wanted, _)| **wanted == "{}")
            .map(|(_, part)| decode(part))
            .collect()
    })
}

/// Finds the operation of a raw (still encoded) path below the version.
pub(crate) fn find(method: &str, path: &str) -> Option<Matched> {
    let given: Vec<_> = path.split('/').skip(1).collect();
    let (owner, rest): (Owner, &[&str]) = match given.as_slice() {
        ["me", rest @ ..] => (Owner::Me, rest),
        ["users", user, rest @ ..] if !user.is_empty() => (Owner::User(decode(user)), rest),
        all => (Owner::Nobody, all),
    };
    let personal = owner != Owner::Nobody;
    OPERATIONS
        .iter()
        .filter(|operation| operation.personal == personal && operation.method == method)
        .find_map(|operation| Some((operation, params(operation.path, rest)?)))
        .map(|(operation, params)| Matched { operation, owner, params })
}

/// The page a request asks for: size and start.
pub(crate) fn page(query: &Query, usual: usize, longest: usize) -> (usize, usize) {
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
    (number("$top").filter(|top| *top > 0).unwrap_or(usual).min(longest), number("$skiptoken").unwrap_or(0))
}
