//! The token endpoint: codes redeemed once, access tokens that live an hour, refresh tokens that stay, and service accounts that
//! act for others.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    keys,
    oauth::{Access, Refresh, failed, full, joined, scopes},
    world::World,
};
use crate::{answer::Answer, query::Query};

/// Live refresh tokens of one account for one client; the next one kills the oldest.
const MOST_REFRESH_TOKENS: usize = 100;

fn over() -> Answer {
    failed(400, "invalid_grant", "Token has been expired or revoked.")
}

impl World {
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
}
