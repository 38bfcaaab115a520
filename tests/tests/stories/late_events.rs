//! What Zoom's events do when they come late or in the wrong order, and who wins when the report says something else.

use chrono::Duration;
use lectern_simulators::zoom::WebhookBehaviour;
use lectern_tests::{HeldClass, TestApp, story};
use serde_json::{Value, json};

/// A signature this old counts for nothing by itself.
const TOO_OLD: i64 = 10;

/// State and times of the session, how much was told to those who watch, and the board as its teacher sees it.
async fn seen(app: &TestApp, lesson: &HeldClass) -> ((Value, u64), Value) {
    let (_, session) = lesson.teacher.get(&format!("/api/v1/sessions/{}", lesson.session)).await;
    let times = json!([session["state"], session["started_at"], session["ended_at"]]);
    let (_, board) = lesson.teacher.get("/api/v1/live").await;
    ((times, app.database.count("event_outbox").await), board["sessions"].clone())
}

async fn reports_asked(app: &TestApp) -> u64 {
    app.database.count("jobs where kind = 'attendance.reconcile'").await
}

story!(
    /// S-22: a start, an arrival and an end of a known meeting, well signed but minutes ago, move no session and tell nothing to
    /// whoever watches, before the class and during it; the report is asked for, and the sheet then follows it.
    s22_late_events_have_no_effect_by_themselves, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha", "tanvir"]).await;
        app.pass(Duration::minutes(20));
        let then = app.now() - Duration::minutes(TOO_OLD);
        let before = seen(app, &lesson).await;
        assert_eq!(before.0.0[0], json!("scheduled"));
        let asked = reports_asked(app).await;
        for (kind, who) in [("meeting.started", None), ("meeting.participant_joined", Some((0, "501"))), ("meeting.ended", None)] {
            let body = lesson.event(kind, then, who);
            assert_eq!(lesson.deliver_signed(app, &body, then).await, 200, "{kind} is kept");
            app.settle().await;
            assert_eq!(seen(app, &lesson).await, before, "a late {kind} of a session to come");
        }
        assert!(reports_asked(app).await > asked, "the report is asked for: {:?}", app.jobs().await);
        let kept = app.database.rows("select kind, state from webhook_inbox where kind in ('meeting.started', 'meeting.participant_joined', 'meeting.ended') order by kind").await;
        assert!(kept.len() == 3 && kept.iter().all(|row| row[1] == "done"), "{kept:?}");
        assert!(!seen(app, &lesson).await.1.to_string().contains("\"in_class\""), "nobody is in class by it");

        // The same while the class goes on, in its own run and in another: it does not end, and who is in it stays.
        lesson.host_comes(app);
        let visit = lesson.comes(app, 1);
        app.settle().await;
        app.pass(Duration::minutes(8));
        let then = app.now() - Duration::minutes(6);
        let before = seen(app, &lesson).await;
        assert_eq!(before.0.0[0], json!("live"));
        assert!(before.1.to_string().contains("in_class"), "there is a board to look at: {}", before.1);
        let run = app.database.rows("select run_id from runs where started_at is not null order by started_at desc").await.remove(0).remove(0);
        for (kind, who) in [
            ("meeting.started", None),
            ("meeting.participant_joined", Some((0, "502"))),
            ("meeting.participant_left", Some((1, "503"))),
            ("meeting.ended", None),
        ] {
            for run in ["4444AAAiAAAAAiAiAiiAii==", run.as_str()] {
                let body = lesson.event(kind, then, who).replace("4444AAAiAAAAAiAiAiiAii==", run);
                assert_eq!(lesson.deliver_signed(app, &body, then).await, 200, "{kind} is kept");
                app.settle().await;
                assert_eq!(seen(app, &lesson).await.0, before.0, "a late {kind} of a live session, run {run}");
            }
        }
        app.pass(Duration::minutes(34));
        app.zoom.leaves(visit).unwrap();
        app.zoom.end_for_all(lesson.meeting);
        app.settle().await;
        for _ in 0..4 {
            app.pass(Duration::minutes(6));
            app.tick("tick.reconcile").await;
        }
        let verdicts = lesson.verdicts().await;
        assert_eq!(verdicts[1].1, 40, "the report's minutes: {verdicts:?}");
    }
);

