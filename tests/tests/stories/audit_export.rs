//! The audit log as a file: what the page shows, whole, and safe to open.

use std::collections::BTreeSet;

use lectern_tests::{Engine, story};
use serde_json::json;

/// The lines of a file whose fields hold no line breaks.
fn lines(text: &str) -> Vec<&str> {
    text.split("\r\n").filter(|line| !line.is_empty()).collect()
}

story!(
    /// An admin exports what the page shows with the same filters, in their language; nothing in the file is a formula; the log says
    /// that lines were taken out, and by whom, without a name.
    the_log_is_taken_out_as_a_file, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (amina, farhan) = (oakwood.admin().await, oakwood.instructor("farhan").await);
        let evil = "=HYPERLINK(\"http://x\",1)";
        let class = farhan.create("/api/v1/classes", json!({"title": evil})).await["id"].as_str().unwrap().to_owned();
        farhan.create("/api/v1/classes", json!({"title": "Grammar"})).await;
        let when = json!({"starts_at": "2026-11-25T09:00:00Z", "duration_minutes": 45, "time_zone": "Asia/Dhaka", "title": "Fractions"});
        let session = farhan.create(&format!("/api/v1/classes/{class}/sessions"), when).await;
        let session = session["items"][0]["id"].as_str().unwrap().to_owned();
        app.settle().await;
        let browser = amina.browser(app);
        let page = browser.get("/audit?kind=class.created&person=farhan&from=2026-11-01").await;
        let link = "href=\"/audit.csv?kind=class.created&amp;person=farhan&amp;from=2026-11-01\"";
        assert!(page.html().replace("&#x2f;", "/").contains(link), "{}", page.html());
        let file = browser.get("/audit.csv?kind=class.created&person=farhan&from=2026-11-01").await;
        assert_eq!((file.status(), file.answer.header("content-type")), (200, "text/csv; charset=utf-8"));
        assert_eq!(file.answer.header("content-disposition"), "attachment; filename=\"audit-2026-11-23.csv\"");
        assert_eq!(file.answer.header("content-length"), "", "it is sent while it is read");
        let rows = lines(file.html());
        assert_eq!(rows.len(), 3, "{rows:?}");
        assert!(rows[0].starts_with("at,local_time,time_zone,kind,what,"), "{rows:?}");
        assert!(rows[1].contains(",Farhan Rahman,") && rows[1].contains(",Grammar,"), "newest first: {rows:?}");
        assert!(rows[2].contains(",\"'=HYPERLINK(\"\"http://x\"\",1)\","), "no formula: {rows:?}");
        assert!(rows[2].contains(",Asia/Dhaka,class.created,Class created,person,"), "{rows:?}");
        let bengali = browser.get("/audit.csv?kind=class.created&lang=bn").await;
        assert!(!bengali.html().contains("Class created") && lines(bengali.html()).len() == 3, "{}", bengali.html());
        for (asked, kinds) in [
            (format!("class={class}&kind=class.created"), 1),
            (format!("session={session}&kind=session.scheduled"), 1),
            (format!("session={session}&kind=session.scheduled&class={class}&person=farhan"), 1),
            (format!("session={class}"), 0),
            ("class=nothing".to_owned(), 0),
            ("to=2026-11-22".to_owned(), 0),
        ] {
            let file = browser.get(&format!("/audit.csv?{asked}")).await;
            assert_eq!(lines(file.html()).len(), 1 + kinds, "{asked}: {}", file.html());
        }
        let page = browser.get(&format!("/audit?session={session}&lang=en")).await;
        assert!(page.html().contains("Only about “Fractions”.") && page.html().contains("name=\"session\""), "{}", page.html());
        let class_page = browser.get(&format!("/classes/{class}")).await;
        assert!(class_page.html().replace("&#x2f;", "/").contains(&format!("/audit?class={class}")), "{}", class_page.html());
        let (_, log) = amina.get("/api/v1/audit?kind=audit.exported").await;
        assert_eq!(log["items"].as_array().unwrap().len(), 8, "{log}");
        let first = log["items"].as_array().unwrap().last().unwrap();
        assert_eq!(first["actor"]["name"], amina.name.as_str(), "{first}");
        assert_eq!(first["details"], json!({"kind": "class.created", "from": "2026-11-01", "people": [farhan.id]}), "{first}");
        assert_eq!(farhan.browser(app).get("/audit.csv").await.status(), 403);
        let root = app.super_admin().await.browser(app).get("/audit.csv").await;
        assert!(root.status() == 200 && !root.html().contains("Grammar"), "the server's own log alone: {}", root.html());
        let (status, of_class) = amina.get(&format!("/api/v1/audit?class_id={class}&kind=session")).await;
        assert_eq!((status, of_class["items"].as_array().unwrap().len()), (200, 1), "{of_class}");
    }
);

