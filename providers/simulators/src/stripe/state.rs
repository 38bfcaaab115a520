//! What an account holds: sessions, payments, refunds.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::options::EndpointSpec;

/// An account in one of its two modes: nothing of one is seen in the other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Owner {
    pub(crate) account: String,
    pub(crate) livemode: bool,
}

#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) country: String,
    pub(crate) default_currency: String,
    pub(crate) created: DateTime<Utc>,
    pub(crate) endpoints: Vec<Endpoint>,
}

#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) spec: EndpointSpec,
    /// A rolled secret, and until when it signs too.
    pub(crate) rolled: Option<(String, DateTime<Utc>)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) owner: Owner,
    pub(crate) expired: bool,
    /// What it may do; `None`: everything.
    pub(crate) operations: Option<Vec<String>>,
}

/// Where a session is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// Somebody can pay.
    Open,
    /// The page is done.
    Complete,
    /// Nobody can pay any more.
    Expired,
}

impl SessionState {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Complete => "complete",
            Self::Expired => "expired",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) unit_amount: i64,
    pub(crate) quantity: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) owner: Owner,
    pub(crate) state: SessionState,
    pub(crate) created: DateTime<Utc>,
    pub(crate) expires: DateTime<Utc>,
    pub(crate) currency: String,
    pub(crate) total: i64,
    pub(crate) items: Vec<Item>,
    pub(crate) customer_email: Option<String>,
    pub(crate) client_reference_id: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    /// Of the payment, not of the session.
    pub(crate) payment_metadata: BTreeMap<String, String>,
    pub(crate) success_url: String,
    pub(crate) cancel_url: Option<String>,
    /// What a person may choose from: `card`, `sepa_debit`.
    pub(crate) methods: Vec<String>,
    /// After `#` in its address.
    pub(crate) fragment: String,
    /// Whom the bank asks whether it is really them: address and card.
    pub(crate) asked: Option<(String, String)>,
    /// The payment intent, once the page is done.
    pub(crate) payment: Option<String>,
    pub(crate) attempts: Vec<Attempt>,
}

/// Somebody pressed Pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// When.
    pub at: DateTime<Utc>,
    /// Under which address.
    pub email: String,
    /// By `card` or `sepa_debit`.
    pub method: &'static str,
    /// `paid`, `processing`, `asked` (3-D Secure) or the code of the refusal.
    pub outcome: String,
}

/// Where a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// A bank debit on its way.
    Processing,
    /// The money is there.
    Succeeded,
    /// It did not come.
    Failed,
}

/// What becomes of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Done at once.
    AtOnce,
    /// Pending, and done later.
    Later,
    /// Said to be done, and it comes back.
    ComesBack,
}

/// A payment intent and its charge.
#[derive(Clone, Debug)]
pub(crate) struct Payment {
    pub(crate) intent: String,
    pub(crate) charge: String,
    pub(crate) owner: Owner,
    pub(crate) session: String,
    pub(crate) state: PaymentState,
    pub(crate) created: DateTime<Utc>,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) email: String,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) method: &'static str,
    pub(crate) last4: String,
    pub(crate) refunded: i64,
    pub(crate) fate: Fate,
}

/// How far a refund is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// On its way.
    Pending,
    /// Sent.
    Succeeded,
    /// It came back.
    Failed,
}

impl RefundState {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) owner: Owner,
    pub(crate) intent: String,
    pub(crate) amount: i64,
    pub(crate) created: DateTime<Utc>,
    pub(crate) state: RefundState,
    pub(crate) reason: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
}

/// What happens by itself.
#[derive(Clone, Debug)]
pub(crate) enum Timer {
    SessionExpires(String),
    /// A bank debit, and whether it arrives.
    Bank(String, bool),
    /// A refund, and whether it arrives.
    Refund(String, bool),
}
