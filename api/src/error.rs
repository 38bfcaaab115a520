//! What a request can end with when it does not succeed.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use lectern_core::{
    provider::{ErrorKind, ProviderError},
    sentence::Sentence,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{db::StoreError, keys::KeyError, storage::StorageError};

/// One wrong field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Its name as sent.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl FieldError {
    /// A field and its sentence.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// A request that failed, by what the client can do about it.
#[derive(Debug)]
pub enum ApiError {
    /// The request cannot be read at all.
    Malformed(String),
    /// Some fields are wrong.
    Invalid(Vec<FieldError>),
    /// Nobody is signed in, or no longer.
    SignedOut,
    /// Signed in, but this is for others.
    Forbidden,
    /// Not for this API key: why, and what to do next.
    KeyForbidden(String, &'static str),
    /// Not there, or not this caller's to know of.
    NotFound,
    /// The state of things forbids it: a stable code, what happened, what to do next.
    Conflict(&'static str, String, String),
    /// Too many tries; seconds to wait.
    TooMany(u64),
    /// A host application's token that is signed as agreed and yet not accepted, and why.
    TokenRefused(&'static str),
    /// A body beyond the limit.
    TooLarge,
    /// The path is known, the method is not.
    MethodNotAllowed,
    /// Something of this server's own is out of reach: a stable code, what happened.
    Unavailable(&'static str, String),
    /// The platform failed.
    Provider(ProviderError),
    /// Everything else: logged whole, shown as an id.
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

/// The body of a refusal (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: `code` tells the kind.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The status in words.
    pub title: String,
    /// The status.
    pub status: u16,
    /// Stable over releases.
    pub code: String,
    /// What happened, in plain words.
    pub detail: String,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_step: Option<String>,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Names this failure in the server's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The detail, where pages can say it in the reader's language.
    #[serde(skip)]
    pub words: Option<Sentence>,
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Internal(error) => error.fmt(f),
            Self::Provider(error) => error.fmt(f),
            Self::Invalid(errors) => {
                let fields = errors.iter().map(|error| format!("{}: {}", error.field, error.message));
                f.write_str(&fields.collect::<Vec<_>>().join(" "))
            }
            other => f.write_str(&other.problem().detail),
        }
    }
}

impl std::error::Error for ApiError {}

impl ApiError {
    /// One wrong field.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, message)])
    }

    /// The same, with every field below another.
    #[must_use]
    pub fn below(self, parent: &str) -> Self {
        match self {
            Self::Invalid(errors) => Self::Invalid(
                errors
                    .into_iter()
                    .map(|error| FieldError::new(format!("{parent}.{}", error.field), error.message))
                    .collect(),
            ),
            other => other,
        }
    }

    /// The state of things forbids it.
    pub fn conflict(code: &'static str, detail: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self::Conflict(code, detail.into(), next_step.into())
    }

    /// A failure of ours.
    pub fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }

    /// What the client is told.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let (status, code, detail, next): (StatusCode, &str, String, Option<&str>) = match self {
            Self::Malformed(detail) => (
                StatusCode::BAD_REQUEST,
                "malformed",
                detail.clone(),
                Some("Check the request against /api/docs."),
            ),
            Self::Invalid(errors) => {
                let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
                let detail = format!("These fields need another value: {}.", fields.join(", "));
                (
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "invalid",
                    detail,
                    Some("Change the fields named in errors and send the request again."),
                )
            }
            Self::SignedOut => (
                StatusCode::UNAUTHORIZED,
                "signed_out",
                "Nobody is signed in, or the sign-in has ended, or the key or token is not valid any more."
                    .into(),
                Some("Sign in and try again; a program sends a key that was not revoked."),
            ),
            Self::TokenRefused(why) => (
                StatusCode::UNAUTHORIZED,
                "token_refused",
                (*why).into(),
                Some("Compare the token's claims with PUT /api/v1/organization/host-tokens in /api/docs."),
            ),
            Self::Forbidden => (
                StatusCode::FORBIDDEN,
                "forbidden",
                "Your role does not allow this.".into(),
                Some("Ask an administrator of your organization."),
            ),
            Self::KeyForbidden(why, next) => (StatusCode::FORBIDDEN, "forbidden", why.clone(), Some(next)),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "not_found",
                "There is nothing here, or it is not yours to see.".into(),
                Some("Check the address, or go back to the list."),
            ),
            Self::Conflict(code, detail, next) => (StatusCode::CONFLICT, code, detail.clone(), Some(next)),
            Self::TooMany(seconds) => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many",
                format!("Too many tries. It opens again in {seconds} seconds."),
                Some("Wait, then try again."),
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                "The request is larger than this address takes.".into(),
                Some("Send less at once."),
            ),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This address does not take this method.".into(),
                Some("Check the request against /api/docs."),
            ),
            Self::Unavailable(code, detail) => (
                StatusCode::SERVICE_UNAVAILABLE,
                code,
                detail.clone(),
                Some("Try again later. If it stays, tell whoever runs this server."),
            ),
            Self::Provider(error) => (provider_status(&error.kind), error.code(), error.sentence(), None),
            Self::Internal(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Something failed on this server; nothing was changed half.".into(),
                Some("Try again. If it stays, give the administrator the id below."),
            ),
        };
        Problem {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail,
            next_step: next.map(str::to_owned),
            errors: if let Self::Invalid(errors) = self { errors.clone() } else { Vec::new() },
            id: None,
            words: if let Self::Provider(error) = self { Some(error.words()) } else { None },
        }
    }
}

fn provider_status(kind: &ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::RateLimited(_) | ErrorKind::DailyLimit(_) | ErrorKind::Unavailable => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        ErrorKind::Unexpected => StatusCode::BAD_GATEWAY,
        ErrorKind::Invalid(_) | ErrorKind::Unsupported(_) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::CONFLICT,
    }
}

impl IntoResponse for ApiError {
    /// Problem JSON; page routes turn it into a page (see `pages::errors`), finding the [`Problem`] among the extensions.
    fn into_response(self) -> Response {
        let mut problem = self.problem();
        match &self {
            Self::Internal(error) => {
                let id = format!("{:016x}", failure_number());
                tracing::error!(id, error = &**error as &dyn std::error::Error, "request failed, id {id}");
                problem.id = Some(id);
            }
            Self::Provider(error) => tracing::warn!(%error, "the platform refused: {error}"),
            _ => {}
        }
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Self::TooMany(seconds) = self {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            // The rest of the body is not read: nobody may send another request behind it.
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response.extensions_mut().insert(problem);
        response
    }
}

/// Counts failures of this process, from a start that differs between processes: enough to find one in the log.
fn failure_number() -> u64 {
    use std::{
        hash::{BuildHasher, RandomState},
        sync::{
            LazyLock,
            atomic::{AtomicU64, Ordering},
        },
    };
    static NEXT: LazyLock<AtomicU64> =
        LazyLock::new(|| AtomicU64::new(RandomState::new().hash_one("failures") << 16));
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::internal(error)
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        Self::internal(error)
    }
}

impl From<KeyError> for ApiError {
    fn from(error: KeyError) -> Self {
        Self::internal(error)
    }
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        tracing::error!(%error, "a file cannot be kept or had: {error}");
        Self::Unavailable("files_unavailable", "The place for files does not answer right now.".to_owned())
    }
}

impl From<ProviderError> for ApiError {
    fn from(error: ProviderError) -> Self {
        Self::Provider(error)
    }
}
