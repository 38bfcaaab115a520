//! Choosing a platform: the answers are those of the account that will hold the class.

use lectern_simulators::zoom::HostPlan;
use lectern_tests::story;
use serde_json::{Value, json};

fn of<'a>(list: &'a Value, provider: &str) -> &'a Value {
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .find(|item| item["provider"] == json!(provider))
        .unwrap_or_else(|| panic!("{provider}: {list}"))
}

story!(
    /// A Basic host reads what Basic can, a licensed one what a licence can, whoever has not connected what is possible at best;
    /// an admin asks for anybody who teaches, others for themselves alone.
    each_host_reads_what_their_own_account_can, |app| async {
        let oakwood = app.organization("oakwood").await;
        oakwood.zoom(app).await;
        let (owner, basic, licensed, new) = (
            oakwood.owner().await,
            oakwood.instructor("farhan").await,
            oakwood.instructor("dalia").await,
            oakwood.instructor("omar").await,
        );
        basic.zoom_host(app, HostPlan::Basic);
        basic.consent(app).await;
        licensed.connect_zoom(app).await;

        let (status, list) = basic.get("/api/v1/platforms").await;
        let zoom = of(&list, "zoom");
        assert_eq!((status, &zoom["state"], &zoom["effective"], &zoom["is_default"]), (200, &json!("ready"), &json!(true), &json!(true)), "{zoom}");
        assert_eq!((&zoom["capabilities"]["registrants"]["can"], &zoom["capabilities"]["limits"]["meeting_minutes"]), (&json!("no"), &json!(40)), "{zoom}");
        let teams = of(&list, "teams");
        assert_eq!((&teams["state"], &teams["effective"]), (&json!("not_set_up"), &json!(false)), "{teams}");
        assert_eq!(of(&list, "link")["state"], json!("pasted"));

        let (_, list) = licensed.get("/api/v1/platforms").await;
        assert_eq!(of(&list, "zoom")["capabilities"]["registrants"]["can"], json!("yes"), "{list}");
        let (_, list) = new.get("/api/v1/platforms").await;
        let zoom = of(&list, "zoom");
        assert_eq!((&zoom["state"], &zoom["effective"]), (&json!("not_connected"), &json!(false)), "{zoom}");

        let for_basic = format!("/api/v1/platforms?instructor_id={}", basic.id);
        let (_, list) = owner.get(&for_basic).await;
        assert_eq!(of(&list, "zoom")["capabilities"]["limits"]["meeting_minutes"], json!(40), "{list}");
        let (status, problem) = licensed.get(&for_basic).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("instructor_id")), "{problem}");
        let student = oakwood.student("ayesha").await;
        let (status, problem) = owner.get(&format!("/api/v1/platforms?instructor_id={}", student.id)).await;
        assert_eq!(status, 422, "{problem}");

        // The form says the same in words.
        let page = basic.browser(app).get("/schedule").await;
        assert!(page.html().contains("What Zoom can do with the account of Farhan"), "{}", page.html());
        assert!(page.html().contains("Meetings end after 40 minutes."), "{}", page.html());
        let page = new.browser(app).get("/schedule").await;
        assert!(page.html().contains("What Zoom can do at best") && !page.html().contains("40 minutes"), "{}", page.html());
        let page = owner.browser(app).get(&format!("/schedule?instructor_id={}", basic.id)).await;
        assert!(page.html().contains("Meetings end after 40 minutes.") && page.html().contains("The account is connected."), "{}", page.html());
        // What the form proposes is what was looked at.
        let made = owner.browser(app);
        let page = made.get(&format!("/schedule?instructor_id={}", basic.id)).await;
        assert_eq!(page.typed("instructor_id"), Some(basic.id.to_string()), "{}", page.html());
    }
);

story!(
    /// Any platform on which classes can be held may be the default, pasted links too: a class then brings its link.
    a_pasted_link_may_be_the_default, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (owner, teacher) = (oakwood.owner().await, oakwood.instructor("farhan").await);
        let path = "/api/v1/organization/default-platform";
        let (status, problem) = owner.put(path, json!({"provider": "jitsi"})).await;
        assert!(status == 422 && problem["errors"][0]["message"].as_str().unwrap().contains("link"), "{problem}");
        assert_eq!(owner.put(path, json!({"provider": "link"})).await.0, 204);
        let (status, problem) = teacher.post("/api/v1/classes", json!({"title": "Algebra"})).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("link")), "{problem}");
        let made = teacher.create("/api/v1/classes", json!({"title": "Algebra", "link": "https://meet.jit.si/oak"})).await;
        assert_eq!(made["provider"], json!("link"), "{made}");
        // A class may still be elsewhere.
        let made = teacher.create("/api/v1/classes", json!({"title": "Geometry", "provider": "zoom"})).await;
        assert_eq!(made["provider"], json!("zoom"), "{made}");
    }
);
