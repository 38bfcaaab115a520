//! One meeting for a session, whatever dies, hangs or is asked twice.

use std::{future::poll_fn, pin::pin, task::Poll};

use chrono::Duration;
use futures::future::join_all;
use lectern_simulators::faults::{FaultPlan, ForcedError};
use lectern_tests::{Deed, Gate, Lesson, Person, TestApp, story};
use serde_json::{Value, json};

const BUYER: &str = "buyer@home.example";

/// A class with a session at nine, of which no job has run yet.
async fn scheduled(app: &TestApp, seller: &Person, title: &str) -> Lesson {
    let class =
        seller.create("/api/v1/classes", json!({"title": title})).await["id"].as_str().unwrap().to_owned();
    let body = json!({"starts_at": app.now() + Duration::minutes(15), "duration_minutes": 45});
    let sessions = seller.create(&format!("/api/v1/classes/{class}/sessions"), body).await;
    Lesson { class, session: sessions["items"][0]["id"].as_str().unwrap().to_owned() }
}

async fn start(seller: &Person, lesson: &Lesson) -> (u16, Value) {
    seller.post(&format!("/api/v1/sessions/{}/start", lesson.session), json!({})).await
}

/// After everything that was due: the session has its meeting, Zoom has exactly this one of its title, and the door opens.
async fn has_one_meeting(app: &mut TestApp, seller: &Person, lesson: &Lesson, title: &str) {
    for _ in 0..4 {
        app.pass(Duration::minutes(3));
        app.settle().await;
    }
    let (_, session) = seller.get(&format!("/api/v1/sessions/{}", lesson.session)).await;
    assert_eq!(session["meeting"]["state"], "ready", "{title}: no row is stuck: {session}");
    let there: Vec<u64> =
        app.zoom.meetings().into_iter().filter(|(_, topic)| topic == title).map(|(id, _)| id).collect();
    assert_eq!(there, [app.zoom_meeting(&lesson.session).await], "{title}: one meeting, the one referred to");
}

/// Polls a future so often, then drops it where it stands: what a killed process does with its work.
async fn killed_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

story!(
    /// killed at every single step of creating, and started again: one meeting, no stuck row.
    r01_killed_at_every_step_of_creating, |app| async {
        let (_, seller, _) = app.evening().await;
        app.zoom.set_behaviour(|zoom| (zoom.limits_per_second, zoom.limits_per_day) = (false, false));
        let mut steps = 0;
        for polls in 1..200 {
            let title = format!("Step {polls}");
            let lesson = scheduled(app, &seller, &title).await;
            // Here and not on a task of its own, which would outlive what is dropped.
            let done = killed_after(polls, lectern_api::jobs::runner::run_due(app)).await.is_some();
            if polls % 8 == 0 {
                app.crash().await;
            }
            // The killed process took nothing with it; its leases run out.
            app.pass(Duration::minutes(5));
            has_one_meeting(app, &seller, &lesson, &title).await;
            steps = polls;
            if done {
                break;
            }
        }
        assert!(steps > 8, "there are many steps: {steps}");
    }
);

story!(
    /// killed while Zoom holds the create, and after it made the meeting but before we heard.
    r01_killed_around_the_create_call, |app| async {
        let (_, seller, _) = app.evening_on_the_wire().await;
        for (title, held) in [("Before", Deed::HoldRequest as fn(Gate) -> Deed), ("After", Deed::HoldAnswer)] {
            let gate = Gate::default();
            app.wire.tamper("POST", "/users/me/meetings", 1, held(gate.clone()));
            let lesson = scheduled(app, &seller, title).await;
            tokio::select! {
                _ = lectern_api::jobs::runner::run_due(app) => panic!("the create was held"),
                () = gate.reached() => {}
            }
            app.crash().await;
            app.wire.mend();
            let (_, session) = seller.get(&format!("/api/v1/sessions/{}", lesson.session)).await;
            assert_eq!(session["meeting"]["state"], "creating", "{session}");
            has_one_meeting(app, &seller, &lesson, title).await;
        }
        // Killed after Zoom made it, and the session is cancelled before anybody looks: nothing is left behind.
        let gate = Gate::default();
        app.wire.tamper("POST", "/users/me/meetings", 1, Deed::HoldAnswer(gate.clone()));
        let lesson = scheduled(app, &seller, "Cancelled").await;
        tokio::select! {
            _ = lectern_api::jobs::runner::run_due(app) => panic!("the create was held"),
            () = gate.reached() => {}
        }
        app.crash().await;
        assert_eq!(seller.send("DELETE", &format!("/api/v1/sessions/{}", lesson.session), Some(&json!({})), &[]).await.status, 204);
        for _ in 0..4 {
            app.pass(Duration::minutes(3));
            app.settle().await;
        }
        assert!(app.zoom.meetings().iter().all(|(_, topic)| topic != "Cancelled"), "{:?}", app.zoom.meetings());
    }
);

