//! What an operator does at the command line.

use std::path::Path;

use lectern_tests::{Database, Engine, Lectern, PASSWORD, story};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::LECTERN;

/// A fresh place for the binary, with the tables made.
async fn installation(engine: Engine) -> (TempDir, Database, Lectern) {
    let data = tempfile::tempdir().unwrap();
    let database = Database::empty(engine, data.path()).await;
    let lectern = Lectern::new(LECTERN, data.path()).on(&database);
    lectern.must(&["migrate"]).await;
    (data, database, lectern)
}

story!(
    /// Organizations and people are made, listed and let in from the command line; passwords come by standard input only.
    an_operator_makes_people, |app| async {
        let (_data, database, lectern) = installation(app.database.engine).await;
        assert_eq!(lectern.must(&["admin", "list-organizations"]).await, "");
        lectern.must(&["admin", "create-organization", "oakwood", "Oakwood School", "--time-zone", "Asia/Dhaka"]).await;
        assert_eq!(lectern.must(&["admin", "list-organizations"]).await, "oakwood\tOakwood School\tactive\n");
        let again = lectern.run(&["admin", "create-organization", "oakwood", "Again"]).await;
        assert_eq!(again.code, Some(1));
        assert!(again.stderr.contains("Another organization has this name"), "{}", again.stderr);
        let omar = ["admin", "create-user", "oakwood", "--email", "omar@oakwood.example", "--name", "Omar Faruk", "--role", "owner"];
        let made = lectern.run_with_input(&[&omar[..], &["--password-stdin"]].concat(), &format!("{PASSWORD}\n")).await;
        assert_eq!(made.code, Some(0), "{made:?}");
        let root = lectern.run(&["admin", "create-super-admin", "--email", "root@example.com", "--name", "Root"]).await;
        assert!(root.code == Some(1) && root.stderr.contains("--password-stdin"), "{root:?}");
        let root = lectern.must(&["admin", "create-super-admin", "--email", "root@example.com", "--name", "Root", "--generate-password"]).await;
        let generated = root.lines().find_map(|line| line.strip_prefix("password: ")).unwrap().to_owned();
        let nowhere = lectern.run(&["admin", "list-users", "nowhere"]).await;
        assert!(nowhere.code == Some(1) && nowhere.stderr.contains("there is no organization nowhere"), "{nowhere:?}");
        assert_eq!(lectern.must(&["admin", "list-users", "oakwood"]).await, "omar@oakwood.example\tOmar Faruk\towner\tactive\n");
        let server = lectern.serve().await;
        assert_eq!(server.set_up, None, "somebody runs this server already");
        let login = async |organization: Value, email: &str, password: &str| {
            let body = json!({"organization": organization, "email": email, "password": password});
            let http = reqwest::Client::builder().no_proxy().build().unwrap();
            http.post(format!("{}/api/v1/auth/login", server.base)).json(&body).send().await.unwrap().status().as_u16()
        };
        assert_eq!(login(json!("oakwood"), "omar@oakwood.example", PASSWORD).await, 200);
        assert_eq!(login(Value::Null, "root@example.com", &generated).await, 200);
        let set = ["admin", "set-password", "--organization", "oakwood", "--email", "omar@oakwood.example", "--password-stdin"];
        assert_eq!(lectern.run_with_input(&set, "short\n").await.code, Some(1));
        assert_eq!(lectern.run_with_input(&set, "another good one\n").await.code, Some(0));
        assert_eq!(login(json!("oakwood"), "omar@oakwood.example", PASSWORD).await, 422);
        assert_eq!(login(json!("oakwood"), "omar@oakwood.example", "another good one").await, 200);
        server.signal("TERM").await;
        assert_eq!(server.ended().await, Some(0));
        database.drop().await;
    }
);

story!(
    /// The first start prints a set-up link that works; later starts print none once it was used.
    the_first_start_prints_a_set_up_link, |app| async {
        let (_data, database, lectern) = installation(app.database.engine).await;
        let server = lectern.serve().await;
        let link = server.set_up.clone().expect("a link on first start");
        assert!(link.starts_with(&server.base));
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        assert_eq!(http.get(&link).send().await.unwrap().status(), 200);
        assert_eq!(http.get(format!("{}/readyz", server.base)).send().await.unwrap().status(), 200);
        server.signal("TERM").await;
        assert_eq!(server.ended().await, Some(0));
        database.drop().await;
    }
);

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.retain(|name| !name.ends_with("-wal") && !name.ends_with("-shm"));
    names.sort();
    names
}

