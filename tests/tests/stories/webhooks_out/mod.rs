//! Outgoing webhooks: what a system elsewhere is told, and what becomes of one that does not answer.

use lectern_tests::{Person, Received, Receiver, TestApp};
use serde_json::{Value, json};

mod endpoints;
mod told;
mod tries;

const ENDPOINTS: &str = "/api/v1/webhook-endpoints";

/// An endpoint at a receiver.
struct Endpoint {
    path: String,
    secret: String,
}

async fn listen(app: &TestApp, admin: &Person, receiver: &Receiver, events: &[&str]) -> Endpoint {
    let made = admin.create(ENDPOINTS, json!({"url": receiver.url(), "events": events})).await;
    let secret = made["secret"].as_str().unwrap().to_owned();
    app.secret(&secret);
    app.secret("of-the-receiver");
    Endpoint { path: format!("{ENDPOINTS}/{}", made["id"].as_str().unwrap()), secret }
}

fn kinds(received: &[Received]) -> Vec<String> {
    received.iter().map(Received::kind).collect()
}

fn one<'a>(received: &'a [Received], kind: &str) -> &'a Received {
    let found: Vec<_> = received.iter().filter(|one| one.kind() == kind).collect();
    assert_eq!(found.len(), 1, "one {kind} among {:?}", kinds(received));
    found[0]
}

async fn deliveries(admin: &Person, endpoint: &Endpoint) -> Vec<Value> {
    admin.all(&format!("{}/deliveries", endpoint.path)).await
}

async fn shown(admin: &Person, endpoint: &Endpoint) -> Value {
    let (status, shown) = admin.get(&endpoint.path).await;
    assert_eq!(status, 200, "{shown}");
    shown
}

/// Sends a test, and runs what is due.
async fn test(app: &TestApp, admin: &Person, endpoint: &Endpoint) -> Value {
    let (status, made) = admin.post(&format!("{}/test", endpoint.path), json!({})).await;
    assert_eq!((status, &made["state"], &made["tries"]), (202, &json!("pending"), &json!(0)), "{made}");
    app.settle().await;
    made
}