story!(
    /// the create worked and the answer was lost: the meeting is found by its marker; there is no second one.
    r02_a_create_that_timed_out_is_found, |app| async {
        let (_, seller, _) = app.evening().await;
        let plan = FaultPlan { timeout_after: 100, operations: vec!["meetingCreate".to_owned()], ..FaultPlan::default() };
        app.zoom.set_faults(1, plan);
        let lesson = scheduled(app, &seller, "Lost answer").await;
        let (status, session) = start(&seller, &lesson).await;
        assert_eq!((status, &session["meeting"]["state"]), (200, &json!("ready")), "{session}");
        has_one_meeting(app, &seller, &lesson, "Lost answer").await;
        assert_eq!(app.zoom_calls("meetingCreate"), 2, "the first class's and this one");
    }
);

story!(
    /// whatever a 429 says about coming back, Start answers at once, nobody hammers, and the meeting comes in time.
    r03_every_form_of_retry_after, |app| async {
        let (_, seller, _) = app.evening_on_the_wire().await;
        let date = (app.now() + Duration::seconds(30)).to_rfc2822();
        for (number, header) in ["30", date.as_str(), "soon", "-1", "86400", "2031-01-01T00:00:00Z"].into_iter().enumerate() {
            let title = format!("Later {number}");
            let body = json!({"code": 429, "message": "You have reached the maximum per-second rate limit for this API."});
            app.wire.tamper("POST", "/users/me/meetings", 50, Deed::Answer(429, vec![("retry-after", header.to_owned()), ("content-type", "application/json".to_owned())], body.to_string()));
            let lesson = scheduled(app, &seller, &title).await;
            let began = std::time::Instant::now();
            let (status, session) = start(&seller, &lesson).await;
            assert_eq!(status, 202, "{header}: {session}");
            assert!(session["meeting"]["problem"]["detail"].as_str().is_some_and(|detail| detail.len() > 20), "{session}");
            assert!(began.elapsed() < std::time::Duration::from_secs(6), "{header}: {:?}", began.elapsed());
            app.wire.mend();
            // A day is capped: nobody waits for it.
            app.pass(Duration::minutes(15));
            has_one_meeting(app, &seller, &lesson, &title).await;
        }
    }
);

story!(
    /// Ten starts at once, with the job besides, make one meeting; each is told that it is there, and one of them started it.
    ten_starts_make_one_meeting, |app| async {
        let (_, seller, _) = app.evening().await;
        let lesson = scheduled(app, &seller, "Rush").await;
        let (answers, ()) = tokio::join!(join_all((0..10).map(|_| start(&seller, &lesson))), app.settle());
        for (status, session) in answers {
            assert!(status == 200 || (status == 202 && session["meeting"]["state"] == "creating"), "{status} {session}");
            assert_eq!(session["state"], "live", "{session}");
        }
        has_one_meeting(app, &seller, &lesson, "Rush").await;
        assert_eq!(app.audited("session.started").await, 1);
        assert_eq!(app.audited("meeting.created").await, 2);
    }
);

story!(
    /// A rename and a move reach Zoom, also when they happen while the meeting is being made.
    changes_reach_the_platform, |app| async {
        let (_, seller, lesson) = app.evening_on_the_wire().await;
        let path = format!("/api/v1/sessions/{}", lesson.session);
        let (status, _) = seller.patch(&path, json!({"title": "Gouache"})).await;
        assert_eq!(status, 200);
        app.settle().await;
        assert_eq!(app.zoom.meetings()[0].1, "Gouache");
        let gate = Gate::default();
        app.wire.tamper("POST", "/users/me/meetings", 1, Deed::HoldAnswer(gate.clone()));
        let second = scheduled(app, &seller, "Old name").await;
        let path = format!("/api/v1/sessions/{}", second.session);
        let renaming = async {
            gate.reached().await;
            let (status, _) = seller.patch(&path, json!({"title": "New name"})).await;
            gate.open();
            status
        };
        let ((), status) = tokio::join!(app.settle(), renaming);
        assert_eq!(status, 200);
        app.settle().await;
        has_one_meeting(app, &seller, &second, "New name").await;
    }
);

