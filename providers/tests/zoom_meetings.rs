//! Zoom's meetings, over HTTP against a scripted server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod script;

use std::{sync::Arc, time::Duration};

use lectern_core::{
    provider::{
        BreakoutPlan, Call, ErrorKind, MeetingDraft, MeetingRef, MeetingState, OurReference, Provider,
    },
    settings::{ClassSettings, RecordingMode, ScreenShare},
};
use lectern_providers::registry;
use script::{Answer, CLASSIC, Server, connection, school, settings, transport, zoom};
use serde_json::{Value, json};

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
        registration: true,
    }
}

fn meeting(settings: Value) -> Value {
    json!({
        "id": 94_890_226_305_i64, "uuid": "u==", "host_id": "host-1", "topic": "Algebra", "type": 2,
        "agenda": "Bring a pen.\n[lectern:abcdefghij]", "start_time": "2026-11-23T18:00:00Z", "duration": 60,
        "join_url": "{origin}/j/94890226305", "start_url": "{origin}/s/94890226305?zak=z", "settings": settings,
    })
}

fn as_asked() -> Value {
    json!({"approval_type": 1, "waiting_room": true, "auto_recording": "none", "allow_multiple_devices": false,
        "show_share_button": false, "registrants_confirmation_email": false, "registrants_email_notification": false})
}

fn at(id: &str) -> MeetingRef {
    MeetingRef { id: id.to_owned(), host: None }
}

const CALL: Call = Call::background();

#[tokio::test]
async fn a_meeting_is_created_with_the_settings_that_keep_it_ours() {
    let server = Server::list([Answer::json(201, meeting(as_asked()))]).await;
    let made = zoom(&server).meetings().unwrap().create(&CALL, &draft()).await.unwrap();
    assert_eq!(
        (made.id.as_str(), made.minutes, made.state, made.registration),
        ("94890226305", 60, MeetingState::Waiting, true)
    );
    assert!(made.differences.is_empty(), "{:?}", made.differences);
    let asked = &server.asked()[0];
    assert_eq!(asked.line(), "POST /v2/users/me/meetings");
    assert_eq!(asked.header("authorization"), Some("Bearer token-0"));
    assert_eq!(
        asked.json(),
        json!({
            "topic": "Algebra", "type": 2, "start_time": "2026-11-23T18:00:00Z", "duration": 60, "timezone": "Asia/Dhaka",
            "agenda": "Bring a pen.\n[lectern:abcdefghij]",
            "settings": {"approval_type": 1, "registrants_confirmation_email": false, "registrants_email_notification": false,
                "allow_multiple_devices": false, "show_share_button": false, "use_pmi": false, "waiting_room": true,
                "join_before_host": false, "auto_recording": "none"},
        })
    );
}

#[tokio::test]
async fn what_the_account_locked_is_told() {
    let mut got = as_asked();
    got["waiting_room"] = json!(false);
    got["approval_type"] = json!(2);
    got["meeting_authentication"] = json!(true);
    let server = Server::list([Answer::json(201, meeting(got))]).await;
    let made = zoom(&server).meetings().unwrap().create(&CALL, &draft()).await.unwrap();
    assert!(!made.registration);
    let found: Vec<_> =
        made.differences.iter().map(|d| (d.setting, d.asked.as_str(), d.got.as_str())).collect();
    assert_eq!(
        found,
        [
            ("registration", "true", "false"),
            ("waiting_room", "true", "false"),
            ("sign_in_required", "false", "true")
        ]
    );
}

#[tokio::test]
async fn long_texts_are_cut_between_characters() {
    let server = Server::list([Answer::json(201, meeting(as_asked()))]).await;
    let long = MeetingDraft { topic: "ż".repeat(300), agenda: "ż".repeat(3000), ..draft() };
    zoom(&server).meetings().unwrap().create(&CALL, &long).await.unwrap();
    let body = server.asked()[0].json();
    assert_eq!(body["topic"].as_str().unwrap().chars().count(), 200);
    assert_eq!(body["agenda"].as_str().unwrap().chars().count(), 2000);
}

