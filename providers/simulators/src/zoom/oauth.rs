//! Authorization: codes, tokens that live an hour, refresh tokens that rotate, and the page where a person allows it.

use std::{collections::BTreeMap, fmt::Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    answer::Answer,
    state::{App, AppMode},
    world::World,
};
use crate::html::{escape, hidden, page};
use crate::query::Query;

#[derive(Debug, Default)]
pub(crate) struct OauthState {
    codes: BTreeMap<String, Code>,
    grants: BTreeMap<u64, Grant>,
    access: BTreeMap<String, Access>,
    refresh: BTreeMap<String, Refresh>,
}

#[derive(Debug)]
struct Code {
    grant: u64,
    redirect_uri: String,
    challenge: Option<(String, bool)>,
    expires: DateTime<Utc>,
    used: bool,
}

/// That a person, or an account, allowed an app.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) app: String,
    pub(crate) account: String,
    /// Absent for server-to-server apps.
    pub(crate) user: Option<String>,
    pub(crate) revoked: bool,
}

#[derive(Debug)]
struct Access {
    grant: u64,
    expires: DateTime<Utc>,
}

#[derive(Debug)]
struct Refresh {
    grant: u64,
    expires: DateTime<Utc>,
    used: bool,
}

/// Whom a bearer token speaks for.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) account: String,
    pub(crate) user: Option<String>,
    pub(crate) mode: AppMode,
    pub(crate) scopes: Vec<String>,
}

fn failed(status: u16, error: &str, reason: &str) -> Answer {
    Answer::json(status, json!({ "reason": reason, "error": error }))
}

impl World {
    fn authorization_problem(&self, query: &Query) -> Option<String> {
        let Some(app) = query.get("client_id").and_then(|id| self.apps.get(id)) else {
            return Some("Invalid client_id. (4,702)".to_owned());
        };
        if app.disabled {
            return Some("The application is disabled. (4,717)".to_owned());
        }
        if app.mode == AppMode::ServerToServer {
            return Some("This app does not support user authorization. (4,705)".to_owned());
        }
        let redirect = query.get("redirect_uri").unwrap_or_default();
        if !app.redirect_uris.iter().any(|allowed| allowed == redirect) {
            return Some(format!("Invalid redirect: {redirect} (4,709)"));
        }
        if query.get("response_type") != Some("code") {
            return Some("Invalid response_type. (4,705)".to_owned());
        }
        if query.get("scope").is_some() {
            return Some("Invalid scopes: scopes come from the app's configuration. (4,711)".to_owned());
        }
        None
    }

    /// The page where a person allows the app.
    pub(crate) fn authorize_page(&self, query: &Query) -> Answer {
        if let Some(problem) = self.authorization_problem(query) {
            let body = format!("<h1>Something went wrong</h1><p class=\"bad\">{}</p>", escape(&problem));
            return Answer::html(400, page("Zoom", "Invalid request", "", &body));
        }
        let app = query.get("client_id").and_then(|id| self.apps.get(id));
        let (name, scopes, account) =
            app.map_or(("", &[][..], None), |app| (app.name.as_str(), &app.scopes[..], app.account.as_ref()));
        let hidden = hidden(query.pairs());
        let mut people = String::new();
        let mut users = self
            .users
            .values()
            .filter(|user| account.is_none_or(|account| *account == user.account))
            .collect::<Vec<_>>();
        users.sort_by_key(|user| user.email.as_str());
        for user in users {
            let checked = if people.is_empty() { " checked" } else { "" };
            let _ = write!(
                people,
                "<label><input type=\"radio\" name=\"user\" value=\"{email}\"{checked}> {name} <span class=\"soft\">{email}</span></label>",
                email = escape(&user.email),
                name = escape(&user.display_name()),
            );
        }
        let scopes =
            scopes.iter().map(|scope| format!("<li><code>{}</code></li>", escape(scope))).collect::<String>();
        let body = format!(
            "<h1>{name} wants to access your Zoom account</h1>\
             <form method=\"post\" action=\"/oauth/authorize\" style=\"display:block\">{hidden}\
             <h2>Signed in as</h2>{people}<h2>This app will be able to</h2><ul>{scopes}</ul>\
             <button class=\"main\" name=\"decision\" value=\"allow\">Allow</button> \
             <button name=\"decision\" value=\"deny\">Deny</button></form>\
             <p class=\"soft\">You can remove the app later under <a href=\"/apps\">installed apps</a>.</p>",
            name = escape(name),
        );
        Answer::html(200, page("Zoom", &format!("Allow {name}"), "", &body))
    }

