//! Bad days, from one seed.

use lectern_simulators::faults::FaultPlan;

use crate::harness::School;

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
