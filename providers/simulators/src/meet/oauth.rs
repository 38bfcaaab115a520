//! Authorization: consent with single permissions, codes, tokens that live an hour, refresh tokens that stay, and service
//! accounts that act for others.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    errors, keys,
    options::{AppSpec, ServiceAccountSpec},
    world::World,
};
use crate::{
    answer::Answer,
    html::{escape, page},
    query::Query,
};

pub(crate) const PREFIX: &str = "https://www.googleapis.com/auth/";
/// Live refresh tokens of one account for one client; the next one kills the oldest.
const MOST_REFRESH_TOKENS: usize = 100;

#[derive(Debug, Default)]
pub(crate) struct OauthState {
    pub(crate) apps: BTreeMap<String, AppSpec>,
    pub(crate) service_accounts: BTreeMap<String, (ServiceAccountSpec, String)>,
    codes: BTreeMap<String, Code>,
    access: BTreeMap<String, Access>,
    refresh: BTreeMap<String, Refresh>,
    /// What a person has consented to, ever, by client and account.
    consents: BTreeMap<(String, String), BTreeSet<String>>,
}

#[derive(Debug)]
struct Code {
    app: String,
    user: String,
    redirect_uri: String,
    challenge: Option<(String, bool)>,
    scopes: BTreeSet<String>,
    with_refresh: bool,
    expires: DateTime<Utc>,
    used: bool,
}

#[derive(Debug)]
struct Access {
    app: String,
    project: String,
    user: Option<String>,
    scopes: BTreeSet<String>,
    expires: DateTime<Utc>,
    /// The grant it came from.
    refresh: Option<String>,
    dead: bool,
}

#[derive(Debug)]
struct Refresh {
    app: String,
    user: String,
    scopes: BTreeSet<String>,
    issued: DateTime<Utc>,
    number: u64,
    used: DateTime<Utc>,
    dead: bool,
}

/// Whom a bearer token speaks for.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The account; `None`: a service account by itself.
    pub(crate) user: Option<String>,
    pub(crate) project: String,
    scopes: BTreeSet<String>,
}

impl Caller {
    pub(crate) fn may(&self, scope: &str) -> bool {
        self.scopes.contains(&full(scope))
    }
}

/// Scopes have short names for people.
fn full(scope: &str) -> String {
    match scope {
        "openid" => scope.to_owned(),
        "email" => format!("{PREFIX}userinfo.email"),
        "profile" => format!("{PREFIX}userinfo.profile"),
        _ if scope.starts_with("https://") => scope.to_owned(),
        _ => format!("{PREFIX}{scope}"),
    }
}

fn scopes(text: &str) -> BTreeSet<String> {
    text.split(' ').filter(|scope| !scope.is_empty()).map(full).collect()
}

