//! Checkout Sessions: a page of Stripe's where one person pays for one thing.

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
    /// Where a session is in its life.
    SessionStatus {
        /// The person can still pay.
        Open = "open",
        /// The page is done. The money may still be on its way: see [`PaymentStatus`].
        Complete = "complete",
        /// Nobody can pay any more.
        Expired = "expired",
    }
}

words! {
    /// Whether the money is there.
    PaymentStatus {
        /// It is.
        Paid = "paid",
        /// It is not (yet): the session is open, or a bank debit is on its way.
        Unpaid = "unpaid",
        /// There was nothing to pay.
        NoPaymentRequired = "no_payment_required",
    }
}

/// A page to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCheckoutSession {
    /// Three letters, any case: `eur`.
    pub currency: String,
    /// In the currency's smallest unit: cents; whole yen for a currency without cents (docs.stripe.com/currencies#zero-decimal).
    pub unit_amount: i64,
    /// What is bought, as the person reads it.
    pub product_name: String,
    /// Filled in on the page, and not to be changed there.
    pub customer_email: Option<String>,
    /// Ours, to find it again: up to 200 letters, digits, `-` and `_`.
    pub client_reference_id: Option<String>,
    /// Ours: up to 50 pairs; a name has up to 40 characters and no brackets, a value up to 500.
    pub metadata: BTreeMap<String, String>,
    /// Where the browser goes when it is done; `{CHECKOUT_SESSION_ID}` in it becomes the session's id. A text, for its braces.
    pub success_url: String,
    /// Where the link back goes.
    pub cancel_url: String,
    /// 30 minutes to 24 hours from now, by Stripe's clock: leave it a minute. Whole seconds.
    pub expires_at: DateTime<Utc>,
}

/// A page, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CheckoutSession {
    /// `cs_…`.
    pub id: String,
    /// Where the person pays: whoever has it can. Absent when nobody can any more.
    #[serde(default)]
    pub url: Option<String>,
    /// Where it is in its life.
    pub status: SessionStatus,
    /// Whether the money is there.
    pub payment_status: PaymentStatus,
    /// When it was made.
    #[serde(deserialize_with = "wire::seconds")]
    pub created: DateTime<Utc>,
    /// When it closes by itself.
    #[serde(deserialize_with = "wire::seconds")]
    pub expires_at: DateTime<Utc>,
    /// `pi_…`, what a refund needs: there once somebody has paid.
    #[serde(default, deserialize_with = "wire::reference")]
    pub payment_intent: Option<String>,
    /// In the currency's smallest unit.
    #[serde(default)]
    pub amount_total: Option<i64>,
    /// Three letters, lower case.
    #[serde(default)]
    pub currency: Option<String>,
    /// Ours.
    #[serde(default)]
    pub client_reference_id: Option<String>,
    /// The address that was filled in.
    #[serde(default)]
    pub customer_email: Option<String>,
    /// Ours.
    #[serde(default, deserialize_with = "wire::metadata")]
    pub metadata: BTreeMap<String, String>,
    /// Whether real money is meant.
    pub livemode: bool,
}

impl CheckoutSession {
    /// The money is there: now, and only now, is the seat theirs.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        matches!(self.payment_status, PaymentStatus::Paid | PaymentStatus::NoPaymentRequired)
            && self.status == SessionStatus::Complete
    }
}

const PATH: &str = "/v1/checkout/sessions";

impl Stripe {
    /// Makes a page. The same key gives the same page, even when its last moment would be too near by now.
    ///
    /// # Errors
    /// [`StripeError`]; `Invalid` names the parameter.
    pub async fn create_checkout_session(
        &self,
        call: &Call,
        wanted: &NewCheckoutSession,
        key: &IdempotencyKey,
    ) -> Result<CheckoutSession, StripeError> {
        let mut ask = Ask::post("create_checkout_session", PATH, PATH.to_owned());
        ask.key = Some(key.clone());
        ask.field("mode", "payment");
        ask.field("line_items[0][price_data][currency]", wanted.currency.to_ascii_lowercase());
        ask.field("line_items[0][price_data][unit_amount]", wanted.unit_amount.to_string());
        ask.field("line_items[0][price_data][product_data][name]", &wanted.product_name);
        ask.field("line_items[0][quantity]", "1");
        ask.optional("customer_email", wanted.customer_email.as_deref());
        ask.optional("client_reference_id", wanted.client_reference_id.as_deref());
        ask.metadata(&wanted.metadata);
        ask.field("success_url", &wanted.success_url);
        ask.field("cancel_url", &wanted.cancel_url);
        ask.field("expires_at", wanted.expires_at.timestamp().to_string());
        self.ask(call, &ask).await
    }

    /// Looks at a page: what webhooks told and what they lost.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn retrieve_checkout_session(
        &self,
        call: &Call,
        id: &str,
    ) -> Result<CheckoutSession, StripeError> {
        let operation = "retrieve_checkout_session";
        let path = format!("{PATH}/{}", id_segment(operation, id)?);
        self.ask(call, &Ask::get(operation, "/v1/checkout/sessions/{id}", path)).await
    }

    /// Closes a page, so that nobody pays for a seat that is gone.
    ///
    /// # Errors
    /// [`StripeError`]. `Invalid`, without a parameter: it was not open any more. Look at it then: it may have been paid.
    pub async fn expire_checkout_session(
        &self,
        call: &Call,
        id: &str,
    ) -> Result<CheckoutSession, StripeError> {
        let operation = "expire_checkout_session";
        let path = format!("{PATH}/{}/expire", id_segment(operation, id)?);
        let mut ask = Ask::post(operation, "/v1/checkout/sessions/{id}/expire", path);
        // The same for every try and no other call: a repeated one is told the first one's answer.
        ask.key = format!("expire-{id}").parse().ok();
        self.ask(call, &ask).await
    }
}
