//! `login.microsoftonline.com`: authorization codes with PKCE, tokens, an administrator's consent.

use std::{collections::BTreeMap, fmt::Write as _};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{errors::invalid_token, keys, world::World};
use crate::{
    answer::Answer,
    html::{escape, page},
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
const OF_OPENID: &[&str] = &["openid", "profile", "email", "offline_access"];

#[derive(Debug, Default)]
pub(crate) struct LoginState {
    codes: BTreeMap<String, Code>,
    access: BTreeMap<String, Access>,
    refresh: BTreeMap<String, Refresh>,
    /// Grants that were ended: app and user.
    ended: Vec<(String, String, DateTime<Utc>)>,
}

#[derive(Debug)]
struct Code {
    app: String,
    user: String,
    redirect_uri: String,
    challenge: Option<String>,
    scopes: Vec<String>,
    expires: DateTime<Utc>,
    used: bool,
}

#[derive(Debug)]
struct Access {
    caller: Caller,
    issued: DateTime<Utc>,
    expires: DateTime<Utc>,
}

#[derive(Debug)]
struct Refresh {
    app: String,
    user: String,
    scopes: Vec<String>,
    issued: DateTime<Utc>,
    /// 90 days of inactivity end it; using it makes a new one and leaves this one as it is.
    used: DateTime<Utc>,
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

fn is_meta(tenant: &str) -> bool {
    matches!(tenant, "organizations" | "common" | "consumers")
}

impl World {
    /// An error of the token endpoint.
    fn aad(&self, status: u16, error: &str, number: u32, text: &str, now: DateTime<Utc>) -> Answer {
        let (trace, correlation) = (self.dice.uuid(), self.dice.uuid());
        let stamp = now.format("%Y-%m-%d %H:%M:%SZ").to_string();
        Answer::json(
            status,
            json!({
                "error": error,
                "error_description": format!("AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"),
                "error_codes": [number], "timestamp": stamp, "trace_id": trace, "correlation_id": correlation,
                "error_uri": format!("{}/error?code={number}", self.base),
            }),
        )
    }

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
        let mut hidden = String::new();
        for (key, value) in query.pairs() {
            // Writing to a String cannot fail.
            let _ = write!(
                hidden,
                "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
                escape(key),
                escape(value)
            );
        }
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

    /// `POST /{tenant}/oauth2/v2.0/token`.
    pub(crate) fn token(&mut self, tenant: &str, form: &Query, now: DateTime<Utc>) -> Answer {
        if !is_meta(tenant) && !self.tenants.contains_key(tenant) {
            return self.aad(400, "invalid_request", 90_002, &format!("Tenant '{tenant}' not found."), now);
        }
        let Some(app) = form.get("client_id").and_then(|id| self.apps.get(id)) else {
            return self.aad(
                400,
                "unauthorized_client",
                700_016,
                "Application was not found in the directory.",
                now,
            );
        };
        match form.get("client_secret") {
            Some(secret) if secret == app.client_secret => {}
            Some(_) => {
                return self.aad(
                    401,
                    "invalid_client",
                    7_000_215,
                    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.",
                    now,
                );
            }
            None => {
                return self.aad(
                    401,
                    "invalid_client",
                    7_000_218,
                    "The request body must contain 'client_assertion' or 'client_secret'.",
                    now,
                );
            }
        }
        let app = app.client_id.clone();
        match form.get("grant_type") {
            Some("authorization_code") => self.redeem(&app, form, now),
            Some("refresh_token") => self.refresh(&app, form, now),
            Some("client_credentials") => self.for_itself(&app, tenant, form, now),
            _ => self.aad(
                400,
                "unsupported_grant_type",
                70_003,
                "The app requested an unsupported grant type.",
                now,
            ),
        }
    }

    fn redeem(&mut self, app: &str, form: &Query, now: DateTime<Utc>) -> Answer {
        let name = form.get("code").unwrap_or_default();
        let Some(code) = self.login.codes.get_mut(name).filter(|code| code.app == app) else {
            return self.aad(
                400,
                "invalid_grant",
                9_002_313,
                "Invalid request. Request is malformed or invalid.",
                now,
            );
        };
        if code.used {
            return self.aad(
                400,
                "invalid_grant",
                54_005,
                "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.",
                now,
            );
        }
        if now >= code.expires {
            return self.aad(
                400,
                "invalid_grant",
                70_008,
                "The provided authorization code has expired.",
                now,
            );
        }
        if form.get("redirect_uri") != Some(code.redirect_uri.as_str()) {
            return self.aad(
                400,
                "invalid_grant",
                500_112,
                "The redirect URI does not match the one used before.",
                now,
            );
        }
        let made = form.get("code_verifier").map(|verifier| URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)));
        if code.challenge.is_some() && made != code.challenge {
            return self.aad(
                400,
                "invalid_grant",
                501_481,
                "The Code_Verifier does not match the code_challenge.",
                now,
            );
        }
        code.used = true;
        let (user, scopes) = (code.user.clone(), code.scopes.clone());
        self.issue(app, &user, &scopes, now)
    }

    fn refresh(&mut self, app: &str, form: &Query, now: DateTime<Utc>) -> Answer {
        let name = form.get("refresh_token").unwrap_or_default().to_owned();
        let Some(found) = self.login.refresh.get(&name).filter(|token| token.app == app) else {
            return self.aad(
                400,
                "invalid_grant",
                9_002_313,
                "Invalid request. Request is malformed or invalid.",
                now,
            );
        };
        let (user, scopes, used, issued) =
            (found.user.clone(), found.scopes.clone(), found.used, found.issued);
        if self.is_ended(app, &user, issued) {
            return self.aad(
                400,
                "invalid_grant",
                50_173,
                "The provided grant has expired due to it being revoked.",
                now,
            );
        }
        if now - used >= Duration::days(90) {
            let text = format!(
                "The refresh token has expired due to inactivity. The token was issued on {} and was inactive for 90.00:00:00.",
                issued.to_rfc3339()
            );
            return self.aad(400, "invalid_grant", 700_082, &text, now);
        }
        let asked = form.get("scope").unwrap_or_default();
        if asked.split_whitespace().any(|scope| !scopes.iter().any(|have| have == scope)) {
            return self.aad(
                400,
                "consent_required",
                65_001,
                "The user or administrator has not consented to use the application.",
                now,
            );
        }
        if let Some(token) = self.login.refresh.get_mut(&name) {
            token.used = now;
        }
        self.issue(app, &user, &scopes, now)
    }

    fn for_itself(&mut self, app: &str, tenant: &str, form: &Query, now: DateTime<Utc>) -> Answer {
        if is_meta(tenant) {
            return self.aad(
                400,
                "invalid_request",
                900_023,
                "Specified tenant identifier is neither a valid DNS name, nor a valid external domain.",
                now,
            );
        }
        if form.get("scope") != Some(format!("{}/.default", self.base).as_str()) {
            return self.aad(
                400,
                "invalid_scope",
                1_002_012,
                "The provided value for scope is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier.",
                now,
            );
        }
        let consented = self.tenants.get(tenant).is_some_and(|tenant| tenant.consented.contains(app));
        let may = self.apps.get(app).filter(|_| consented).map(|app| app.roles.clone()).unwrap_or_default();
        let caller = Caller { app: app.to_owned(), tenant: tenant.to_owned(), user: None, may };
        let (access, life) = self.access(caller, now);
        Answer::json(
            200,
            json!({"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": access}),
        )
    }

    fn access(&mut self, caller: Caller, now: DateTime<Utc>) -> (String, i64) {
        // 60 to 90 minutes.
        let life = 3_600 + i64::try_from(self.dice.below(1_801)).unwrap_or(0);
        let access = format!("eyJ0eXAi.{}", self.dice.token(180));
        self.login
            .access
            .insert(access.clone(), Access { caller, issued: now, expires: now + Duration::seconds(life) });
        (access, life)
    }

    fn issue(&mut self, app: &str, user: &str, scopes: &[String], now: DateTime<Utc>) -> Answer {
        let Some(person) = self.users.get(user).cloned() else {
            return self.aad(400, "invalid_grant", 50_034, "The user account does not exist.", now);
        };
        let has = |name: &str| scopes.iter().any(|scope| scope == name);
        let mut may: Vec<String> =
            scopes.iter().filter(|scope| !OF_OPENID.contains(&scope.as_str())).cloned().collect();
        // What an administrator consented to for everybody comes along.
        if self.tenants.get(&person.tenant).is_some_and(|tenant| tenant.consented.contains(app)) {
            let all = self.apps.get(app).map(|app| app.scopes.clone()).unwrap_or_default();
            may.extend(all.into_iter().filter(|scope| !scopes.contains(scope)));
        }
        let caller = Caller {
            app: app.to_owned(),
            tenant: person.tenant.clone(),
            user: Some(user.to_owned()),
            may: may.clone(),
        };
        let (access, life) = self.access(caller, now);
        let mut body = json!({
            "token_type": "Bearer", "scope": may.join(" "), "expires_in": life, "ext_expires_in": life, "access_token": access,
        });
        if has("offline_access") {
            let refresh = format!("1.{}", self.dice.token(200));
            body["refresh_token"] = refresh.clone().into();
            self.login.refresh.insert(
                refresh,
                Refresh {
                    app: app.to_owned(),
                    user: user.to_owned(),
                    scopes: scopes.iter().cloned().chain(may).collect(),
                    issued: now,
                    used: now,
                },
            );
        }
        if has("openid") {
            let claims = json!({
                "aud": app, "iss": format!("{}/{}/v2.0", self.base, person.tenant), "tid": person.tenant, "oid": person.id,
                "name": person.name, "preferred_username": person.email, "iat": now.timestamp(), "exp": now.timestamp() + 3600, "ver": "2.0",
            });
            body["id_token"] = keys::token(&claims).into();
        }
        Answer::json(200, body)
    }

    fn is_ended(&self, app: &str, user: &str, issued: DateTime<Utc>) -> bool {
        self.login.ended.iter().any(|(a, u, at)| a == app && u == user && issued <= *at)
    }

    /// Password reset, removed consent, an administrator: every token that is out dies.
    pub(crate) fn end_grant(&mut self, app: &str, user: &str, now: DateTime<Utc>) {
        self.login.ended.push((app.to_owned(), user.to_owned(), now));
    }

    /// For whom a bearer token speaks, or the 401.
    pub(crate) fn bearer(&self, authorization: Option<&str>, now: DateTime<Utc>) -> Result<Caller, Answer> {
        let token =
            authorization.and_then(|value| value.strip_prefix("Bearer ")).ok_or_else(invalid_token)?;
        let access = self.login.access.get(token).ok_or_else(invalid_token)?;
        let dead = access
            .caller
            .user
            .as_deref()
            .is_some_and(|user| self.is_ended(&access.caller.app, user, access.issued));
        if dead || now >= access.expires || !self.apps.contains_key(&access.caller.app) {
            return Err(invalid_token());
        }
        Ok(access.caller.clone())
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
                let mut hidden = String::new();
                for (key, value) in query.pairs() {
                    // Writing to a String cannot fail.
                    let _ = write!(
                        hidden,
                        "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
                        escape(key),
                        escape(value)
                    );
                }
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
