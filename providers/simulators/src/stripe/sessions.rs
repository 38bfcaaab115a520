//! Checkout Sessions: made, read, closed.
//!
//! Sources: docs.stripe.com/api/checkout/sessions; the sentences about `expires_at` and least amounts as people have posted them.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::{
    currency,
    errors::{self, Refusal, invalid},
    gateway::{Call, Origin},
    state::{Item, Owner, Payment, PaymentState, Session, SessionState, Timer},
    world::World,
};

/// A page may be open for this long.
const SHORTEST: Duration = Duration::minutes(30);
const LONGEST: Duration = Duration::hours(24);

/// What a payment can be made with here; an account at Stripe has more to choose from.
const METHODS: &[&str] = &["card", "sepa_debit"];

/// Fields of a session that are null without the feature.
const NOT_SERVED: &[&str] = &[
    "after_expiration",
    "allow_promotion_codes",
    "billing_address_collection",
    "client_secret",
    "consent",
    "consent_collection",
    "currency_conversion",
    "customer",
    "invoice",
    "locale",
    "payment_link",
    "recovered_from",
    "setup_intent",
    "shipping_address_collection",
    "shipping_cost",
    "shipping_details",
    "submit_type",
    "subscription",
];

impl World {
    /// A session of this account in this mode.
    pub(crate) fn session_of(&self, owner: &Owner, id: &str) -> Result<&Session, Refusal> {
        let found = self.sessions.get(id);
        if let Some(session) = found.filter(|session| session.owner == *owner) {
            return Ok(session);
        }
        let elsewhere = found.is_some_and(|session| session.owner.account == owner.account);
        let (there, here) = if owner.livemode { ("test", "live") } else { ("live", "test") };
        let hint = if elsewhere {
            format!(
                "; a similar object exists in {there} mode, but a {here} mode key was used to make this request."
            )
        } else {
            String::new()
        };
        Err(errors::no_such("checkout.session", id, None, &hint))
    }

    pub(crate) fn create_session(&mut self, call: &Call) -> Result<Value, Refusal> {
        let params = &call.params;
        if params.text("mode")?.is_none() {
            return Err(errors::missing("mode"));
        }
        match params.one_of("mode", &["payment", "setup", "subscription"])? {
            Some("payment") => {}
            _ => return Err(invalid(None, Some("mode"), "This simulator serves the mode `payment` alone.")),
        }
        let success_url = params.url("success_url")?.ok_or_else(|| errors::missing("success_url"))?;
        let cancel_url = params.url("cancel_url")?;
        let (items, money) = items(call)?;
        let reference = params.text("client_reference_id")?;
        if let Some(long) = reference.filter(|text| text.chars().count() > 200) {
            let message = format!("Invalid string: {long}; must be at most 200 characters");
            return Err(invalid(None, Some("client_reference_id"), message));
        }
        let email = params.email("customer_email")?;
        let metadata = params.metadata("metadata")?;
        let payment_metadata = params.metadata("payment_intent_data[metadata]")?;
        let methods = self.methods(call, &money)?;
        let asked = params.integer("expires_at")?;
        let total = items
            .iter()
            .try_fold(0_i64, |sum, item| sum.checked_add(item.unit_amount.checked_mul(item.quantity)?));
        currency::payable(total.unwrap_or(i64::MAX), &money)?;
        let expires = expiry(asked, call.now)?;
        let mode = if call.owner.livemode { "cs_live_" } else { "cs_test_" };
        let session = Session {
            id: self.id(&format!("{mode}a1"), 56),
            owner: call.owner.clone(),
            state: SessionState::Open,
            created: call.now,
            expires,
            currency: money,
            total: total.unwrap_or_default(),
            items,
            customer_email: email.map(str::to_owned),
            client_reference_id: reference.map(str::to_owned),
            metadata,
            payment_metadata,
            success_url: success_url.to_owned(),
            cancel_url: cancel_url.map(str::to_owned),
            methods,
            fragment: self.id("fid", 40),
            asked: None,
            payment: None,
            attempts: Vec::new(),
        };
        let (id, body) = (session.id.clone(), self.session_json(&session));
        self.after(session.expires, Timer::SessionExpires(id.clone()));
        self.sessions.insert(id, session);
        Ok(body)
    }

    /// Bank debits are in euros alone.
    fn methods(&self, call: &Call, money: &str) -> Result<Vec<String>, Refusal> {
        let count = call.params.indices("payment_method_types")?;
        let mut methods = Vec::new();
        for at in 0..count {
            let name = format!("payment_method_types[{at}]");
            methods.extend(call.params.one_of(&name, METHODS)?.map(str::to_owned));
        }
        if methods.iter().any(|method| method == "sepa_debit") && money != "eur" {
            let message =
                "The payment method `sepa_debit` cannot be used with this currency: it supports `eur` alone.";
            return Err(invalid(None, Some("payment_method_types"), message));
        }
        if methods.is_empty() {
            let bank = self.behaviour.bank_debits && money == "eur";
            let may = |method: &&&str| **method != "sepa_debit" || bank;
            methods = METHODS.iter().filter(may).map(|method| (*method).to_owned()).collect();
        }
        Ok(methods)
    }

    pub(crate) fn get_session(&self, call: &Call) -> Result<Value, Refusal> {
        let session = self.session_of(&call.owner, &call.id)?;
        Ok(self.session_json(session))
    }