    /// The person's decision.
    pub(crate) fn decide(&mut self, form: &Query, now: DateTime<Utc>) -> Answer {
        if self.authorization_problem(form).is_some() {
            return self.authorize_page(form);
        }
        let redirect_uri = form.get("redirect_uri").unwrap_or_default().to_owned();
        let Ok(mut target) = url::Url::parse(&redirect_uri) else {
            return failed(400, "invalid_request", "Invalid redirect_uri");
        };
        if form.get("decision") != Some("allow") {
            target.query_pairs_mut().append_pair("error", "access_denied");
            if let Some(state) = form.get("state") {
                target.query_pairs_mut().append_pair("state", state);
            }
            return Answer::redirect(302, target.as_str());
        }
        let Some(user) = form.get("user").and_then(|name| self.user(name)) else {
            return failed(400, "invalid_request", "Sign in first");
        };
        let (user, account) = (user.id.clone(), user.account.clone());
        let app = form.get("client_id").unwrap_or_default().to_owned();
        let grant = self.next();
        self.oauth.grants.insert(grant, Grant { app, account, user: Some(user), revoked: false });
        let code = self.dice.token(40);
        let challenge = form
            .get("code_challenge")
            .map(|text| (text.to_owned(), form.get("code_challenge_method") == Some("S256")));
        let expires = now + Duration::minutes(5);
        self.oauth.codes.insert(code.clone(), Code { grant, redirect_uri, challenge, expires, used: false });
        target.query_pairs_mut().append_pair("code", &code);
        if let Some(state) = form.get("state") {
            target.query_pairs_mut().append_pair("state", state);
        }
        Answer::redirect(302, target.as_str())
    }

    fn client(&self, authorization: Option<&str>) -> Result<&App, Answer> {
        let pair = authorization
            .and_then(|value| value.strip_prefix("Basic "))
            .and_then(|encoded| STANDARD.decode(encoded.trim()).ok())
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let Some((id, secret)) = pair.as_deref().and_then(|pair| pair.split_once(':')) else {
            return Err(failed(400, "invalid_request", "Missing client credentials"));
        };
        match self.apps.get(id) {
            Some(app) if app.client_secret == secret && !app.disabled => Ok(app),
            Some(app) if app.client_secret == secret => {
                Err(failed(400, "invalid_client", "The application is disabled"))
            }
            _ => Err(failed(401, "invalid_client", "Invalid client_id or client_secret")),
        }
    }

    /// `POST /oauth/token`.
    pub(crate) fn token(&mut self, authorization: Option<&str>, form: &Query, now: DateTime<Utc>) -> Answer {
        let app = match self.client(authorization) {
            Ok(app) => app.client_id.clone(),
            Err(answer) => return answer,
        };
        match form.get("grant_type") {
            Some("authorization_code") => self.redeem_code(&app, form, now),
            Some("refresh_token") => self.refresh(&app, form, now),
            Some("account_credentials") => self.account_credentials(&app, form, now),
            _ => failed(400, "unsupported_grant_type", "unsupported grant type"),
        }
    }

