//! Stops, crashes, backups and updates: nothing that was acknowledged is lost.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures::future::join_all;
use lectern_api::db::registered_statements;
use lectern_core::clock::{Clock, SystemClock};
use lectern_tests::{Database, Engine, Lectern, PASSWORD, Serving, story};
use reqwest::Client;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, SqlSafeStr, sqlite::SqliteConnectOptions};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::LECTERN;

fn http() -> Client {
    Client::builder().no_proxy().timeout(Duration::from_secs(50)).build().unwrap()
}

/// S-10: what the process logged until its end holds none of these.
async fn ended_quietly(server: Serving, secrets: &[&str]) -> Option<i32> {
    let (code, log) = server.ended_with_log().await;
    assert!(log.contains("Lectern serves"), "the log is the server's: {log}");
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "the log holds a secret: {line:?}");
    }
    code
}

/// A server process with an organization and its admin's token.
async fn serving(lectern: &Lectern) -> (Serving, String) {
    lectern.must(&["admin", "create-organization", "oakwood", "Oakwood"]).await;
    let amina = [
        "admin",
        "create-user",
        "oakwood",
        "--email",
        "amina@oakwood.example",
        "--name",
        "Amina",
        "--role",
        "admin",
        "--password-stdin",
    ];
    assert_eq!(lectern.run_with_input(&amina, PASSWORD).await.code, Some(0));
    let server = lectern.serve().await;
    let body = json!({"organization": "oakwood", "email": "amina@oakwood.example", "password": PASSWORD});
    let answer = http().post(format!("{}/api/v1/auth/login", server.base)).json(&body).send().await.unwrap();
    let token = answer.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
    (server, token)
}

/// Makes people until nobody listens any more: the addresses that were acknowledged, and the one that was refused after the
/// connection stood (a connection nobody has read from when the server stops is closed).
async fn write_until_refused(base: String, token: String, writer: usize) -> (Vec<String>, Option<String>) {
    let mut acknowledged = Vec::new();
    for number in 0.. {
        let email = format!("w{writer}-{number}@oakwood.example");
        let body = json!({"email": email, "name": "Written", "role": 0});
        // A connection for each request: nothing is written to one that the server is about to close.
        let alone = Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(50))
            .pool_max_idle_per_host(0)
            .build()
            .unwrap();
        let sent = alone
            .post(format!("{base}/api/v1/people"))
            .bearer_auth(&token)
            .header("connection", "close")
            .json(&body)
            .send()
            .await;
        match sent {
            Ok(answer) => {
                assert_eq!(answer.status(), 201);
                acknowledged.push(email);
            }
            Err(error) if error.is_connect() => return (acknowledged, None),
            Err(error) => {
                assert!(!error.is_timeout(), "{email} was left without an answer: {error:?}");
                return (acknowledged, Some(email));
            }
        }
    }
    unreachable!("numbers do not end")
}

/// Makes people until told to stop; the addresses that were acknowledged.
async fn keep_writing(base: String, token: String, writer: usize, stop: Arc<AtomicBool>) -> Vec<String> {
    let (http, mut acknowledged) = (http(), Vec::new());
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let email = format!("w{writer}-{number}@oakwood.example");
        let body = json!({"email": email, "name": "Written", "role": 0});
        let sent = http.post(format!("{base}/api/v1/people")).bearer_auth(&token).json(&body).send().await;
        match sent {
            Ok(answer) => {
                assert_eq!(answer.status(), 201);
                acknowledged.push(email);
            }
            Err(_) => break,
        }
    }
    acknowledged
}

async fn people(file: &Path) -> Vec<String> {
    let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    let good: String = sqlx::query_scalar("pragma integrity_check").fetch_one(&mut connection).await.unwrap();
    assert_eq!(good, "ok", "{}", file.display());
    sqlx::query_scalar("select email from people").fetch_all(&mut connection).await.unwrap()
}

const PLATFORM_SECRET: &str = "webhook-secret-canary-of-the-power-cut";

/// A platform whose events are taken in: nobody needs to be connected for that.
struct Platform(String);

