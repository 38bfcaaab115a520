use std::collections::HashMap;

use axum::{
    body::Bytes,
    extract::{
        DefaultBodyLimit, FromRequest, FromRequestParts, Multipart, Request, multipart::MultipartError,
    },
    http::{StatusCode, header},
};

use lectern_core::picture::PictureKind;

use super::{
    SignedIn,
    body::{shown_to, too_large},
};
use crate::{app::App, error::ApiError};

/// The largest file.
const FILE_BYTES: usize = 2 << 20;
/// The largest form with a file in it.
const FORM_BYTES: usize = FILE_BYTES + (256 << 10);

fn content_type(request: &Request) -> String {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The body of a request that sends a table: `text/csv`, at most 2 MB.
#[derive(Clone, Debug)]
pub struct CsvBody(pub Bytes);

impl FromRequest<App> for CsvBody {
    type Rejection = ApiError;

    async fn from_request(mut request: Request, app: &App) -> Result<Self, ApiError> {
        if content_type(&request) != "text/csv" {
            return Err(ApiError::Malformed(
                "The body must be a table, with the header Content-Type: text/csv.".into(),
            ));
        }
        DefaultBodyLimit::max(FILE_BYTES).apply(&mut request);
        Bytes::from_request(request, app).await.map(Self).map_err(|rejection| too_large(&rejection))
    }
}

/// The body of a request that sends a picture: `image/png`, `image/jpeg` or `image/webp`, at most 2 MB.
#[derive(Clone, Debug)]
pub struct PictureBody {
    /// What the header says it is.
    pub media_type: String,
    /// The file.
    pub bytes: Bytes,
}

impl FromRequest<App> for PictureBody {
    type Rejection = ApiError;

    async fn from_request(mut request: Request, app: &App) -> Result<Self, ApiError> {
        let media_type = content_type(&request);
        if !PictureKind::ALL.iter().any(|kind| kind.media_type() == media_type) {
            return Err(ApiError::Malformed(
                "The body must be a picture, with the header Content-Type: image/png, image/jpeg or image/webp."
                    .into(),
            ));
        }
        DefaultBodyLimit::max(FILE_BYTES).apply(&mut request);
        let bytes = Bytes::from_request(request, app).await.map_err(|rejection| too_large(&rejection))?;
        Ok(Self { media_type, bytes })
    }
}

/// A page's form that may hold one file, sent by the person it was shown to; also one without a file, however it is encoded.
#[derive(Clone, Debug, Default)]
pub struct Upload {
    fields: HashMap<String, String>,
    /// What is in the file; empty when none was chosen.
    pub file: Bytes,
    /// Whether one was chosen: a browser sends a file without a name for a field that was left alone.
    pub is_chosen: bool,
}

impl Upload {
    /// A field's text; empty when it was not sent.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

fn refused(error: &MultipartError) -> ApiError {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return ApiError::TooLarge;
    }
    ApiError::Malformed("The form could not be read.".into())
}

impl FromRequest<App> for Upload {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let who = SignedIn::from_request_parts(&mut parts, app).await?;
        let mut request = Request::from_parts(parts, body);
        DefaultBodyLimit::max(FORM_BYTES).apply(&mut request);
        let mut upload = Self::default();
        if content_type(&request) == "multipart/form-data" {
            let mut form = Multipart::from_request(request, app)
                .await
                .map_err(|_| ApiError::Malformed("The form could not be read.".into()))?;
            while let Some(field) = form.next_field().await.map_err(|error| refused(&error))? {
                let name = field.name().unwrap_or_default().to_owned();
                let called = field.file_name().map(|called| !called.is_empty());
                let bytes = field.bytes().await.map_err(|error| refused(&error))?;
                if let Some(is_chosen) = called {
                    upload.file = bytes;
                    upload.is_chosen = is_chosen;
                } else {
                    upload.fields.insert(name, String::from_utf8_lossy(&bytes).into_owned());
                }
            }
        } else {
            let bytes = Bytes::from_request(request, app).await.map_err(|rejection| too_large(&rejection))?;
            let pairs = url::form_urlencoded::parse(&bytes);
            upload.fields.extend(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())));
        }
        let token = upload.fields.remove("csrf");
        shown_to(&who, token.as_deref())?;
        if upload.file.len() > FILE_BYTES {
            return Err(ApiError::TooLarge);
        }
        Ok(upload)
    }
}
