//! `login.microsoftonline.com`: authorization codes with PKCE, tokens, an administrator's consent.

use std::{collections::BTreeMap, fmt::Write as _};

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::{
    keys,
    tokens::{Access, Refresh, is_meta},
    world::World,
};
use crate::{
    answer::Answer,
    html::{escape, hidden, page},
    query::Query,
};

/// Permissions a person may grant without an administrator.
const BY_ANYBODY: &[&str] = &[
    "openid",
    "profile",
    "email",
    "offline_access",
    "User.Read",
    "Calendars.Read",
    "Calendars.ReadWrite",
    "OnlineMeetings.Read",
    "OnlineMeetings.ReadWrite",
];
pub(crate) const OF_OPENID: &[&str] = &["openid", "profile", "email", "offline_access"];

#[derive(Debug, Default)]
pub(crate) struct LoginState {
    pub(crate) codes: BTreeMap<String, Code>,
    pub(crate) access: BTreeMap<String, Access>,
    pub(crate) refresh: BTreeMap<String, Refresh>,
    /// Grants that were ended: app and user.
    pub(crate) ended: Vec<(String, String, DateTime<Utc>)>,
}

#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) app: String,
    pub(crate) user: String,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) expires: DateTime<Utc>,
    pub(crate) used: bool,
}

/// For whom a token speaks.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) app: String,
    pub(crate) tenant: String,
    /// `None`: the app itself.
    pub(crate) user: Option<String>,
    /// Delegated permissions, or the app's roles.
    pub(crate) may: Vec<String>,
}

impl Caller {
    pub(crate) fn any_of(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.may.iter().any(|have| have.eq_ignore_ascii_case(name)))
    }
}

impl World {
    /// Asked-for permissions that this registration lacks, or an administrator must consent to first.
    fn consent_missing(&self, app: &str, tenant: &str, scopes: &[String]) -> Option<String> {
        let consented = self.tenants.get(tenant).is_some_and(|tenant| tenant.consented.contains(app));
        scopes.iter().find(|scope| !consented && !BY_ANYBODY.contains(&scope.as_str())).cloned()
    }

    fn authorize_problem(&self, tenant: &str, query: &Query) -> Option<String> {
        let Some(app) = query.get("client_id").and_then(|id| self.apps.get(id)) else {
            return Some("AADSTS700016: Application was not found in the directory.".to_owned());
        };
        if !is_meta(tenant) && !self.tenants.contains_key(tenant) {
            return Some("AADSTS90002: Tenant not found.".to_owned());
        }
        let redirect = query.get("redirect_uri").unwrap_or_default();
        if !app.redirect_uris.iter().any(|allowed| allowed == redirect) {
            return Some(
                "AADSTS50011: The redirect URI specified in the request does not match the redirect URIs configured."
                    .to_owned(),
            );
        }
        if query.get("response_type") != Some("code") {
            return Some("AADSTS900144: The request body must contain 'response_type'.".to_owned());
        }
        if query.get("code_challenge").is_some() && query.get("code_challenge_method") != Some("S256") {
            return Some("AADSTS501491: Invalid code challenge method.".to_owned());
        }
        let scope = query.get("scope").unwrap_or_default();
        if scope.is_empty() {
            return Some(
                "AADSTS900144: The request body must contain the following parameter: 'scope'.".to_owned(),
            );
        }
        let unknown = scope
            .split_whitespace()
            .find(|scope| !OF_OPENID.contains(scope) && !app.scopes.iter().any(|known| known == scope));
        unknown.map(|scope| {
            format!("AADSTS650053: The application asked for scope '{scope}' that doesn't exist.")
        })
    }

    /// The page where a person signs in and consents.
    pub(crate) fn authorize_page(&self, tenant: &str, query: &Query) -> Answer {
        if let Some(problem) = self.authorize_problem(tenant, query) {
            let body = format!(
                "<h1>Sorry, but we're having trouble signing you in.</h1><p class=\"bad\">{}</p>",
                escape(&problem)
            );
            return Answer::html(400, page("Microsoft", "Sign in to your account", "", &body));
        }
        let hidden = hidden(query.pairs());
        let mut people = String::new();
        let fits = |of: &str| match tenant {
            "organizations" => !of.is_empty(),
            "common" => true,
            "consumers" => of.is_empty(),
            named => of == named,
        };
        let mut users: Vec<_> = self.users.values().filter(|user| fits(&user.tenant)).collect();
        users.sort_by_key(|user| user.email.as_str());
        for user in users {
            let checked = if people.is_empty() { " checked" } else { "" };
            let _ = write!(
                people,
                "<label><input type=\"radio\" name=\"user\" value=\"{email}\"{checked}> {name} <span class=\"soft\">{email}</span></label>",
                email = escape(&user.email),
                name = escape(&user.name),
            );
        }
        let scopes: String = query
            .get("scope")
            .unwrap_or_default()
            .split_whitespace()
            .map(|scope| format!("<li><code>{}</code></li>", escape(scope)))
            .collect();
        let app = query.get("client_id").and_then(|id| self.apps.get(id)).map_or("", |app| app.name.as_str());
        let body = format!(
            "<h1>Permissions requested by {app}</h1><form method=\"post\" action=\"/{tenant}/oauth2/v2.0/authorize\" style=\"display:block\">{hidden}\
             <h2>Signed in as</h2>{people}<h2>This app would like to</h2><ul>{scopes}</ul>\
             <button class=\"main\" name=\"decision\" value=\"accept\">Accept</button> \
             <button name=\"decision\" value=\"cancel\">Cancel</button></form>",
            app = escape(app),
            tenant = escape(tenant),
        );
        Answer::html(200, page("Microsoft", "Permissions requested", "", &body))
    }

