//! Watching: the board, the socket, who may, and coming back without missing anything.

use std::time::Duration as StdDuration;

use futures::{SinkExt, StreamExt};
use lectern_api::{
    app::App,
    events::{self, Event, EventType},
};
use lectern_core::ids::{ClassId, OrganizationId, PersonId};
use lectern_tests::{Client, TestApp, story};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderValue},
};
use uuid::Uuid;

use crate::host_tokens;

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Longer than anything here takes: a story that waits for it has failed.
const PATIENCE: StdDuration = StdDuration::from_secs(20);

/// Opens the live socket; the status of the refusal otherwise.
pub(crate) async fn open(
    app: &TestApp,
    query: &str,
    headers: &[(&'static str, String)],
) -> Result<Socket, u16> {
    open_at(app, &format!("/api/v1/live{query}"), headers).await
}

/// Opens a socket that tells the same at another address.
pub(crate) async fn open_at(
    app: &TestApp,
    path: &str,
    headers: &[(&'static str, String)],
) -> Result<Socket, u16> {
    let url = format!("{}{path}", app.base.replacen("http", "ws", 1));
    let mut request = url.into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
    }
    match connect_async(request).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(other) => panic!("{other}"),
    }
}

pub(crate) fn bearer(client: &Client) -> (&'static str, String) {
    ("authorization", format!("Bearer {}", client.bearer().unwrap()))
}

pub(crate) async fn watch(app: &TestApp, client: &Client, query: &str) -> Socket {
    open(app, query, &[bearer(client)]).await.unwrap()
}

/// The next event; the close code when the server ends the socket.
pub(crate) async fn next(socket: &mut Socket) -> Result<Value, u16> {
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("an event in time");
        match message {
            Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(frame))) => return Err(frame.map_or(1005, |frame| frame.code.into())),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(1006),
        }
    }
}

pub(crate) async fn next_of(socket: &mut Socket, kind: &str) -> Value {
    loop {
        let event = next(socket).await.unwrap();
        if event["type"] == json!(kind) {
            return event;
        }
    }
}

/// Writes an event about a person, as any service does.
pub(crate) async fn emit(app: &App, organization: OrganizationId, about: PersonId, number: usize) {
    let sealer = app.keys.sealer(organization).await.unwrap();
    let now = app.clock.now();
    let event = Event::new(EventType::ParticipantJoined, now).of(None, ClassId(Uuid::nil()), about).person(
        Some(about),
        format!("number {number}"),
        "student",
    );
    let mut tx = app.db.begin(organization).await.unwrap();
    events::emit(&mut tx, &app.ids, &sealer, organization, now, &event).await.unwrap();
    // Transactions commit in another order than they began.
    for _ in 0..app.randomness.below(20) {
        tokio::task::yield_now().await;
    }
    tx.commit().await.unwrap();
}

story!(
    /// FR-10: a person comes in and goes, and whoever may watch sees it: socket, JSON and page agree.
    the_board_follows_the_class, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha", "tanvir"]).await;
        let amina = app.organization("oakwood").await.admin().await;
        let mut board = watch(app, &amina, "").await;
        let mut own = watch(app, &lesson.students[0], "").await;
        app.pass(chrono::Duration::minutes(14));
        lesson.host_comes(app);
        let visit = lesson.comes(app, 0);
        app.settle().await;
        assert_eq!(next_of(&mut board, "session_started").await["session_id"], json!(lesson.session));
        let teacher = next_of(&mut board, "participant_joined").await;
        assert_eq!(teacher["person"]["role"], json!("instructor"));
        let joined = next_of(&mut board, "participant_joined").await;
        assert_eq!(joined["person"], json!({"id": lesson.students[0].id, "name": "Ayesha Rahman", "role": "student"}));
        let mine = next_of(&mut own, "participant_joined").await;
        assert_eq!(mine["person"]["id"], json!(lesson.students[0].id), "a student hears of themselves only");
        let (_, live) = amina.get("/api/v1/live").await;
        let people = live["sessions"][0]["participants"].as_array().unwrap();
        let state = |name: &str| people.iter().find(|who| who["person"]["name"] == json!(name)).unwrap()["state"].clone();
        assert_eq!(state("Ayesha Rahman"), json!("in_class"));
        assert_eq!(state("Tanvir Rahman"), json!("expected"));
        let (_, hers) = lesson.students[1].get("/api/v1/live").await;
        assert_eq!(hers["sessions"][0]["participants"].as_array().unwrap().len(), 1, "{hers}");
        let page = amina.browser(app).get(&format!("/live?open={}", lesson.session)).await;
        assert_eq!(page.status(), 200);
        assert!(page.html().contains("Fractions") && page.html().contains("Ayesha Rahman"), "{}", page.html());
        app.zoom.leaves(visit).unwrap();
        app.settle().await;
        let left = next_of(&mut board, "participant_left").await;
        assert_eq!(left["person"]["id"], json!(lesson.students[0].id));
        let (_, news) = amina.get(&format!("/api/v1/live?since={}", joined["seq"])).await;
        assert!(news["events"].as_array().unwrap().iter().any(|event| event["type"] == json!("participant_left")), "{news}");
        assert_eq!(lesson.students[0].browser(app).get("/live").await.status(), 403);
    }
);

