use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, rejection::BytesRejection},
    http::{header, request::Parts},
};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::{SignedIn, refusal};
use crate::{
    app::App,
    error::{ApiError, FieldError},
};

/// A JSON body: unknown and wrong fields are named in the answer.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let is_json =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(
                |kind| {
                    let kind = kind.split(';').next().unwrap_or_default().trim();
                    kind.eq_ignore_ascii_case("application/json")
                },
            );
        let bytes = Bytes::from_request(request, app).await.map_err(|rejection| too_large(&rejection))?;
        if !is_json && !bytes.is_empty() {
            return Err(ApiError::Malformed(
                "The body must be JSON, with the header Content-Type: application/json.".into(),
            ));
        }
        let bytes = if bytes.is_empty() { b"{}".as_slice() } else { &bytes };
        read_json(bytes).map(Self)
    }
}

pub(super) fn too_large(rejection: &BytesRejection) -> ApiError {
    if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        ApiError::TooLarge
    } else {
        ApiError::Malformed("The body could not be read to its end.".into())
    }
}

/// Reads JSON and says which field is wrong.
pub(crate) fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    if has_escaped_nul(bytes) {
        return Err(nul_in(bytes));
    }
    // A struct is read from a list of its fields too, which nobody means.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(ApiError::Malformed("Send one JSON object, not a list.".into()));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        refused(bytes, &path, error.inner())
    })?;
    deserializer.end().map_err(|error| ApiError::Malformed(format!("The body is not JSON: {error}.")))?;
    Ok(value)
}

/// NUL is no character of any text here, and PostgreSQL does not store it.
fn nul(field: impl Into<String>) -> ApiError {
    ApiError::Invalid(vec![FieldError::new(
        field,
        "Line breaks and control characters are not possible here.",
    )])
}

/// The refusal of a JSON text with a NUL, by the first field that holds it.
fn nul_in(bytes: &[u8]) -> ApiError {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(value) => nul(with_nul(&value, String::new()).unwrap_or_else(|| "body".to_owned())),
        Err(error) => ApiError::Malformed(format!("The body is not JSON: {error}.")),
    }
}

fn with_nul(value: &Value, path: String) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then_some(path),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| with_nul(item, format!("{path}[{index}]")))
        }
        Value::Object(fields) => {
            fields.iter().filter(|(name, _)| !name.contains('\0')).find_map(|(name, field)| {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                with_nul(field, path)
            })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Whether a JSON text holds `\u0000`. (A NUL that is not escaped is no JSON.)
fn has_escaped_nul(bytes: &[u8]) -> bool {
    let mut escaped = false;
    bytes.iter().enumerate().any(|(at, byte)| {
        let begins = *byte == b'\\' && !escaped;
        escaped = begins;
        begins && bytes[at..].starts_with(b"\\u0000")
    })
}

fn refused(bytes: &[u8], path: &str, error: &serde_json::Error) -> ApiError {
    // A number where one of several words stands is a wrong value, and serde_json calls it wrong JSON.
    if !error.is_data() && serde_json::from_slice::<IgnoredAny>(bytes).is_err() {
        return ApiError::Malformed(format!("The body is not JSON: {error}."));
    }
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(before, _)| before);
    refusal::of(path, message)
}

/// Query parameters.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        if let Some((name, _)) = pairs.find(|(_, value)| value.contains('\0')) {
            return Err(nul(name));
        }
        axum::extract::Query::<T>::try_from_uri(&parts.uri).map(|query| Self(query.0)).map_err(|rejection| {
            let text = rejection.body_text();
            refusal::told(text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text))
        })
    }
}

/// A page's form, sent by the person it was shown to.
#[derive(Clone, Copy, Debug)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Form<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let who = SignedIn::from_request_parts(&mut parts, app).await?;
        let bytes = Bytes::from_request(Request::from_parts(parts, body), app)
            .await
            .map_err(|rejection| too_large(&rejection))?;
        let shown = url::form_urlencoded::parse(&bytes)
            .find_map(|(key, value)| (key == "csrf").then(|| value.into_owned()));
        shown_to(&who, shown.as_deref())?;
        read_form(&bytes).map(Self)
    }
}

/// A form carries the sign that it was shown to this very sign-in.
pub(crate) fn shown_to(who: &SignedIn, token: Option<&str>) -> Result<(), ApiError> {
    let own = who.csrf();
    if !own.is_empty() && token == Some(own.as_str()) {
        return Ok(());
    }
    Err(ApiError::Malformed(
        "This form was not shown to you by this server, or your sign-in changed since. Open the page again."
            .into(),
    ))
}

/// Reads a form's fields, leaving out the form's own token.
pub(crate) fn read_form<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(bytes)
        .filter(|(key, _)| key != "csrf")
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    if let Some((name, _)) = pairs.iter().find(|(_, value)| value.contains('\0')) {
        return Err(nul(name));
    }
    let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let fields = serde_html_form::Deserializer::from_bytes(encoded.as_bytes());
    serde_path_to_error::deserialize(fields)
        .map_err(|error| refusal::of(&error.path().to_string(), &error.inner().to_string()))
}

#[cfg(test)]
mod tests {
    use super::{has_escaped_nul, with_nul};

    #[test]
    fn the_field_with_a_nul_is_named() {
        let body = serde_json::json!({"name": "A", "guests": [{"email": "a"}, {"email": "b\u{0}"}]});
        assert_eq!(with_nul(&body, String::new()).as_deref(), Some("guests[1].email"));
    }

    #[test]
    fn only_a_real_escape_is_a_nul() {
        assert!(has_escaped_nul(br#"{"a":"x\u0000"}"#));
        assert!(has_escaped_nul(br#"{"a":"\\\u0000"}"#));
        assert!(!has_escaped_nul(br#"{"a":"\\u0000"}"#), "a backslash, and then a text");
        assert!(!has_escaped_nul(br#"{"a":"\u0001 u0000"}"#));
    }
}
