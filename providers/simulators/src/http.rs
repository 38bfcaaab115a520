//! Small things that every simulator's pages need.

use axum::{
    body::Bytes,
    extract::Request,
    http::{HeaderMap, Method},
    response::{IntoResponse as _, Response},
};

use crate::{answer::Answer, query::Query};

/// The largest body taken.
const LARGEST_BODY: usize = 1 << 20;

pub(crate) fn raw_query(request: &Request) -> Query {
    Query::parse(request.uri().query().unwrap_or_default())
}

pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

pub(crate) async fn body(request: Request) -> Bytes {
    // A body that is too long or breaks off is answered like an empty one: the field checks refuse it.
    axum::body::to_bytes(request.into_body(), LARGEST_BODY).await.unwrap_or_default()
}

pub(crate) async fn form(request: Request) -> Query {
    let query = raw_query(&request);
    let body = body(request).await;
    Query::parse(&String::from_utf8_lossy(&body)).join(query)
}

/// HEAD is what mail scanners send: it shows that there is a page and joins nobody.
pub(crate) fn only_looking(method: &Method) -> Option<Response> {
    (method == Method::HEAD).then(|| Answer::html(200, String::new()).into_response())
}
