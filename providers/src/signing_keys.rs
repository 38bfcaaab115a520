//! The keys a vendor signs with, as it publishes them.

use lectern_core::provider::{Call, ErrorKind, ProviderError, ProviderName, Result, SigningKey};
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::transport::{Allowance, Body, Judgement, Request, Transport};

const OPERATION: &str = "fetch signing keys";
/// Microsoft publishes some ten, Google two.
const MOST_KEYS: usize = 64;

/// Fetches the keys a vendor publishes.
///
/// # Errors
/// [`ErrorKind::Unavailable`] when there is no answer, [`ErrorKind::Unexpected`] when it is no list of keys or a very long one.
pub async fn fetch(
    transport: &Transport,
    provider: ProviderName,
    url: &Url,
    call: &Call,
) -> Result<Vec<SigningKey>> {
    let request = Request {
        provider,
        operation: OPERATION,
        route: "/keys",
        method: Method::GET,
        url: url.clone(),
        headers: Vec::new(),
        credentials: None,
        body: Body::Empty,
        repeatable: true,
        tries: 2,
        tenant: "".into(),
        budget: None,
        judge: |response, _| match response.status {
            429 | 500..=599 => Judgement::Again { after: None, refused: false },
            _ => Judgement::Final,
        },
        tracking_header: "x-request-id",
    };
    let now = transport.clock().now();
    let response = transport
        .send(&request, &Allowance::start(call))
        .await
        .map_err(|failure| failure.into_error(provider, OPERATION, now))?;
    let failed = |kind| ProviderError::new(provider, OPERATION, kind);
    if !response.is_success() {
        return Err(failed(ErrorKind::Unavailable).vendor_code(response.status.to_string()));
    }
    read(&response.body)
        .filter(|keys| (1..=MOST_KEYS).contains(&keys.len()))
        .ok_or_else(|| failed(ErrorKind::Unexpected).vendor_code("no keys"))
}

/// The keys in a JWKS document that sign with RS256; `None` when it is no such document.
#[must_use]
pub fn read(document: &[u8]) -> Option<Vec<SigningKey>> {
    #[derive(Deserialize)]
    struct Document {
        keys: Vec<Value>,
    }
    let document: Document = serde_json::from_slice(document).ok()?;
    let text = |key: &Value, name: &str| key.get(name)?.as_str().map(str::to_owned);
    let usable = |key: &&Value| {
        let is = |name: &str, wanted: &str| key.get(name).is_none_or(|value| value == wanted);
        key.get("kty").is_some_and(|kind| kind == "RSA") && is("alg", "RS256") && is("use", "sig")
    };
    let read = |key: &Value| {
        Some(SigningKey { id: text(key, "kid")?, modulus: text(key, "n")?, exponent: text(key, "e")? })
    };
    Some(document.keys.iter().filter(usable).filter_map(read).collect())
}
