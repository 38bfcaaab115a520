use async_trait::async_trait;
use chrono::{DateTime, Utc};
use lectern_core::{
    provider::{Call, ErrorKind, EventKind, IncomingEvent, LiveRoster, MeetingRef, ParticipantFacts, Result},
    text::visible,
};
use sha2::{Digest, Sha256};

use super::{attendance::addresses_of, client::begin, config::Meet, identity::Addresses, wire};
use crate::digest;

const OPERATION: &str = "look at the call";

/// Each resource starts once and ends once, so kind and name are all there is.
fn fingerprint(kind: &str, name: &str) -> String {
    let mut hash = Sha256::new();
    digest::add(&mut hash, "look");
    digest::add(&mut hash, kind);
    digest::add(&mut hash, name);
    hex::encode(hash.finalize())
}

fn event(
    kind: EventKind,
    vendor_kind: &str,
    at: DateTime<Utc>,
    name: &str,
    run: &wire::ConferenceRecord,
    participant: Option<ParticipantFacts>,
) -> IncomingEvent {
    IncomingEvent {
        kind,
        vendor_kind: vendor_kind.to_owned(),
        at,
        fingerprint: fingerprint(vendor_kind, name),
        account_id: None,
        host_id: None,
        meeting_id: Some(run.space.clone()),
        subscription_id: None,
        resource: Some(name.to_owned()),
        run_id: Some(run.name.clone()),
        participant,
    }
}

fn facts(participant: &wire::Participant, session: &str, addresses: &Addresses) -> ParticipantFacts {
    let user = participant.user_id();
    ParticipantFacts {
        stay: wire::stay(session),
        email: user.and_then(|user| addresses.get(user)).cloned(),
        name: Some(visible(participant.display_name())).filter(|name| !name.is_empty()),
        user_id: user.map(str::to_owned),
        ..ParticipantFacts::default()
    }
}

fn told(
    run: &wire::ConferenceRecord,
    people: &[wire::Participant],
    sessions: &[Vec<wire::ParticipantSession>],
    addresses: &Addresses,
) -> Vec<IncomingEvent> {
    let mut events = Vec::new();
    let began =
        run.start_time.map(|at| event(EventKind::MeetingStarted, "look.started", at, &run.name, run, None));
    events.extend(began);
    for (participant, sessions) in people.iter().zip(sessions) {
        for session in sessions {
            let Some(joined) = session.start_time else { continue };
            let facts = || Some(facts(participant, &session.name, addresses));
            events.push(event(
                EventKind::ParticipantJoined,
                "look.joined",
                joined,
                &session.name,
                run,
                facts(),
            ));
            // Of a run that is over, nobody is still inside.
            if let Some(left) = session.end_time.or(run.end_time) {
                let left = left.max(joined);
                events.push(event(
                    EventKind::ParticipantLeft,
                    "look.left",
                    left,
                    &session.name,
                    run,
                    facts(),
                ));
            }
        }
    }
    if let Some(at) = run.end_time {
        events.push(event(EventKind::MeetingEnded, "look.ended", at, &run.name, run, None));
    }
    events
}

#[async_trait]
impl LiveRoster for Meet {
    async fn look(
        &self,
        call: &Call,
        meeting: &MeetingRef,
        since: DateTime<Utc>,
    ) -> Result<Vec<IncomingEvent>> {
        let time = begin(call);
        let records = match self.records(OPERATION, &meeting.id, &time).await {
            Ok(records) => records,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut events = Vec::new();
        for run in records.iter().filter(|run| run.end_time.is_none_or(|ended| ended > since)) {
            let (people, sessions) = addresses_of(self.present(OPERATION, &run.name, &time).await?);
            let addresses = self.addresses(&meeting.id, &people, &time).await;
            events.extend(told(run, &people, &sessions, &addresses));
        }
        // Stable: what happens in one instant keeps its order, a start before its joins and an end after its leaves.
        events.sort_by_key(|event| event.at);
        Ok(events)
    }

    async fn meeting_of(&self, call: &Call, resource: &str) -> Result<Option<String>> {
        if resource.starts_with("spaces/") {
            return Ok(wire::id_of(resource, "spaces").map(|id| format!("spaces/{id}")));
        }
        let Some(run) = wire::run_of(resource) else { return Ok(None) };
        match self.record("find the meeting of an event", &run, &begin(call)).await {
            Ok(record) => Ok(Some(record.space).filter(|space| !space.is_empty())),
            // Forgotten, not there yet, or another account's.
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
