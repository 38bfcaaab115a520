//! What a person does with a browser or a program does with the interface, over HTTP.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use reqwest::{Method, StatusCode, header, redirect::Policy};
use serde_json::{Value, json};

/// Something did not go as in the script.
#[derive(Debug, thiserror::Error)]
#[error("the demo's day went wrong: {0}")]
pub(super) struct Slip(pub(super) String);

/// An HTTP client that follows no redirect.
#[derive(Clone, Debug)]
pub(super) struct Hands {
    http: reqwest::Client,
    url: String,
    /// Tokens of those who signed in already, by address: a password is slow to check.
    tokens: Arc<Mutex<HashMap<String, String>>>,
}

impl Hands {
    /// For the server at this address.
    pub(super) fn new(url: &str) -> Result<Self, Slip> {
        let http =
            reqwest::Client::builder().redirect(Policy::none()).timeout(Duration::from_secs(30)).build();
        Ok(Self { http: http.map_err(slip)?, url: url.to_owned(), tokens: Arc::default() })
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Signs in, once, and gives the token.
    pub(super) async fn sign_in(&self, organization: &str, email: &str) -> Result<String, Slip> {
        let known = self.tokens().get(email).cloned();
        if let Some(token) = known {
            return Ok(token);
        }
        let body = json!({"organization": organization, "email": email, "password": super::cast::PASSWORD});
        let answer = self.call(Method::POST, "/api/v1/auth/login", None, Some(body)).await?;
        let token = answer["token"].as_str().ok_or_else(|| Slip(format!("{email} could not sign in")))?;
        self.tokens().insert(email.to_owned(), token.to_owned());
        Ok(token.to_owned())
    }

    /// Calls the interface.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Result<Value, Slip> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.map_err(slip)?;
        let (status, text) = (answer.status(), answer.text().await.map_err(slip)?);
        if status.is_client_error() || status.is_server_error() {
            return Err(Slip(format!("{method} {path} answered {status}: {text}")));
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Opens a join link in a fresh browser and presses the button: where it leads, if it leads on.
    pub(super) async fn press_join(&self, link: &str) -> Result<Option<String>, Slip> {
        let page = self.http.get(link).send().await.map_err(slip)?;
        let cookies: Vec<String> = page
            .headers()
            .get_all(header::SET_COOKIE)
            .iter()
            .filter_map(|cookie| cookie.to_str().ok()?.split(';').next().map(str::to_owned))
            .collect();
        let html = page.text().await.map_err(slip)?;
        let hidden = |name: &str| {
            let at = html.find(&format!("name=\"{name}\" value=\""))?;
            html[at..].split('"').nth(3).map(str::to_owned)
        };
        let (Some(form), Some(token)) = (hidden("form"), hidden("token")) else { return Ok(None) };
        let path = link.split('?').next().unwrap_or(link);
        let answer = self
            .http
            .post(path)
            .header(header::COOKIE, cookies.join("; "))
            .form(&[("form", form), ("token", token)])
            .send()
            .await
            .map_err(slip)?;
        let onward = answer
            .headers()
            .get(header::LOCATION)
            .and_then(|location| location.to_str().ok())
            .map(str::to_owned);
        Ok(onward.filter(|_| answer.status() == StatusCode::SEE_OTHER))
    }
}

pub(super) fn slip(error: impl std::fmt::Display) -> Slip {
    Slip(error.to_string())
}
