//! What can be done with nothing but an address.

use lectern_core::{
    provider::{Can, Capabilities, CreateRecovery, JoinGuarantee, Limits},
    sentence::Sentence,
};

const ONLY_A_LINK: Sentence = Sentence::known(
    "reason.link.only",
    "Of this meeting Lectern knows nothing but its link. The teacher does this on the meeting's own pages.",
);

/// The same for every link.
#[must_use]
pub fn capabilities() -> Capabilities {
    Capabilities {
        registrants: Can::no(Sentence::known(
            "reason.link.shared",
            "A pasted link is one link for everybody. Lectern opens it only to people of the class, while the class is on.",
        )),
        guarantee: JoinGuarantee::LinkHolder,
        attendance: Can::no(Sentence::known(
            "reason.link.attendance",
            "Lectern sees who went through its gate, not who stayed. Attendance is entered by hand.",
        )),
        breakout_rooms: Can::no(ONLY_A_LINK),
        waiting_room: Can::no(ONLY_A_LINK),
        auto_recording: Can::no(ONLY_A_LINK),
        recording_download: Can::no(Sentence::known(
            "reason.link.recording",
            "Recordings stay on the meeting's own server. Upload one to show it here.",
        )),
        chat: Can::no(ONLY_A_LINK),
        screen_share: Can::no(ONLY_A_LINK),
        recurrence: Can::helped(
            (),
            Sentence::known(
                "reason.link.recurrence",
                "Every session opens the same link, unless another one is pasted.",
            ),
        ),
        end_meeting: Can::no(ONLY_A_LINK),
        create_recovery: CreateRecovery::ByKey,
        limits: Limits {
            topic_characters: 200,
            registrants: 0,
            registrants_at_once: 0,
            host_writes_per_day: None,
            meetings_at_once: None,
            meeting_minutes: None,
        },
        recording_kept_for: None,
        personal_data: Vec::new(),
        aliases: Can::helped(
            (),
            Sentence::known(
                "reason.link.aliases",
                "Lectern tells the other side nothing about people in any case. What they type when they join is theirs to choose.",
            ),
        ),
    }
}
