//! Teams' meetings, over HTTP against a scripted server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod script;

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use lectern_core::{
    provider::{Call, ErrorKind, MeetingDraft, MeetingRef, OurReference, RepairedBy},
    settings::{ClassSettings, RecordingMode, ScreenShare},
};
use script::{Answer, Asked, Server, teams, teams_school};
use serde_json::{Value, json};

const CALL: Call = Call::background();

/// As Teams makes them: with percent escapes of its own.
const JOIN: &str = "{origin}/l/meetup-join/19%3ameeting_Zm%40thread.v2/0?context=%7b%22Tid%22%3a%22t%22%7d";

fn draft() -> MeetingDraft {
    MeetingDraft {
        reference: OurReference::parse("abcdefghij").unwrap(),
        topic: "Algebra".to_owned(),
        agenda: "Bring a pen.".to_owned(),
        starts_at: "2026-11-23T18:00:00Z".parse().unwrap(),
        length: Duration::from_secs(59 * 60 + 1),
        time_zone: chrono_tz::Asia::Dhaka,
        settings: ClassSettings::default(),
        host: None,
        registration: false,
    }
}

fn event() -> Value {
    json!({
        "id": "AAMk=", "subject": "Algebra", "isOnlineMeeting": true, "transactionId": "x",
        "start": {"dateTime": "2026-11-23T18:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-11-23T19:00:00.0000000", "timeZone": "UTC"},
        "onlineMeeting": {"joinUrl": JOIN},
    })
}

fn online() -> Value {
    json!({
        "id": "MSpk=", "joinWebUrl": JOIN, "lobbyBypassSettings": {"scope": "organizer", "isDialInBypassEnabled": false},
        "allowedLobbyAdmitters": "organizerAndCoOrganizers", "allowedPresenters": "everyone", "allowMeetingChat": "enabled",
        "recordAutomatically": false, "allowAttendeeToEnableMic": true, "allowAttendeeToEnableCamera": true,
        "participants": {"organizer": {"identity": {"user": {"id": "teacher-1"}}}},
    })
}

fn list(value: Value) -> Answer {
    Answer::json(200, json!({ "value": [value] }))
}

fn error(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, json!({"error": {"code": code, "message": message}}))
}

/// Graph at its best; what a test wants otherwise comes first.
async fn graph(otherwise: impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static) -> Server {
    Server::start(move |asked| {
        otherwise(asked).unwrap_or_else(|| {
            let path = asked.path.as_str();
            match asked.method.as_str() {
                "POST" if path.ends_with("/events") => Answer::json(201, event()),
                "GET" if path.ends_with("/onlineMeetings") => list(online()),
                "GET" | "PATCH" if path.contains("/onlineMeetings/") => Answer::json(200, online()),
                "GET" | "PATCH" if path.contains("/events/") => Answer::json(200, event()),
                "GET" if path.contains("/users/") => Answer::json(200, json!({"id": "other-oid"})),
                "DELETE" => Answer::empty(204),
                _ => Answer::json(200, json!({"value": []})),
            }
        })
    })
    .await
}

#[tokio::test]
async fn a_class_is_an_event_without_attendees_whose_meeting_gets_our_options() {
    let server = graph(|_| None).await;
    let made = teams(&server).meetings().unwrap().create(&CALL, &draft()).await.unwrap();
    assert_eq!(
        (made.topic.as_str(), made.minutes, made.registration, made.host_id.as_deref()),
        ("Algebra", 60, false, Some("teacher-1"))
    );
    assert!(made.differences.is_empty(), "{:?}", made.differences);
    assert_eq!(made.id, "t1.AAMk%3D.MSpk%3D");
    let asked = server.asked();
    assert_eq!(
        server.lines(),
        ["POST /v1.0/me/events", "GET /v1.0/me/onlineMeetings", "PATCH /v1.0/me/onlineMeetings/MSpk%3D"]
    );
    let body = asked[0].json();
    assert_eq!(asked[0].header("prefer"), Some("outlook.timezone=\"UTC\""));
    assert_eq!(body["attendees"], json!([]));
    assert_eq!(
        (&body["isOnlineMeeting"], &body["onlineMeetingProvider"]),
        (&json!(true), &json!("teamsForBusiness"))
    );
    assert_eq!(body["start"], json!({"dateTime": "2026-11-23T18:00:00", "timeZone": "UTC"}));
    assert_eq!(body["end"], json!({"dateTime": "2026-11-23T19:00:00", "timeZone": "UTC"}));
    assert_eq!(body["body"]["content"], "Bring a pen.\n[lectern:abcdefghij]");
    assert_eq!(body["transactionId"].as_str().unwrap().len(), 36);
    // The link is found again by its text: what was decoded once is the link with its own escapes.
    let link = JOIN.replace("{origin}", server.origin.as_str().trim_end_matches('/'));
    assert_eq!(asked[1].query("$filter"), Some(format!("JoinWebUrl eq '{link}'").as_str()));
    assert_eq!(made.join_url.expose(), &link);
    assert_eq!(
        asked[2].json(),
        json!({
            "lobbyBypassSettings": {"scope": "organizer", "isDialInBypassEnabled": false},
            "allowedLobbyAdmitters": "organizerAndCoOrganizers", "allowedPresenters": "everyone", "allowMeetingChat": "enabled",
            "recordAutomatically": false, "allowAttendeeToEnableMic": true, "allowAttendeeToEnableCamera": true,
        })
    );
}

