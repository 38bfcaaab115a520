//! Outgoing webhooks: `GET /webhooks`, `GET /webhooks/new`, `POST /webhooks {csrf, url, description, event*}`,
//! `GET|POST /webhooks/{id}` with the same fields, `POST /webhooks/{id}/test|rotate|enable|disable|remove {csrf}`,
//! `POST /webhooks/{id}/replay {csrf, hours}`, `POST /webhooks/{id}/deliveries/{delivery}/replay {csrf}`.

use serde::Serialize;

use crate::environment::Page;
use crate::form::FieldError;

/// One endpoint in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WebhookRow {
    pub id: String,
    pub url: String,
    pub description: String,
    /// How many types it wants; 0: all.
    pub events: usize,
    pub state: WebhookState,
    pub last_delivered_at: Option<String>,
}

/// How an endpoint stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookState {
    Active,
    /// Nothing arrived lately.
    Failing,
    /// Somebody disabled it.
    Disabled,
    /// It said that it is gone.
    Gone,
    /// Nothing arrived for five days.
    GivenUp,
}

/// The list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Webhooks {
    pub items: Vec<WebhookRow>,
    pub can_add: bool,
    pub zone: String,
}

/// What is typed about an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WebhookForm {
    pub url: String,
    pub description: String,
    /// The types that are ticked; none: all.
    pub events: Vec<String>,
    /// All types there are.
    pub kinds: Vec<String>,
    pub errors: Vec<FieldError>,
}

/// A new endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WebhookNew {
    pub form: WebhookForm,
}

/// One delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WebhookDelivery {
    pub id: String,
    pub kind: String,
    /// `pending`, `delivered` or `failed`.
    pub state: String,
    pub tries: i64,
    pub created_at: String,
    pub last_try_at: Option<String>,
    pub next_try_at: Option<String>,
    pub status: Option<i64>,
    /// `not_connected`, `timed_out`, `interrupted` or `forbidden`.
    pub problem: Option<String>,
    /// How the last answer begins.
    pub answer: Option<String>,
}

/// One endpoint with what was sent to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Webhook {
    pub id: String,
    pub host: String,
    pub version: String,
    pub state: WebhookState,
    pub disabled_at: Option<String>,
    pub failing_since: Option<String>,
    pub old_secret_until: Option<String>,
    /// What signs: only on the page that follows making it.
    pub secret: Option<String>,
    pub form: WebhookForm,
    pub deliveries: Vec<WebhookDelivery>,
    /// The state the list is narrowed to; empty: all.
    pub filter: String,
    /// A delivery is about to arrive, or not: the page looks again by itself.
    pub watching: bool,
    pub next_url: Option<String>,
    pub zone: String,
}

fn kinds() -> Vec<String> {
    ["session.started", "participant.joined", "attendance.verified"].map(str::to_owned).to_vec()
}

impl Page for Webhooks {
    const TEMPLATE: &'static str = "pages/webhooks.html";
    fn samples() -> Vec<Self> {
        let row = |state, events| WebhookRow {
            id: "018f".to_owned(),
            url: "https://portal.oakwood.example/lectern".to_owned(),
            description: if events == 0 { String::new() } else { "Attendance".to_owned() },
            events,
            state,
            last_delivered_at: (events > 0).then(|| "2026-11-21T03:00:00Z".to_owned()),
        };
        let states = [
            (WebhookState::Active, 0),
            (WebhookState::Failing, 1),
            (WebhookState::Disabled, 2),
            (WebhookState::Gone, 3),
            (WebhookState::GivenUp, 4),
        ];
        let items = states.map(|(state, events)| row(state, events)).to_vec();
        let zone = "Asia/Dhaka".to_owned();
        vec![
            Self { can_add: true, zone: zone.clone(), ..Self::default() },
            Self { items: items.clone(), can_add: true, zone: zone.clone() },
            Self { items, can_add: false, zone },
        ]
    }
}

impl Page for WebhookNew {
    const TEMPLATE: &'static str = "pages/webhook_new.html";
    fn samples() -> Vec<Self> {
        vec![
            Self { form: WebhookForm { kinds: kinds(), ..WebhookForm::default() } },
            Self {
                form: WebhookForm {
                    url: "http://10.0.0.1/".to_owned(),
                    description: "Portal".to_owned(),
                    events: kinds()[..1].to_vec(),
                    kinds: kinds(),
                    errors: vec![FieldError::new("url", "url")],
                },
            },
        ]
    }
}

impl Page for Webhook {
    const TEMPLATE: &'static str = "pages/webhook.html";
    fn samples() -> Vec<Self> {
        let delivery = |state: &str, problem: Option<&str>, status, tries| WebhookDelivery {
            id: format!("0190{state}{tries}"),
            kind: "participant.joined".to_owned(),
            state: state.to_owned(),
            tries,
            created_at: "2026-11-21T03:00:00Z".to_owned(),
            last_try_at: (tries > 0).then(|| "2026-11-21T03:00:05Z".to_owned()),
            next_try_at: (state == "pending").then(|| "2026-11-21T03:05:00Z".to_owned()),
            status,
            problem: problem.map(str::to_owned),
            answer: status.map(|_| "<b>not found</b>".to_owned()),
        };
        let problems = ["not_connected", "timed_out", "interrupted", "forbidden"];
        let mut deliveries = vec![
            delivery("pending", None, None, 0),
            delivery("delivered", None, Some(204), 1),
            delivery("failed", None, Some(404), 10),
        ];
        for (tries, problem) in (2..).zip(problems) {
            deliveries.push(delivery("pending", Some(problem), None, tries));
        }
        let page = |state| Self {
            id: "018f".to_owned(),
            host: "portal.oakwood.example".to_owned(),
            version: "2026-11-27".to_owned(),
            state,
            disabled_at: Some("2026-11-21T03:00:00Z".to_owned()),
            failing_since: Some("2026-11-20T03:00:00Z".to_owned()),
            old_secret_until: None,
            secret: None,
            form: WebhookForm {
                url: "https://portal.oakwood.example/lectern".to_owned(),
                kinds: kinds(),
                ..WebhookForm::default()
            },
            deliveries: deliveries.clone(),
            filter: String::new(),
            watching: false,
            next_url: None,
            zone: "Asia/Dhaka".to_owned(),
        };
        vec![
            Self {
                watching: true,
                next_url: Some("/webhooks/018f?cursor=abc".to_owned()),
                ..page(WebhookState::Active)
            },
            Self {
                secret: Some("whsec_c2FtcGxlIHNlY3JldCBvZiBhIHNhbXBsZSBwYWdl".to_owned()),
                old_secret_until: Some("2026-11-22T03:00:00Z".to_owned()),
                deliveries: vec![],
                ..page(WebhookState::Active)
            },
            Self { filter: "failed".to_owned(), ..page(WebhookState::Failing) },
            page(WebhookState::Disabled),
            page(WebhookState::Gone),
            page(WebhookState::GivenUp),
        ]
    }
}