    fn redeem_code(&mut self, app: &str, form: &Query, now: DateTime<Utc>) -> Answer {
        let invalid = || failed(400, "invalid_grant", "Invalid authorization code");
        let Some(code) = form.get("code").and_then(|code| self.oauth.codes.get_mut(code)) else {
            return invalid();
        };
        let grant = code.grant;
        if self.oauth.grants.get(&grant).is_none_or(|grant| grant.app != app) {
            return invalid();
        }
        if code.used {
            self.revoke_grant(grant);
            return invalid();
        }
        if now >= code.expires {
            return failed(400, "invalid_grant", "Authorization code expired");
        }
        if form.get("redirect_uri") != Some(code.redirect_uri.as_str()) {
            return failed(400, "invalid_request", "Redirect URI mismatch.");
        }
        if let Some((challenge, hashed)) = &code.challenge {
            let verifier = form.get("code_verifier").unwrap_or_default();
            let made =
                if *hashed { URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) } else { verifier.to_owned() };
            if made != *challenge {
                return failed(400, "invalid_grant", "Invalid code verifier");
            }
        }
        code.used = true;
        // A second authorization by the same person ends the earlier one.
        let user = self.oauth.grants.get(&grant).and_then(|grant| grant.user.clone());
        let earlier = self
            .oauth
            .grants
            .iter()
            .filter(|(id, other)| **id != grant && other.app == app && other.user == user)
            .map(|(id, _)| *id)
            .collect::<Vec<_>>();
        for id in earlier {
            self.revoke_grant(id);
        }
        self.issue(app, grant, true, now)
    }

    fn refresh(&mut self, app: &str, form: &Query, now: DateTime<Utc>) -> Answer {
        let invalid = || failed(400, "invalid_grant", "Invalid Token!");
        let Some(token) = form.get("refresh_token").and_then(|token| self.oauth.refresh.get_mut(token))
        else {
            return invalid();
        };
        let grant = token.grant;
        if self.oauth.grants.get(&grant).is_none_or(|grant| grant.app != app || grant.revoked)
            || now >= token.expires
        {
            return invalid();
        }
        if token.used {
            // A token used twice has two holders: nobody keeps the grant.
            self.revoke_grant(grant);
            return invalid();
        }
        token.used = true;
        self.issue(app, grant, true, now)
    }

    fn account_credentials(&mut self, app: &str, form: &Query, now: DateTime<Utc>) -> Answer {
        let Some(found) = self.apps.get(app).filter(|app| app.mode == AppMode::ServerToServer) else {
            return failed(400, "unsupported_grant_type", "unsupported grant type");
        };
        let Some(account) = found.account.clone().filter(|account| form.get("account_id") == Some(account))
        else {
            return failed(400, "invalid_request", "Bad Request");
        };
        let grant = self.next();
        self.oauth.grants.insert(grant, Grant { app: app.to_owned(), account, user: None, revoked: false });
        self.issue(app, grant, false, now)
    }

    fn issue(&mut self, app: &str, grant: u64, with_refresh: bool, now: DateTime<Utc>) -> Answer {
        let lifetime = 3599 + i64::from(self.dice.percent(50));
        let access = self.dice.token(200);
        let scope = self.apps.get(app).map(|app| app.scopes.join(" ")).unwrap_or_default();
        let mut body = json!({
            "access_token": access, "token_type": "bearer", "expires_in": lifetime, "scope": scope, "api_url": self.base,
        });
        self.oauth.access.insert(access, Access { grant, expires: now + Duration::seconds(lifetime) });
        if with_refresh {
            let refresh = self.dice.token(200);
            body["refresh_token"] = refresh.clone().into();
            self.oauth
                .refresh
                .insert(refresh, Refresh { grant, expires: now + Duration::days(90), used: false });
        }
        Answer::json(200, body)
    }

    /// `POST /oauth/revoke`.
    pub(crate) fn revoke(&mut self, authorization: Option<&str>, form: &Query) -> Answer {
        let app = match self.client(authorization) {
            Ok(app) => app.client_id.clone(),
            Err(answer) => return answer,
        };
        let grant =
            form.get("token").and_then(|token| self.oauth.access.get(token)).map(|access| access.grant);
        match grant {
            Some(grant) if self.oauth.grants.get(&grant).is_some_and(|found| found.app == app) => {
                self.revoke_grant(grant);
                Answer::json(200, json!({ "status": "success" }))
            }
            _ => failed(400, "invalid_grant", "Invalid Token!"),
        }
    }

    fn revoke_grant(&mut self, id: u64) {
        if let Some(grant) = self.oauth.grants.get_mut(&id) {
            grant.revoked = true;
        }
    }

    /// Ends every grant of this person to this app; true when there was one.
    pub(crate) fn revoke_user(&mut self, app: &str, user: &str) -> bool {
        let mut any = false;
        for grant in self.oauth.grants.values_mut() {
            if grant.app == app && grant.user.as_deref() == Some(user) && !grant.revoked {
                grant.revoked = true;
                any = true;
            }
        }
        any
    }

    /// Whom this bearer token speaks for, or the 401.
    pub(crate) fn bearer(&self, authorization: Option<&str>, now: DateTime<Utc>) -> Result<Caller, Answer> {
        let Some(token) = authorization.and_then(|value| value.strip_prefix("Bearer ")) else {
            return Err(Answer::error(401, 124, "Requires an access token."));
        };
        let Some(access) = self.oauth.access.get(token) else {
            return Err(Answer::error(401, 124, "Invalid access token."));
        };
        let grant = self.oauth.grants.get(&access.grant).filter(|grant| !grant.revoked);
        let app = grant.and_then(|grant| self.apps.get(&grant.app)).filter(|app| !app.disabled);
        match (grant, app) {
            (Some(_), Some(_)) if now >= access.expires => {
                Err(Answer::error(401, 124, "Access token is expired."))
            }
            (Some(grant), Some(app)) => Ok(Caller {
                account: grant.account.clone(),
                user: grant.user.clone(),
                mode: app.mode,
                scopes: app.scopes.clone(),
            }),
            _ => Err(Answer::error(401, 124, "Invalid access token.")),
        }
    }

    /// Grants that stand: what an app may receive events about.
    pub(crate) fn standing_grants(&self) -> impl Iterator<Item = &Grant> {
        self.oauth.grants.values().filter(|grant| !grant.revoked)
    }

    /// The page with the apps a person installed, and the button that removes one.
    pub(crate) fn apps_page(&self) -> Answer {
        let mut rows = String::new();
        let mut seen = std::collections::BTreeSet::new();
        for grant in self.standing_grants() {
            let (Some(app), Some(user)) =
                (self.apps.get(&grant.app), grant.user.as_ref().and_then(|id| self.users.get(id)))
            else {
                continue;
            };
            if !seen.insert((app.client_id.clone(), user.id.clone())) {
                continue;
            }
            let _ = write!(
                rows,
                "<tr><td>{app}</td><td>{email}</td><td><form method=\"post\" action=\"/apps\"><input type=\"hidden\" name=\"client_id\" value=\"{id}\">\
                 <input type=\"hidden\" name=\"user\" value=\"{email}\"><button class=\"stop\">Remove</button></form></td></tr>",
                app = escape(&app.name),
                email = escape(&user.email),
                id = escape(&app.client_id),
            );
        }
        let body = if rows.is_empty() {
            "<h1>Installed apps</h1><p class=\"soft\">Nobody has installed an app.</p>".to_owned()
        } else {
            format!(
                "<h1>Installed apps</h1><table><tr><th>App</th><th>Account</th><th></th></tr>{rows}</table>"
            )
        };
        Answer::html(200, page("Zoom", "Installed apps", "", &body))
    }
}
