use serde::{Deserialize, Serialize};
use url::Url;

/// `[payments]`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaymentsConfig {
    /// Where Stripe's interface is, for rehearsals against the simulator; Stripe's own when left out.
    pub stripe: Option<Url>,
}

impl PaymentsConfig {
    /// Where the form of a booking may lead: to the pages people pay on.
    #[must_use]
    pub fn checkout_source(&self) -> String {
        match &self.stripe {
            Some(base) => base.origin().ascii_serialization(),
            None => "https://checkout.stripe.com".to_owned(),
        }
    }
}
