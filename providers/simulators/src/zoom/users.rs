//! Who hosts.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::{
    answer::Answer,
    api::Call,
    state::{AppMode, User},
    time::stamp,
    world::World,
};

impl World {
    /// A user as Zoom describes them.
    pub(crate) fn user_json(&self, user: &User) -> Value {
        let mut body = json!({
            "id": user.id, "account_id": user.account, "email": user.email, "first_name": user.first_name, "last_name": user.last_name,
            "display_name": user.display_name(), "type": user.plan.number(), "timezone": user.time_zone, "pmi": user.pmi,
            "status": "active", "role_name": "Member", "role_id": "2", "verified": 1, "language": "en-US", "use_pmi": false,
            "created_at": stamp(user.created), "user_created_at": stamp(user.created),
            "personal_meeting_url": format!("{}/j/{}", self.base, user.pmi),
        });
        for (key, value) in &user.profile {
            body[key] = value.clone();
        }
        body
    }

    pub(crate) fn get_user(&mut self, call: &Call) -> Result<Answer, Answer> {
        let user = self.named_user(call, call.param(0))?;
        Ok(Answer::json(200, self.user_json(&user)))
    }
}

/// The fields PATCH may change that the answer of GET has too.
const PROFILE: &[&str] = &[
    "dept",
    "company",
    "job_title",
    "location",
    "manager",
    "cost_center",
    "language",
    "pronouns",
    "pronouns_option",
    "use_pmi",
    "phone_number",
    "phone_country",
    "display_name",
];

impl World {
    /// `GET /users`: everybody of the account, for administrators.
    pub(crate) fn list_users(&mut self, call: &Call) -> Result<Answer, Answer> {
        if call.caller.mode == AppMode::User {
            return Err(Answer::error(400, 200, "No permission."));
        }
        let active = call.query.get("status").is_none_or(|status| status == "active");
        let found = self
            .users
            .values()
            .filter(|user| active && user.account == call.caller.account)
            .collect::<Vec<_>>();
        let fields = [
            "id",
            "email",
            "first_name",
            "last_name",
            "display_name",
            "type",
            "status",
            "timezone",
            "pmi",
            "role_id",
            "verified",
            "created_at",
            "dept",
        ];
        let rows = found
            .into_iter()
            .map(|user| {
                let whole = self.user_json(user);
                fields
                    .iter()
                    .filter_map(|name| Some(((*name).to_owned(), whole.get(*name)?.clone())))
                    .collect()
            })
            .collect();
        self.page(call, "users", "users", rows)
    }

    /// `PATCH /users/{userId}`.
    pub(crate) fn update_user(&mut self, call: &Call) -> Result<Answer, Answer> {
        let id = self.named_user(call, call.param(0))?.id;
        let zone = call.body.get("timezone").and_then(Value::as_str);
        if zone.is_some_and(|zone| zone.parse::<chrono_tz::Tz>().is_err()) {
            return Err(Answer::invalid("timezone", "Invalid field."));
        }
        let user = self.users.get_mut(&id).ok_or_else(|| call.refuse(404, 1001))?;
        if let Some(zone) = zone {
            zone.clone_into(&mut user.time_zone);
        }
        if let Some(name) = call.body.get("first_name").and_then(Value::as_str) {
            name.clone_into(&mut user.first_name);
        }
        if let Some(name) = call.body.get("last_name").and_then(Value::as_str) {
            name.clone_into(&mut user.last_name);
        }
        for name in PROFILE {
            if let Some(value) = call.body.get(*name) {
                user.profile.insert((*name).to_owned(), value.clone());
            }
        }
        Ok(Answer::empty(204))
    }

    /// `GET /users/me/zak`: what makes its bearer the host, for two hours.
    pub(crate) fn user_zak(&mut self, call: &Call) -> Result<Answer, Answer> {
        let user = self.named_user(call, "me")?;
        let token = self.zak(&user.id, call.now + Duration::hours(2));
        Ok(Answer::json(200, json!({ "token": token })))
    }

    /// `GET /users/{userId}/token`.
    pub(crate) fn user_token(&mut self, call: &Call) -> Result<Answer, Answer> {
        let user = self.named_user(call, call.param(0))?;
        let seconds = match call.query.get("ttl").map(str::parse::<i64>) {
            None => 7_200,
            Some(Ok(seconds @ 0..=7_776_000)) => seconds,
            Some(_) => return Err(Answer::invalid("ttl", "Invalid field.")),
        };
        let token = match call.query.get("type").unwrap_or("token") {
            "zak" => self.zak(&user.id, call.now + Duration::seconds(seconds)),
            "token" | "onbehalf" => self.dice.token(120),
            _ => return Err(Answer::invalid("type", "Invalid field.")),
        };
        Ok(Answer::json(200, json!({ "token": token })))
    }

    /// A start token of this user.
    pub(crate) fn zak(&mut self, user: &str, until: DateTime<Utc>) -> String {
        let zak = self.dice.token(120);
        self.zaks.insert(zak.clone(), (user.to_owned(), until));
        zak
    }
}
