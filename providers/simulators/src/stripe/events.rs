//! What happens, told to the endpoints that want to know.
//!
//! Source: docs.stripe.com/api/events. A payment tells more than a class needs: a receiver passes over what it does not know.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    gateway::{Origin, VERSION},
    state::{Owner, PaymentState},
    webhooks::Delivery,
    world::World,
};

impl World {
    fn tell(
        &mut self,
        kind: &str,
        owner: &Owner,
        object: &Value,
        origin: Option<&Origin>,
        at: DateTime<Utc>,
    ) {
        let Some(account) = self.accounts.get(&owner.account) else { return };
        let urls: Vec<String> = account
            .endpoints
            .iter()
            .map(|endpoint| &endpoint.spec)
            .filter(|spec| spec.livemode == owner.livemode)
            .filter(|spec| spec.events.is_empty() || spec.events.iter().any(|name| name == kind))
            .map(|spec| spec.url.clone())
            .collect();
        let id = self.id("evt_1", 23);
        let request = json!({
            "id": origin.map(|origin| origin.request_id.as_str()),
            "idempotency_key": origin.and_then(|origin| origin.key.as_deref()),
        });
        let event = json!({
            "id": id, "object": "event", "api_version": VERSION, "created": at.timestamp(), "data": { "object": object },
            "livemode": owner.livemode, "pending_webhooks": urls.len(), "request": request, "type": kind,
        });
        // Stripe sends its objects with two spaces before each field.
        let body = serde_json::to_vec_pretty(&event).unwrap_or_default();
        for url in urls {
            let delivery = Delivery::new(owner.clone(), url, &id, kind, body.clone());
            self.outbox.post(at, delivery);
        }
    }

    pub(crate) fn tell_session(&mut self, kind: &str, id: &str, origin: Option<&Origin>, at: DateTime<Utc>) {
        if let Some(session) = self.sessions.get(id) {
            let (owner, object) = (session.owner.clone(), self.session_json(session));
            self.tell(kind, &owner, &object, origin, at);
        }
    }

    pub(crate) fn tell_refund(&mut self, kind: &str, id: &str, origin: Option<&Origin>, at: DateTime<Utc>) {
        if let Some(refund) = self.refunds.get(id) {
            let (owner, object) = (refund.owner.clone(), self.refund_json(refund));
            self.tell(kind, &owner, &object, origin, at);
        }
    }

    pub(crate) fn tell_charge(
        &mut self,
        kind: &str,
        intent: &str,
        origin: Option<&Origin>,
        at: DateTime<Utc>,
    ) {
        let Some(payment) = self.payments.get(intent) else { return };
        let (paid, status) = match payment.state {
            PaymentState::Processing => (false, "pending"),
            PaymentState::Succeeded => (true, "succeeded"),
            PaymentState::Failed => (false, "failed"),
        };
        let mut details = json!({ "type": payment.method });
        details[payment.method] = json!({ "last4": payment.last4 });
        let object = json!({
            "id": payment.charge, "object": "charge", "amount": payment.amount,
            "amount_captured": if paid { payment.amount } else { 0 }, "amount_refunded": payment.refunded,
            "balance_transaction": null, "billing_details": { "address": null, "email": payment.email, "name": null, "phone": null },
            "captured": paid, "created": payment.created.timestamp(), "currency": payment.currency, "customer": null,
            "disputed": false, "livemode": payment.owner.livemode, "metadata": payment.metadata, "paid": paid,
            "payment_intent": payment.intent, "payment_method_details": details,
            "receipt_url": null, "refunded": payment.refunded == payment.amount, "status": status,
        });
        let owner = payment.owner.clone();
        self.tell(kind, &owner, &object, origin, at);
    }

    pub(crate) fn tell_payment(&mut self, kind: &str, intent: &str, at: DateTime<Utc>) {
        let Some(payment) = self.payments.get(intent) else { return };
        let status = match payment.state {
            PaymentState::Processing => "processing",
            PaymentState::Succeeded => "succeeded",
            PaymentState::Failed => "requires_payment_method",
        };
        let object = json!({
            "id": payment.intent, "object": "payment_intent", "amount": payment.amount,
            "amount_received": if payment.state == PaymentState::Succeeded { payment.amount } else { 0 },
            "created": payment.created.timestamp(), "currency": payment.currency, "latest_charge": payment.charge,
            "livemode": payment.owner.livemode, "metadata": payment.metadata, "payment_method_types": [payment.method],
            "status": status,
        });
        let owner = payment.owner.clone();
        self.tell(kind, &owner, &object, None, at);
    }

    /// An attempt that failed. Its payment intent is not the session's: an open session has none (unverified).
    pub(crate) fn tell_declined(&mut self, session: &str, code: &str, sentence: &str, at: DateTime<Utc>) {
        let Some(session) = self.sessions.get(session) else { return };
        let object = json!({
            "id": self.id("pi_3", 23), "object": "payment_intent", "amount": session.total, "amount_received": 0,
            "created": at.timestamp(), "currency": session.currency, "livemode": session.owner.livemode,
            "last_payment_error": { "type": "card_error", "code": code, "message": sentence },
            "metadata": session.payment_metadata, "payment_method_types": session.methods,
            "status": "requires_payment_method",
        });
        let owner = session.owner.clone();
        self.tell("payment_intent.payment_failed", &owner, &object, None, at);
    }
}
