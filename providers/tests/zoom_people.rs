//! Zoom's registrants, reports and recordings, over HTTP against a scripted server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod script;

use futures::TryStreamExt;
use lectern_core::provider::{
    Call, ErrorKind, MeetingRef, MeetingRun, RecordingFile, RecordingFileRef, Registrant, RegistrantRef,
    RegistrantState, Removal, ReportKind,
};
use lectern_providers::registry;
use script::{Answer, CLASSIC, Server, connection, school, settings, transport, zoom};
use serde_json::{Value, json};

const CALL: Call = Call::background();

fn at(id: &str) -> MeetingRef {
    MeetingRef { id: id.to_owned(), host: None }
}

fn jill() -> Registrant {
    Registrant {
        email: "jill@example.com".to_owned(),
        first_name: "Jill".to_owned(),
        last_name: Some("Chill".to_owned()),
    }
}

fn admitted(id: &str) -> Answer {
    Answer::json(
        201,
        json!({"id": 1, "registrant_id": id, "topic": "t", "join_url": format!("{{origin}}/w/1?tk={id}")}),
    )
}

#[tokio::test]
async fn a_person_gets_an_own_link_and_is_approved_by_us() {
    let server = Server::list([admitted("r1")]).await;
    let admission = zoom(&server).registrants().unwrap().register(&CALL, &at("1"), &jill()).await.unwrap();
    assert_eq!(admission.registrant_id, "r1");
    assert!(admission.join_url.0.expose().ends_with("/w/1?tk=r1"));
    let asked = &server.asked()[0];
    assert_eq!(asked.line(), "POST /v2/meetings/1/registrants");
    let expected = json!({"email": "jill@example.com", "first_name": "Jill", "last_name": "Chill", "auto_approve": true});
    assert_eq!(asked.json(), expected);
}

#[tokio::test]
async fn names_are_cut_and_addresses_never() {
    let server = Server::list([admitted("r1")]).await;
    let zoom = zoom(&server);
    let registrants = zoom.registrants().unwrap();
    let long = Registrant { first_name: "ż".repeat(100), last_name: Some("  ".to_owned()), ..jill() };
    registrants.register(&CALL, &at("1"), &long).await.unwrap();
    let body = server.asked()[0].json();
    assert_eq!(body["first_name"].as_str().unwrap().chars().count(), 64);
    assert_eq!(body.get("last_name"), None);
    for (bad, field) in [
        (Registrant { email: format!("{}@example.com", "a".repeat(128)), ..jill() }, "email"),
        (Registrant { first_name: " ".to_owned(), ..jill() }, "first_name"),
    ] {
        let error = registrants.register(&CALL, &at("1"), &bad).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid(field.to_owned()));
    }
    assert_eq!(server.asked().len(), 1);
}

fn registrant(id: &str, email: &str, link: bool) -> Value {
    let mut one = json!({"id": id, "email": email, "first_name": "Jill", "last_name": "Chill"});
    if link {
        one["join_url"] = json!(format!("{{origin}}/w/1?tk={id}"));
    }
    one
}

#[tokio::test]
async fn a_pending_person_is_approved_and_then_has_a_link() {
    let server = Server::list([
        Answer::json(201, json!({"id": 1, "registrant_id": "r1"})),
        Answer::json(200, json!({"registrants": []})),
        Answer::empty(204),
        Answer::json(200, json!({"registrants": [registrant("r1", "JILL@example.com", true)]})),
    ])
    .await;
    let admission = zoom(&server).registrants().unwrap().register(&CALL, &at("1"), &jill()).await.unwrap();
    assert_eq!(admission.registrant_id, "r1");
    let asked = server.asked();
    assert_eq!(asked[2].line(), "PUT /v2/meetings/1/registrants/status");
    assert_eq!(
        asked[2].json(),
        json!({"action": "approve", "registrants": [{"id": "r1", "email": "jill@example.com"}]})
    );
}

