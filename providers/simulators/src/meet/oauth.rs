//! What Google's authorization holds: clients, consents, codes, tokens; and whom a token speaks for until somebody ends it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{
    errors,
    options::{AppSpec, ServiceAccountSpec},
    world::World,
};
use crate::{answer::Answer, query::Query};

pub(crate) const PREFIX: &str = "https://www.googleapis.com/auth/";

#[derive(Debug, Default)]
pub(crate) struct OauthState {
    pub(crate) apps: BTreeMap<String, AppSpec>,
    pub(crate) service_accounts: BTreeMap<String, (ServiceAccountSpec, String)>,
    pub(crate) codes: BTreeMap<String, Code>,
    pub(crate) access: BTreeMap<String, Access>,
    pub(crate) refresh: BTreeMap<String, Refresh>,
    /// What a person has consented to, ever, by client and account.
    pub(crate) consents: BTreeMap<(String, String), BTreeSet<String>>,
}

#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) app: String,
    pub(crate) user: String,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<(String, bool)>,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) with_refresh: bool,
    pub(crate) expires: DateTime<Utc>,
    pub(crate) used: bool,
}

#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) app: String,
    pub(crate) project: String,
    pub(crate) user: Option<String>,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) expires: DateTime<Utc>,
    /// The grant it came from.
    pub(crate) refresh: Option<String>,
    pub(crate) dead: bool,
}

#[derive(Debug)]
pub(crate) struct Refresh {
    pub(crate) app: String,
    pub(crate) user: String,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) issued: DateTime<Utc>,
    pub(crate) number: u64,
    pub(crate) used: DateTime<Utc>,
    pub(crate) dead: bool,
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
pub(crate) fn full(scope: &str) -> String {
    match scope {
        "openid" => scope.to_owned(),
        "email" => format!("{PREFIX}userinfo.email"),
        "profile" => format!("{PREFIX}userinfo.profile"),
        _ if scope.starts_with("https://") => scope.to_owned(),
        _ => format!("{PREFIX}{scope}"),
    }
}

pub(crate) fn scopes(text: &str) -> BTreeSet<String> {
    text.split(' ').filter(|scope| !scope.is_empty()).map(full).collect()
}

pub(crate) fn joined(scopes: &BTreeSet<String>) -> String {
    scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

pub(crate) fn failed(status: u16, error: &str, description: &str) -> Answer {
    Answer::json(status, json!({"error": error, "error_description": description}))
}

impl World {
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
}