#[tokio::test]
async fn the_options_follow_the_class() {
    let server = graph(|_| None).await;
    let settings = ClassSettings {
        waiting_room: false,
        recording: RecordingMode::Cloud,
        breakout_rooms: false,
        chat: false,
        screen_share: ScreenShare::Host,
        aliases: false,
    };
    let made = teams(&server)
        .meetings()
        .unwrap()
        .create(&CALL, &MeetingDraft { settings, ..draft() })
        .await
        .unwrap();
    let body = server.asked()[2].json();
    assert_eq!(body["lobbyBypassSettings"]["scope"], "everyone");
    assert_eq!(
        (&body["recordAutomatically"], &body["allowMeetingChat"], &body["allowedPresenters"]),
        (&json!(true), &json!("disabled"), &json!("organizer"))
    );
    // The answer shows what a policy kept.
    let told: Vec<_> =
        made.differences.iter().map(|d| (d.setting, d.asked.as_str(), d.got.as_str())).collect();
    assert_eq!(
        told,
        [
            ("waiting_room", "everyone", "organizer"),
            ("screen_share", "organizer", "everyone"),
            ("chat", "disabled", "enabled"),
            ("recording", "true", "false"),
        ]
    );
}

#[tokio::test]
async fn a_refused_option_is_told_and_the_others_are_set() {
    let server = graph(|asked| {
        (asked.method == "PATCH" && asked.json().get("recordAutomatically").is_some())
            .then(|| error(400, "BadRequest", "not available"))
    })
    .await;
    let made = teams(&server).meetings().unwrap().create(&CALL, &draft()).await.unwrap();
    assert_eq!(made.differences.len(), 1);
    assert_eq!((made.differences[0].setting, made.differences[0].got.as_str()), ("recording", "false"));
    assert_eq!(server.lines().iter().filter(|line| line.starts_with("PATCH")).count(), 8);
}

#[tokio::test]
async fn a_link_that_comes_late_is_waited_for() {
    let looked = AtomicU32::new(0);
    let server = graph(move |asked| {
        let mut early = event();
        early["onlineMeeting"] = json!(null);
        match asked.method.as_str() {
            "POST" => Some(Answer::json(201, early)),
            "GET" if asked.path.contains("/events/") && looked.fetch_add(1, Ordering::SeqCst) == 0 => {
                Some(Answer::json(200, early))
            }
            _ => None,
        }
    })
    .await;
    let made = teams(&server).meetings().unwrap().create(&CALL, &draft()).await.unwrap();
    assert!(made.join_url.expose().contains("meetup-join"));
    assert_eq!(server.lines().iter().filter(|line| line.starts_with("GET /v1.0/me/events/")).count(), 2);
    // Without time nothing is lost: the work is in doubt, and found again.
    let server = graph(|asked| {
        let mut early = event();
        early["onlineMeeting"] = json!(null);
        (asked.path.contains("/events")).then(|| Answer::json(201, early))
    })
    .await;
    let hurried = Call::interactive(Duration::from_millis(400));
    let error = teams(&server).meetings().unwrap().create(&hurried, &draft()).await.unwrap_err();
    assert_eq!((error.kind, error.maybe_done), (ErrorKind::Unavailable, true));
}

#[tokio::test]
async fn without_the_access_policy_the_event_is_taken_back_and_the_step_is_told() {
    let server = graph(|asked| {
        asked
            .path
            .contains("/onlineMeetings")
            .then(|| error(403, "Forbidden", "No application access policy found for this app"))
    })
    .await;
    let failed = teams_school(&server).meetings().unwrap().create(&CALL, &draft()).await.unwrap_err();
    assert!(!failed.maybe_done);
    assert_eq!(failed.repaired_by, RepairedBy::Admin);
    let sentence = failed.sentence();
    assert!(
        sentence.contains("New-CsApplicationAccessPolicy") && sentence.contains("\"host-1\""),
        "{sentence}"
    );
    assert_eq!(
        server.lines(),
        [
            "POST /v1.0/users/host-1/events",
            "GET /v1.0/users/host-1/onlineMeetings",
            "DELETE /v1.0/users/host-1/events/AAMk%3D"
        ]
    );
}

