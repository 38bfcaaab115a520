//! The ten scenarios of DreamCrowd's own test list, each a story.

use chrono::Duration;
use lectern_tests::{CLIENT_SECRET, Lesson, TestApp, WEBHOOK_SECRET, story, zoom_settings};
use serde_json::{Value, json};

/// A marketplace with credentials, a connected seller and a class that starts at nine.
async fn evening(app: &mut TestApp) -> (lectern_tests::Person, lectern_tests::Person, Lesson) {
    let (owner, seller) = {
        let dreamcrowd = app.organization("dreamcrowd").await;
        let owner = app.set_up_zoom(&dreamcrowd).await;
        (owner, dreamcrowd.instructor("farhan").await)
    };
    app.connect(&seller).await;
    let lesson = Lesson::schedule(app, &seller, "Watercolour for beginners").await;
    (owner, seller, lesson)
}

story!(
    /// 1: an admin adds credentials; they are sealed.
    scenario_01_admin_adds_credentials_sealed, |app| async {
        let dreamcrowd = app.organization("dreamcrowd").await;
        app.register_zoom_app("lectern-app");
        let owner = dreamcrowd.owner().await;
        let (status, _) = owner.put("/api/v1/platforms/zoom", zoom_settings(app, "lectern-app")).await;
        assert_eq!(status, 200);
        let (_, shown) = owner.get("/api/v1/platforms/zoom").await;
        assert_eq!(shown["client_id"], "lectern-app");
        let seen = shown.to_string();
        assert!(!seen.contains(CLIENT_SECRET) && !seen.contains(WEBHOOK_SECRET), "{seen}");
        let dump = app.database.dump().await;
        assert!(!dump.contains(CLIENT_SECRET) && !dump.contains(&hex(CLIENT_SECRET)), "the secret lies open in the database");
        assert!(!dump.contains(WEBHOOK_SECRET) && !dump.contains(&hex(WEBHOOK_SECRET)));
    }
);

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

story!(
    /// 2: a seller connects; the panel says as whom.
    scenario_02_seller_connects, |app| async {
        let dreamcrowd = app.organization("dreamcrowd").await;
        app.set_up_zoom(&dreamcrowd).await;
        let seller = dreamcrowd.instructor("farhan").await;
        let (_, before) = seller.get("/api/v1/platforms/zoom/connection").await;
        assert_eq!(before["state"], "none", "{before}");
        app.connect(&seller).await;
        let (_, after) = seller.get("/api/v1/platforms/zoom/connection").await;
        assert_eq!((&after["state"], &after["email"]), (&json!("connected"), &json!(seller.email)), "{after}");
    }
);

story!(
    /// 3: a seller starts; the meeting is there.
    scenario_03_seller_starts_and_the_meeting_is_made, |app| async {
        let (_, seller, lesson) = evening(app).await;
        let (status, session) = seller.post(&format!("/api/v1/sessions/{}/start", lesson.session), json!({})).await;
        assert_eq!((status, &session["state"], &session["meeting"]["state"]), (200, &json!("live"), &json!("ready")), "{session}");
        assert_eq!(app.zoom.meetings().len(), 1);
        assert!(!session.to_string().contains("/w/") && !session.to_string().contains("zak"), "{session}");
        let (status, launch) = seller.post(&format!("/api/v1/sessions/{}/launch", lesson.session), json!({})).await;
        assert_eq!(status, 200, "{launch}");
        assert!(launch["location"].as_str().unwrap().starts_with(&app.zoom.base_url()));
    }
);

story!(
    /// 4: a buyer's mail has the redirect link and nothing of Zoom.
    scenario_04_the_mail_has_the_redirect_link_only, |app| async {
        let (_, seller, lesson) = evening(app).await;
        lesson.enroll(app, &seller, "buyer@home.example", "Ayesha Noor").await;
        let mails = app.mail.messages_to("buyer@home.example");
        assert_eq!(mails.len(), 1);
        let link = app.mailed_link("buyer@home.example");
        assert!(link.starts_with(&format!("{}{}?token=", app.base, lesson.door())), "{link}");
        let (_, registrants) = (0, app.zoom.registrants(app.zoom_meeting(&lesson.session).await));
        for (_, _, join_url) in registrants {
            assert!(!mails[0].raw.contains(&join_url));
        }
        assert!(!mails[0].raw.contains(&app.zoom.base_url()), "{}", mails[0].raw);
        assert!(mails[0].attachments.iter().any(|file| file.filename == "class.ics"));
    }
);

story!(
    /// 5: a buyer joins by a URL of their own.
    scenario_05_a_buyer_joins_by_a_unique_url, |app| async {
        let (_, seller, lesson) = evening(app).await;
        lesson.enroll(app, &seller, "one@home.example", "Ayesha Noor").await;
        lesson.enroll(app, &seller, "two@home.example", "Omar Reza").await;
        let (one, two) = (app.browser(), app.browser());
        let first = one.press_join(&app.mailed_link("one@home.example")).await;
        let second = two.press_join(&app.mailed_link("two@home.example")).await;
        assert_eq!((first.answer.status, second.answer.status), (303, 303), "{}", first.html());
        assert!(first.location().starts_with(&app.zoom.base_url()), "{}", first.location());
        assert_ne!(first.location(), second.location());
        let again = one.press_join(&app.mailed_link("one@home.example")).await;
        assert_eq!(again.location(), first.location(), "the same browser comes back to the same seat");
    }
);

