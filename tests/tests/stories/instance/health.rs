//! How the server is, as whoever runs it reads it.

use chrono::Duration;
use lectern_api::jobs::store::{self as queue, NewJob};
use lectern_tests::{Client, Engine, TestApp, story};
use serde_json::{Value, json};

use crate::LECTERN;

/// One part: its state, what was seen, what to do.
async fn part(root: &Client, name: &str) -> (String, String, Option<String>) {
    let (status, health) = root.get("/api/v1/instance/health").await;
    assert_eq!(status, 200, "{health}");
    let parts = health["parts"].as_array().unwrap();
    let part = parts.iter().find(|part| part["part"] == name).unwrap_or_else(|| panic!("{name} in {health}"));
    let text = |field: &str| part[field].as_str().map(str::to_owned);
    (text("state").unwrap(), text("seen").unwrap(), text("next_step"))
}

async fn state(root: &Client, name: &str) -> String {
    part(root, name).await.0
}

fn job(app: &TestApp, kind: &'static str) -> NewJob<'static> {
    let body = json!({"mail": app.ids.next()});
    NewJob { id: app.ids.next(), kind, body, unique_key: None, run_at: app.now(), now: app.now() }
}

story!(
    /// A server that nothing ails says so part by part, with its engine and its release; what is not there yet (a backup, background
    /// tasks in this process) is worth a look and says what to do.
    a_healthy_server_says_so, |app| async {
        let root = app.super_admin().await;
        for name in ["version", "database", "size", "disk", "files", "jobs", "dead", "inbox", "outbox", "hooks", "mail", "ticks", "sockets"] {
            let (state, seen, next) = part(&root, name).await;
            assert_eq!((state.as_str(), next), ("ok", None), "{name}: {seen}");
        }
        let (_, seen, _) = part(&root, "database").await;
        let engine = if app.database.engine == Engine::Sqlite { "SQLite 3" } else { "PostgreSQL" };
        assert!(seen.starts_with(engine) && seen.contains("those of this release, 2026"), "{seen}");
        let (_, seen, _) = part(&root, "version").await;
        assert!(seen.contains(env!("CARGO_PKG_VERSION")), "{seen}");
        let (state, seen, next) = part(&root, "backup").await;
        assert_eq!((state.as_str(), seen.as_str()), ("warn", "No backup by lectern backup is known."));
        assert!(next.unwrap().contains("every night"));
        let (_, health) = root.get("/api/v1/instance/health").await;
        assert_eq!((&health["state"], health["ticks"].as_array().unwrap().len()), (&json!("warn"), 12), "{health}");
        let browser = root.browser(app);
        let page = browser.get("/health?lang=en").await;
        for words in ["Free space", "It works, but something wants a look.", "Everything platforms told is read.", "http-equiv=\"refresh\"", "Jobs</a>"] {
            assert!(page.html().contains(words), "{words}: {}", page.html());
        }
        let bengali = browser.get("/health?lang=bn").await;
        assert!(bengali.html().contains("প্ল্যাটফর্ম যা জানিয়েছে সব পড়া হয়েছে।"), "{}", bengali.html());
        assert!(!bengali.html().contains("Everything platforms told"), "{}", bengali.html());
    }
);

story!(
    /// What is due and not done, gave up, was not read or does not fit on the disk is told by stated limits, worse the longer it lasts.
    what_ails_is_told_with_what_to_do, |app| async {
        let (root, oakwood) = (app.super_admin().await, app.organization("oakwood").await);
        let mut tx = app.db.system().await.unwrap();
        queue::insert(&mut tx, oakwood.id, &job(app, "mail.send")).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(state(&root, "jobs").await, "ok");
        app.pass(Duration::minutes(3));
        let (waits, seen, next) = part(&root, "jobs").await;
        assert_eq!((waits.as_str(), seen.as_str()), ("warn", "Jobs due: 1, the oldest for 3 min."));
        assert!(next.unwrap().contains("page Jobs"));
        app.pass(Duration::minutes(30));
        assert_eq!(state(&root, "jobs").await, "bad");
        let page = root.browser(app).get("/health").await;
        assert!(page.html().contains("Something does not work.") && page.html().contains("Looked at from 2 min on, bad from 15 min on."), "{}", page.html());
        let mut tx = app.db.system().await.unwrap();
        let taken = queue::claim(&mut tx, app.now(), 1).await.unwrap().remove(0);
        queue::dead(&mut tx, &taken, app.now(), "timed out").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((state(&root, "jobs").await.as_str(), state(&root, "dead").await.as_str()), ("ok", "warn"));
        assert_eq!(root.post(&format!("/api/v1/instance/jobs/{}/discard", taken.id), json!({})).await.0, 204);
        assert_eq!(state(&root, "dead").await, "ok");
        app.room.leave(500 << 10);
        assert_eq!(state(&root, "disk").await, "warn");
        app.room.leave(10 << 10);
        let (full, seen, _) = part(&root, "disk").await;
        assert_eq!((full.as_str(), seen.as_str()), ("bad", "10 MiB are free where the data folder lies."));
        app.room.leave(1 << 30);
    }
);

story!(
    /// Mail: a server that does not answer is told until it takes a mail again.
    a_silent_mail_server_is_told, |app| async {
        let root = app.super_admin().await;
        let (_, seller, lesson) = app.evening().await;
        lesson.enroll(app, &seller, "bela@home.example", "Bela Das").await;
        let (works, seen, _) = part(&root, "mail").await;
        assert_eq!((works.as_str(), seen.as_str()), ("ok", "The mail server took the last mail 0 min ago."));
        app.mail.close(true);
        lesson.enroll(app, &seller, "chand@home.example", "Chand Das").await;
        let (down, seen, next) = part(&root, "mail").await;
        assert_eq!((down.as_str(), seen.as_str()), ("bad", "The mail server did not take the last mail, 0 min ago."));
        assert!(next.unwrap().contains("lectern doctor"));
        app.mail.close(false);
        app.pass(Duration::minutes(2));
        app.settle().await;
        assert_eq!(state(&root, "mail").await, "ok");
    }
);

story!(
    /// Regular work: what was done is written down, what is late is told by its own period.
    late_regular_work_is_told, |app| async {
        let root = app.super_admin().await;
        app.tick("tick.reminders").await;
        let (_, health) = root.get("/api/v1/instance/health").await;
        let reminders = |health: &Value| health["ticks"].as_array().unwrap().iter().find(|tick| tick["kind"] == "tick.reminders").unwrap().clone();
        assert!(reminders(&health)["last_done_at"].is_string(), "{health}");
        assert_eq!(reminders(&health)["state"], "ok");
        app.pass(Duration::minutes(3));
        let (_, health) = root.get("/api/v1/instance/health").await;
        assert_eq!(reminders(&health)["state"], "warn", "{health}");
        assert_eq!(state(&root, "ticks").await, "warn");
        app.pass(Duration::minutes(30));
        let (late, seen, _) = part(&root, "ticks").await;
        assert_eq!(late, "bad");
        assert!(seen.starts_with("Kinds of regular work that are late or fail: "), "{seen}");
        app.tick("tick.reminders").await;
        let (_, health) = root.get("/api/v1/instance/health").await;
        assert_eq!(reminders(&health)["state"], "ok", "{health}");
    }
);

story!(
    /// A backup by the command is known afterwards, and grows old.
    a_backup_is_known, |app| async {
        let root = app.super_admin().await;
        let folder = tempfile::tempdir().unwrap();
        app.lectern(LECTERN).must(&["backup", folder.path().join("one").to_str().unwrap()]).await;
        let noted = app.database.rows("select value from instance_settings where name = 'last_backup_at'").await;
        assert_eq!(noted.len(), 1, "{noted:?}");
        // The command goes by the machine's clock, the story by its own.
        let at = app.now().to_rfc3339();
        app.database.execute(&format!("update instance_settings set value = '{at}' where name = 'last_backup_at'")).await;
        assert_eq!(state(&root, "backup").await, "ok");
        app.pass(Duration::days(3));
        let (old, seen, next) = part(&root, "backup").await;
        assert_eq!((old.as_str(), seen.as_str()), ("warn", "The last backup by lectern backup was made 3 d ago."));
        assert!(next.is_some());
        app.pass(Duration::days(6));
        assert_eq!(state(&root, "backup").await, "bad");
    }
);

/// No look of the health page reads a queue through: each goes by an index.
#[tokio::test]
async fn health_reads_by_indexes() {
    let app = TestApp::start(Engine::Sqlite).await;
    for (name, index) in [
        ("jobs::store::DUE", "jobs_due"),
        ("jobs::store::DEAD_COUNT", "jobs_by_state"),
        ("jobs::store::FAILING_MAILS", "jobs_due"),
        ("jobs::store::DEAD_ONES", "jobs_by_state (state=? AND finished_at<?)"),
        ("webhooks_in::store::BACKLOG", "webhook_inbox_new"),
        ("webhooks_in::store::DEAD_COUNT", "webhook_inbox_dead"),
        ("webhooks_in::store::DEAD_ONES", "webhook_inbox_dead"),
        ("events::store::LAG", "(seq=?)"),
    ] {
        let statement =
            lectern_api::db::registered_statements().find(|one| one.name.ends_with(name)).unwrap();
        let mut sql = statement.sqlite.to_owned();
        for number in (1..=4).rev() {
            sql = sql.replace(&format!("${number}"), "''");
        }
        let plan = app.database.rows(&format!("explain query plan {sql}")).await;
        assert!(plan.iter().flatten().any(|line| line.contains(index)), "{name}: {plan:?}");
        assert!(
            !plan.iter().flatten().any(|line| line == "SCAN jobs" || line == "SCAN i"),
            "{name}: {plan:?}"
        );
    }
    app.finish().await;
}