story!(
    /// A meeting that somebody deleted at Zoom is made anew; the people's links stay and lead to the new one.
    a_deleted_meeting_is_made_anew, |app| async {
        let (_, seller, lesson) = app.evening().await;
        lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        let link = app.mailed_link(BUYER);
        let browser = app.browser();
        let first = browser.press_join(&link).await;
        let old = app.zoom_meeting(&lesson.session).await;
        app.zoom.force_error(ForcedError { operation: "meetingUpdate".to_owned(), status: 404, code: 3001, message: None, times: 1 });
        seller.patch(&format!("/api/v1/sessions/{}", lesson.session), json!({"title": "Gouache"})).await;
        app.settle().await;
        let new = app.zoom_meeting(&lesson.session).await;
        assert_ne!(new, old);
        let joined = browser.press_join(&link).await;
        assert_eq!(joined.status(), 303, "{}", joined.html());
        assert_ne!(joined.location(), first.location());
        assert!(joined.location().contains(&new.to_string()));
    }
);

story!(
    /// The host deletes the meeting at Zoom: another is made at once, links stay, everybody gets a new way in, and the instructor
    /// reads what happened. What Lectern deletes itself, and what belongs to a session that is off, is not made anew.
    a_meeting_deleted_by_its_host_is_replaced, |app| async {
        let (_, seller, lesson) = app.evening().await;
        lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        let link = app.mailed_link(BUYER);
        let browser = app.browser();
        let first = browser.press_join(&link).await;
        let old = app.zoom_meeting(&lesson.session).await;
        let (_, live) = seller.get("/api/v1/live").await;
        assert!(app.zoom.host_deletes(old));
        app.settle().await;
        let new = app.zoom_meeting(&lesson.session).await;
        assert_ne!(new, old);
        assert_eq!(app.zoom.registrants(new).len(), 1, "made ahead, like the first");
        let joined = browser.press_join(&link).await;
        assert_eq!(joined.status(), 303, "{}", joined.html());
        assert!(joined.location().contains(&new.to_string()) && joined.location() != first.location());
        assert_eq!(app.audited("meeting.lost").await, 1);
        let (_, told) = seller.get(&format!("/api/v1/live?since={}", live["seq"])).await;
        let details: Vec<&Value> = told["events"].as_array().unwrap().iter().filter(|event| event["type"] == "session_updated").map(|event| &event["detail"]).collect();
        assert!(details.contains(&&json!("meeting_deleted")), "{told}");
        let page = seller.browser(app).get(&format!("/sessions/{}", lesson.session)).await;
        assert!(page.html().contains("deleted the meeting at the platform"), "{}", page.html());
        // Ours: the session is cancelled, and Zoom tells of the delete all the same.
        assert_eq!(seller.send("DELETE", &format!("/api/v1/sessions/{}", lesson.session), Some(&json!({})), &[]).await.status, 204);
        app.settle().await;
        assert_eq!((app.zoom.meetings(), app.audited("meeting.lost").await), (Vec::new(), 1));
    }
);

story!(
    /// The word of a delete may be old: a meeting that Zoom still has stays, and one that was edited at Zoom too.
    a_meeting_that_is_still_there_stays, |app| async {
        let (_, seller, lesson) = app.evening().await;
        let meeting = app.zoom_meeting(&lesson.session).await;
        assert!(app.zoom.host_deletes(meeting));
        assert!(app.zoom.host_recovers(meeting), "before anybody looked");
        assert!(app.zoom.host_renames(meeting, "Renamed at Zoom"));
        app.settle().await;
        assert_eq!((app.zoom_meeting(&lesson.session).await, app.audited("meeting.lost").await), (meeting, 0));
        assert_eq!(app.zoom.meetings(), [(meeting, "Renamed at Zoom".to_owned())]);
        seller.patch(&format!("/api/v1/sessions/{}", lesson.session), json!({"title": "Gouache"})).await;
        app.settle().await;
        assert_eq!(app.zoom.meetings(), [(meeting, "Gouache".to_owned())], "what Lectern says next wins");
    }
);

