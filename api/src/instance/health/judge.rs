//! What is said of each part: pure, from what was looked up.

use chrono::{DateTime, TimeDelta, Utc};
use lectern_core::{
    health::{Limits, State, of_regular},
    sentence::Sentence,
};

use super::service::{Facts, Line, TickView};
use crate::{
    disk::{LOW_KIB, NO_SPACE_KIB},
    storage::StorageError,
};

/// Work that is due and with nobody.
const JOBS: Limits = Limits::minutes(2, 15);
/// Deliveries from platforms that nobody read.
const INBOX: Limits = Limits::minutes(1, 10);
/// Events for the live pages without a number.
const OUTBOX: Limits = Limits { warn: TimeDelta::seconds(10), bad: TimeDelta::minutes(2) };
/// An endpoint that has work and no worker.
const HOOKS: Limits = Limits::minutes(5, 60);
/// Since the last backup.
const BACKUP: Limits = Limits { warn: TimeDelta::days(2), bad: TimeDelta::days(8) };

/// How long ago, in the largest unit that fits.
fn ago(age: TimeDelta) -> Sentence {
    let minutes = age.num_minutes().max(0);
    let (sentence, count) = match minutes {
        0..120 => (Sentence::known("said.health.minutes", "{count} min"), minutes),
        120..2880 => (Sentence::known("said.health.hours", "{count} h"), minutes / 60),
        _ => (Sentence::known("said.health.days", "{count} d"), minutes / 1440),
    };
    sentence.with("count", count.to_string())
}

fn limits(limits: &Limits) -> Sentence {
    if limits.warn < TimeDelta::minutes(1) {
        return Sentence::known("said.health.limit_s", "Looked at from {warn} s on, bad from {bad} s on.")
            .with("warn", limits.warn.num_seconds().to_string())
            .with("bad", limits.bad.num_seconds().to_string());
    }
    Sentence::known("said.health.limit", "Looked at from {warn} on, bad from {bad} on.")
        .with("warn", ago(limits.warn))
        .with("bad", ago(limits.bad))
}

fn line(part: &'static str, state: State, seen: Sentence) -> Line {
    Line { part, state, seen, next_step: None, limits: None }
}

impl Line {
    /// What to do about it, where there is something to do.
    fn next(mut self, step: Sentence) -> Self {
        self.next_step = (self.state != State::Ok).then_some(step);
        self
    }

    fn by(mut self, of: &Limits) -> Self {
        self.limits = Some(limits(of));
        self
    }
}

/// Every part.
pub(super) fn lines(facts: &Facts, ticks: &[TickView], now: DateTime<Utc>) -> Vec<Line> {
    let mut lines = vec![version(facts, now), database(facts), size(facts)];
    lines.extend(facts.free_kib.map(disk));
    lines.extend([
        files(facts),
        jobs(facts, now),
        dead(facts),
        inbox(facts, now),
        outbox(facts, now),
        hooks(facts, now),
        mail(facts),
        regular(ticks),
        tasks(facts),
        sockets(facts),
        backup(facts, now),
    ]);
    lines
}

fn version(facts: &Facts, now: DateTime<Utc>) -> Line {
    let seen = Sentence::known("said.health.version", "Lectern {version}; this process began {age} ago.");
    line("version", State::Ok, seen.with("version", facts.version).with("age", ago(now - facts.started_at)))
}

fn database(facts: &Facts) -> Line {
    let (state, seen) = match facts.schema.cmp(&facts.newest) {
        std::cmp::Ordering::Equal => (
            State::Ok,
            Sentence::known(
                "said.health.database",
                "{engine}; its tables are those of this release, {schema}.",
            ),
        ),
        std::cmp::Ordering::Greater => (
            State::Warn,
            Sentence::known(
                "said.health.database_newer",
                "{engine}; its tables are of a newer release, {schema}.",
            ),
        ),
        std::cmp::Ordering::Less => (
            State::Bad,
            Sentence::known(
                "said.health.database_older",
                "{engine}; its tables are of an older release, {schema}.",
            ),
        ),
    };
    let step = match state {
        State::Bad => Sentence::known("said.health.migrate", "Run lectern migrate, then restart the server."),
        _ => Sentence::known(
            "said.health.update",
            "Update this server too, or leave it as it is while an update is being taken back.",
        ),
    };
    let seen = seen.with("engine", facts.engine.clone()).with("schema", facts.schema.to_string());
    line("database", state, seen).next(step)
}

fn size(facts: &Facts) -> Line {
    let seen = Sentence::known("said.health.size", "The database takes {mib} MiB.");
    line("size", State::Ok, seen.with("mib", (facts.bytes >> 20).to_string()))
}