impl Platform {
    async fn save(server: &Serving, token: &str) -> Self {
        let settings =
            json!({"client_id": "c", "client_secret": "s".repeat(20), "webhook_secret": PLATFORM_SECRET});
        let saved = http()
            .put(format!("{}/api/v1/platforms/zoom", server.base))
            .bearer_auth(token)
            .json(&settings)
            .send()
            .await
            .unwrap();
        assert_eq!(saved.status(), 200, "{}", saved.text().await.unwrap());
        let me = http().get(format!("{}/api/v1/me", server.base)).bearer_auth(token).send().await.unwrap();
        Self(me.json::<Value>().await.unwrap()["organization_id"].as_str().unwrap().to_owned())
    }

    fn meeting(number: usize) -> String {
        (80_000_000_000 + number).to_string()
    }

    /// Sends an event as Zoom does; it must be acknowledged.
    async fn deliver(&self, server: &Serving, number: usize) {
        let now = SystemClock.now();
        let body = json!({
            "event": "meeting.started", "event_ts": now.timestamp_millis(), "payload": {"account_id": "account", "object": {
                "id": Self::meeting(number), "uuid": "4444AAAiAAAAAiAiAiiAii==", "host_id": "host", "topic": "Fractions",
                "type": 2, "start_time": now, "duration": 45, "timezone": "UTC"}}
        })
        .to_string();
        let timestamp = now.timestamp().to_string();
        let request = http()
            .post(format!("{}/api/zoom/webhook/{}", server.base, self.0))
            .header("x-zm-request-timestamp", &timestamp)
            .header(
                "x-zm-signature",
                lectern_simulators::zoom::signature(PLATFORM_SECRET, &timestamp, body.as_bytes()),
            )
            .header("content-type", "application/json")
            .body(body);
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
}

async fn events_in(file: &Path) -> Vec<String> {
    let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    sqlx::query_scalar("select meeting_ref from webhook_inbox").fetch_all(&mut connection).await.unwrap()
}

/// People, and the log's lines that one was made.
async fn made_and_noted(file: &Path) -> (usize, usize) {
    let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    let mut count = async |sql: &'static str| -> i64 {
        sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
    };
    let people = count("select count(*) from people").await;
    let noted = count("select count(distinct person_id) from audit where kind = 'person.created' and person_id in (select id from people)").await;
    (usize::try_from(people).unwrap(), usize::try_from(noted).unwrap())
}

story!(
    /// SIGTERM under load: every request that was taken is answered, what was acknowledged is there, and the exit is quick and clean.
    r12_a_stop_loses_nothing, |app| async {
        let data = tempfile::tempdir().unwrap();
        let database = Database::empty(app.database.engine, data.path()).await;
        let lectern = Lectern::new(LECTERN, data.path()).on(&database);
        lectern.must(&["migrate"]).await;
        let (server, token) = serving(&lectern).await;
        let writers: Vec<_> = (0..4)
            .map(|writer| tokio::spawn(write_until_refused(server.base.clone(), token.clone(), writer)))
            .collect();
        // Slow requests, taken before the signal: each costs a hash. That the body is asked for shows that one was taken; a
        // connection whose request nobody has begun to read may be closed.
        let address = server.base.trim_start_matches("http://").to_owned();
        let body = json!({"organization": "oakwood", "email": "amina@oakwood.example", "password": PASSWORD}).to_string();
        let head = format!(
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n",
            body.len()
        );
        let mut taken = Vec::new();
        for _ in 0..8 {
            let mut stream = TcpStream::connect(&address).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut asked = [0; 25];
            stream.read_exact(&mut asked).await.unwrap();
            assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
            stream.write_all(body.as_bytes()).await.unwrap();
            taken.push(stream);
        }
        let stopped = Instant::now();
        server.signal("TERM").await;
        for mut stream in taken {
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer:?}");
        }
        let (acknowledged, refused): (Vec<_>, Vec<_>) = join_all(writers).await.into_iter().map(Result::unwrap).unzip();
        let acknowledged = acknowledged.concat();
        assert_eq!(ended_quietly(server, &[PASSWORD, &token]).await, Some(0));
        assert!(stopped.elapsed() < Duration::from_secs(30), "{:?}", stopped.elapsed());
        let there: Vec<String> =
            database.rows("select email from people").await.into_iter().map(|mut row| row.remove(0)).collect();
        assert!(!acknowledged.is_empty());
        assert!(acknowledged.iter().all(|email| there.contains(email)));
        // What was not answered was not begun either: the caller may send it again.
        let begun: Vec<_> = refused.iter().flatten().filter(|email| there.contains(email)).collect();
        assert!(begun.is_empty(), "written and not answered: {begun:?}");
        database.drop().await;
    }
);