#[tokio::test]
async fn a_school_names_its_host_and_never_says_me() {
    let server = Server::start(|asked| match asked.method.as_str() {
        "POST" => Answer::json(201, meeting(as_asked())),
        _ => Answer::json(200, json!({"meetings": [], "next_page_token": ""})),
    })
    .await;
    let school = school(&server);
    let meetings = school.meetings().unwrap();
    let named = MeetingDraft { host: Some("other@example.com".to_owned()), ..draft() };
    meetings.create(&CALL, &named).await.unwrap();
    meetings.create(&CALL, &draft()).await.unwrap();
    meetings.find(&CALL, &named).await.unwrap();
    assert_eq!(
        server.lines(),
        [
            "POST /v2/users/other%40example.com/meetings",
            "POST /v2/users/host-1/meetings",
            "GET /v2/users/other%40example.com/meetings"
        ]
    );
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let server = Server::start(|asked| match asked.header("authorization") {
        Some("Bearer token-1") => Answer::json(200, meeting(as_asked())),
        _ => Answer::error(401, 124, "Access token is expired."),
    })
    .await;
    zoom(&server).meetings().unwrap().get(&CALL, &at("1")).await.unwrap();
    assert_eq!(server.asked().len(), 2);

    let refusing = Server::start(|_| Answer::error(401, 124, "Invalid access token.")).await;
    let error = zoom(&refusing).meetings().unwrap().get(&CALL, &at("1")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Reconnect);
    assert_eq!(refusing.asked().len(), 2);
}

/// R-02, the provider's part.
#[tokio::test]
async fn r_02_a_create_in_doubt_is_not_repeated() {
    for answer in [Answer::error(500, 0, "oops"), Answer::cut(), Answer::bytes(201, b"<html>".to_vec())] {
        let server = Server::list([answer]).await;
        let error = zoom(&server).meetings().unwrap().create(&CALL, &draft()).await.unwrap_err();
        assert!(error.maybe_done, "{error:?}");
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_create_that_zoom_turned_away_is_repeated() {
    let busy = Answer::error(429, 429, "You have reached the maximum per-second rate limit.")
        .header("retry-after", "0");
    let server = Server::list([busy, Answer::json(201, meeting(as_asked()))]).await;
    zoom(&server).meetings().unwrap().create(&CALL, &draft()).await.unwrap();
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn the_hosts_day_can_be_used_up() {
    let daily = "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this particular user. You may resume these requests at GMT 00:00:00.";
    let server = Server::list([Answer::error(429, 429, daily)]).await;
    let error = zoom(&server).meetings().unwrap().create(&CALL, &draft()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DailyLimit("2026-11-22T00:00:00Z".parse().unwrap()));
    assert!(!error.maybe_done);
    assert_eq!(server.asked().len(), 1);
}

fn listed(id: i64, topic: &str, agenda: Option<&str>, start: &str) -> Value {
    let mut one =
        json!({"id": id, "uuid": "u", "topic": topic, "start_time": start, "duration": 60, "type": 2});
    if let Some(agenda) = agenda {
        one["agenda"] = json!(agenda);
    }
    one
}

/// R-02, looking up: on the last of several pages.
#[tokio::test]
async fn r_02_a_lost_meeting_is_found_by_its_marker_on_any_page() {
    let server = Server::start(|asked| {
        if asked.path == "/v2/meetings/7" {
            return Answer::json(200, meeting(as_asked()));
        }
        let other = listed(1, "Algebra", Some("x\n[lectern:zzzzzzzzzz]"), "2026-11-23T18:00:00Z");
        let ours = listed(7, "Renamed", Some("[lectern:abcdefghij]"), "2026-11-23T18:00:00Z");
        match asked.query("next_page_token") {
            None => Answer::json(200, json!({"meetings": [other], "next_page_token": "second"})),
            Some("second") => Answer::json(200, json!({"meetings": [], "next_page_token": "third"})),
            Some(_) => Answer::json(200, json!({"meetings": [ours], "next_page_token": ""})),
        }
    })
    .await;
    let found = zoom(&server).meetings().unwrap().find(&CALL, &draft()).await.unwrap();
    assert_eq!(found.unwrap().id, "94890226305");
    let asked = server.asked();
    assert_eq!(asked.len(), 4);
    assert_eq!((asked[0].query("type"), asked[0].query("page_size")), (Some("scheduled"), Some("300")));
}

#[tokio::test]
async fn r_02_a_list_without_agendas_is_looked_at_one_by_one() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/v2/meetings/6" => Answer::error(404, 3001, "Meeting does not exist: 6."),
        "/v2/meetings/7" => Answer::json(200, meeting(as_asked())),
        "/v2/users/me/meetings" => Answer::json(
            200,
            json!({"meetings": [
                listed(4, "Algebra", None, "2026-11-24T18:00:00Z"),
                listed(5, "Geometry", None, "2026-11-23T18:00:00Z"),
                listed(6, "Algebra", Some(""), "2026-11-23T18:00:00Z"),
                listed(7, "Algebra", Some("Bring a"), "2026-11-23T18:00:00Z"),
            ]}),
        ),
        other => panic!("{other}"),
    })
    .await;
    let found = zoom(&server).meetings().unwrap().find(&CALL, &draft()).await.unwrap();
    assert!(found.is_some());
    assert_eq!(server.lines(), ["GET /v2/users/me/meetings", "GET /v2/meetings/6", "GET /v2/meetings/7"]);
}

