//! Spaces: made, looked at, changed field by field, ended; never deleted.

use serde_json::{Value, json};

use super::{
    errors::{failed_as, invalid, no_space},
    gateway::Call,
    operations::{CREATED, READONLY, SETTINGS},
    state::{Space, default_config, default_restrictions},
    world::World,
};
use crate::answer::Answer;

/// Each field of a configuration, and what may be in it.
const FIELDS: &[(&str, &[&str])] = &[
    ("accessType", &["OPEN", "TRUSTED", "RESTRICTED"]),
    ("entryPointAccess", &["ALL", "CREATOR_APP_ONLY"]),
    ("moderation", &["ON", "OFF"]),
    ("moderationRestrictions.chatRestriction", &["HOSTS_ONLY", "NO_RESTRICTION"]),
    ("moderationRestrictions.reactionRestriction", &["HOSTS_ONLY", "NO_RESTRICTION"]),
    ("moderationRestrictions.presentRestriction", &["HOSTS_ONLY", "NO_RESTRICTION"]),
    ("moderationRestrictions.defaultJoinAsViewerType", &["ON", "OFF"]),
    ("attendanceReportGenerationType", &["GENERATE_REPORT", "DO_NOT_GENERATE"]),
    ("artifactConfig.recordingConfig.autoRecordingGeneration", &["ON", "OFF"]),
    ("artifactConfig.transcriptionConfig.autoTranscriptionGeneration", &["ON", "OFF"]),
    ("artifactConfig.smartNotesConfig.autoSmartNotesGeneration", &["ON", "OFF"]),
];

fn pointer(field: &str) -> String {
    format!("/{}", field.replace('.', "/"))
}

fn put(config: &mut Value, field: &str, value: &str) {
    if let Some(place) = config.pointer_mut(&pointer(field)) {
        *place = value.into();
    }
}

/// Writes the fields that `wanted` names from `body` over `config`; `None` for one with a value that cannot be.
fn write(
    config: &mut Value,
    body: &Value,
    wanted: impl Fn(&str) -> bool,
    absent_is_default: bool,
    access: &str,
) -> Option<()> {
    let defaults = default_config(access);
    for (field, values) in FIELDS.iter().filter(|(field, _)| wanted(field)) {
        match body.pointer(&pointer(field)) {
            Some(Value::String(value)) if values.contains(&value.as_str()) => put(config, field, value),
            // Unspecified counts as left out.
            Some(Value::String(value)) if value.ends_with("UNSPECIFIED") => {}
            Some(_) => return None,
            None if absent_is_default => {
                let default = defaults.pointer(&pointer(field)).and_then(Value::as_str).unwrap_or_default();
                put(config, field, default);
            }
            None => {}
        }
    }
    if config["moderation"] == "OFF" {
        config["moderationRestrictions"] = default_restrictions();
    }
    Some(())
}

fn letters(world: &World, count: usize) -> String {
    (0..count).map(|_| char::from(b'a' + u8::try_from(world.dice.below(26)).unwrap_or(0))).collect()
}

