//! What really happened at a page: what a school's books are measured against.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    state::{Attempt, PaymentState, RefundState, SessionState},
    world::World,
};

/// The truth about one session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Truth {
    /// `cs_…`.
    pub session: String,
    /// Whose account it is.
    pub account: String,
    /// Where the page is in its life.
    pub state: SessionState,
    /// In the currency's smallest unit.
    pub amount: i64,
    /// Three letters, lower case.
    pub currency: String,
    /// Ours.
    pub client_reference_id: Option<String>,
    /// Every time somebody pressed Pay.
    pub attempts: Vec<Attempt>,
    /// `pi_…`, once the page is done.
    pub payment_intent: Option<String>,
    /// Where the money is.
    pub payment: Option<PaymentState>,
    /// All that went back and did not return.
    pub refunded: i64,
    /// Every refund, oldest first.
    pub refunds: Vec<RefundTruth>,
}

/// One refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefundTruth {
    /// `re_…` or `pyr_…`.
    pub id: String,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// In the currency's smallest unit.
    pub amount: i64,
    /// How far it is.
    pub state: RefundState,
}

impl Truth {
    /// What the school has of it.
    #[must_use]
    pub fn kept(&self) -> i64 {
        if self.payment == Some(PaymentState::Succeeded) { self.amount - self.refunded } else { 0 }
    }
}

impl World {
    pub(crate) fn truth(&self, id: &str) -> Option<Truth> {
        let session = self.sessions.get(id)?;
        let payment = session.payment.as_ref().and_then(|intent| self.payments.get(intent));
        let mut refunds: Vec<_> = self
            .refunds
            .values()
            .filter(|refund| Some(&refund.intent) == session.payment.as_ref())
            .map(|refund| RefundTruth {
                id: refund.id.clone(),
                at: refund.created,
                amount: refund.amount,
                state: refund.state,
            })
            .collect();
        refunds.sort_by_key(|refund| refund.at);
        Some(Truth {
            session: session.id.clone(),
            account: session.owner.account.clone(),
            state: session.state,
            amount: session.total,
            currency: session.currency.clone(),
            client_reference_id: session.client_reference_id.clone(),
            attempts: session.attempts.clone(),
            payment_intent: session.payment.clone(),
            payment: payment.map(|payment| payment.state),
            refunded: payment.map_or(0, |payment| payment.refunded),
            refunds,
        })
    }
}