    /// The person's decision.
    pub(crate) fn decide(&mut self, tenant: &str, form: &Query, now: DateTime<Utc>) -> Answer {
        if self.authorize_problem(tenant, form).is_some() {
            return self.authorize_page(tenant, form);
        }
        let redirect_uri = form.get("redirect_uri").unwrap_or_default().to_owned();
        let Ok(mut target) = url::Url::parse(&redirect_uri) else {
            return Answer::html(400, "AADSTS50011".to_owned());
        };
        let scopes: Vec<String> =
            form.get("scope").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        let app = form.get("client_id").unwrap_or_default().to_owned();
        let user = form.get("user").and_then(|name| self.user(name)).cloned();
        let refused = match &user {
            _ if form.get("decision") != Some("accept") => {
                Some(("access_denied", "AADSTS65004: User declined to consent to access the app.".to_owned()))
            }
            None => Some((
                "login_required",
                "AADSTS50058: A silent sign-in request was sent but no user is signed in.".to_owned(),
            )),
            Some(user) if user.tenant.is_empty() && matches!(tenant, "organizations") => {
                Some(("access_denied", "AADSTS50020: Personal accounts are not supported here.".to_owned()))
            }
            Some(user) => self.consent_missing(&app, &user.tenant, &scopes).map(|scope| {
                (
                    "consent_required",
                    format!(
                        "AADSTS65001: The administrator has not consented to use the application: {scope}"
                    ),
                )
            }),
        };
        let code = match (refused, user) {
            (None, Some(user)) => {
                let code = format!("0.{}", self.dice.token(120));
                self.login.codes.insert(
                    code.clone(),
                    Code {
                        app,
                        user: user.id,
                        redirect_uri,
                        challenge: form.get("code_challenge").map(str::to_owned),
                        scopes,
                        expires: now + Duration::minutes(10),
                        used: false,
                    },
                );
                target.query_pairs_mut().append_pair("code", &code);
                Some(code)
            }
            (refused, _) => {
                let (error, text) = refused.unwrap_or_default();
                target.query_pairs_mut().append_pair("error", error).append_pair("error_description", &text);
                None
            }
        };
        if let Some(state) = form.get("state") {
            target.query_pairs_mut().append_pair("state", state);
        }
        if code.is_some() {
            target.query_pairs_mut().append_pair("session_state", &self.dice.uuid());
        }
        Answer::redirect(302, target.as_str())
    }

    /// `GET /{tenant}/v2.0/adminconsent`, and its button.
    pub(crate) fn admin_consent(&mut self, tenant: &str, query: &Query) -> Answer {
        let app = query.get("client_id").unwrap_or_default().to_owned();
        let redirect = query.get("redirect_uri").unwrap_or_default();
        let known =
            self.apps.get(&app).is_some_and(|app| app.redirect_uris.iter().any(|uri| uri == redirect));
        let Ok(mut target) = url::Url::parse(redirect) else {
            return Answer::html(400, "AADSTS50011".to_owned());
        };
        if !known {
            return Answer::html(400, "AADSTS50011".to_owned());
        }
        match (query.get("decision"), self.tenants.get_mut(tenant)) {
            (None, Some(_)) => {
                let hidden = hidden(query.pairs());
                let body = format!(
                    "<h1>Review for your organization</h1><form method=\"post\" style=\"display:block\">{hidden}\
                     <button class=\"main\" name=\"decision\" value=\"accept\">Accept</button> \
                     <button name=\"decision\" value=\"cancel\">Cancel</button></form>"
                );
                return Answer::html(200, page("Microsoft", "Permissions requested", "", &body));
            }
            (Some("accept"), Some(found)) => {
                found.consented.insert(app);
                target
                    .query_pairs_mut()
                    .append_pair("admin_consent", "True")
                    .append_pair("tenant", tenant)
                    .append_pair("scope", query.get("scope").unwrap_or_default());
            }
            _ => {
                target.query_pairs_mut().append_pair("error", "access_denied");
            }
        }
        if let Some(state) = query.get("state") {
            target.query_pairs_mut().append_pair("state", state);
        }
        Answer::redirect(302, target.as_str())
    }

    /// `GET /{tenant}/v2.0/.well-known/openid-configuration`.
    pub(crate) fn openid(&self, tenant: &str) -> Answer {
        let base = &self.base;
        Answer::json(
            200,
            json!({
                "issuer": format!("{base}/{tenant}/v2.0"), "jwks_uri": format!("{base}/{tenant}/discovery/v2.0/keys"),
                "authorization_endpoint": format!("{base}/{tenant}/oauth2/v2.0/authorize"), "token_endpoint": format!("{base}/{tenant}/oauth2/v2.0/token"),
            }),
        )
    }

    /// `GET /{tenant}/discovery/v2.0/keys`.
    pub(crate) fn published_keys() -> Answer {
        let key: Value = keys::published();
        Answer::json(200, json!({ "keys": [key] }))
    }
}
