//! Measures the server: `cargo build --release && cargo run --release -p lectern-tests --features measure --bin measure -- <what>`.
//!
//! Figures only compare within one run on one machine: what else uses the disk changes durable figures twenty-fold. So a run
//! begins with the machine and what its disk does. `core/docs/performance.md` holds a run, and the aims beside it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a command that prints figures and stops at the first surprise"
)]

mod figures;
mod http;
mod ingest;
mod join;
mod live;
mod machine;
mod reminders;
mod rush;
mod scale;
mod site;
mod start;
mod trials;

use std::env;

use lectern_tests::{Engine, is_there};

const WHAT: &[&str] =
    &["ingest", "join", "rush", "live", "start", "scale", "reminders", "starts", "attendance"];

#[tokio::main]
async fn main() {
    let asked: Vec<String> = env::args().skip(1).collect();
    let engines: Vec<Engine> = [("sqlite", Engine::Sqlite), ("postgres", Engine::Postgres)]
        .into_iter()
        .filter(|(name, _)| only(&asked, &["sqlite", "postgres"]).is_none_or(|only| only.contains(name)))
        .map(|(_, engine)| engine)
        .collect();
    let what = only(&asked, WHAT).unwrap_or_else(|| WHAT.to_vec());
    if asked.iter().any(|word| !WHAT.contains(&&**word) && word != "sqlite" && word != "postgres") {
        println!("measure [{}]… [sqlite|postgres]", WHAT.join("|"));
        return;
    }
    machine::describe();
    for engine in engines {
        if !is_there(engine) {
            println!("{}: LECTERN_TEST_POSTGRES is not set, nothing is measured", name(engine));
            continue;
        }
        for what in &what {
            println!("\n{what}, {}:", name(engine));
            machine::probe();
            match *what {
                "ingest" => ingest::measure(engine).await,
                "join" => join::measure(engine).await,
                "rush" => rush::measure(engine).await,
                "live" => live::measure(engine).await,
                "start" => start::measure(engine).await,
                "scale" => scale::measure(engine).await,
                "reminders" => reminders::measure(engine).await,
                "starts" => trials::starts(engine).await,
                _ => trials::attendance(engine).await,
            }
        }
    }
}

/// The words among these that were asked for, unless there are none.
fn only<'a>(asked: &[String], among: &[&'a str]) -> Option<Vec<&'a str>> {
    let chosen: Vec<&str> =
        among.iter().copied().filter(|word| asked.iter().any(|asked| asked == word)).collect();
    (!chosen.is_empty()).then_some(chosen)
}

fn name(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SQLite",
        Engine::Postgres => "PostgreSQL",
    }
}
