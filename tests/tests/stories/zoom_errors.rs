//! Every error code that Zoom documents, answered over HTTP by the simulator to our client: what kind it becomes, who can repair
//! it, whether it is tried again, and the sentence a person reads.

use std::{collections::BTreeSet, time::Duration};

use lectern_api::error::ApiError;
use lectern_core::provider::{
    Call, MeetingRef, ProviderError, RecordingFileRef, Registrant, RegistrantRef, RegistrantState, Removal,
    RepairedBy::{self, Admin, Instructor, Nobody},
    Retry,
};
use lectern_simulators::{faults::ForcedError, zoom::documented_errors};

use crate::contract::{Stage, stage};

const LICENCE: &str =
    "This Zoom host has no licence for this. Give the host a paid licence, or choose another host.";
const HOST: &str = "Zoom does not know this host in the account. Check who hosts the class.";
const GONE: &str = "Zoom no longer has this meeting. A new one can be made.";
const STATE: &str = "Zoom refuses this in the meeting's present state. Look at the class again, then retry.";
const ENDED: &str = "Zoom is not connected, or no longer. Connect the account.";
const SCHEDULE_FOR: &str =
    "Zoom does not accept the value of \u{201c}schedule_for\u{201d}. Change it and save again.";
const DOMAINS: &str =
    "Zoom does not accept the value of \u{201c}enforce_login_domains\u{201d}. Change it and save again.";
const BLOCKED: &str = "Zoom needs a step by its administrator: remove the block of this domain in Zoom's settings (Block users in specific domains).";
const PRIVILEGE: &str =
    "Zoom needs a step by its administrator: give the connected user the scheduling privilege for this host.";
const FULL: &str = "Zoom needs a step by its administrator: raise the host's meeting capacity, or remove registrants: the meeting is full.";
const ROLE: &str = "Zoom needs a step by its administrator: give the app's user the role permission for this in Zoom's user management.";
const STORAGE: &str = "Zoom needs a step by its administrator: free Zoom cloud storage, or buy more.";

