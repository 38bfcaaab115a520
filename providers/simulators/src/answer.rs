//! What a simulator answers, before it becomes HTTP.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

#[derive(Clone, Debug)]
pub(crate) enum Content {
    Empty,
    Json(Value),
    Html(String),
    Bytes(&'static str, Vec<u8>),
}

/// A status, headers and a body.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) content: Content,
}

impl Answer {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), content: Content::Empty }
    }

    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), content: Content::Json(body) }
    }

    pub(crate) fn html(status: u16, body: String) -> Self {
        Self { status, headers: vec![("cache-control", "no-store".to_owned())], content: Content::Html(body) }
    }

    pub(crate) fn redirect(status: u16, location: &str) -> Self {
        Self::empty(status).header("location", location.to_owned())
    }

    #[must_use]
    pub(crate) fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn json_body(&self) -> Option<&Value> {
        match &self.content {
            Content::Json(body) => Some(body),
            _ => None,
        }
    }

    /// The body as it goes out.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match &self.content {
            Content::Empty => Vec::new(),
            Content::Json(body) => body.to_string().into_bytes(),
            Content::Html(text) => text.clone().into_bytes(),
            Content::Bytes(_, bytes) => bytes.clone(),
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let (kind, bytes) = match self.content {
            Content::Empty => (None, Vec::new()),
            Content::Json(body) => (Some("application/json;charset=UTF-8"), body.to_string().into_bytes()),
            Content::Html(text) => (Some("text/html;charset=utf-8"), text.into_bytes()),
            Content::Bytes(kind, bytes) => (Some(kind), bytes),
        };
        let mut response = Response::new(Body::from(bytes));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Some(kind) = kind {
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(HeaderName::from_static(name), value);
            }
        }
        response
    }
}
