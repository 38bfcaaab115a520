//! The account behind a key.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    errors::Refusal,
    gateway::Call,
    options::{AccountSpec, EndpointSpec},
    state::{Account, Endpoint, Key, Owner},
    world::World,
};

fn or(text: String, usual: &str) -> String {
    if text.is_empty() { usual.to_owned() } else { text }
}

impl World {
    /// Opens an account, or replaces it: its keys and endpoints are those given.
    pub(crate) fn add_account(&mut self, spec: AccountSpec, now: DateTime<Utc>) {
        self.keys.retain(|_, key| key.owner.account != spec.id);
        for key in spec.keys {
            let owner = Owner { account: spec.id.clone(), livemode: key.key.contains("_live_") };
            let operations = key.key.starts_with("rk_").then_some(key.operations);
            self.keys.insert(key.key, Key { owner, expired: false, operations });
        }
        let endpoints = spec.endpoints.into_iter().map(|spec| Endpoint { spec, rolled: None }).collect();
        let account = Account {
            id: spec.id.clone(),
            name: spec.name,
            email: spec.email,
            country: or(spec.country, "DE"),
            default_currency: or(spec.default_currency, "eur"),
            created: now,
            endpoints,
        };
        self.accounts.insert(spec.id, account);
    }

    /// Adds an endpoint, or replaces the one with this address. False when there is no such account.
    pub(crate) fn add_endpoint(&mut self, account: &str, spec: EndpointSpec) -> bool {
        let Some(account) = self.accounts.get_mut(account) else { return false };
        account.endpoints.retain(|known| known.spec.url != spec.url);
        account.endpoints.push(Endpoint { spec, rolled: None });
        true
    }

    /// The object as version 2024-06-20 has it, as far as an account's own key sees it.
    pub(crate) fn account(&self, call: &Call) -> Result<Value, Refusal> {
        let Some(account) = self.accounts.get(&call.owner.account) else {
            return Err(super::errors::no_such("account", &call.owner.account, None, ""));
        };
        Ok(json!({
            "id": account.id, "object": "account",
            "business_profile": { "mcc": null, "name": account.name, "support_email": null, "url": null },
            "business_type": null, "capabilities": { "card_payments": "active", "sepa_debit_payments": "active" },
            "charges_enabled": true, "country": account.country, "created": account.created.timestamp(),
            "default_currency": account.default_currency, "details_submitted": true, "email": account.email,
            "payouts_enabled": true, "settings": { "dashboard": { "display_name": account.name, "timezone": "Etc/UTC" } },
            "type": "standard",
        }))
    }
}