/// Code, a word of Zoom's text (the first line that fits counts), and what it becomes for us.
type Line = (i64, &'static str, &'static str, RepairedBy, Retry, &'static str);

const EXPECTED: &[Line] = &[
    (124, "", "reconnect", Instructor, Retry::Never, ENDED),
    (200, "paid", "licence_missing", Admin, Retry::Never, LICENCE),
    (200, "", "policy_missing", Admin, Retry::Never, ROLE),
    (300, "schedule_for", "invalid", Instructor, Retry::Never, SCHEDULE_FOR),
    (300, "enforce_login_domains", "invalid", Instructor, Retry::Never, DOMAINS),
    (300, "Cannot access", "conflict", Nobody, Retry::Never, STATE),
    (303, "", "conflict", Nobody, Retry::Never, STATE),
    (404, "", "conflict", Nobody, Retry::Never, STATE),
    (1001, "", "host_not_found", Admin, Retry::Never, HOST),
    (1010, "", "host_not_found", Admin, Retry::Never, HOST),
    (3000, "blocked from joining", "policy_missing", Admin, Retry::Never, BLOCKED),
    (3000, "cannot schedule a meeting for", "policy_missing", Admin, Retry::Never, PRIVILEGE),
    (3000, "can't schedule an instant meeting for another", "policy_missing", Admin, Retry::Never, PRIVILEGE),
    (3000, "", "conflict", Nobody, Retry::Never, STATE),
    (3001, "", "not_found", Nobody, Retry::Never, GONE),
    (3002, "", "conflict", Nobody, Retry::Never, STATE),
    (3003, "", "conflict", Admin, Retry::Never, STATE),
    (3007, "", "conflict", Nobody, Retry::Never, STATE),
    (3018, "", "conflict", Nobody, Retry::Never, STATE),
    (3037, "", "conflict", Nobody, Retry::Never, STATE),
    (3038, "", "conflict", Nobody, Retry::Never, STATE),
    (3043, "", "policy_missing", Admin, Retry::Never, FULL),
    (3063, "", "conflict", Nobody, Retry::Never, STATE),
    (3161, "", "licence_missing", Admin, Retry::Never, LICENCE),
    (3301, "", "not_found", Nobody, Retry::Never, GONE),
    (3303, "", "conflict", Nobody, Retry::Backoff, STATE),
    (3309, "", "policy_missing", Admin, Retry::Never, STORAGE),
    (3332, "", "conflict", Nobody, Retry::Never, STATE),
    (12702, "", "not_found", Nobody, Retry::Never, GONE),
];

/// Where a code says that there is nothing left to do, or nothing to read: no error at all.
const NO_ERROR: &[(&str, i64)] = &[
    ("meetingDelete", 3001),
    ("meetingDelete", 3007),
    ("pastMeetingParticipants", 3001),
    ("pastMeetingParticipants", 12702),
    ("recordingDelete", 3301),
    ("recordingDeleteOne", 3301),
    ("recordingGet", 3301),
    ("recordingsList", 3301),
    // The list of past participants is read instead.
    ("reportMeetingParticipants", 200),
    ("reportMeetingParticipants", 3001),
    ("reportMeetingParticipants", 12702),
];

/// Codes of operations that our client does not call (see `contract.rs`).
const NOT_CALLED: [&str; 4] =
    ["inMeetingControl", "meetingInvitation", "meetingregistrantdelete", "pastMeetingDetails"];

/// A meeting with a registrant, a run and recordings, on which each operation means something.
struct World {
    stage: Stage,
    call: Call,
    meeting: MeetingRef,
    registrant: RegistrantRef,
    run: lectern_core::provider::MeetingRun,
}

fn person(email: &str) -> Registrant {
    Registrant { email: email.into(), first_name: "S".into(), last_name: Some("Rahman".into()) }
}

impl World {
    async fn new(account: bool) -> Self {
        let stage = stage(None, account).await;
        stage.zoom.set_behaviour(|zoom| (zoom.limits_per_second, zoom.limits_per_day) = (false, false));
        let Stage { clock, zoom, call, provider, draft, .. } = &stage;
        let meetings = provider.meetings().unwrap();
        let made = meetings.create(call, draft).await.unwrap();
        let meeting = MeetingRef { id: made.id.clone(), host: draft.host.clone() };
        let admission = provider
            .registrants()
            .unwrap()
            .register(call, &meeting, &person("s@home.example"))
            .await
            .unwrap();
        let number: u64 = made.id.parse().unwrap();
        zoom.host_joins(number).unwrap();
        zoom.joins(admission.join_url.0.expose()).unwrap();
        clock.advance(chrono::Duration::minutes(10));
        zoom.end_for_all(number);
        clock.advance(chrono::Duration::minutes(20));
        let run = provider.attendance().unwrap().runs(call, &meeting).await.unwrap().remove(0);
        // A second run goes on, so that ending the meeting means something.
        zoom.host_joins(number).unwrap();
        let registrant = RegistrantRef { id: admission.registrant_id, email: "s@home.example".into() };
        Self { call: Call::interactive(Duration::from_secs(20)), meeting, registrant, run, stage }
    }

    /// Calls the operation of this name, as our client does.
    async fn call(&self, operation: &str) -> Result<(), ProviderError> {
        let Stage { provider, draft, .. } = &self.stage;
        let (call, meeting) = (&self.call, &self.meeting);
        let (meetings, registrants) = (provider.meetings().unwrap(), provider.registrants().unwrap());
        let recordings = provider.recordings().unwrap();
        let whole = RecordingFileRef { run: self.run.id.clone(), file: None };
        let one = RecordingFileRef { run: self.run.id.clone(), file: Some("file".into()) };
        let (from, to) = ("2026-10-01".parse().unwrap(), "2026-11-22".parse().unwrap());
        match operation {
            "meetings" => meetings.find(call, draft).await.map(drop),
            "meetingCreate" => meetings.create(call, draft).await.map(drop),
            "meeting" => meetings.get(call, meeting).await.map(drop),
            "meetingUpdate" => meetings.update(call, meeting, draft).await.map(drop),
            "meetingDelete" => meetings.delete(call, meeting).await,
            "meetingStatus" => meetings.end(call, meeting).await,
            "meetingRegistrants" => {
                registrants.list(call, meeting, RegistrantState::Approved).await.map(drop)
            }
            "meetingRegistrantCreate" => {
                registrants.register(call, meeting, &person("t@home.example")).await.map(drop)
            }
            "meetingRegistrantStatus" => registrants.cancel(call, meeting, &self.registrant).await,
            "addBatchRegistrants" => {
                let people = [person("u@home.example"), person("v@home.example")];
                let results = registrants.register_many(call, meeting, &people).await;
                results.into_iter().collect::<Result<Vec<_>, _>>().map(drop)
            }
            "pastMeetingParticipants" | "reportMeetingParticipants" => {
                provider.attendance().unwrap().report(call, meeting, &self.run).await.map(drop)
            }
            "recordingsList" => recordings.list(call, draft.host.as_deref(), from, to).await.map(drop),
            "recordingGet" => recordings.get(call, meeting, Some(&self.run.id)).await.map(drop),
            "recordingDelete" => recordings.remove(call, &whole, Removal::Trash).await,
            "recordingDeleteOne" => recordings.remove(call, &one, Removal::Trash).await,
            "recordingStatusUpdate" => recordings.recover(call, &whole).await,
            "recordingStatusUpdateOne" => recordings.recover(call, &one).await,
            other => panic!("{other} is not called here"),
        }
    }
}

/// Zoom's text as it would stand in an answer.
fn filled(text: &str) -> String {
    let mut filled = String::new();
    for (number, part) in text.split(['{', '}']).enumerate() {
        filled.push_str(if number % 2 == 0 { part } else { "98884753832" });
    }
    filled
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_documented_code_becomes_what_a_person_can_act_on() {
    let worlds = [World::new(false).await, World::new(true).await];
    let (mut wrong, mut used, mut tried) = (Vec::new(), BTreeSet::new(), 0);
    for &(operation, status, code, text) in documented_errors() {
        if NOT_CALLED.contains(&operation) {
            continue;
        }
        // Only an account's own app reads the administrators' report.
        let world = &worlds[usize::from(operation == "reportMeetingParticipants")];
        let message = filled(text);
        let forced = ForcedError {
            operation: operation.to_owned(),
            status,
            code,
            message: Some(message.clone()),
            times: 1,
        };
        world.stage.zoom.force_error(forced);
        let seen = world.stage.zoom.requests_since(0).len();
        let result = world.call(operation).await;
        let requests = world.stage.zoom.requests_since(u64::try_from(seen).unwrap());
        tried += 1;
        let what = format!("{operation} {status}/{code} \u{201c}{message}\u{201d}");
        let answered =
            requests.iter().any(|request| request.operation == operation && request.status == status);
        if !answered {
            wrong.push(format!("{what} was never answered: {requests:?}"));
        }
        let nothing = NO_ERROR.contains(&(operation, code));
        // A batch that is refused for what it is goes on singly; a refused end or cancelling is looked after.
        let line = EXPECTED.iter().position(|line| line.0 == code && message.contains(line.1));
        let Some(line) = line else {
            wrong.push(format!("{what} is in no line"));
            continue;
        };
        used.insert(line);
        let (_, _, kind, repaired_by, retry, sentence) = EXPECTED[line];
        match result {
            Ok(()) if nothing => {}
            Ok(()) if operation == "addBatchRegistrants" && kind == "conflict" => {}
            Ok(()) => wrong.push(format!("{what} is no error")),
            Err(error) if nothing => wrong.push(format!("{what} is an error: {error}")),
            Err(error) => {
                let got = (error.code(), error.repaired_by, error.retry, error.sentence());
                if got != (kind, repaired_by, retry, sentence.to_owned()) {
                    wrong.push(format!(
                        "{what}: {got:?}, expected {kind} {repaired_by:?} {retry:?} {sentence}"
                    ));
                }
                let vendor = error.vendor_code.clone().unwrap_or_default();
                if *vendor != *format!("{status}/{code}") {
                    wrong.push(format!("{what}: for the log it is {vendor}"));
                }
                // What the interface answers is that sentence, without Zoom's words.
                let problem = ApiError::from(error).problem();
                if problem.detail != sentence || problem.detail.contains(&code.to_string()) {
                    wrong.push(format!("{what}: a person reads {}", problem.detail));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 80, "{tried}");
    let unused: Vec<_> = EXPECTED
        .iter()
        .enumerate()
        .filter(|(index, _)| !used.contains(index))
        .map(|(_, line)| line)
        .collect();
    assert!(unused.is_empty(), "no documented code is of these lines: {unused:?}");
}
