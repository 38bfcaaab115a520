//! The wire between Lectern and the platform: it carries everything through, unless a story has it tampered with.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};

/// What happens to an exchange.
#[derive(Clone, Debug)]
pub enum Deed {
    /// The platform never hears of it: this status, header and body come back.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// A text in the platform's answer becomes another.
    Replace(String, String),
    /// The request waits here until the gate opens; if it never does, the platform never hears of it.
    HoldRequest(Gate),
    /// The work is done; the answer waits here until the gate opens.
    HoldAnswer(Gate),
}

/// Where an exchange is held.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<(Notify, Notify)>);

impl Gate {
    /// Waits until an exchange stands here.
    pub async fn reached(&self) {
        self.0.0.notified().await;
    }

    /// Lets one exchange through.
    pub fn open(&self) {
        self.0.1.notify_one();
    }

    async fn pass(&self) {
        self.0.0.notify_one();
        self.0.1.notified().await;
    }
}

#[derive(Debug)]
struct Rule {
    method: Method,
    path: &'static str,
    times: usize,
    deed: Deed,
}

#[derive(Debug)]
struct Shared {
    platform: String,
    http: reqwest::Client,
    asked: AtomicUsize,
    told: Mutex<Vec<String>>,
    rules: Mutex<Vec<Rule>>,
}

/// A running wire. It is cut when dropped.
#[derive(Debug)]
pub struct Wire {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Wire {
    /// A wire to the platform at this address.
    pub(crate) async fn lay(platform: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            platform: platform.to_owned(),
            http: crate::client::http(),
            asked: AtomicUsize::new(0),
            told: Mutex::default(),
            rules: Mutex::default(),
        });
        let router = Router::new().fallback(carry).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, shared, task }
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The platform's API as reached over this wire.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("{}/v2", self.base_url())
    }

    /// Does this to the next `times` exchanges with this method whose path ends so.
    pub fn tamper(&self, method: &str, path_end: &'static str, times: usize, deed: Deed) {
        let rule = Rule { method: method.parse().unwrap(), path: path_end, times, deed };
        self.shared.rules.lock().unwrap_or_else(PoisonError::into_inner).push(rule);
    }

    /// How many requests came in so far, whatever became of them.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// Everything the platform was told so far: method, address and body of each request.
    #[must_use]
    pub fn told(&self) -> Vec<String> {
        self.shared.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Carries everything through again.
    pub fn mend(&self) {
        self.shared.rules.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Shared {
    fn deed(&self, method: &Method, path: &str) -> Option<Deed> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let rule = rules
            .iter_mut()
            .find(|rule| rule.times > 0 && rule.method == *method && path.ends_with(rule.path))?;
        rule.times -= 1;
        Some(rule.deed.clone())
    }
}

async fn carry(State(wire): State<Arc<Shared>>, request: Request) -> Response {
    wire.asked.fetch_add(1, Ordering::SeqCst);
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let said = format!("{} {} {}", parts.method, parts.uri, String::from_utf8_lossy(&body));
    wire.told.lock().unwrap_or_else(PoisonError::into_inner).push(said);
    let deed = wire.deed(&parts.method, parts.uri.path());
    match &deed {
        Some(Deed::Answer(status, headers, body)) => {
            let mut response = Response::builder().status(*status);
            for (name, value) in headers {
                response = response.header(*name, value);
            }
            return response.body(Body::from(body.clone())).unwrap();
        }
        Some(Deed::HoldRequest(gate)) => gate.pass().await,
        _ => {}
    }
    let url = format!("{}{}", wire.platform, parts.uri.path_and_query().map_or("/", |path| path.as_str()));
    let mut headers = parts.headers;
    headers.remove(header::HOST);
    let sent = wire.http.request(parts.method, url).headers(headers).body(body).send().await;
    let Ok(answer) = sent else { return StatusCode::BAD_GATEWAY.into_response() };
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    let mut body = answer.bytes().await.unwrap_or_default().to_vec();
    match deed {
        Some(Deed::Replace(from, to)) => {
            body = String::from_utf8_lossy(&body).replace(&from, &to).into_bytes();
        }
        Some(Deed::HoldAnswer(gate)) => gate.pass().await,
        _ => {}
    }
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::TRANSFER_ENCODING);
    (status, headers, body).into_response()
}
