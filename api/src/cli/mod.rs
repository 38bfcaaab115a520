//! What `lectern` can be asked to do.

mod admin;
mod demo;
pub mod serve;

use std::{io::Write, path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Parser, Subcommand};
use lectern_core::{
    clock::{Clock, SystemClock},
    random::SystemRandomness,
    schedule::IanaZones,
};

use crate::{
    app::{App, Outside},
    config::Config,
    disk::Df,
};

/// A self-hosted virtual-classroom server.
#[derive(Debug, Parser)]
#[command(name = "lectern", version)]
struct Command {
    /// The configuration file; left out: lectern.toml, if it is there.
    #[arg(long, env = "LECTERN_CONFIG", global = true)]
    config: Option<PathBuf>,
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
    /// Makes and changes organizations and people.
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Looks at everything this installation needs and says what to do; exits with 1 when something is bad.
    Doctor,
    /// Writes a backup into a new folder; the server may go on serving.
    Backup {
        /// The folder.
        to: PathBuf,
        /// With the key file: whoever holds both can read every sealed value.
        #[arg(long)]
        with_key: bool,
    },
    /// Puts a backup into an empty place: the one the configuration names.
    Restore {
        /// The backup's folder.
        from: PathBuf,
    },
    /// Wraps all data keys under a new master key; the old one stays in the key file.
    RotateKey {
        /// Takes the old master keys out of the key file instead, after every server was restarted.
        #[arg(long)]
        drop_old: bool,
    },
    /// Prints the interface's OpenAPI document.
    Openapi,
}

/// Reads the command line and does what it says.
pub async fn main() -> ExitCode {
    let command = Command::parse();
    start_logging();
    let serves = matches!(command.what, What::Serve);
    match run(command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if serves => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
        // Somebody typed it and reads it.
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "lectern: {error}");
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
    Outside {
        clock: Arc::new(SystemClock),
        randomness: Arc::new(SystemRandomness),
        zones: Arc::new(IanaZones),
        disk: Arc::new(Df),
        inspect: None,
    }
}

/// What a command ends with, in words for whoever typed it.
type Failed = Box<dyn std::error::Error + Send + Sync>;

async fn run(command: Command) -> Result<(), Failed> {
    if matches!(command.what, What::Openapi) {
        return admin::say(&serde_json::to_string_pretty(&crate::openapi::document())?);
    }
    if let What::Demo(options) = command.what {
        return demo::demo(options).await;
    }
    let file = match command.config {
        // One that is named is meant: without it an empty server would start.
        Some(file) if !file.exists() => {
            return Err(format!("the configuration file {} is not there", file.display()).into());
        }
        Some(file) => file,
        None => PathBuf::from("lectern.toml"),
    };
    let config = match Config::load(&file) {
        Err(error) if matches!(command.what, What::Doctor) => {
            admin::say(&format!("BAD   configuration  {error}"))?;
            return Err("the configuration cannot be read".into());
        }
        loaded => loaded?,
    };
    match command.what {
        What::Demo(_) => Ok(()),
        What::Serve => serve::serve(config, outside()).await,
        What::Migrate => migrate(&config).await,
        What::Admin(what) => {
            let app = App::open(config, outside()).await?;
            let done = admin::run(&app, what).await;
            app.db.close().await;
            done
        }
        What::Doctor => doctor(&config).await,
        What::Backup { to, with_key } => {
            let made = crate::backup::backup(&config, &to, with_key, SystemClock.now()).await?;
            admin::say(&format!(
                "backed up {} rows of {} tables to {}",
                rows(&made),
                made.tables.len(),
                to.display()
            ))?;
            if let Err(error) = crate::instance::health::note_backup(&config, made.made_at).await {
                admin::say(&format!(
                    "it could not be noted in the database that there is a backup: {error}"
                ))?;
            }
            if let Some(bucket) = &made.files_elsewhere {
                admin::say(&format!(
                    "files are not in it: they lie in the bucket {bucket}, which needs a backup of its own"
                ))?;
            }
            let (there, next) = match with_key {
                true => ("is in it", "whoever holds this folder can read every sealed value"),
                false => ("is not in it", "keep a copy of it elsewhere: without it sealed values are lost"),
            };
            admin::say(&format!("the key file {} {there}: {next}", config.key_file().display()))
        }
        What::Restore { from } => {
            let (manifest, has_key) = crate::backup::restore(&config, &from).await?;
            admin::say(&format!(
                "restored {} rows of {} tables, as of {}",
                rows(&manifest),
                manifest.tables.len(),
                manifest.made_at
            ))?;
            if let Some(bucket) = &manifest.files_elsewhere {
                admin::say(&format!(
                    "files were not in it: they are still in the bucket {bucket}, or in a backup of that"
                ))?;
            }
            if !has_key {
                admin::say(&format!(
                    "now put the key file back as {}: without it the server refuses to start",
                    config.key_file().display()
                ))?;
            }
            Ok(())
        }
        What::RotateKey { drop_old } => rotate_key(config, drop_old).await,
        What::Openapi => Ok(()),
    }
}

fn rows(manifest: &crate::backup::Manifest) -> u64 {
    manifest.tables.values().map(|table| table.rows).sum()
}

async fn doctor(config: &Config) -> Result<(), Failed> {
    let findings = crate::doctor::examine(config, &outside()).await;
    for finding in &findings {
        admin::say(&finding.to_string())?;
    }
    match findings.iter().filter(|finding| finding.health == crate::doctor::Health::Bad).count() {
        0 => Ok(()),
        bad => Err(format!("{bad} of {} parts are bad", findings.len()).into()),
    }
}

async fn rotate_key(config: Config, drop_old: bool) -> Result<(), Failed> {
    let app = App::open(config, outside()).await?;
    let file = app.config.key_file().display().to_string();
    if drop_old {
        let dropped = app.keys.drop_old().await?;
        admin::say(&format!("dropped {dropped} old master keys from {file}"))?;
    } else {
        let wrapped = app.keys.rotate().await?;
        admin::say(&format!("wrapped {wrapped} data keys under a new master key, the first line of {file}"))?;
        admin::say(
            "restart every server, keep a copy of the key file, and then: lectern rotate-key --drop-old",
        )?;
    }
    app.db.close().await;
    Ok(())
}

async fn migrate(config: &Config) -> Result<(), Failed> {
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
            crate::files::make_folder(&config.data.0)?;
            crate::files::make_file(&config.sqlite_file())?;
            crate::db::migrate_sqlite(&config.sqlite_file()).await?;
        }
    }
    Ok(())
}
