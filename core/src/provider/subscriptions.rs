use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;
use url::Url;

use super::{Call, MeetingRef, Result};
use crate::secret::SecretString;

/// What one subscription covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionScope {
    /// One meeting.
    Meeting,
    /// All meetings of the connected account.
    Account,
}

/// A public key of ours, for vendors that encrypt what they send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Our name for it; comes back with every delivery.
    pub id: String,
    /// X.509, DER, base64.
    pub der: String,
}

/// Where events shall go, and what shall come with them.
#[derive(Clone, Debug)]
pub struct EventEndpoint {
    /// Our public address for this organization's events.
    pub url: Url,
    /// Comes back with every delivery (Graph: `clientState`, at most 128 characters).
    pub secret: SecretString,
    /// For encrypted payloads.
    pub certificate: Option<Certificate>,
    /// The queue of the organization's own through which the vendor delivers (Google: a Pub/Sub topic).
    pub topic: Option<String>,
}

/// A subscription as the vendor has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The vendor's id.
    pub id: String,
    /// When it ends unless renewed; read back from the vendor, never computed.
    pub until: DateTime<Utc>,
    /// Why the vendor does not deliver at present, in its words.
    pub suspended: Option<String>,
}

/// Events that must be asked for, and asked for again.
#[async_trait]
pub trait Subscriptions: Send + Sync {
    /// What one subscription covers.
    fn scope(&self) -> SubscriptionScope;

    /// Asks for events of a meeting, or of the account. One that exists already is adopted.
    ///
    /// The vendor may call the endpoint before this returns.
    async fn subscribe(
        &self,
        call: &Call,
        meeting: Option<&MeetingRef>,
        endpoint: &EventEndpoint,
    ) -> Result<Subscription>;

    /// Whether events could be asked for, without asking: for whoever sets a platform up. `host`: who would hold the meeting,
    /// by the platform's id, where one account holds everybody's.
    ///
    /// # Errors
    /// What stands in the way; [`super::ErrorKind::PolicyMissing`] names an administrator's step.
    async fn check(&self, call: &Call, host: Option<&str>, endpoint: &EventEndpoint) -> Result<()>;

    /// Gives it its longest life again.
    ///
    /// # Errors
    /// [`super::ErrorKind::NotFound`] when it has ended: subscribe anew.
    async fn renew(&self, call: &Call, id: &str) -> Result<Subscription>;

    /// Ends it. One that has ended is fine.
    async fn unsubscribe(&self, call: &Call, id: &str) -> Result<()>;
}