story!(
    /// Cancelling removes the meeting; when Zoom fails just then, it is removed later.
    cancelling_removes_the_meeting, |app| async {
        let (_, seller, lesson) = app.evening().await;
        app.zoom.set_faults(1, FaultPlan { server_error: 100, operations: vec!["meetingDelete".to_owned()], ..FaultPlan::default() });
        let answer = seller.send("DELETE", &format!("/api/v1/sessions/{}", lesson.session), Some(&json!({})), &[]).await;
        assert_eq!(answer.status, 204);
        app.settle().await;
        assert_eq!(app.zoom.meetings().len(), 1);
        app.zoom.set_faults(1, FaultPlan::default());
        app.pass(Duration::minutes(5));
        app.settle().await;
        assert_eq!(app.zoom.meetings(), []);
        assert_eq!(app.audited("meeting.removed").await, 1);
    }
);

story!(
    /// Class options reach Zoom; what Zoom cannot do for one class is refused with the reason, and nothing changes.
    options_reach_zoom_or_are_refused, |app| async {
        let (_, seller, lesson) = app.evening().await;
        let path = format!("/api/v1/classes/{}/settings", lesson.class);
        let (_, shown) = seller.get(&path).await;
        let mut settings = shown["settings"].clone();
        settings["chat"] = json!(false);
        let (status, problem) = seller.put(&path, settings.clone()).await;
        assert_eq!(status, 422, "{problem}");
        assert!(problem["errors"][0]["message"].as_str().or(problem["errors"][0]["detail"].as_str()).is_some_and(|why| why.contains("chat")), "{problem}");
        let (_, after) = seller.get(&path).await;
        assert_eq!(after["settings"], shown["settings"]);
        settings["chat"] = json!(true);
        settings["waiting_room"] = json!(false);
        settings["recording"] = json!("cloud");
        let (status, saved) = seller.put(&path, settings).await;
        assert_eq!(status, 200, "{saved}");
        app.settle().await;
        assert_eq!(app.zoom_calls("meetingUpdate"), 1);
        lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        let meeting = app.zoom_meeting(&lesson.session).await;
        app.zoom.host_joins(meeting).unwrap();
        let joined = app.browser().press_join(&app.mailed_link(BUYER)).await;
        let visit = app.zoom.joins(joined.location()).unwrap();
        assert!(app.zoom.admit(visit).is_err(), "nobody waits: the waiting room is off at Zoom");
        app.settle().await;
    }
);

/// A class that took place, with one student in it, until everything that follows has happened.
async fn evening_that_was(app: &mut TestApp, unreadable: bool) {
    let (_, seller, lesson) = app.evening().await;
    lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
    start(&seller, &lesson).await;
    let meeting = app.zoom_meeting(&lesson.session).await;
    app.zoom.host_joins(meeting).unwrap();
    let joined = app.browser().press_join(&app.mailed_link(BUYER)).await;
    let visit = app.zoom.joins(joined.location()).unwrap();
    app.zoom.admit(visit).unwrap();
    app.pass(Duration::minutes(45));
    if unreadable {
        let operations =
            ["reportMeetingParticipants", "pastMeetings", "pastMeetingDetails", "pastMeetingParticipants"];
        let operations = operations.map(str::to_owned).to_vec();
        app.zoom.set_faults(1, FaultPlan { server_error: 100, operations, ..FaultPlan::default() });
    }
    seller.post(&format!("/api/v1/sessions/{}/end", lesson.session), json!({})).await;
    app.settle().await;
    for _ in 0..5 {
        app.pass(Duration::hours(9));
        app.tick("tick.reconcile").await;
        app.tick("tick.clean_up").await;
    }
    assert_eq!(app.zoom.meetings().len(), 1, "not before two days have passed");
    for _ in 0..2 {
        app.pass(Duration::days(1));
        app.tick("tick.clean_up").await;
    }
}

story!(
    /// It cleans a long-past session's meeting up, once its attendance was read.
    a_long_past_meeting_is_removed, |app| async {
        evening_that_was(app, false).await;
        assert_eq!(app.zoom.meetings(), []);
        assert_eq!(app.audited("meeting.removed").await, 1);
    }
);

