use std::fmt;

use lectern_core::secret::SecretString;
use url::Url;

/// Where Stripe is.
pub const API_BASE: &str = "https://api.stripe.com";

/// What a secret key begins with, and whether it moves real money.
const PREFIXES: [(&str, bool); 4] =
    [("sk_test_", false), ("sk_live_", true), ("rk_test_", false), ("rk_live_", true)];
/// Shortest and longest rest of a key. Stripe documents no length; known ones have 24 to 99 characters.
const REST: std::ops::RangeInclusive<usize> = 8..=240;

/// Why an account cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It is a publishable key (`pk_…`): that one is for browsers.
    #[error("this is a publishable key: the secret key begins with sk_ or rk_")]
    Publishable,
    /// It is a webhook's signing secret (`whsec_…`).
    #[error("this is a signing secret of webhooks: the secret key begins with sk_ or rk_")]
    SigningSecret,
    /// It is no key.
    #[error("a secret key begins with sk_test_, sk_live_, rk_test_ or rk_live_")]
    NoKey,
    /// The address is not one that paths can be added to.
    #[error("the address of the API must be http(s), without a query")]
    NoAddress,
}

/// An account at Stripe, and where Stripe is.
#[derive(Clone)]
pub struct StripeConfig {
    pub(super) api_base: Url,
    pub(super) secret_key: SecretString,
    livemode: bool,
}

impl StripeConfig {
    /// An account at Stripe itself.
    ///
    /// # Errors
    /// [`ConfigError`] when the key has not the form of one; whether Stripe knows it, only a call tells.
    pub fn new(secret_key: SecretString) -> Result<Self, ConfigError> {
        let base = Url::parse(API_BASE).map_err(|_| ConfigError::NoAddress)?;
        Self::at(base, secret_key)
    }

    /// An account at this address: a simulator's, in tests and the demo.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn at(api_base: Url, secret_key: SecretString) -> Result<Self, ConfigError> {
        let usable = matches!(api_base.scheme(), "https" | "http")
            && api_base.host().is_some()
            && api_base.query().is_none()
            && api_base.fragment().is_none();
        if !usable {
            return Err(ConfigError::NoAddress);
        }
        let livemode = mode(secret_key.expose())?;
        Ok(Self { api_base, secret_key, livemode })
    }

    /// Whether the key moves real money.
    #[must_use]
    pub const fn livemode(&self) -> bool {
        self.livemode
    }

    /// Where calls go.
    #[must_use]
    pub const fn api_base(&self) -> &Url {
        &self.api_base
    }
}

impl fmt::Debug for StripeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StripeConfig")
            .field("api_base", &self.api_base.as_str())
            .field("livemode", &self.livemode)
            .finish_non_exhaustive()
    }
}

fn mode(key: &str) -> Result<bool, ConfigError> {
    if key.starts_with("pk_") {
        return Err(ConfigError::Publishable);
    }
    if key.starts_with("whsec_") {
        return Err(ConfigError::SigningSecret);
    }
    PREFIXES
        .iter()
        .find_map(|(prefix, livemode)| {
            let rest = key.strip_prefix(prefix)?;
            let good = REST.contains(&rest.len())
                && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            good.then_some(*livemode)
        })
        .ok_or(ConfigError::NoKey)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn keys_are_told_from_what_people_paste_instead() {
        let livemode = |key: &str| StripeConfig::new(key.into()).map(|config| config.livemode());
        assert_eq!(livemode("sk_test_4eC39HqLyjWDarjtT1zdp7dc"), Ok(false));
        assert_eq!(livemode("rk_live_51HqLyjWDarjtT1zdp7dc"), Ok(true));
        assert_eq!(livemode("pk_test_TYooMQauvdEDq54NiTphI7jx"), Err(ConfigError::Publishable));
        assert_eq!(livemode("whsec_4eC39HqLyjWDarjtT1zdp7dc"), Err(ConfigError::SigningSecret));
        for wrong in [
            "",
            "sk_",
            "sk_test_",
            "sk_test_short",
            "sk_prod_4eC39HqLyjWDarjtT1zdp7dc",
            " sk_test_4eC39HqLyj",
            "sk_test_4eC39HqLyj\r\nx: y",
        ] {
            assert_eq!(livemode(wrong), Err(ConfigError::NoKey), "{wrong:?}");
        }
    }

    #[test]
    fn an_address_takes_paths() {
        let at = |address: &str| {
            StripeConfig::at(address.parse().unwrap(), "sk_test_4eC39HqLyjWDarjt".into()).err()
        };
        assert_eq!(at("http://127.0.0.1:12111"), None);
        assert_eq!(at("mailto:x@y.test"), Some(ConfigError::NoAddress));
        assert_eq!(at("https://api.stripe.com?x=1"), Some(ConfigError::NoAddress));
    }

    #[test]
    fn a_key_is_never_shown() {
        let config = StripeConfig::new("sk_live_4eC39HqLyjWDarjtT1zdp7dc".into()).unwrap();
        assert!(!format!("{config:?}").contains("4eC39"));
    }
}
