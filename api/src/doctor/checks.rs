use std::{net::IpAddr, path::Path, sync::Arc, time::Duration};

use lectern_core::random::Randomness;
use tokio::{net::TcpStream, time::timeout};

use super::{Finding, store};
use crate::{
    app::Outside,
    config::Config,
    db::{Db, StoreError, Tx},
    disk::{LOW_KIB, NO_SPACE_KIB},
    keys::{Keys, read_key_file},
    mail::Mailer,
    organizations, run, statement,
    storage::Storage,
};

/// Looks at every part.
pub async fn examine(config: &Config, outside: &Outside) -> Vec<Finding> {
    let mut findings = vec![configuration(config)];
    findings.extend(data_folder(config, outside).await);
    findings.push(files(config).await);
    findings.push(public_url(config).await);
    findings.push(mail(config).await);
    let db = match database(config).await {
        Ok((db, finding)) => {
            findings.push(finding);
            db
        }
        Err(finding) => {
            findings.push(*finding);
            findings.push(key_file_alone(&config.key_file()));
            return findings;
        }
    };
    findings.push(keys(config, &db, &outside.randomness).await);
    match connections(&db).await {
        Ok(more) => findings.extend(more),
        Err(error) => findings.push(Finding::bad(
            "connections",
            format!("they cannot be read: {error}"),
            "Mend the database first; then run this again.",
        )),
    }
    db.close().await;
    findings
}

fn configuration(config: &Config) -> Finding {
    if let Some(problem) = config.server.problem() {
        return Finding::bad("configuration", problem, "Set server.public_url (LECTERN_SERVER__PUBLIC_URL).");
    }
    if config.platforms.allow_loopback {
        return Finding::note(
            "configuration",
            "platforms.allow_loopback is on: platforms on this machine are believed",
            "Turn it off, unless this is a trial with the simulators.",
        );
    }
    let public = config.server.secure_cookies();
    if public && config.server.bind.ip().is_loopback() && config.server.trusted_proxies.is_empty() {
        return Finding::note(
            "configuration",
            "behind a proxy, but server.trusted_proxies is empty: all people share one limit of sign-in tries",
            "Put the proxy's address into server.trusted_proxies, such as [\"127.0.0.1\"].",
        );
    }
    Finding::good("configuration", format!("serves {} on {}", config.server.origin(), config.server.bind))
}

async fn data_folder(config: &Config, outside: &Outside) -> Vec<Finding> {
    let folder = &config.data.0;
    let shown = folder.display();
    if !folder.exists() {
        let next =
            "Nothing to do: `lectern serve` makes it. If there should be one, check the setting `data`.";
        return vec![Finding::note("data folder", format!("{shown} is not there yet"), next)];
    }
    let probe = folder.join(".lectern-doctor");
    let written = std::fs::write(&probe, b"probe").and_then(|()| std::fs::remove_file(&probe));
    if let Err(error) = written {
        let next = format!("Make {shown} writable for the user that runs Lectern.");
        return vec![Finding::bad("data folder", format!("{shown} cannot be written: {error}"), next)];
    }
    let mut findings = vec![Finding::good("data folder", format!("{shown} can be written"))];
    findings.extend(outside.disk.free_kib(folder).await.map(free_space));
    findings
}

async fn files(config: &Config) -> Finding {
    let folder = config.files_folder();
    if config.storage.s3.is_none() && !folder.exists() {
        let next = "Nothing to do: `lectern serve` makes it. If there should be one, check the setting `storage.folder`.";
        return Finding::note("files", format!("{} is not there yet", folder.display()), next);
    }
    let room = match Storage::open(config) {
        Ok(room) => room,
        Err(error) => return Finding::bad("files", error.to_string(), error.next_step()),
    };
    match room.test().await {
        Ok(()) => Finding::good("files", format!("{} can be written", room.place())),
        Err(error) => Finding::bad("files", format!("{}: {error}", room.place()), error.next_step()),
    }
}

fn free_space(kib: u64) -> Finding {
    let seen = format!("{} MiB free", kib >> 10);
    let next = "Make room: without it nothing can be saved.";
    match kib {
        0..NO_SPACE_KIB => Finding::bad("free space", seen, next),
        NO_SPACE_KIB..LOW_KIB => Finding::note("free space", seen, next),
        _ => Finding::good("free space", seen),
    }
}

