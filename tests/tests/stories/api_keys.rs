//! API keys: for programs, within their scopes, for as long as they are not revoked.

use lectern_tests::story;
use serde_json::json;

story!(
    /// A key does what its scopes say and nothing else, and dies when it is revoked.
    a_key_acts_within_its_scopes, |app| async {
        let oakwood = app.organization("oakwood").await;
        let amina = oakwood.admin().await;
        let key = async |scopes: serde_json::Value| {
            let made = amina.create("/api/v1/api-keys", json!({"name": "timetable", "scopes": scopes})).await;
            let token = made["token"].as_str().unwrap().to_owned();
            app.secret(&token);
            (made["id"].as_str().unwrap().to_owned(), app.nobody().with_bearer(Some(&token)))
        };
        let (id, reader) = key(json!(["read"])).await;
        let (_, writer) = key(json!(["read", "write"])).await;
        let (_, platforms) = key(json!(["platforms"])).await;
        let person = json!({"email": "new@oakwood.example", "name": "New", "role": 0});
        assert_eq!(reader.get("/api/v1/people").await.0, 200);
        assert_eq!(reader.post("/api/v1/people", person.clone()).await.0, 403);
        assert_eq!(platforms.get("/api/v1/people").await.0, 403);
        assert_eq!(platforms.post("/api/v1/people", person.clone()).await.0, 403);
        writer.create("/api/v1/people", person).await;
        assert_eq!(writer.post("/api/v1/people", json!({"email": "o@oakwood.example", "name": "O", "role": 2, "owner": true})).await.0, 403);
        for owners in ["/api/v1/api-keys", "/api/v1/organizations"] {
            assert_eq!(writer.get(owners).await.0, 403, "a key is nobody's admin: {owners}");
        }
        assert_eq!(writer.post("/api/v1/api-keys", json!({"name": "n", "scopes": ["write"]})).await.0, 403);
        let (_, keys) = amina.get("/api/v1/api-keys").await;
        assert_eq!(keys["items"].as_array().unwrap().len(), 3);
        assert!(keys["items"][0].get("token").is_none(), "shown once");
        assert_eq!(amina.delete(&format!("/api/v1/api-keys/{id}")).await.0, 204);
        assert_eq!(reader.get("/api/v1/people").await.0, 401);
        assert_eq!(amina.delete(&format!("/api/v1/api-keys/{id}")).await.0, 404);
    }
);

story!(
    /// A key of one organization is a key of that organization only.
    a_key_stays_in_its_organization, |app| async {
        let (oakwood, elmfield) = (app.organization("oakwood").await, app.organization("elmfield").await);
        let amina = oakwood.admin().await;
        let stranger = elmfield.student("stranger").await;
        let made = amina.create("/api/v1/api-keys", json!({"name": "k", "scopes": ["read", "write"]})).await;
        let key = app.nobody().with_bearer(made["token"].as_str());
        assert_eq!(key.get(&format!("/api/v1/people/{}", stranger.id)).await.0, 404);
        assert_eq!(key.patch(&format!("/api/v1/people/{}", stranger.id), json!({"active": false})).await.0, 404);
        let path = format!("/api/v1/api-keys/{}", made["id"].as_str().unwrap());
        assert_eq!(elmfield.admin().await.delete(&path).await.0, 404);
        assert_eq!(key.get("/api/v1/people").await.0, 200, "and nobody else can revoke it");
    }
);
