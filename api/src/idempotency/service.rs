use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts, response},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chrono::Duration;
use lectern_core::ids::OrganizationId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tracing::Instrument;
use uuid::Uuid;

use super::store::{self, Earlier, Name};
use crate::{
    app::App,
    db::{StoreError, Tx},
    error::ApiError,
    extract::{SignedIn, Via},
};

pub(super) const KEPT: Duration = Duration::hours(24);
/// No request is at work for longer: answers are due within 30 seconds.
const AT_WORK: Duration = Duration::minutes(2);
const LONGEST_KEY: usize = 200;
/// Answers beyond this many bytes are not kept; no creating route gives one.
const LARGEST_ANSWER: usize = 1 << 20;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// An answer, as it lies sealed beside its key.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) content_type: Option<String>,
    pub(super) location: Option<String>,
    pub(super) body: String,
}

/// Does a POST with an `Idempotency-Key` once.
pub async fn once(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    match do_once(app, request, next).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn do_once(app: App, request: Request, next: Next) -> Result<Response, ApiError> {
    let key = key_of(&request)?;
    let (mut parts, body) = request.into_parts();
    let who = match <SignedIn as FromRequestParts<App>>::from_request_parts(&mut parts, &app).await {
        Ok(who) => who,
        // Without somebody to keep it for, the route answers for itself (signing in is no creation).
        Err(ApiError::SignedOut) => return Ok(next.run(Request::from_parts(parts, body)).await),
        Err(error) => return Err(error),
    };
    let (parts, body) = read(parts, body, &app).await?;
    let name = Name { organization: who.organization, who: principal(&who), route: route(&parts), key };
    let hash = fingerprint(&parts, &body);
    let sealer = app.keys.sealer(who.organization).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin(who.organization).await?;
    if !store::claim(&mut tx, &name, hash, now, now - KEPT).await? {
        let earlier = store::find(&mut tx, &name).await?;
        drop(tx);
        let Some(earlier) = earlier else { return Err(at_work()) };
        return replay(&earlier, hash, now - AT_WORK, |sealed| {
            Ok(sealer.open("idempotency_keys", "answer", row(&name), sealed)?)
        });
    }
    tx.commit().await?;
    // Goes on when the client hangs up: whoever asks again must find the answer.
    let work = async move {
        let response = next.run(Request::from_parts(parts, Body::from(body))).await;
        let (parts, body) = match whole(response).await {
            Ok(whole) => whole,
            Err(response) => {
                forget(&app, &name).await?;
                return Ok(response);
            }
        };
        if nothing_was_done(parts.status) {
            forget(&app, &name).await?;
        } else {
            let kept = Kept {
                content_type: text(&parts, &header::CONTENT_TYPE),
                location: text(&parts, &header::LOCATION),
                body: String::from_utf8_lossy(&body).into_owned(),
            };
            let plain = serde_json::to_vec(&kept).map_err(ApiError::internal)?;
            let sealed = sealer.seal("idempotency_keys", "answer", row(&name), &plain);
            let mut tx = app.db.begin(name.organization).await?;
            store::answer(&mut tx, &name, &sealed, parts.status.as_u16()).await?;
            tx.commit().await?;
        }
        Ok(Response::from_parts(parts, Body::from(body)))
    };
    tokio::spawn(work.instrument(tracing::Span::current())).await.map_err(ApiError::internal)?
}

fn key_of(request: &Request) -> Result<String, ApiError> {
    let mut values = request.headers().get_all(KEY).iter();
    let key = values.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
    if key.is_empty() || key.len() > LONGEST_KEY || values.next().is_some() {
        return Err(ApiError::Malformed(format!(
            "Idempotency-Key must be one value of 1 to {LONGEST_KEY} printable characters."
        )));
    }
    Ok(key.to_owned())
}

/// Reads the body, within the limit of every route.
async fn read(parts: Parts, body: Body, app: &App) -> Result<(Parts, Bytes), ApiError> {
    let head = parts.clone();
    let body = Bytes::from_request(Request::from_parts(parts, body), app).await.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            ApiError::TooLarge
        } else {
            ApiError::Malformed("The body could not be read to its end.".into())
        }
    })?;
    Ok((head, body))
}

