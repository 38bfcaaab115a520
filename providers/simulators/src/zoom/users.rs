//! Who hosts.

use serde_json::{Value, json};

use super::{
    answer::Answer,
    api::Call,
    state::{User, World},
    time::stamp,
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