/// the power goes under load: the copy of database and log opens, is whole, and holds what was acknowledged; also
/// when the log is cut where it was last synced, and when a torn piece follows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r14_a_power_cut_loses_nothing_acknowledged() {
    let data = tempfile::tempdir().unwrap();
    let lectern = Lectern::new(LECTERN, data.path());
    let (server, token) = serving(&lectern).await;
    let platform = Platform::save(&server, &token).await;
    let mut events = 0_usize;
    let (file, wal) = (data.path().join("lectern.sqlite"), data.path().join("lectern.sqlite-wal"));
    let mut acknowledged = vec!["amina@oakwood.example".to_owned()];
    for round in 0.. {
        assert!(round < 20, "the log was moved into the database at every try");
        for number in 0..20 {
            let email = format!("r{round}-{number}@oakwood.example");
            let body = json!({"email": email, "name": "Written", "role": 0});
            let sent =
                http().post(format!("{}/api/v1/people", server.base)).bearer_auth(&token).json(&body).send();
            assert_eq!(sent.await.unwrap().status(), 201);
            acknowledged.push(email);
            platform.deliver(&server, events).await;
            events += 1;
        }
        let synced = std::fs::metadata(&wal).unwrap().len();
        let before = std::fs::read(&file).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                tokio::spawn(keep_writing(
                    server.base.clone(),
                    token.clone(),
                    100 * round + writer,
                    Arc::clone(&stop),
                ))
            })
            .collect();
        // The freeze comes somewhere amid writes: as soon as the log has grown.
        while std::fs::metadata(&wal).unwrap().len() == synced {
            tokio::task::yield_now().await;
        }
        server.signal("STOP").await;
        let (frozen, log) = (std::fs::read(&file).unwrap(), std::fs::read(&wal).unwrap());
        stop.store(true, Ordering::Relaxed);
        server.signal("CONT").await;
        for writer in writers {
            writer.await.unwrap();
        }
        if frozen != before {
            continue; // A checkpoint came between, and had synced more than was measured.
        }
        let cut = usize::try_from(synced).unwrap();
        let torn = [&log[..cut], &[0xA5; 1000]].concat();
        for (name, log) in [("whole", &log[..]), ("cut", &log[..cut]), ("torn", &torn[..])] {
            let place = data.path().join(format!("copy-{name}.sqlite"));
            std::fs::write(&place, &frozen).unwrap();
            std::fs::write(data.path().join(format!("copy-{name}.sqlite-wal")), log).unwrap();
            let there = people(&place).await;
            let lost: Vec<_> = acknowledged.iter().filter(|email| !there.contains(email)).collect();
            assert!(lost.is_empty(), "{name}: {lost:?}");
            // What the platform was told is stored, and every change's line of the log, are in the cut as well.
            let stored = events_in(&place).await;
            let lost: Vec<_> =
                (0..events).filter(|number| !stored.contains(&Platform::meeting(*number))).collect();
            assert!(lost.is_empty(), "{name}: acknowledged events {lost:?} of {events}");
            let (made, noted) = made_and_noted(&place).await;
            assert!(
                made >= acknowledged.len() && noted == made,
                "{name}: {made} people, {noted} lines of the log"
            );
        }
        break;
    }
    // And after the plug is pulled for good, the server itself starts on what is there.
    server.signal("KILL").await;
    ended_quietly(server, &[PASSWORD, &token, PLATFORM_SECRET]).await;
    let again = lectern.serve().await;
    assert!(people(&file).await.len() >= acknowledged.len());
    assert!(events_in(&file).await.len() >= events);
    again.signal("TERM").await;
    assert_eq!(ended_quietly(again, &[PASSWORD, &token, PLATFORM_SECRET]).await, Some(0));
}

story!(
    /// fifty writers at once: everybody is served, nobody hears of a locked database.
    r15_fifty_writers_are_served, |app| async {
        let oakwood = app.organization("oakwood").await;
        let amina = oakwood.admin().await;
        let client = &amina;
        join_all((0..50).map(|writer| async move {
            for number in 0..8 {
                let email = format!("w{writer}-{number}@oakwood.example");
                client.create("/api/v1/people", json!({"email": email, "name": "Written", "role": 0})).await;
                assert_eq!(client.get("/api/v1/people?limit=5").await.0, 200);
            }
        }))
        .await;
        assert_eq!(app.database.count("people where email_key like 'w%'").await, 400);
        assert!(!lectern_tests::log_so_far().contains("database is locked"));
    }
);