#[tokio::test]
async fn somebody_who_stays_denied_is_a_conflict() {
    let server = Server::start(|asked| match asked.method.as_str() {
        "POST" => Answer::json(201, json!({"id": 1, "registrant_id": "r1"})),
        "PUT" => Answer::empty(204),
        _ => Answer::json(200, json!({"registrants": []})),
    })
    .await;
    let error = zoom(&server).registrants().unwrap().register(&CALL, &at("1"), &jill()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
}

#[tokio::test]
async fn s_09_a_link_that_is_not_zooms_is_not_given_on() {
    let server = Server::list([Answer::json(
        201,
        json!({"registrant_id": "r1", "join_url": "https://evil.example/w/1"}),
    )])
    .await;
    let error = zoom(&server).registrants().unwrap().register(&CALL, &at("1"), &jill()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unexpected);
}

fn people(count: usize) -> Vec<Registrant> {
    (0..count).map(|n| Registrant { email: format!("p{n}@example.com"), ..jill() }).collect()
}

fn by_address(email: &str) -> String {
    email.split('@').next().unwrap().to_owned()
}

#[tokio::test]
async fn many_are_registered_in_batches_of_thirty() {
    let server = Server::start(|asked| {
        let body = asked.json();
        if asked.path.ends_with("/registrants") {
            return admitted(&by_address(body["email"].as_str().unwrap()));
        }
        assert_eq!(body["auto_approve"], true);
        assert_eq!(body["registrants_confirmation_email"], false);
        // In another order, and with the address in capitals, and one of them forgotten.
        let mut answer: Vec<_> = body["registrants"].as_array().unwrap().iter().skip(1).map(|one| {
            let email = one["email"].as_str().unwrap();
            let id = by_address(email);
            json!({"email": email.to_uppercase(), "registrant_id": id, "join_url": format!("{{origin}}/w/1?tk={id}")})
        }).collect();
        answer.reverse();
        Answer::json(201, json!({"registrants": answer}))
    })
    .await;
    let results = zoom(&server).registrants().unwrap().register_many(&CALL, &at("1"), &people(61)).await;
    let ids: Vec<_> = results.into_iter().map(|result| result.unwrap().registrant_id).collect();
    assert_eq!(ids, (0..61).map(|n| format!("p{n}")).collect::<Vec<_>>());
    let (batches, singles): (Vec<_>, Vec<_>) =
        server.lines().into_iter().partition(|line| line.ends_with("batch_registrants"));
    assert_eq!((batches.len(), singles.len()), (2, 3));
}

#[tokio::test]
async fn a_refused_batch_is_done_singly_and_one_bad_person_spoils_nothing() {
    let server = Server::start(|asked| {
        if asked.path.ends_with("batch_registrants") {
            return Answer::error(
                400,
                303,
                "This API can only be used for scheduled meeting(meeting type: 2).",
            );
        }
        match asked.json()["email"].as_str().unwrap() {
            "p1@example.com" => {
                Answer::error(400, 300, "The value that you entered for the Email field is invalid.")
            }
            email => admitted(&by_address(email)),
        }
    })
    .await;
    let results = zoom(&server).registrants().unwrap().register_many(&CALL, &at("1"), &people(3)).await;
    assert_eq!(results[0].as_ref().unwrap().registrant_id, "p0");
    assert_eq!(results[1].as_ref().unwrap_err().kind, ErrorKind::Invalid("Email".to_owned()));
    assert_eq!(results[2].as_ref().unwrap().registrant_id, "p2");
}

#[tokio::test]
async fn a_batch_during_an_outage_is_not_done_singly() {
    let server = Server::start(|_| Answer::error(404, 3001, "Meeting does not exist: 1.")).await;
    let results = zoom(&server).registrants().unwrap().register_many(&CALL, &at("1"), &people(30)).await;
    assert_eq!(results.len(), 30);
    assert!(results.iter().all(|result| result.as_ref().unwrap_err().kind == ErrorKind::NotFound));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn without_the_batch_scope_all_are_single() {
    let server = Server::start(|asked| admitted(&by_address(asked.json()["email"].as_str().unwrap()))).await;
    let scopes =
        ["meeting:write:registrant", "meeting:read:list_registrants", "meeting:update:registrant_status"];
    let zoom = registry::build(&settings(&server, &server, None), &transport(), Some(connection(&scopes, 2)))
        .unwrap();
    let results = zoom.registrants().unwrap().register_many(&CALL, &at("1"), &people(4)).await;
    assert!(results.iter().all(Result::is_ok));
    assert!(server.lines().iter().all(|line| line == "POST /v2/meetings/1/registrants"));
}

#[tokio::test]
async fn the_budget_says_whether_there_is_room_now() {
    let server = Server::start(|asked| admitted(&by_address(asked.json()["email"].as_str().unwrap()))).await;
    let zoom = zoom(&server);
    let registrants = zoom.registrants().unwrap();
    assert!(registrants.room_now(30));
    assert!(!registrants.room_now(31));
    registrants.register(&CALL, &at("1"), &jill()).await.unwrap();
    assert!(!registrants.room_now(30));
}

#[tokio::test]
async fn a_link_is_taken_back_and_twice_is_fine() {
    let gone = RegistrantRef { id: "r1".to_owned(), email: "jill@example.com".to_owned() };
    let server = Server::list([Answer::empty(204)]).await;
    zoom(&server).registrants().unwrap().cancel(&CALL, &at("1"), &gone).await.unwrap();
    let body = json!({"action": "cancel", "registrants": [{"id": "r1", "email": "jill@example.com"}]});
    assert_eq!(server.asked()[0].json(), body);

    let refused =
        || Answer::error(400, 300, "The value that you entered for the Registrant ID field is invalid.");
    let others = Answer::json(200, json!({"registrants": [registrant("r2", "other@example.com", true)]}));
    let server = Server::list([refused(), others]).await;
    zoom(&server).registrants().unwrap().cancel(&CALL, &at("1"), &gone).await.unwrap();

    let still = Answer::json(200, json!({"registrants": [registrant("r1", "jill@example.com", true)]}));
    let server = Server::list([refused(), still]).await;
    let error = zoom(&server).registrants().unwrap().cancel(&CALL, &at("1"), &gone).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Invalid(_)));
}

