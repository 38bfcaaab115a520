//! The two databases are one schema, and every statement runs on both under the role it is meant for.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use lectern_api::db::{Kind, registered_statements};
use lectern_tests::{Engine, migrations_folder, story};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Executor, PgConnection, SqlSafeStr, Statement as _,
    postgres::PgConnectOptions, sqlite::SqliteConnectOptions,
};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Table and kind, as declared beside the migrations.
fn declared() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(migrations_folder().join("tables.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (kind, table) = line.split_once(' ').unwrap();
            (table.to_owned(), kind.to_owned())
        })
        .collect()
}

#[test]
fn migrations_have_the_same_names_on_both_engines() {
    let sqlite = names(&migrations_folder().join("sqlite"));
    assert_eq!(sqlite, names(&migrations_folder().join("postgres")));
    for name in sqlite {
        let (version, what) = name.split_once('_').unwrap();
        assert!(version.len() == 12 && version.bytes().all(|b| b.is_ascii_digit()), "{name}");
        assert!(what.ends_with(".sql"), "{name}");
    }
}

story!(
    /// `migrations/tables.txt` declares exactly the tables there are, each of one of the three kinds.
    every_table_is_declared, |app| async {
        let declared = declared();
        assert_eq!(app.database.tables().await, declared.keys().cloned().collect::<Vec<_>>());
        let kinds: BTreeSet<_> = declared.values().map(String::as_str).collect();
        assert_eq!(kinds, BTreeSet::from(["queue", "routing", "tenant"]));
    }
);

story!(
    /// Both engines have the same columns, and the same of them may be null.
    both_engines_have_the_same_columns, |app| async {
        if app.database.engine == Engine::Sqlite {
            return;
        }
        let other = tempfile::tempdir().unwrap();
        let sqlite = lectern_tests::Database::make(Engine::Sqlite, other.path()).await;
        for table in declared().keys() {
            let mut here = sqlite
                .rows(&format!("select name, case when \"notnull\" or pk > 0 then 'no' else 'yes' end from pragma_table_info('{table}')"))
                .await;
            let mut there = app
                .database
                .rows(&format!("select column_name::text, lower(is_nullable::text) from information_schema.columns where table_schema = 'public' and table_name = '{table}'"))
                .await;
            here.sort();
            there.sort();
            assert_eq!(here, there, "{table}");
        }
    }
);

story!(
    /// PostgreSQL: tenant tables are walled for everybody, the queue's role has no way in, and each kind has its own grants.
    every_table_has_its_kinds_walls, |app| async {
        if app.database.engine == Engine::Sqlite {
            return;
        }
        let walls = app.database.rows(
            "select c.relname::text, c.relrowsecurity, c.relforcerowsecurity,
                    (select count(*) from pg_policies p where p.tablename = c.relname and p.qual like '%lectern.organization%' and p.with_check like '%lectern.organization%'),
                    (select count(*) from pg_policies p where p.tablename = c.relname),
                    has_table_privilege('lectern_app', c.oid, 'select'),
                    has_table_privilege('lectern_app', c.oid, 'insert'),
                    has_table_privilege('lectern_app', c.oid, 'update') or has_table_privilege('lectern_app', c.oid, 'delete'),
                    has_table_privilege('lectern_worker', c.oid, 'select') or has_table_privilege('lectern_worker', c.oid, 'insert')
                        or has_table_privilege('lectern_worker', c.oid, 'update') or has_table_privilege('lectern_worker', c.oid, 'delete'),
                    has_table_privilege('lectern_app', c.oid, 'truncate') or has_table_privilege('lectern_worker', c.oid, 'truncate'),
                    exists (select 1 from information_schema.columns i where i.table_name = c.relname and i.column_name = 'organization_id'),
                    pg_get_userbyid(c.relowner) in ('lectern_app', 'lectern_worker', 'lectern_login')
             from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> '_sqlx_migrations'",
        ).await;
        let declared = declared();
        assert_eq!(walls.len(), declared.len());
        for row in walls {
            let [table, enabled, forced, policies, all, read, insert, change, worker, truncate, tenant, owned] =
                &row[..] else { panic!("{row:?}") };
            let seen = [enabled, forced, policies, all, read, insert, change, worker].map(String::as_str);
            match declared[table].as_str() {
                "tenant" => {
                    assert_eq!(seen[..4], ["true", "true", "1", "1"], "{table}: enabled, forced, one policy for reading and writing");
                    assert_eq!((read.as_str(), insert.as_str(), worker.as_str()), ("true", "true", "false"), "{table}");
                    assert_eq!(tenant, "true", "{table} has organization_id");
                }
                "routing" => assert_eq!(seen[4..], ["true", "true", "true", "true"], "{table}"),
                _ => assert_eq!(seen[4..], ["false", "true", "false", "true"], "{table}: the app only inserts"),
            }
            assert_eq!((truncate.as_str(), owned.as_str()), ("false", "false"), "{table}");
        }
    }
);

