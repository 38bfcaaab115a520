//! After the meeting: the run's facts, the plain list of participants and the administrators' report.
//!
//! Sources: `zoom.md`, section 8. A numeric id means the latest run only; one-person meetings give nothing;
//! everything appears some time after the end; the plain list never has a registrant id.

use chrono::Duration;
use serde_json::{Value, json};

use super::{
    answer::Answer,
    api::Call,
    recordings::minutes,
    state::{AccountPlan, AppMode, HostPlan, Meeting, Place, Run, Stay},
    time::stamp,
    world::World,
};

impl World {
    /// The meeting and the index of the ended run a path names.
    fn past_run(&self, call: &Call, delayed: bool) -> Result<(&Meeting, &Run), Answer> {
        let id = self.named_meeting(call, true)?;
        let meeting = self.meetings.get(&id).ok_or_else(|| call.refuse(404, 3001))?;
        if self.accounts.get(&meeting.account).is_none_or(|account| account.plan == AccountPlan::Free) {
            return Err(call.refuse(400, 200));
        }
        let name = call.param(0);
        let run = if name.parse::<u64>().is_ok() {
            meeting.runs.last()
        } else {
            meeting.runs.iter().find(|run| run.uuid == name)
        };
        let run = run.ok_or_else(|| call.refuse(404, 3001))?;
        let ended = run.ended.ok_or_else(|| call.refuse(404, 3001))?;
        if ended < call.now - Duration::days(365) {
            return Err(call.refuse(400, 12_702));
        }
        if delayed && call.now < ended + Duration::seconds(self.behaviour.report_delay_seconds) {
            return Err(call.refuse(404, 3001));
        }
        Ok((meeting, run))
    }

    pub(crate) fn past_meeting(&mut self, call: &Call) -> Result<Answer, Answer> {
        let (meeting, run) = self.past_run(call, false)?;
        let ended = run.ended.unwrap_or(call.now);
        let stays = run.stays.iter().filter(|stay| stay.place == Place::Main);
        let seconds =
            stays.clone().map(|stay| (stay.left.unwrap_or(ended) - stay.joined).num_seconds()).sum::<i64>();
        let host = self.users.get(&meeting.host);
        let body = json!({
            "id": meeting.id, "uuid": run.uuid, "duration": minutes(run), "start_time": stamp(run.started), "end_time": stamp(ended),
            "host_id": meeting.host, "dept": "", "participants_count": stays.count(), "source": "Zoom", "topic": meeting.topic,
            "total_minutes": (seconds + 59) / 60, "type": meeting.kind, "has_meeting_summary": false,
            "user_email": host.map(|host| host.email.clone()).unwrap_or_default(),
            "user_name": host.map(super::state::User::display_name).unwrap_or_default(),
        });
        Ok(Answer::json(200, body))
    }

    /// `GET /past_meetings/{id}/instances`: one row for each run that has ended.
    pub(crate) fn past_instances(&mut self, call: &Call) -> Result<Answer, Answer> {
        let id = self.named_meeting(call, false)?;
        let meeting = self.meetings.get(&id).ok_or_else(|| call.refuse(404, 3001))?;
        let rows = meeting
            .runs
            .iter()
            .filter(|run| run.ended.is_some())
            .map(|run| json!({ "uuid": run.uuid, "start_time": stamp(run.started) }))
            .collect::<Vec<_>>();
        Ok(Answer::json(200, json!({ "meetings": rows })))
    }

    /// `GET /past_meetings/{id}/participants`.
    pub(crate) fn past_participants(&mut self, call: &Call) -> Result<Answer, Answer> {
        let (_, run) = self.past_run(call, true)?;
        let list = format!("past {}", run.uuid);
        let rows = rows(run, |stay, row| {
            row["internal_user"] = stay.who.zoom_user.is_some().into();
        });
        self.page(call, &list, "participants", rows)
    }

    /// `GET /report/meetings/{id}/participants`: for administrators, with the registrant id when asked.
    pub(crate) fn report_participants(&mut self, call: &Call) -> Result<Answer, Answer> {
        if call.caller.mode == AppMode::User {
            // No user-level scope exists for it.
            return Err(call.refuse(400, 200));
        }
        let (meeting, run) = self.past_run(call, true)?;
        if self.users.get(&meeting.host).is_none_or(|host| host.plan != HostPlan::Licensed) {
            return Err(call.refuse(400, 200));
        }
        let with_registrant = call.query.get("include_fields") == Some("registrant_id");
        let list = format!("report {} {with_registrant}", run.uuid);
        let rows = rows(run, |stay, row| {
            row["participant_user_id"] = stay.who.zoom_user.clone().unwrap_or_default().into();
            row["customer_key"] = "".into();
            row["bo_mtg_id"] = match &stay.place {
                Place::Breakout { room, .. } => room.clone(),
                Place::Main | Place::WaitingRoom => String::new(),
            }
            .into();
            if with_registrant {
                row["registrant_id"] = stay.who.registrant.clone().unwrap_or_default().into();
            }
        });
        self.page(call, &list, "participants", rows)
    }
}

/// A row for every stay, in the order of joining; none at all when one person was alone.
fn rows(run: &Run, add: impl Fn(&Stay, &mut Value)) -> Vec<Value> {
    let ended = run.ended.unwrap_or(run.started);
    let inside = || run.stays.iter().filter(|stay| stay.place != Place::WaitingRoom);
    if inside().all(|stay| inside().next().is_some_and(|first| first.who == stay.who)) {
        return Vec::new();
    }
    run.stays
        .iter()
        .map(|stay| {
            let left = stay.left.unwrap_or(ended);
            let mut row = json!({
                "id": stay.who.zoom_user.clone().unwrap_or_default(), "name": stay.who.name, "user_id": stay.user_id, "user_email": stay.who.email,
                "join_time": stamp(stay.joined), "leave_time": stamp(left), "duration": (left - stay.joined).num_seconds(), "failover": false,
                "status": if stay.place == Place::WaitingRoom { "in_waiting_room" } else { "in_meeting" },
            });
            add(stay, &mut row);
            row
        })
        .collect()
}