#[tokio::test]
async fn all_pages_of_registrants_are_read() {
    let server = Server::start(|asked| match asked.query("next_page_token") {
        None => Answer::json(
            200,
            json!({"registrants": [registrant("r1", "a@example.com", true)], "next_page_token": "n"}),
        ),
        Some(_) => Answer::json(
            200,
            json!({"registrants": [registrant("r2", "b@example.com", true)], "next_page_token": ""}),
        ),
    })
    .await;
    let zoom = zoom(&server);
    let list = zoom.registrants().unwrap().list(&CALL, &at("1"), RegistrantState::Approved).await.unwrap();
    assert_eq!(
        list.iter().map(|one| (one.id.as_str(), one.name.as_str())).collect::<Vec<_>>(),
        [("r1", "Jill Chill"), ("r2", "Jill Chill")]
    );
    assert_eq!(server.asked()[1].query("status"), Some("approved"));
}

fn run(id: &str) -> MeetingRun {
    MeetingRun { id: id.to_owned(), started_at: "2026-11-20T18:00:00Z".parse().unwrap() }
}

fn stay(registrant: &str, status: &str) -> Value {
    json!({"id": "", "user_id": "167", "name": "Jill", "user_email": "", "registrant_id": registrant, "status": status,
        "join_time": "2026-11-20T18:01:00Z", "leave_time": "2026-11-20T18:31:00Z", "duration": 1800, "bo_mtg_id": "b"})
}

