//! What a live meeting tells: bodies of meeting and participant events.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    events::Event,
    state::{Place, Stay},
    time::stamp,
    world::World,
};

impl World {
    /// The part of an event body that names the meeting and its run.
    pub(crate) fn run_object(&self, id: u64) -> Value {
        let Some(meeting) = self.meetings.get(&id) else { return json!({}) };
        let Some(run) = meeting.runs.last() else {
            return json!({
                "id": id.to_string(), "uuid": meeting.uuid, "host_id": meeting.host, "topic": meeting.topic, "type": meeting.kind,
                "start_time": meeting.start.map(stamp).unwrap_or_default(), "timezone": meeting.time_zone, "duration": meeting.duration,
            });
        };
        json!({
            "id": id.to_string(), "uuid": run.uuid, "host_id": meeting.host, "topic": meeting.topic, "type": meeting.kind,
            "start_time": stamp(run.started), "timezone": meeting.time_zone, "duration": meeting.duration,
        })
    }

    fn send_live(&mut self, name: &'static str, id: u64, object: Value, now: DateTime<Utc>) {
        let Some((account, host)) =
            self.meetings.get(&id).map(|meeting| (meeting.account.clone(), meeting.host.clone()))
        else {
            return;
        };
        self.emit(Event {
            name,
            at: now,
            account: &account,
            host: &host,
            meeting: Some(id),
            payload: json!({ "object": object }),
            download_token: false,
        });
    }

    pub(crate) fn meeting_event(&mut self, name: &'static str, id: u64, now: DateTime<Utc>) {
        let mut object = self.run_object(id);
        if name == "meeting.ended" {
            object["end_time"] = stamp(now).into();
        }
        self.send_live(name, id, object, now);
    }

    pub(crate) fn waiting_event(&mut self, name: &'static str, visitor: u64, now: DateTime<Utc>) {
        let Some(visitor) = self.visitors.get(&visitor).cloned() else { return };
        let mut object = self.run_object(visitor.meeting);
        if self.meetings.get(&visitor.meeting).is_some_and(|meeting| meeting.live().is_none())
            && let Some(meeting) = self.meetings.get(&visitor.meeting)
        {
            object["uuid"] = meeting.uuid.clone().into();
        }
        object["participant"] =
            json!({ "id": visitor.who.zoom_user.clone().unwrap_or_default(), "user_name": visitor.who.name });
        if let Some(registrant) = &visitor.who.registrant
            && name == "meeting.participant_jbh_joined"
        {
            object["participant"]["registrant_id"] = registrant.clone().into();
        }
        self.send_live(name, visitor.meeting, object, now);
    }

    pub(crate) fn stay_event(
        &mut self,
        name: &'static str,
        id: u64,
        stay: &Stay,
        when: (&str, DateTime<Utc>),
        reason: Option<&str>,
        at: DateTime<Utc>,
    ) {
        let mut object = self.run_object(id);
        let zoom_user = stay.who.zoom_user.clone().unwrap_or_default();
        let mut participant = json!({
            "user_id": stay.user_id, "user_name": stay.who.name, "id": zoom_user, "participant_user_id": zoom_user,
            "participant_uuid": stay.participant_uuid, "email": stay.who.email, "phone_number": "",
        });
        participant[when.0] = stamp(when.1).into();
        if let Some(registrant) = &stay.who.registrant {
            participant["registrant_id"] = registrant.clone().into();
        }
        if let Some(reason) = reason {
            participant["leave_reason"] =
                format!("{} left the meeting.<br>Reason: {reason}", stay.who.name).into();
        }
        if let Place::Breakout { room, parent_user_id } = &stay.place {
            object["breakout_room_uuid"] = room.clone().into();
            participant["parent_user_id"] = parent_user_id.clone().into();
        }
        object["participant"] = participant;
        self.send_live(name, id, object, at);
    }
}