#[tokio::test]
async fn r_02_nothing_like_it_is_not_found() {
    let server = Server::list([Answer::json(200, json!({"meetings": [], "next_page_token": ""}))]).await;
    assert!(zoom(&server).meetings().unwrap().find(&CALL, &draft()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_list_that_does_not_end_is_an_error_not_a_part() {
    let server =
        Server::start(|_| Answer::json(200, json!({"meetings": [], "next_page_token": "same"}))).await;
    let error = zoom(&server).meetings().unwrap().find(&CALL, &draft()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unexpected);
}

#[tokio::test]
async fn an_update_is_written_then_read_back() {
    let mut got = as_asked();
    got["auto_recording"] = json!("none");
    let server = Server::list([Answer::empty(204), Answer::json(200, meeting(got))]).await;
    let mut changed = draft();
    changed.settings.recording = RecordingMode::Cloud;
    let now = zoom(&server).meetings().unwrap().update(&CALL, &at("94890226305"), &changed).await.unwrap();
    assert_eq!(server.lines(), ["PATCH /v2/meetings/94890226305", "GET /v2/meetings/94890226305"]);
    assert_eq!(server.asked()[0].json()["settings"]["auto_recording"], "cloud");
    assert_eq!(now.differences[0].setting, "recording");
}

#[tokio::test]
async fn deleting_tells_nobody_and_what_is_gone_is_fine() {
    for answer in [
        Answer::empty(204),
        Answer::error(404, 3001, "Meeting with this 1 is not found or has expired."),
        Answer::error(400, 3007, "Sorry, you cannot delete this meeting since it has ended."),
    ] {
        let server = Server::list([answer]).await;
        zoom(&server).meetings().unwrap().delete(&CALL, &at("1")).await.unwrap();
        let asked = &server.asked()[0];
        assert_eq!(asked.line(), "DELETE /v2/meetings/1");
        assert_eq!(asked.query("cancel_meeting_reminder"), Some("false"));
        assert_eq!(asked.query("schedule_for_reminder"), Some("false"));
    }
    let server = Server::list([Answer::error(
        400,
        3002,
        "Sorry, you cannot delete this meeting since it is in progress.",
    )])
    .await;
    let error = zoom(&server).meetings().unwrap().delete(&CALL, &at("1")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
}

#[tokio::test]
async fn ending_what_does_not_run_is_fine() {
    let refused = || Answer::error(400, 3000, "Cannot access meeting info.");
    let running = |status: &str| {
        let mut meeting = meeting(as_asked());
        meeting["status"] = json!(status);
        Answer::json(200, meeting)
    };
    let server = Server::list([Answer::empty(204)]).await;
    zoom(&server).meetings().unwrap().end(&CALL, &at("1")).await.unwrap();
    assert_eq!(server.asked()[0].line(), "PUT /v2/meetings/1/status");
    assert_eq!(server.asked()[0].json(), json!({"action": "end"}));
    let server = Server::list([refused(), running("waiting")]).await;
    zoom(&server).meetings().unwrap().end(&CALL, &at("1")).await.unwrap();
    let server = Server::list([refused(), running("started")]).await;
    let error = zoom(&server).meetings().unwrap().end(&CALL, &at("1")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
}

/// S-09, the provider's part.
#[tokio::test]
async fn s_09_an_address_that_is_not_zooms_is_not_given_on() {
    for foreign in [
        "https://evil.example/j/1",
        "javascript:alert(1)",
        "https://zoom.us.evil.example/j/1",
        "https://zoom.us@evil.example/",
        "http://zoom.us/j/1",
        "https://notzoom.us/",
        "",
    ] {
        let mut answer = meeting(as_asked());
        answer["start_url"] = json!(foreign);
        let server = Server::list([Answer::json(200, answer)]).await;
        let error = zoom(&server).meetings().unwrap().host_url(&CALL, &at("1")).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unexpected, "{foreign}");
    }
    for good in [
        "https://zoom.us/s/1?zak=z",
        "https://us05web.zoom.us/s/1",
        "https://school.zoom.us/s/1",
        "{origin}/s/1",
    ] {
        let mut answer = meeting(as_asked());
        answer["start_url"] = json!(good);
        let server = Server::list([Answer::json(200, answer)]).await;
        zoom(&server).meetings().unwrap().host_url(&CALL, &at("1")).await.unwrap();
    }
}

#[tokio::test]
async fn an_id_that_is_no_number_is_never_sent() {
    let server = Server::list([]).await;
    let zoom = zoom(&server);
    for id in ["", "..", "1/registrants", "1?x=y", "%2e"] {
        let error = zoom.meetings().unwrap().get(&CALL, &at(id)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound);
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_before_any_request() {
    let server = Server::list([]).await;
    let basic: Arc<dyn Provider> =
        registry::build(&settings(&server, &server, None), &transport(), Some(connection(CLASSIC, 1)))
            .unwrap();
    let licensed = zoom(&server);
    let with = |change: fn(&mut MeetingDraft)| {
        let mut draft = draft();
        draft.registration = false;
        change(&mut draft);
        draft
    };
    let cases: [(&Arc<dyn Provider>, MeetingDraft, &str); 4] = [
        (&basic, with(|draft| draft.registration = true), "registrants"),
        (&basic, with(|draft| draft.settings.recording = RecordingMode::Cloud), "auto_recording"),
        (&licensed, with(|draft| draft.settings.chat = false), "chat"),
        (&licensed, with(|draft| draft.settings.screen_share = ScreenShare::Host), "screen_share"),
    ];
    for (provider, draft, what) in cases {
        let error = provider.meetings().unwrap().create(&CALL, &draft).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unsupported(what));
        let error = provider.meetings().unwrap().update(&CALL, &at("1"), &draft).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unsupported(what));
    }
    assert!(basic.registrants().is_none() && basic.recordings().is_none());
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn without_a_connection_there_are_only_oauth_and_events() {
    let server = Server::list([]).await;
    let zoom = registry::build(&settings(&server, &server, None), &transport(), None).unwrap();
    assert!(zoom.oauth().is_some() && zoom.events().is_some());
    assert!(zoom.meetings().is_none() && zoom.registrants().is_none() && zoom.recordings().is_none());
    assert!(zoom.attendance().is_none() && zoom.breakout_rooms().is_none());
}

#[tokio::test]
async fn breakout_rooms_are_planned_whole() {
    let server = Server::list([Answer::empty(204), Answer::empty(204)]).await;
    let zoom = zoom(&server);
    let rooms = zoom.breakout_rooms().unwrap();
    let plan =
        [BreakoutPlan { name: "Room 1".to_owned(), participants: vec!["jill@example.com".to_owned()] }];
    rooms.preassign(&CALL, &at("1"), &plan).await.unwrap();
    rooms.preassign(&CALL, &at("1"), &[]).await.unwrap();
    let sent: Vec<_> =
        server.asked().iter().map(|asked| asked.json()["settings"]["breakout_room"].clone()).collect();
    assert_eq!(
        sent[0],
        json!({"enable": true, "rooms": [{"name": "Room 1", "participants": ["jill@example.com"]}]})
    );
    assert_eq!(sent[1], json!({"enable": false, "rooms": []}));
    let nameless = [BreakoutPlan { name: " ".to_owned(), participants: Vec::new() }];
    let error = rooms.preassign(&CALL, &at("1"), &nameless).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Invalid("rooms".to_owned()));
}