#[tokio::test]
async fn a_school_reads_the_full_report_on_all_its_pages() {
    let server = Server::start(|asked| match asked.query("next_page_token") {
        None => Answer::json(
            200,
            json!({"participants": [stay("r1", "in_waiting_room")], "next_page_token": "n"}),
        ),
        Some(_) => {
            Answer::json(200, json!({"participants": [stay("r1", "in_meeting"), {"name": "no times"}]}))
        }
    })
    .await;
    let report =
        school(&server).attendance().unwrap().report(&CALL, &at("1"), &run("/abc==")).await.unwrap().unwrap();
    assert_eq!(report.kind, ReportKind::Admin);
    assert_eq!(report.rows.iter().map(|row| row.waiting_room).collect::<Vec<_>>(), [true, false]);
    let row = &report.rows[1];
    assert_eq!((row.registrant_id.as_deref(), row.email.as_deref()), (Some("r1"), None));
    assert_eq!((row.stay.as_deref(), row.breakout_room.as_deref()), (Some("167"), Some("b")));
    let asked = &server.asked()[0];
    assert_eq!(asked.path, "/v2/report/meetings/%252Fabc%253D%253D/participants");
    assert_eq!(asked.query("include_fields"), Some("registrant_id"));
}

#[tokio::test]
async fn a_teacher_reads_the_past_participants() {
    let server = Server::list([Answer::json(200, json!({"participants": [stay("", "in_meeting")]}))]).await;
    let report =
        zoom(&server).attendance().unwrap().report(&CALL, &at("1"), &run("a/b==")).await.unwrap().unwrap();
    assert_eq!(report.kind, ReportKind::PastParticipants);
    assert_eq!(report.rows[0].registrant_id, None);
    assert_eq!(server.asked()[0].path, "/v2/past_meetings/a%2Fb%3D%3D/participants");
}

#[tokio::test]
async fn no_report_is_none_and_a_failure_is_an_error() {
    for answer in [
        Answer::json(200, json!({"participants": []})),
        Answer::error(
            404,
            3001,
            "This meeting is not available or ID is not valid. Meeting ID is invalid or not end.",
        ),
    ] {
        let server = Server::list([answer]).await;
        assert_eq!(
            zoom(&server).attendance().unwrap().report(&CALL, &at("1"), &run("u")).await.unwrap(),
            None
        );
    }
    let server = Server::list([Answer::error(400, 200, "Only available for paid account: x")]).await;
    let error = zoom(&server).attendance().unwrap().report(&CALL, &at("1"), &run("u")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::LicenceMissing);
}

#[tokio::test]
async fn a_report_that_is_no_longer_allowed_falls_back() {
    let server = Server::list([
        Answer::error(400, 4711, "Invalid access token, does not contain scopes:[report:read:admin]."),
        Answer::json(200, json!({"participants": [stay("", "in_meeting")]})),
    ])
    .await;
    let report =
        school(&server).attendance().unwrap().report(&CALL, &at("1"), &run("u")).await.unwrap().unwrap();
    assert_eq!(report.kind, ReportKind::PastParticipants);
}

#[tokio::test]
async fn runs_come_oldest_first() {
    let runs = json!({"meetings": [
        {"uuid": "second", "start_time": "2026-11-20T19:00:00Z"}, {"uuid": "first", "start_time": "2026-11-20T18:00:00Z"}]});
    let server = Server::list([Answer::json(200, runs), Answer::error(404, 3001, "not ended")]).await;
    let zoom = zoom(&server);
    let attendance = zoom.attendance().unwrap();
    let found = attendance.runs(&CALL, &at("1")).await.unwrap();
    assert_eq!(found.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), ["first", "second"]);
    assert!(attendance.runs(&CALL, &at("1")).await.unwrap().is_empty());
}