story!(
    /// S-21: with a missing, empty, broken or foreign key file over existing data the server refuses to start and makes no key.
    s21_without_the_right_key_nothing_starts, |app| async {
        let (data, database, lectern) = installation(app.database.engine).await;
        lectern.must(&["admin", "create-organization", "oakwood", "Oakwood"]).await;
        let key = data.path().join("master.key");
        let right = std::fs::read(&key).unwrap();
        std::fs::remove_file(&key).unwrap();
        let before = files(data.path());
        for (wrong, told) in [
            (None, "is missing"),
            (Some(Vec::new()), "does not hold"),
            (Some(b"not a key\n".to_vec()), "does not hold"),
            (Some(format!("{}\n", "ab".repeat(32)).into_bytes()), "did not seal"),
        ] {
            if let Some(wrong) = &wrong {
                std::fs::write(&key, wrong).unwrap();
            }
            for command in [&["serve"][..], &["rotate-key"], &["admin", "create-organization", "elm", "Elm"]] {
                let refused = lectern.run(command).await;
                assert_eq!(refused.code, Some(1), "{command:?} with {wrong:?}");
                assert!(refused.stderr.contains(told), "{command:?}: {}", refused.stderr);
            }
            match wrong {
                None => assert_eq!(files(data.path()), before, "no new key over existing data"),
                Some(wrong) => assert_eq!(std::fs::read(&key).unwrap(), wrong, "the file is left as it is"),
            }
            let doctor = lectern.run(&["doctor"]).await;
            assert!(doctor.code == Some(1) && doctor.stdout.contains("BAD   key file"), "{doctor:?}");
        }
        std::fs::write(&key, right).unwrap();
        assert_eq!(lectern.must(&["admin", "list-organizations"]).await, "oakwood\tOakwood\tactive\n");
        database.drop().await;
    }
);

story!(
    /// The doctor finds a healthy installation healthy, and says of each illness what to do.
    the_doctor_says_what_to_do, |app| async {
        let (data, database, lectern) = installation(app.database.engine).await;
        lectern.must(&["admin", "create-organization", "oakwood", "Oakwood"]).await;
        let healthy = lectern.run(&["doctor"]).await;
        assert_eq!(healthy.code, Some(0), "{healthy:#?}");
        for part in ["ok    configuration", "ok    data folder", "ok    files", "ok    database", "ok    key file", "note  mail", "note  public address", "note  oakwood"] {
            assert!(healthy.stdout.contains(part), "{part} in {}", healthy.stdout);
        }
        let bad = async |lectern: Lectern, part: &str, step: &str| {
            let output = lectern.run(&["doctor"]).await;
            assert_eq!(output.code, Some(1), "{output:#?}");
            assert!(output.stdout.contains(&format!("BAD   {part}")) && output.stdout.contains(step), "{part}: {}", output.stdout);
        };
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let mail = lectern.clone().with("LECTERN_MAIL__HOST", "127.0.0.1").with("LECTERN_MAIL__PORT", &closed).with("LECTERN_MAIL__SECURITY", "none");
        bad(mail, "mail", "mail.port").await;
        bad(lectern.clone().with("LECTERN_SERVER__PUBLIC_URL", "http://class.example"), "configuration", "server.public_url").await;
        bad(lectern.clone().with("LECTERN_SERVER__NOSUCH", "1"), "configuration", "nosuch").await;
        bad(lectern.clone().with("LECTERN_DATABASE__URL", "postgres://nobody@127.0.0.1:1/none"), "database", "database.url").await;
        use std::os::unix::fs::PermissionsExt;
        let key = data.path().join("master.key");
        assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
        bad(lectern.clone(), "key file", "chmod 600").await;
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        if database.engine == Engine::Postgres {
            bad(lectern.clone().with("LECTERN_DATABASE__URL", &database.owner_url()), "database", "lectern migrate").await;
        }
        let working = lectern.with("LECTERN_MAIL__HOST", "127.0.0.1")
            .with("LECTERN_MAIL__PORT", &app.mail.smtp_address().port().to_string())
            .with("LECTERN_MAIL__SECURITY", "none")
            .must(&["doctor"]).await;
        assert!(working.contains("ok    mail"), "{working}");
        database.drop().await;
    }
);

