//! From what happened to who is told: bodies, recipients, and the variations that were asked for.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::{
    state::AppMode,
    webhooks::{Delivery, IdForm},
    world::World,
};

/// An event before it is addressed.
#[derive(Debug)]
pub(crate) struct Event<'a> {
    pub(crate) name: &'static str,
    pub(crate) at: DateTime<Utc>,
    pub(crate) account: &'a str,
    pub(crate) host: &'a str,
    pub(crate) meeting: Option<u64>,
    /// The payload without `account_id`.
    pub(crate) payload: Value,
    pub(crate) download_token: bool,
}

impl World {
    /// Puts an event into the outbox, once for each endpoint that hears of this host.
    pub(crate) fn emit(&mut self, event: Event<'_>) {
        for (url, secret, events) in self.listeners(event.account, event.host) {
            if !events.is_empty() && !events.iter().any(|wanted| wanted == event.name) {
                continue;
            }
            let copies = 1 + usize::from(self.outbox.dice.percent(self.outbox.behaviour.duplicate));
            for _ in 0..copies {
                let mut body = json!({ "event": event.name, "event_ts": event.at.timestamp_millis(), "payload": event.payload });
                body["payload"]["account_id"] = event.account.into();
                if event.download_token {
                    body["download_token"] = self.download_token(event.at + Duration::hours(24)).into();
                }
                self.enqueue(event.name, event.meeting, body, &url, &secret, event.at);
            }
            if self.outbox.dice.percent(self.outbox.behaviour.unknown_events) {
                let body = json!({
                    "event": "meeting.something_unheard_of", "event_ts": event.at.timestamp_millis(),
                    "payload": { "account_id": event.account, "object": { "novelty": [1, 2, 3] } },
                });
                self.enqueue("meeting.something_unheard_of", event.meeting, body, &url, &secret, event.at);
            }
        }
    }

    /// A token that downloads recordings until then.
    pub(crate) fn download_token(&mut self, until: DateTime<Utc>) -> String {
        let token = self.dice.token(120);
        self.download_tokens.insert(token.clone(), until);
        token
    }

    fn enqueue(
        &mut self,
        name: &str,
        meeting: Option<u64>,
        mut body: Value,
        url: &str,
        secret: &str,
        at: DateTime<Utc>,
    ) {
        let behaviour = self.outbox.behaviour.clone();
        let mut regular = name != "meeting.something_unheard_of";
        let id = body.pointer("/payload/object/id").cloned();
        let other = match (behaviour.ids, &id) {
            (IdForm::Numbers, Some(Value::String(text))) => text.parse::<u64>().ok().map(Value::from),
            (IdForm::Strings, Some(Value::Number(number))) => Some(number.to_string().into()),
            _ => None,
        };
        if let Some(other) = other {
            body["payload"]["object"]["id"] = other;
            // Only this sample has the other form.
            regular &= name == "meeting.started";
        }
        if behaviour.null_recording_end
            && body.pointer("/payload/object/recording_file/recording_end").and_then(Value::as_str)
                == Some("")
        {
            body["payload"]["object"]["recording_file"]["recording_end"] = Value::Null;
        }
        if self.outbox.dice.percent(behaviour.omit_optional)
            && let Some(participant) =
                body.pointer_mut("/payload/object/participant").and_then(Value::as_object_mut)
        {
            for optional in ["id", "participant_user_id", "participant_uuid", "phone_number", "leave_reason"]
            {
                participant.remove(optional);
            }
            regular = false;
        }
        if self.outbox.dice.percent(behaviour.unknown_fields) {
            for place in ["", "/payload/object", "/payload/object/participant"] {
                if let Some(fields) = body.pointer_mut(place).and_then(Value::as_object_mut) {
                    fields.insert("novelty".to_owned(), json!({ "level": 3 }));
                }
            }
            regular = false;
        }
        let bytes = if behaviour.odd_whitespace { odd(&body) } else { body.to_string().into_bytes() };
        let delivery = Delivery {
            event: name.to_owned(),
            meeting,
            url: url.to_owned(),
            secret: secret.to_owned(),
            body: bytes,
            attempt: 0,
            first: None,
            signed: None,
            bad_signature: self.outbox.dice.percent(behaviour.bad_signature),
            old_timestamp: self.outbox.dice.percent(behaviour.old_timestamp),
            regular,
        };
        if self.outbox.dice.percent(behaviour.lose) {
            self.outbox.record(&delivery, 0, None, true, at);
        } else {
            self.outbox.push(at, delivery);
        }
    }

    /// URL, secret and wanted events of each endpoint that hears of a host's meetings.
    fn listeners(&self, account: &str, host: &str) -> Vec<(String, String, Vec<String>)> {
        let hears = |app: &super::state::App| match app.mode {
            AppMode::ServerToServer => app.account.as_deref() == Some(account),
            AppMode::Admin => {
                self.standing_grants().any(|grant| grant.app == app.client_id && grant.account == account)
            }
            AppMode::User => self
                .standing_grants()
                .any(|grant| grant.app == app.client_id && grant.user.as_deref() == Some(host)),
        };
        self.apps
            .values()
            .filter(|app| !app.disabled && hears(app))
            .flat_map(|app| &app.endpoints)
            .map(|endpoint| (endpoint.url.clone(), endpoint.secret_token.clone(), endpoint.events.clone()))
            .collect()
    }

    /// A person, or an administrator, removes an app: its tokens die, and it is told.
    pub(crate) fn remove_app(&mut self, app: &str, user: &str, now: DateTime<Utc>) -> bool {
        let Some((user, account)) = self.user(user).map(|user| (user.id.clone(), user.account.clone()))
        else {
            return false;
        };
        if !self.revoke_user(app, &user) {
            return false;
        }
        let Some(found) = self.apps.get(app) else { return false };
        let body = json!({
            "event": "app_deauthorized",
            "payload": {
                "account_id": account, "user_id": user, "client_id": app, "signature": hex::encode(self.dice.bytes::<32>()),
                "deauthorization_time": now.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
                "event_ts": now.format("%Y-%m-%d %H:%M:%S").to_string(),
            },
        });
        let endpoints = found
            .endpoints
            .iter()
            .map(|endpoint| (endpoint.url.clone(), endpoint.secret_token.clone()))
            .collect::<Vec<_>>();
        for (url, secret) in endpoints {
            self.enqueue("app_deauthorized", None, body.clone(), &url, &secret, now);
        }
        true
    }
}

/// The same JSON with spaces, line ends and escapes that no serializer of ours writes.
fn odd(body: &Value) -> Vec<u8> {
    let plain = body.to_string();
    let mut text = String::with_capacity(plain.len() * 2);
    text.push_str(" \r\n");
    let (mut inside, mut escaped) = (false, false);
    for character in plain.chars() {
        match character {
            '"' if !escaped => {
                inside = !inside;
                text.push('"');
            }
            ':' if !inside => text.push_str(" :\t"),
            ',' if !inside => text.push_str(" ,\n  "),
            '/' if inside => text.push_str("\\/"),
            other => text.push(other),
        }
        escaped = inside && character == '\\' && !escaped;
    }
    text.push('\n');
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_spacing_is_the_same_json() {
        let body = json!({ "a": "x/y, \"z\": {", "b": [1, { "c": "Zażółć\\" }] });
        let bytes = odd(&body);
        assert_ne!(bytes, body.to_string().into_bytes());
        assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), body);
    }
}