story!(
    /// Nobody ever came, says an empty answer, which may be a failed one: the meeting stays until Zoom's number is dead anyway.
    a_meeting_nobody_came_to_is_removed_after_a_month, |app| async {
        let (_, _, _) = app.evening().await;
        for _ in 0..7 {
            app.pass(Duration::hours(9));
            for tick in ["tick.end_sessions", "tick.reconcile", "tick.clean_up"] {
                app.tick(tick).await;
            }
        }
        assert_eq!(app.zoom.meetings().len(), 1, "not on an empty answer");
        app.pass(Duration::days(30));
        app.tick("tick.clean_up").await;
        assert_eq!(app.audited("meeting.removed").await, 1);
    }
);

story!(
    /// It keeps a meeting whose attendance could not be read: nothing is removed on a failed answer.
    a_meeting_with_attendance_unread_stays, |app| async {
        evening_that_was(app, true).await;
        assert_eq!(app.zoom.meetings().len(), 1);
        assert_eq!(app.audited("meeting.removed").await, 0);
        assert!(app.jobs().await.iter().all(|job| job[0] != "meeting.remove"), "nobody tried: {:?}", app.jobs().await);
        // Another process: calls were paused in this one.
        app.zoom.set_faults(1, FaultPlan::default());
        app.crash().await;
        app.pass(Duration::days(40));
        app.tick("tick.clean_up").await;
        assert_eq!(app.audited("meeting.removed").await, 0, "somebody may still have it read by hand");
    }
);

story!(
    /// The platform cannot be told to end: the class ends here, and whoever teaches is told to end the meeting there.
    a_meeting_that_cannot_be_ended_is_told, |app| async {
        let (owner, seller, lesson) = app.evening().await;
        let path = format!("/api/v1/sessions/{}", lesson.session);
        app.pass(Duration::minutes(15));
        seller.post(&format!("{path}/start"), json!({})).await;
        app.zoom.host_joins(app.zoom_meeting(&lesson.session).await).unwrap();
        let (status, _) = owner.delete(&format!("/api/v1/connections/{}", owner.all("/api/v1/connections").await[0]["id"].as_str().unwrap())).await;
        assert_eq!(status, 204);
        let (status, ended) = seller.post(&format!("{path}/end"), json!({})).await;
        assert_eq!((status, &ended["state"]), (200, &json!("ended")), "{ended}");
        app.settle().await;
        let (_, session) = seller.get(&path).await;
        let detail = session["meeting"]["problem"]["detail"].as_str().unwrap_or_default();
        assert!(detail.contains("press End meeting there"), "{session}");
        let page = seller.browser(app).get(&format!("/sessions/{}", lesson.session)).await;
        assert!(page.html().contains("could not be told to end the meeting"), "{}", page.html());
        assert_eq!(app.audited("meeting.not_ended").await, 1);
    }
);

story!(
    /// A session whose doors have not opened cannot be ended, only cancelled: then people are told.
    what_has_not_begun_is_not_ended, |app| async {
        let (_, seller, lesson) = app.evening().await;
        let later = lesson.another(app, &seller, app.now() + Duration::days(3)).await;
        let (status, problem) = seller.post(&format!("/api/v1/sessions/{later}/end"), json!({})).await;
        assert_eq!((status, &problem["code"]), (409, &json!("not_started")), "{problem}");
        let (_, session) = seller.get(&format!("/api/v1/sessions/{later}")).await;
        assert_eq!(session["state"], json!("scheduled"));
    }
);

story!(
    /// A meeting made by an account that is no longer connected: connecting once more is not said to help.
    another_account_does_not_open_an_older_meeting, |app| async {
        let (_, seller, lesson) = app.evening().await;
        assert_eq!(seller.delete("/api/v1/platforms/zoom/connection").await.0, 204);
        app.settle().await;
        let launch = format!("/api/v1/sessions/{}/launch", lesson.session);
        let (status, problem) = seller.post(&launch, json!({})).await;
        assert!(status >= 409 && problem["detail"].as_str().unwrap().contains("Connect the account"), "{problem}");
        app.zoom_host("other@dreamcrowd.example");
        let (_, answer) = seller.post("/api/v1/platforms/zoom/connection", json!({})).await;
        let callback = app.zoom.allow(answer["authorize_url"].as_str().unwrap(), "other@dreamcrowd.example").unwrap();
        seller.send("GET", callback.strip_prefix(&app.base).unwrap(), None, &[]).await;
        let (status, problem) = seller.post(&launch, json!({})).await;
        assert_eq!((status, &problem["code"]), (409, &json!("other_account")), "{problem}");
    }
);