story!(
    /// The master key is rotated while a server runs, also twice and after a crash in between; then the old ones can go.
    a_rotated_key_can_be_dropped, |app| async {
        let secret = "a shared secret of more than 32 characters";
        app.secret(secret);
        let oakwood = app.organization("oakwood").await;
        let tokens = json!({"tokens": {"algorithm": "hs256", "issuer": "i", "audience": "a"}, "secret": secret});
        assert_eq!(oakwood.owner().await.put("/api/v1/organization/host-tokens", tokens).await.0, 204);
        let sealed = app.database.rows("select host_secret from organization_settings where host_secret is not null").await;
        let lectern = app.lectern(LECTERN);
        let key = app.data().join("master.key");
        let lines = || std::fs::read_to_string(&key).unwrap().lines().map(str::to_owned).collect::<Vec<_>>();
        let first = lines();
        lectern.must(&["rotate-key"]).await;
        assert_eq!((lines().len(), &lines()[1..]), (2, &first[..]));
        // A crash after the file was written and before the keys were wrapped leaves such a file.
        std::fs::write(&key, format!("{}\n{}\n", "cd".repeat(32), lines().join("\n"))).unwrap();
        // The server that runs meanwhile goes on: with what it opened, and with what is new.
        app.organization("elmfield").await.student("new").await;
        let newest = app.database.rows("select distinct master_id from organization_keys").await;
        assert_eq!(newest.len(), 2, "what is made now is wrapped by the first key of the file");
        lectern.must(&["rotate-key"]).await;
        assert_eq!(app.database.rows("select distinct master_id from organization_keys").await.len(), 1);
        let dropped = lectern.must(&["rotate-key", "--drop-old"]).await;
        assert!(dropped.contains("dropped 3 old master keys"), "{dropped}");
        assert!(lines().len() == 1 && !first.contains(&lines()[0]));
        app.restart().await;
        assert_eq!(app.database.rows("select host_secret from organization_settings where host_secret is not null").await, sealed, "data is not sealed anew");
        let oakwood = app.organization("oakwood").await;
        let sealer = app.keys.sealer(oakwood.id).await.unwrap();
        let bytes = hex::decode(&sealed[0][0]).unwrap();
        let opened = sealer.open_text("organization_settings", "host_secret", oakwood.id.uuid(), &bytes).unwrap();
        assert_eq!(opened.expose(), secret);
        lectern.must(&["rotate-key", "--drop-old"]).await;
    }
);

#[tokio::test]
async fn the_openapi_document_is_printed() {
    let data = tempfile::tempdir().unwrap();
    let printed = Lectern::new(LECTERN, data.path()).must(&["openapi"]).await;
    let document: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(document["info"]["title"], "Lectern");
    let headers =
        |path: &str| document["paths"][path]["post"]["parameters"].to_string().contains("Idempotency-Key");
    assert!(headers("/api/v1/people") && headers("/api/v1/classes") && !headers("/api/v1/auth/login"));
    assert!(files(data.path()).is_empty(), "printing makes nothing");
}

/// A file with a torn page is not called healthy, and the advice is not about the key.
#[tokio::test]
async fn a_damaged_database_is_told() {
    use std::io::{Seek, SeekFrom, Write};
    let (data, database, lectern) = installation(Engine::Sqlite).await;
    lectern.must(&["admin", "create-organization", "oakwood", "Oakwood"]).await;
    lectern.must(&["doctor"]).await;
    let file = data.path().join("lectern.sqlite");
    let mut torn = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
    torn.seek(SeekFrom::Start(4096 * 40)).unwrap();
    torn.write_all(&[0xa5; 4096 * 30]).unwrap();
    drop(torn);
    let output = lectern.run(&["doctor"]).await;
    assert_eq!(output.code, Some(1), "{output:#?}");
    assert!(
        output.stdout.contains("BAD   database") && output.stdout.contains("restore the newest backup"),
        "{}",
        output.stdout
    );
    database.drop().await;
}

/// Nobody else on the machine reads the database, and a configuration that is named must be there.
#[tokio::test]
async fn files_are_private_and_a_named_configuration_is_meant() {
    use std::os::unix::fs::PermissionsExt;
    let (data, database, lectern) = installation(Engine::Sqlite).await;
    let fresh = data.path().join("fresh");
    let lectern = lectern.with("LECTERN_DATA", fresh.to_str().unwrap());
    lectern.must(&["migrate"]).await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&fresh), mode(&fresh.join("lectern.sqlite"))), (0o700, 0o600));
    let output = lectern.run(&["--config", "nowhere.toml", "doctor"]).await;
    assert!(output.code != Some(0) && output.stderr.contains("nowhere.toml is not there"), "{output:#?}");
    database.drop().await;
}
