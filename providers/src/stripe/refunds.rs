//! Refunds: the whole of a payment, or a part of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use lectern_core::provider::Call;
use serde::Deserialize;

use super::{
    IdempotencyKey, Stripe, StripeError,
    client::{Ask, id_segment},
    wire::{self, words},
};

words! {
    /// How far a refund is.
    RefundStatus {
        /// On its way: a bank debit's refund, or a card's that the bank takes later.
        Pending = "pending",
        /// The person must do something first.
        RequiresAction = "requires_action",
        /// Sent. It may still come back: [`RefundStatus::Failed`], days later.
        Succeeded = "succeeded",
        /// It did not arrive: the money is on the school's balance again.
        Failed = "failed",
        /// Called off before it was sent.
        Canceled = "canceled",
    }
}

words! {
    /// Why, for Stripe's own books.
    RefundReason {
        /// Paid twice.
        Duplicate = "duplicate",
        /// Paid by somebody else's card; Stripe then blocks card and address.
        Fraudulent = "fraudulent",
        /// The person asked for it.
        RequestedByCustomer = "requested_by_customer",
    }
}

/// A refund to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRefund {
    /// `pi_…`, from the session that was paid.
    pub payment_intent: String,
    /// In the currency's smallest unit; all that is left when absent.
    pub amount: Option<i64>,
    /// Why.
    pub reason: Option<RefundReason>,
    /// Ours: limits as for a session.
    pub metadata: BTreeMap<String, String>,
}

/// Money on its way back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Refund {
    /// `re_…`, or `pyr_…` for some kinds of payment.
    pub id: String,
    /// In the currency's smallest unit.
    pub amount: i64,
    /// Three letters, lower case.
    pub currency: String,
    /// How far it is.
    pub status: RefundStatus,
    /// When it was made.
    #[serde(deserialize_with = "wire::seconds")]
    pub created: DateTime<Utc>,
    /// Of which payment.
    #[serde(default, deserialize_with = "wire::reference")]
    pub payment_intent: Option<String>,
    /// Of which charge.
    #[serde(default, deserialize_with = "wire::reference")]
    pub charge: Option<String>,
    /// Why it failed, in Stripe's word: `expired_or_canceled_card`.
    #[serde(default)]
    pub failure_reason: Option<String>,
    /// Ours.
    #[serde(default, deserialize_with = "wire::metadata")]
    pub metadata: BTreeMap<String, String>,
}

const PATH: &str = "/v1/refunds";

impl Stripe {
    /// Sends money back. The same key sends it once.
    ///
    /// # Errors
    /// [`StripeError`]; `AlreadyRefunded` when nothing is left, `Invalid` of `amount` when that much is not, `Invalid` of no
    /// parameter or of `payment_intent` when nothing was paid.
    pub async fn create_refund(
        &self,
        call: &Call,
        wanted: &NewRefund,
        key: &IdempotencyKey,
    ) -> Result<Refund, StripeError> {
        let mut ask = Ask::post("create_refund", PATH, PATH.to_owned());
        ask.key = Some(key.clone());
        ask.field("payment_intent", &wanted.payment_intent);
        if let Some(amount) = wanted.amount {
            ask.field("amount", amount.to_string());
        }
        ask.optional("reason", wanted.reason.as_ref().map(RefundReason::as_str));
        ask.metadata(&wanted.metadata);
        self.ask(call, &ask).await
    }

    /// Looks at a refund.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn retrieve_refund(&self, call: &Call, id: &str) -> Result<Refund, StripeError> {
        let operation = "retrieve_refund";
        let path = format!("{PATH}/{}", id_segment(operation, id)?);
        self.ask(call, &Ask::get(operation, "/v1/refunds/{id}", path)).await
    }
}
