use std::time::Duration;

use async_trait::async_trait;
use lectern_core::provider::{
    Call, ErrorKind, EventEndpoint, MeetingRef, ProviderError, Result, Subscription, SubscriptionScope,
    Subscriptions,
};
use reqwest::Method;
use serde_json::json;

use super::{
    client::{Api, Ask, begin},
    config::Meet,
    error, oauth, wire,
};
use crate::transport::Allowance;

const OPERATION: &str = "subscribe to events";
const ROUTE: &str = "/subscriptions/{subscription}";
/// The first pause before work is looked at again; then twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// gRPC's number for "exists already", in the error of an operation.
const ALREADY_EXISTS: i64 = 6;
const NOT_FOUND: i64 = 5;
const PERMISSION_DENIED: i64 = 7;

/// What is asked for. Life-cycle events come by themselves.
const EVENTS: &[&str] = &[
    "google.workspace.meet.conference.v2.started",
    "google.workspace.meet.conference.v2.ended",
    "google.workspace.meet.participant.v2.joined",
    "google.workspace.meet.participant.v2.left",
    "google.workspace.meet.recording.v2.started",
    "google.workspace.meet.recording.v2.ended",
    "google.workspace.meet.recording.v2.fileGenerated",
];

fn new(operation: &'static str, kind: ErrorKind) -> ProviderError {
    ProviderError::new(crate::meet::NAME, operation, kind)
}

fn at_events(operation: &'static str, method: Method, route: &'static str, path: impl Into<String>) -> Ask {
    Ask::new(operation, method, route, path).at(Api::Events, oauth::READONLY)
}

fn path(operation: &'static str, id: &str) -> Result<String> {
    wire::path(operation, id, &["subscriptions"])
}

fn subscription(operation: &'static str, found: wire::Subscription) -> Result<Subscription> {
    let until = found
        .expire_time
        .ok_or_else(|| new(operation, ErrorKind::Unexpected).vendor_code("no expireTime"))?;
    let suspended = (found.state.as_deref() == Some("SUSPENDED"))
        .then(|| found.suspension_reason.unwrap_or_else(|| "OTHER".to_owned()));
    Ok(Subscription { id: found.name, until, suspended })
}

/// Google answers a topic of another project as it answers a forbidden app. Nearly always it is the topic: the connected account's
/// own meetings are never forbidden to it.
fn of_topic(error: ProviderError) -> ProviderError {
    if !matches!(error.kind, ErrorKind::PolicyMissing(_) | ErrorKind::NotFound)
        || error.step.as_deref().is_some_and(|step| step.key() == error::ENABLE_API.key())
    {
        return error;
    }
    let told = error::policy(error.operation, error::TOPIC);
    match error.vendor_code {
        Some(code) => told.vendor_code(code),
        None => told,
    }
}

fn topic<'a>(operation: &'static str, endpoint: &'a EventEndpoint) -> Result<&'a str> {
    let topic = endpoint.topic.as_deref().filter(|topic| !topic.is_empty());
    topic.ok_or_else(|| new(operation, ErrorKind::Invalid("topic".to_owned())))
}

