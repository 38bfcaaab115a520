//! One story, two databases.

use crate::{Engine, TestApp, database::is_there, logs};

/// Tells a story on one database. Without a PostgreSQL the story is skipped, loudly; with `CI=true` that is a failure.
pub async fn tell<F>(engine: Engine, name: &str, story: F)
where
    F: AsyncFnOnce(&mut TestApp),
{
    if !is_there(engine) {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "LECTERN_TEST_POSTGRES is not set, so {name} cannot run on PostgreSQL; with CI=true that is a failure"
        );
        eprintln!("!! SKIPPED on PostgreSQL: {name} (LECTERN_TEST_POSTGRES is not set)");
        return;
    }
    logs::keep();
    let mut app = TestApp::start(engine).await;
    story(&mut app).await;
    app.finish().await;
}

/// Declares a story: two tests, `name::sqlite` and `name::postgres`.
#[macro_export]
macro_rules! story {
    ($(#[$doc:meta])* $name:ident, |$app:ident| async $body:block) => {
        $(#[$doc])*
        mod $name {
            #[allow(unused_imports, reason = "a story takes what it needs from its chapter")]
            use super::*;

            async fn story($app: &mut $crate::TestApp) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $crate::tell($crate::Engine::Sqlite, concat!(module_path!()), story).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $crate::tell($crate::Engine::Postgres, concat!(module_path!()), story).await;
            }
        }
    };
}
