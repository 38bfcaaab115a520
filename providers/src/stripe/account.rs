//! The account behind a key: for "test connection".

use lectern_core::provider::Call;
use serde::Deserialize;

use super::{Stripe, StripeError, client::Ask};

/// Whose account it is, and whether it can take money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// `acct_…`.
    pub id: String,
    /// The name a person knows it by, when it has one.
    pub name: Option<String>,
    /// Its owner's address.
    pub email: Option<String>,
    /// Two letters.
    pub country: Option<String>,
    /// Three letters, lower case.
    pub default_currency: Option<String>,
    /// Whether Stripe takes live payments for it; `false` until the school has told who it is.
    pub charges_enabled: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Read {
    id: String,
    email: Option<String>,
    country: Option<String>,
    default_currency: Option<String>,
    charges_enabled: bool,
    business_profile: Option<Profile>,
    settings: Option<Settings>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Profile {
    name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Settings {
    dashboard: Option<Dashboard>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Dashboard {
    display_name: Option<String>,
}

impl From<Read> for Account {
    fn from(read: Read) -> Self {
        let shown = read.settings.and_then(|settings| settings.dashboard?.display_name);
        let name = shown.or_else(|| read.business_profile?.name).filter(|name| !name.is_empty());
        Self {
            id: read.id,
            name,
            email: read.email,
            country: read.country,
            default_currency: read.default_currency,
            charges_enabled: read.charges_enabled,
        }
    }
}

impl Stripe {
    /// Asks whose key this is. A restricted key needs the permission to read accounts for it (unverified which one).
    ///
    /// # Errors
    /// [`StripeError`]; `KeyRefused` and `NotAllowed` are the administrator's to repair.
    pub async fn retrieve_account(&self, call: &Call) -> Result<Account, StripeError> {
        let ask = Ask::get("retrieve_account", "/v1/account", "/v1/account".to_owned());
        self.ask::<Read>(call, &ask).await.map(Account::from)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn name(text: &str) -> Option<String> {
        Account::from(serde_json::from_str::<Read>(text).unwrap()).name
    }

    #[test]
    fn the_name_is_looked_for_where_stripe_keeps_it() {
        let both = r#"{"id":"acct_1","business_profile":{"name":"Oak Ltd"},"settings":{"dashboard":{"display_name":"Oak"}}}"#;
        assert_eq!(name(both).as_deref(), Some("Oak"));
        let one = r#"{"id":"acct_1","business_profile":{"name":"Oak Ltd","mcc":null},"settings":{"dashboard":{"display_name":null}}}"#;
        assert_eq!(name(one).as_deref(), Some("Oak Ltd"));
        assert_eq!(name(r#"{"id":"acct_1","business_profile":null,"settings":null}"#), None);
    }
}
