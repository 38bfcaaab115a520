use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use lectern_core::{
    provider::{
        Attendance, Call, ErrorKind, MeetingRef, MeetingRun, ParticipantReport, ReportKind, ReportRow, Result,
    },
    text::visible,
};
use reqwest::Method;

use super::{
    client::{Ask, begin},
    config::Meet,
    identity::Addresses,
    wire,
};
use crate::transport::Allowance;

/// Lists of sessions asked for together.
const TOGETHER: usize = 6;

/// A person of a run, with all stays.
pub(super) type Present = (wire::Participant, Vec<wire::ParticipantSession>);

/// When a stay ended: Google closes the open ones of a run that is over only after a while.
fn left_at(
    session: &wire::ParticipantSession,
    participant: &wire::Participant,
    run_ended: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    session.end_time.or(participant.latest_end_time).or(run_ended)
}

fn rows(
    (participant, sessions): Present,
    ended: Option<DateTime<Utc>>,
    addresses: &Addresses,
) -> Vec<ReportRow> {
    let email = participant.user_id().and_then(|user| addresses.get(user));
    sessions
        .iter()
        .filter_map(|session| {
            let joined_at = session.start_time?;
            Some(ReportRow {
                registrant_id: None,
                email: email.cloned(),
                name: visible(participant.display_name()),
                stay: wire::stay(&session.name),
                joined_at,
                left_at: left_at(session, &participant, ended)?.max(joined_at),
                waiting_room: false,
                breakout_room: None,
            })
        })
        .collect()
}

impl Meet {
    /// The runs of a space, newest first.
    pub(super) async fn records(
        &self,
        operation: &'static str,
        space: &str,
        time: &Allowance,
    ) -> Result<Vec<wire::ConferenceRecord>> {
        wire::path(operation, space, &["spaces"])?;
        let list = || {
            Ask::new(operation, Method::GET, "/conferenceRecords", "/conferenceRecords")
                .query("filter", format!("space.name = {}", wire::quoted(space)))
        };
        self.ask_all::<wire::RecordPage>(list, time).await
    }

    pub(super) async fn record(
        &self,
        operation: &'static str,
        run: &str,
        time: &Allowance,
    ) -> Result<wire::ConferenceRecord> {
        let path = wire::path(operation, run, &["conferenceRecords"])?;
        self.ask_json(&Ask::new(operation, Method::GET, "/conferenceRecords/{record}", path), time).await
    }

    async fn sessions(
        &self,
        operation: &'static str,
        participant: wire::Participant,
        time: &Allowance,
    ) -> Result<Present> {
        let path = wire::path(operation, &participant.name, &["conferenceRecords", "participants"])?;
        let list = || {
            Ask::new(
                operation,
                Method::GET,
                "/conferenceRecords/{record}/participants/{participant}/participantSessions",
                format!("{path}/participantSessions"),
            )
        };
        let sessions = self.ask_all::<wire::SessionPage>(list, time).await?;
        Ok((participant, sessions))
    }

    /// Everybody who is or was in a run.
    pub(super) async fn present(
        &self,
        operation: &'static str,
        run: &str,
        time: &Allowance,
    ) -> Result<Vec<Present>> {
        let path = wire::path(operation, run, &["conferenceRecords"])?;
        let list = || {
            Ask::new(
                operation,
                Method::GET,
                "/conferenceRecords/{record}/participants",
                format!("{path}/participants"),
            )
        };
        let people = self.ask_all::<wire::ParticipantPage>(list, time).await?;
        let mut all = Vec::with_capacity(people.len());
        for participant in people {
            all.push(self.sessions(operation, participant, time));
        }
        let present: Vec<_> = futures::stream::iter(all).buffered(TOGETHER).collect().await;
        present.into_iter().collect()
    }
}

/// The people of a run, apart from their stays.
pub(super) fn addresses_of(
    present: Vec<Present>,
) -> (Vec<wire::Participant>, Vec<Vec<wire::ParticipantSession>>) {
    present.into_iter().unzip()
}

#[async_trait]
impl Attendance for Meet {
    async fn runs(&self, call: &Call, meeting: &MeetingRef) -> Result<Vec<MeetingRun>> {
        let records = match self.records("list runs", &meeting.id, &begin(call)).await {
            Ok(records) => records,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut runs: Vec<_> = records
            .into_iter()
            .filter(|record| record.end_time.is_some())
            .filter_map(|record| Some(MeetingRun { started_at: record.start_time?, id: record.name }))
            .collect();
        runs.sort_by_key(|run| run.started_at);
        Ok(runs)
    }

    /// Google forgets a run 30 days after its end.
    async fn report(
        &self,
        call: &Call,
        meeting: &MeetingRef,
        run: &MeetingRun,
    ) -> Result<Option<ParticipantReport>> {
        const OPERATION: &str = "participant report";
        let time = begin(call);
        let reading = async {
            let record = self.record(OPERATION, &run.id, &time).await?;
            Ok((record.end_time, self.present(OPERATION, &run.id, &time).await?))
        };
        let (ended, present) = match reading.await {
            Ok((_, present)) if present.is_empty() => return Ok(None),
            Ok(read) => read,
            Err(error) => {
                let error: lectern_core::provider::ProviderError = error;
                return if error.kind == ErrorKind::NotFound { Ok(None) } else { Err(error) };
            }
        };
        let (people, sessions) = addresses_of(present);
        let addresses = self.addresses(&meeting.id, &people, &time).await;
        let rows =
            people.into_iter().zip(sessions).flat_map(|person| rows(person, ended, &addresses)).collect();
        Ok(Some(ParticipantReport { kind: ReportKind::PastParticipants, rows }))
    }
}
