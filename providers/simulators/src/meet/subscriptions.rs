//! Workspace Events: what is told, to which topic, for seven days at most.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{
    errors::{failed, failed_as, invalid, not_found},
    gateway::Call,
    state::{Operation, Space, Subscription, Timer},
    world::World,
};
use crate::answer::Answer;

const SPACES: &str = "//meet.googleapis.com/spaces/";
const USERS: &str = "//cloudidentity.googleapis.com/users/";
const MEET: &str = "google.workspace.meet.";
const KINDS: &[&str] = &[
    "conference.v2.started",
    "conference.v2.ended",
    "participant.v2.joined",
    "participant.v2.left",
    "recording.v2.started",
    "recording.v2.ended",
    "recording.v2.fileGenerated",
    "transcript.v2.started",
    "transcript.v2.ended",
    "transcript.v2.fileGenerated",
    "smartNote.v2.started",
    "smartNote.v2.ended",
    "smartNote.v2.fileGenerated",
];
/// All that people get who only took part.
const FOR_GUESTS: &[&str] = &["conference.v2.started", "transcript.v2.fileGenerated"];

fn longest() -> Duration {
    Duration::days(7)
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// `604800s`; `0s` is the longest.
fn ttl(body: &Value) -> Result<Duration, Answer> {
    let Some(text) = body.get("ttl").and_then(Value::as_str) else { return Ok(longest()) };
    let seconds = text.strip_suffix('s').and_then(|text| text.parse::<i64>().ok());
    match seconds {
        Some(0) => Ok(longest()),
        Some(seconds @ 1..=604_800) => Ok(Duration::seconds(seconds)),
        _ => Err(invalid("ttl")),
    }
}

impl World {
    fn subscription_json(&self, found: &Subscription) -> Value {
        let mut body = json!({
            "name": found.name(), "uid": found.id, "targetResource": found.target, "eventTypes": found.types,
            "notificationEndpoint": {"pubsubTopic": found.topic}, "state": "ACTIVE",
            "authority": format!("users/{}", found.user), "userAuthority": format!("users/{}", found.user),
            "createTime": stamp(found.created), "updateTime": stamp(found.updated), "expireTime": stamp(found.expires),
            "reconciling": false, "etag": format!("{}-{}", found.id, found.updated.timestamp_micros()),
        });
        if let Some(reason) = &found.suspended {
            body["state"] = "SUSPENDED".into();
            body["suspensionReason"] = reason.as_str().into();
        }
        body
    }

    /// Work, done at once or after some looks.
    fn operation(&mut self, response: Value) -> Value {
        let name = format!("operations/{}", self.dice.token(24));
        let looks = self.behaviour.operation_looks;
        if looks == 0 {
            return json!({"name": name, "done": true, "response": response});
        }
        self.operations.insert(name.clone(), Operation { looks, response });
        json!({"name": name, "done": false})
    }

    pub(crate) fn get_operation(&mut self, call: &Call) -> Result<Value, Answer> {
        let name = format!("operations/{}", call.param(0));
        let found = self.operations.get_mut(&name).ok_or_else(not_found)?;
        found.looks = found.looks.saturating_sub(1);
        if found.looks > 0 {
            return Ok(json!({"name": name, "done": false}));
        }
        Ok(json!({"name": name, "done": true, "response": found.response}))
    }

    fn typed(mut body: Value) -> Value {
        body["@type"] = "type.googleapis.com/google.apps.events.subscriptions.v1.Subscription".into();
        body
    }

    pub(crate) fn create_subscription(&mut self, call: &Call) -> Result<Value, Answer> {
        let text = |pointer: &str| call.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let target = text("/targetResource").to_owned();
        if let Some(user) = target.strip_prefix(USERS) {
            if user != call.user() {
                return Err(failed(403, "The caller does not have permission"));
            }
        } else if let Some(space) = target.strip_prefix(SPACES) {
            let found = self.spaces.get(space).filter(|found| self.visible(found, call));
            if found.is_none_or(|found| found.owner != call.user() && !Self::took_part(found, call.user())) {
                return Err(failed(403, "The caller does not have permission"));
            }
        } else {
            return Err(invalid("target_resource"));
        }
        if call.body.get("payloadOptions").is_some_and(|options| options["includeResource"] == true) {
            return Err(invalid("payload_options"));
        }
        let types: Vec<String> = call.body["eventTypes"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|kind| kind.as_str().map(str::to_owned))
            .collect();
        let known = |kind: &String| kind.strip_prefix(MEET).is_some_and(|kind| KINDS.contains(&kind));
        if types.is_empty() || !types.iter().all(known) {
            return Err(invalid("event_types"));
        }
        let topic = text("/notificationEndpoint/pubsubTopic").to_owned();
        let in_project = topic.strip_prefix("projects/").and_then(|rest| rest.split_once("/topics/"));
        if in_project.is_none_or(|(project, _)| project != call.caller.project) {
            return Err(failed(403, "The caller does not have permission"));
        }
        let life = ttl(&call.body)?;
        let same = |found: &&Subscription| {
            found.target == target && found.user == call.user() && found.project == call.caller.project
        };
        if self.subscriptions.values().any(|found| same(&found)) {
            return Err(failed(409, "Subscription already exists."));
        }
        if call.query.flag("validateOnly") {
            return Ok(json!({"name": "operations/validated", "done": true, "response": {}}));
        }
        let id = format!(
            "meet-{}-{}",
            if target.starts_with(USERS) { "users" } else { "spaces" },
            self.dice.token(20)
        );
        let suspended = match self.pubsub.may_publish(&topic) {
            Some(true) => None,
            Some(false) => Some("ENDPOINT_PERMISSION_DENIED".to_owned()),
            None => Some("ENDPOINT_NOT_FOUND".to_owned()),
        };
        let made = Subscription {
            id: id.clone(),
            target,
            types,
            topic,
            user: call.user().to_owned(),
            project: call.caller.project.clone(),
            created: call.now,
            updated: call.now,
            expires: call.now + life,
            suspended: None,
        };
        // The topic is only found out to be closed when something is to be published.
        let body = Self::typed(self.subscription_json(&made));
        self.plan_end(&made);
        self.subscriptions.insert(id.clone(), Subscription { suspended, ..made });
        Ok(self.operation(body))
    }

    fn plan_end(&mut self, subscription: &Subscription) {
        let (id, expires) = (subscription.id.clone(), subscription.expires);
        for hours in [12, 1] {
            let due = expires - Duration::hours(hours);
            if due > subscription.updated {
                self.after(due, Timer::Reminder { subscription: id.clone(), expires });
            }
        }
        self.after(expires, Timer::Expired { subscription: id, expires });
    }

    /// The caller's own subscription.
    fn own_subscription(&self, call: &Call) -> Result<Subscription, Answer> {
        let found = self.subscriptions.get(call.param(0)).filter(|found| found.user == call.user());
        found.cloned().ok_or_else(not_found)
    }

    pub(crate) fn get_subscription(&self, call: &Call) -> Result<Value, Answer> {
        self.own_subscription(call).map(|found| self.subscription_json(&found))
    }

    /// A filter with at least one kind of event is required.
    pub(crate) fn list_subscriptions(&mut self, call: &Call) -> Result<Value, Answer> {
        let filter = call.query.get("filter").unwrap_or_default();
        let values = |field: &str| -> Vec<String> {
            let parts = filter.split(field).skip(1);
            parts
                .filter_map(|part| {
                    part.trim_start_matches([':', '=', ' ']).strip_prefix('"')?.split('"').next()
                })
                .map(str::to_owned)
                .collect()
        };
        let kinds = values("event_types");
        let targets = values("target_resource");
        if kinds.is_empty() {
            return Err(invalid("filter"));
        }
        let rows = self
            .subscriptions
            .values()
            .filter(|found| found.user == call.user() && found.project == call.caller.project)
            .filter(|found| found.types.iter().any(|kind| kinds.contains(kind)))
            .filter(|found| targets.is_empty() || targets.contains(&found.target))
            .map(|found| self.subscription_json(found))
            .collect();
        self.page(call, "subscriptions", (50, 100), rows)
    }

    pub(crate) fn patch_subscription(&mut self, call: &Call) -> Result<Value, Answer> {
        let mut found = self.own_subscription(call)?;
        let mask = call.query.get("updateMask").unwrap_or("ttl");
        for path in mask.split(',') {
            match path.trim() {
                "ttl" => found.expires = call.now + ttl(&call.body)?,
                "event_types" | "eventTypes" => {}
                _ => return Err(invalid("update_mask")),
            }
        }
        found.updated = call.now;
        self.plan_end(&found);
        let body = Self::typed(self.subscription_json(&found));
        self.subscriptions.insert(found.id.clone(), found);
        Ok(self.operation(body))
    }

    pub(crate) fn delete_subscription(&mut self, call: &Call) -> Result<Value, Answer> {
        let found = self.own_subscription(call)?;
        self.subscriptions.remove(&found.id);
        Ok(self.operation(json!({"@type": "type.googleapis.com/google.protobuf.Empty"})))
    }

    pub(crate) fn reactivate_subscription(&mut self, call: &Call) -> Result<Value, Answer> {
        let mut found = self.own_subscription(call)?;
        if found.suspended.is_none() {
            return Err(failed_as(400, "FAILED_PRECONDITION", "The subscription is not suspended."));
        }
        if self.pubsub.may_publish(&found.topic) != Some(true) {
            return Err(failed(403, "The caller does not have permission to publish to the topic"));
        }
        found.suspended = None;
        found.updated = call.now;
        let body = Self::typed(self.subscription_json(&found));
        self.subscriptions.insert(found.id.clone(), found);
        Ok(self.operation(body))
    }

    /// Something happened in a space: whoever asked for it is told. Owners are told everything, others little; a
    /// subscription to a person covers the spaces that person owns.
    pub(crate) fn tell(&mut self, space: &str, kind: &str, data: Value, now: DateTime<Utc>) {
        let Some(found) = self.spaces.get(space) else { return };
        let wanted = format!("{MEET}{kind}");
        let concerns = |subscription: &Subscription, found: &Space| {
            if let Some(user) = subscription.target.strip_prefix(USERS) {
                return found.owner == user;
            }
            let mine = subscription.target.strip_prefix(SPACES) == Some(found.id.as_str());
            mine && (found.owner == subscription.user || FOR_GUESTS.contains(&kind))
        };
        let told: Vec<_> = self
            .subscriptions
            .values()
            .filter(|one| one.suspended.is_none() && now < one.expires)
            .filter(|one| one.types.contains(&wanted) && concerns(one, found))
            .cloned()
            .collect();
        for subscription in told {
            self.publish(&subscription, &wanted, &subscription.target, data.clone(), now);
        }
    }

    /// One event on its way to a topic. A topic that takes nothing suspends the subscription.
    fn publish(
        &mut self,
        subscription: &Subscription,
        kind: &str,
        subject: &str,
        data: Value,
        now: DateTime<Utc>,
    ) {
        if self.pubsub.may_publish(&subscription.topic) != Some(true) {
            if let Some(found) = self.subscriptions.get_mut(&subscription.id) {
                found.suspended = Some("ENDPOINT_PERMISSION_DENIED".to_owned());
            }
            return;
        }
        let id = format!("{}-{}", self.next(), self.dice.uuid());
        let attributes = json!({
            "ce-id": id, "ce-source": format!("//workspaceevents.googleapis.com/{}", subscription.name()), "ce-type": kind,
            "ce-subject": subject, "ce-time": now.to_rfc3339_opts(SecondsFormat::Millis, true), "ce-specversion": "1.0",
            "ce-datacontenttype": "application/json",
        });
        self.pubsub.publish(&subscription.topic, kind, &attributes, &data, &subscription.name(), now);
    }

    /// Google's example of these writes names with underscores.
    fn tell_lifecycle(&mut self, subscription: &Subscription, word: &str, more: Value, now: DateTime<Utc>) {
        let mut data = json!({"subscription": {"name": subscription.name()}});
        if let (Some(fields), Some(more)) = (data["subscription"].as_object_mut(), more.as_object()) {
            fields.extend(more.clone());
        }
        let kind = format!("google.workspace.events.subscription.v1.{word}");
        let subject = format!("//workspaceevents.googleapis.com/{}", subscription.name());
        self.publish(subscription, &kind, &subject, data, now);
    }

    pub(crate) fn remind(&mut self, id: &str, expires: DateTime<Utc>, now: DateTime<Utc>) {
        let Some(found) = self.subscriptions.get(id).filter(|found| found.expires == expires).cloned() else {
            return;
        };
        self.tell_lifecycle(&found, "expirationReminder", json!({"expire_time": stamp(expires)}), now);
    }

    /// Gone for good.
    pub(crate) fn expire(&mut self, id: &str, expires: DateTime<Utc>, now: DateTime<Utc>) {
        if self.subscriptions.get(id).is_none_or(|found| found.expires != expires) {
            return;
        }
        if let Some(found) = self.subscriptions.remove(id) {
            self.tell_lifecycle(&found, "expired", json!({}), now);
        }
    }

    /// Suspends one, for a reason of Google's, and says so.
    pub(crate) fn suspend(&mut self, id: &str, reason: &str, now: DateTime<Utc>) -> bool {
        let Some(found) = self.subscriptions.get_mut(id) else { return false };
        found.suspended = Some(reason.to_owned());
        let found = found.clone();
        self.tell_lifecycle(&found, "suspended", json!({"suspension_reason": reason}), now);
        true
    }

    /// A person took the grant back.
    pub(crate) fn suspend_all(&mut self, user: &str, project: &str, reason: &str, now: DateTime<Utc>) {
        let all: Vec<_> = self
            .subscriptions
            .values()
            .filter(|found| found.user == user && found.project == project && found.suspended.is_none())
            .map(|found| found.id.clone())
            .collect();
        for id in all {
            self.suspend(&id, reason, now);
        }
    }
}
