//! What a connection can do, from the host's plan and the granted scopes.

use lectern_core::{
    provider::{
        BreakoutSupport, Can, Capabilities, ControlScope, CreateRecovery, JoinGuarantee, Limits,
        LiveAttendance, PersonalData, RecordingModes, RegistrantLinks,
    },
    sentence::Sentence,
};

use super::oauth::Scopes;

/// `type` of a Zoom user (`GET /users/{id}`).
pub(super) const BASIC: i64 = 1;
const NO_MEETING_LICENCE: [i64; 2] = [4, 99];

/// A Basic host's meetings end after this many minutes.
const BASIC_MINUTES: u32 = 40;

/// With a host of this plan and these granted scopes.
#[must_use]
pub fn of(plan: Option<i64>, scopes: &[String]) -> Capabilities {
    let scopes = Scopes::new(scopes);
    let basic = plan == Some(BASIC);
    let unlicensed = basic || plan.is_some_and(|plan| NO_MEETING_LICENCE.contains(&plan));
    let registrants = registrants(unlicensed, &scopes);
    Capabilities {
        guarantee: if registrants.is_possible() {
            JoinGuarantee::PerPersonUrl
        } else {
            JoinGuarantee::HostAdmits
        },
        registrants,
        attendance: attendance(unlicensed, &scopes),
        breakout_rooms: if scopes.may("meeting:update:meeting") {
            Can::helped(
                BreakoutSupport::Preassign,
                Sentence::known(
                    "reason.zoom.rooms",
                    "Zoom places only people who are signed in to Zoom with the address on the class \
                     list. The teacher places everybody else from the plan, in the meeting.",
                ),
            )
        } else {
            Can::no(
                Sentence::known(
                    "reason.zoom.rooms_scope",
                    "The Zoom app lacks the scope {scope}. Add it and connect again; until then the \
                     teacher makes the rooms in the meeting.",
                )
                .with("scope", "meeting:update:meeting"),
            )
        },
        waiting_room: Can::yes(ControlScope::PerMeeting),
        auto_recording: if unlicensed {
            Can::helped(
                RecordingModes { local: true, cloud: false },
                Sentence::known(
                    "reason.zoom.cloud_licence",
                    "Recording to Zoom's cloud needs a licensed host. Recording on the teacher's computer works.",
                ),
            )
        } else {
            Can::yes(RecordingModes { local: true, cloud: true })
        },
        recording_download: recordings(unlicensed, &scopes),
        chat: Can::no(Sentence::known(
            "reason.zoom.chat",
            "Zoom switches chat for all meetings of a host, not for one class. The host can \
                     switch it off in Zoom's own settings, or in the meeting.",
        )),
        screen_share: Can::no(Sentence::known(
            "reason.zoom.screen_share",
            "Zoom decides who may share the screen for all meetings of a host, not for one \
                     class. The host can limit it in Zoom's own settings, or in the meeting.",
        )),
        recurrence: Can::helped(
            (),
            Sentence::known(
                "reason.zoom.recurrence",
                "Each session gets a Zoom meeting of its own, so that everybody's place is checked \
                     anew every time.",
            ),
        ),
        end_meeting: if scopes.may("meeting:update:status") {
            Can::yes(())
        } else {
            Can::no(
                Sentence::known(
                    "reason.zoom.end_scope",
                    "The Zoom app lacks the scope {scope}. Add it and connect again; until then the \
                     teacher ends the meeting in Zoom.",
                )
                .with("scope", "meeting:update:status"),
            )
        },
        create_recovery: if scopes.may("meeting:read:list_meetings") {
            CreateRecovery::ByMarker
        } else {
            CreateRecovery::None
        },
        limits: Limits {
            topic_characters: super::wire::TOPIC,
            registrants: 4_999,
            registrants_at_once: 30,
            host_writes_per_day: Some(100),
            meetings_at_once: Some(1),
            meeting_minutes: basic.then_some(BASIC_MINUTES),
        },
        recording_kept_for: None,
        personal_data: vec![PersonalData::Name, PersonalData::Email],
        aliases: Can::yes(()),
    }
}

/// With a licensed host and every scope.
#[must_use]
pub fn at_best() -> Capabilities {
    let scopes: Vec<String> = super::oauth::SCOPES.iter().map(|scope| scope.granular.to_owned()).collect();
    of(Some(2), &scopes)
}

