//! What a connection can do, from the kind of app and the granted permissions.

use std::time::Duration;

use lectern_core::{
    provider::{
        Can, Capabilities, ControlScope, CreateRecovery, JoinGuarantee, Limits, LiveAttendance,
        RecordingModes,
    },
    sentence::Sentence,
};

use super::{
    config::Mode,
    oauth::{SCOPES, granted},
    wire,
};

/// A1 (education) licences delete recordings after 30 days, others after 120: a copy made within 30 is safe with both.
const KEPT_FOR: Duration = Duration::from_secs(30 * 86_400);

/// The first of these delegated permissions that is missing. An application's token does not tell.
fn missing(mode: &Mode, scopes: &[String], needed: &[&'static str]) -> Option<&'static str> {
    match mode {
        Mode::Application { .. } => None,
        Mode::Delegated => needed.iter().copied().find(|name| !granted(scopes, name)),
    }
}

fn attendance(mode: &Mode, scopes: &[String]) -> Can<LiveAttendance> {
    match (mode, missing(mode, scopes, &["OnlineMeetingArtifact.Read.All"])) {
        (Mode::Application { .. }, _) => Can::yes(LiveAttendance::Live),
        (Mode::Delegated, None) => Can::helped(
            LiveAttendance::Report,
            Sentence::known("reason.teams.report_only", "Microsoft tells who is in a class only to an app of the whole school. With the teacher's own connection, attendance comes from Lectern's door during the class, and from Teams' report some minutes after it."),
        ),
        (Mode::Delegated, Some(name)) => Can::no(Sentence::known("reason.teams.report_scope", "The Microsoft connection lacks the permission {scope}, which an administrator must consent to. Until then attendance comes from Lectern's door alone.").with("scope", name)),
    }
}

fn recordings(mode: &Mode, scopes: &[String]) -> Can<()> {
    match missing(mode, scopes, &["OnlineMeetingRecording.Read.All", "OnlineMeetingTranscript.Read.All"]) {
        None => Can::helped(
            (),
            Sentence::known("reason.teams.copy_only", "Lectern copies recordings and transcripts. Teams' own copy cannot be removed from here: the teacher removes it in OneDrive, or it ends by the school's own rule."),
        ),
        Some(name) => Can::no(Sentence::known("reason.teams.download_scope", "The Microsoft connection lacks the permission {scope}, which an administrator must consent to. Until then recordings can be uploaded by hand.").with("scope", name)),
    }
}

/// For this kind of app and these granted permissions.
#[must_use]
pub fn of(mode: &Mode, scopes: &[String]) -> Capabilities {
    Capabilities {
        registrants: Can::no(Sentence::known(
            "reason.teams.links",
            "On Teams everybody has the same link, and the lobby is the lock: Lectern's own links lead there, and the teacher admits people whom Lectern shows as let through.",
        )),
        guarantee: JoinGuarantee::HostAdmits,
        attendance: attendance(mode, scopes),
        breakout_rooms: Can::no(Sentence::known(
            "reason.teams.rooms",
            "Microsoft has no way to make breakout rooms from outside: in the meeting the teacher makes them.",
        )),
        waiting_room: Can::yes(ControlScope::PerMeeting),
        auto_recording: Can::helped(
            RecordingModes { local: false, cloud: true },
            Sentence::known(
                "reason.teams.cloud_only",
                "Teams records to the school's OneDrive, not to the teacher's computer.",
            ),
        ),
        recording_download: recordings(mode, scopes),
        chat: Can::yes(ControlScope::PerMeeting),
        screen_share: Can::helped(
            ControlScope::PerMeeting,
            Sentence::known(
                "reason.teams.screen_share",
                "In Teams presenters may share, so people who may share the screen are presenters.",
            ),
        ),
        recurrence: Can::helped(
            (),
            Sentence::known(
                "reason.teams.recurrence",
                "Each session gets a Teams meeting of its own: all lessons of a Teams series would share one link.",
            ),
        ),
        end_meeting: Can::helped(
            (),
            Sentence::known(
                "reason.teams.end",
                "Microsoft has no way to end a meeting for everyone. Lectern closes its door, makes everybody wait in the lobby and switches microphones and cameras off; the teacher presses End meeting in Teams.",
            ),
        ),
        create_recovery: CreateRecovery::ByKey,
        limits: Limits {
            topic_characters: wire::SUBJECT,
            registrants: 0,
            registrants_at_once: 0,
            host_writes_per_day: None,
            meetings_at_once: None,
            meeting_minutes: None,
        },
        recording_kept_for: Some(KEPT_FOR),
        // Students are not attendees: Microsoft learns what they type when they join, nothing from Lectern.
        personal_data: Vec::new(),
        aliases: Can::helped(
            (),
            Sentence::known(
                "reason.teams.aliases",
                "Lectern tells Microsoft nothing about people in any case. What they sign in with or type when they join is theirs to choose, and is what the report shows.",
            ),
        ),
    }
}

/// Before anybody has connected.
#[must_use]
pub fn unconnected(mode: &Mode) -> Capabilities {
    const WHY: Sentence = Sentence::known("reason.teams.connect_first", "Connect a Microsoft account first.");
    let mut none = of(mode, &[]);
    none.attendance = Can::no(WHY);
    none.waiting_room = Can::no(WHY);
    none.auto_recording = Can::no(WHY);
    none.recording_download = Can::no(WHY);
    none.chat = Can::no(WHY);
    none.screen_share = Can::no(WHY);
    none.recurrence = Can::no(WHY);
    none.end_meeting = Can::no(WHY);
    none
}

/// By a teacher's own account, with every permission.
#[must_use]
pub fn at_best() -> Capabilities {
    let scopes: Vec<String> = SCOPES.iter().map(|scope| scope.name.to_owned()).collect();
    of(&Mode::Delegated, &scopes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn scopes(list: &[&str]) -> Vec<String> {
        list.iter().map(|scope| (*scope).to_owned()).collect()
    }

    #[test]
    fn live_attendance_is_for_applications_only() {
        let school = of(&Mode::Application { tenant_id: "t".to_owned() }, &[]);
        assert_eq!(school.attendance, Can::yes(LiveAttendance::Live));
        assert_eq!(at_best().attendance.how(), Some(&LiveAttendance::Report));
        let teacher = of(&Mode::Delegated, &scopes(&["OnlineMeetingArtifact.Read.All"]));
        assert_eq!(teacher.attendance.how(), Some(&LiveAttendance::Report));
        assert!(teacher.attendance.reason().is_some());
    }

    #[test]
    fn what_needs_an_administrator_says_so() {
        let can = of(&Mode::Delegated, &scopes(&["Calendars.ReadWrite"]));
        for reason in [can.attendance.reason(), can.recording_download.reason()] {
            assert!(reason.unwrap().0.contains("administrator must consent"));
        }
        assert!(!can.attendance.is_possible() && !can.recording_download.is_possible());
    }

    #[test]
    fn nobody_is_promised_what_graph_cannot() {
        let can = at_best();
        assert!(!can.registrants.is_possible() && !can.breakout_rooms.is_possible());
        assert!(can.end_meeting.reason().unwrap().0.contains("presses End meeting"));
        assert_eq!(can.guarantee, JoinGuarantee::HostAdmits);
        assert!(can.personal_data.is_empty());
        assert!(!unconnected(&Mode::Delegated).waiting_room.is_possible());
    }
}
