//! How events travel: signed, validated, retried, and badly when asked.

use lectern_simulators::zoom::{AppMode, EndpointSpec, IdForm, RetryRule, WebhookBehaviour};
use serde_json::json;

use crate::harness::{School, app, check_signature};

async fn class(school: &School) -> u64 {
    let id = school.meeting(json!({})).await;
    school.zoom.host_joins(id).unwrap();
    for number in 0..20 {
        let (_, url) = school.registrant(id, &format!("s{number}@student.test")).await;
        school.zoom.joins(&url).unwrap();
        school.seconds(1);
    }
    school.zoom.end_for_all(id);
    id
}

#[tokio::test]
async fn a_receiver_that_cannot_prove_the_secret_is_not_saved() {
    let school = School::new().await;
    let endpoint = EndpointSpec {
        url: school.hook.url.clone(),
        secret_token: "another secret".to_owned(),
        events: Vec::new(),
    };
    assert!(school.zoom.subscribe("client-User", endpoint).await.is_err());
    // What was saved before still is; every 72 hours it proves itself again.
    let failed = async |minutes: i64| {
        school.minutes(minutes);
        school.zoom.flush_webhooks().await;
        school.zoom.failed_validations("client-User")
    };
    assert_eq!(failed(60 * 72).await, [(school.hook.url.clone(), 0)]);
    // A receiver that has lost the secret since is found out then, and not before.
    let mut changed = app(AppMode::User);
    changed.endpoints = vec![EndpointSpec {
        url: school.hook.url.clone(),
        secret_token: "another secret".to_owned(),
        events: Vec::new(),
    }];
    school.zoom.add_app(changed);
    assert_eq!(failed(60 * 72 - 1).await, [(school.hook.url.clone(), 0)]);
    assert_eq!(failed(1).await, [(school.hook.url.clone(), 1)]);
}

#[tokio::test]
async fn failures_are_tried_again_after_5_25_and_85_minutes_then_dropped() {
    let school = School::new().await;
    school.meeting(json!({})).await;
    school.hook.answers.lock().unwrap().extend([500, 404, 503, 500]);
    let start = crate::harness::noon();
    assert_eq!(school.zoom.flush_webhooks().await, 1);
    for (minutes, attempts) in [(4, 0), (1, 1), (19, 0), (1, 1), (59, 0), (1, 1), (600, 0)] {
        school.minutes(minutes);
        assert_eq!(school.zoom.flush_webhooks().await, attempts);
    }
    let log = school.zoom.webhooks_since(0);
    let seen = log
        .iter()
        .map(|entry| (entry.attempt, entry.status, (entry.at - start).num_minutes(), entry.is_final))
        .collect::<Vec<_>>();
    assert_eq!(
        seen,
        [
            (1, Some(500), 0, false),
            (2, Some(404), 5, false),
            (3, Some(503), 25, false),
            (4, Some(500), 85, true)
        ]
    );
    // Each was signed anew.
    let received = school.hook.received.lock().unwrap().clone();
    let stamps = received
        .iter()
        .map(|(headers, _)| {
            headers.iter().find(|(name, _)| name == "x-zm-request-timestamp").unwrap().1.clone()
        })
        .collect::<Vec<_>>();
    assert!(stamps.windows(2).all(|pair| pair[0] != pair[1]));
    assert!(received.iter().all(|(headers, body)| check_signature(headers, body)));
}

#[tokio::test]
async fn the_other_rule_gives_up_on_4xx_and_may_keep_the_first_signature() {
    let school = School::new().await;
    school.zoom.set_webhooks(WebhookBehaviour {
        retry: RetryRule::ServerErrorsOnly,
        keep_first_signature: true,
        ..WebhookBehaviour::default()
    });
    school.meeting(json!({})).await;
    school.hook.answers.lock().unwrap().push(404);
    school.zoom.flush_webhooks().await;
    assert_eq!(school.zoom.waiting_webhooks(), (0, None));
    school.meeting(json!({})).await;
    school.hook.answers.lock().unwrap().push(500);
    school.hook.clear();
    school.zoom.flush_webhooks().await;
    school.minutes(5);
    school.zoom.flush_webhooks().await;
    let received = school.hook.received.lock().unwrap().clone();
    assert_eq!(received.len(), 2);
    let signature =
        |index: usize| received[index].0.iter().find(|(name, _)| name == "x-zm-signature").unwrap().1.clone();
    assert_eq!(signature(0), signature(1));
}

#[tokio::test]
async fn nobody_listening_is_a_failure_too() {
    let school = School::new().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    drop(silent);
    let mut app = crate::harness::app(lectern_simulators::zoom::AppMode::User);
    app.endpoints = vec![EndpointSpec {
        url: format!("http://{address}/"),
        secret_token: "s".to_owned(),
        events: vec!["meeting.created".to_owned()],
    }];
    school.zoom.add_app(app);
    let id = school.meeting(json!({})).await;
    school.registrant(id, "a@b.test").await;
    assert_eq!(school.zoom.flush_webhooks().await, 1);
    assert_eq!(school.zoom.webhooks_since(0)[0].status, None);
    assert_eq!(school.zoom.waiting_webhooks().1, Some(crate::harness::noon() + chrono::Duration::minutes(5)));
}