    /// Nobody can pay here any more. False when it was not open.
    pub(crate) fn close(&mut self, id: &str, origin: Option<&Origin>, at: DateTime<Utc>) -> bool {
        let Some(session) = self.sessions.get_mut(id).filter(|session| session.state == SessionState::Open)
        else {
            return false;
        };
        session.state = SessionState::Expired;
        session.asked = None;
        self.tell_session("checkout.session.expired", id, origin, at);
        true
    }

    /// The address of the page, with the part that stays in the browser.
    pub(crate) fn page_url(&self, session: &Session) -> String {
        format!("{}/c/pay/{}#{}", self.base, session.id, session.fragment)
    }

    fn payment_of(&self, session: &Session) -> Option<&Payment> {
        self.payments.get(session.payment.as_ref()?)
    }

    pub(crate) fn payment_status(&self, session: &Session) -> &'static str {
        let paid = self.payment_of(session).is_some_and(|payment| payment.state == PaymentState::Succeeded);
        if paid { "paid" } else { "unpaid" }
    }

    /// The object as version 2024-06-20 has it. Fields of features that are not served are null, empty or off.
    pub(crate) fn session_json(&self, session: &Session) -> Value {
        let email = self.payment_of(session).map(|payment| payment.email.as_str());
        let email = email.or(session.customer_email.as_deref());
        let details = email.map(|email| {
            json!({ "address": null, "email": email, "name": null, "phone": null, "tax_exempt": "none", "tax_ids": null })
        });
        let url = (session.state == SessionState::Open).then(|| self.page_url(session));
        let mut object = json!({
            "id": session.id, "object": "checkout.session", "amount_subtotal": session.total, "amount_total": session.total,
            "cancel_url": session.cancel_url, "client_reference_id": session.client_reference_id,
            "created": session.created.timestamp(), "currency": session.currency, "customer_creation": "if_required",
            "customer_details": details, "customer_email": session.customer_email,
            "expires_at": session.expires.timestamp(), "livemode": session.owner.livemode,
            "metadata": session.metadata, "mode": "payment", "payment_intent": session.payment,
            "payment_method_collection": "if_required", "payment_method_types": session.methods,
            "payment_status": self.payment_status(session), "status": session.state.word(),
            "success_url": session.success_url, "ui_mode": "hosted", "url": url,
        });
        for name in NOT_SERVED {
            object[*name] = Value::Null;
        }
        object["automatic_tax"] = json!({ "enabled": false, "liability": null, "status": null });
        object["custom_fields"] = json!([]);
        object["custom_text"] = json!({ "after_submit": null, "shipping_address": null, "submit": null, "terms_of_service_acceptance": null });
        object["invoice_creation"] = json!({ "enabled": false });
        object["payment_method_options"] = json!({});
        object["phone_number_collection"] = json!({ "enabled": false });
        object["shipping_options"] = json!([]);
        object["total_details"] = json!({ "amount_discount": 0, "amount_shipping": 0, "amount_tax": 0 });
        object
    }
}

/// What is bought, and in which currency.
fn items(call: &Call) -> Result<(Vec<Item>, String), Refusal> {
    let params = &call.params;
    let count = params.indices("line_items")?;
    if count == 0 {
        return Err(errors::missing("line_items"));
    }
    if count > 100 {
        let message = format!("Array line_items exceeded maximum 100 allowed elements (got {count}).");
        return Err(invalid(None, Some("line_items"), message));
    }
    let mut items = Vec::new();
    let mut money: Option<String> = None;
    for at in 0..count {
        let name = |rest: &str| format!("line_items[{at}]{rest}");
        let param = name("[price_data][currency]");
        let currency = currency::known(&param, params.needed(&param)?)?;
        if money.as_ref().is_some_and(|first| *first != currency) {
            let message = "All line items must have the same currency.";
            return Err(invalid(None, Some(&param), message));
        }
        money = Some(currency);
        let param = name("[price_data][product_data][name]");
        let product = params.needed(&param)?.to_owned();
        let param = name("[price_data][unit_amount]");
        let unit_amount = params.integer(&param)?.ok_or_else(|| errors::missing(&param))?;
        if unit_amount < 0 {
            return Err(invalid(
                Some("parameter_invalid_integer"),
                Some(&param),
                "Invalid non-negative integer",
            ));
        }
        let param = name("[quantity]");
        let quantity = params.integer(&param)?.ok_or_else(|| {
            invalid(
                None,
                Some(&name("")),
                format!("Quantity is required. Add `quantity` to `line_items[{at}]`"),
            )
        })?;
        if quantity < 1 {
            let message = "This value must be greater than or equal to 1.";
            return Err(invalid(Some("parameter_invalid_integer"), Some(&param), message));
        }
        items.push(Item { name: product, unit_amount, quantity });
    }
    Ok((items, money.unwrap_or_default()))
}

/// The last moment, in whole seconds.
fn expiry(asked: Option<i64>, now: DateTime<Utc>) -> Result<DateTime<Utc>, Refusal> {
    let wrong = |message: &str| invalid(None, Some("expires_at"), message).begun();
    let now = DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now);
    let Some(asked) = asked else { return Ok(now + LONGEST) };
    let moment = DateTime::from_timestamp(asked, 0).ok_or_else(|| wrong("Invalid timestamp"))?;
    if moment - now < SHORTEST {
        return Err(wrong(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.",
        ));
    }
    if moment - now > LONGEST {
        return Err(wrong(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
        ));
    }
    Ok(moment)
}
