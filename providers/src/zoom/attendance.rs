use async_trait::async_trait;
use chrono::TimeDelta;
use lectern_core::{
    provider::{
        Attendance, Call, ErrorKind, MeetingRef, MeetingRun, ParticipantReport, ReportKind, ReportRow, Result,
    },
    text::visible,
};
use reqwest::Method;

use super::{
    client::{Ask, begin, meeting_segment},
    config::Zoom,
    oauth::Scopes,
    wire,
};
use crate::transport::{Allowance, Label};

fn row(stay: wire::Stay) -> Option<ReportRow> {
    let joined_at = stay.join_time?;
    let left_at = stay.leave_time.unwrap_or(joined_at + TimeDelta::seconds(i64::from(stay.duration)));
    Some(ReportRow {
        registrant_id: stay.registrant_id,
        email: stay.user_email,
        name: visible(&stay.name),
        stay: stay.user_id,
        joined_at,
        left_at: left_at.max(joined_at),
        waiting_room: stay.status.as_deref() == Some("in_waiting_room"),
        breakout_room: stay.bo_mtg_id,
    })
}

impl Zoom {
    /// `None`: unknown, not ended, or not ready; or nobody but one person was there, for whom Zoom reports nothing.
    async fn stays(
        &self,
        kind: ReportKind,
        run: &str,
        time: &Allowance,
    ) -> Result<Option<ParticipantReport>> {
        const OPERATION: &str = "participant report";
        let run = wire::run_segment(run);
        let (label, route, path) = match kind {
            ReportKind::Admin => (
                Label::Heavy,
                "/report/meetings/{id}/participants",
                format!("/report/meetings/{run}/participants"),
            ),
            ReportKind::PastParticipants => (
                Label::Medium,
                "/past_meetings/{id}/participants",
                format!("/past_meetings/{run}/participants"),
            ),
        };
        // The list of past participants does not document this parameter, although its answer's text refers to it.
        let list = || {
            Ask::new(OPERATION, Method::GET, label, route, path.clone())
                .query("include_fields", "registrant_id")
        };
        match self.ask_all::<wire::StayPage>(list, time).await {
            Ok(stays) if stays.is_empty() => Ok(None),
            Ok(stays) => {
                Ok(Some(ParticipantReport { kind, rows: stays.into_iter().filter_map(row).collect() }))
            }
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Attendance for Zoom {
    async fn runs(&self, call: &Call, meeting: &MeetingRef) -> Result<Vec<MeetingRun>> {
        const OPERATION: &str = "list runs";
        let path = format!("/past_meetings/{}/instances", meeting_segment(OPERATION, &meeting.id)?);
        let ask = Ask::new(OPERATION, Method::GET, Label::Medium, "/past_meetings/{id}/instances", path);
        let answer: wire::Instances = match self.ask_json(&ask, &begin(call)).await {
            Ok(answer) => answer,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut runs: Vec<_> = answer
            .meetings
            .into_iter()
            .filter_map(|run| Some(MeetingRun { started_at: run.start_time?, id: run.uuid }))
            .collect();
        runs.sort_by_key(|run| run.started_at);
        Ok(runs)
    }

    async fn report(
        &self,
        call: &Call,
        _: &MeetingRef,
        run: &MeetingRun,
    ) -> Result<Option<ParticipantReport>> {
        let time = begin(call);
        let connection = self.connected("participant report")?;
        if Scopes::new(&connection.scopes).may_report() {
            match self.stays(ReportKind::Admin, &run.id, &time).await {
                // The scope was taken away since.
                Err(error)
                    if matches!(error.kind, ErrorKind::ScopeMissing(_) | ErrorKind::PolicyMissing(_)) => {}
                outcome => return outcome,
            }
        }
        self.stays(ReportKind::PastParticipants, &run.id, &time).await
    }
}
