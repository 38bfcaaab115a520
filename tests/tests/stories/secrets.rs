//! What lies in the database is of no use to whoever steals it.

use lectern_api::keys::KeyError;
use lectern_core::seal::SealError;
use lectern_tests::{PASSWORD, story};
use serde_json::json;

const SECRET: &str = "canary-host-secret-of-more-than-32-characters";

story!(
    /// S-20: a dump shows no secret, neither plain nor as bytes; a sealed value moved to another tenant does not open.
    s20_a_dump_tells_no_secret, |app| async {
        let (oakwood, elmfield) = (app.organization("oakwood").await, app.organization("elmfield").await);
        let amina = oakwood.admin().await;
        let body = |issuer: &str, secret: &str| {
            json!({"tokens": {"algorithm": "hs256", "issuer": issuer, "audience": "a"}, "secret": secret})
        };
        assert_eq!(oakwood.owner().await.put("/api/v1/organization/host-tokens", body("oak", SECRET)).await.0, 204);
        let other = "another-canary-secret-of-more-than-32-chars";
        assert_eq!(elmfield.owner().await.put("/api/v1/organization/host-tokens", body("elm", other)).await.0, 204);
        let key = amina.create("/api/v1/api-keys", json!({"name": "k", "scopes": ["read"]})).await;
        let person = json!({"email": "p@oakwood.example", "name": "canary-person-name", "role": 0});
        let sent = amina.send("POST", "/api/v1/people", Some(&person), &[("idempotency-key", "k")]).await;
        assert_eq!(sent.status, 201);
        let body = json!({"organization": "oakwood", "email": amina.email, "password": PASSWORD});
        let (_, login) = app.nobody().post("/api/v1/auth/login", body).await;
        amina.patch(&format!("/api/v1/people/{}", sent.json()["id"].as_str().unwrap()), json!({"active": false})).await;
        app.settle().await;
        let dump = app.database.dump().await;
        assert!(dump.contains("amina@oakwood.example"), "the dump is a dump");
        for secret in [SECRET, other, PASSWORD, key["token"].as_str().unwrap(), login["token"].as_str().unwrap(), amina.bearer().unwrap()] {
            app.secret(secret);
            for shape in [secret.to_owned(), hex::encode(secret)] {
                assert!(!dump.contains(&shape), "the dump shows {shape}");
            }
        }
        // The event and the remembered answer name the person; both are sealed.
        assert_eq!(dump.matches("canary-person-name").count(), 2, "only the table of people, and the words people are found by");
        assert_eq!(dump.matches(&hex::encode("canary-person-name")).count(), 0);

        let (mine, theirs) = (oakwood.id, elmfield.id);
        let id = |id: lectern_core::ids::OrganizationId| match app.database.engine {
            lectern_tests::Engine::Sqlite => format!("x'{}'", hex::encode(id.uuid().as_bytes())),
            lectern_tests::Engine::Postgres => format!("'{id}'"),
        };
        let swap = format!(
            "update organization_settings set host_secret = (select o.host_secret from organization_settings o where o.organization_id = {}) where organization_id = {}",
            id(theirs), id(mine)
        );
        app.database.execute(&swap).await;
        let sealed = app.database.rows(&format!("select host_secret from organization_settings where organization_id = {}", id(mine))).await;
        let bytes = hex::decode(&sealed[0][0]).unwrap();
        let sealer = app.keys.sealer(mine).await.unwrap();
        // Data keys have numbers of their own organization: another's is refused as a key or as a place, never opened.
        let elsewhere = sealer.open("organization_settings", "host_secret", mine.uuid(), &bytes).unwrap_err();
        assert!(matches!(elsewhere, KeyError::Seal(SealError::Refused | SealError::UnknownKey(_))), "{elsewhere:?}");
        let right = app.keys.sealer(theirs).await.unwrap();
        assert!(right.open("organization_settings", "host_secret", theirs.uuid(), &bytes).is_ok(), "it was not damaged, only moved");
        for (table, column, row, what) in [
            ("organization_settings", "host_secret", mine.uuid(), "row"),
            ("platform_settings", "host_secret", theirs.uuid(), "table"),
            ("organization_settings", "other", theirs.uuid(), "column"),
        ] {
            let refused = right.open(table, column, row, &bytes).unwrap_err();
            assert!(matches!(refused, KeyError::Seal(SealError::Refused)), "bound to its {what}: {refused:?}");
        }
    }
);

/// The first bytes of what is sealed: the version, then the number of the data key.
fn sealed_parts(value: &str) -> Option<Vec<u8>> {
    hex::decode(value).ok().filter(|bytes| bytes.len() > 17 && bytes[0] == 1)
}

