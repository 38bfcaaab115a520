//! Attendance reports: one for each call, some minutes after its end, the newest fifty.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::{
    errors::not_found,
    graph::Call,
    operations::page,
    state::{Call as Session, Identity, Online, Stay},
    world::World,
    zones::stamp,
};
use crate::answer::Answer;

/// Graph lists the newest of them.
const NEWEST: usize = 50;

/// The people of a call: one record for everybody with an account, one for each coming of those without.
fn records(session: &Session, ended: DateTime<Utc>) -> Vec<Value> {
    let mut people: BTreeMap<&str, Vec<&Stay>> = BTreeMap::new();
    for stay in &session.stays {
        let known = matches!(stay.who.identity, Identity::Organizer | Identity::Entra | Identity::Federated);
        people.entry(if known { &stay.who.id } else { &stay.participant }).or_default().push(stay);
    }
    let mut records: Vec<_> = people
        .into_iter()
        .filter_map(|(id, stays)| {
            let who = &stays.first()?.who;
            let intervals: Vec<_> =
                stays.iter().map(|stay| (stay.joined, stay.left.unwrap_or(ended))).collect();
            let seconds = |(from, to): &(DateTime<Utc>, DateTime<Utc>)| (*to - *from).num_seconds();
            Some((
                intervals.first()?.0,
                json!({
                    "id": id, "emailAddress": who.email, "totalAttendanceInSeconds": intervals.iter().map(seconds).sum::<i64>(),
                    "role": if who.identity == Identity::Organizer { "Organizer" } else { "Attendee" }, "registrationId": null,
                    "identity": {
                        "@odata.type": "#microsoft.graph.communicationsUserIdentity", "id": id, "displayName": who.name,
                        "tenantId": who.tenant,
                    },
                    "attendanceIntervals": intervals.iter().map(|interval| json!({
                        "joinDateTime": stamp(interval.0), "leaveDateTime": stamp(interval.1), "durationInSeconds": seconds(interval),
                    })).collect::<Vec<_>>(),
                }),
            ))
        })
        .collect();
    records.sort_by_key(|(at, _)| *at);
    records.into_iter().map(|(_, record)| record).collect()
}

fn report_json(session: &Session, ended: DateTime<Utc>) -> Value {
    json!({
        "id": session.report, "totalParticipantCount": records(session, ended).len(),
        "meetingStartDateTime": stamp(session.started), "meetingEndDateTime": stamp(ended),
    })
}

impl World {
    /// Calls whose report is out, newest first.
    fn reported<'a>(&self, meeting: &'a Online, now: DateTime<Utc>) -> Vec<(&'a Session, DateTime<Utc>)> {
        if self.behaviour.reports_off {
            return Vec::new();
        }
        let delay = Duration::seconds(self.behaviour.report_delay_seconds);
        let out = meeting.calls.iter().rev().filter_map(|session| Some((session, session.ended?)));
        out.filter(|(_, ended)| now >= *ended + delay).take(NEWEST).collect()
    }

    pub(crate) fn list_reports(&mut self, call: &Call) -> Result<Answer, Answer> {
        let meeting = self.own_meeting(call)?;
        let all = self
            .reported(meeting, call.now)
            .into_iter()
            .map(|(session, ended)| report_json(session, ended))
            .collect();
        Ok(self.paged(call, all))
    }

    fn one_report(&self, call: &Call) -> Result<(&Session, DateTime<Utc>), Answer> {
        let meeting = self.own_meeting(call)?;
        let named = |(session, _): &(&Session, DateTime<Utc>)| session.report == call.param(1);
        self.reported(meeting, call.now).into_iter().find(named).ok_or_else(not_found)
    }

    /// Records come along only when asked for, and then a page of them.
    pub(crate) fn get_report(&mut self, call: &Call) -> Result<Answer, Answer> {
        let (session, ended) = self.one_report(call)?;
        let mut body = report_json(session, ended);
        body["@odata.context"] = format!("{}/v1.0/$metadata#attendanceReports/$entity", self.base).into();
        if call.query.get("$expand") == Some("attendanceRecords") {
            let all = records(session, ended);
            let (size, _) =
                page(&crate::query::Query::default(), self.behaviour.page, self.behaviour.longest_page);
            if all.len() > size {
                let path = format!("{}/attendanceRecords", call.path);
                body["attendanceRecords@odata.nextLink"] =
                    self.next_link(&path, &crate::query::Query::default(), size).into();
            }
            body["attendanceRecords"] = all.into_iter().take(size).collect();
        }
        Ok(Answer::json(200, body))
    }

    pub(crate) fn list_records(&mut self, call: &Call) -> Result<Answer, Answer> {
        let (session, ended) = self.one_report(call)?;
        let all = records(session, ended);
        Ok(self.paged(call, all))
    }
}