#[tokio::test]
async fn a_mailbox_without_teams_is_told_and_nothing_stays() {
    let server = graph(|asked| {
        let mut plain = event();
        plain["isOnlineMeeting"] = json!(false);
        plain["onlineMeeting"] = json!(null);
        (asked.method == "POST").then(|| Answer::json(201, plain))
    })
    .await;
    let failed = teams(&server).meetings().unwrap().create(&CALL, &draft()).await.unwrap_err();
    assert_eq!((failed.kind, failed.maybe_done), (ErrorKind::LicenceMissing, false));
    assert_eq!(server.lines().last().unwrap(), "DELETE /v1.0/me/events/AAMk%3D");
}

#[tokio::test]
async fn an_address_is_looked_up_because_meetings_take_object_ids_only() {
    let server = graph(|_| None).await;
    let named = MeetingDraft { host: Some("other@oak.test".to_owned()), ..draft() };
    let made = teams_school(&server).meetings().unwrap().create(&CALL, &named).await.unwrap();
    assert_eq!(made.id, "t1.AAMk%3D.MSpk%3D.other-oid");
    assert_eq!(server.lines()[0], "GET /v1.0/users/other%40oak.test");
    assert_eq!(server.lines()[1], "POST /v1.0/users/other-oid/events");
    let own = MeetingDraft { host: Some("Teacher@example.com".to_owned()), ..draft() };
    let made = teams_school(&server).meetings().unwrap().create(&CALL, &own).await.unwrap();
    assert!(made.id.ends_with(".host-1"));
}

#[tokio::test]
async fn a_create_without_an_answer_is_not_repeated_but_found_by_its_key() {
    let server = Server::list([Answer::cut()]).await;
    let failed = teams(&server).meetings().unwrap().create(&CALL, &draft()).await.unwrap_err();
    assert!(failed.maybe_done);
    assert_eq!(server.lines().len(), 1);
    let transaction = server.asked()[0].json()["transactionId"].as_str().unwrap().to_owned();
    // On the second page, known by the key alone.
    let server = graph(move |asked| {
        asked.path.ends_with("/calendarView").then(|| {
            if asked.query("$skiptoken").is_some() {
                let mut found = event();
                found["transactionId"] = json!(transaction.to_uppercase());
                return list(found);
            }
            let mut other = event();
            other["id"] = json!("other");
            Answer::json(
                200,
                json!({"value": [other], "@odata.nextLink": "{origin}/v1.0/me/calendarView?$skiptoken=1"}),
            )
        })
    })
    .await;
    let found = teams(&server).meetings().unwrap().find(&CALL, &draft()).await.unwrap().unwrap();
    assert_eq!(found.id, "t1.AAMk%3D.MSpk%3D");
    let first = &server.asked()[0];
    assert_eq!(first.query("startDateTime"), Some("2026-11-22T18:00:00Z"));
    assert_eq!(first.query("endDateTime"), Some("2026-11-24T19:00:00Z"));
}

#[tokio::test]
async fn an_event_is_found_by_our_marker_too_and_a_strange_page_is_not_followed() {
    let server = graph(|asked| {
        asked.path.ends_with("/calendarView").then(|| {
            let mut found = event();
            found["body"] =
                json!({"contentType": "html", "content": "<p>Bring a pen.<br>[lectern:abcdefghij]</p>"});
            list(found)
        })
    })
    .await;
    assert!(teams(&server).meetings().unwrap().find(&CALL, &draft()).await.unwrap().is_some());
    let server = graph(|asked| {
        asked.path.ends_with("/calendarView").then(|| {
            Answer::json(
                200,
                json!({"value": [], "@odata.nextLink": "https://evil.example/v1.0/me/calendarView"}),
            )
        })
    })
    .await;
    let failed = teams(&server).meetings().unwrap().find(&CALL, &draft()).await.unwrap_err();
    assert_eq!(failed.kind, ErrorKind::Unexpected);
    // A page that names itself is no list.
    let server = graph(|asked| {
        asked.path.ends_with("/calendarView").then(|| {
            Answer::json(
                200,
                json!({"value": [], "@odata.nextLink": "{origin}/v1.0/me/calendarView?$skiptoken=1"}),
            )
        })
    })
    .await;
    let failed = teams(&server).meetings().unwrap().find(&CALL, &draft()).await.unwrap_err();
    assert_eq!(failed.kind, ErrorKind::Unexpected);
}

