//! a request that is sent twice is done once.

use chrono::Duration;
use futures::future::join_all;
use lectern_tests::{Answer, Client, story};
use serde_json::{Value, json};

fn person(name: &str) -> Value {
    json!({"email": format!("{name}@oakwood.example"), "name": name, "role": 0})
}

async fn post(client: &Client, path: &str, key: &str, body: &Value) -> Answer {
    client.send("POST", path, Some(body), &[("idempotency-key", key)]).await
}

story!(
    /// the same key and body: one object and the same answer, also after a restart, for a day.
    r11_the_same_request_is_done_once, |app| async {
        let amina = app.organization("oakwood").await.admin().await;
        let first = post(&amina, "/api/v1/people", "k1", &person("rafi")).await;
        assert_eq!((first.status, first.header("idempotency-replayed")), (201, ""));
        let again = post(&amina, "/api/v1/people", "k1", &person("rafi")).await;
        assert_eq!((again.status, &again.text), (201, &first.text));
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.header("content-type"), first.header("content-type"));
        app.restart().await;
        let amina = app.organization("oakwood").await.admin().await;
        let restarted = post(&amina, "/api/v1/people", "k1", &person("rafi")).await;
        assert_eq!((restarted.status, &restarted.text), (201, &first.text));
        assert_eq!(app.database.count("people where email_key = 'rafi@oakwood.example'").await, 1);
        app.pass(Duration::hours(24));
        let later = post(&amina, "/api/v1/people", "k1", &person("rafi")).await;
        assert_eq!(later.status, 409, "a day later the key is free, and the address is taken: {}", later.text);
    }
);

story!(
    /// thirty at once with the same key: one object; each of the others is told the same or to wait.
    r11_in_parallel_one_is_done, |app| async {
        let amina = app.organization("oakwood").await.admin().await;
        let (body, client) = (person("rafi"), &amina);
        let answers = join_all((0..30).map(|_| post(client, "/api/v1/people", "same", &body))).await;
        let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
        assert!(!made.is_empty() && made.iter().all(|answer| answer.text == made[0].text));
        let first = made.iter().filter(|answer| answer.header("idempotency-replayed").is_empty()).count();
        assert_eq!(first, 1);
        for other in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!((other.status, &other.json()["code"]), (409, &json!("idempotency_at_work")));
        }
        assert_eq!(app.database.count("people where email_key = 'rafi@oakwood.example'").await, 1);
    }
);

story!(
    /// the same key with another body, query or path is refused; other people, organizations and routes have keys of their own.
    r11_a_key_belongs_to_one_request, |app| async {
        let (oakwood, elmfield) = (app.organization("oakwood").await, app.organization("elmfield").await);
        let (amina, omar) = (oakwood.admin().await, oakwood.owner().await);
        let elsewhere = elmfield.admin().await;
        assert_eq!(post(&amina, "/api/v1/people", "k", &person("a")).await.status, 201);
        let other = post(&amina, "/api/v1/people", "k", &person("b")).await;
        assert_eq!((other.status, &other.json()["errors"][0]["field"]), (422, &json!("Idempotency-Key")));
        assert_eq!(post(&amina, "/api/v1/people?x=1", "k", &person("a")).await.status, 422);
        assert_eq!(post(&omar, "/api/v1/people", "k", &person("b")).await.status, 201);
        assert_eq!(post(&elsewhere, "/api/v1/people", "k", &person("b")).await.status, 201);
        let key = json!({"name": "program", "scopes": ["write"]});
        let made = post(&amina, "/api/v1/api-keys", "k", &key).await;
        assert_eq!(made.status, 201, "another route");
        let program = app.nobody().with_bearer(made.json()["token"].as_str());
        assert_eq!(post(&program, "/api/v1/people", "k", &person("c")).await.status, 201, "a program is somebody else");
        assert_eq!(post(&program, "/api/v1/people", "k", &person("c")).await.header("idempotency-replayed"), "true");
        for bad in ["", &"x".repeat(201)] {
            assert_eq!(post(&amina, "/api/v1/people", bad, &person("d")).await.status, 400, "{bad:?}");
        }
    }
);

story!(
    /// a refusal is remembered like a success; what failed before anything was done is tried anew; what is kept is sealed.
    r11_what_is_remembered, |app| async {
        let oakwood = app.organization("oakwood").await;
        let amina = oakwood.admin().await;
        let refused = post(&amina, "/api/v1/people", "bad", &json!({"email": "no", "name": "N", "role": 0})).await;
        assert_eq!(refused.status, 422);
        let again = post(&amina, "/api/v1/people", "bad", &json!({"email": "no", "name": "N", "role": 0})).await;
        assert_eq!((again.status, &again.text), (422, &refused.text));
        assert_eq!(again.header("content-type"), "application/problem+json");
        assert_eq!(again.header("idempotency-replayed"), "true");
        let nobody = app.nobody();
        assert_eq!(post(&nobody, "/api/v1/people", "k", &person("x")).await.status, 401);
        assert_eq!(post(&amina, "/api/v1/people", "k", &person("secretly-named")).await.status, 201);
        assert_eq!(app.database.count("idempotency_keys").await, 2, "nothing is kept for nobody");
        let kept = app.database.rows("select answer from idempotency_keys where idempotency_key = 'k'").await;
        assert!(!kept[0][0].contains(&hex::encode("secretly-named")), "sealed");
        // The server was stopped in the middle: whoever asks again is told so and makes no second object.
        app.database.execute("update idempotency_keys set answer = null, status = null where idempotency_key = 'k'").await;
        let waiting = post(&amina, "/api/v1/people", "k", &person("secretly-named")).await;
        assert_eq!((waiting.status, &waiting.json()["code"]), (409, &json!("idempotency_at_work")));
        app.pass(Duration::minutes(3));
        let unknown = post(&amina, "/api/v1/people", "k", &person("secretly-named")).await;
        assert_eq!((unknown.status, &unknown.json()["code"]), (409, &json!("idempotency_unknown")));
        app.pass(Duration::days(1));
        app.tick("tick.clean_up").await;
        assert_eq!(app.database.count("idempotency_keys").await, 0);
        app.settle().await;
        assert_eq!(app.audited("maintenance.cleaned_up").await, 1);
    }
);