story!(
    /// Two who are in the meeting under one registrant raise an alert; a client that died and came back does not.
    a_shared_seat_raises_an_alert, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha", "tanvir"]).await;
        let mut board = watch(app, &lesson.teacher, "").await;
        lesson.host_comes(app);
        let visit = lesson.comes(app, 1);
        app.settle().await;
        app.zoom.crashes(visit).unwrap();
        app.pass(chrono::Duration::seconds(20));
        lesson.comes(app, 1);
        let registrants = app.zoom.registrants(lesson.meeting);
        let (ayesha, _, _) = registrants.iter().find(|(_, email, _)| *email == lesson.students[0].email).unwrap();
        for stay in ["501", "502"] {
            assert_eq!(lesson.deliver(app, &lesson.joined_event(app, 0, stay, ayesha)).await, 200);
        }
        app.settle().await;
        app.pass(chrono::Duration::seconds(121));
        app.settle().await;
        let alert = next_of(&mut board, "seat_shared").await;
        assert_eq!(alert["person"]["id"], json!(lesson.students[0].id));
        assert_eq!(app.database.count("audit where kind = 'join.seat_shared'").await, 1);
    }
);

story!(
    /// S-33: a socket from a page of another site, without a sign-in, or for another tenant's events.
    s33_sockets_are_for_our_own_people_from_our_own_pages, |app| async {
        let (oakwood, elmfield) = (app.organization("oakwood").await, app.organization("elmfield").await);
        let (amina, other) = (oakwood.admin().await, elmfield.admin().await);
        assert_eq!(open(app, "", &[]).await.unwrap_err(), 401);
        assert_eq!(open(app, "?ticket=0123", &[]).await.unwrap_err(), 401);
        let cookie = ("cookie", format!("lectern={}", amina.bearer().unwrap()));
        let origin = |origin: &str| ("origin", origin.to_owned());
        for foreign in ["https://evil.example", "null", &format!("{}.evil.example", app.base)] {
            assert_eq!(open(app, "", &[cookie.clone(), origin(foreign)]).await.unwrap_err(), 403, "{foreign}");
        }
        let mut socket = open(app, "", &[cookie, origin(&app.base)]).await.unwrap();
        let ticket = amina.create("/api/v1/live/tickets", json!({})).await["ticket"].as_str().unwrap().to_owned();
        let used = open(app, &format!("?ticket={ticket}"), &[]).await.unwrap();
        assert_eq!(open(app, &format!("?ticket={ticket}"), &[]).await.unwrap_err(), 401, "a ticket opens one socket");
        let late = amina.create("/api/v1/live/tickets", json!({})).await["ticket"].as_str().unwrap().to_owned();
        app.pass(chrono::Duration::seconds(31));
        assert_eq!(open(app, &format!("?ticket={late}"), &[]).await.unwrap_err(), 401, "for 30 seconds");
        drop(used);
        emit(app, elmfield.id, other.id, 1).await;
        emit(app, oakwood.id, amina.id, 2).await;
        app.settle().await;
        let first = next(&mut socket).await.unwrap();
        assert_eq!(first["person"]["name"], json!("number 2"), "nothing of the other tenant's");
        let (_, missed) = amina.get("/api/v1/live?since=0").await;
        let names: Vec<_> = missed["events"].as_array().unwrap().iter().map(|event| event["person"]["name"].clone()).collect();
        assert!(!names.contains(&json!("number 1")), "{names:?}");
    }
);

