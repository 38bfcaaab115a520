//! Tokens of the host application: DreamCrowd's users are known without a second account.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use lectern_tests::{Client, Organization, TestApp, story};
use serde_json::{Value, json};

use crate::host_key;

pub(crate) const SECRET: &str = "a shared secret of more than 32 characters";

pub(crate) fn claims(app: &TestApp) -> Value {
    let now = app.now().timestamp();
    json!({
        "iss": "https://dreamcrowd.example", "aud": "lectern", "sub": "buyer-17",
        "email": "ayesha@buyers.example", "name": "Ayesha Binte Rahman", "role": 0,
        "iat": now, "exp": now + 600,
    })
}

pub(crate) fn with(mut claims: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

pub(crate) fn hs256(secret: &[u8], claims: &Value) -> String {
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(secret)).unwrap()
}

fn rs256(kid: Option<&str>, claims: &Value) -> String {
    let key = EncodingKey::from_rsa_der(&STANDARD.decode(host_key::PRIVATE).unwrap());
    let header = Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::RS256) };
    jsonwebtoken::encode(&header, claims, &key).unwrap()
}

fn unsigned(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(&json!({"alg": "none", "typ": "JWT"})), part(claims))
}

pub(crate) async fn take_hs256(dreamcrowd: &Organization<'_>, app: &TestApp) {
    app.secret(SECRET);
    let body = json!({
        "tokens": {"algorithm": "hs256", "issuer": "https://dreamcrowd.example", "audience": "lectern"},
        "secret": SECRET,
    });
    assert_eq!(dreamcrowd.owner().await.put("/api/v1/organization/host-tokens", body).await.0, 204);
}

async fn take_rs256(dreamcrowd: &Organization<'_>) {
    let jwks = json!({"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k1", "n": host_key::MODULUS, "e": "AQAB"}]});
    let body = json!({"tokens": {
        "algorithm": "rs256", "issuer": "https://dreamcrowd.example", "audience": "lectern", "jwks": jwks,
    }});
    assert_eq!(dreamcrowd.owner().await.put("/api/v1/organization/host-tokens", body).await.0, 204);
}

async fn me(app: &TestApp, token: &str) -> (u16, Value) {
    app.secret(token);
    bearer(app, token).get("/api/v1/me").await
}

fn bearer(app: &TestApp, token: &str) -> Client {
    app.nobody().with_bearer(Some(token))
}

story!(
    /// A good token signs its person in, makes them at first arrival, and follows the role it names; it never makes an owner.
    a_host_token_signs_in, |app| async {
        let dreamcrowd = app.organization("dreamcrowd").await;
        take_hs256(&dreamcrowd, app).await;
        let token = hs256(SECRET.as_bytes(), &claims(app));
        let (status, first) = me(app, &token).await;
        assert_eq!(status, 200, "{first}");
        assert_eq!((&first["name"], &first["role"]), (&json!("Ayesha Binte Rahman"), &json!(0)));
        assert_eq!(first["organization_id"], json!(dreamcrowd.id.uuid()));
        let (_, again) = me(app, &token).await;
        assert_eq!(again["id"], first["id"], "one person, however often they come");
        let (_, people) = dreamcrowd.owner().await.get("/api/v1/people?external_id=buyer-17").await;
        assert_eq!(people["items"][0]["first_name"], "Ayesha Binte Rahman", "a name is never split");
        let seller = with(claims(app), json!({"role": 1}));
        let (_, promoted) = me(app, &hs256(SECRET.as_bytes(), &seller)).await;
        assert_eq!((&promoted["id"], &promoted["role"]), (&first["id"], &json!(1)));
        let admin = with(claims(app), json!({"role": 2, "owner": true, "sub": "admin-1", "email": "a@buyers.example"}));
        let (status, admin) = me(app, &hs256(SECRET.as_bytes(), &admin)).await;
        assert_eq!((status, &admin["owner"]), (200, &json!(false)));
        assert_eq!(me(app, &hs256(SECRET.as_bytes(), &with(claims(app), json!({"role": 3})))).await.0, 401);
    }
);

