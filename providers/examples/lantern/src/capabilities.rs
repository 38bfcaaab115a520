//! What a connection can do, from the granted scopes. Each "no" is the sentence that a teacher reads.

use lectern_core::provider::{
    Can, Capabilities, ControlScope, CreateRecovery, JoinGuarantee, Limits, LiveAttendance,
};

use crate::oauth::{ROOMS, VISITS};

/// Lantern's longest title.
pub(crate) const TITLE: usize = 120;

const IN_THE_ROOM: &str = "Lantern has no way to set this from outside. The teacher does it in the room.";

fn only_with<T>(scopes: &[String], scope: &str, can: Can<T>) -> Can<T> {
    if scopes.iter().any(|granted| granted == scope) {
        can
    } else {
        Can::no(format!("The Lantern account lacks the permission {scope}. Add it there and connect again."))
    }
}

/// With these granted scopes.
#[must_use]
pub fn of(scopes: &[String]) -> Capabilities {
    Capabilities {
        registrants: Can::no(
            "Lantern has one link for everybody. Lectern opens it only to people of the class.",
        ),
        guarantee: JoinGuarantee::HostAdmits,
        attendance: only_with(
            scopes,
            VISITS,
            Can::helped(
                LiveAttendance::Report,
                "Lantern tells who was there when the class is over. Until then Lectern shows who went through its door.",
            ),
        ),
        breakout_rooms: Can::no(IN_THE_ROOM),
        waiting_room: only_with(scopes, ROOMS, Can::yes(ControlScope::PerMeeting)),
        auto_recording: Can::no(
            "Lantern records nothing. Upload a recording made on the teacher's computer.",
        ),
        recording_download: Can::no(
            "Lantern records nothing. Upload a recording made on the teacher's computer.",
        ),
        chat: Can::no(IN_THE_ROOM),
        screen_share: Can::no(IN_THE_ROOM),
        recurrence: only_with(
            scopes,
            ROOMS,
            Can::helped((), "Each session gets a room of its own, so that an old link opens nothing."),
        ),
        end_meeting: only_with(scopes, ROOMS, Can::yes(())),
        create_recovery: CreateRecovery::ByKey,
        limits: Limits {
            topic_characters: TITLE,
            registrants: 0,
            registrants_at_once: 0,
            host_writes_per_day: None,
            meeting_minutes: None,
        },
        recording_kept_for: None,
        // People type what they like when they come in; Lectern tells Lantern nothing of them.
        personal_data: Vec::new(),
        aliases: Can::helped(
            (),
            "Lectern tells Lantern nothing about people in any case. What they type when they come in is theirs to choose.",
        ),
    }
}

/// With everything granted.
#[must_use]
pub fn at_best() -> Capabilities {
    of(&[ROOMS.to_owned(), VISITS.to_owned()])
}

/// Before anybody has connected.
pub(crate) fn unconnected() -> Capabilities {
    of(&[])
}
