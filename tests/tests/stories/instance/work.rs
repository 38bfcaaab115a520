//! Jobs that gave up, and deliveries that could not be read.

use chrono::Duration;
use lectern_api::jobs::store::{self as queue, NewJob};
use lectern_core::ids::OrganizationId;
use lectern_tests::{Client, TestApp, story};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::deliveries::deliver;

const JOBS: &str = "/api/v1/instance/jobs";
/// A mail that is no longer there: sending it again succeeds by doing nothing.
const MAIL: &str = "mail.send";

async fn insert(app: &TestApp, organization: OrganizationId, key: Option<&str>) -> Uuid {
    let id = app.ids.next();
    let mut tx = app.db.system().await.unwrap();
    let body = json!({"mail": id});
    let job = NewJob { id, kind: MAIL, body, unique_key: key, run_at: app.now(), now: app.now() };
    queue::insert(&mut tx, organization, &job).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// A worker took a job and is not done with it.
async fn runs(app: &TestApp, organization: OrganizationId) -> lectern_api::jobs::Job {
    insert(app, organization, None).await;
    let mut tx = app.db.system().await.unwrap();
    let job = queue::claim(&mut tx, app.now(), 1).await.unwrap().remove(0);
    tx.commit().await.unwrap();
    job
}

/// A job gave up a moment ago, for this reason.
async fn gave_up(app: &TestApp, organization: OrganizationId, key: Option<&str>, error: &str) -> Uuid {
    let id = insert(app, organization, key).await;
    let mut tx = app.db.system().await.unwrap();
    let job = queue::claim(&mut tx, app.now(), 1).await.unwrap().remove(0);
    assert_eq!(job.id, id);
    queue::dead(&mut tx, &job, app.now(), error).await.unwrap();
    tx.commit().await.unwrap();
    app.pass(Duration::seconds(1));
    id
}

/// How the list counts a kind: waiting, running, retrying, dead.
async fn counts(root: &Client, kind: &str) -> [i64; 4] {
    let (status, work) = root.get(JOBS).await;
    assert_eq!(status, 200, "{work}");
    let of = work["kinds"].as_array().unwrap().iter().find(|of| of["kind"] == kind).cloned();
    let of = of.unwrap_or_default();
    ["waiting", "running", "retrying", "dead"].map(|name| of[name].as_i64().unwrap_or_default())
}

fn ids(work: &Value) -> Vec<String> {
    let items = work["items"].as_array().unwrap().iter();
    items.map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

story!(
    /// What gave up is listed newest first, page by page, with its organization and an error that names nobody; tried again it is done,
    /// and the log says who asked for it.
    what_gave_up_is_tried_again, |app| async {
        let (root, oakwood) = (app.super_admin().await, app.organization("oakwood").await);
        let first = gave_up(app, oakwood.id, None, "550 <bela@home.example> refused: eyJhbGciOiJIUzI1NiJ9x").await;
        let second = gave_up(app, oakwood.id, None, "timed out at https://api.zoom.us/v2/users/77").await;
        let own = gave_up(app, lectern_api::app::OPERATOR, None, "timed out").await;
        assert_eq!(counts(&root, MAIL).await, [0, 0, 0, 3]);
        let (mut path, mut seen) = (format!("{JOBS}?limit=1"), Vec::new());
        loop {
            let (_, work) = root.get(&path).await;
            seen.extend(ids(&work));
            match work["next_cursor"].as_str() {
                Some(cursor) => path = format!("{JOBS}?limit=1&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(seen, [own, second, first].map(|id| id.to_string()));
        let (_, work) = root.get(JOBS).await;
        let [server, zoom, mail] = [0, 1, 2].map(|at| work["items"][at].clone());
        assert_eq!((&server["organization"], &server["organization_id"]), (&Value::Null, &Value::Null));
        assert_eq!((&mail["organization"], &mail["attempts"]), (&json!("oakwood"), &json!(1)));
        assert_eq!(mail["error"], "550 … refused: …");
        assert_eq!(zoom["error"], "timed out at https://api.zoom.us/…");
        let retry = format!("{JOBS}/{first}/retry");
        assert_eq!(root.post(&retry, json!({})).await.0, 204);
        assert_eq!(counts(&root, MAIL).await, [1, 0, 0, 2]);
        let (status, problem) = root.post(&retry, json!({})).await;
        assert_eq!((status, &problem["code"]), (409, &json!("job_waiting")), "{problem}");
        app.settle().await;
        assert_eq!(counts(&root, MAIL).await, [0, 0, 0, 2]);
        assert_eq!(root.post(&retry, json!({})).await.0, 404, "it is done");
        let (_, retried) = root.post(&format!("{JOBS}/retry"), json!({"kind": MAIL})).await;
        assert_eq!(retried["retried"], 2);
        app.settle().await;
        assert_eq!(counts(&root, MAIL).await, [0; 4]);
        assert_eq!(app.audited("jobs.retried").await, 2);
        let log = root.browser(app).get("/audit").await;
        assert!(log.html().contains("Jobs set to be tried again"), "{}", log.html());
    }
);

story!(
    /// Of jobs that are one by their key only one comes back, and none beside one that waits.
    equal_jobs_come_back_as_one, |app| async {
        let (root, oakwood) = (app.super_admin().await, app.organization("oakwood").await);
        gave_up(app, oakwood.id, Some("one"), "timed out").await;
        gave_up(app, oakwood.id, Some("one"), "timed out").await;
        let other = gave_up(app, oakwood.id, Some("two"), "timed out").await;
        let (_, retried) = root.post(&format!("{JOBS}/retry"), json!({"kind": MAIL})).await;
        assert_eq!((retried["retried"].as_i64(), counts(&root, MAIL).await), (Some(3), [2, 0, 0, 0]));
        app.settle().await;
        let again = gave_up(app, oakwood.id, Some("two"), "timed out").await;
        assert_ne!(again, other);
        insert(app, oakwood.id, Some("two")).await;
        assert_eq!(root.post(&format!("{JOBS}/{again}/retry"), json!({})).await.0, 204);
        assert_eq!(counts(&root, MAIL).await, [1, 0, 0, 0]);
        app.settle().await;
    }
);

story!(
    /// A job that runs is nobody's to decide about: 409 in words, and on the page a notice.
    a_running_job_is_left_alone, |app| async {
        let (root, oakwood) = (app.super_admin().await, app.organization("oakwood").await);
        let job = runs(app, oakwood.id).await;
        assert_eq!(counts(&root, MAIL).await, [0, 1, 0, 0]);
        for what in ["retry", "discard"] {
            let (status, problem) = root.post(&format!("{JOBS}/{}/{what}", job.id), json!({})).await;
            assert_eq!((status, &problem["code"]), (409, &json!("job_running")), "{problem}");
            assert!(problem["detail"].as_str().unwrap().contains("is running now"), "{problem}");
        }
        let browser = root.browser(app);
        let page = browser.post(&format!("/jobs/{}/retry", job.id), &[]).await;
        let page = browser.get(page.location()).await;
        assert!(page.html().contains("This job is running now."), "{}", page.html());
        // It fails, and waits for its next try: now it can be hastened.
        let mut tx = app.db.system().await.unwrap();
        queue::retry(&mut tx, &job, app.now() + Duration::hours(1), "timed out").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(counts(&root, MAIL).await, [0, 0, 1, 0]);
        assert_eq!(root.post(&format!("{JOBS}/{}/retry", job.id), json!({})).await.0, 204);
        app.settle().await;
        assert_eq!(counts(&root, MAIL).await, [0; 4]);
    }
);

story!(
    /// On the page, in both languages: what gave up, a button for all of a kind, and Discard, which asks first. The organization reads
    /// in its own log what was discarded.
    what_gave_up_is_discarded_after_a_question, |app| async {
        let (root, oakwood) = (app.super_admin().await, app.organization("oakwood").await);
        let owner = oakwood.owner().await;
        let id = gave_up(app, oakwood.id, None, "timed out").await;
        gave_up(app, oakwood.id, None, "timed out").await;
        let browser = root.browser(app);
        let page = browser.get("/jobs?lang=en").await;
        for words in ["Send a mail", "oakwood", "Retry these 2", "timed out", "aria-current=\"page\""] {
            assert!(page.html().contains(words), "{words}: {}", page.html());
        }
        let bengali = browser.get("/jobs?lang=bn").await;
        assert!(bengali.html().contains("এই ২টি আবার চেষ্টা করুন"), "{}", bengali.html());
        let asked = browser.get(&format!("/jobs/{id}/discard?lang=en")).await;
        assert!(asked.html().contains("Discard this job?"), "{}", asked.html());
        assert_eq!(counts(&root, MAIL).await, [0, 0, 0, 2], "asking does nothing");
        let done = browser.submit(&asked, &format!("/jobs/{id}/discard"), &[]).await;
        assert_eq!(done.location(), "/jobs?notice=job_discarded");
        assert_eq!(counts(&root, MAIL).await, [0, 0, 0, 1]);
        assert_eq!(browser.get(&format!("/jobs/{id}/discard")).await.status(), 404);
        let log = owner.all("/api/v1/audit?kind=jobs.discarded").await;
        assert_eq!((log.len(), &log[0]["details"]["kind"]), (1, &json!(MAIL)), "{log:?}");
        let page = browser.get("/jobs").await;
        browser.submit(&page, "/jobs/retry", &[]).await;
        app.settle().await;
        assert!(browser.get("/jobs").await.html().contains("Nothing gave up"));
        assert_eq!(owner.get(JOBS).await.0, 403);
    }
);

story!(
    /// Deliveries that could not be read stand among what gave up, without what is in them; tried again they are read.
    deliveries_that_were_set_aside_are_read_again, |app| async {
        let root = app.super_admin().await;
        let zoom = app.organization("oakwood").await.zoom(app).await;
        let body = r#"{"event":"meeting.ended","payload":{"account_id":"A1","object":{"id":"123","topic":"Fractions"}},"event_ts":1700000000000}"#;
        let sent = deliver(app, &zoom.webhook_path, &zoom.webhook_secret, app.now().timestamp(), body, &[]).await;
        assert_eq!(sent.0, 200, "{}", sent.1);
        app.database.execute("update webhook_inbox set state = 'failed', attempt = 8, problem = 'no_keys'").await;
        assert_eq!(counts(&root, "webhook.read").await, [0, 0, 0, 1]);
        let (_, work) = root.get(&format!("{JOBS}?kind=webhook.read")).await;
        let one = &work["items"][0];
        assert_eq!((&one["about"], &one["organization"], &one["error"]), (&json!("zoom meeting.ended"), &json!("oakwood"), &json!("no_keys")));
        assert!(!work.to_string().contains("Fractions"), "{work}");
        let page = root.browser(app).get("/jobs").await;
        assert!(page.html().contains("could not be read.") && page.html().contains("Read what a platform told"), "{}", page.html());
        let id = one["id"].as_str().unwrap();
        assert_eq!(root.post(&format!("{JOBS}/{id}/retry"), json!({})).await.0, 204);
        assert_eq!(counts(&root, "webhook.read").await, [1, 0, 0, 0]);
        app.settle().await;
        assert_eq!(counts(&root, "webhook.read").await, [0; 4]);
        assert_eq!(root.post(&format!("{JOBS}/{id}/retry"), json!({})).await.0, 404);
        app.database.execute("update webhook_inbox set state = 'bad', problem = 'malformed'").await;
        assert_eq!(root.post(&format!("{JOBS}/{id}/discard"), json!({})).await.0, 204);
        assert_eq!(counts(&root, "webhook.read").await, [0; 4]);
        // The same event is not taken in a second time.
        deliver(app, &zoom.webhook_path, &zoom.webhook_secret, app.now().timestamp(), body, &[]).await;
        assert_eq!(app.database.count("webhook_inbox").await, 1);
    }
);

story!(
    /// A worker that was thought lost comes back after the job was given up and set to be tried again: what it says of its own try changes
    /// nothing of the new one, and the tries begin anew.
    a_lost_worker_ends_nobody_elses_job, |app| async {
        let root = app.super_admin().await;
        let oakwood = app.organization("oakwood").await.id;
        let lost = runs(app, oakwood).await;
        app.pass(Duration::minutes(4));
        let mut tx = app.db.system().await.unwrap();
        let second = queue::claim(&mut tx, app.now(), 1).await.unwrap().remove(0);
        assert_eq!((second.id, second.tries), (lost.id, 2));
        queue::dead(&mut tx, &second, app.now(), "no answer").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(root.post(&format!("{JOBS}/{}/retry", lost.id), json!({})).await.0 / 100, 2);
        let mut tx = app.db.system().await.unwrap();
        let third = queue::claim(&mut tx, app.now(), 1).await.unwrap().remove(0);
        assert_eq!((third.id, third.tries), (lost.id, 1));
        queue::done(&mut tx, &lost).await.unwrap();
        queue::retry(&mut tx, &lost, app.now(), "late").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(counts(&root, MAIL).await, [0, 1, 0, 0], "it still runs");
        let mut tx = app.db.system().await.unwrap();
        queue::done(&mut tx, &third).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(counts(&root, MAIL).await, [0, 0, 0, 0]);
    }
);