impl Meet {
    /// Waits for work that Google does in its own time. `None`: it answered that the thing exists already.
    async fn finished(
        &self,
        operation: &'static str,
        mut work: wire::Operation<wire::Subscription>,
        time: &Allowance,
    ) -> Result<Option<wire::Subscription>> {
        let mut pause = FIRST_PAUSE;
        loop {
            if let Some(failed) = work.error {
                let error = match failed.code {
                    ALREADY_EXISTS => return Ok(None),
                    NOT_FOUND => new(operation, ErrorKind::NotFound),
                    PERMISSION_DENIED => error::policy(operation, error::TOPIC),
                    _ => new(operation, ErrorKind::Unexpected),
                };
                return Err(error.vendor_code(format!("operation/{}", failed.code)));
            }
            if work.done {
                return work.response.map(Some).ok_or_else(|| {
                    new(operation, ErrorKind::Unexpected).vendor_code("an operation without outcome")
                });
            }
            if pause >= time.remaining() {
                return Err(new(operation, ErrorKind::Unavailable).maybe_done());
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            let path = wire::path(operation, &work.name, &["operations"])?;
            work = self
                .ask_json(&at_events(operation, Method::GET, "/operations/{operation}", path), time)
                .await?;
        }
    }

    async fn existing(&self, target: &str, time: &Allowance) -> Result<Option<wire::Subscription>> {
        let types: Vec<_> = EVENTS.iter().map(|kind| format!("event_types:{}", wire::quoted(kind))).collect();
        let filter = format!("({}) AND target_resource={}", types.join(" OR "), wire::quoted(target));
        let list = || {
            at_events(OPERATION, Method::GET, "/subscriptions", "/subscriptions")
                .query("filter", filter.clone())
        };
        Ok(self.ask_all::<wire::SubscriptionPage>(list, time).await?.into_iter().next())
    }

    /// What is asked of Google for a target.
    fn asked_for(operation: &'static str, target: &str, topic: &str) -> Ask {
        at_events(operation, Method::POST, "/subscriptions", "/subscriptions")
            .json(json!({
                "targetResource": target, "eventTypes": EVENTS,
                "notificationEndpoint": {"pubsubTopic": topic}, "ttl": "0s",
            }))
            .repeatable(2)
    }

    /// All meetings of the connected account.
    fn own_target(&self, operation: &'static str) -> Result<String> {
        let user = &self.connected(operation)?.account.user_id;
        Ok(format!("//cloudidentity.googleapis.com/users/{user}"))
    }

    async fn make(&self, target: &str, topic: &str, time: &Allowance) -> Result<Option<wire::Subscription>> {
        let ask = Self::asked_for(OPERATION, target, topic);
        match self.ask_json(&ask, time).await {
            Ok(work) => self.finished(OPERATION, work, time).await,
            Err(error) if error::exists_already(&error) => Ok(None),
            Err(error) => Err(of_topic(error)),
        }
    }

    async fn prolong(
        &self,
        operation: &'static str,
        id: &str,
        time: &Allowance,
    ) -> Result<wire::Subscription> {
        let ask = at_events(operation, Method::PATCH, ROUTE, path(operation, id)?)
            .query("updateMask", "ttl")
            .json(json!({"ttl": "0s"}))
            .repeatable(3);
        let work = self.ask_json(&ask, time).await?;
        let found = self.finished(operation, work, time).await?;
        found.ok_or_else(|| new(operation, ErrorKind::Conflict))
    }

    /// Whoever repaired the cause does not tell Google: asking is the only way to find out.
    async fn awake(
        &self,
        operation: &'static str,
        found: wire::Subscription,
        time: &Allowance,
    ) -> Result<wire::Subscription> {
        if found.state.as_deref() != Some("SUSPENDED") {
            return Ok(found);
        }
        let path = format!("{}:reactivate", path(operation, &found.name)?);
        let ask = at_events(operation, Method::POST, "/subscriptions/{subscription}:reactivate", path)
            .json(json!({}))
            .repeatable(2);
        let outcome = match self.ask_json(&ask, time).await {
            Ok(work) => self.finished(operation, work, time).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(Some(awake)) => Ok(awake),
            Ok(None) => Ok(found),
            // It stays suspended, and says why.
            Err(error) => {
                tracing::info!(%error, "a Google events subscription stays suspended");
                Ok(found)
            }
        }
    }

    async fn end(&self, operation: &'static str, id: &str, time: &Allowance) -> Result<()> {
        let ask = at_events(operation, Method::DELETE, ROUTE, path(operation, id)?);
        match self.ask(&ask, time).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Subscriptions for Meet {
    fn scope(&self) -> SubscriptionScope {
        SubscriptionScope::Account
    }

    async fn subscribe(
        &self,
        call: &Call,
        meeting: Option<&MeetingRef>,
        endpoint: &EventEndpoint,
    ) -> Result<Subscription> {
        let time = begin(call);
        let topic = topic(OPERATION, endpoint)?;
        let target = match meeting {
            Some(meeting) => {
                wire::path(OPERATION, &meeting.id, &["spaces"])?;
                format!("//meet.googleapis.com/{}", meeting.id)
            }
            None => self.own_target(OPERATION)?,
        };
        if let Some(made) = self.make(&target, topic, &time).await? {
            return subscription(OPERATION, made);
        }
        let known = self.existing(&target, &time).await?;
        let same_topic = |known: &wire::Subscription| {
            known.notification_endpoint.as_ref().and_then(|endpoint| endpoint.pubsub_topic.as_deref())
                == Some(topic)
        };
        match known {
            Some(known) if same_topic(&known) => {
                let known = self.prolong(OPERATION, &known.name, &time).await?;
                subscription(OPERATION, self.awake(OPERATION, known, &time).await?)
            }
            // A topic cannot be changed.
            Some(known) => {
                self.end(OPERATION, &known.name, &time).await?;
                let made = self.make(&target, topic, &time).await?;
                subscription(OPERATION, made.ok_or_else(|| new(OPERATION, ErrorKind::Conflict))?)
            }
            None => Err(new(OPERATION, ErrorKind::Conflict)),
        }
    }

    /// A dry run. Whether Google may publish to the topic shows only when a subscription is made.
    async fn check(&self, call: &Call, _: Option<&str>, endpoint: &EventEndpoint) -> Result<()> {
        const OPERATION: &str = "check events";
        let topic = topic(OPERATION, endpoint)?;
        let ask =
            Self::asked_for(OPERATION, &self.own_target(OPERATION)?, topic).query("validateOnly", "true");
        match self.ask(&ask, &begin(call)).await {
            Ok(_) => Ok(()),
            Err(error) if error::exists_already(&error) => Ok(()),
            Err(error) => Err(of_topic(error)),
        }
    }

    async fn renew(&self, call: &Call, id: &str) -> Result<Subscription> {
        const OPERATION: &str = "renew subscription";
        let time = begin(call);
        let found = self.prolong(OPERATION, id, &time).await?;
        subscription(OPERATION, self.awake(OPERATION, found, &time).await?)
    }

    async fn unsubscribe(&self, call: &Call, id: &str) -> Result<()> {
        self.end("end subscription", id, &begin(call)).await
    }
}