fn disk(kib: u64) -> Line {
    let state = match kib {
        0..NO_SPACE_KIB => State::Bad,
        NO_SPACE_KIB..LOW_KIB => State::Warn,
        _ => State::Ok,
    };
    let seen = Sentence::known("said.health.disk", "{mib} MiB are free where the data folder lies.");
    let told = Sentence::known("said.health.limit_disk", "Looked at below {low} MiB, bad below {none} MiB.")
        .with("low", (LOW_KIB >> 10).to_string())
        .with("none", (NO_SPACE_KIB >> 10).to_string());
    let step = Sentence::known(
        "said.health.make_room",
        "Make room, or move the data folder: without it nothing can be saved.",
    );
    let mut line = line("disk", state, seen.with("mib", (kib >> 10).to_string())).next(step);
    line.limits = Some(told);
    line
}

fn files(facts: &Facts) -> Line {
    let at = |seen: Sentence| seen.with("place", facts.files.place.clone());
    let (seen, step) = match &facts.files.said {
        Ok(()) => {
            let seen = Sentence::known("said.health.files", "Files can be written to {place}.");
            return line("files", State::Ok, at(seen));
        }
        Err(StorageError::Refused(_)) => (
            Sentence::known("said.health.files_refused", "Files may not be written to {place}."),
            Sentence::known(
                "said.health.files_refused_step",
                "Make the folder writable for the user that runs Lectern; for a bucket check the key, its secret and what it may do. lectern doctor says more.",
            ),
        ),
        Err(_) => (
            Sentence::known("said.health.files_down", "Files cannot be written to {place} right now."),
            Sentence::known(
                "said.health.files_down_step",
                "Check that the disk is there and has room; for a bucket check its name, its region, the endpoint and the network between. lectern doctor says more.",
            ),
        ),
    };
    line("files", State::Bad, at(seen)).next(step)
}

fn jobs(facts: &Facts, now: DateTime<Utc>) -> Line {
    let age = facts.due.since.map(|since| now - since);
    let seen = match age {
        None => Sentence::known("said.health.jobs_none", "No job is due that nobody does."),
        Some(age) => Sentence::known("said.health.jobs", "Jobs due: {count}, the oldest for {age}.")
            .with("count", facts.due.number.to_string())
            .with("age", ago(age)),
    };
    let step = Sentence::known(
        "said.health.jobs_step",
        "See on the page Jobs which kind waits. If nothing moves, look at the background tasks below and restart the server.",
    );
    line("jobs", JOBS.judge(age), seen).next(step).by(&JOBS)
}

fn dead(facts: &Facts) -> Line {
    let state = if facts.dead > 0 { State::Warn } else { State::Ok };
    let seen = if facts.dead > 0 {
        Sentence::known("said.health.dead", "Pieces of work that gave up in the last 30 days: {count}.")
            .with("count", facts.dead.to_string())
    } else {
        Sentence::known("said.health.dead_none", "Nothing gave up in the last 30 days.")
    };
    let step = Sentence::known(
        "said.health.dead_step",
        "Read the errors on the page Jobs, mend the cause, then retry or discard them.",
    );
    line("dead", state, seen).next(step)
}

fn inbox(facts: &Facts, now: DateTime<Utc>) -> Line {
    let age = facts.backlog.waits_since.map(|since| now - since);
    let seen = match age {
        None => Sentence::known("said.health.inbox_none", "Everything platforms told is read."),
        Some(age) => Sentence::known(
            "said.health.inbox",
            "What platforms told and nobody read: {count}, the oldest for {age}.",
        )
        .with("count", facts.backlog.waiting.to_string())
        .with("age", ago(age)),
    };
    let step = Sentence::known(
        "said.health.inbox_step",
        "It is read by itself. If it grows, look at the background tasks below and at the log.",
    );
    line("inbox", INBOX.judge(age), seen).next(step).by(&INBOX)
}

fn outbox(facts: &Facts, now: DateTime<Utc>) -> Line {
    let age = facts.lag.since.map(|since| now - since);
    let seen = match age {
        None => Sentence::known("said.health.outbox_none", "Live pages are told everything."),
        Some(age) => Sentence::known(
            "said.health.outbox",
            "Events that live pages were not told yet: {count}, the oldest for {age}.",
        )
        .with("count", facts.lag.number.to_string())
        .with("age", ago(age)),
    };
    let step = Sentence::known(
        "said.health.outbox_step",
        "Another server may hold the lease for it. If it stays, restart the servers one after the other.",
    );
    line("outbox", OUTBOX.judge(age), seen).next(step).by(&OUTBOX)
}

fn hooks(facts: &Facts, now: DateTime<Utc>) -> Line {
    let age = facts.hooks.since.map(|since| now - since);
    let seen = Sentence::known("said.health.hooks", "Endpoints of outgoing webhooks: {endpoints}, of which {failing} do not answer well; the longest wait is {age}.")
        .with("endpoints", facts.hooks.endpoints.to_string())
        .with("failing", facts.hooks.failing.to_string())
        .with("age", ago(age.unwrap_or_default()));
    let step = Sentence::known(
        "said.health.hooks_step",
        "Whatever does not answer is its organization to mend. If all wait, look at the background tasks below.",
    );
    line("hooks", HOOKS.judge(age), seen).next(step).by(&HOOKS)
}