fn recorded() -> Value {
    json!({"uuid": "u==", "id": "94890226305", "topic": "Algebra", "type": "2", "start_time": "2026-11-20T18:00:00Z", "recording_files": [
        {"id": "f1", "file_type": "MP4", "recording_type": "gallery_view", "recording_start": "2026-11-20T18:00:00Z",
         "recording_end": "2026-11-20T19:00:00Z", "file_size": 11, "status": "completed", "download_url": "{origin}/rec/f1"},
        {"id": "f2", "file_type": "HOLOGRAM", "recording_end": "", "status": "processing"}]})
}

#[tokio::test]
async fn recordings_are_listed_month_by_month() {
    let server = Server::start(|asked| match asked.query("from") {
        Some("2026-10-01") => Answer::json(200, json!({"meetings": [recorded()], "next_page_token": ""})),
        _ => Answer::error(404, 3301, "There is no recording for this session."),
    })
    .await;
    let zoom = zoom(&server);
    let found = zoom
        .recordings()
        .unwrap()
        .list(&CALL, None, "2026-10-01".parse().unwrap(), "2026-11-20".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].run.as_str(), found[0].meeting.as_str()), ("u==", "94890226305"));
    let files: Vec<_> =
        found[0].files.iter().map(|file| (file.kind.as_str(), file.bytes, file.ready)).collect();
    assert_eq!(files, [("MP4", Some(11), true), ("HOLOGRAM", None, false)]);
    let windows: Vec<_> = server
        .asked()
        .iter()
        .map(|asked| (asked.query("from").unwrap().to_owned(), asked.query("to").unwrap().to_owned()))
        .collect();
    assert_eq!(
        windows,
        [
            ("2026-10-01".to_owned(), "2026-10-30".to_owned()),
            ("2026-10-31".to_owned(), "2026-11-20".to_owned())
        ]
    );
}

/// R-18, the provider's part: a failed list is an error, never an empty list.
#[tokio::test]
async fn r_18_a_failed_list_is_not_an_empty_one() {
    let server = Server::start(|_| Answer::error(403, 0, "no")).await;
    let zoom = zoom(&server);
    let day = "2026-11-20".parse().unwrap();
    zoom.recordings().unwrap().list(&CALL, None, day, day).await.unwrap_err();
}

#[tokio::test]
async fn a_recording_is_read_by_its_run() {
    let server = Server::list([
        Answer::json(200, recorded()),
        Answer::error(404, 3301, "There is no recording for this meeting."),
    ])
    .await;
    let zoom = zoom(&server);
    let recordings = zoom.recordings().unwrap();
    assert!(recordings.get(&CALL, &at("1"), Some("/u==")).await.unwrap().is_some());
    assert!(recordings.get(&CALL, &at("1"), None).await.unwrap().is_none());
    assert_eq!(
        server.lines(),
        ["GET /v2/meetings/%252Fu%253D%253D/recordings", "GET /v2/meetings/1/recordings"]
    );
}

#[tokio::test]
async fn recordings_are_removed_and_recovered() {
    let server = Server::list([
        Answer::empty(204),
        Answer::error(404, 3301, "There is no recording for this meeting."),
        Answer::empty(204),
        Answer::empty(204),
    ])
    .await;
    let zoom = zoom(&server);
    let recordings = zoom.recordings().unwrap();
    let whole = RecordingFileRef { run: "u/1==".to_owned(), file: None };
    let one = RecordingFileRef { run: "u/1==".to_owned(), file: Some("f1".to_owned()) };
    recordings.remove(&CALL, &whole, Removal::Trash).await.unwrap();
    recordings.remove(&CALL, &one, Removal::Delete).await.unwrap();
    recordings.recover(&CALL, &whole).await.unwrap();
    recordings.recover(&CALL, &one).await.unwrap();
    assert_eq!(
        server.lines(),
        [
            "DELETE /v2/meetings/u%2F1%3D%3D/recordings",
            "DELETE /v2/meetings/u%2F1%3D%3D/recordings/f1",
            "PUT /v2/meetings/u%2F1%3D%3D/recordings/status",
            "PUT /v2/meetings/u%2F1%3D%3D/recordings/f1/status"
        ]
    );
    let asked = server.asked();
    assert_eq!((asked[0].query("action"), asked[1].query("action")), (Some("trash"), Some("delete")));
    assert_eq!(asked[2].json(), json!({"action": "recover"}));
}

