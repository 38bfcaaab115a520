//! Being told who is in a meeting. For applications only, one meeting each, at most three days, one subscription for an app and
//! a meeting.

use async_trait::async_trait;
use chrono::TimeDelta;
use lectern_core::provider::{
    Call, ErrorKind, EventEndpoint, MeetingRef, ProviderError, RepairedBy, Result, Subscription,
    SubscriptionScope, Subscriptions,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    client::{Ask, begin},
    config::Teams,
    reference::Reference,
    wire,
};
use crate::transport::{Allowance, Label};

/// The longest life Graph gives. Its tables say 4,320 and 4,230 minutes: the smaller works with both.
const LONGEST: TimeDelta = TimeDelta::minutes(4230);
/// The link of no meeting.
const NOBODYS: &str = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_lectern%40thread.v2/0";
/// Graph's limit for `clientState`.
const LONGEST_SECRET: usize = 128;

/// What a subscription is about: the link, which has percent escapes of its own, encoded once more.
fn resource(join_url: &str) -> String {
    format!("communications/onlineMeetings(joinWebUrl='{}')/meetingCallEvents", wire::segment(join_url))
}

impl Teams {
    fn until(&self) -> String {
        wire::time(self.transport.clock().now() + LONGEST)
    }

    fn at_subscriptions(operation: &'static str, method: Method, organizer: &str) -> Ask {
        let ask = Ask::new(operation, method, Label::Light, "/subscriptions", "/subscriptions".to_owned());
        Ask { organizer: organizer.to_owned(), ..ask.beta() }
    }

    fn at_subscription(operation: &'static str, method: Method, id: &str) -> Ask {
        let path = format!("/subscriptions/{}", wire::segment(id));
        Ask::new(operation, method, Label::Light, "/subscriptions/{id}", path).beta()
    }

    fn subscription(operation: &'static str, answer: wire::Subscribed) -> Result<Subscription> {
        let until = answer.expiration_date_time.ok_or_else(|| {
            ProviderError::new(crate::teams::NAME, operation, ErrorKind::Unexpected).vendor_code("no end")
        })?;
        Ok(Subscription { id: answer.id, until, suspended: None })
    }

    async fn prolong(&self, operation: &'static str, id: &str, time: &Allowance) -> Result<Subscription> {
        let ask = Self::at_subscription(operation, Method::PATCH, id)
            .json(json!({"expirationDateTime": self.until()}))
            .repeatable(3);
        Self::subscription(operation, self.ask_json(&ask, time).await?)
    }

    async fn end_subscription(&self, operation: &'static str, id: &str, time: &Allowance) -> Result<()> {
        match self.ask(&Self::at_subscription(operation, Method::DELETE, id), time).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Somebody of this app subscribed already: another instance of this server, or this one before it lost the answer. What
    /// comes to our address and is encrypted to our key is adopted; else it is replaced.
    async fn adopt(
        &self,
        operation: &'static str,
        wanted: &Value,
        time: &Allowance,
    ) -> Result<Option<Subscription>> {
        let all: Vec<wire::Subscribed> =
            self.ask_all(Self::at_subscriptions(operation, Method::GET, ""), time).await?;
        let about = wanted["resource"].as_str().unwrap_or_default();
        for found in all.into_iter().filter(|found| found.resource.eq_ignore_ascii_case(about)) {
            let ours = found.notification_url.as_deref() == wanted["notificationUrl"].as_str()
                && found.encryption_certificate_id.as_deref() == wanted["encryptionCertificateId"].as_str();
            if ours {
                return self.prolong(operation, &found.id, time).await.map(Some);
            }
            self.end_subscription(operation, &found.id, time).await?;
        }
        Ok(None)
    }
}

#[async_trait]
impl Subscriptions for Teams {
    fn scope(&self) -> SubscriptionScope {
        SubscriptionScope::Meeting
    }

    /// Graph calls the endpoint twice before it answers: once for events, once for what becomes of the subscription.
    async fn subscribe(
        &self,
        call: &Call,
        meeting: Option<&MeetingRef>,
        endpoint: &EventEndpoint,
    ) -> Result<Subscription> {
        const OPERATION: &str = "subscribe";
        let time = begin(call);
        let unsupported =
            |what| ProviderError::new(crate::teams::NAME, OPERATION, ErrorKind::Unsupported(what));
        let meeting = meeting.ok_or_else(|| unsupported("a subscription to all meetings"))?;
        let invalid = |what: &str| {
            ProviderError::new(crate::teams::NAME, OPERATION, ErrorKind::Invalid(what.to_owned()))
                .repaired_by(RepairedBy::Operator)
        };
        // Without the content a notification holds an id that no call resolves.
        let certificate = endpoint.certificate.as_ref().ok_or_else(|| invalid("certificate"))?;
        if !(1..=LONGEST_SECRET).contains(&endpoint.secret.expose().len()) {
            return Err(invalid("secret"));
        }
        let reference = Reference::read(OPERATION, meeting)?;
        let online = self.look_online(OPERATION, &reference, &time).await?;
        let join_url = online.join_web_url.ok_or_else(|| {
            ProviderError::new(crate::teams::NAME, OPERATION, ErrorKind::Unexpected)
                .vendor_code("no joinWebUrl")
        })?;
        let body = json!({
            "changeType": "updated",
            "notificationUrl": endpoint.url,
            "lifecycleNotificationUrl": endpoint.url,
            "resource": resource(&join_url),
            "expirationDateTime": self.until(),
            "clientState": endpoint.secret.expose(),
            "includeResourceData": true,
            "encryptionCertificate": certificate.der,
            "encryptionCertificateId": certificate.id,
        });
        let organizer = reference.organizer.as_deref().unwrap_or_default();
        // Repeatable: what an earlier try made is met again as a conflict.
        let ask = Self::at_subscriptions(OPERATION, Method::POST, organizer).json(body.clone()).repeatable(2);
        match self.ask_json(&ask, &time).await {
            Ok(answer) => Self::subscription(OPERATION, answer),
            Err(error) if error.kind == ErrorKind::Conflict => {
                match self.adopt(OPERATION, &body, &time).await? {
                    Some(adopted) => Ok(adopted),
                    None => Self::subscription(OPERATION, self.ask_json(&ask, &time).await?),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Looks for a meeting that nobody has: whoever may look is told that there is none, by the same rules by which Graph lets
    /// an app be told who is in a meeting.
    async fn check(&self, call: &Call, host: Option<&str>, _: &EventEndpoint) -> Result<()> {
        const OPERATION: &str = "check events";
        let time = begin(call);
        let whose = self.host(OPERATION, host, &time).await?;
        self.find_online(OPERATION, &whose, NOBODYS, &time).await.map(drop)
    }

    async fn renew(&self, call: &Call, id: &str) -> Result<Subscription> {
        self.prolong("renew subscription", id, &begin(call)).await
    }

    async fn unsubscribe(&self, call: &Call, id: &str) -> Result<()> {
        self.end_subscription("unsubscribe", id, &begin(call)).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn the_link_is_encoded_once_more() {
        let url = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_Zm%40thread.v2/0?context=%7b%22Tid%22%3a%22t%22%7d";
        assert_eq!(
            resource(url),
            "communications/onlineMeetings(joinWebUrl='https%3A%2F%2Fteams.microsoft.com%2Fl%2Fmeetup-join%2F19%253ameeting_Zm%2540thread.v2%2F0%3Fcontext%3D%257b%2522Tid%2522%253a%2522t%2522%257d')/meetingCallEvents"
        );
    }
}