story!(
    /// The first arrival adopts a person who is known only by that address; nobody with a password or another subject is taken over.
    an_arrival_adopts_only_whom_nobody_else_is, |app| async {
        let (dreamcrowd, oakwood) = (app.organization("dreamcrowd").await, app.organization("oakwood").await);
        take_hs256(&dreamcrowd, app).await;
        let omar = dreamcrowd.owner().await;
        let listed = omar
            .create("/api/v1/people", json!({"email": "ayesha@buyers.example", "name": "Ayesha", "role": 0}))
            .await;
        oakwood.owner().await
            .create("/api/v1/people", json!({"email": "ayesha@buyers.example", "name": "Ayesha", "role": 0}))
            .await;
        let (status, arrived) = me(app, &hs256(SECRET.as_bytes(), &claims(app))).await;
        assert_eq!((status, &arrived["id"]), (200, &listed["id"]), "of this organization");
        assert_eq!(app.database.count("audit where kind = 'person.adopted'").await, 1);
        let impostor = with(claims(app), json!({"sub": "buyer-18"}));
        assert_eq!(me(app, &hs256(SECRET.as_bytes(), &impostor)).await.0, 401, "another subject with this address");
        let local = dreamcrowd.student("local").await;
        let taker = with(claims(app), json!({"sub": "buyer-19", "email": local.email}));
        assert_eq!(me(app, &hs256(SECRET.as_bytes(), &taker)).await.0, 401, "a person with a password");
        let owner = with(claims(app), json!({"sub": "buyer-20", "email": omar.email}));
        assert_eq!(me(app, &hs256(SECRET.as_bytes(), &owner)).await.0, 401, "an owner");
        let by_id = omar
            .create("/api/v1/people", json!({"email": "old@buyers.example", "name": "R", "role": 0, "external_id": "buyer-21"}))
            .await;
        let returning = with(claims(app), json!({"sub": "buyer-21", "email": "new@buyers.example"}));
        let (status, arrived) = me(app, &hs256(SECRET.as_bytes(), &returning)).await;
        assert_eq!((status, &arrived["id"]), (200, &by_id["id"]), "the host's own id goes before the address");
        let path = format!("/api/v1/people/{}", listed["id"].as_str().unwrap());
        assert_eq!(omar.patch(&path, json!({"active": false})).await.0, 200);
        assert_eq!(me(app, &hs256(SECRET.as_bytes(), &claims(app))).await.0, 401, "disabled here is disabled");
        app.settle().await;
    }
);

