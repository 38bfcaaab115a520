//! Bad days, from one seed.

use std::{sync::Arc, time::Instant};

use async_trait::async_trait;
use lectern_core::{
    provider::{AccessTokens, Call, Result},
    secret::SecretString,
};
use lectern_simulators::faults::FaultPlan;
use serde_json::json;

use crate::{
    client::{at, draft},
    harness::{School, event_body},
};

const CALL: Call = Call::background();

#[tokio::test]
async fn limits_come_with_and_without_a_time() {
    let school = School::new().await;
    school.teams.set_faults(1, FaultPlan { too_many_requests: 100, ..FaultPlan::default() });
    let get = || school.http.get(format!("{}/me", school.teams.api_url())).bearer_auth(&school.token).send();
    let answer = get().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (429, "10"));
    assert!(answer.headers().contains_key("request-id"));
    school.teams.set_behaviour(|behaviour| behaviour.retry_after_seconds = None);
    assert!(!get().await.unwrap().headers().contains_key("retry-after"));
}

#[tokio::test]
async fn a_lost_answer_leaves_the_work_and_the_same_seed_repeats_it() {
    let tried = async || {
        let school = School::new().await;
        let plan =
            FaultPlan { timeout_before: 30, timeout_after: 30, server_error: 20, ..FaultPlan::default() };
        school.teams.set_faults(5, plan);
        let mut seen = Vec::new();
        for _ in 0..12 {
            let url = format!("{}/me/events", school.teams.api_url());
            let answer = school
                .http
                .post(url)
                .bearer_auth(&school.token)
                .json(&crate::harness::event_body())
                .send()
                .await;
            seen.push(answer.map_or(0, |answer| answer.status().as_u16()));
        }
        (seen, school.teams.events().len())
    };
    let (seen, made) = tried().await;
    assert!(made > seen.iter().filter(|status| **status == 201).count(), "{seen:?} {made}");
    assert_eq!((seen, made), tried().await);
}

#[tokio::test]
async fn a_slow_answer_comes_late_and_the_work_is_done() {
    let school = School::new().await;
    let plan = FaultPlan { slow: 100, slow_millis: 120, ..FaultPlan::default() };
    school.teams.set_faults(1, plan);
    let began = Instant::now();
    let (status, _) = school.call("POST", "/me/events", Some(event_body())).await;
    assert!(began.elapsed().as_millis() >= 120);
    assert_eq!((status, school.teams.events().len()), (201, 1));
    assert_eq!(school.teams.requests_since(0).last().unwrap().fault, Some("slow"));
}

#[tokio::test]
async fn a_dropped_connection_is_no_answer_before_or_after_the_work() {
    let school = School::new().await;
    let create = async |plan: FaultPlan| {
        school.teams.set_faults(1, plan);
        let url = format!("{}/me/events", school.teams.api_url());
        let sent = school.http.post(url).bearer_auth(&school.token).json(&event_body()).send().await;
        assert!(sent.is_err_and(|error| error.status().is_none() && !error.is_timeout()));
        let seen = school.teams.requests_since(0);
        let last = seen.last().unwrap();
        (last.status, last.fault.unwrap(), school.teams.events().len())
    };
    let before = create(FaultPlan { timeout_before: 100, ..FaultPlan::default() }).await;
    assert_eq!(before, (0, "timeout_before", 0));
    let after = create(FaultPlan { timeout_after: 100, ..FaultPlan::default() }).await;
    assert_eq!(after, (0, "timeout_after", 1));
    // The login service has bad days only when it is named.
    school.teams.set_faults(1, FaultPlan { server_error: 100, ..FaultPlan::default() });
    school.connect(crate::harness::TEACHER).await;
    let operations = vec!["token".to_owned()];
    school.teams.set_faults(1, FaultPlan { server_error: 100, operations, ..FaultPlan::default() });
    let url = format!("{}/organizations/oauth2/v2.0/token", school.teams.base_url());
    let refused = school.http.post(url).form(&[("client_id", "x")]).send().await.unwrap();
    assert!(refused.status().is_server_error());
}