story!(
    /// Links between tenant tables carry the tenant: a row cannot point at another tenant's.
    foreign_keys_carry_the_tenant, |app| async {
        if app.database.engine == Engine::Sqlite {
            return;
        }
        let declared = declared();
        let keys = app.database.rows(
            "select c.conrelid::regclass::text, c.confrelid::regclass::text, pg_get_constraintdef(c.oid) from pg_constraint c
             where c.contype = 'f' and c.connamespace = 'public'::regnamespace",
        ).await;
        assert!(!keys.is_empty());
        for key in keys {
            let both = declared[&key[0]] == "tenant" && declared[&key[1]] == "tenant";
            assert!(!both || key[2].starts_with("FOREIGN KEY (organization_id, "), "{key:?}");
        }
    }
);

story!(
    /// Every statement of the program is understood by the engine and allowed to the role it runs under.
    every_statement_can_run, |app| async {
        let mut known = BTreeSet::new();
        let mut wrong = Vec::new();
        match app.database.engine {
            Engine::Sqlite => {
                let mut connection =
                    SqliteConnectOptions::new().filename(app.database.file()).connect().await.unwrap();
                for statement in registered_statements() {
                    known.insert(statement.name);
                    if let Err(error) = (&mut connection).prepare(statement.sqlite.into_sql_str()).await {
                        wrong.push(format!("{}: {error}", statement.name));
                    }
                }
            }
            Engine::Postgres => {
                let options: PgConnectOptions = app.database.url().parse().unwrap();
                let mut tenant = as_role(&options, "lectern_app").await;
                let mut system = as_role(&options, "lectern_worker").await;
                for statement in registered_statements() {
                    known.insert(statement.name);
                    let connection =
                        if statement.kind == Kind::Tenant { &mut tenant } else { &mut system };
                    if let Err(error) = explain(connection, statement.postgres).await {
                        wrong.push(format!("{}: {error}", statement.name));
                    }
                }
            }
        }
        assert!(known.len() > 40, "the statements register themselves");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
);

async fn as_role(options: &PgConnectOptions, role: &str) -> PgConnection {
    let mut connection = options.clone().disable_statement_logging().connect().await.unwrap();
    connection.execute(AssertSqlSafe(format!("set role {role}"))).await.unwrap();
    connection
}

/// Plans it, which also checks the role's grants; preparing alone does not.
async fn explain(connection: &mut PgConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    let parameters = match (&mut *connection).prepare(sql.into_sql_str()).await?.parameters() {
        Some(sqlx::Either::Left(types)) => types.len(),
        Some(sqlx::Either::Right(count)) => count,
        None => 0,
    };
    connection.execute(AssertSqlSafe(format!("prepare one as {sql}"))).await?;
    let nulls = vec!["null"; parameters].join(", ");
    let call = if parameters == 0 { "one".to_owned() } else { format!("one({nulls})") };
    let explained = connection.execute(AssertSqlSafe(format!("explain execute {call}"))).await;
    connection.execute("deallocate one").await?;
    explained.map(drop)
}

story!(
    /// A registered statement on tenant rows names the tenant first; SQLite has no other wall.
    tenant_statements_name_the_tenant, |app| async {
        if app.database.engine == Engine::Postgres {
            return;
        }
        for statement in registered_statements().filter(|statement| statement.kind == Kind::Tenant) {
            for sql in [statement.sqlite, statement.postgres] {
                // What touches no table (a lock) has no row to keep apart.
                if !declared().keys().any(|table| ["from", "into", "update", "join"].iter().any(|word| sql.contains(&format!("{word} {table}")))) {
                    continue;
                }
                assert!(sql.contains("organization_id"), "{}: {sql}", statement.name);
            }
        }
    }
);

/// Nobody calls another capability's `store`: a service function that takes the open transaction is the door.
#[test]
fn stores_are_called_by_their_own_capability() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/src");
    let mut stores = Vec::new();
    let mut files = Vec::new();
    let mut folders = vec![source.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.join("store.rs").exists() || path.join("store").is_dir() {
                    stores.push(path.file_name().unwrap().to_str().unwrap().to_owned());
                }
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                files.push(path);
            }
        }
    }
    assert!(stores.contains(&"people".to_owned()), "{stores:?}");
    let mut crossings = Vec::new();
    for file in files {
        let own = file.strip_prefix(&source).unwrap();
        let own = own.components().next().unwrap().as_os_str().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let paths = used_paths(&text).into_iter().chain(text.lines().map(|line| line.trim().to_owned()));
        for path in paths.filter(|path| !path.starts_with("//")) {
            for store in stores.iter().filter(|store| **store != own) {
                let crosses = path.contains(&format!("{store}::store"));
                let allowed = WRITTEN_BY_ALL.iter().any(|door| path.contains(door))
                    || (own == "append.rs" && path.contains("webhooks_in::store::insert"));
                if crosses && !allowed {
                    crossings.push(format!("{}: {path}", file.display()));
                }
            }
        }
    }
    assert!(crossings.is_empty(), "{}", crossings.join("\n"));
}