/// Every way in which a token of this shape may be wrong.
async fn every_wrong_token_is_refused(app: &TestApp, sign: impl Fn(&Value) -> String) {
    let now = app.now().timestamp();
    assert_eq!(me(app, &sign(&claims(app))).await.0, 200, "the good one");
    for (what, changes, said) in [
        ("another audience", json!({"aud": "billing"}), None),
        ("no audience", json!({"aud": null}), None),
        ("another issuer", json!({"iss": "https://evil.example"}), None),
        ("no issuer", json!({"iss": null}), None),
        ("expired", json!({"iat": now - 3_000, "exp": now - 61}), Some("expired")),
        ("no end", json!({"exp": null}), Some("lacks a claim")),
        ("no beginning", json!({"iat": null}), Some("lacks a claim")),
        ("a life beyond an hour", json!({"exp": now + 3_601}), Some("more than an hour")),
        ("not yet begun", json!({"iat": now + 120, "exp": now + 600}), Some("compare the clocks")),
        ("no subject", json!({"sub": null}), Some("lacks a claim")),
        ("no address", json!({"email": null}), Some("lacks a claim")),
        ("a role in words", json!({"role": "admin"}), Some("lacks a claim")),
        ("an unknown role", json!({"role": 3}), Some("none of 0, 1 and 2")),
        ("an end that overflows", json!({"exp": u64::MAX}), Some("more than an hour")),
    ] {
        let token = sign(&with(claims(app), changes));
        let (status, problem) = me(app, &token).await;
        // Who holds the key is told what is wrong, everybody else only that it is.
        let code = if said.is_some() { "token_refused" } else { "signed_out" };
        assert_eq!((status, &problem["code"]), (401, &json!(code)), "{what}: {problem}");
        let told = problem["detail"].as_str().unwrap();
        assert!(told.contains(said.unwrap_or("Nobody is signed in")), "{what}: {told}");
    }
    let good = sign(&claims(app));
    assert_eq!(me(app, &unsigned(&claims(app))).await.0, 401, "alg none");
    let (start, signature) = good.rsplit_once('.').unwrap();
    assert_eq!(me(app, &format!("{start}.")).await.0, 401, "signature cut off");
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    assert_eq!(me(app, &format!("{start}.{flipped}{}", &signature[1..])).await.0, 401, "signature changed");
    let other = sign(&with(claims(app), json!({"role": 2})));
    let (other_start, _) = other.rsplit_once('.').unwrap();
    assert_eq!(
        me(app, &format!("{other_start}.{signature}")).await.0,
        401,
        "another body under this signature"
    );
    for junk in ["", "x", "a.b.c", "....", "eyJhbGciOiJIUzI1NiJ9..", "lk_", "ls_"] {
        assert!(matches!(bearer(app, junk).get("/api/v1/me").await.0, 400 | 401), "{junk:?}");
    }
}

story!(
    /// HS256: every token that is wrong in one thing is refused, also one signed with a guessed or published secret.
    wrong_hs256_tokens_are_refused, |app| async {
        let dreamcrowd = app.organization("dreamcrowd").await;
        take_hs256(&dreamcrowd, app).await;
        every_wrong_token_is_refused(app, |claims| hs256(SECRET.as_bytes(), claims)).await;
        assert_eq!(me(app, &hs256(b"", &claims(app))).await.0, 401);
        assert_eq!(me(app, &rs256(None, &claims(app))).await.0, 401, "another algorithm");
    }
);

story!(
    /// RS256: the same, and the public key is no secret to sign with.
    wrong_rs256_tokens_are_refused, |app| async {
        let dreamcrowd = app.organization("dreamcrowd").await;
        take_rs256(&dreamcrowd).await;
        every_wrong_token_is_refused(app, |claims| rs256(Some("k1"), claims)).await;
        assert_eq!(me(app, &rs256(None, &claims(app))).await.0, 200, "the set's only key needs no name");
        assert_eq!(me(app, &rs256(Some("k2"), &claims(app))).await.0, 401, "a key that is not in the set");
        let modulus = URL_SAFE_NO_PAD.decode(host_key::MODULUS).unwrap();
        for secret in [host_key::MODULUS.as_bytes(), &modulus] {
            assert_eq!(me(app, &hs256(secret, &claims(app))).await.0, 401, "HS256 with the public key as secret");
        }
    }
);

story!(
    /// Issuer and audience name one organization; a second one cannot take them, and a token of one is nothing in the other.
    a_host_application_belongs_to_one_organization, |app| async {
        let (dreamcrowd, oakwood) = (app.organization("dreamcrowd").await, app.organization("oakwood").await);
        take_hs256(&dreamcrowd, app).await;
        let body = json!({
            "tokens": {"algorithm": "hs256", "issuer": "https://dreamcrowd.example", "audience": "lectern"},
            "secret": SECRET,
        });
        assert_eq!(oakwood.owner().await.put("/api/v1/organization/host-tokens", body).await.0, 422);
        let (_, arrived) = me(app, &hs256(SECRET.as_bytes(), &claims(app))).await;
        assert_eq!(arrived["organization_id"], json!(dreamcrowd.id.uuid()));
        let short = json!({"tokens": {"algorithm": "hs256", "issuer": "i", "audience": "a"}, "secret": "short"});
        assert_eq!(oakwood.owner().await.put("/api/v1/organization/host-tokens", short).await.0, 422);
        let no_keys = json!({"tokens": {"algorithm": "rs256", "issuer": "i", "audience": "a", "jwks": {"keys": []}}});
        assert_eq!(oakwood.owner().await.put("/api/v1/organization/host-tokens", no_keys).await.0, 422);
    }
);

