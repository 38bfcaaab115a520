use async_trait::async_trait;
use lectern_core::{
    provider::{
        Attendance, Call, ErrorKind, MeetingRef, MeetingRun, ParticipantReport, ReportKind, ReportRow, Result,
    },
    text::visible,
};
use lectern_providers::{transport::Method, wire::segment};

use crate::{
    client::{Ask, begin},
    config::Lantern,
    wire::{Run, Visit},
};

#[async_trait]
impl Attendance for Lantern {
    async fn runs(&self, call: &Call, meeting: &MeetingRef) -> Result<Vec<MeetingRun>> {
        let path = format!("/rooms/{}/runs", segment(&meeting.id));
        let ask = Ask::new("list runs", Method::GET, "/rooms/{id}/runs", path);
        let mut runs: Vec<Run> = match self.ask_all(&ask, &begin(call)).await {
            Ok(runs) => runs,
            Err(error) if error.kind == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        runs.sort_by_key(|run| run.started_at);
        Ok(runs.into_iter().map(|run| MeetingRun { id: run.id, started_at: run.started_at }).collect())
    }

    async fn report(
        &self,
        call: &Call,
        meeting: &MeetingRef,
        run: &MeetingRun,
    ) -> Result<Option<ParticipantReport>> {
        let path = format!("/rooms/{}/runs/{}/visits", segment(&meeting.id), segment(&run.id));
        let ask = Ask::new("participant report", Method::GET, "/rooms/{id}/runs/{id}/visits", path);
        let visits: Vec<Visit> = match self.ask_all(&ask, &begin(call)).await {
            Ok(visits) => visits,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let row = |visit: Visit| ReportRow {
            registrant_id: None,
            email: None,
            name: visible(&visit.name),
            stay: Some(visit.id),
            joined_at: visit.joined_at,
            left_at: visit.left_at.max(visit.joined_at),
            waiting_room: false,
            breakout_room: None,
        };
        let rows = visits.into_iter().map(row).collect();
        Ok(Some(ParticipantReport { kind: ReportKind::PastParticipants, rows }))
    }
}