fn mail(facts: &Facts) -> Line {
    if !facts.mail.configured {
        let seen = Sentence::known("said.health.mail_none", "No mail server is set: nobody gets mail.");
        let step = Sentence::known(
            "said.health.mail_none_step",
            "Set [mail] host, username, password and from, then restart the server.",
        );
        return line("mail", State::Warn, seen).next(step);
    }
    let step = Sentence::known(
        "said.health.mail_step",
        "Run lectern doctor, which tries the mail server, and read the errors on the page Jobs.",
    );
    let (answered, failed) = (facts.mail.answered, facts.mail.failed);
    // The smaller age is the later one.
    let down = failed.is_some_and(|failed| answered.is_none_or(|answered| failed < answered));
    let (state, seen) = match (answered, failed) {
        (_, Some(failed)) if down => (
            State::Bad,
            Sentence::known(
                "said.health.mail_down",
                "The mail server did not take the last mail, {age} ago.",
            )
            .with("age", ago(failed)),
        ),
        _ if facts.mail.failing > 0 => (
            State::Warn,
            Sentence::known("said.health.mail_failing", "Mails that failed and are tried again: {count}.")
                .with("count", facts.mail.failing.to_string()),
        ),
        (Some(answered), _) => (
            State::Ok,
            Sentence::known("said.health.mail", "The mail server took the last mail {age} ago.")
                .with("age", ago(answered)),
        ),
        (None, _) => (
            State::Ok,
            Sentence::known(
                "said.health.mail_quiet",
                "A mail server is set; this process has sent nothing yet.",
            ),
        ),
    };
    line("mail", state, seen).next(step)
}

fn regular(ticks: &[TickView]) -> Line {
    let state = ticks.iter().map(|tick| tick.judged).max().unwrap_or_default();
    let late = ticks.iter().filter(|tick| tick.judged != State::Ok).count();
    let seen = match late {
        0 => Sentence::known("said.health.ticks", "All regular work is done on time."),
        late => {
            Sentence::known("said.health.ticks_late", "Kinds of regular work that are late or fail: {count}.")
                .with("count", late.to_string())
        }
    };
    let step = Sentence::known(
        "said.health.ticks_step",
        "See below which. If all are late, the server that does them stands still: restart it.",
    );
    let told = Sentence::known(
        "said.health.limit_ticks",
        "Late after three rounds and a minute, bad after ten rounds and five minutes.",
    );
    let mut line = line("ticks", state, seen).next(step);
    line.limits = Some(told);
    line
}

fn tasks(facts: &Facts) -> Line {
    let ended: Vec<&str> = facts.tasks.iter().filter(|(_, alive)| !alive).map(|(name, _)| *name).collect();
    let (state, seen) = if !ended.is_empty() {
        (
            State::Bad,
            Sentence::known("said.health.tasks_ended", "Background tasks that have ended: {names}.")
                .with("names", ended.join(", ")),
        )
    } else if facts.tasks.len() < 2 {
        (State::Warn, Sentence::known("said.health.tasks_none", "This process has no background tasks."))
    } else {
        (
            State::Ok,
            Sentence::known("said.health.tasks", "All background tasks run: {count}.")
                .with("count", facts.tasks.len().to_string()),
        )
    };
    let step = Sentence::known("said.health.tasks_step", "Restart the server; its log says why they ended.");
    line("tasks", state, seen).next(step)
}

fn sockets(facts: &Facts) -> Line {
    let seen = Sentence::known("said.health.sockets", "Live pages connected to this process: {count}.");
    line("sockets", State::Ok, seen.with("count", facts.sockets.to_string()))
}

fn backup(facts: &Facts, now: DateTime<Utc>) -> Line {
    let age = facts.backup_at.map(|at| now - at);
    let (state, seen) = match age {
        None => {
            (State::Warn, Sentence::known("said.health.backup_none", "No backup by lectern backup is known."))
        }
        Some(age) => (
            BACKUP.judge(Some(age)),
            Sentence::known("said.health.backup", "The last backup by lectern backup was made {age} ago.")
                .with("age", ago(age)),
        ),
    };
    let step = Sentence::known(
        "said.health.backup_step",
        "Have lectern backup run every night, and keep the key file apart from it. Backups made in another way are not known here.",
    );
    line("backup", state, seen).next(step).by(&BACKUP)
}

/// How each kind of regular work is.
pub(super) fn tick(
    kind: &'static str,
    period: TimeDelta,
    run: (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    started_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> TickView {
    let (last_done_at, last_failed_at) = run;
    let judged = of_regular(period, last_done_at, last_failed_at, started_at, now);
    TickView {
        kind,
        every_seconds: period.num_seconds(),
        last_done_at,
        last_failed_at,
        state: judged.as_str(),
        judged,
    }
}
