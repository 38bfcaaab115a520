//! What an organization decides for itself: changed one by one, and written down.

use lectern_tests::story;
use serde_json::json;

const SETTINGS: &str = "/api/v1/organization/settings";

story!(
    /// What is left out stays, null takes a policy back, and the log says what was and what is.
    one_policy_changes_alone, |app| async {
        let owner = app.organization("oakwood").await.owner().await;
        let both = json!({"policies": {"late_after_minutes": 7, "standby_provider": "link"}});
        assert_eq!(owner.patch(SETTINGS, both).await.0, 200);
        let (status, changed) = owner.patch(SETTINGS, json!({"policies": {"late_after_minutes": 9}})).await;
        assert_eq!((status, &changed["policies"]["late_after_minutes"]), (200, &json!(9)), "{changed}");
        assert_eq!(changed["policies"]["standby_provider"], json!("link"), "{changed}");
        let (_, changed) = owner.patch(SETTINGS, json!({"policies": {"standby_provider": null}})).await;
        assert_eq!(changed["policies"]["standby_provider"], json!(null), "{changed}");
        let (_, log) = owner.get("/api/v1/audit?kind=organization.policies_changed").await;
        let details: Vec<_> = log["items"].as_array().unwrap().iter().map(|entry| entry["details"].clone()).collect();
        assert!(details.contains(&json!({"late_after_minutes": {"from": 7, "to": 9}})), "{log}");
        assert!(details.contains(&json!({"standby_provider": {"from": "link", "to": null}})), "{log}");
        let (_, same) = owner.patch(SETTINGS, json!({"policies": {"late_after_minutes": 9}, "time_zone": changed["time_zone"]})).await;
        assert_eq!(same, changed);
        assert_eq!(app.audited("organization.policies_changed").await, 3, "nothing changed, nothing written");
    }
);

story!(
    /// A policy that does not exist or cannot be so is named, and nothing is kept of the rest.
    a_wrong_policy_is_named, |app| async {
        let owner = app.organization("oakwood").await.owner().await;
        let (_, before) = owner.get(SETTINGS).await;
        for (policy, value, words) in [
            ("late_after_minutes", json!("seven"), "a whole number"),
            ("late_after_minutes", json!(2000), "1440"),
            ("aliases", json!("sometimes"), "Use one of"),
            ("standby_provider", json!("webex"), "Use one of"),
            ("lateness", json!(7), "no such field"),
        ] {
            let (status, problem) = owner.patch(SETTINGS, json!({"policies": {"join_opens_minutes": 30, policy: value}})).await;
            let error = &problem["errors"][0];
            assert_eq!((status, &error["field"]), (422, &json!(format!("policies.{policy}"))), "{problem}");
            assert!(error["message"].as_str().unwrap().contains(words), "{problem}");
        }
        assert_eq!(owner.get(SETTINGS).await.1, before);
    }
);