story!(
    /// 6: a guest joins with a temporary token, for the named session only.
    scenario_06_a_guest_joins_with_a_temporary_token, |app| async {
        let (_, seller, lesson) = evening(app).await;
        let body = json!({"email": "rokeya@guest.example", "first_name": "Rokeya"});
        let guest = seller.create(&format!("/api/v1/classes/{}/guests", lesson.class), body).await;
        assert_eq!(guest["sessions"], json!([lesson.session]));
        app.settle().await;
        let link = app.mailed_link("rokeya@guest.example");
        let joined = app.browser().press_join(&link).await;
        assert_eq!(joined.answer.status, 303, "{}", joined.html());
        app.pass(Duration::hours(3));
        app.tick("tick.end_sessions").await;
        let later = app.browser().get(&link).await;
        assert_eq!(later.answer.status, 200);
        assert!(later.html().contains("ended"), "the token ends with its session: {}", later.html());
    }
);

story!(
    /// 7: whoever has no token, a forged one or somebody else's browser is blocked.
    scenario_07_the_unauthorized_are_blocked, |app| async {
        let (_, seller, lesson) = evening(app).await;
        lesson.enroll(app, &seller, "buyer@home.example", "Ayesha Noor").await;
        let link = app.mailed_link("buyer@home.example");
        let mut forged = link.clone();
        let last = forged.pop().unwrap();
        forged.push(if last == 'A' { 'B' } else { 'A' });
        let refused = app.browser().get(&forged).await;
        assert_eq!(refused.answer.status, 403);
        assert!(refused.html().contains("Unauthorized access."), "{}", refused.html());
        let bare = app.browser().post(&lesson.door(), &[]).await;
        assert_eq!((bare.answer.status, bare.html()), (403, refused.html()), "the same bytes for every bad link");
        assert_eq!(app.browser().press_join(&link).await.answer.status, 303);
        let copied = app.browser().press_join(&link).await;
        assert_eq!(copied.answer.status, 200, "another browser must prove itself");
        assert!(copied.location().is_empty() && !copied.html().contains(&app.zoom.base_url()));
    }
);

story!(
    /// 8: a participant joins; the dashboard shows it.
    scenario_08_a_participant_joins_and_the_dashboard_shows_it, |app| async {
        let (owner, seller, lesson) = evening(app).await;
        lesson.enroll(app, &seller, "buyer@home.example", "Ayesha Noor").await;
        seller.post(&format!("/api/v1/sessions/{}/start", lesson.session), json!({})).await;
        app.pass(Duration::minutes(15));
        let meeting = app.zoom_meeting(&lesson.session).await;
        app.zoom.host_joins(meeting).unwrap();
        let joined = app.browser().press_join(&app.mailed_link("buyer@home.example")).await;
        let visit = app.zoom.joins(joined.location()).unwrap();
        app.zoom.admit(visit).unwrap();
        app.settle().await;
        let (_, board) = owner.get("/api/v1/live?since=0").await;
        assert_eq!(state_of(&board, "Ayesha Noor"), "in_class", "{board}");
        app.pass(Duration::minutes(30));
        app.zoom.leaves(visit).unwrap();
        app.settle().await;
        let (_, board) = owner.get("/api/v1/live?since=0").await;
        assert_eq!(state_of(&board, "Ayesha Noor"), "left", "{board}");
    }
);

fn state_of(board: &Value, name: &str) -> String {
    let people = board["sessions"][0]["participants"].as_array().cloned().unwrap_or_default();
    let person = people.iter().find(|person| person["person"]["name"] == name);
    person.and_then(|person| person["state"].as_str()).unwrap_or("not there").to_owned()
}

story!(
    /// 9: an admin sees live meetings and people, and ends one.
    scenario_09_an_admin_sees_live_meetings_and_people, |app| async {
        let (owner, seller, lesson) = evening(app).await;
        seller.post(&format!("/api/v1/sessions/{}/start", lesson.session), json!({})).await;
        let meeting = app.zoom_meeting(&lesson.session).await;
        app.zoom.host_joins(meeting).unwrap();
        app.settle().await;
        let (_, board) = owner.get("/api/v1/live?since=0").await;
        assert_eq!(board["sessions"][0]["session"]["title"], "Watercolour for beginners", "{board}");
        let (status, ended) = owner.post(&format!("/api/v1/sessions/{}/end", lesson.session), json!({})).await;
        assert_eq!((status, &ended["state"]), (200, &json!("ended")));
        app.settle().await;
        assert!(app.zoom.truth(meeting).unwrap().runs[0].ended_at.is_some(), "the meeting ended at Zoom too");
        let (_, board) = owner.get("/api/v1/live?since=0").await;
        assert_eq!(board["sessions"], json!([]));
    }
);

story!(
    /// 10: an expired token refreshes by itself.
    scenario_10_an_expired_token_refreshes_by_itself, |app| async {
        let (_, seller, lesson) = evening(app).await;
        app.pass(Duration::hours(2));
        let body = json!({"starts_at": app.now() + Duration::minutes(10), "duration_minutes": 45});
        let sessions = seller.create(&format!("/api/v1/classes/{}/sessions", lesson.class), body).await;
        let id = sessions["items"][0]["id"].as_str().unwrap();
        let (status, session) = seller.post(&format!("/api/v1/sessions/{id}/start"), json!({})).await;
        assert_eq!((status, &session["meeting"]["state"]), (200, &json!("ready")), "{session}");
        let refreshes = app.zoom.requests_since(0).into_iter().filter(|request| request.route.contains("/oauth/token")).count();
        assert_eq!(refreshes, 2, "one exchange, one refresh");
    }
);
