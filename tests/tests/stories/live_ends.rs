//! Who may no longer watch, and who does not read.

use std::{
    sync::{Arc, Weak},
    time::Duration as StdDuration,
};

use futures::StreamExt;
use lectern_api::events::{Event, EventType, LiveMessage};
use lectern_core::{clock::Clock, ids::ClassId};
use lectern_tests::story;
use serde_json::json;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use crate::live::{Socket, bearer, emit, next, open, watch as watching};

/// More than two beats of the socket: whoever waits for one waits for it and not for this.
const TWO_BEATS: StdDuration = StdDuration::from_secs(60);

/// The names of the people it hears of, until the close with this code.
async fn until_closed(socket: &mut Socket) -> (Vec<String>, u16) {
    let mut heard = Vec::new();
    loop {
        match next(socket).await {
            Ok(event) => heard.push(event["person"]["name"].as_str().unwrap_or_default().to_owned()),
            Err(code) => return (heard, code),
        }
    }
}

story!(
    /// S-34: a student who is taken out of the class while watching: the socket closes, and what happens afterwards, also
    /// about themselves, is not delivered.
    s34_a_student_taken_out_of_the_class_is_disconnected, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha"]).await;
        let oakwood = app.organization("oakwood").await.id;
        let mut socket = watching(app, &lesson.students[0], "").await;
        emit(app, oakwood, lesson.students[0].id, 1).await;
        app.settle().await;
        assert_eq!(next(&mut socket).await.unwrap()["person"]["name"], json!("number 1"), "she is heard while she belongs to it");
        let list = format!("/api/v1/classes/{}/enrollments", lesson.class);
        let (_, enrollments) = lesson.teacher.get(&list).await;
        let enrollment = enrollments["items"][0]["id"].as_str().unwrap().to_owned();
        let (status, answer) = lesson.teacher.delete(&format!("{list}/{enrollment}")).await;
        assert!(matches!(status, 200 | 204), "{answer}");
        for number in 2..5 {
            emit(app, oakwood, lesson.students[0].id, number).await;
        }
        app.settle().await;
        let (heard, code) = until_closed(&mut socket).await;
        assert_eq!(code, 4403);
        assert!(heard.iter().all(|name| !name.starts_with("number ")), "after the removal: {heard:?}");
    }
);

story!(
    /// S-34: an admin who becomes a teacher, then a student, hears from then on what a teacher and a student hear, or nothing:
    /// no event about others passes, by the old socket or a new one.
    s34_a_lowered_role_narrows_the_socket, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (id, owner, amina, ayesha) = (oakwood.id, oakwood.owner().await, oakwood.admin().await, oakwood.student("ayesha").await);
        let mut socket = watching(app, &amina, "").await;
        emit(app, id, ayesha.id, 1).await;
        app.settle().await;
        assert_eq!(next(&mut socket).await.unwrap()["person"]["name"], json!("number 1"), "an admin hears of everybody");
        for (role, first) in [(1, 10), (0, 20)] {
            let (status, answer) = owner.patch(&format!("/api/v1/people/{}", amina.id), json!({"role": role})).await;
            assert_eq!(status, 200, "{answer}");
            emit(app, id, ayesha.id, first).await;
            emit(app, id, amina.id, first + 1).await;
            app.settle().await;
            let mut heard = Vec::new();
            loop {
                match next(&mut socket).await {
                    Ok(event) => heard.push(event["person"]["name"].as_str().unwrap_or_default().to_owned()),
                    Err(code) => {
                        assert!([4401, 4403].contains(&code), "{code}");
                        break;
                    }
                }
                if heard.last() == Some(&format!("number {}", first + 1)) {
                    break;
                }
            }
            assert!(!heard.contains(&format!("number {first}")), "role {role}: {heard:?}");
            let mut again = watching(app, &amina, "?since=0").await;
            let named = loop {
                let event = next(&mut again).await.unwrap();
                let name = event["person"]["name"].as_str().unwrap_or_default().to_owned();
                assert!(![1, 10, 20].map(|number| format!("number {number}")).contains(&name), "role {role}, asked anew: {event}");
                if event["type"] == json!("resync") || name == format!("number {}", first + 1) {
                    break name;
                }
            };
            drop(named);
        }
    }
);