story!(
    /// a backup made under load is restored elsewhere: the same rows, the same hashes, and sealed values open.
    r16_a_backup_comes_back_whole, |app| async {
        let secret = "a shared secret of more than 32 characters";
        app.secret(secret);
        let oakwood = app.organization("oakwood").await;
        let tokens = json!({"tokens": {"algorithm": "hs256", "issuer": "i", "audience": "a"}, "secret": secret});
        assert_eq!(oakwood.owner().await.put("/api/v1/organization/host-tokens", tokens).await.0, 204);
        let amina = oakwood.admin().await;
        let stop = Arc::new(AtomicBool::new(false));
        let token = amina.bearer().unwrap().to_owned();
        let writers: Vec<_> = (0..4)
            .map(|writer| tokio::spawn(keep_writing(app.base.clone(), token.clone(), writer, Arc::clone(&stop))))
            .collect();
        while app.database.count("people").await < 10 {}
        let lectern = app.lectern(LECTERN);
        let backups = tempfile::tempdir().unwrap();
        let (with_key, without) = (backups.path().join("with"), backups.path().join("without"));
        let made = lectern.must(&["backup", with_key.to_str().unwrap(), "--with-key"]).await;
        assert!(made.contains("is in it"), "{made}");
        lectern.must(&["backup", without.to_str().unwrap()]).await;
        stop.store(true, Ordering::Relaxed);
        let acknowledged: usize = join_all(writers).await.into_iter().map(|writer| writer.unwrap().len()).sum();
        assert!(acknowledged > 0);
        assert!(!without.join("master.key").exists());
        let refused = lectern.run(&["backup", with_key.to_str().unwrap()]).await;
        assert!(refused.code == Some(1) && refused.stderr.contains("is not empty"), "{refused:?}");
        let refused = lectern.run(&["restore", with_key.to_str().unwrap()]).await;
        assert_eq!(refused.code, Some(1), "never over existing data: {refused:?}");

        let elsewhere = tempfile::tempdir().unwrap();
        let database = Database::empty(app.database.engine, elsewhere.path()).await;
        let restored = Lectern::new(LECTERN, elsewhere.path()).on(&database);
        let said = restored.must(&["restore", with_key.to_str().unwrap()]).await;
        assert!(said.starts_with("restored "), "{said}");
        let manifest: Value = serde_json::from_slice(&std::fs::read(with_key.join("manifest.json")).unwrap()).unwrap();
        for (table, was) in manifest["tables"].as_object().unwrap() {
            assert_eq!(json!(database.count(table).await), was["rows"], "{table}");
        }
        assert!(manifest["tables"]["people"]["rows"].as_u64().unwrap() >= 10);
        // A second backup, of what was restored, has the same hashes.
        let third = backups.path().join("third");
        restored.must(&["backup", third.to_str().unwrap()]).await;
        let copy: Value = serde_json::from_slice(&std::fs::read(third.join("manifest.json")).unwrap()).unwrap();
        assert_eq!(copy["tables"], manifest["tables"]);
        // The restored server starts, and what was sealed opens.
        let server = restored.serve().await;
        let browser = http();
        let body = json!({"organization": "oakwood", "email": amina.email, "password": PASSWORD});
        let login = browser.post(format!("{}/api/v1/auth/login", server.base)).json(&body).send().await.unwrap();
        assert_eq!(login.status(), 200);
        let now = chrono::DateTime::<chrono::Utc>::from(std::fs::metadata(third.join("manifest.json")).unwrap().modified().unwrap());
        let claims = json!({"iss": "i", "aud": "a", "sub": "s", "email": "s@x.example", "name": "S", "role": 0, "iat": now.timestamp(), "exp": now.timestamp() + 600});
        let jwt = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &jsonwebtoken::EncodingKey::from_secret(secret.as_bytes())).unwrap();
        let me = browser.get(format!("{}/api/v1/me", server.base)).bearer_auth(jwt).send().await.unwrap();
        assert_eq!(me.status(), 200, "the sealed secret opens with the key that travelled");
        server.signal("TERM").await;
        assert_eq!(server.ended().await, Some(0));

        // Without its key file the other backup comes back, and says what is missing.
        let third_place = tempfile::tempdir().unwrap();
        let other = Database::empty(app.database.engine, third_place.path()).await;
        let keyless = Lectern::new(LECTERN, third_place.path()).on(&other);
        let said = keyless.must(&["restore", without.to_str().unwrap()]).await;
        assert!(said.contains("now put the key file back"), "{said}");
        assert_eq!(keyless.run(&["serve"]).await.code, Some(1), "it does not start without its key");

        // One changed byte is noticed before anything is touched.
        let fourth_place = tempfile::tempdir().unwrap();
        let untouched = Database::empty(app.database.engine, fourth_place.path()).await;
        let name = if database.engine == Engine::Sqlite { "lectern.sqlite" } else { "lectern.dump" };
        let mut bytes = std::fs::read(with_key.join(name)).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(with_key.join(name), bytes).unwrap();
        let refused = Lectern::new(LECTERN, fourth_place.path()).on(&untouched).run(&["restore", with_key.to_str().unwrap()]).await;
        assert!(refused.code == Some(1) && refused.stderr.contains("the backup is damaged"), "{refused:?}");
        assert!(!fourth_place.path().join("lectern.sqlite").exists());
        for database in [database, other, untouched] {
            database.drop().await;
        }
    }
);

