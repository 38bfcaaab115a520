//! What to put into a simulator.

use serde::{Deserialize, Serialize};

/// A school's account at Stripe.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountSpec {
    /// `acct_…`.
    pub id: String,
    /// The name on its pages.
    pub name: String,
    /// Its owner's address.
    #[serde(default)]
    pub email: String,
    /// Two letters; `DE` when empty.
    #[serde(default)]
    pub country: String,
    /// Three letters; `eur` when empty.
    #[serde(default)]
    pub default_currency: String,
    /// Its secret keys.
    pub keys: Vec<KeySpec>,
    /// Where its events go.
    #[serde(default)]
    pub endpoints: Vec<EndpointSpec>,
}

/// A secret key: `sk_test_…` and `sk_live_…` may do everything, `rk_…` what they are given.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySpec {
    /// The key.
    pub key: String,
    /// What a restricted key may do, by operation id: `PostCheckoutSessions`. A key `sk_…` may do everything.
    #[serde(default)]
    pub operations: Vec<String>,
}

impl KeySpec {
    /// A key that may do everything.
    #[must_use]
    pub fn full(key: impl Into<String>) -> Self {
        Self { key: key.into(), operations: Vec::new() }
    }
}

/// A webhook endpoint of an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointSpec {
    /// Where events go.
    pub url: String,
    /// Its signing secret: `whsec_…`.
    pub secret: String,
    /// Whether it is told of live payments; otherwise of test payments.
    #[serde(default)]
    pub livemode: bool,
    /// Event types; empty means all.
    #[serde(default)]
    pub events: Vec<String>,
}