story!(
    /// S-24, on the database: the end before the start and the going-out before the coming-in, in one batch and in separate
    /// ones, end like the right order: the session over from its start to its end, the same sheet, everything read once.
    s24_the_order_of_arrival_does_not_matter, |app| async {
        let orders: [(&str, [usize; 4], bool); 6] = [
            ("in order, one batch", [0, 1, 2, 3], false),
            ("in order, separately", [0, 1, 2, 3], true),
            ("ended first, one batch", [3, 0, 1, 2], false),
            ("ended first, separately", [3, 0, 1, 2], true),
            ("backwards, one batch", [3, 2, 1, 0], false),
            ("backwards, separately", [3, 2, 1, 0], true),
        ];
        let mut outcomes = Vec::new();
        for (number, (name, order, separately)) in orders.into_iter().enumerate() {
            let lesson = app.held_class(&format!("school-{number}"), &["ayesha"]).await;
            let (starts, ends) = (lesson.starts_at, lesson.ends_at);
            app.pass(ends - app.now() + Duration::seconds(30));
            let events = [
                lesson.event("meeting.started", starts, None),
                lesson.event("meeting.participant_joined", starts + Duration::minutes(12), Some((0, "501"))),
                lesson.event("meeting.participant_left", ends - Duration::minutes(3), Some((0, "501"))),
                lesson.event("meeting.ended", ends, None),
            ];
            for index in order {
                assert_eq!(lesson.deliver(app, &events[index]).await, 200, "{name}");
                if separately {
                    app.settle().await;
                }
            }
            app.settle().await;
            let (_, session) = lesson.teacher.get(&format!("/api/v1/sessions/{}", lesson.session)).await;
            assert_eq!(session["state"], json!("ended"), "{name}: {session}");
            let offset = |name: &str| {
                let at: chrono::DateTime<chrono::Utc> = session[name].as_str().unwrap_or_else(|| panic!("{name} in {session}")).parse().unwrap();
                at - starts
            };
            let open = app.database.count("webhook_inbox where state <> 'done' or coalesce(problem, '') <> ''").await;
            assert_eq!(open, 0, "{name}: every delivery is read, without a problem");
            let joined = app.audited("participant.joined").await - u64::try_from(number).unwrap();
            let left = app.audited("participant.left").await - u64::try_from(number).unwrap();
            assert_eq!((joined, left), (1, 1), "{name}: one coming-in, one going-out");
            outcomes.push((name, lesson.verdicts().await, offset("started_at"), offset("ended_at")));
        }
        let right = &outcomes[0];
        assert_eq!((right.1[0].1, right.2, right.3), (30, Duration::zero(), Duration::minutes(45)), "{right:?}");
        for outcome in &outcomes {
            assert_eq!((&outcome.1, outcome.2, outcome.3), (&right.1, right.2, right.3), "{}", outcome.0);
        }
    }
);

story!(
    /// the events say that she stayed to the end, the report that she went after twenty minutes: the report wins, and what
    /// the events said is shown as replaced, not added.
    r06_the_report_wins_over_the_events, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha", "tanvir"]).await;
        app.pass(Duration::minutes(15));
        lesson.host_comes(app);
        let (ayesha, tanvir) = (lesson.comes(app, 0), lesson.comes(app, 1));
        app.settle().await;
        app.zoom.set_webhooks(WebhookBehaviour { lose: 100, ..WebhookBehaviour::default() });
        app.pass(Duration::minutes(20));
        app.zoom.leaves(ayesha).unwrap();
        app.settle().await;
        app.zoom.set_webhooks(WebhookBehaviour::default());
        app.pass(Duration::minutes(25));
        app.zoom.leaves(tanvir).unwrap();
        app.zoom.end_for_all(lesson.meeting);
        app.settle().await;
        let by_events = lesson.verdicts().await;
        assert_eq!((by_events[0].1, by_events[1].1), (45, 45), "nobody heard her go: {by_events:?}");
        for _ in 0..4 {
            app.pass(Duration::minutes(6));
            app.tick("tick.reconcile").await;
        }
        let verdicts = lesson.verdicts().await;
        assert_eq!((verdicts[0].1, verdicts[1].1), (20, 45), "the report's minutes, and nobody's twice: {verdicts:?}");
        let sheet = lesson.sheet().await;
        let row = sheet["items"].as_array().unwrap().iter().find(|row| row["person"]["id"] == json!(lesson.students[0].id)).unwrap();
        let sources = row["sources"].as_array().unwrap();
        let counted = |source: &str| {
            let theirs = sources.iter().filter(|one| one["source"] == json!(source) && one["room"] == json!("main"));
            theirs.map(|one| one["counted_seconds"].as_i64().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(counted("past_participants"), [1200], "{row}");
        assert_eq!(counted("webhook"), [0], "shown, and replaced: {row}");
    }
);

story!(
    /// a report in two pages counts once and whole, however often it is read: never half a class, never double minutes.
    r06_a_report_in_pages_counts_once, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha", "tanvir", "priya"]).await;
        app.zoom.set_behaviour(|zoom| zoom.longest_page = 2);
        app.zoom.set_webhooks(WebhookBehaviour { lose: 100, ..WebhookBehaviour::default() });
        app.pass(Duration::minutes(15));
        lesson.host_comes(app);
        let visits = [lesson.comes(app, 0), lesson.comes(app, 1), lesson.comes(app, 2)];
        for (visit, minutes) in visits.into_iter().zip([20, 10, 15]) {
            app.pass(Duration::minutes(minutes));
            app.zoom.leaves(visit).unwrap();
        }
        app.zoom.end_for_all(lesson.meeting);
        app.settle().await;
        let asked = app.zoom_calls("pastMeetingParticipants");
        for _ in 0..4 {
            app.pass(Duration::minutes(6));
            app.tick("tick.reconcile").await;
        }
        let minutes = async || lesson.verdicts().await.into_iter().map(|(_, minutes)| minutes).collect::<Vec<_>>();
        assert_eq!(minutes().await, [20, 30, 45]);
        assert!(app.zoom_calls("pastMeetingParticipants") - asked >= 2, "more than one page was read");
        let (status, _) = lesson.teacher.post(&format!("/api/v1/sessions/{}/attendance/reconcile", lesson.session), json!({})).await;
        assert_eq!(status, 202);
        app.pass(Duration::minutes(1));
        app.settle().await;
        assert_eq!(minutes().await, [20, 30, 45], "read again, the same");
    }
);