fn at(id: &str) -> MeetingRef {
    MeetingRef { id: id.to_owned(), host: None }
}

#[tokio::test]
async fn an_update_never_sends_the_description() {
    let server = graph(|_| None).await;
    let changed = MeetingDraft { topic: "Geometry".to_owned(), ..draft() };
    teams(&server).meetings().unwrap().update(&CALL, &at("t1.AAMk%3D.MSpk%3D"), &changed).await.unwrap();
    let asked = server.asked();
    assert_eq!(asked[0].line(), "PATCH /v1.0/me/events/AAMk%3D");
    let body = asked[0].json();
    assert_eq!(body["subject"], "Geometry");
    assert!(body.get("body").is_none() && body.get("attendees").is_none(), "{body}");
}

#[tokio::test]
async fn ending_locks_and_deleting_twice_is_fine() {
    let server = graph(|asked| (asked.method == "DELETE").then(|| error(404, "ErrorItemNotFound", ""))).await;
    let platform = teams(&server);
    let meetings = platform.meetings().unwrap();
    meetings.end(&CALL, &at("t1.AAMk%3D.MSpk%3D")).await.unwrap();
    assert_eq!(
        server.asked()[0].json(),
        json!({"lobbyBypassSettings": {"scope": "organizer", "isDialInBypassEnabled": false},
            "allowAttendeeToEnableMic": false, "allowAttendeeToEnableCamera": false})
    );
    meetings.delete(&CALL, &at("t1.AAMk%3D.MSpk%3D")).await.unwrap();
    for strange in ["94890226305", "", "t1.AAMk"] {
        assert_eq!(meetings.get(&CALL, &at(strange)).await.unwrap_err().kind, ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn a_link_that_leads_elsewhere_is_not_given_out() {
    let server = graph(|asked| {
        let mut strange = event();
        strange["onlineMeeting"]["joinUrl"] =
            json!("https://teams.microsoft.com.evil.example/l/meetup-join/x");
        (asked.method == "GET" && asked.path.contains("/events/")).then(|| Answer::json(200, strange))
    })
    .await;
    let failed = teams(&server).meetings().unwrap().get(&CALL, &at("t1.AAMk%3D.MSpk%3D")).await.unwrap_err();
    assert_eq!(failed.kind, ErrorKind::Unexpected);
    let failed =
        teams(&server).meetings().unwrap().host_url(&CALL, &at("t1.AAMk%3D.MSpk%3D")).await.unwrap_err();
    assert_eq!(failed.kind, ErrorKind::Unexpected);
}

#[tokio::test]
async fn an_old_token_is_renewed_once_and_a_limit_is_told() {
    let server = graph(|asked| {
        (asked.header("authorization") == Some("Bearer token-0"))
            .then(|| error(401, "InvalidAuthenticationToken", "expired"))
    })
    .await;
    teams(&server).meetings().unwrap().get(&CALL, &at("t1.AAMk%3D.MSpk%3D")).await.unwrap();
    let server = graph(|_| Some(error(429, "activityLimitReached", "").header("retry-after", "315"))).await;
    let failed = teams(&server).meetings().unwrap().get(&CALL, &at("t1.AAMk%3D.MSpk%3D")).await.unwrap_err();
    assert!(matches!(failed.kind, ErrorKind::RateLimited(_)), "{:?}", failed.kind);
}

#[tokio::test]
async fn what_teams_cannot_is_refused_before_any_request() {
    let server = graph(|_| None).await;
    let platform = teams(&server);
    let meetings = platform.meetings().unwrap();
    for (wish, what) in [
        (MeetingDraft { registration: true, ..draft() }, "registrants"),
        (
            MeetingDraft {
                settings: ClassSettings { recording: RecordingMode::Local, ..ClassSettings::default() },
                ..draft()
            },
            "auto_recording",
        ),
        (
            MeetingDraft {
                settings: ClassSettings { breakout_rooms: true, ..ClassSettings::default() },
                ..draft()
            },
            "breakout_rooms",
        ),
    ] {
        let failed = meetings.create(&CALL, &wish).await.unwrap_err();
        assert_eq!(failed.kind, ErrorKind::Unsupported(what));
    }
    assert!(server.asked().is_empty());
    assert!(platform.registrants().is_none() && platform.subscriptions().is_none());
    assert!(teams_school(&server).subscriptions().is_some());
}