story!(
    /// A long log is read to the most a file holds, no line twice and none missing, and the last line says where to go on.
    a_long_log_is_cut_and_says_so, |app| async {
        let oakwood = app.organization("oakwood").await;
        let browser = oakwood.admin().await.browser(app);
        let of = oakwood.id.uuid().simple().to_string();
        let (more, most) = (50, 100_000);
        // Ten a second: their order is decided by their ids too.
        let made = match app.database.engine {
            Engine::Sqlite => format!(
                "with recursive n(i) as (select 0 union all select i + 1 from n where i < {last})
                 insert into audit (id, organization_id, at, kind, actor_kind, details)
                 select randomblob(16), unhex('{of}'), strftime('%Y-%m-%dT%H:%M:%S+00:00', '2026-01-01', (i / 10) || ' seconds'), 'join.refused', 'nobody', '{{\"why\":\"forged\"}}' from n",
                last = most + more - 1
            ),
            Engine::Postgres => format!(
                "insert into audit (id, organization_id, at, kind, actor_kind, details)
                 select gen_random_uuid(), '{of}'::uuid, '2026-01-01T00:00:00Z'::timestamptz + (i / 10) * interval '1 second', 'join.refused', 'nobody', '{{\"why\":\"forged\"}}'
                 from generate_series(0, {last}) i",
                last = most + more - 1
            ),
        };
        app.database.execute(&made).await;
        let file = browser.get("/audit.csv?kind=join.refused").await;
        let rows = lines(file.html());
        assert_eq!(rows.len(), 1 + most + 1, "{:?}", rows.last());
        let told = "\"Cut off here: a file holds at most 100000 lines. Export what is older by itself, with 2026-01-01 as the last day.\"";
        assert!(rows[most + 1].starts_with(&told.replace('"', "")) || rows[most + 1].starts_with(told), "{}", rows[most + 1]);
        assert_eq!(rows[most + 1].matches(',').count() - told.matches(',').count(), 12, "as many fields as every line");
        let ids: BTreeSet<&str> = rows[1..=most].iter().filter_map(|row| row.rsplit(',').next()).collect();
        assert_eq!(ids.len(), most, "no line twice");
        assert!(rows[1..=most].iter().map(|row| &row[..20]).is_sorted_by(|newer, older| newer >= older), "newest first");
        let rest = browser.get("/audit.csv?kind=join.refused&to=2025-12-31").await;
        assert_eq!(lines(rest.html()).len(), 1);
    }
);

story!(
    /// The page says what a change changed, before and now, whatever language it is read in.
    what_changed_is_on_the_page, |app| async {
        let owner = app.organization("oakwood").await.owner().await;
        assert_eq!(owner.patch("/api/v1/organization/branding", json!({"colour": "#ffe600"})).await.0, 200);
        let browser = owner.browser(app);
        for lang in ["en", "bn"] {
            let page = browser.get(&format!("/audit?kind=organization.branding_changed&lang={lang}")).await;
            let line = "<code lang=\"en\" dir=\"ltr\">colour: null → #ffe600</code>";
            assert!(page.html().contains(line), "{lang}: {}", page.html());
        }
    }
);
