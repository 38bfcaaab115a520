//! A simulator with one school's account, a receiver of its webhooks, and Lectern's client.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use chrono::{DateTime, TimeZone as _, Utc};
use lectern_core::{clock::FixedClock, provider::Call, random::SeededRandomness, secret::SecretString};
use lectern_providers::{
    stripe::{
        CheckoutSession, IdempotencyKey, NewCheckoutSession, NewRefund, Stripe, StripeConfig, StripeEvent,
        TOLERANCE, verify,
    },
    transport::{Transport, TransportOptions},
};
use lectern_simulators::stripe::{
    AccountSpec, CARD_PAYS, EndpointSpec, KeySpec, Paid, PayWith, StripeOptions, StripeSimulator,
};
use serde_json::Value;

pub(crate) const KEY: &str = "sk_test_oak000000000000000001234";
pub(crate) const LIVE: &str = "sk_live_oak000000000000000001234";
pub(crate) const SECRET: &str = "whsec_oak";
pub(crate) const ACCOUNT: &str = "acct_oak";

/// `Stripe-Signature`, and the raw body.
pub(crate) type Received = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// What the receiver got.
#[derive(Clone, Debug, Default)]
pub(crate) struct Receiver {
    pub(crate) received: Received,
    /// Statuses to answer next; 200 when empty.
    pub(crate) answers: Arc<Mutex<Vec<u16>>>,
    pub(crate) url: String,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver =
            Self { url: format!("http://{}/hook", listener.local_addr().unwrap()), ..Self::default() };
        let router = Router::new().route("/hook", post(receive)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    pub(crate) fn bodies(&self) -> Vec<Value> {
        self.received.lock().unwrap().iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect()
    }

    pub(crate) fn kinds(&self) -> Vec<String> {
        self.bodies().iter().map(|body| body["type"].as_str().unwrap().to_owned()).collect()
    }

    /// The events, verified and read as Lectern does, since the last time; those it does nothing about are left out.
    pub(crate) fn take(&self, now: DateTime<Utc>) -> Vec<StripeEvent> {
        let received = std::mem::take(&mut *self.received.lock().unwrap());
        received
            .iter()
            .map(|(header, body)| verify(body, header, &[SECRET.into()], now, TOLERANCE).unwrap())
            .filter(|event| !matches!(event.kind, lectern_providers::stripe::EventKind::Other(_)))
            .collect()
    }
}

async fn receive(
    State(receiver): State<Receiver>,
    headers: HeaderMap,
    body: Bytes,
) -> axum::http::StatusCode {
    let signature = headers["stripe-signature"].to_str().unwrap().to_owned();
    receiver.received.lock().unwrap().push((signature, body.to_vec()));
    let mut answers = receiver.answers.lock().unwrap();
    let status = if answers.is_empty() { 200 } else { answers.remove(0) };
    axum::http::StatusCode::from_u16(status).unwrap()
}

pub(crate) struct School {
    pub(crate) stripe: StripeSimulator,
    pub(crate) clock: FixedClock,
    pub(crate) hook: Receiver,
    pub(crate) http: reqwest::Client,
    pub(crate) client: Stripe,
    pub(crate) call: Call,
}

pub(crate) fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 21, 12, 0, 0).unwrap()
}

pub(crate) fn account(hook: &str) -> AccountSpec {
    let endpoint = |livemode| EndpointSpec {
        url: if livemode { format!("{hook}?live") } else { hook.to_owned() },
        secret: SECRET.to_owned(),
        livemode,
        events: Vec::new(),
    };
    AccountSpec {
        id: ACCOUNT.to_owned(),
        name: "Oak School".to_owned(),
        email: "office@oak.test".to_owned(),
        country: "DE".to_owned(),
        default_currency: "eur".to_owned(),
        keys: vec![
            KeySpec::full(KEY),
            KeySpec::full(LIVE),
            KeySpec {
                key: "rk_test_oak0000000000000000".to_owned(),
                operations: vec!["GetAccount".to_owned()],
            },
        ],
        endpoints: vec![endpoint(false), endpoint(true)],
    }
}

pub(crate) fn key(text: &str) -> IdempotencyKey {
    text.parse().unwrap()
}

