//! A client of the JSON interface.

use std::time::Duration;

use reqwest::{
    Method, StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub text: String,
    /// The same, byte by byte.
    pub bytes: Vec<u8>,
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap_or_default().to_vec();
        Self { status, headers, text: String::from_utf8_lossy(&bytes).into_owned(), bytes }
    }

    /// The body as JSON; `null` when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// A header's text; empty when it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Somebody who talks JSON to the server: with a token, or with none.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    bearer: Option<String>,
}

/// An HTTP client that follows nothing and goes nowhere but where it is told.
pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap()
}

impl Client {
    pub(crate) fn new(http: reqwest::Client, base: &str, bearer: Option<String>) -> Self {
        Self { http, base: base.to_owned(), bearer }
    }

    /// The same client with another token (of a sign-in, an API key, a host application), or with none.
    #[must_use]
    pub fn with_bearer(&self, token: Option<&str>) -> Self {
        Self { bearer: token.map(str::to_owned), ..self.clone() }
    }

    /// The token.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        self.bearer.as_deref()
    }

    /// An absolute address of the server.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// A request to be completed by hand.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, self.url(path));
        match &self.bearer {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request with any method, headers and body, and reads the whole answer.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = self.request(method.parse().unwrap(), path);
        for (name, value) in headers {
            request = request.header(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = Answer::read(request.send().await.unwrap()).await;
        assert_ne!(
            answer.status,
            StatusCode::INTERNAL_SERVER_ERROR.as_u16(),
            "{method} {path} failed: {}",
            answer.text
        );
        answer
    }

    /// Sends a body that is no JSON, and reads the whole answer.
    pub async fn send_text(&self, path: &str, kind: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self.request(Method::POST, path).header(reqwest::header::CONTENT_TYPE, kind).body(body);
        Answer::read(request.send().await.unwrap()).await
    }

    /// Sends a file as the body of a PUT, and reads the whole answer.
    pub async fn put_file(&self, path: &str, kind: &str, body: &[u8]) -> Answer {
        let request = self.request(Method::PUT, path).header(reqwest::header::CONTENT_TYPE, kind);
        Answer::read(request.body(body.to_vec()).send().await.unwrap()).await
    }

    async fn short(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let answer = self.send(method, path, body, &[]).await;
        (answer.status, answer.json())
    }

    /// Status and body.
    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.short("GET", path, None).await
    }

    /// Status and body.
    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.short("POST", path, Some(&body)).await
    }

    /// Status and body.
    pub async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        self.short("PUT", path, Some(&body)).await
    }

    /// Status and body.
    pub async fn patch(&self, path: &str, body: Value) -> (u16, Value) {
        self.short("PATCH", path, Some(&body)).await
    }

    /// Status and body.
    pub async fn delete(&self, path: &str) -> (u16, Value) {
        self.short("DELETE", path, None).await
    }

    /// A POST that must create.
    pub async fn create(&self, path: &str, body: Value) -> Value {
        let (status, made) = self.post(path, body).await;
        assert_eq!(status, 201, "POST {path}: {made}");
        made
    }

    /// All items of a list, page by page.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let page =
                if cursor.is_empty() { path.to_owned() } else { format!("{path}{joint}cursor={cursor}") };
            let (status, mut list) = self.get(&page).await;
            assert_eq!(status, 200, "GET {page}: {list}");
            items.append(list["items"].as_array_mut().unwrap());
            match list["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => return items,
            }
        }
    }
}
