//! A system elsewhere that takes webhooks: it keeps everything, checks signatures by itself, and answers as told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::{net::TcpListener, task::JoinHandle};

/// What came.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its very bytes.
    pub body: Bytes,
}

/// How to answer.
#[derive(Clone, Debug)]
struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    after: Duration,
}

#[derive(Debug, Default)]
struct Kept {
    received: Vec<Received>,
    all: Vec<Received>,
    replies: VecDeque<Reply>,
    always: Option<Reply>,
}

/// A receiver on loopback.
#[derive(Debug)]
pub struct Receiver {
    base: String,
    kept: Arc<Mutex<Kept>>,
    served: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.served.abort();
    }
}

/// HMAC-SHA256 by the book (RFC 2104), so that it shares nothing with what it checks.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    if key.len() > 64 {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().to_vec()
}

impl Received {
    /// A header's text.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Its type.
    #[must_use]
    pub fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }

    /// Which of its signatures fit this secret.
    #[must_use]
    pub fn fits(&self, secret: &str) -> Vec<bool> {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut signed =
            format!("{}.{}.", self.header("webhook-id"), self.header("webhook-timestamp")).into_bytes();
        signed.extend_from_slice(&self.body);
        let fitting = format!("v1,{}", STANDARD.encode(hmac(&key, &signed)));
        self.header("webhook-signature").split(' ').map(|one| one == fitting).collect()
    }
}

impl Receiver {
    /// Starts one that answers 204.
    pub async fn start() -> Self {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let keeps = Arc::clone(&kept);
        let service = Router::new().fallback(move |headers: HeaderMap, body: Bytes| {
            let keeps = Arc::clone(&keeps);
            async move {
                let reply = {
                    let mut kept = keeps.lock().unwrap_or_else(PoisonError::into_inner);
                    let one = Received { headers, body };
                    kept.all.push(one.clone());
                    kept.received.push(one);
                    kept.replies.pop_front().or_else(|| kept.always.clone())
                };
                let Some(reply) = reply else {
                    return Response::builder().status(StatusCode::NO_CONTENT).body(Body::empty()).unwrap();
                };
                tokio::time::sleep(reply.after).await;
                let mut answer = Response::builder().status(reply.status);
                for (name, value) in reply.headers {
                    answer = answer.header(name, value);
                }
                answer.body(Body::from(reply.body)).unwrap()
            }
        });
        let served = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        Self { base, kept, served }
    }

    /// Where it takes them.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/hooks?key=of-the-receiver", self.base)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything since the last time.
    #[must_use]
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.kept().received)
    }

    /// Everything that ever came.
    #[must_use]
    pub fn everything(&self) -> Vec<Received> {
        self.kept().all.clone()
    }

    /// What came is of no interest.
    pub fn forget(&self) {
        self.kept().received.clear();
    }

    /// How many came since they were last taken.
    #[must_use]
    pub fn count(&self) -> usize {
        self.kept().received.len()
    }

    /// Answers the next one so.
    pub fn next(&self, status: u16, headers: &[(&'static str, &str)], body: &str) {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let reply = Reply { status, headers, body: body.to_owned(), after: Duration::ZERO };
        self.kept().replies.push_back(reply);
    }

    /// Answers all that follow so, after a while.
    pub fn always(&self, status: u16, after: Duration) {
        self.kept().always = Some(Reply { status, headers: Vec::new(), body: String::new(), after });
    }

    /// Answers 204 again.
    pub fn recover(&self) {
        self.kept().always = None;
    }
}
