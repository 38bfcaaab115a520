//! Granting and refreshing access, and the permissions.

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use lectern_core::{
    provider::{
        Account, AuthorizeRequest, Call, ErrorKind, OAuth, ProviderError, RepairedBy, Result, TokenSet,
    },
    secret::SecretString,
    text::visible,
};
use reqwest::Method;
use serde::Deserialize;
use url::Url;

use super::{
    client::Ask,
    config::{Mode, Teams},
    error, wire,
};
use crate::transport::{Allowance, Body, Field, Label, Request, Response};

/// A permission this product wants, and what for.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// Microsoft's name.
    pub name: &'static str,
    /// What Lectern does with it.
    pub purpose: &'static str,
    /// An administrator must have consented before a person can grant it.
    pub admin: bool,
}

const fn scope(name: &'static str, purpose: &'static str, admin: bool) -> Scope {
    Scope { name, purpose, admin }
}

/// Delegated permissions. Those that need an administrator come in a second step, so that a teacher can connect without.
pub const SCOPES: &[Scope] = &[
    scope("User.Read", "see whose account is connected", false),
    scope("Calendars.ReadWrite", "put classes into the teacher's calendar, and take them out", false),
    scope("OnlineMeetings.ReadWrite", "set a class's lobby, presenters, chat and recording", false),
    scope("OnlineMeetingArtifact.Read.All", "read who was there", true),
    scope("OnlineMeetingRecording.Read.All", "fetch recordings", true),
    scope("OnlineMeetingTranscript.Read.All", "fetch transcripts", true),
];

/// Application permissions, for the administrator's consent. Online meetings need an application access policy on top.
pub const APPLICATION_PERMISSIONS: &[Scope] = &[
    scope("User.Read.All", "find the teachers who host", true),
    scope("Calendars.ReadWrite", "put classes into the teachers' calendars, and take them out", true),
    scope(
        "OnlineMeetings.ReadWrite.All",
        "set a class's lobby, presenters, chat and recording, and see who is there",
        true,
    ),
    scope("OnlineMeetingArtifact.Read.All", "read who was there", true),
    scope("OnlineMeetingRecording.Read.All", "fetch recordings", true),
    scope("OnlineMeetingTranscript.Read.All", "fetch transcripts", true),
];

/// Asked for with every grant: the first names the tenant, the last gives a refresh token.
const OPENID: &str = "openid profile email offline_access";
/// Any work or school account; not personal ones, which no meeting call supports.
const ANY_TENANT: &str = "organizations";
/// How long a token lives when the answer does not say.
const USUAL_SECONDS: i64 = 3600;

/// Whether a permission was granted, or implied by a broader one.
pub(super) fn granted(scopes: &[String], name: &str) -> bool {
    scopes.iter().any(|granted| granted.eq_ignore_ascii_case(name))
}

/// Without the resource that some answers put before the name.
fn short(scope: &str) -> String {
    scope.rsplit('/').next().unwrap_or(scope).to_owned()
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    refresh_token: Option<SecretString>,
    expires_in: Option<i64>,
    #[serde(default)]
    scope: String,
    id_token: Option<String>,
}

#[derive(Deserialize)]
struct IdClaims {
    aud: String,
    tid: String,
}

/// The tenant an id token names. It came from the token endpoint itself, over TLS, so its signature adds nothing.
fn tenant_of(id_token: &str, client_id: &str) -> Option<String> {
    let payload = id_token.split('.').nth(1)?;
    let claims: IdClaims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    let is_guid = claims.tid.len() == 36 && claims.tid.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    (claims.aud == client_id && is_guid).then_some(claims.tid)
}

impl Teams {
    /// Where people of a tenant log in: the tenant once it is known, as guests must.
    fn login(&self, what: &str) -> Url {
        let tenant = match (&self.settings.mode, &self.connection) {
            (Mode::Application { tenant_id }, _) => tenant_id.as_str(),
            (Mode::Delegated, Some(connection)) if !connection.account.account_id.is_empty() => {
                connection.account.account_id.as_str()
            }
            (Mode::Delegated, _) => ANY_TENANT,
        };
        let mut url = self.settings.login_base.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{}/oauth2/v2.0/{what}", wire::segment(tenant)));
        url
    }

