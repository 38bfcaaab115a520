//! Tenants are apart: in the interface on both databases, and on PostgreSQL by the database itself.

use lectern_tests::{Engine, story};
use serde_json::json;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};

story!(
    /// S-14: an id of another organization is an id of nothing, wherever it is put.
    s14_ids_of_others_are_ids_of_nothing, |app| async {
        let (oakwood, elmfield) = (app.organization("oakwood").await, app.organization("elmfield").await);
        let amina = oakwood.admin().await;
        let victim = elmfield.student("victim").await;
        let boss = elmfield.admin().await;
        boss.create("/api/v1/people", json!({"email": "x@elmfield.example", "name": "X", "role": 0, "external_id": "x-1"})).await;
        let before = app.database.rows("select * from people order by id").await;
        let path = format!("/api/v1/people/{}", victim.id);
        let (status, foreign) = amina.get(&path).await;
        assert_eq!(status, 404);
        let (_, missing) = amina.get("/api/v1/people/00000000-0000-0000-0000-0000000000ff").await;
        assert_eq!(foreign, missing, "another's is answered as nobody's");
        assert_eq!(amina.patch(&path, json!({"first_name": "Changed"})).await.0, 404);
        let (_, found) = amina.get("/api/v1/people?external_id=x-1").await;
        assert_eq!(found["items"], json!([]));
        let browser = amina.browser(app);
        let page = browser.get("/people").await;
        assert!(!page.html().contains("elmfield"));
        let (_, hidden) = page.forms().into_iter().find(|(to, _)| to == "/people").unwrap();
        let csrf = [(hidden[0].0.as_str(), hidden[0].1.as_str())];
        assert_eq!(browser.post(&format!("/people/{}/disable", victim.id), &csrf).await.status(), 404);
        assert_eq!(app.database.rows("select * from people order by id").await, before);
        // The same address and the same external id may exist in both.
        amina.create("/api/v1/people", json!({"email": "x@elmfield.example", "name": "X", "role": 0, "external_id": "x-1"})).await;
    }
);

/// Signed in as the server is, but by hand.
async fn as_role(url: &str, role: &str) -> PgConnection {
    let options: PgConnectOptions = url.parse().unwrap();
    let mut connection = options.disable_statement_logging().connect().await.unwrap();
    connection.execute(AssertSqlSafe(format!("set role {role}"))).await.unwrap();
    connection
}

async fn count(connection: &mut PgConnection, sql: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(connection).await.unwrap()
}

story!(
    /// S-15: PostgreSQL itself shows a connection without a tenant nothing, and one tenant nothing of another.
    s15_the_database_keeps_tenants_apart, |app| async {
        let (oakwood, elmfield) = (app.organization("oakwood").await, app.organization("elmfield").await);
        oakwood.student("ayesha").await;
        elmfield.student("stranger").await;
        if app.database.engine == Engine::Sqlite {
            // SQLite has no such wall; there the type and the stories of the interface are the wall.
            return;
        }
        let (mine, theirs) = (oakwood.id, elmfield.id);
        let mut connection = as_role(&app.database.url(), "lectern_app").await;
        assert_eq!(count(&mut connection, "select count(*) from people").await, 0, "no tenant, no rows");
        let asked = format!("select count(*) from people where organization_id = '{theirs}'");
        let mut tx = connection.begin().await.unwrap();
        tx.execute(AssertSqlSafe(format!("select set_config('lectern.organization', '{mine}', true)"))).await.unwrap();
        assert_eq!(count(&mut tx, "select count(*) from people").await, 1);
        assert_eq!(count(&mut tx, &asked).await, 0, "another tenant's rows");
        let taken = format!("update people set first_name = 'Mine' where organization_id = '{theirs}'");
        assert_eq!(tx.execute(AssertSqlSafe(taken)).await.unwrap().rows_affected(), 0);
        let moved = format!("update people set organization_id = '{theirs}'");
        assert!(tx.execute(AssertSqlSafe(moved)).await.is_err(), "a row cannot be moved to another tenant");
        tx.rollback().await.unwrap();
        assert_eq!(count(&mut connection, "select count(*) from people").await, 0, "the tenant ends with the transaction");
        // The queue's role has no way to tenant rows at all.
        let mut worker = as_role(&app.database.url(), "lectern_worker").await;
        let refused = worker.execute("select count(*) from people").await.unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().code().as_deref(), Some("42501"));
        // And this story can fail: without the wall the same questions are answered.
        app.database.execute("alter table people disable row level security").await;
        assert_eq!(count(&mut connection, "select count(*) from people").await, 2);
        assert_eq!(count(&mut connection, &asked).await, 1);
    }
);

story!(
    /// The server refuses to run as a role that row-level security does not bind.
    the_server_refuses_an_unsafe_role, |app| async {
        if app.database.engine == Engine::Sqlite {
            return;
        }
        let refused = lectern_api::db::Db::open_postgres(&app.database.owner_url()).await.unwrap_err();
        assert!(refused.to_string().contains("row-level security"), "{refused}");
        let cluster = app.database.owner_url();
        let (start, _) = cluster.rsplit_once('/').unwrap();
        let refused = lectern_api::db::Db::open_postgres(&format!("{start}/template1")).await.unwrap_err();
        assert!(refused.to_string().contains("lectern migrate"), "{refused}");
    }
);