#[tokio::test]
async fn loss_doubles_and_mixing_follow_the_seed() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let school = School::new().await;
        school.zoom.set_webhooks(WebhookBehaviour {
            seed: Some(3),
            lose: 20,
            duplicate: 20,
            reorder: 40,
            ..WebhookBehaviour::default()
        });
        class(&school).await;
        school.zoom.flush_webhooks().await;
        let times =
            school.hook.bodies().iter().map(|body| body["event_ts"].as_i64().unwrap()).collect::<Vec<_>>();
        let lost = school.zoom.webhooks_since(0).iter().filter(|entry| entry.attempt == 0).count();
        assert!(lost > 0 && !times.is_sorted());
        let mut bodies =
            school.hook.received.lock().unwrap().iter().map(|(_, body)| body.clone()).collect::<Vec<_>>();
        let sent = bodies.len();
        bodies.sort();
        bodies.dedup();
        assert!(bodies.len() < sent);
        runs.push(school.hook.events());
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn late_events_wait_for_their_time() {
    let school = School::new().await;
    school.zoom.set_webhooks(WebhookBehaviour { delay_seconds: 3_600, ..WebhookBehaviour::default() });
    school.meeting(json!({})).await;
    assert_eq!(school.zoom.flush_webhooks().await, 0);
    school.minutes(60);
    assert_eq!(school.zoom.flush_webhooks().await, 1);
}

#[tokio::test]
async fn forged_stale_and_odd_deliveries() {
    let school = School::new().await;
    let behaviour = |change: fn(&mut WebhookBehaviour)| {
        let mut behaviour = WebhookBehaviour::default();
        change(&mut behaviour);
        school.zoom.set_webhooks(behaviour);
    };
    let next = async || {
        school.hook.clear();
        let id = school.meeting(json!({})).await;
        school.zoom.host_joins(id).unwrap();
        school.zoom.flush_webhooks().await;
        school.hook.received.lock().unwrap().clone()
    };
    behaviour(|webhooks| webhooks.bad_signature = 100);
    assert!(next().await.iter().all(|(headers, body)| !check_signature(headers, body)));
    behaviour(|webhooks| webhooks.old_timestamp = 100);
    let stale = next().await;
    assert!(stale.iter().all(|(headers, body)| check_signature(headers, body)));
    let old = (crate::harness::noon() - chrono::Duration::hours(3)).timestamp().to_string();
    assert!(stale[0].0.contains(&("x-zm-request-timestamp".to_owned(), old)));
    behaviour(|webhooks| webhooks.odd_whitespace = true);
    let odd = next().await;
    assert!(odd.iter().all(|(headers, body)| check_signature(headers, body)));
    let text = String::from_utf8(odd.last().unwrap().1.clone()).unwrap();
    assert!(text.starts_with(" \r\n") && text.contains("Żółć"));
    behaviour(|webhooks| webhooks.unknown_events = 100);
    next().await;
    assert!(school.hook.events().contains(&"meeting.something_unheard_of".to_owned()));
    behaviour(|webhooks| webhooks.ids = IdForm::Numbers);
    next().await;
    assert!(school.hook.bodies().iter().all(|body| body["payload"]["object"]["id"].is_number()));
    behaviour(|webhooks| webhooks.ids = IdForm::Strings);
    next().await;
    assert!(school.hook.bodies().iter().all(|body| body["payload"]["object"]["id"].is_string()));
    behaviour(|webhooks| webhooks.unknown_fields = 100);
    next().await;
    let strange = school.hook.event("meeting.participant_joined");
    assert_eq!(strange["novelty"], strange["payload"]["object"]["participant"]["novelty"]);
    assert_eq!(strange["payload"]["object"]["novelty"]["level"], 3);
    behaviour(|webhooks| webhooks.omit_optional = 100);
    next().await;
    assert!(
        school.hook.event("meeting.participant_joined")["payload"]["object"]["participant"]
            .get("participant_uuid")
            .is_none()
    );
}

#[tokio::test]
async fn who_has_not_connected_is_not_told_about() {
    let school = School::new().await;
    school.zoom.add_host(crate::harness::host("ben@oak.test", lectern_simulators::zoom::HostPlan::Licensed));
    let ben = school.connect(lectern_simulators::zoom::AppMode::User, "ben@oak.test").await;
    let made = school
        .call_with(
            ben["access_token"].as_str().unwrap(),
            "POST",
            "/users/me/meetings",
            Some(json!({ "topic": "Ben's" })),
        )
        .await;
    assert_eq!(made.0, 201);
    assert!(school.zoom.revoke_silently("client-User", "ben@oak.test"));
    school.zoom.host_joins(made.2["id"].as_u64().unwrap()).unwrap();
    school.zoom.flush_webhooks().await;
    assert_eq!(school.hook.events(), ["meeting.created"]);
}