impl World {
    /// The space a path names, by name; a meeting code is good for looking alone.
    fn named<'a>(&'a self, call: &Call, by_code: bool) -> Option<&'a Space> {
        let name = call.param(0);
        self.spaces.get(name).or_else(|| self.space_by_code(name).filter(|_| by_code))
    }

    /// A space that the caller owns and this project made.
    pub(crate) fn owned(&self, call: &Call) -> Result<String, Answer> {
        let space =
            self.named(call, false).filter(|space| space.owner == call.user()).ok_or_else(no_space)?;
        let by_settings = call.operation.scopes.contains(&SETTINGS) && call.caller.may(SETTINGS);
        if space.project != call.caller.project && !by_settings {
            return Err(no_space());
        }
        Ok(space.id.clone())
    }

    /// Whether the caller's scopes show a space at all.
    pub(crate) fn visible(&self, space: &Space, call: &Call) -> bool {
        call.caller.may(READONLY)
            || (call.operation.scopes.contains(&SETTINGS) && call.caller.may(SETTINGS))
            || (call.caller.may(CREATED) && space.project == call.caller.project)
    }

    /// Whether the caller was in one of the space's calls.
    pub(crate) fn took_part(space: &Space, user: &str) -> bool {
        space.calls.iter().flat_map(|call| &call.participants).any(|one| one.person.account() == Some(user))
    }

    fn space_json(&self, space: &Space, user: &str) -> Value {
        let mut body =
            json!({"name": space.name(), "meetingUri": self.link(space), "meetingCode": space.code});
        let owner = space.owner == user;
        if owner {
            body["config"] = space.config.clone();
        }
        if let Some(live) = space.live().filter(|_| owner || Self::took_part(space, user)) {
            body["activeConference"] = json!({"conferenceRecord": live.name()});
        }
        body
    }

    pub(crate) fn create_space(&mut self, call: &Call) -> Result<Value, Answer> {
        let access = self.accounts.get(call.user()).map(|account| account.default_access.clone());
        let access = access.unwrap_or_else(|| "RESTRICTED".to_owned());
        let mut config = default_config(&access);
        write(&mut config, &call.body["config"], |_| true, false, &access)
            .ok_or_else(|| invalid("config"))?;
        let id = self.dice.token(12).replace(['-', '_'], "x");
        let code = format!("{}-{}-{}", letters(self, 3), letters(self, 4), letters(self, 3));
        let space = Space {
            id: id.clone(),
            code,
            owner: call.user().to_owned(),
            project: call.caller.project.clone(),
            config,
            members: Vec::new(),
            calls: Vec::new(),
            visitors: Vec::new(),
        };
        let body = self.space_json(&space, call.user());
        self.spaces.insert(id, space);
        Ok(body)
    }

    pub(crate) fn get_space(&self, call: &Call) -> Result<Value, Answer> {
        let space = self.named(call, true).filter(|space| self.visible(space, call)).ok_or_else(no_space)?;
        Ok(self.space_json(space, call.user()))
    }

    pub(crate) fn patch_space(&mut self, call: &Call) -> Result<Value, Answer> {
        let id = self.owned(call)?;
        let access = self.accounts.get(call.user()).map(|account| account.default_access.clone());
        let access = access.unwrap_or_default();
        let mask = call.query.get("updateMask").map(str::trim).unwrap_or_default().to_owned();
        let paths: Vec<_> = mask.split(',').map(str::trim).filter(|path| !path.is_empty()).collect();
        let under = |field: &str, path: &str| {
            path == "config"
                || path
                    .strip_prefix("config.")
                    .is_some_and(|path| field == path || field.starts_with(&format!("{path}.")))
        };
        let known = |path: &&str| *path == "*" || FIELDS.iter().any(|(field, _)| under(field, path));
        if !paths.iter().all(known) {
            return Err(invalid("update_mask"));
        }
        let all = paths.is_empty();
        let replace = paths.contains(&"*");
        let space = self.spaces.get_mut(&id).ok_or_else(no_space)?;
        let mut config = space.config.clone();
        let wanted = |field: &str| all || replace || paths.iter().any(|path| under(field, path));
        // What a mask names and the body lacks goes back to its default.
        write(&mut config, &call.body["config"], wanted, !all, &access).ok_or_else(|| invalid("config"))?;
        space.config = config;
        let space = self.spaces.get(&id).ok_or_else(no_space)?;
        Ok(self.space_json(space, call.user()))
    }

    pub(crate) fn end_active_conference(&mut self, call: &Call) -> Result<Value, Answer> {
        let id = self.owned(call)?;
        if !self.end_call(&id, call.now) && !self.behaviour.idle_end_is_fine {
            return Err(failed_as(
                400,
                "FAILED_PRECONDITION",
                "There is no active conference for the given space.",
            ));
        }
        Ok(json!({}))
    }
}
