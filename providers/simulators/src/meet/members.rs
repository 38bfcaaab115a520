//! The list of a space: who enters without knocking.

use chrono::Duration;
use serde_json::{Value, json};

use super::{
    behaviour::DuplicateMember,
    errors::{failed, invalid, no_space, not_found},
    gateway::Call,
    state::{Member, Space},
    world::World,
};
use crate::answer::Answer;

/// The most members of one batch.
const BATCH: usize = 500;

fn role(body: &Value) -> Result<bool, Answer> {
    match body.get("role").and_then(Value::as_str) {
        None | Some("ROLE_UNSPECIFIED") => Ok(false),
        Some("COHOST") => Ok(true),
        Some(_) => Err(invalid("role")),
    }
}

impl World {
    fn member_json(&self, space: &Space, member: &Member) -> Value {
        let mut body =
            json!({"name": format!("{}/members/{}", space.name(), member.id), "email": member.email});
        if member.co_host {
            body["role"] = "COHOST".into();
        }
        if self.behaviour.members_show_user
            && let Some(account) = self.account_by_email(&member.email)
        {
            body["user"] = format!("users/{}", account.id).into();
        }
        body
    }

    /// A space whose list the caller may read.
    fn listed(&self, call: &Call) -> Result<&Space, Answer> {
        let space = self.spaces.get(call.param(0)).filter(|space| self.visible(space, call));
        space
            .filter(|space| space.owner == call.user() || Self::took_part(space, call.user()))
            .ok_or_else(no_space)
    }

    pub(crate) fn create_member(&mut self, call: &Call) -> Result<Value, Answer> {
        let id = self.owned(call)?;
        let email = call.body["email"].as_str().unwrap_or_default().trim().to_owned();
        let good =
            email.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.'));
        if !good || email.contains(char::is_whitespace) || call.body.get("name").is_some() {
            return Err(invalid("member.email"));
        }
        let co_host = role(&call.body)?;
        let member = Member {
            id: self.dice.token(20),
            email: email.clone(),
            co_host,
            effective: call.now + Duration::seconds(self.behaviour.member_delay_seconds),
        };
        let space = self.spaces.get(&id).ok_or_else(no_space)?;
        if let Some(known) = space.member(&email) {
            return match self.behaviour.duplicate_member {
                DuplicateMember::AlreadyExists => Err(failed(409, "Requested entity already exists")),
                DuplicateMember::TheSame => Ok(self.member_json(space, known)),
            };
        }
        let body = self.member_json(space, &member);
        if let Some(space) = self.spaces.get_mut(&id) {
            space.members.push(member);
        }
        Ok(body)
    }

    pub(crate) fn list_members(&mut self, call: &Call) -> Result<Value, Answer> {
        let space = self.listed(call)?;
        let rows = space.members.iter().map(|member| self.member_json(space, member)).collect();
        self.page(call, "members", (250, 500), rows)
    }

    pub(crate) fn get_member(&self, call: &Call) -> Result<Value, Answer> {
        let space = self.listed(call)?;
        let member = space.members.iter().find(|member| member.id == call.param(1)).ok_or_else(not_found)?;
        Ok(self.member_json(space, member))
    }

    pub(crate) fn patch_member(&mut self, call: &Call) -> Result<Value, Answer> {
        let id = self.owned(call)?;
        if call.query.get("updateMask").is_some_and(|mask| !matches!(mask, "role" | "*")) {
            return Err(invalid("update_mask"));
        }
        let co_host = role(&call.body)?;
        self.set_role(&id, call.param(1), co_host)
    }

    fn set_role(&mut self, space: &str, member: &str, co_host: bool) -> Result<Value, Answer> {
        let found = self.spaces.get_mut(space).ok_or_else(no_space)?;
        let changed = found.members.iter_mut().find(|known| known.id == member).ok_or_else(not_found)?;
        changed.co_host = co_host;
        let changed = changed.clone();
        let found = self.spaces.get(space).ok_or_else(no_space)?;
        Ok(self.member_json(found, &changed))
    }

    /// Up to 500 at once; those that are not members are not made.
    pub(crate) fn update_members(&mut self, call: &Call) -> Result<Value, Answer> {
        let id = self.owned(call)?;
        let requests = call.body["requests"].as_array().cloned().unwrap_or_default();
        if requests.is_empty() || requests.len() > BATCH {
            return Err(invalid("requests"));
        }
        let mut changes = Vec::new();
        for request in &requests {
            let name = request.pointer("/member/name").and_then(Value::as_str).unwrap_or_default();
            let member =
                name.strip_prefix(&format!("spaces/{id}/members/")).ok_or_else(|| invalid("member.name"))?;
            let known =
                self.spaces.get(&id).is_some_and(|space| space.members.iter().any(|one| one.id == member));
            if !known {
                return Err(not_found());
            }
            changes.push((member.to_owned(), role(&request["member"])?));
        }
        let mut members = Vec::new();
        for (member, co_host) in changes {
            members.push(self.set_role(&id, &member, co_host)?);
        }
        Ok(json!({ "members": members }))
    }

    pub(crate) fn delete_member(&mut self, call: &Call) -> Result<Value, Answer> {
        let id = self.owned(call)?;
        let space = self.spaces.get_mut(&id).ok_or_else(no_space)?;
        let before = space.members.len();
        space.members.retain(|member| member.id != call.param(1));
        if space.members.len() == before { Err(not_found()) } else { Ok(json!({})) }
    }
}
