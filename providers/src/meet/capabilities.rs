//! What a connection can do, from the granted scopes. No API tells the account's edition.

use lectern_core::{
    provider::{
        Can, Capabilities, ControlScope, CreateRecovery, JoinGuarantee, Limits, LiveAttendance, PersonalData,
        RecordingModes, RegistrantLinks,
    },
    sentence::Sentence,
};

use super::oauth::{self, CREATED, DIRECTORY, DRIVE, DRIVE_MEET, READONLY, Scopes};

/// Meet shows no topic; the host's own pages keep this much.
const TOPIC: usize = 200;
/// Google does not say how many members a space may have; this is the largest call of the usual paid editions.
const MEMBERS: u32 = 500;

fn in_call() -> Sentence {
    Sentence::known("reason.meet.in_call_scope", "The Google connection lacks the permission {scope}. Connect again and allow it; until then the teacher does this in the call.").with("scope", oauth::short(CREATED))
}

fn by_hand(scope: &'static str) -> Sentence {
    Sentence::known("reason.meet.by_hand_scope", "The Google connection lacks the permission {scope}. Connect again and allow it; until then this is entered or uploaded by hand.").with("scope", oauth::short(scope))
}

/// With these granted scopes.
#[must_use]
pub fn capabilities_of(scopes: &[String]) -> Capabilities {
    of(&Scopes::new(scopes))
}

pub(super) fn of(scopes: &Scopes<'_>) -> Capabilities {
    let made = scopes.may(CREATED);
    Capabilities {
        registrants: if made {
            Can::helped(
                RegistrantLinks::Shared,
                Sentence::known(
                    "reason.meet.members",
                    "Google Meet has one link for everybody. People on the class list who are signed in to Google with the address on the list come straight in; whoever else has the link must knock.",
                ),
            )
        } else {
            Can::no(Sentence::known("reason.meet.members_scope", "The Google connection lacks the permission {scope}. Connect again and allow it; until then nobody can be put on a meeting's list.").with("scope", oauth::short(CREATED)))
        },
        guarantee: if made { JoinGuarantee::RosterLocked } else { JoinGuarantee::LinkHolder },
        attendance: attendance(scopes),
        breakout_rooms: Can::no(Sentence::known(
            "reason.meet.rooms",
            "Google has no way to plan breakout rooms from outside. The teacher makes them in the call, or each group gets a class of its own.",
        )),
        waiting_room: if made {
            Can::helped(
                ControlScope::PerMeeting,
                Sentence::known(
                    "reason.meet.waiting_room",
                    "People on the class list come straight in; everybody else knocks, and the teacher admits them in the call.",
                ),
            )
        } else {
            Can::no(in_call())
        },
        auto_recording: if made {
            Can::helped(
                RecordingModes { local: false, cloud: true },
                Sentence::known(
                    "reason.meet.recording",
                    "Google accepts this for every account, and records only when the account's edition includes recording and somebody who may record joins. When no recording appears after the class, none was made.",
                ),
            )
        } else {
            Can::no(in_call())
        },
        recording_download: recordings(scopes),
        chat: if made { Can::yes(ControlScope::PerMeeting) } else { Can::no(in_call()) },
        screen_share: if made { Can::yes(ControlScope::PerMeeting) } else { Can::no(in_call()) },
        recurrence: Can::helped(
            (),
            Sentence::known(
                "reason.meet.recurrence",
                "Each session gets a Meet link of its own, so that a link of an old session opens nothing.",
            ),
        ),
        end_meeting: if made { Can::yes(()) } else { Can::no(in_call()) },
        create_recovery: CreateRecovery::None,
        limits: Limits {
            topic_characters: TOPIC,
            registrants: MEMBERS,
            registrants_at_once: 1,
            host_writes_per_day: None,
            meetings_at_once: None,
            meeting_minutes: None,
        },
        recording_kept_for: None,
        personal_data: vec![PersonalData::Email],
        aliases: Can::no(Sentence::known(
            "reason.meet.aliases",
            "Google lets in the accounts whose addresses are on the meeting's list, so it must know people's own addresses. Use a platform with a link for each person, or send no aliases.",
        )),
    }
}

/// With every scope granted.
#[must_use]
pub fn at_best() -> Capabilities {
    let all: Vec<String> = oauth::SCOPES.iter().map(|scope| scope.name.to_owned()).collect();
    of(&Scopes::new(&all))
}

fn attendance(scopes: &Scopes<'_>) -> Can<LiveAttendance> {
    if !scopes.may(READONLY) {
        return Can::no(by_hand(CREATED));
    }
    if scopes.may(DIRECTORY) || scopes.may(oauth::DIRECTORY_USERS) {
        return Can::yes(LiveAttendance::Live);
    }
    let without = Sentence::known(
        "reason.meet.addresses_scope",
        "The Google connection lacks the permission {scope}. Connect again and allow it; until then Google tells the names of people in the call but not their addresses, and the teacher confirms who is who.",
    );
    Can::helped(LiveAttendance::Live, without.with("scope", oauth::short(DIRECTORY)))
}

fn recordings(scopes: &Scopes<'_>) -> Can<()> {
    if !scopes.may(READONLY) {
        return Can::no(by_hand(CREATED));
    }
    if !scopes.may(DRIVE_MEET) {
        return Can::no(by_hand(DRIVE_MEET));
    }
    if scopes.may(DRIVE) {
        return Can::yes(());
    }
    Can::helped(
        (),
        Sentence::known(
            "reason.meet.original_stays",
            "Recordings are copied from the host's Google Drive. The original stays there until the host removes it.",
        ),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn with(scopes: &[&str]) -> Capabilities {
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        capabilities_of(&scopes)
    }

    #[test]
    fn with_everything_granted_it_can_what_google_can() {
        let can = at_best();
        assert_eq!(can.registrants.how(), Some(&RegistrantLinks::Shared));
        assert_eq!(can.guarantee, JoinGuarantee::RosterLocked);
        assert_eq!(can.attendance, Can::yes(LiveAttendance::Live));
        assert_eq!(can.recording_download, Can::yes(()));
        assert_eq!(can.create_recovery, CreateRecovery::None);
        assert!(!can.breakout_rooms.is_possible());
        assert!(!can.auto_recording.how().unwrap().local);
        assert!(can.auto_recording.reason().unwrap().0.contains("edition"));
    }

    #[test]
    fn a_partly_granted_connection_says_what_is_missing() {
        let can = with(&[CREATED]);
        assert!(can.registrants.is_possible() && can.end_meeting.is_possible());
        assert!(can.attendance.reason().unwrap().0.contains("directory.readonly"));
        assert!(can.recording_download.reason().unwrap().0.contains("drive.meet.readonly"));
        assert!(with(&[CREATED, DRIVE_MEET]).recording_download.reason().unwrap().0.contains("stays"));
        let can = with(&[READONLY]);
        assert!(can.attendance.is_possible());
        assert!(!can.registrants.is_possible() && !can.chat.is_possible() && !can.end_meeting.is_possible());
        assert_eq!(can.guarantee, JoinGuarantee::LinkHolder);
        assert!(!with(&[]).attendance.is_possible());
    }
}