/// What every transaction may write beside its own rows: its audit entry and the job that must follow. Both tables are
/// only added to, so their `insert` is their service. (The appending task writes deliveries beside audit entries, in one
/// commit.)
const WRITTEN_BY_ALL: &[&str] = &[
    "audit::store::insert",
    "jobs::store::insert",
    "jobs::store::NewJob",
    "jobs::store::{self as jobs, NewJob}",
    "jobs::storeas",
    "jobs::store::selfas",
    "jobs::store as",
];

/// The paths of all `use` items, with their braces opened.
fn used_paths(text: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for (at, _) in text.match_indices("use ") {
        let begins = text[..at].ends_with('\n') || text[..at].ends_with("pub ") || at == 0;
        if let Some((item, _)) = text[at + 4..].split_once(';').filter(|_| begins) {
            let item: String = item.split_whitespace().collect();
            open_braces("", &item, &mut paths);
        }
    }
    paths
}

fn open_braces(before: &str, item: &str, paths: &mut Vec<String>) {
    let Some((start, rest)) = item.split_once('{') else {
        paths.push(format!("{before}{item}"));
        return;
    };
    let inside = rest.strip_suffix('}').unwrap_or(rest);
    let (mut depth, mut from) = (0, 0);
    for (at, sign) in inside.char_indices().chain([(inside.len(), ',')]) {
        match sign {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if from < at {
                    open_braces(&format!("{before}{start}"), &inside[from..at], paths);
                }
                from = at + 1;
            }
            _ => {}
        }
    }
}

#[test]
fn braces_in_use_items_are_opened() {
    let text = "use crate::{\n    a,\n    b::{self, store::{self as s, X}},\n};\npub use super::c;\n";
    assert_eq!(
        used_paths(text),
        ["crate::a", "crate::b::self", "crate::b::store::selfass", "crate::b::store::X", "super::c"]
    );
}
