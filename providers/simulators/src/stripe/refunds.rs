//! Refunds: all or a part, done at once, later, or not after all.
//!
//! Sources: docs.stripe.com/api/refunds, docs.stripe.com/refunds. A refund that comes back is taken off the charge's
//! `amount_refunded` again (unverified).

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::{
    currency,
    errors::{self, Refusal, invalid},
    gateway::{Call, Origin},
    state::{Fate, Owner, PaymentState, Refund, RefundState, Timer},
    world::World,
};

impl World {
    pub(crate) fn create_refund(&mut self, call: &Call) -> Result<Value, Refusal> {
        let params = &call.params;
        let amount = params.integer("amount")?;
        let reason = params
            .one_of("reason", &["duplicate", "fraudulent", "requested_by_customer"])?
            .map(str::to_owned);
        let metadata = params.metadata("metadata")?;
        let intent = match (params.text("payment_intent")?, params.text("charge")?) {
            (Some(intent), _) => {
                let known =
                    self.payments.get(intent).filter(|payment| payment.owner == call.owner);
                known.ok_or_else(|| errors::no_such("payment_intent", intent, Some("payment_intent"), ""))?
            }
            (None, Some(charge)) => {
                let known = self
                    .payments
                    .values()
                    .find(|payment| payment.charge == charge && payment.owner == call.owner);
                known.ok_or_else(|| errors::no_such("charge", charge, Some("charge"), ""))?
            }
            (None, None) => {
                let message =
                    "One of the following params should be provided for this request: payment_intent or charge.";
                return Err(invalid(None, None, message));
            }
        }
        .intent
        .clone();
        let id = self.refund(&intent, amount, Some(&call.request), call.now, |refund| {
            refund.reason = reason;
            refund.metadata = metadata;
        })?;
        self.find_refund(&call.owner, &id)
    }

    /// Sends money back: by the API, or on Stripe's own pages.
    pub(crate) fn refund(
        &mut self,
        intent: &str,
        amount: Option<i64>,
        origin: Option<&Origin>,
        now: DateTime<Utc>,
        dress: impl FnOnce(&mut Refund),
    ) -> Result<String, Refusal> {
        let Some(payment) = self.payments.get(intent) else {
            return Err(errors::no_such("payment_intent", intent, Some("payment_intent"), ""));
        };
        if payment.state != PaymentState::Succeeded {
            let message =
                format!("This PaymentIntent ({intent}) does not have a successful charge to refund.");
            return Err(invalid(None, None, message).begun());
        }
        let left = payment.amount - payment.refunded;
        if left == 0 {
            let message = format!("Charge {} has already been refunded.", payment.charge);
            return Err(invalid(Some("charge_already_refunded"), None, message).begun());
        }
        let amount = amount.unwrap_or(left);
        if amount < 1 {
            let message = "This value must be greater than or equal to 1.";
            return Err(invalid(Some("parameter_invalid_integer"), Some("amount"), message));
        }
        if amount > left {
            let (wanted, left) =
                (currency::shown(amount, &payment.currency), currency::shown(left, &payment.currency));
            let message =
                format!("Refund amount ({wanted}) is greater than unrefunded amount on charge ({left})");
            return Err(invalid(None, Some("amount"), message).begun());
        }
        let fate = payment.fate;
        let mut refund = Refund {
            id: self.id(if payment.method == "card" { "re_3" } else { "pyr_3" }, 23),
            owner: payment.owner.clone(),
            intent: intent.to_owned(),
            amount,
            created: now,
            state: if fate == Fate::Later { RefundState::Pending } else { RefundState::Succeeded },
            reason: None,
            metadata: std::collections::BTreeMap::new(),
        };
        dress(&mut refund);
        let id = refund.id.clone();
        self.refunds.insert(id.clone(), refund);
        if let Some(payment) = self.payments.get_mut(intent) {
            payment.refunded += amount;
        }
        self.tell_refund("refund.created", &id, origin, now);
        self.tell_charge("charge.refunded", intent, origin, now);
        if fate != Fate::AtOnce {
            let due = now + Duration::seconds(self.behaviour.refund_seconds);
            self.after(due, Timer::Refund(id.clone(), fate == Fate::Later));
        }
        Ok(id)
    }

    /// A refund arrives, or comes back. False when that has been decided.
    pub(crate) fn refund_ends(&mut self, id: &str, arrives: bool, at: DateTime<Utc>) -> bool {
        let Some(refund) = self.refunds.get_mut(id) else { return false };
        let state = if arrives { RefundState::Succeeded } else { RefundState::Failed };
        if refund.state == state || refund.state == RefundState::Failed {
            return false;
        }
        refund.state = state;
        let (amount, intent) = (refund.amount, refund.intent.clone());
        if !arrives && let Some(payment) = self.payments.get_mut(&intent) {
            payment.refunded -= amount;
        }
        self.tell_refund("refund.updated", id, None, at);
        if !arrives {
            self.tell_refund("refund.failed", id, None, at);
        }
        true
    }

    pub(crate) fn get_refund(&self, call: &Call) -> Result<Value, Refusal> {
        self.find_refund(&call.owner, &call.id)
    }

    fn find_refund(&self, owner: &Owner, id: &str) -> Result<Value, Refusal> {
        let found = self.refunds.get(id).filter(|refund| refund.owner == *owner);
        found.map(|refund| self.refund_json(refund)).ok_or_else(|| errors::no_such("refund", id, None, ""))
    }

    /// The object as version 2024-06-20 has it.
    pub(crate) fn refund_json(&self, refund: &Refund) -> Value {
        let payment = self.payments.get(&refund.intent);
        let mut object = json!({
            "id": refund.id, "object": "refund", "amount": refund.amount, "balance_transaction": null,
            "charge": payment.map(|payment| payment.charge.as_str()), "created": refund.created.timestamp(),
            "currency": payment.map(|payment| payment.currency.as_str()), "metadata": refund.metadata,
            "payment_intent": refund.intent, "reason": refund.reason, "receipt_number": null,
            "source_transfer_reversal": null, "status": refund.state.word(), "transfer_reversal": null,
        });
        if refund.state == RefundState::Failed {
            object["failure_reason"] = json!("expired_or_canceled_card");
        }
        object
    }
}