    async fn at_login(
        &self,
        operation: &'static str,
        mut form: Vec<(&'static str, Field)>,
        repeatable: bool,
        call: &Call,
    ) -> Result<Response> {
        form.push(("client_id", Field::Open(self.settings.client_id.clone())));
        form.push(("client_secret", Field::Hidden(self.settings.client_secret.clone())));
        let request = Request {
            provider: crate::teams::NAME,
            operation,
            route: "/oauth2/v2.0/token",
            method: Method::POST,
            url: self.login("token"),
            headers: Vec::new(),
            credentials: None,
            body: Body::Form(form),
            repeatable,
            tries: 2,
            tenant: self.settings.tenant.clone().into(),
            budget: None,
            judge: error::judge,
            tracking_header: "x-ms-request-id",
        };
        let now = || self.transport.clock().now();
        let response = self
            .transport
            .send(&request, &Allowance::start(call))
            .await
            .map_err(|failure| failure.into_error(crate::teams::NAME, operation, now()))?;
        if response.is_success() { Ok(response) } else { Err(error::of_login(operation, &response, now())) }
    }

    async fn tokens(
        &self,
        operation: &'static str,
        form: Vec<(&'static str, Field)>,
        repeatable: bool,
        call: &Call,
    ) -> Result<TokenSet> {
        // The life of a token counts from before the request, so that it never seems longer than it is.
        let asked_at = self.transport.clock().now();
        let response = self.at_login(operation, form, repeatable, call).await?;
        let answer: TokenAnswer = wire::read(operation, &response)?;
        let seconds = answer.expires_in.unwrap_or(USUAL_SECONDS).clamp(0, 365 * 86_400);
        let told = answer.id_token.and_then(|token| tenant_of(&token, &self.settings.client_id));
        Ok(TokenSet {
            access_token: answer.access_token,
            refresh_token: answer.refresh_token,
            expires_at: asked_at + TimeDelta::seconds(seconds),
            scopes: answer.scope.split_whitespace().map(short).collect(),
            api_url: None,
            account_id: match &self.settings.mode {
                Mode::Application { tenant_id } => Some(tenant_id.clone()),
                Mode::Delegated => told,
            },
        })
    }

    /// Delegated permissions to ask for. At the first connecting only those that a teacher can grant alone; what an
    /// administrator has consented to comes with them unasked. Somebody who is connected is asked for all.
    fn scope_list(&self) -> String {
        let wanted = SCOPES.iter().filter(|scope| !scope.admin || self.connection.is_some());
        let names: Vec<_> = wanted.map(|scope| scope.name).collect();
        format!("{OPENID} {}", names.join(" "))
    }

    /// Reads a user with a token that no connection holds yet.
    async fn read_user(
        &self,
        operation: &'static str,
        token: &SecretString,
        path: String,
        time: &Allowance,
    ) -> Result<wire::User> {
        let ask = Ask::new(operation, Method::GET, Label::Light, "/users/{id}", path)
            .query("$select", "id,displayName,mail,userPrincipalName");
        let response = self.transport.answer(&self.request(&ask, token, None), time).await?;
        if response.is_success() {
            return wire::read(operation, &response);
        }
        Err(self.refused(&ask, &response))
    }
}

#[async_trait]
impl OAuth for Teams {
    fn authorize_url(&self, request: &AuthorizeRequest) -> Url {
        let mut url = self.login("authorize");
        url.query_pairs_mut()
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("response_type", "code")
            .append_pair("redirect_uri", request.redirect_uri.as_str())
            .append_pair("response_mode", "query")
            .append_pair("scope", &self.scope_list())
            .append_pair("state", &request.state)
            .append_pair("code_challenge", &request.code_challenge)
            .append_pair("code_challenge_method", "S256")
            // A teacher with two accounts must be able to choose the school's.
            .append_pair("prompt", "select_account");
        url
    }

    async fn exchange(
        &self,
        call: &Call,
        code: &str,
        verifier: &SecretString,
        redirect_uri: &Url,
    ) -> Result<TokenSet> {
        let form = vec![
            ("grant_type", Field::Open("authorization_code".to_owned())),
            ("code", Field::Hidden(code.into())),
            ("redirect_uri", Field::Open(redirect_uri.to_string())),
            ("code_verifier", Field::Hidden(verifier.clone())),
        ];
        self.tokens("exchange code", form, false, call).await
    }

    /// Repeatable: the old refresh token stays good. Without a scope, which gives what was granted: a list with anything else
    /// in it is refused.
    async fn refresh(&self, call: &Call, refresh_token: &SecretString) -> Result<TokenSet> {
        let form = vec![
            ("grant_type", Field::Open("refresh_token".to_owned())),
            ("refresh_token", Field::Hidden(refresh_token.clone())),
        ];
        self.tokens("refresh token", form, true, call).await
    }

    async fn account_token(&self, call: &Call) -> Result<TokenSet> {
        if !self.is_application() {
            return Err(ProviderError::new(
                crate::teams::NAME,
                "account token",
                ErrorKind::Unsupported("account_token"),
            ));
        }
        let mut scope = self.settings.api_base.clone();
        scope.set_path("/.default");
        let form = vec![
            ("grant_type", Field::Open("client_credentials".to_owned())),
            ("scope", Field::Open(scope.to_string())),
        ];
        self.tokens("account token", form, true, call).await
    }

    /// Microsoft has no call that ends one app's grant: the person removes it at myapps.microsoft.com, an administrator in
    /// Entra ID. Forgetting our tokens is all that can be done here.
    async fn revoke(&self, _: &Call, _: &SecretString) -> Result<()> {
        Ok(())
    }

    async fn account(&self, call: &Call, access_token: &SecretString, host: Option<&str>) -> Result<Account> {
        const OPERATION: &str = "read account";
        let (path, tenant) = match (&self.settings.mode, host) {
            (Mode::Delegated, _) => ("/me".to_owned(), String::new()),
            (Mode::Application { tenant_id }, Some(host)) => {
                (format!("/users/{}", wire::segment(host)), tenant_id.clone())
            }
            (Mode::Application { .. }, None) => {
                return Err(ProviderError::new(crate::teams::NAME, OPERATION, ErrorKind::HostNotFound)
                    .repaired_by(RepairedBy::Admin));
            }
        };
        let user = self.read_user(OPERATION, access_token, path, &Allowance::start(call)).await.map_err(
            |error| match error.kind {
                ErrorKind::NotFound => {
                    ProviderError::new(crate::teams::NAME, OPERATION, ErrorKind::HostNotFound)
                        .vendor_code(error.vendor_code.unwrap_or_default())
                }
                _ => error,
            },
        )?;
        Ok(Account {
            user_id: user.id,
            account_id: tenant,
            email: user.mail.or(user.user_principal_name).unwrap_or_default(),
            name: visible(&user.display_name.unwrap_or_default()),
            plan: None,
        })
    }

    /// An application's token does not tell its permissions, so that nothing can be missed ahead of a call.
    fn missing_scopes(&self, granted_scopes: &[String]) -> Vec<(&'static str, &'static str)> {
        if self.is_application() {
            return Vec::new();
        }
        SCOPES
            .iter()
            .filter(|scope| !granted(granted_scopes, scope.name))
            .map(|scope| (scope.name, scope.purpose))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn id_token(claims: &serde_json::Value) -> String {
        format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    #[test]
    fn the_tenant_is_read_from_our_own_id_token_only() {
        let tid = "909c6581-5130-43e9-88f3-fcb3582cde37";
        let token = id_token(&serde_json::json!({"aud": "app", "tid": tid}));
        assert_eq!(tenant_of(&token, "app").as_deref(), Some(tid));
        assert_eq!(tenant_of(&token, "other"), None);
        assert_eq!(tenant_of(&id_token(&serde_json::json!({"aud": "app", "tid": "../x"})), "app"), None);
        for broken in ["", "a", "a.b.c", "a.e30.c"] {
            assert_eq!(tenant_of(broken, "app"), None);
        }
    }

    #[test]
    fn names_are_short_and_compared_without_case() {
        assert_eq!(short("https://graph.microsoft.com/User.Read"), "User.Read");
        assert_eq!(short("User.Read"), "User.Read");
        assert!(granted(&["calendars.readwrite".to_owned()], "Calendars.ReadWrite"));
    }
}