story!(
    /// S-34: somebody loses their access while connected: the socket closes, and nothing later reaches them.
    s34_a_removed_member_is_disconnected, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (id, amina, ayesha) = (oakwood.id, oakwood.admin().await, oakwood.student("ayesha").await);
        let mut socket = watch(app, &ayesha, "").await;
        emit(app, id, ayesha.id, 1).await;
        app.settle().await;
        assert_eq!(next(&mut socket).await.unwrap()["person"]["name"], json!("number 1"));
        let (status, answer) = amina.patch(&format!("/api/v1/people/{}", ayesha.id), json!({"active": false})).await;
        assert_eq!(status, 200, "{answer}");
        emit(app, id, ayesha.id, 2).await;
        app.settle().await;
        assert_eq!(next(&mut socket).await.unwrap_err(), 4401);
        assert_eq!(open(app, "", &[bearer(&ayesha)]).await.unwrap_err(), 401);
    }
);

story!(
    /// S-34: who signs out, is disabled, gets a new password, or loses the key: the sockets of that sign-in close at once, before
    /// anything is published; another sign-in of the same person goes on.
    s34_a_sign_in_that_ended_closes_its_sockets, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (id, owner) = (oakwood.id, oakwood.owner().await);
        let (first, second) = (oakwood.student("ayesha").await, oakwood.student("ayesha").await);
        let (mut one, mut two) = (watch(app, &first, "").await, watch(app, &second, "").await);
        assert_eq!(first.post("/api/v1/auth/logout", json!({})).await.0, 204);
        assert_eq!(next(&mut one).await.unwrap_err(), 4401);
        emit(app, id, second.id, 1).await;
        app.settle().await;
        assert_eq!(next(&mut two).await.unwrap()["person"]["name"], json!("number 1"), "signed in elsewhere");
        let (status, answer) = owner.patch(&format!("/api/v1/people/{}", second.id), json!({"active": false})).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(next(&mut two).await.unwrap_err(), 4401);
        let rafi = oakwood.student("rafi").await;
        let mut three = watch(app, &rafi, "").await;
        let (status, answer) = owner.patch(&format!("/api/v1/people/{}", rafi.id), json!({"password": "a new long pass phrase"})).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(next(&mut three).await.unwrap_err(), 4401);
        let key = owner.create("/api/v1/api-keys", json!({"name": "Board", "scopes": ["read"]})).await;
        let token = key["token"].as_str().unwrap();
        app.secret(token);
        let mut four = open(app, "", &[("authorization", format!("Bearer {token}"))]).await.unwrap();
        assert_eq!(owner.delete(&format!("/api/v1/api-keys/{}", key["id"].as_str().unwrap())).await.0, 204);
        assert_eq!(next(&mut four).await.unwrap_err(), 4401);
    }
);

story!(
    /// S-34: a host application's token ends while its bearer watches: nothing that happens later reaches them, however the
    /// socket was opened.
    s34_a_socket_ends_with_its_host_token, |app| async {
        let dreamcrowd = app.organization("dreamcrowd").await;
        let (id, owner) = (dreamcrowd.id, dreamcrowd.owner().await);
        host_tokens::take_hs256(&dreamcrowd, app).await;
        let token = |life: i64| {
            let ends = json!({"exp": app.now().timestamp() + life});
            host_tokens::hs256(host_tokens::SECRET.as_bytes(), &host_tokens::with(host_tokens::claims(app), ends))
        };
        let (short, long) = (token(300), token(3000));
        app.secret(&short);
        app.secret(&long);
        let (short, long) = (app.nobody().with_bearer(Some(&short)), app.nobody().with_bearer(Some(&long)));
        let me = long.get("/api/v1/me").await.1["id"].as_str().unwrap().parse().unwrap();
        let ticket = short.create("/api/v1/live/tickets", json!({})).await["ticket"].as_str().unwrap().to_owned();
        app.secret(&ticket);
        let mut by_header = watch(app, &short, "").await;
        let mut by_ticket = open(app, &format!("?ticket={ticket}"), &[]).await.unwrap();
        let mut other = watch(app, &long, "").await;
        emit(app, id, me, 1).await;
        app.settle().await;
        for socket in [&mut by_header, &mut by_ticket, &mut other] {
            assert_eq!(next(socket).await.unwrap()["person"]["name"], json!("number 1"));
        }
        app.pass(chrono::Duration::seconds(400));
        emit(app, id, me, 2).await;
        app.settle().await;
        assert_eq!(next(&mut by_header).await.unwrap_err(), 4401);
        assert_eq!(next(&mut by_ticket).await.unwrap_err(), 4401);
        assert_eq!(next(&mut other).await.unwrap()["person"]["name"], json!("number 2"), "another token goes on");
        assert_eq!(owner.get("/api/v1/me").await.0, 200);
    }
);

