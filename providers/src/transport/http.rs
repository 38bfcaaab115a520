use std::{pin::Pin, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use lectern_core::provider::BoxError;
use reqwest::{Client, RequestBuilder, redirect};
use tokio::time::{Instant, timeout_at};
use url::form_urlencoded;

use super::{
    Allowance, Body, Credentials, Exchange, Failure, FailureKind, Inspect, Request, Response, Seen,
    SeenAnswer,
    address::{self, PublicOnly},
};

/// One try may take this long; a use's own deadline may be shorter.
const ONE_TRY: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(5);
/// The longest silence while an answer arrives.
const IDLE: Duration = Duration::from_secs(15);
const FORM: &str = "application/x-www-form-urlencoded";
/// The largest answer that is read into memory.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;

/// The client could not be made: the machine's certificates are unusable.
#[derive(Debug, thiserror::Error)]
#[error("the outbound HTTP client cannot be made")]
pub struct TransportBroken(#[source] pub(super) reqwest::Error);

/// The innermost exchange: one request on the wire.
#[derive(Debug)]
pub struct Http {
    client: Client,
    allow_loopback: bool,
    before_each: fn(),
    inspect: Option<Arc<dyn Inspect>>,
}

/// An answer whose body is still arriving: for downloads.
pub struct Opened {
    /// Status and headers; the body is empty.
    pub head: Response,
    /// The bytes, without a limit of size; a silence of 15 s is an error.
    pub body: Pin<Box<dyn Stream<Item = Result<Bytes, BoxError>> + Send>>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("head", &self.head).finish_non_exhaustive()
    }
}

impl Http {
    pub(super) fn new(
        allow_loopback: bool,
        before_each: fn(),
        inspect: Option<Arc<dyn Inspect>>,
    ) -> Result<Self, TransportBroken> {
        let client = Client::builder()
            .user_agent(concat!("lectern/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            // Repeating is the retry layer's decision, and a proxy from the environment would resolve names for us.
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .https_only(!allow_loopback)
            .dns_resolver(PublicOnly { allow_loopback })
            .connect_timeout(CONNECT)
            .read_timeout(IDLE)
            .pool_idle_timeout(Duration::from_secs(45))
            .build()
            .map_err(TransportBroken)?;
        Ok(Self { client, allow_loopback, before_each, inspect })
    }

    fn prepare(&self, request: &Request) -> Result<RequestBuilder, Failure> {
        (self.before_each)();
        address::check(&request.url, self.allow_loopback)
            .map_err(|reason| Failure::new(FailureKind::Forbidden(reason)))?;
        let mut builder = self.client.request(request.method.clone(), request.url.clone());
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        builder = match &request.credentials {
            None => builder,
            Some(Credentials::Bearer(token)) => builder.bearer_auth(token.expose()),
            Some(Credentials::Basic(user, secret)) => builder.basic_auth(user, Some(secret.expose())),
        };
        Ok(match &request.body {
            Body::Empty => builder,
            Body::Json(value) => builder.json(value),
            Body::Form(fields) => {
                builder.form(&fields.iter().map(|(name, field)| (*name, field.value())).collect::<Vec<_>>())
            }
            Body::Fields(fields) => builder.form(fields),
        })
    }

    /// Sends and returns as soon as the head of the answer is there. Not retried by any layer.
    pub(super) async fn open(&self, request: &Request, time: &Allowance) -> Result<Opened, Failure> {
        let builder = self.prepare(request)?;
        let started = Instant::now();
        let answer = match timeout_at(time.until(), builder.send()).await {
            Err(_) => Err(Failure::after_sending(FailureKind::TimedOut)),
            Ok(Err(error)) => Err(failure(error)),
            Ok(Ok(answer)) => Ok(answer),
        };
        let answer = self.note(
            request,
            started,
            answer.map(|answer| {
                let head = Response {
                    status: answer.status().as_u16(),
                    headers: answer.headers().clone(),
                    body: Bytes::new(),
                };
                (head, answer)
            }),
            |(head, _)| head,
        )?;
        let (head, answer) = answer;
        let body = answer.bytes_stream().map(|chunk| chunk.map_err(|error| error.without_url().into()));
        Ok(Opened { head, body: Box::pin(body) })
    }

    async fn whole(&self, builder: RequestBuilder) -> Result<Response, Failure> {
        let mut answer = builder.send().await.map_err(failure)?;
        let status = answer.status().as_u16();
        let headers = std::mem::take(answer.headers_mut());
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(failure)? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(Failure::after_sending(FailureKind::TooLarge));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status, headers, body: body.freeze() })
    }

    /// Logs an exchange (no path, query or body) and shows it to the inspector.
    fn note<T>(
        &self,
        request: &Request,
        started: Instant,
        outcome: Result<T, Failure>,
        head: impl Fn(&T) -> &Response,
    ) -> Result<T, Failure> {
        let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (provider, operation, method, route) =
            (request.provider.as_str(), request.operation, request.method.as_str(), request.route);
        match &outcome {
            Ok(answer) => {
                let answer = head(answer);
                let tracking = answer.header(request.tracking_header).unwrap_or("-");
                tracing::debug!(
                    provider,
                    operation,
                    method,
                    route,
                    status = answer.status,
                    millis,
                    tracking,
                    "called"
                );
            }
            Err(failure) => {
                tracing::warn!(provider, operation, method, route, millis, failure = ?failure.kind, "no answer");
            }
        }
        if let Some(inspect) = &self.inspect {
            show(inspect.as_ref(), request, outcome.as_ref().ok().map(head));
        }
        outcome
    }
}

impl<E: Exchange> Exchange for Arc<E> {
    async fn exchange(&self, request: &Request, time: &Allowance) -> Result<Response, Failure> {
        E::exchange(self, request, time).await
    }
}

impl Exchange for Http {
    async fn exchange(&self, request: &Request, time: &Allowance) -> Result<Response, Failure> {
        if time.remaining().is_zero() {
            return Err(Failure::new(FailureKind::NoTime));
        }
        let builder = self.prepare(request)?;
        let started = Instant::now();
        let until = time.until().min(started + ONE_TRY);
        let outcome = match timeout_at(until, self.whole(builder)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::after_sending(FailureKind::TimedOut)),
        };
        self.note(request, started, outcome, |answer| answer)
    }
}