story!(
    /// S-34: nothing happens, but the sign-in runs out by the story's clock: the next beat of the socket notices.
    s34_a_sign_in_that_runs_out_closes_at_the_next_beat, |app| async {
        let oakwood = app.organization("oakwood").await;
        let ayesha = oakwood.student("ayesha").await;
        let mut socket = watching(app, &ayesha, "").await;
        app.pass(chrono::Duration::days(14) + chrono::Duration::seconds(1));
        let ended = async {
            loop {
                match socket.next().await {
                    Some(Ok(Message::Close(frame))) => return frame.map(|frame| u16::from(frame.code)),
                    Some(Ok(Message::Text(text))) => panic!("nothing is said any more: {text}"),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return None,
                }
            }
        };
        let code = tokio::time::timeout(TWO_BEATS, ended).await.expect("closed at a beat");
        assert_eq!(code, Some(4401));
        assert_eq!(open(app, "", &[bearer(&ayesha)]).await.unwrap_err(), 401);
    }
);

/// Events, and how long each is: together more than the buffers of a connection take.
const EVENTS: usize = 800;
const LENGTH: usize = 30_000;
/// What the hub keeps for those who lag, and a little for what is on its way.
const MOST_KEPT: usize = 512 + 64;

story!(
    /// R-21 at 1:100: twenty sockets, two of which never read, and more than they can be sent. The others get everything in
    /// order while it happens; what the server holds stays within the hub's backlog; the two are dropped or told to start anew.
    r21_who_does_not_read_costs_nothing, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (id, amina) = (oakwood.id, oakwood.admin().await);
        let (mut idle, mut readers) = (Vec::new(), Vec::new());
        for index in 0..20 {
            // The answer to a number that was never given shows that the socket listens.
            let mut socket = watching(app, &amina, "?since=99999").await;
            assert_eq!(next(&mut socket).await.unwrap()["type"], json!("resync"));
            if index % 10 == 0 { idle.push(socket) } else { readers.push(socket) }
        }
        let mut read = Vec::new();
        let readers: Vec<_> = readers
            .into_iter()
            .map(|mut socket| {
                let (progress, seen) = watch::channel(0_usize);
                read.push(seen);
                tokio::spawn(async move {
                    let mut number = 0;
                    while number < EVENTS {
                        match socket.next().await {
                            Some(Ok(Message::Text(text))) => {
                                assert!(text.contains(&format!("\"number {number} ")), "{}", &text[..120]);
                                number += 1;
                                progress.send_replace(number);
                            }
                            Some(Ok(Message::Ping(_))) => {}
                            other => panic!("after {number} events: {other:?}"),
                        }
                    }
                })
            })
            .collect();
        let seq = lectern_api::events::history::last_seq(app).await.unwrap();
        let mut kept: Vec<Weak<Event>> = Vec::new();
        let mut most = 0;
        for number in 0..EVENTS {
            let name = format!("number {number} {}", "x".repeat(LENGTH));
            let event = Event::new(EventType::ParticipantJoined, app.clock.now())
                .of(None, ClassId(Uuid::nil()), amina.id)
                .person(Some(amina.id), name, "student");
            let message = LiveMessage::new(seq + 1 + i64::try_from(number).unwrap(), event);
            kept.push(Arc::downgrade(&message.event));
            app.hub.deliver(id, message);
            if number % 100 == 99 {
                // Those who read keep up; nobody waits for those who do not.
                for seen in &mut read {
                    seen.wait_for(|seen| *seen > number).await.unwrap();
                }
                kept.retain(|event| event.strong_count() > 0);
                most = most.max(kept.len());
            }
        }
        for reader in readers {
            reader.await.unwrap();
        }
        eprintln!("of {EVENTS} events of {LENGTH} bytes at most {most} were held at once");
        assert!(most <= MOST_KEPT, "{most} events are held for those who do not read");
        for mut socket in idle {
            let mut got = 0;
            let end = loop {
                match tokio::time::timeout(TWO_BEATS, socket.next()).await.expect("an end") {
                    Some(Ok(Message::Text(text))) if text.contains("\"resync\"") => break "resync",
                    Some(Ok(Message::Text(_))) => got += 1,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break "dropped",
                    Some(Ok(_)) => {}
                }
            };
            eprintln!("one that did not read got {got} events, then: {end}");
            assert!(got < EVENTS, "nothing kept all of them for it");
        }
        assert_eq!(app.nobody().get("/healthz").await.0, 200);
    }
);