story!(
    /// S-20: sealed values exchanged between two rows of one organization, and between two organizations: each is a decrypt
    /// error of its kind, put back each opens, and the product says so instead of using the wrong one.
    s20_exchanged_ciphertexts_open_nowhere, |app| async {
        let (first, second) = (app.held_class("oakwood", &["ayesha", "tanvir"]).await, app.held_class("elmfield", &["zahra"]).await);
        let (oakwood, elmfield) = (app.organization("oakwood").await, app.organization("elmfield").await);
        let places = ["organization_id", "id", "join_url"];
        let sealed = app.database.rows(&format!("select {} from registrants where join_url is not null order by organization_id, id", places.join(", "))).await;
        assert_eq!(sealed.len(), 3, "{sealed:?}");
        let uuid = |text: &str| uuid::Uuid::parse_str(text).unwrap();
        let mut kinds = Vec::new();
        for at in &sealed {
            let sealer = app.keys.sealer(uuid(&at[0]).into()).await.unwrap();
            for value in &sealed {
                let bytes = sealed_parts(&value[2]).expect("an envelope");
                match sealer.open("registrants", "join_url", uuid(&at[1]), &bytes) {
                    Ok(_) => assert_eq!(at[1], value[1], "only at home"),
                    Err(KeyError::Seal(SealError::Refused)) => {
                        assert_ne!(at[1], value[1]);
                        kinds.push(if at[0] == value[0] { "another row" } else { "another organization" });
                    }
                    Err(KeyError::Seal(SealError::UnknownKey(_))) => {
                        assert_ne!(at[0], value[0]);
                        kinds.push("another organization");
                    }
                    Err(other) => panic!("{other:?}"),
                }
                let mut damaged = bytes.clone();
                damaged[20] ^= 1;
                let damaged = sealer.open("registrants", "join_url", uuid(&at[1]), &damaged).unwrap_err();
                assert!(matches!(damaged, KeyError::Seal(SealError::Refused | SealError::UnknownKey(_))), "{damaged:?}");
            }
            let short = sealer.open("registrants", "join_url", uuid(&at[1]), &[1, 2, 3]).unwrap_err();
            assert!(matches!(short, KeyError::Seal(SealError::Malformed)), "{short:?}");
        }
        kinds.sort_unstable();
        assert_eq!((kinds.iter().filter(|kind| **kind == "another row").count(), kinds.len()), (2, 6), "{kinds:?}");
        // The product with the two students' addresses exchanged sends neither of them into the other's seat.
        let id = |text: &str| match app.database.engine {
            lectern_tests::Engine::Sqlite => format!("x'{}'", text.replace('-', "")),
            lectern_tests::Engine::Postgres => format!("'{text}'"),
        };
        let value = |text: &str| match app.database.engine {
            lectern_tests::Engine::Sqlite => format!("x'{text}'"),
            lectern_tests::Engine::Postgres => format!("'\\x{text}'"),
        };
        let ours = oakwood.id.to_string();
        let mine: Vec<_> = sealed.iter().filter(|row| uuid(&row[0]) == uuid(&ours)).collect();
        for (at, from) in [(0, 1), (1, 0)] {
            app.database.execute(&format!("update registrants set join_url = {} where id = {}", value(&mine[from][2]), id(&mine[at][1]))).await;
        }
        let session: lectern_core::ids::SessionId = first.session.parse().unwrap();
        for (_, link) in app.join_links(oakwood.id, first.class.parse().unwrap(), session).await {
            let browser = app.browser();
            let page = browser.get(&link).await;
            let (action, hidden) = page.forms().remove(0);
            let cookies: Vec<_> = browser.cookies().iter().map(|(name, value)| format!("{name}={value}")).collect();
            let request = app.nobody().request(reqwest::Method::POST, &action).header("cookie", cookies.join("; ")).header("origin", &app.base).form(&hidden);
            let answer = request.send().await.unwrap();
            assert_ne!(answer.status().as_u16(), 303, "nobody is sent anywhere");
            assert!(answer.headers().get("location").is_none());
            assert!(!answer.text().await.unwrap().contains("tk="));
        }
        drop((second, elmfield));
    }
);

story!(
    /// S-20: one tenant's key under another tenant's name is noticed at the next start.
    s20_a_swapped_key_is_noticed, |app| async {
        app.organization("oakwood").await;
        app.organization("elmfield").await;
        assert!(app.second_instance().await.is_ok());
        app.database
            .execute("update organization_keys set wrapped = (select k.wrapped from organization_keys k where k.organization_id <> organization_keys.organization_id order by k.organization_id desc limit 1)")
            .await;
        let refused = app.second_instance().await.unwrap_err();
        assert!(refused.to_string().contains("did not seal"), "{refused}");
    }
);

story!(
    /// S-10: what is shown once, typed or made by the server appears in no log line; the watch over the log is not asleep.
    s10_the_log_holds_no_secret, |app| async {
        let oakwood = app.organization("oakwood").await;
        let amina = oakwood.admin().await;
        let key = amina.create("/api/v1/api-keys", json!({"name": "k", "scopes": ["read"]})).await;
        let body = json!({"organization": "oakwood", "email": amina.email, "password": PASSWORD});
        let (_, login) = app.nobody().post("/api/v1/auth/login", body).await;
        for token in [key["token"].as_str().unwrap(), login["token"].as_str().unwrap()] {
            app.secret(token);
            assert_eq!(app.nobody().with_bearer(Some(token)).get("/api/v1/me").await.0 / 100, 2);
        }
        let link = "/set-up?token=su_canary-in-an-address";
        app.secret("su_canary-in-an-address");
        assert_eq!(app.browser().get(link).await.status(), 404);
        let marker = format!("marker-{}", uuid::Uuid::from_u128(app.now().timestamp_micros().unsigned_abs().into()));
        tracing::info!("{marker}");
        let log = lectern_tests::log_so_far();
        assert!(log.contains(&marker), "the log is kept");
        assert!(log.contains("route=\"/set-up\""), "requests are logged, by their pattern");
    }
);