impl School {
    pub(crate) async fn with(options: impl FnOnce(&mut StripeOptions)) -> Self {
        let clock = FixedClock::at(noon());
        let mut asked = StripeOptions::new(Arc::new(clock.clone()), 7);
        options(&mut asked);
        let stripe = StripeSimulator::start(asked).await.unwrap();
        let hook = Receiver::start().await;
        stripe.add_account(account(&hook.url));
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        let client = client(&stripe, &clock, KEY);
        Self { stripe, clock, hook, http, client, call: Call::interactive(Duration::from_secs(10)) }
    }

    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) fn client(&self, secret: &str) -> Stripe {
        client(&self.stripe, &self.clock, secret)
    }

    pub(crate) fn seat(&self) -> NewCheckoutSession {
        NewCheckoutSession {
            currency: "EUR".to_owned(),
            unit_amount: 1500,
            product_name: "Algebra <evening> & more".to_owned(),
            customer_email: Some("stu@student.test".to_owned()),
            client_reference_id: Some("booking-1".to_owned()),
            metadata: BTreeMap::from([("class".to_owned(), "42".to_owned())]),
            success_url: "http://127.0.0.1:9/paid?session={CHECKOUT_SESSION_ID}".to_owned(),
            cancel_url: "http://127.0.0.1:9/back".to_owned(),
            expires_at: lectern_core::clock::Clock::now(&self.clock) + chrono::Duration::minutes(35),
        }
    }

    pub(crate) async fn session(&self, name: &str) -> CheckoutSession {
        self.client.create_checkout_session(&self.call, &self.seat(), &key(name)).await.unwrap()
    }

    pub(crate) async fn look(&self, session: &CheckoutSession) -> CheckoutSession {
        self.client.retrieve_checkout_session(&self.call, &session.id).await.unwrap()
    }

    /// A seat that is paid by this card: its payment intent.
    pub(crate) async fn paid(&self, name: &str, card: &str) -> (CheckoutSession, String) {
        let session = self.session(name).await;
        assert!(matches!(self.pay(&session, card), Ok(Paid::Done(_))));
        let session = self.look(&session).await;
        let intent = session.payment_intent.clone().unwrap();
        (session, intent)
    }

    pub(crate) fn pay(
        &self,
        session: &CheckoutSession,
        card: &str,
    ) -> Result<Paid, lectern_simulators::stripe::NotPaid> {
        self.stripe.pays(&session.id, "", PayWith::Card(card))
    }

    pub(crate) async fn seat_paid(&self) -> (CheckoutSession, String) {
        self.paid("seat", CARD_PAYS).await
    }

    pub(crate) fn seconds(&self, seconds: i64) {
        self.clock.advance(chrono::Duration::seconds(seconds));
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        lectern_core::clock::Clock::now(&self.clock)
    }

    /// Delivers what is due; what Lectern reads of it.
    pub(crate) async fn told(&self) -> Vec<StripeEvent> {
        self.stripe.flush_webhooks().await;
        self.hook.take(self.now())
    }

    pub(crate) async fn told_names(&self) -> Vec<String> {
        self.told().await.iter().map(|event| event.kind.name().to_owned()).collect()
    }

    /// A call by hand.
    pub(crate) async fn raw(
        &self,
        method: &str,
        path: &str,
        form: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> (u16, HeaderMap, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("{}{path}", self.stripe.base_url());
        let mut request = self.http.request(method.clone(), url);
        if !headers.iter().any(|(name, _)| *name == "authorization") {
            request = request.bearer_auth(KEY);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if method == reqwest::Method::POST {
            request = request.form(form);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        (status, headers, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// `POST /v1/checkout/sessions` with these changes to a good form; a value of `-` leaves the parameter out.
    pub(crate) async fn create(&self, changes: &[(&str, &str)]) -> (u16, Value) {
        let expires = (self.now() + chrono::Duration::hours(1)).timestamp().to_string();
        let mut form = BTreeMap::from([
            ("mode", "payment"),
            ("line_items[0][price_data][currency]", "usd"),
            ("line_items[0][price_data][unit_amount]", "1500"),
            ("line_items[0][price_data][product_data][name]", "Algebra"),
            ("line_items[0][quantity]", "1"),
            ("success_url", "https://oak.test/paid"),
            ("expires_at", &expires),
        ]);
        for (name, value) in changes {
            if *value == "-" {
                form.remove(name);
            } else {
                form.insert(name, value);
            }
        }
        let form: Vec<_> = form.into_iter().collect();
        let (status, _, body) = self.raw("POST", "/v1/checkout/sessions", &form, &[]).await;
        (status, body)
    }
}

fn client(stripe: &StripeSimulator, clock: &FixedClock, secret: &str) -> Stripe {
    let transport = Transport::new(TransportOptions {
        allow_loopback: true,
        clock: Arc::new(clock.clone()),
        randomness: Arc::new(SeededRandomness::new(3)),
        before_each: || {},
        inspect: None,
    })
    .unwrap();
    let config = StripeConfig::at(stripe.base_url().parse().unwrap(), SecretString::from(secret)).unwrap();
    Stripe::new(config, transport, "oak")
}

pub(crate) fn all_of(intent: &str) -> NewRefund {
    NewRefund { payment_intent: intent.to_owned(), amount: None, reason: None, metadata: BTreeMap::new() }
}
