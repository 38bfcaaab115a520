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
    client::{Ask, Whose, begin},
    config::Teams,
    reference::Reference,
    wire,
};
use crate::transport::{Allowance, Label};

/// The stays of one person. People who came in without an account have a name and nothing else.
fn rows(record: wire::Record) -> Vec<ReportRow> {
    let name = record.identity.and_then(|identity| identity.display_name).unwrap_or_default();
    let (name, email) = (visible(&name), record.email_address);
    let stays = record.attendance_intervals.unwrap_or_default();
    stays
        .into_iter()
        .filter_map(|stay| {
            let joined_at = stay.join_date_time?;
            let lasted = TimeDelta::try_seconds(stay.duration_in_seconds.unwrap_or(0)).unwrap_or_default();
            let left_at = stay.leave_date_time.unwrap_or(joined_at + lasted);
            Some(ReportRow {
                registrant_id: None,
                email: email.clone(),
                name: name.clone(),
                stay: None,
                joined_at,
                left_at: left_at.max(joined_at),
                waiting_room: false,
                breakout_room: None,
            })
        })
        .collect()
}

impl Teams {
    /// The reports of a meeting: one for each call session, the newest 50. Graph forgets them after a year, and has none
    /// while the organizer or an administrator has reports off.
    pub(super) async fn reports(
        &self,
        operation: &'static str,
        whose: &Whose,
        meeting: &str,
        time: &Allowance,
    ) -> Result<Vec<wire::Report>> {
        let below = format!("/onlineMeetings/{}/attendanceReports", wire::segment(meeting));
        let route = "/onlineMeetings/{id}/attendanceReports";
        let ask = Ask::of(whose, operation, Method::GET, Label::Medium, route, &below);
        match self.ask_all(ask, time).await {
            Ok(reports) => Ok(reports),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// The people of one report: with it where Graph puts them there, else by their own address; all pages.
    async fn records(
        &self,
        operation: &'static str,
        whose: &Whose,
        (meeting, report): (&str, &str),
        time: &Allowance,
    ) -> Result<Vec<wire::Record>> {
        let below =
            format!("/onlineMeetings/{}/attendanceReports/{}", wire::segment(meeting), wire::segment(report));
        let route = "/onlineMeetings/{id}/attendanceReports/{id}";
        let whole = Ask::of(whose, operation, Method::GET, Label::Heavy, route, &below)
            .query("$expand", "attendanceRecords");
        let answer: wire::Report = self.ask_json(&whole, time).await?;
        let list = Ask::of(
            whose,
            operation,
            Method::GET,
            Label::Heavy,
            "/onlineMeetings/{id}/attendanceReports/{id}/attendanceRecords",
            &format!("{below}/attendanceRecords"),
        );
        match answer.attendance_records {
            Some(first) => self.ask_rest(list, first, answer.more_records, time).await,
            None => self.ask_all(list, time).await,
        }
    }
}

#[async_trait]
impl Attendance for Teams {
    async fn runs(&self, call: &Call, meeting: &MeetingRef) -> Result<Vec<MeetingRun>> {
        const OPERATION: &str = "list runs";
        let time = begin(call);
        let reference = Reference::read(OPERATION, meeting)?;
        let whose = self.organizer(OPERATION, &reference)?;
        let reports = self.reports(OPERATION, &whose, &reference.meeting, &time).await?;
        let mut runs: Vec<_> = reports
            .into_iter()
            .filter_map(|report| {
                Some(MeetingRun { started_at: report.meeting_start_date_time?, id: report.id })
            })
            .collect();
        runs.sort_by_key(|run| run.started_at);
        Ok(runs)
    }

    async fn report(
        &self,
        call: &Call,
        meeting: &MeetingRef,
        run: &MeetingRun,
    ) -> Result<Option<ParticipantReport>> {
        const OPERATION: &str = "participant report";
        let time = begin(call);
        let reference = Reference::read(OPERATION, meeting)?;
        let whose = self.organizer(OPERATION, &reference)?;
        match self.records(OPERATION, &whose, (&reference.meeting, &run.id), &time).await {
            Ok(records) if records.is_empty() => Ok(None),
            Ok(records) => Ok(Some(ParticipantReport {
                kind: ReportKind::PastParticipants,
                rows: records.into_iter().flat_map(rows).collect(),
            })),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