story!(
    /// A reader who talks too much, or sends too long a message, is disconnected.
    readers_have_nothing_to_say, |app| async {
        let amina = app.organization("oakwood").await.admin().await;
        let mut socket = watch(app, &amina, "").await;
        for _ in 0..60 {
            if socket.send(Message::text("hello")).await.is_err() {
                break;
            }
        }
        assert!(matches!(next(&mut socket).await.unwrap_err(), 1008 | 1006));
        let mut socket = watch(app, &amina, "").await;
        socket.send(Message::text("x".repeat(5_000))).await.ok();
        next(&mut socket).await.unwrap_err();
    }
);

story!(
    /// eight writers whose commits overtake one another, a reader who is cut off again and again: every event comes
    /// once, in order.
    r22_nothing_is_missed_or_shown_twice, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (id, amina) = (oakwood.id, oakwood.admin().await);
        app.settle().await;
        let (_, live) = amina.get("/api/v1/live").await;
        let mut last = live["seq"].as_i64().unwrap();
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let (app, about) = (App::clone(app), amina.id);
                tokio::spawn(async move {
                    for number in 0..20 {
                        emit(&app, id, about, writer * 100 + number).await;
                    }
                })
            })
            .collect();
        let mut seen = Vec::new();
        while seen.len() < 160 {
            let mut socket = watch(app, &amina, &format!("?since={last}")).await;
            app.settle().await;
            // A few, then the connection is gone without a word.
            for _ in 0..15.min(160 - seen.len()) {
                let Ok(Ok(event)) = tokio::time::timeout(StdDuration::from_millis(200), next(&mut socket)).await else { break };
                let seq = event["seq"].as_i64().unwrap();
                assert!(seq > last, "{seq} after {last}");
                last = seq;
                seen.push(event["person"]["name"].as_str().unwrap().to_owned());
            }
        }
        for writer in writers {
            writer.await.unwrap();
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 160);
        app.settle().await;
    }
);

story!(
    /// a number that is no longer kept, or was never given, means starting anew.
    r22_too_old_a_number_is_said, |app| async {
        let oakwood = app.organization("oakwood").await;
        let amina = oakwood.admin().await;
        for number in 0..3 {
            emit(app, oakwood.id, amina.id, number).await;
        }
        app.settle().await;
        app.database.execute("delete from event_outbox where seq < (select max(seq) from event_outbox)").await;
        for since in ["0", "99999", "-1"] {
            let mut socket = watch(app, &amina, &format!("?since={since}")).await;
            assert_eq!(next(&mut socket).await.unwrap()["type"], json!("resync"), "{since}");
            let (_, live) = amina.get(&format!("/api/v1/live?since={since}")).await;
            assert_eq!(live["events"], json!([{"type": "resync"}]));
        }
    }
);

story!(
    /// Those who watch are told when the server stops.
    a_stop_is_said, |app| async {
        let amina = app.organization("oakwood").await.admin().await;
        let mut socket = watch(app, &amina, "").await;
        app.restart().await;
        assert_eq!(next(&mut socket).await.unwrap_err(), 1001);
    }
);

story!(
    /// A server that was stopped hands its part over: the one that comes after it tells what happens at once, not when a lease
    /// has run out.
    who_comes_after_tells_at_once, |app| async {
        let (id, amina) = {
            let oakwood = app.organization("oakwood").await;
            (oakwood.id, oakwood.admin().await)
        };
        emit(app, id, amina.id, 1).await;
        app.settle().await;
        app.restart().await;
        let amina = app.signed_in(id, amina.id).await;
        let mut socket = watch(app, &amina, "").await;
        emit(app, id, PersonId(Uuid::nil()), 2).await;
        app.settle().await;
        assert_eq!(next_of(&mut socket, "participant_joined").await["person"]["name"], json!("number 2"));
    }
);
