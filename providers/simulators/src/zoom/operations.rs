//! The operations of Zoom's document: method, path, rate-limit label and scopes.

use super::limits::Label;

/// One documented operation.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) id: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) label: Label,
    pub(crate) classic: &'static [&'static str],
    pub(crate) granular: &'static [&'static str],
}

impl Operation {
    /// Whether one of these granted scopes allows it.
    pub(crate) fn allowed_by(&self, granted: &[String]) -> bool {
        self.classic.iter().chain(self.granular).any(|scope| granted.iter().any(|have| have == scope))
    }
}

/// Method and path pattern of a documented operation.
#[must_use]
pub fn operation_path(id: &str) -> Option<(&'static str, &'static str)> {
    OPERATIONS.iter().find(|operation| operation.id == id).map(|operation| (operation.method, operation.path))
}

/// What a path means: the operation and its decoded parameters.
#[derive(Debug)]
pub(crate) struct Matched {
    pub(crate) operation: &'static Operation,
    pub(crate) params: Vec<String>,
    /// A parameter that Zoom's gateway cannot route: a UUID with a leading or double slash, encoded once only.
    pub(crate) unroutable: bool,
}

/// Finds the operation of a raw (still encoded) path below `/v2`.
pub(crate) fn find(method: &str, path: &str) -> Option<Matched> {
    let given = path.trim_start_matches('/').split('/').collect::<Vec<_>>();
    let fits = |operation: &&Operation| {
        let pattern = operation.path.trim_start_matches('/').split('/').collect::<Vec<_>>();
        operation.method == method
            && pattern.len() == given.len()
            && pattern
                .iter()
                .zip(&given)
                .all(|(wanted, part)| if wanted.starts_with('{') { !part.is_empty() } else { wanted == part })
    };
    let operation = OPERATIONS.iter().find(fits)?;
    let mut unroutable = false;
    let params = operation
        .path
        .trim_start_matches('/')
        .split('/')
        .zip(&given)
        .filter(|(wanted, _)| wanted.starts_with('{'))
        .map(|(_, part)| {
            let once = decode(part);
            unroutable |= once.starts_with('/') || once.contains("//");
            if once.contains('%') { decode(&once) } else { once }
        })
        .collect();
    Some(Matched { operation, params, unroutable })
}

fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// All of them, in the document's order.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        id: "users",
        method: "GET",
        path: "/users",
        label: Label::Medium,
        classic: &["user:read", "user:read:admin", "user:write", "user:write:admin"],
        granular: &["user:read:list_users:admin"],
    },
    Operation {
        id: "user",
        method: "GET",
        path: "/users/{userId}",
        label: Label::Light,
        classic: &[
            "user:read",
            "user:read:admin",
            "user:write",
            "user:write:admin",
            "user_info:read",
            "user_profile",
        ],
        granular: &["user:read:user", "user:read:user:admin"],
    },
    Operation {
        id: "userUpdate",
        method: "PATCH",
        path: "/users/{userId}",
        label: Label::Light,
        classic: &["user:write", "user:write:admin"],
        granular: &["user:update:user", "user:update:user:admin"],
    },
    Operation {
        id: "userZak",
        method: "GET",
        path: "/users/me/zak",
        label: Label::Light,
        classic: &["user_zak:read"],
        granular: &["user:read:zak", "user:read:zak:admin"],
    },
    Operation {
        id: "userToken",
        method: "GET",
        path: "/users/{userId}/token",
        label: Label::Light,
        classic: &["user:read", "user:read:admin", "user:write", "user:write:admin", "user_profile"],
        granular: &["user:read:token", "user:read:token:admin"],
    },
    Operation {
        id: "meetings",
        method: "GET",
        path: "/users/{userId}/meetings",
        label: Label::Medium,
        classic: &["meeting:read", "meeting:read:admin"],
        granular: &["meeting:read:list_meetings", "meeting:read:list_meetings:admin"],
    },
    Operation {
        id: "meetingCreate",
        method: "POST",
        path: "/users/{userId}/meetings",
        label: Label::Medium,
        classic: &["meeting:write", "meeting:write:admin"],
        granular: &["meeting:write:meeting", "meeting:write:meeting:admin"],
    },
    Operation {
        id: "meeting",
        method: "GET",
        path: "/meetings/{meetingId}",
        label: Label::Light,
        classic: &["meeting:read", "meeting:read:admin"],
        granular: &["meeting:read:meeting", "meeting:read:meeting:admin"],
    },
    Operation {
        id: "meetingUpdate",
        method: "PATCH",
        path: "/meetings/{meetingId}",
        label: Label::Light,
        classic: &["meeting:write", "meeting:write:admin"],
        granular: &["meeting:update:meeting", "meeting:update:meeting:admin"],
    },
    Operation {
        id: "meetingDelete",
        method: "DELETE",
        path: "/meetings/{meetingId}",
        label: Label::Light,
        classic: &["meeting:write", "meeting:write:admin"],
        granular: &["meeting:delete:meeting", "meeting:delete:meeting:admin"],
    },
    Operation {
        id: "meetingStatus",
        method: "PUT",
        path: "/meetings/{meetingId}/status",
        label: Label::Light,
        classic: &["meeting:write", "meeting:write:admin"],
        granular: &["meeting:update:status", "meeting:update:status:admin"],
    },
    Operation {
        id: "meetingRegistrants",
        method: "GET",
        path: "/meetings/{meetingId}/registrants",
        label: Label::Medium,
        classic: &["meeting:read", "meeting:read:admin"],
        granular: &["meeting:read:list_registrants", "meeting:read:list_registrants:admin"],
    },
    Operation {
        id: "meetingRegistrantCreate",
        method: "POST",
        path: "/meetings/{meetingId}/registrants",
        label: Label::Light,
        classic: &["meeting:write", "meeting:write:admin"],
        granular: &["meeting:write:registrant", "meeting:write:registrant:admin"],
    },
    Operation {
        id: "meetingRegistrantStatus",
        method: "PUT",
        path: "/meetings/{meetingId}/registrants/status",
        label: Label::Medium,
        classic: &["meeting:write", "meeting:write:admin"],
        granular: &["meeting:update:registrant_status", "meeting:update:registrant_status:admin"],
    },
    Operation {
        id: "meetingregistrantdelete",
        method: "DELETE",
        path: "/meetings/{meetingId}/registrants/{registrantId}",
        label: Label::Light,
        classic: &["meeting:write", "meeting:write:admin"],
        granular: &["meeting:delete:registrant", "meeting:delete:registrant:admin"],
    },
    Operation {
        id: "addBatchRegistrants",
        method: "POST",
        path: "/meetings/{meetingId}/batch_registrants",
        label: Label::Heavy,
        classic: &["meeting:write", "meeting:write:admin"],
        granular: &["meeting:write:batch_registrants", "meeting:write:batch_registrants:admin"],
    },
    Operation {
        id: "meetingInvitation",
        method: "GET",
        path: "/meetings/{meetingId}/invitation",
        label: Label::Light,
        classic: &["meeting:read", "meeting:read:admin"],
        granular: &["meeting:read:invitation", "meeting:read:invitation:admin"],
    },
    Operation {
        id: "inMeetingControl",
        method: "PATCH",
        path: "/live_meetings/{meetingId}/events",
        label: Label::Medium,
        classic: &["meeting:write", "meeting:write:admin"],
        granular: &["meeting:update:in_meeting_controls", "meeting:update:in_meeting_controls:admin"],
    },
    Operation {
        id: "pastMeetingDetails",
        method: "GET",
        path: "/past_meetings/{meetingId}",
        label: Label::Light,
        classic: &["meeting:read", "meeting:read:admin"],
        granular: &["meeting:read:past_meeting", "meeting:read:past_meeting:admin"],
    },
    Operation {
        id: "pastMeetings",
        method: "GET",
        path: "/past_meetings/{meetingId}/instances",
        label: Label::Medium,
        classic: &["meeting:read", "meeting:read:admin"],
        granular: &["meeting:read:list_past_instances", "meeting:read:list_past_instances:admin"],
    },
    Operation {
        id: "pastMeetingParticipants",
        method: "GET",
        path: "/past_meetings/{meetingId}/participants",
        label: Label::Medium,
        classic: &["meeting:read", "meeting:read:admin"],
        granular: &["meeting:read:list_past_participants", "meeting:read:list_past_participants:admin"],
    },
    Operation {
        id: "reportMeetingParticipants",
        method: "GET",
        path: "/report/meetings/{meetingId}/participants",
        label: Label::Heavy,
        classic: &["report:read:admin"],
        granular: &["report:read:list_meeting_participants:admin"],
    },
    Operation {
        id: "recordingsList",
        method: "GET",
        path: "/users/{userId}/recordings",
        label: Label::Medium,
        classic: &["recording:read", "recording:read:admin"],
        granular: &[
            "cloud_recording:read:list_user_recordings",
            "cloud_recording:read:list_user_recordings:admin",
            "cloud_recording:read:list_user_recordings:master",
        ],
    },
    Operation {
        id: "recordingGet",
        method: "GET",
        path: "/meetings/{meetingId}/recordings",
        label: Label::Light,
        classic: &["phone_recording:read:admin", "recording:read"],
        granular: &[
            "cloud_recording:read:list_recording_files",
            "cloud_recording:read:list_recording_files:admin",
            "cloud_recording:read:list_recording_files:master",
        ],
    },
    Operation {
        id: "recordingDelete",
        method: "DELETE",
        path: "/meetings/{meetingId}/recordings",
        label: Label::Light,
        classic: &["recording:write", "recording:write:admin"],
        granular: &[
            "cloud_recording:delete:meeting_recording",
            "cloud_recording:delete:meeting_recording:admin",
            "cloud_recording:delete:meeting_recording:master",
        ],
    },
    Operation {
        id: "recordingDeleteOne",
        method: "DELETE",
        path: "/meetings/{meetingId}/recordings/{recordingId}",
        label: Label::Light,
        classic: &["recording:write", "recording:write:admin"],
        granular: &[
            "cloud_recording:delete:recording_file",
            "cloud_recording:delete:recording_file:admin",
            "cloud_recording:delete:recording_file:master",
        ],
    },
    Operation {
        id: "recordingStatusUpdateOne",
        method: "PUT",
        path: "/meetings/{meetingId}/recordings/{recordingId}/status",
        label: Label::Light,
        classic: &["recording:write", "recording:write:admin"],
        granular: &[
            "cloud_recording:update:recover_single_recording",
            "cloud_recording:update:recover_single_recording:admin",
            "cloud_recording:update:recover_single_recording:master",
        ],
    },
    Operation {
        id: "recordingStatusUpdate",
        method: "PUT",
        path: "/meetings/{meetingId}/recordings/status",
        label: Label::Light,
        classic: &["recording:write", "recording:write:admin"],
        granular: &[
            "cloud_recording:update:recover_meeting_recordings",
            "cloud_recording:update:recover_meeting_recordings:admin",
            "cloud_recording:update:recover_meeting_recordings:master",
        ],
    },
    Operation {
        id: "recordingSettingUpdate",
        method: "GET",
        path: "/meetings/{meetingId}/recordings/settings",
        label: Label::Light,
        classic: &["recording:read", "recording:read:admin"],
        granular: &[
            "cloud_recording:read:recording_settings",
            "cloud_recording:read:recording_settings:admin",
            "cloud_recording:read:recording_settings:master",
        ],
    },
    Operation {
        id: "recordingSettingsUpdate",
        method: "PATCH",
        path: "/meetings/{meetingId}/recordings/settings",
        label: Label::Light,
        classic: &["recording:write", "recording:write:admin"],
        granular: &[
            "cloud_recording:update:recording_settings",
            "cloud_recording:update:recording_settings:admin",
            "cloud_recording:update:recording_settings:master",
        ],
    },
];