async fn public_url(config: &Config) -> Finding {
    let url = &config.server.public_url;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default().unwrap_or(443);
    if host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()) {
        return Finding::note(
            "public address",
            format!(
                "{url} can be reached from this machine only: join links and platforms' events cannot work"
            ),
            "Fine for a trial. For real use set server.public_url to the https address people use.",
        );
    }
    let found = timeout(Duration::from_secs(5), tokio::net::lookup_host((host.as_str(), port))).await;
    let Ok(Ok(addresses)) = found else {
        let next = "Check server.public_url and the name's DNS records.";
        return Finding::bad("public address", format!("the name {host} is not known"), next);
    };
    for address in addresses {
        if matches!(timeout(Duration::from_secs(3), TcpStream::connect(address)).await, Ok(Ok(_))) {
            return Finding::good("public address", format!("{url} is known, and {address} answers"));
        }
    }
    Finding::note(
        "public address",
        format!("{host} is known, but port {port} does not answer from here"),
        "Start the proxy and the server; some networks do not let a machine call its own public address.",
    )
}

async fn mail(config: &Config) -> Finding {
    let Some(host) = &config.mail.host else {
        let next =
            "Set [mail] host, username, password and from. Until then people must be told their links.";
        return Finding::note("mail", "no mail server is set: nobody gets mail", next);
    };
    let tested = match Mailer::new(&config.mail) {
        Ok(mailer) => timeout(Duration::from_secs(25), mailer.test()).await,
        Err(error) => return Finding::bad("mail", error.to_string(), "Correct the section [mail]."),
    };
    match tested {
        Ok(Ok(())) => Finding::good("mail", format!("{host}:{} answers", config.mail.port)),
        Ok(Err(error)) => Finding::bad(
            "mail",
            format!("{host}:{}: {error}", config.mail.port),
            "Check mail.host, mail.port (465 with tls, 587 with start_tls), username and password.",
        ),
        Err(_) => Finding::bad(
            "mail",
            format!("{host}:{} does not answer", config.mail.port),
            "Check mail.host and mail.port, and whether a firewall is between.",
        ),
    }
}

type Opened = Result<(Db, Finding), Box<Finding>>;

async fn database(config: &Config) -> Opened {
    let bad = |seen: String, next: &str| Box::new(Finding::bad("database", seen, next));
    let db = match &config.database.url {
        Some(url) => Db::open_postgres(url).await.map_err(|error| {
            let next = match &error {
                crate::db::DatabaseError::NotMigrated => "Run `lectern migrate`.",
                crate::db::DatabaseError::UnsafeRole(_) => "Let `lectern migrate` prepare an ordinary role.",
                crate::db::DatabaseError::Engine(_) => "Check database.url, and whether PostgreSQL runs.",
            };
            bad(error.to_string(), next)
        })?,
        None => {
            let file = config.sqlite_file();
            if !file.exists() {
                return Err(Box::new(Finding::note(
                    "database",
                    format!("{} is not there yet", file.display()),
                    "Nothing to do: `lectern serve` makes it. If there should be one, check the setting `data`.",
                )));
            }
            Db::open_sqlite(&file).await.map_err(|error| match &error {
                crate::db::DatabaseError::Engine(engine) if is_torn(engine) => {
                    bad(error.to_string(), DAMAGED)
                }
                _ => bad(error.to_string(), "Restore a backup, or check the file's owner."),
            })?
        }
    };
    let looked = async {
        let mut tx = db.system_read().await?;
        let missing = missing_table(&mut tx).await?;
        let told = store::engine(&mut tx).await?;
        let check: String = run!(value, tx, QUICK_CHECK, [])?;
        Ok::<_, StoreError>((missing, told, check))
    };
    match looked.await {
        Ok((_, _, check)) if check != "ok" => {
            Err(bad(format!("the file is damaged: {}", check.lines().next().unwrap_or_default()), DAMAGED))
        }
        Ok((None, told, _)) => Ok((db, Finding::good("database", told))),
        Ok((Some(table), ..)) => Err(bad(
            format!("the table {table} is missing: an older release made it"),
            "Run `lectern migrate`.",
        )),
        Err(StoreError::Database(error)) if is_torn(&error) => Err(bad(error.to_string(), DAMAGED)),
        Err(error) => {
            Err(bad(error.to_string(), "Look into the database's own log; restore a backup if it is broken."))
        }
    }
}