story!(
    /// S-31: a name with line ends, controls or marks that turn the text around, as the host application says it: nobody arrives
    /// by it, nobody is renamed to it, and no mail gets a header of it.
    s31_a_name_of_the_host_application_is_one_line, |app| async {
        let (_, seller, lesson) = app.evening().await;
        let dreamcrowd = app.organization("dreamcrowd").await;
        take_hs256(&dreamcrowd, app).await;
        let (status, known) = me(app, &hs256(SECRET.as_bytes(), &claims(app))).await;
        assert_eq!(status, 200, "{known}");
        let people = app.database.rows("select first_name, last_name from people order by id").await;
        let ends = [
            "\r\n", "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}", "\u{b}", "\u{c}", "\u{0}", "\u{1b}", "\u{7f}",
            "\u{202a}", "\u{202b}", "\u{202c}", "\u{202d}", "\u{202e}", "\u{2066}", "\u{2067}", "\u{2068}", "\u{2069}",
        ];
        for (number, end) in ends.iter().enumerate() {
            let name = format!("Ayesha{end}Bcc: thief@evil.example");
            let fresh = format!("buyer-evil-{number}");
            for (subject, email) in [("buyer-17", "ayesha@buyers.example"), (fresh.as_str(), "evil@buyers.example")] {
                let evil = with(claims(app), json!({"name": name, "sub": subject, "email": email}));
                let (status, answer) = me(app, &hs256(SECRET.as_bytes(), &evil)).await;
                // Whoever is known comes in under the name that is known.
                let same = subject == "buyer-17" && answer["name"] == json!("Ayesha Binte Rahman");
                assert!(status == 401 || (status == 200 && same), "{end:?} of {subject}: {status} {answer}");
            }
            let evil = with(claims(app), json!({"email": format!("evil{end}@buyers.example"), "sub": fresh}));
            assert_eq!(me(app, &hs256(SECRET.as_bytes(), &evil)).await.0, 401, "{end:?} in the address");
            for field in ["sub", "iss", "aud"] {
                let evil = with(claims(app), json!({field: format!("lectern{end}")}));
                assert_eq!(me(app, &hs256(SECRET.as_bytes(), &evil)).await.0, 401, "{end:?} in {field}");
            }
        }
        assert_eq!(app.database.rows("select first_name, last_name from people order by id").await, people, "nobody new, nobody renamed");
        let enrolled = seller.post(&format!("/api/v1/classes/{}/enrollments", lesson.class), json!({"user_id": known["id"]})).await;
        assert_eq!(enrolled.0, 201, "{}", enrolled.1);
        app.settle().await;
        assert!(!app.mail.messages_to("ayesha@buyers.example").is_empty());
        assert!(app.mail.messages().iter().all(|mail| !mail.raw.contains("thief")));
    }
);

story!(
    /// A token for later is no token yet.
    a_token_that_is_not_valid_yet_is_refused, |app| async {
        let dreamcrowd = app.organization("dreamcrowd").await;
        take_hs256(&dreamcrowd, app).await;
        let now = app.now().timestamp();
        for (nbf, status) in [(now + 3_000, 401), (now + 30, 200), (now - 30, 200)] {
            let token = hs256(SECRET.as_bytes(), &with(claims(app), json!({"nbf": nbf})));
            assert_eq!(me(app, &token).await.0, status, "{nbf}");
        }
    }
);