story!(
    /// the release after this one expands the schema first; this release runs on that schema, also from a fresh start.
    r17_this_release_runs_on_the_next_ones_schema, |app| async {
        let oakwood = app.organization("oakwood").await;
        oakwood.student("before").await;
        for table in app.database.tables().await {
            app.database.execute(&format!("alter table {table} add column of_the_next_release text")).await;
        }
        app.database.execute("create table of_the_next_release (id text primary key)").await;
        let done = match app.database.engine {
            Engine::Sqlite => "x'00'",
            Engine::Postgres => "'\\x00'",
        };
        app.database
            .execute(&format!("insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (209901010000, 'next', true, {done}, 0)"))
            .await;
        app.restart().await;
        let oakwood = app.organization("oakwood").await;
        let (amina, before) = (oakwood.admin().await, oakwood.student("before").await);
        assert_eq!(before.get("/api/v1/me").await.0, 200);
        amina.create("/api/v1/people", json!({"email": "after@oakwood.example", "name": "After", "role": 0})).await;
        assert_eq!(amina.all("/api/v1/people").await.len(), 3);
        let key = amina.create("/api/v1/api-keys", json!({"name": "k", "scopes": ["read"]})).await;
        assert_eq!(app.nobody().with_bearer(key["token"].as_str()).get("/api/v1/people").await.0, 200);
        app.settle().await;
        if app.database.engine == Engine::Sqlite {
            let mut connection = SqliteConnectOptions::new().filename(app.database.file()).connect().await.unwrap();
            for statement in registered_statements() {
                (&mut connection).prepare(statement.sqlite.into_sql_str()).await.unwrap();
            }
        } else {
            let options: sqlx::postgres::PgConnectOptions = app.database.url().parse().unwrap();
            let mut connection = options.connect().await.unwrap();
            connection.execute(AssertSqlSafe("set role lectern_app".to_owned())).await.unwrap();
            for statement in registered_statements() {
                (&mut connection).prepare(statement.postgres.into_sql_str()).await.unwrap();
            }
        }
    }
);

/// no migration takes anything away that the release before it uses: expand, move, and contract a release later.
#[test]
fn r17_migrations_only_expand() {
    const TAKES_AWAY: &[&str] = &[
        "drop table",
        "drop column",
        "rename to",
        "rename column",
        "set not null",
        "alter column",
        "truncate",
        "delete from",
    ];
    for engine in ["sqlite", "postgres"] {
        for entry in std::fs::read_dir(lectern_tests::migrations_folder().join(engine)).unwrap() {
            let path = entry.unwrap().path();
            // What SQLite knows of the tables is nobody's data.
            let sql = std::fs::read_to_string(&path)
                .unwrap()
                .to_lowercase()
                .replace("delete from sqlite_stat1", "");
            for words in TAKES_AWAY {
                assert!(
                    !sql.contains(words),
                    "{} would break the release before it: {words}",
                    path.display()
                );
            }
        }
    }
}
