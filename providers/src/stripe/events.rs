//! What webhooks tell. Stripe delivers at least once, in no order, and for up to three days: take an event as a hint, keep its
//! id, and look at the object itself where order matters.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{CheckoutSession, Refund, SignatureError, wire};

/// A payment that came through, as `charge.refunded` tells it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Charge {
    /// `ch_…`, or `py_…` for some kinds of payment.
    pub id: String,
    /// In the currency's smallest unit.
    pub amount: i64,
    /// All that went back so far.
    pub amount_refunded: i64,
    /// Whether all of it did.
    pub refunded: bool,
    /// Three letters, lower case.
    pub currency: String,
    /// `pi_…`, by which a session is found.
    #[serde(default, deserialize_with = "wire::reference")]
    pub payment_intent: Option<String>,
    /// The payment's own, not the session's.
    #[serde(default, deserialize_with = "wire::metadata")]
    pub metadata: BTreeMap<String, String>,
}

/// What happened, with the object as it was then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// `checkout.session.completed`. Not yet paid when the payment is a bank debit: see [`CheckoutSession::is_paid`].
    CheckoutCompleted(CheckoutSession),
    /// `checkout.session.async_payment_succeeded`: a bank debit arrived, days later.
    AsyncPaymentSucceeded(CheckoutSession),
    /// `checkout.session.async_payment_failed`: it did not.
    AsyncPaymentFailed(CheckoutSession),
    /// `checkout.session.expired`: nobody pays here any more.
    CheckoutExpired(CheckoutSession),
    /// `charge.refunded`: a refund was made, whole or in part, here or on Stripe's own page.
    ChargeRefunded(Charge),
    /// `refund.updated`: a refund went on.
    RefundUpdated(Refund),
    /// `refund.failed`: it came back.
    RefundFailed(Refund),
    /// Anything else, by Stripe's word: acknowledge it and do nothing.
    Other(String),
}

impl EventKind {
    /// Stripe's word for it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::CheckoutCompleted(_) => "checkout.session.completed",
            Self::AsyncPaymentSucceeded(_) => "checkout.session.async_payment_succeeded",
            Self::AsyncPaymentFailed(_) => "checkout.session.async_payment_failed",
            Self::CheckoutExpired(_) => "checkout.session.expired",
            Self::ChargeRefunded(_) => "charge.refunded",
            Self::RefundUpdated(_) => "refund.updated",
            Self::RefundFailed(_) => "refund.failed",
            Self::Other(name) => name,
        }
    }
}

/// One thing that happened at Stripe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StripeEvent {
    /// `evt_…`: the same in every delivery of it.
    pub id: String,
    /// What happened.
    pub kind: EventKind,
    /// When, in whole seconds: two may share one.
    pub created: DateTime<Utc>,
    /// Whether real money is meant. Refuse one that does not fit the account's key.
    pub livemode: bool,
    /// The version of the API its object is written in.
    pub api_version: Option<String>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(deserialize_with = "wire::seconds")]
    created: DateTime<Utc>,
    livemode: bool,
    #[serde(default)]
    api_version: Option<String>,
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    object: &'a RawValue,
}

fn object<T: DeserializeOwned>(data: &Data<'_>) -> Result<T, SignatureError> {
    serde_json::from_str(data.object.get()).map_err(|_| SignatureError::Unreadable)
}

impl StripeEvent {
    /// Reads an event that is known to be Stripe's: one that was verified before and kept. Fields not known are passed over.
    ///
    /// # Errors
    /// [`SignatureError::Unreadable`].
    pub fn parse(payload: &[u8]) -> Result<Self, SignatureError> {
        let Envelope { id, kind, created, livemode, api_version, data } =
            serde_json::from_slice(payload).map_err(|_| SignatureError::Unreadable)?;
        let kind = match kind.as_str() {
            "checkout.session.completed" => EventKind::CheckoutCompleted(object(&data)?),
            "checkout.session.async_payment_succeeded" => EventKind::AsyncPaymentSucceeded(object(&data)?),
            "checkout.session.async_payment_failed" => EventKind::AsyncPaymentFailed(object(&data)?),
            "checkout.session.expired" => EventKind::CheckoutExpired(object(&data)?),
            "charge.refunded" => EventKind::ChargeRefunded(object(&data)?),
            "refund.updated" => EventKind::RefundUpdated(object(&data)?),
            "refund.failed" => EventKind::RefundFailed(object(&data)?),
            _ => EventKind::Other(kind),
        };
        if id.is_empty() || id.len() > wire::LONGEST_ID {
            return Err(SignatureError::Unreadable);
        }
        Ok(Self { id, kind, created, livemode, api_version })
    }
}