fn principal(who: &SignedIn) -> Uuid {
    match who.via {
        Via::ApiKey(key, _) => key,
        _ => who.person.uuid(),
    }
}

fn route(parts: &Parts) -> String {
    let pattern = parts.extensions.get::<MatchedPath>().map_or(parts.uri.path(), MatchedPath::as_str);
    format!("{} {pattern}", parts.method)
}

/// Of everything that says what is asked for: path, query and body.
fn fingerprint(parts: &Parts, body: &[u8]) -> [u8; 32] {
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    Sha256::new().chain_update(target.as_bytes()).chain_update([0]).chain_update(body).finalize().into()
}

/// The row's id, to which its sealed answer is bound.
pub(super) fn row(name: &Name) -> Uuid {
    let hash = Sha256::new()
        .chain_update(name.who.as_bytes())
        .chain_update(name.route.as_bytes())
        .chain_update([0])
        .chain_update(name.key.as_bytes())
        .finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    Uuid::from_bytes(id)
}

fn replay(
    earlier: &Earlier,
    hash: [u8; 32],
    at_work_since: chrono::DateTime<chrono::Utc>,
    open: impl Fn(&[u8]) -> Result<Vec<u8>, ApiError>,
) -> Result<Response, ApiError> {
    if earlier.body_hash != hash {
        return Err(ApiError::field(
            "Idempotency-Key",
            "This key was used for another request. Use a new key for a new request.",
        ));
    }
    let (Some(sealed), Some(status)) = (&earlier.answer, earlier.status) else {
        return Err(if earlier.created_at > at_work_since { at_work() } else { unknown_outcome() });
    };
    let kept: Kept = serde_json::from_slice(&open(sealed)?).map_err(ApiError::internal)?;
    let status = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let mut response = Response::new(Body::from(kept.body));
    *response.status_mut() = status.ok_or_else(|| {
        ApiError::internal(StoreError::corrupt("idempotency_keys", "its status is none of HTTP's"))
    })?;
    let headers = response.headers_mut();
    for (header, value) in [(header::CONTENT_TYPE, kept.content_type), (header::LOCATION, kept.location)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(header, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn at_work() -> ApiError {
    ApiError::conflict(
        "idempotency_at_work",
        "The first request with this key is still being worked on.",
        "Wait a moment, then send it again with the same key.",
    )
}

fn unknown_outcome() -> ApiError {
    ApiError::conflict(
        "idempotency_unknown",
        "The server was stopped while it worked on the first request with this key.",
        "Look whether the object is there. If it is not, send the request again with a new key.",
    )
}

/// Answers after which sending again is the right thing, because nothing was changed.
fn nothing_was_done(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::UNAUTHORIZED | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
        )
}

/// The answer with its body read; an answer that is larger than any that is kept comes back as a failure.
async fn whole(response: Response) -> Result<(response::Parts, Bytes), Response> {
    let (parts, body) = response.into_parts();
    match axum::body::to_bytes(body, LARGEST_ANSWER).await {
        Ok(body) => Ok((parts, body)),
        Err(error) => Err(ApiError::internal(error).into_response()),
    }
}

fn text(parts: &response::Parts, name: &HeaderName) -> Option<String> {
    parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

async fn forget(app: &App, name: &Name) -> Result<(), ApiError> {
    let mut tx = app.db.begin(name.organization).await?;
    store::forget(&mut tx, name).await?;
    Ok(tx.commit().await?)
}

/// Removes an organization's keys that are older than a day: part of the regular cleaning. Returns how many.
///
/// # Errors
/// When the database refuses.
pub async fn remove_old(app: &App, tx: &mut Tx, organization: OrganizationId) -> Result<u64, StoreError> {
    store::remove_old(tx, organization, app.clock.now() - KEPT).await
}