/// The teacher's token, asked for anew when it is refused.
#[derive(Debug)]
struct Renewed {
    first: String,
    next: String,
}

#[async_trait]
impl AccessTokens for Renewed {
    async fn current(&self) -> Result<SecretString> {
        Ok(self.first.clone().into())
    }

    async fn replace(&self, _: &SecretString) -> Result<SecretString> {
        Ok(self.next.clone().into())
    }
}

#[tokio::test]
async fn a_token_that_ends_in_the_middle_of_a_job_is_replaced() {
    let mut school = School::new().await;
    let old = school.token.clone();
    // Between sixty and ninety minutes: after ninety every token is over.
    school.minutes(59);
    assert_eq!(school.call_as(&old, "GET", "/v1.0/me", None).await.0, 200);
    school.minutes(32);
    let (status, body) = school.call_as(&old, "GET", "/v1.0/me", None).await;
    assert_eq!((status, &body["error"]["code"]), (401, &json!("InvalidAuthenticationToken")));
    school.renew().await;
    let tokens = Arc::new(Renewed { first: old, next: school.token.clone() });
    let client = school.connected_with(None, tokens, &[]);
    let made = client.meetings().unwrap().create(&CALL, &draft()).await.unwrap();
    client.meetings().unwrap().get(&CALL, &at(&made.id)).await.unwrap();
    assert!(school.teams.requests_since(0).iter().any(|seen| seen.status == 401));
    assert_eq!(school.teams.events().len(), 1);
}

#[tokio::test]
async fn members_and_properties_of_tomorrow_change_nothing_for_the_client() {
    // Of these the document knows nothing.
    let school = School::unchecked().await;
    let (_, link) = school.event().await;
    let path = format!(
        "/v1.0/me/onlineMeetings/{}",
        crate::harness::encoded(school.online(&link).await["id"].as_str().unwrap())
    );
    school.teams.set_behaviour(|behaviour| {
        behaviour.unknown_properties = true;
        behaviour.newer_members.insert("allowedPresenters".to_owned(), json!("coOrganizersOnly"));
    });
    let (_, shown) = school.call_as(&school.token, "GET", &path, None).await;
    assert_eq!(shown["allowedPresenters"], "unknownFutureValue");
    assert_eq!(shown["participants"]["organizer"]["hologram"]["level"], 3);
    let url = format!("{}{path}", school.teams.base_url());
    let asked = school.http.get(url).bearer_auth(&school.token);
    let asked = asked.header("prefer", "include-unknown-enum-members").send().await.unwrap();
    let asked: serde_json::Value = asked.json().await.unwrap();
    assert_eq!(asked["allowedPresenters"], "coOrganizersOnly");
    // Written back, the stand-in is refused.
    let back = json!({"allowedPresenters": "unknownFutureValue"});
    assert_eq!(school.call_as(&school.token, "PATCH", &path, Some(back)).await.0, 400);

    let client = school.client();
    let made = client.meetings().unwrap().create(&CALL, &draft()).await.unwrap();
    assert_eq!(made.topic, "Algebra");
    let got: Vec<_> = made.differences.iter().map(|difference| difference.got.as_str()).collect();
    assert_eq!(got, ["coOrganizersOnly"]);
    school.teams.organizer_joins(made.join_url.expose()).unwrap();
    school.minutes(5);
    school.teams.end_for_all(made.join_url.expose());
    school.minutes(6);
    let runs = client.attendance().unwrap().runs(&CALL, &at(&made.id)).await.unwrap();
    let report = client.attendance().unwrap().report(&CALL, &at(&made.id), &runs[0]).await.unwrap();
    assert_eq!(report.unwrap().rows.len(), 1);
}
