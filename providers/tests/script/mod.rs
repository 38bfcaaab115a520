//! A server that answers as a test says and remembers what it was asked, and a Zoom connection to it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code)]

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri},
};
use lectern_core::{
    clock::FixedClock,
    provider::{AccessTokens, Account, ErrorKind, Provider, ProviderError, Result},
    random::SeededRandomness,
    secret::SecretString,
};
use lectern_providers::{
    registry::{self, Connection, ProviderSettings},
    transport::{Inspect, Transport, TransportOptions},
};
use serde_json::Value;
use url::Url;

/// What the server was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    /// As on the wire, without the query.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// What the server says.
#[derive(Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    cut: bool,
}

impl Answer {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { status, headers, body: body.to_string().into_bytes(), cut: false }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), cut: false }
    }

    pub(crate) fn bytes(status: u16, body: Vec<u8>) -> Self {
        Self { status, headers: Vec::new(), body, cut: false }
    }

    pub(crate) fn error(status: u16, code: i64, message: &str) -> Self {
        Self::json(status, serde_json::json!({"code": code, "message": message}))
    }

    /// The connection breaks after the head of the answer.
    pub(crate) fn cut() -> Self {
        Self { cut: true, ..Self::empty(201) }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

type Script = Box<dyn Fn(&Asked) -> Answer + Send + Sync>;

struct Inner {
    script: Script,
    asked: Mutex<Vec<Asked>>,
}

/// The server.
#[derive(Clone)]
pub(crate) struct Server {
    inner: Arc<Inner>,
    pub(crate) origin: Url,
}

impl Server {
    /// Answers each request with what the script says. `{origin}` in a JSON answer becomes the server's own.
    pub(crate) async fn start(script: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let inner = Arc::new(Inner { script: Box::new(script), asked: Mutex::default() });
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let origin = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let router = Router::new().fallback(handle).with_state((inner.clone(), origin.clone()));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { inner, origin }
    }

    /// Answers from a list, in order; a request beyond it fails the test.
    pub(crate) async fn list(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers = Mutex::new(answers.into_iter().collect::<VecDeque<_>>());
        Self::start(move |_| {
            answers.lock().unwrap().pop_front().unwrap_or_else(|| Answer::error(418, 0, "not in the script"))
        })
        .await
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.inner.asked.lock().unwrap().clone()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().iter().map(Asked::line).collect()
    }
}

async fn handle(
    State((inner, origin)): State<(Arc<Inner>, Url)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let query =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let asked = Asked { method, path: uri.path().to_owned(), query, headers, body: body.to_vec() };
    let answer = (inner.script)(&asked);
    inner.asked.lock().unwrap().push(asked);
    let body = if answer.cut {
        Body::from_stream(futures::stream::iter([
            Ok(Bytes::from_static(b"{")),
            Err(std::io::Error::other("cut")),
        ]))
    } else {
        let origin = origin.as_str().trim_end_matches('/');
        match String::from_utf8(answer.body) {
            Ok(text) => Body::from(text.replace("{origin}", origin)),
            Err(bytes) => Body::from(bytes.into_bytes()),
        }
    };
    let mut response = Response::builder().status(StatusCode::from_u16(answer.status).unwrap());
    for (name, value) in &answer.headers {
        let value = value.replace("{origin}", origin.as_str().trim_end_matches('/'));
        response =
            response.header(name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap());
    }
    response.body(body).unwrap()
}

/// Tokens `token-0`, `token-1`, ...: each refusal gives the next, up to the last.
#[derive(Debug)]
pub(crate) struct Tokens {
    now: Mutex<u32>,
    last: u32,
}

impl Tokens {
    pub(crate) fn up_to(last: u32) -> Arc<Self> {
        Arc::new(Self { now: Mutex::new(0), last })
    }
}

#[async_trait]
impl AccessTokens for Tokens {
    async fn current(&self) -> Result<SecretString> {
        Ok(format!("token-{}", self.now.lock().unwrap()).into())
    }

    async fn replace(&self, refused: &SecretString) -> Result<SecretString> {
        let mut now = self.now.lock().unwrap();
        if *refused.expose() == format!("token-{now}") {
            if *now == self.last {
                return Err(ProviderError::new(
                    lectern_providers::zoom::NAME,
                    "refresh",
                    ErrorKind::Reconnect,
                ));
            }
            *now += 1;
        }
        Ok(format!("token-{now}").into())
    }
}

pub(crate) const CLASSIC: &[&str] =
    &["user:read", "meeting:read", "meeting:write", "recording:read", "recording:write"];
pub(crate) const ADMIN: &[&str] = &[
    "user:read:admin",
    "meeting:read:admin",
    "meeting:write:admin",
    "recording:read:admin",
    "recording:write:admin",
    "report:read:admin",
];

pub(crate) fn clock() -> FixedClock {
    FixedClock::at("2026-11-21T09:00:00Z".parse().unwrap())
}

pub(crate) fn transport_with(
    allow_loopback: bool,
    before_each: fn(),
    inspect: Option<Arc<dyn Inspect>>,
) -> Transport {
    Transport::new(TransportOptions {
        allow_loopback,
        clock: Arc::new(clock()),
        randomness: Arc::new(SeededRandomness::new(1)),
        before_each,
        inspect,
    })
    .unwrap()
}

pub(crate) fn transport() -> Transport {
    transport_with(true, || {}, None)
}

pub(crate) fn settings(api: &Server, oauth: &Server, account_id: Option<&str>) -> ProviderSettings {
    ProviderSettings {
        provider: lectern_providers::zoom::NAME,
        tenant: "school".to_owned(),
        client_id: "client".to_owned(),
        client_secret: "secret-canary".into(),
        account_id: account_id.map(str::to_owned),
        api_base: api.origin.join("/v2").unwrap(),
        oauth_base: oauth.origin.join("/oauth").unwrap(),
        others: std::collections::BTreeMap::new(),
        hosts: lectern_providers::zoom::ZoomSettings::zoom_hosts(),
    }
}

pub(crate) fn connection(scopes: &[&str], plan: i64) -> Connection {
    Connection {
        tokens: Tokens::up_to(1),
        account: Account {
            user_id: "host-1".to_owned(),
            account_id: "account-1".to_owned(),
            email: "teacher@example.com".to_owned(),
            name: "Teacher".to_owned(),
            plan: Some(plan),
        },
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        rate_key: "account-1".to_owned(),
    }
}

/// A licensed teacher's own connection.
pub(crate) fn zoom(server: &Server) -> Arc<dyn Provider> {
    registry::build(&settings(server, server, None), &transport(), Some(connection(CLASSIC, 2))).unwrap()
}

/// A school's server-to-server connection.
pub(crate) fn school(server: &Server) -> Arc<dyn Provider> {
    registry::build(&settings(server, server, Some("account-1")), &transport(), Some(connection(ADMIN, 2)))
        .unwrap()
}

pub(crate) const TENANT: &str = "909c6581-5130-43e9-88f3-fcb3582cde37";

pub(crate) fn teams_settings(server: &Server, tenant: Option<&str>) -> ProviderSettings {
    ProviderSettings {
        provider: lectern_providers::teams::NAME,
        tenant: "school".to_owned(),
        client_id: "app-1".to_owned(),
        client_secret: "secret-canary".into(),
        account_id: tenant.map(str::to_owned),
        api_base: server.origin.join("/v1.0").unwrap(),
        oauth_base: server.origin.clone(),
        others: std::collections::BTreeMap::from([("beta".to_owned(), server.origin.join("/beta").unwrap())]),
        hosts: lectern_providers::teams::TeamsSettings::teams_hosts(),
    }
}

/// A teacher's own connection to Microsoft, with every permission.
pub(crate) fn teams(server: &Server) -> Arc<dyn Provider> {
    let scopes: Vec<_> = lectern_providers::teams::oauth::SCOPES.iter().map(|scope| scope.name).collect();
    let mut connection = connection(&scopes, 0);
    connection.account.account_id = TENANT.to_owned();
    registry::build(&teams_settings(server, None), &transport(), Some(connection)).unwrap()
}

/// A school's application.
pub(crate) fn teams_school(server: &Server) -> Arc<dyn Provider> {
    let connection = connection(&[], 0);
    registry::build(&teams_settings(server, Some(TENANT)), &transport(), Some(connection)).unwrap()
}