/// The vendor's address is left out: its query may hold what nobody should read in a log.
pub(super) fn failure(error: reqwest::Error) -> Failure {
    let failure = if error.is_connect() || error.is_builder() {
        Failure::new(FailureKind::NotConnected)
    } else if error.is_timeout() {
        Failure::after_sending(FailureKind::TimedOut)
    } else {
        Failure::after_sending(FailureKind::Interrupted)
    };
    failure.source(error.without_url())
}

fn show(inspect: &dyn Inspect, request: &Request, answer: Option<&Response>) {
    let list = |headers: &reqwest::header::HeaderMap| -> Vec<(String, String)> {
        headers
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect()
    };
    let mut headers: Vec<(String, String)> = request
        .headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let secret_answer = matches!(request.body, Body::Form(_));
    let mut form = form_urlencoded::Serializer::new(String::new());
    let (kind, body) = match &request.body {
        Body::Empty => (None, Vec::new()),
        Body::Json(value) => (Some("application/json"), value.to_string().into_bytes()),
        Body::Form(fields) => {
            form.extend_pairs(fields.iter().map(|(name, field)| (name, field.shown())));
            (Some(FORM), form.finish().into_bytes())
        }
        Body::Fields(fields) => {
            form.extend_pairs(fields);
            (Some(FORM), form.finish().into_bytes())
        }
    };
    headers.extend(kind.map(|kind| ("content-type".to_owned(), kind.to_owned())));
    let answer_headers = answer.map(|answer| list(&answer.headers)).unwrap_or_default();
    inspect.exchanged(&Seen {
        method: request.method.as_str(),
        url: &request.url,
        headers: &headers,
        body: &body,
        answer: answer.map(|answer| SeenAnswer {
            status: answer.status,
            headers: &answer_headers,
            body: if secret_answer { &[] } else { &answer.body },
        }),
    });
}
