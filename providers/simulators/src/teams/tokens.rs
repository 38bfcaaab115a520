//! The token endpoint: codes redeemed once, refresh tokens that live on, an app's own tokens; and whom a token speaks for.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    errors::invalid_token,
    keys,
    login::{Caller, OF_OPENID},
    world::World,
};
use crate::{answer::Answer, query::Query};

#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) caller: Caller,
    pub(crate) issued: DateTime<Utc>,
    pub(crate) expires: DateTime<Utc>,
}

#[derive(Debug)]
pub(crate) struct Refresh {
    pub(crate) app: String,
    pub(crate) user: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) issued: DateTime<Utc>,
    /// 90 days of inactivity end it; using it makes a new one and leaves this one as it is.
    pub(crate) used: DateTime<Utc>,
}

pub(crate) fn is_meta(tenant: &str) -> bool {
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
}