fn file(url: &str) -> RecordingFile {
    RecordingFile {
        id: "f1".to_owned(),
        kind: "MP4".to_owned(),
        view: None,
        started_at: None,
        ended_at: None,
        bytes: Some(11),
        ready: true,
        download_url: Some(url.into()),
    }
}

#[tokio::test]
async fn a_download_follows_redirects_and_leaves_the_token_behind() {
    let files =
        Server::list([Answer::bytes(200, b"hello world".to_vec()).header("content-type", "video/mp4")]).await;
    let elsewhere = files.origin.join("/file?sig=1").unwrap().to_string();
    let api = Server::start(move |asked| match asked.path.as_str() {
        "/rec/f1" => Answer::empty(302).header("location", "/rec/f1/hop"),
        _ => Answer::empty(302).header("location", elsewhere.clone()),
    })
    .await;
    let zoom =
        registry::build(&settings(&api, &files, None), &transport(), Some(connection(CLASSIC, 2))).unwrap();
    let url = api.origin.join("/rec/f1").unwrap();
    let download = zoom.recordings().unwrap().download(&CALL, &file(url.as_str()), 0).await.unwrap();
    assert_eq!(
        (download.content_type.as_deref(), download.bytes, download.from),
        (Some("video/mp4"), Some(11), 0)
    );
    let bytes: Vec<Vec<u8>> = download.stream.try_collect().await.unwrap();
    assert_eq!(bytes.concat(), b"hello world");
    assert!(api.asked().iter().all(|asked| asked.header("authorization") == Some("Bearer token-0")));
    assert_eq!(files.asked()[0].header("authorization"), None);
}

/// S-28.
#[tokio::test]
async fn s_28_no_token_leaves_zooms_hosts() {
    let foreign = Server::start(|_| Answer::bytes(200, b"x".to_vec())).await;
    let target = foreign.origin.join("/x").unwrap().to_string();
    let redirect = target.clone();
    let api = Server::start(move |_| Answer::empty(302).header("location", redirect.clone())).await;
    let zoom = zoom(&api);
    let recordings = zoom.recordings().unwrap();
    for url in [target.as_str(), api.origin.join("/rec").unwrap().as_str(), "https://evil.example/x"] {
        let error = recordings.download(&CALL, &file(url), 0).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unexpected, "{url}");
    }
    assert!(foreign.asked().is_empty());
    assert_eq!(api.asked().len(), 1);
}

#[tokio::test]
async fn a_download_goes_on_where_it_stopped() {
    let server = Server::start(|asked| match asked.header("range") {
        Some("bytes=6-") => Answer::bytes(206, b"world".to_vec()).header("content-range", "bytes 6-10/11"),
        other => panic!("{other:?}"),
    })
    .await;
    let url = server.origin.join("/rec/f1").unwrap();
    let download = zoom(&server).recordings().unwrap().download(&CALL, &file(url.as_str()), 6).await.unwrap();
    assert_eq!(download.from, 6);
}

#[tokio::test]
async fn a_page_is_not_taken_for_a_file_and_a_refused_token_is_replaced() {
    let server = Server::start(|asked| match asked.header("authorization") {
        Some("Bearer token-1") => {
            Answer::bytes(200, b"<html>".to_vec()).header("content-type", "text/html; charset=utf-8")
        }
        _ => Answer::empty(401),
    })
    .await;
    let url = server.origin.join("/rec/f1").unwrap();
    let error =
        zoom(&server).recordings().unwrap().download(&CALL, &file(url.as_str()), 0).await.unwrap_err();
    assert_eq!(error.vendor_code.as_deref(), Some("a page instead of a file"));
    assert_eq!(server.asked().len(), 2);
}
