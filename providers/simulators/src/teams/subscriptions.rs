//! Subscriptions: checked, shaken hands over, renewed, and gone when their time is over.

use chrono::{DateTime, Duration, Utc};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::{
    errors::{bad, graph, no_policy, not_found},
    graph::Call,
    keys,
    login::Caller,
    state::{About, Subscription},
    world::World,
    zones::stamp,
};
use crate::answer::Answer;

const LONGEST_STATE: usize = 128;

/// A subscription that is right but for the handshake.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) subscription: Subscription,
}

fn text(body: &Value, name: &str) -> Option<String> {
    body[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn missing_permission() -> Answer {
    graph(
        403,
        "Forbidden",
        "Operation: Create; Exception: [Status Code: Forbidden; Reason: The application does not have the required permissions.]",
    )
}

/// What stands between two words, where nothing else stands.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.strip_prefix(before)?.strip_suffix(after)
}

impl World {
    /// What a resource is, and whether this caller may be told of it.
    fn about(
        &self,
        resource: &str,
        version: &str,
        caller: &Caller,
        now: DateTime<Utc>,
    ) -> Result<About, Answer> {
        let resource = resource.trim_start_matches('/');
        if let Some(link) =
            between(resource, "communications/onlineMeetings(joinWebUrl='", "')/meetingCallEvents")
        {
            if version != "/beta" {
                return Err(bad("Unsupported resource in this version."));
            }
            let may = caller.user.is_none()
                && caller.any_of(&["OnlineMeetings.Read.All", "OnlineMeetings.ReadWrite.All"]);
            if !may {
                return Err(missing_permission());
            }
            // Once: the link's own escapes stay. A link that was not encoded once more is another text.
            let link = percent_decode_str(link).decode_utf8_lossy();
            let meeting = self
                .by_link(&link)
                .filter(|meeting| meeting.usable(now))
                .ok_or_else(|| bad("The online meeting was not found."))?;
            if meeting.tenant != caller.tenant {
                return Err(missing_permission());
            }
            let granted = self.tenants.get(&caller.tenant).is_some_and(|tenant| {
                tenant.policies.iter().any(|policy| {
                    policy.app == caller.app
                        && policy.user.as_ref().is_none_or(|user| *user == meeting.organizer)
                        && policy.from <= now
                })
            });
            return if granted {
                Ok(About::CallEvents { meeting: meeting.id.clone() })
            } else {
                Err(no_policy())
            };
        }
        let (transcripts, rest) = if let Some(rest) = resource.strip_suffix("getAllRecordings") {
            (false, rest)
        } else if let Some(rest) = resource.strip_suffix("getAllTranscripts") {
            (true, rest)
        } else if let Some(rest) = resource.strip_suffix("recordings") {
            (false, rest)
        } else if let Some(rest) = resource.strip_suffix("transcripts") {
            (true, rest)
        } else {
            return Err(bad("Unsupported resource."));
        };
        let needed =
            if transcripts { "OnlineMeetingTranscript.Read.All" } else { "OnlineMeetingRecording.Read.All" };
        if !caller.any_of(&[needed]) {
            return Err(missing_permission());
        }
        if rest == "communications/onlineMeetings/" {
            // The whole tenant: for applications.
            if caller.user.is_some() {
                return Err(missing_permission());
            }
            return Ok(About::Files { transcripts, meeting: None, user: None });
        }
        if let Some(user) = between(rest, "users/", "/onlineMeetings/") {
            return Ok(About::Files { transcripts, meeting: None, user: Some(user.to_owned()) });
        }
        if let Some(id) = between(rest, "communications/onlineMeetings/", "/") {
            return Ok(About::Files { transcripts, meeting: Some(id.to_owned()), user: None });
        }
        Err(bad("Unsupported resource."))
    }

    /// Everything that is checked before the handshake.
    pub(crate) fn wanted_subscription(&mut self, call: &Call, version: &str) -> Result<Wanted, Answer> {
        let body = &call.body;
        let resource = text(body, "resource").ok_or_else(|| bad("resource is required."))?;
        let about = self.about(&resource, version, &call.caller, call.now)?;
        let change_type = text(body, "changeType").ok_or_else(|| bad("changeType is required."))?;
        let right = if matches!(about, About::CallEvents { .. }) { "updated" } else { "created" };
        if change_type != right {
            return Err(bad("The changeType is not supported for this resource."));
        }
        let notification_url =
            text(body, "notificationUrl").ok_or_else(|| bad("notificationUrl is required."))?;
        let lifecycle_url = text(body, "lifecycleNotificationUrl");
        let expires = text(body, "expirationDateTime")
            .and_then(|text| DateTime::parse_from_rfc3339(&text).ok())
            .ok_or_else(|| bad("expirationDateTime is required."))?
            .to_utc();
        if expires <= call.now || expires > call.now + Duration::minutes(self.behaviour.subscription_minutes)
        {
            return Err(bad("Subscription expiration is outside the allowed range."));
        }
        if expires > call.now + Duration::hours(1) && lifecycle_url.is_none() {
            return Err(bad(
                "lifecycleNotificationUrl is required for subscription creation on this resource when the expirationDateTime value exceeds 1 hour.",
            ));
        }
        let client_state = text(body, "clientState");
        if client_state.as_ref().is_some_and(|state| state.chars().count() > LONGEST_STATE) {
            return Err(bad("clientState must not be longer than 128 characters."));
        }
        let certificate = if body["includeResourceData"] == true {
            let certificate = text(body, "encryptionCertificate").filter(|text| keys::is_certificate(text));
            let certificate =
                certificate.ok_or_else(|| bad("encryptionCertificate is not a usable certificate."))?;
            let id = text(body, "encryptionCertificateId")
                .ok_or_else(|| bad("encryptionCertificateId is required."))?;
            Some((certificate, id))
        } else {
            None
        };
        self.age_subscriptions(call.now);
        let twice = self.subscriptions.values().any(|known| {
            known.app == call.caller.app && known.tenant == call.caller.tenant && known.about == about
        });
        if twice {
            return Err(graph(
                409,
                "Conflict",
                "A subscription for this resource already exists for the application and tenant.",
            ));
        }
        Ok(Wanted {
            subscription: Subscription {
                id: self.dice.uuid(),
                app: call.caller.app.clone(),
                tenant: call.caller.tenant.clone(),
                creator: call.caller.user.clone().unwrap_or_else(|| call.caller.app.clone()),
                resource,
                about,
                change_type,
                notification_url,
                lifecycle_url,
                client_state,
                certificate,
                created: call.now,
                expires,
                asked_again: false,
            },
        })
    }

    /// After the handshake.
    pub(crate) fn subscribe(&mut self, wanted: Wanted, shaken: bool, _now: DateTime<Utc>) -> Answer {
        if !shaken {
            return graph(
                400,
                "ValidationError",
                "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request.",
            );
        }
        let subscription = wanted.subscription;
        let answer = Answer::json(201, self.subscription_json(&subscription, true));
        self.subscriptions.insert(subscription.id.clone(), subscription);
        answer
    }

    fn subscription_json(&self, subscription: &Subscription, with_state: bool) -> Value {
        json!({
            "@odata.context": format!("{}/v1.0/$metadata#subscriptions/$entity", self.base), "id": subscription.id,
            "resource": subscription.resource, "applicationId": subscription.app, "changeType": subscription.change_type,
            "clientState": if with_state { subscription.client_state.clone() } else { None },
            "notificationUrl": subscription.notification_url, "notificationQueryOptions": null,
            "lifecycleNotificationUrl": subscription.lifecycle_url, "expirationDateTime": stamp(subscription.expires),
            "creatorId": subscription.creator, "includeResourceData": subscription.certificate.is_some(),
            "latestSupportedTlsVersion": "v1_2", "encryptionCertificate": null,
            "encryptionCertificateId": subscription.certificate.as_ref().map(|(_, id)| id.clone()), "notificationUrlAppId": null,
        })
    }

    fn own_subscription(&self, call: &Call) -> Result<&Subscription, Answer> {
        let missing = || graph(404, "ResourceNotFound", "The object was not found.");
        self.subscriptions
            .get(call.param(0))
            .filter(|found| found.app == call.caller.app && found.tenant == call.caller.tenant)
            .ok_or_else(missing)
    }

    pub(crate) fn list_subscriptions(&mut self, call: &Call) -> Result<Answer, Answer> {
        let mine = self
            .subscriptions
            .values()
            .filter(|found| found.app == call.caller.app && found.tenant == call.caller.tenant)
            .map(|found| self.subscription_json(found, false))
            .collect();
        Ok(self.paged(call, mine))
    }

    pub(crate) fn get_subscription(&mut self, call: &Call) -> Result<Answer, Answer> {
        let found = self.own_subscription(call)?;
        Ok(Answer::json(200, self.subscription_json(found, false)))
    }

    pub(crate) fn renew_subscription(&mut self, call: &Call) -> Result<Answer, Answer> {
        let id = self.own_subscription(call)?.id.clone();
        let expires = text(&call.body, "expirationDateTime")
            .and_then(|text| DateTime::parse_from_rfc3339(&text).ok())
            .map(|at| at.to_utc());
        if let Some(expires) = expires
            && (expires <= call.now
                || expires > call.now + Duration::minutes(self.behaviour.subscription_minutes))
        {
            return Err(bad("Subscription expiration is outside the allowed range."));
        }
        let renewed =
            text(&call.body, "encryptionCertificate").zip(text(&call.body, "encryptionCertificateId"));
        if renewed.as_ref().is_some_and(|(certificate, _)| !keys::is_certificate(certificate)) {
            return Err(bad("encryptionCertificate is not a usable certificate."));
        }
        let Some(found) = self.subscriptions.get_mut(&id) else { return Err(not_found()) };
        found.expires = expires.unwrap_or(found.expires);
        found.asked_again = false;
        if renewed.is_some() {
            found.certificate = renewed;
        }
        let found = self.own_subscription(call)?;
        Ok(Answer::json(200, self.subscription_json(found, false)))
    }

    pub(crate) fn delete_subscription(&mut self, call: &Call) -> Result<Answer, Answer> {
        let id = self.own_subscription(call)?.id.clone();
        self.subscriptions.remove(&id);
        Ok(Answer::empty(204))
    }

    pub(crate) fn reauthorize_subscription(&mut self, call: &Call) -> Result<Answer, Answer> {
        let id = self.own_subscription(call)?.id.clone();
        if let Some(found) = self.subscriptions.get_mut(&id) {
            found.asked_again = false;
        }
        Ok(Answer::empty(204))
    }

    /// Those whose time is over go without a word; those near their end ask to be authorized again.
    pub(crate) fn age_subscriptions(&mut self, now: DateTime<Utc>) {
        self.subscriptions.retain(|_, found| found.expires > now);
        let before = Duration::minutes(self.behaviour.reauthorize_minutes);
        if before.is_zero() {
            return;
        }
        let near: Vec<_> = self
            .subscriptions
            .values()
            .filter(|found| !found.asked_again && found.expires - before <= now)
            .map(|found| found.id.clone())
            .collect();
        for id in near {
            if let Some(found) = self.subscriptions.get_mut(&id) {
                found.asked_again = true;
            }
            self.lifecycle(&id, "reauthorizationRequired", now);
        }
    }
}