const DAMAGED: &str = "Stop the server, keep the damaged file apart, and restore the newest backup.";

/// SQLite's own words for a torn file: SQLITE_CORRUPT (11) with its extended codes, and SQLITE_NOTADB (26).
fn is_torn(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    matches!(code.map(|code| code & 0xff), Some(11 | 26))
}

statement!(system QUICK_CHECK,
    sqlite: "select quick_check from pragma_quick_check limit 1",
    postgres: "select 'ok'");
statement!(system HAS_TABLE,
    sqlite: "select exists (select 1 from sqlite_master where type = 'table' and name = $1)",
    postgres: "select to_regclass($1) is not null");

/// The tables of this release.
const TABLES: &str = include_str!("../../../migrations/tables.txt");

async fn missing_table(tx: &mut Tx) -> Result<Option<&'static str>, StoreError> {
    for table in TABLES.lines().filter_map(|line| line.split_once(' ').map(|(_, table)| table)) {
        let there: bool = run!(value, tx, HAS_TABLE, [table])?;
        if !there {
            return Ok(Some(table));
        }
    }
    Ok(None)
}

fn key_file_alone(file: &Path) -> Finding {
    if !file.exists() {
        return Finding::note(
            "key file",
            format!("{} is not there yet", file.display()),
            "The first start makes it.",
        );
    }
    match read_key_file(file) {
        Ok(_) => Finding::good("key file", format!("{} can be read", file.display())),
        Err(error) => Finding::bad("key file", error.to_string(), "Put the right key file back."),
    }
}

async fn keys(config: &Config, db: &Db, randomness: &Arc<dyn Randomness>) -> Finding {
    let file = config.key_file();
    // Opening would make a key where nothing is sealed yet; the doctor makes nothing.
    let sealed = async {
        let mut tx = db.system_read().await?;
        organizations::service::find(&mut tx, crate::app::OPERATOR).await
    };
    if !file.exists() && matches!(sealed.await, Ok(None)) {
        return key_file_alone(&file);
    }
    let kept = match Keys::open(&file, db.clone(), Arc::clone(randomness)).await {
        Ok(keys) => keys.masters().len(),
        Err(error) => {
            let next =
                "Put the key file back that belongs to this database (a backup made with --with-key has it).";
            return Finding::bad("key file", error.to_string(), next);
        }
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).map_or(0, |data| data.permissions().mode());
        if mode & 0o077 != 0 {
            let next = format!("chmod 600 {}", file.display());
            return Finding::bad("key file", format!("others may read {}", file.display()), next);
        }
    }
    if kept > 1 {
        let next = "When every server was restarted: `lectern rotate-key --drop-old`.";
        return Finding::note(
            "key file",
            format!("it opens this data, and {} old keys are kept", kept - 1),
            next,
        );
    }
    Finding::good("key file", format!("{} opens this data", file.display()))
}

async fn connections(db: &Db) -> Result<Vec<Finding>, StoreError> {
    let mut findings = Vec::new();
    for organization in organizations::service::all(db).await? {
        let mut tx = db.read(organization.id).await?;
        let all = store::connections(&mut tx, organization.id).await?;
        drop(tx);
        let part = organization.slug.as_str();
        let bad: Vec<_> = all.iter().filter(|connection| connection.state != "active").collect();
        if all.is_empty() {
            findings.push(Finding::note(
                part,
                "nobody is connected to a platform",
                "Instructors connect on their page Platforms.",
            ));
        } else if bad.is_empty() {
            findings.push(Finding::good(part, format!("{} connections, all active", all.len())));
        }
        for connection in bad {
            let why = connection.problem.as_deref().unwrap_or(&connection.state);
            findings.push(Finding::bad(
                part,
                format!("{} of {}: {why}", connection.provider, connection.email),
                "That person connects anew on their page Platforms.",
            ));
        }
    }
    Ok(findings)
}
