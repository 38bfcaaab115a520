//! A simulated Stripe: Checkout Sessions with their hosted page, refunds, and signed webhooks.
//!
//! What it does is what docs.stripe.com says Stripe does, in version 2024-06-20 of the API; what the documents leave open is
//! marked "unverified" where it is decided. Money is never moved.
//!
//! A test sells a seat like this:
//!
//! ```
//! # use std::sync::Arc;
//! # use lectern_core::clock::{Clock as _, FixedClock, SystemClock};
//! # use lectern_simulators::stripe::*;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let clock = FixedClock::at(SystemClock.now());
//! let stripe = StripeSimulator::start(StripeOptions::new(Arc::new(clock.clone()), 42)).await?;
//! stripe.add_account(AccountSpec {
//!     id: "acct_oak".into(), name: "Oak School".into(), email: "office@oak.test".into(), country: "DE".into(),
//!     default_currency: "eur".into(), keys: vec![KeySpec::full("sk_test_oak0000000000000000")],
//!     endpoints: vec![EndpointSpec {
//!         url: "http://127.0.0.1:9/api/stripe/webhook".into(), secret: "whsec_oak".into(), livemode: false, events: vec![],
//!     }],
//! });
//! // ... the client under test makes a session at stripe.base_url() ...
//! for (session, _reference, _url) in stripe.sessions() {
//!     stripe.pays(&session, "stu@student.test", PayWith::Card(CARD_PAYS))?;
//!     stripe.flush_webhooks().await;
//!     println!("{:?}", stripe.truth(&session));
//! }
//! # Ok(())
//! # }
//! ```

mod accounts;
mod behaviour;
mod control;
mod currency;
mod delivery;
mod driving;
mod errors;
mod events;
mod gateway;
mod http;
mod idempotency;
mod limits;
mod operations;
mod options;
mod page;
mod params;
mod payments;
mod refunds;
mod sessions;
mod simulator;
mod state;
mod truth;
mod webhooks;
mod world;

pub use crate::stage::Options as StripeOptions;
pub use behaviour::{Behaviour, ForcedAnswer};
pub use options::{AccountSpec, EndpointSpec, KeySpec};
pub use payments::{
    CARD_ASKS, CARD_DECLINED, CARD_EMPTY, CARD_PAYS, CARD_REFUNDS_FAIL, CARD_REFUNDS_LATE, IBAN_ARRIVES,
    IBAN_FAILS, NotPaid, Paid, PayWith,
};
pub use simulator::StripeSimulator;
pub use state::{Attempt, PaymentState, RefundState, SessionState};
pub use truth::{RefundTruth, Truth};
pub use webhooks::{WebhookBehaviour, WebhookRecord, signature};
pub use world::RequestRecord;
