//! Google's pages: the consent screen with single permissions, and the one where a person takes a consent back.

use std::{collections::BTreeSet, fmt::Write as _};

use chrono::{DateTime, Duration, Utc};

use super::{
    oauth::{Code, failed, full, joined, scopes},
    world::World,
};
use crate::{
    answer::Answer,
    html::{escape, page},
    query::Query,
};

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
