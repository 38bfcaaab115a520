//! A bucket on loopback: as much of the S3 protocol as storing, having and removing single objects takes.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use tokio::{net::TcpListener, task::JoinHandle};

type Objects = Arc<Mutex<BTreeMap<String, Bytes>>>;

/// A server with one bucket, `school`, and one key, `classroom`.
#[derive(Debug)]
pub struct Bucket {
    base: String,
    objects: Objects,
    served: JoinHandle<()>,
}

impl Drop for Bucket {
    fn drop(&mut self) {
        self.served.abort();
    }
}

fn told(status: StatusCode, code: &str) -> Response {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{code}</Message></Error>"
    );
    (status, [(header::CONTENT_TYPE, "application/xml")], body).into_response()
}

fn answer(objects: &Objects, method: &Method, uri: &Uri, headers: &HeaderMap, body: Bytes) -> Response {
    let signed = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !signed.starts_with("AWS4-HMAC-SHA256 Credential=classroom/") {
        return told(StatusCode::FORBIDDEN, "InvalidAccessKeyId");
    }
    let Some(key) = uri.path().strip_prefix("/school/").filter(|_| uri.query().is_none()) else {
        return told(StatusCode::NOT_FOUND, "NoSuchBucket");
    };
    let mut objects = objects.lock().unwrap_or_else(PoisonError::into_inner);
    match *method {
        Method::PUT => {
            objects.insert(key.to_owned(), body);
            ([(header::ETAG, "\"1\"")], "").into_response()
        }
        Method::GET => match objects.get(key) {
            Some(bytes) => {
                let headers =
                    [(header::ETAG, "\"1\""), (header::LAST_MODIFIED, "Mon, 23 Nov 2026 03:00:00 GMT")];
                (headers, bytes.clone()).into_response()
            }
            None => told(StatusCode::NOT_FOUND, "NoSuchKey"),
        },
        Method::DELETE => {
            objects.remove(key);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => told(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
    }
}

impl Bucket {
    /// Starts it.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let objects = Objects::default();
        let kept = Arc::clone(&objects);
        let router = Router::new().fallback(
            move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| async move {
                answer(&kept, &method, &uri, &headers, body)
            },
        );
        let served = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, objects, served }
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.base
    }

    /// The keys of everything in it.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }
}
