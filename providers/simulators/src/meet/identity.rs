//! Profiles of a domain's people, and the directory its administrators see.

use serde_json::{Value, json};

use super::{
    errors::{invalid, not_found, older},
    gateway::Call,
    state::Account,
    world::World,
};
use crate::answer::Answer;

/// The most people of one call.
const BATCH: usize = 200;

impl World {
    /// What somebody sees of a profile: addresses only inside one's own domain, and only of those who show them.
    fn profile(&self, call: &Call, account: &Account) -> Value {
        let domain = self.accounts.get(call.user()).and_then(|caller| caller.domain.as_ref());
        let mine = domain.is_some() && domain == account.domain.as_ref();
        let wanted = |field: &str| {
            call.query.get("personFields").unwrap_or_default().split(',').any(|name| name.trim() == field)
        };
        let mut body = json!({"resourceName": format!("people/{}", account.id), "etag": "%EgMBNy4="});
        if mine && wanted("names") {
            body["names"] = json!([{
                "metadata": {"primary": true, "source": {"type": "PROFILE", "id": account.id}}, "displayName": account.name,
            }]);
        }
        if mine && account.shows_address && wanted("emailAddresses") {
            body["emailAddresses"] = json!([{
                "metadata": {"primary": true, "source": {"type": "DOMAIN_PROFILE", "id": account.id}}, "value": account.email,
            }]);
        }
        body
    }

    fn person_fields(call: &Call) -> Result<(), Answer> {
        match call.query.get("personFields") {
            Some(fields) if !fields.is_empty() => Ok(()),
            _ => Err(invalid("personFields mask is required")),
        }
    }

    pub(crate) fn get_person(&self, call: &Call) -> Result<Value, Answer> {
        Self::person_fields(call)?;
        let id = if call.param(0) == "me" { call.user() } else { call.param(0) };
        self.accounts.get(id).map(|account| self.profile(call, account)).ok_or_else(not_found)
    }

    pub(crate) fn get_people(&self, call: &Call) -> Result<Value, Answer> {
        Self::person_fields(call)?;
        let names: Vec<_> =
            call.query.pairs().filter(|(key, _)| *key == "resourceNames").map(|(_, value)| value).collect();
        if names.is_empty() || names.len() > BATCH {
            return Err(invalid("resourceNames"));
        }
        let mut responses = Vec::new();
        for name in names {
            let id = name.strip_prefix("people/").ok_or_else(|| invalid("resourceNames"))?;
            responses.push(match self.accounts.get(id) {
                Some(account) => json!({
                    "httpStatusCode": 200, "status": {}, "requestedResourceName": name, "person": self.profile(call, account),
                }),
                None => json!({
                    "httpStatusCode": 404, "status": {"code": 5, "message": "Requested entity was not found."},
                    "requestedResourceName": name,
                }),
            });
        }
        Ok(json!({ "responses": responses }))
    }

    /// Users of the caller's own domain, by id or address; for its administrators.
    pub(crate) fn get_user(&self, call: &Call) -> Result<Value, Answer> {
        let caller = self.accounts.get(call.user()).filter(|caller| caller.admin && caller.domain.is_some());
        let caller = caller
            .ok_or_else(|| older(403, "global", "forbidden", "Not Authorized to access this resource/api"))?;
        let key = call.param(0);
        let found = self.accounts.get(key).or_else(|| self.account_by_email(key));
        let found = found
            .filter(|account| account.domain == caller.domain)
            .ok_or_else(|| older(404, "global", "notFound", "Resource Not Found: userKey"))?;
        let (given, family) = found.name.split_once(' ').unwrap_or((&found.name, ""));
        Ok(json!({
            "kind": "admin#directory#user", "id": found.id, "primaryEmail": found.email, "isAdmin": found.admin, "suspended": false,
            "name": {"givenName": given, "familyName": family, "fullName": found.name},
        }))
    }
}
