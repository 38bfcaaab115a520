//! Stripe, as far as a paid class needs it: hosted Checkout pages, refunds, and the webhooks that tell what became of them.
//!
//! This is no meeting provider and not in the [`crate::registry`]. A school brings its own account: a secret key
//! (`sk_test_…`, `sk_live_…`, or a restricted `rk_…` that may write Checkout Sessions and refunds and read the account) and the
//! signing secret of a webhook endpoint (`whsec_…`). A card number never comes near Lectern: the person types it on
//! Stripe's own page.
//!
//! Every call is made with one [`VERSION`], whatever the account's own version is. Events come in the version of the endpoint,
//! so they are read forgivingly.
//!
//! Creating calls carry an [`IdempotencyKey`] and are repeated by the transport's retry layer under that key: after a 429, a
//! 502 to 504 and a broken connection. A 500 is not: Stripe keeps it under the key and would answer it again. What is still
//! unclear then ([`StripeError::maybe_done`]) the caller's job asks about later, with the same key, within 24 hours.
//!
//! Sources: docs.stripe.com/api (sessions, refunds, accounts, errors, idempotent requests), docs.stripe.com/webhooks and
//! docs.stripe.com/rate-limits. What they leave open is marked "unverified" where it is used.

mod account;
mod checkout;
mod client;
mod config;
mod error;
mod error_tests;
mod events;
mod events_tests;
mod refunds;
mod signature;
mod wire;

pub use account::Account;
pub use checkout::{CheckoutSession, NewCheckoutSession, PaymentStatus, SessionStatus};
pub use client::{IdempotencyKey, Stripe, UnusableKey, VERSION};
pub use config::{API_BASE, ConfigError, StripeConfig};
pub use error::{StripeError, StripeErrorKind};
pub use events::{Charge, EventKind, StripeEvent};
pub use refunds::{NewRefund, Refund, RefundReason, RefundStatus};
pub use signature::{SIGNATURE_HEADER, SignatureError, TOLERANCE, sign, verify};

use lectern_core::provider::{NameWords, ProviderName};

/// By this name the transport counts, limits and logs: no platform has it.
pub const NAME: ProviderName = ProviderName::new(&NameWords { slug: "stripe", title: "Stripe" });
