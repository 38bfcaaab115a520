//! What `lectern` can be asked to do.

mod demo;
pub mod serve;

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Parser, Subcommand};
use lectern_core::{clock::SystemClock, random::SystemRandomness};

use crate::{app::Outside, config::Config};

/// A self-hosted virtual-classroom server.
#[derive(Debug, Parser)]
#[command(name = "lectern", version)]
struct Command {
    /// The configuration file; it may be missing.
    #[arg(long, env = "LECTERN_CONFIG", default_value = "lectern.toml", global = true)]
    config: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Runs the whole server on simulated platforms, with people and classes, until it is stopped.
    Demo(demo::DemoOptions),
    /// Serves.
    Serve,
    /// Brings the database to this release.
    Migrate,
}

/// Reads the command line and does what it says.
pub async fn main() -> ExitCode {
    let command = Command::parse();
    start_logging();
    match run(command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn start_logging() {
    use tracing_subscriber::{EnvFilter, fmt};
    let filter = EnvFilter::try_from_env("LECTERN_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,tokio_cron_scheduler=warn"));
    fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// The real world.
fn outside() -> Outside {
    Outside { clock: Arc::new(SystemClock), randomness: Arc::new(SystemRandomness), inspect: None }
}

async fn run(command: Command) -> Result<(), Box<dyn std::error::Error>> {
    if let What::Demo(options) = command.what {
        return demo::demo(options).await;
    }
    let config = Config::load(&command.config)?;
    match command.what {
        What::Demo(_) => {}
        What::Serve => serve::serve(config, outside()).await?,
        What::Migrate => migrate(&config).await?,
    }
    Ok(())
}

async fn migrate(config: &Config) -> Result<(), Box<dyn std::error::Error>> {
    match &config.database.url {
        Some(url) => {
            let owner = config
                .database
                .owner_url
                .as_deref()
                .ok_or("database.owner_url is not set: migrating needs the owner of the database")?;
            crate::db::migrate_postgres(owner, url).await?;
        }
        None => {
            std::fs::create_dir_all(&config.data.0)?;
            crate::db::migrate_sqlite(&config.sqlite_file()).await?;
        }
    }
    Ok(())
}