fn joined(scopes: &BTreeSet<String>) -> String {
    scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn failed(status: u16, error: &str, description: &str) -> Answer {
    Answer::json(status, json!({"error": error, "error_description": description}))
}

fn over() -> Answer {
    failed(400, "invalid_grant", "Token has been expired or revoked.")
}

impl World {
    fn authorization_problem(&self, query: &Query) -> Option<(&'static str, String)> {
        let Some(app) = query.get("client_id").and_then(|id| self.oauth.apps.get(id)) else {
            return Some(("invalid_client", "The OAuth client was not found.".to_owned()));
        };
        let redirect = query.get("redirect_uri").unwrap_or_default();
        if !app.redirect_uris.iter().any(|allowed| allowed == redirect) {
            return Some(("redirect_uri_mismatch", format!("redirect_uri={redirect}")));
        }
        if query.get("response_type") != Some("code") {
            return Some(("invalid_request", "Unsupported response_type".to_owned()));
        }
        if query.get("scope").unwrap_or_default().trim().is_empty() {
            return Some(("invalid_request", "Missing required parameter: scope".to_owned()));
        }
        None
    }

    /// The consent screen: whose account, and each permission by itself.
    pub(crate) fn authorize_page(&self, query: &Query) -> Answer {
        if let Some((code, text)) = self.authorization_problem(query) {
            let body = format!(
                "<h1>Access blocked: this app's request is invalid</h1><p class=\"bad\">Error 400: {}</p><p>{}</p>",
                escape(code),
                escape(&text)
            );
            return Answer::html(400, page("Google", "Error 400", "", &body));
        }
        let app = query.get("client_id").and_then(|id| self.oauth.apps.get(id));
        let name = app.map(|app| app.name.as_str()).unwrap_or_default();
        let mut hidden = String::new();
        for (key, value) in query.pairs().filter(|(key, _)| *key != "scope") {
            // Writing to a String cannot fail.
            let _ = write!(
                hidden,
                "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
                escape(key),
                escape(value)
            );
        }
        let mut people = String::new();
        let hint = query.get("login_hint").unwrap_or_default();
        let mut accounts: Vec<_> = self.accounts.values().collect();
        accounts.sort_by_key(|account| (account.email != hint, account.email.as_str()));
        for account in accounts {
            let checked = if people.is_empty() { " checked" } else { "" };
            let _ = write!(
                people,
                "<label><input type=\"radio\" name=\"user\" value=\"{email}\"{checked}> {name} <span class=\"soft\">{email}</span></label>",
                email = escape(&account.email),
                name = escape(&account.name),
            );
        }
        let mut permissions = String::new();
        for scope in scopes(query.get("scope").unwrap_or_default()) {
            let _ = write!(
                permissions,
                "<label><input type=\"checkbox\" name=\"scope\" value=\"{scope}\" checked> <code>{scope}</code></label>",
                scope = escape(&scope),
            );
        }
        let body = format!(
            "<h1>{name} wants access to your Google Account</h1>\
             <form method=\"post\" action=\"/o/oauth2/v2/auth\" style=\"display:block\">{hidden}\
             <h2>Choose an account</h2>{people}<h2>Select what {name} can access</h2>{permissions}\
             <button class=\"main\" name=\"decision\" value=\"allow\">Continue</button> \
             <button name=\"decision\" value=\"deny\">Cancel</button></form>\
             <p class=\"soft\">You can remove the access later under <a href=\"/connections\">connections</a>.</p>",
            name = escape(name),
        );
        Answer::html(200, page("Google", &format!("Sign in to {name}"), "", &body))
    }

    /// The person's decision. Only the ticked permissions are granted.
    pub(crate) fn decide(&mut self, form: &Query, now: DateTime<Utc>) -> Answer {
        if self.authorization_problem(form).is_some() {
            return self.authorize_page(form);
        }
        let redirect_uri = form.get("redirect_uri").unwrap_or_default().to_owned();
        let Ok(mut target) = url::Url::parse(&redirect_uri) else {
            return failed(400, "invalid_request", "Invalid redirect_uri");
        };
        let state = form.get("state").map(str::to_owned);
        let mut back = |pairs: &[(&str, &str)]| {
            target.query_pairs_mut().extend_pairs(pairs);
            if let Some(state) = &state {
                target.query_pairs_mut().append_pair("state", state);
            }
            Answer::redirect(302, target.as_str())
        };
        if form.get("decision") != Some("allow") {
            return back(&[("error", "access_denied")]);
        }
        let id = form.get("client_id").unwrap_or_default().to_owned();
        let account = form.get("user").and_then(|email| self.account_by_email(email)).cloned();
        let (Some(account), Some(app)) = (account, self.oauth.apps.get(&id)) else {
            return failed(400, "invalid_request", "Sign in first");
        };
        if app.internal.is_some() && app.internal != account.domain {
            let body = "<h1>Access blocked</h1><p class=\"bad\">Error 403: org_internal</p>";
            return Answer::html(403, page("Google", "Error 403", "", body));
        }
        let ticked: BTreeSet<String> =
            form.pairs().filter(|(key, _)| *key == "scope").flat_map(|(_, value)| scopes(value)).collect();
        if ticked.iter().any(|scope| app.blocked_scopes.iter().any(|blocked| full(blocked) == *scope)) {
            return back(&[("error", "admin_policy_enforced")]);
        }
        let key = (id.clone(), account.id.clone());
        let earlier = self.oauth.consents.get(&key);
        // Without a prompt, somebody who has consented to all of it before is not asked, and gets no refresh token.
        let asked = form.get("prompt").is_some_and(|prompt| prompt.split(' ').any(|word| word == "consent"))
            || !earlier.is_some_and(|earlier| ticked.is_subset(earlier));
        let with_refresh = form.get("access_type") == Some("offline") && asked;
        let mut granted = ticked.clone();
        if form.flag("include_granted_scopes") {
            granted.extend(earlier.into_iter().flatten().cloned());
        }
        self.oauth.consents.entry(key).or_default().extend(ticked);
        let code = format!("4/0{}", self.dice.token(60));
        let challenge = form
            .get("code_challenge")
            .map(|text| (text.to_owned(), form.get("code_challenge_method") == Some("S256")));
        let scope = joined(&granted);
        self.oauth.codes.insert(
            code.clone(),
            Code {
                app: id,
                user: account.id,
                redirect_uri,
                challenge,
                scopes: granted,
                with_refresh,
                expires: now + Duration::minutes(10),
                used: false,
            },
        );
        let mut pairs = vec![("code", code.as_str()), ("scope", scope.as_str())];
        if let Some(domain) = &account.domain {
            pairs.push(("hd", domain));
        }
        back(&pairs)
    }

    /// `POST /token`.
    pub(crate) fn token(&mut self, form: &Query, now: DateTime<Utc>) -> Answer {
        if form.get("grant_type") == Some("urn:ietf:params:oauth:grant-type:jwt-bearer") {
            return self.delegated(form, now);
        }
        let Some(app) = form.get("client_id").and_then(|id| self.oauth.apps.get(id)) else {
            return failed(401, "invalid_client", "The OAuth client was not found.");
        };
        if form.get("client_secret") != Some(app.client_secret.as_str()) {
            return failed(401, "invalid_client", "Unauthorized");
        }
        let app = app.client_id.clone();
        match form.get("grant_type") {
            Some("authorization_code") => self.redeem_code(&app, form, now),
            Some("refresh_token") => self.refresh(&app, form, now),
            _ => failed(400, "unsupported_grant_type", "Invalid grant_type"),
        }
    }

    fn redeem_code(&mut self, app: &str, form: &Query, now: DateTime<Utc>) -> Answer {
        let bad = || failed(400, "invalid_grant", "Bad Request");
        let Some(code) = form.get("code").and_then(|code| self.oauth.codes.get_mut(code)) else {
            return bad();
        };
        if code.app != app || code.used || now >= code.expires {
            return bad();
        }
        if form.get("redirect_uri") != Some(code.redirect_uri.as_str()) {
            return failed(400, "redirect_uri_mismatch", "Bad Request");
        }
        if let Some((challenge, hashed)) = &code.challenge {
            let verifier = form.get("code_verifier").unwrap_or_default();
            let made =
                if *hashed { URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) } else { verifier.to_owned() };
            if made != *challenge {
                return failed(400, "invalid_grant", "Invalid code verifier.");
            }
        }
        code.used = true;
        let (user, scopes, with_refresh) = (code.user.clone(), code.scopes.clone(), code.with_refresh);
        let refresh = with_refresh.then(|| self.new_refresh(app, &user, &scopes, now));
        let mut answer = self.issue(app, &user, &scopes, refresh.as_deref(), now);
        if let Some(refresh) = refresh {
            answer["refresh_token"] = refresh.into();
            if self.oauth.apps.get(app).is_some_and(|app| app.testing) {
                answer["refresh_token_expires_in"] = 604_799.into();
            }
        }
        Answer::json(200, answer)
    }

    fn new_refresh(
        &mut self,
        app: &str,
        user: &str,
        scopes: &BTreeSet<String>,
        now: DateTime<Utc>,
    ) -> String {
        let number = self.next();
        let token = format!("1//0{}", self.dice.token(80));
        let mut live: Vec<_> = self
            .oauth
            .refresh
            .iter_mut()
            .filter(|(_, other)| other.app == app && other.user == user && !other.dead)
            .map(|(_, other)| other)
            .collect();
        if live.len() >= MOST_REFRESH_TOKENS {
            live.sort_by_key(|other| other.number);
            if let Some(oldest) = live.first_mut() {
                oldest.dead = true;
            }
        }
        let made = Refresh {
            app: app.to_owned(),
            user: user.to_owned(),
            scopes: scopes.clone(),
            issued: now,
            number,
            used: now,
            dead: false,
        };
        self.oauth.refresh.insert(token.clone(), made);
        token
    }

    fn issue(
        &mut self,
        app: &str,
        user: &str,
        scopes: &BTreeSet<String>,
        refresh: Option<&str>,
        now: DateTime<Utc>,
    ) -> serde_json::Value {
        let token = format!("ya29.{}", self.dice.token(180));
        let project = self.oauth.apps.get(app).map(|app| app.project.clone()).unwrap_or_default();
        let mut answer = json!({"access_token": token, "expires_in": 3599, "scope": joined(scopes), "token_type": "Bearer"});
        if scopes.contains("openid")
            && let Some(account) = self.accounts.get(user)
        {
            let mut claims = json!({
                "iss": "https://accounts.google.com", "aud": app, "azp": app, "sub": account.id, "email": account.email,
                "email_verified": true, "iat": now.timestamp(), "exp": now.timestamp() + 3600,
            });
            if let Some(domain) = &account.domain {
                claims["hd"] = domain.as_str().into();
            }
            answer["id_token"] = self.keys.token(&claims, false).into();
        }
        self.oauth.access.insert(
            token,
            Access {
                app: app.to_owned(),
                project,
                user: Some(user.to_owned()),
                scopes: scopes.clone(),
                expires: now + Duration::seconds(3599),
                refresh: refresh.map(str::to_owned),
                dead: false,
            },
        );
        answer
    }

    fn refresh(&mut self, app: &str, form: &Query, now: DateTime<Utc>) -> Answer {
        let testing = self.oauth.apps.get(app).is_some_and(|app| app.testing);
        let name = form.get("refresh_token").unwrap_or_default().to_owned();
        let Some(token) = self.oauth.refresh.get_mut(&name).filter(|token| token.app == app) else {
            return over();
        };
        let too_old = testing && now >= token.issued + Duration::days(7);
        let idle = now >= token.used + Duration::days(183);
        if token.dead || too_old || idle {
            token.dead = true;
            return over();
        }
        token.used = now;
        let (user, scopes) = (token.user.clone(), token.scopes.clone());
        // The old refresh token goes on: none comes back.
        Answer::json(200, self.issue(app, &user, &scopes, Some(&name), now))
    }

    /// A service account's own assertion; with `sub` it acts as somebody of a domain where it is registered.
    fn delegated(&mut self, form: &Query, now: DateTime<Utc>) -> Answer {
        let unsigned = || failed(400, "invalid_grant", "Invalid JWT Signature.");
        let Some(claims) = form.get("assertion").and_then(keys::assertion) else { return unsigned() };
        let text = |name: &str| claims[name].as_str().unwrap_or_default();
        let Some((spec, client_id)) = self.oauth.service_accounts.get(text("iss")).cloned() else {
            return failed(400, "invalid_grant", "Invalid grant: account not found");
        };
        let (issued, expires) =
            (claims["iat"].as_i64().unwrap_or_default(), claims["exp"].as_i64().unwrap_or_default());
        let present = now.timestamp();
        if expires - issued > 3600 || issued > present + 300 || expires < present {
            return failed(
                400,
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
            );
        }
        let audience = text("aud");
        if audience != "https://oauth2.googleapis.com/token" && audience != format!("{}/token", self.base) {
            return failed(400, "invalid_grant", "Invalid JWT: Failed audience check.");
        }
        let wanted = scopes(text("scope"));
        if wanted.is_empty() {
            return failed(400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.");
        }
        let subject = text("sub");
        let user = if subject.is_empty() {
            None
        } else {
            let registered: BTreeSet<String> = spec.scopes.iter().map(|scope| full(scope)).collect();
            let account = self
                .account_by_email(subject)
                .filter(|account| account.domain.as_deref() == Some(spec.domain.as_str()));
            match account {
                None => return failed(400, "invalid_grant", "Invalid email or User ID"),
                Some(_) if !wanted.is_subset(&registered) => {
                    return failed(
                        401,
                        "unauthorized_client",
                        "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the \
                         scopes requested.",
                    );
                }
                Some(account) => Some(account.id.clone()),
            }
        };
        let token = format!("ya29.c.{}", self.dice.token(180));
        self.oauth.access.insert(
            token.clone(),
            Access {
                app: client_id,
                project: spec.project,
                user,
                scopes: wanted,
                expires: now + Duration::seconds(3599),
                refresh: None,
                dead: false,
            },
        );
        Answer::json(200, json!({"access_token": token, "expires_in": 3599, "token_type": "Bearer"}))
    }

    /// `POST /revoke`: either token ends the whole grant.
    pub(crate) fn revoke(&mut self, form: &Query, now: DateTime<Utc>) -> Answer {
        let token = form.get("token").unwrap_or_default();
        let holder = self
            .oauth
            .refresh
            .get(token)
            .filter(|refresh| !refresh.dead)
            .map(|refresh| (refresh.app.clone(), refresh.user.clone()))
            .or_else(|| {
                let access =
                    self.oauth.access.get(token).filter(|access| !access.dead && now < access.expires)?;
                Some((access.app.clone(), access.user.clone()?))
            });
        match holder {
            Some((app, user)) => {
                self.end_grants(&app, &user, now);
                Answer::json(200, json!({}))
            }
            None => failed(400, "invalid_token", "Token expired or revoked"),
        }
    }

    /// Ends everything a person has allowed a client; true when there was something.
    pub(crate) fn end_grants(&mut self, app: &str, user: &str, now: DateTime<Utc>) -> bool {
        let mut any = false;
        for refresh in self.oauth.refresh.values_mut().filter(|token| token.app == app && token.user == user)
        {
            any |= !refresh.dead;
            refresh.dead = true;
        }
        let project = self.oauth.apps.get(app).map(|app| app.project.clone()).unwrap_or_default();
        for access in self.oauth.access.values_mut() {
            if access.app == app && access.user.as_deref() == Some(user) {
                any |= !access.dead;
                access.dead = true;
            }
        }
        self.oauth.consents.remove(&(app.to_owned(), user.to_owned()));
        self.suspend_all(user, &project, "USER_SCOPE_REVOKED", now);
        any
    }

    /// Whom this bearer token speaks for, or the 401.
    pub(crate) fn bearer(
        &self,
        authorization: Option<&str>,
        service: &str,
        now: DateTime<Utc>,
    ) -> Result<Caller, Answer> {
        let refused = || errors::unauthenticated(&format!("{service}.googleapis.com"));
        let token = authorization.and_then(|value| value.strip_prefix("Bearer ")).ok_or_else(refused)?;
        let access = self.oauth.access.get(token).ok_or_else(refused)?;
        let grant_dead = access
            .refresh
            .as_ref()
            .and_then(|refresh| self.oauth.refresh.get(refresh))
            .is_some_and(|refresh| refresh.dead);
        if access.dead || grant_dead || now >= access.expires {
            return Err(refused());
        }
        Ok(Caller {
            user: access.user.clone(),
            project: access.project.clone(),
            scopes: access.scopes.clone(),
        })
    }

    /// `GET /oauth2/v2/userinfo`.
    pub(crate) fn userinfo(&self, authorization: Option<&str>, now: DateTime<Utc>) -> Answer {
        let caller = match self.bearer(authorization, "oauth2", now) {
            Ok(caller) => caller,
            Err(answer) => return answer,
        };
        if !["openid", "email", "profile"].iter().any(|scope| caller.may(scope)) {
            return errors::scope_missing("oauth2.googleapis.com");
        }
        let Some(account) = caller.user.as_ref().and_then(|user| self.accounts.get(user)) else {
            return errors::unauthenticated("oauth2.googleapis.com");
        };
        let mut body = json!({"id": account.id});
        if caller.may("email") {
            body["email"] = account.email.as_str().into();
            body["verified_email"] = true.into();
        }
        if caller.may("profile") {
            body["name"] = account.name.as_str().into();
        }
        if let Some(domain) = &account.domain {
            body["hd"] = domain.as_str().into();
        }
        Answer::json(200, body)
    }

    /// The page where a person takes a consent back.
    pub(crate) fn connections_page(&self) -> Answer {
        let mut rows = String::new();
        for (app, user) in self.oauth.consents.keys() {
            let (Some(app), Some(account)) = (self.oauth.apps.get(app), self.accounts.get(user)) else {
                continue;
            };
            let _ = write!(
                rows,
                "<tr><td>{name}</td><td>{email}</td><td><form method=\"post\" action=\"/connections\">\
                 <input type=\"hidden\" name=\"client_id\" value=\"{id}\"><input type=\"hidden\" name=\"user\" value=\"{email}\">\
                 <button class=\"stop\">Remove access</button></form></td></tr>",
                name = escape(&app.name),
                id = escape(&app.client_id),
                email = escape(&account.email),
            );
        }
        let body = format!("<h1>Third-party connections</h1><table>{rows}</table>");
        Answer::html(200, page("Google", "Connections", "", &body))
    }
}