fn registrants(unlicensed: bool, scopes: &Scopes<'_>) -> Can<RegistrantLinks> {
    if unlicensed {
        return Can::no(Sentence::known(
            "reason.zoom.links_licence",
            "Zoom gives each person an own link only when the host has a paid licence. Give \
                     the host a licence; until then everybody gets the same link and the teacher \
                     admits people from the waiting room.",
        ));
    }
    let needed =
        ["meeting:write:registrant", "meeting:read:list_registrants", "meeting:update:registrant_status"];
    match scopes.first_missing(&needed) {
        None => Can::yes(RegistrantLinks::Unique),
        Some(scope) => Can::no(
            Sentence::known(
                "reason.zoom.links_scope",
                "The Zoom app lacks the scope {scope}. Add it and connect again; until then \
                     everybody gets the same link and the teacher admits people from the waiting room.",
            )
            .with("scope", scope),
        ),
    }
}

fn attendance(unlicensed: bool, scopes: &Scopes<'_>) -> Can<LiveAttendance> {
    let reports = scopes.may_report()
        || (scopes.may("meeting:read:list_past_participants")
            && scopes.may("meeting:read:list_past_instances"));
    if unlicensed {
        Can::helped(
            LiveAttendance::Live,
            Sentence::known(
                "reason.zoom.report_licence",
                "Zoom gives a report only for licensed hosts. Attendance comes from the live events alone.",
            ),
        )
    } else if reports {
        Can::yes(LiveAttendance::Live)
    } else {
        Can::helped(
            LiveAttendance::Live,
            Sentence::known(
                "reason.zoom.report_scope",
                "The Zoom app lacks the scope {scope}. Attendance comes from the live events alone.",
            )
            .with("scope", "meeting:read:list_past_participants"),
        )
    }
}

fn recordings(unlicensed: bool, scopes: &Scopes<'_>) -> Can<()> {
    if unlicensed {
        return Can::no(Sentence::known(
            "reason.zoom.download_licence",
            "Zoom records to its cloud only for licensed hosts. Upload a recording made on the \
                     teacher's computer.",
        ));
    }
    let needed = ["cloud_recording:read:list_user_recordings", "cloud_recording:read:list_recording_files"];
    match scopes.first_missing(&needed) {
        None => Can::yes(()),
        Some(scope) => Can::no(
            Sentence::known(
                "reason.zoom.download_scope",
                "The Zoom app lacks the scope {scope}. Add it and connect again; until then \
                     recordings can be uploaded by hand.",
            )
            .with("scope", scope),
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn scopes(list: &[&str]) -> Vec<String> {
        list.iter().map(|scope| (*scope).to_owned()).collect()
    }

    const CLASSIC: &[&str] =
        &["user:read", "meeting:read", "meeting:write", "recording:read", "recording:write"];

    #[test]
    fn a_licensed_host_with_classic_scopes_can_everything_zoom_can() {
        let can = of(Some(2), &scopes(CLASSIC));
        assert_eq!(can.registrants, Can::yes(RegistrantLinks::Unique));
        assert_eq!(can.attendance, Can::yes(LiveAttendance::Live));
        assert_eq!(can.recording_download, Can::yes(()));
        assert_eq!(can.create_recovery, CreateRecovery::ByMarker);
        assert!(can.end_meeting.is_possible() && can.breakout_rooms.is_possible());
        assert_eq!(can.limits.meeting_minutes, None);
        assert!(!can.chat.is_possible() && !can.screen_share.is_possible());
    }

    #[test]
    fn a_basic_host_has_no_links_and_no_cloud() {
        let can = of(Some(1), &scopes(CLASSIC));
        assert!(!can.registrants.is_possible());
        assert!(can.registrants.reason().unwrap().0.contains("paid licence"));
        assert!(!can.auto_recording.how().unwrap().cloud);
        assert!(!can.recording_download.is_possible());
        assert_eq!(can.limits.meeting_minutes, Some(40));
        assert!(can.attendance.reason().is_some());
    }

    #[test]
    fn granular_scopes_decide_one_by_one_and_admin_ones_count() {
        let can =
            of(Some(2), &scopes(&["meeting:write:registrant:admin", "meeting:read:list_registrants:admin"]));
        assert!(can.registrants.reason().unwrap().0.contains("meeting:update:registrant_status"));
        assert!(!can.end_meeting.is_possible());
        assert_eq!(can.create_recovery, CreateRecovery::None);
        let can = of(
            Some(2),
            &scopes(&["meeting:update:status:admin", "report:read:list_meeting_participants:admin"]),
        );
        assert!(can.end_meeting.is_possible());
        assert_eq!(can.attendance, Can::yes(LiveAttendance::Live));
    }
}
