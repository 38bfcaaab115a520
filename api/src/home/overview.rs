//! An administrator's first page.

use chrono::{DateTime, Days, Duration, NaiveDate, NaiveTime, Utc};
use lectern_core::{calendar::week_begins, sentence::Sentence};
use lectern_web::pages::{
    overview::{Overview, SetUpStep, WeekColumn},
    today::{Trouble, TroubledSession},
};

use super::{
    day::{self, Clock, STILL_ON},
    store::{self, Failing, Standing},
    today::FEW,
};
use crate::{app::App, db::Tx, error::ApiError, extract::SignedIn, live::feed::instant, people, sessions};

/// Sessions of today that are shown; the calendar has the others.
const SHOWN: usize = 8;
/// Sessions of today among which those are found.
const LOOKED_AT: i64 = 500;
/// Sessions without their meeting that are looked at for what stands in the way.
const MOST_FAILING: usize = 200;
/// What stands in the way of sessions so far ahead is shown.
const AHEAD: Duration = Duration::days(7);
/// Weeks of the chart: those behind us, this one and the next.
const WEEKS: u64 = 8;

pub(super) async fn page(app: &App, who: &SignedIn) -> Result<Overview, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let clock = Clock::of(app, &mut tx, who).await?;
    let whose = sessions::service::whose(who);
    let mut lines =
        sessions::service::lines(&mut tx, who.organization, whose, clock.today, None, LOOKED_AT).await?;
    let first = sessions::service::by_day(&mut tx, who.organization, &[clock.today], 1).await?;
    let today = first.first().map_or(0, |first| first.total);
    // What is over makes room for what runs and what is to come.
    let to_come = lines.iter().position(|line| line.session.ends_at > clock.now).unwrap_or(lines.len());
    lines.drain(..to_come.min(lines.len().saturating_sub(SHOWN)));
    lines.truncate(SHOWN);
    let entries = day::entries(&mut tx, who, &clock, &lines).await?;
    let more = today.saturating_sub(u32::try_from(entries.len()).unwrap_or(u32::MAX));
    let standing = store::standing(&mut tx, who.organization).await?;
    Ok(Overview {
        live: sessions::service::live_count(&mut tx, who).await?,
        today,
        people: u32::try_from(people::service::count(&mut tx, who.organization).await?).unwrap_or(u32::MAX),
        troubles: troubles(&mut tx, who, &clock, &standing).await?,
        steps: steps(&standing),
        weeks: weeks(app, &mut tx, who, &clock).await?,
        day: day::day(app, &mut tx, who, &clock, entries, more).await?,
    })
}

async fn troubles(
    tx: &mut Tx,
    who: &SignedIn,
    clock: &Clock,
    standing: &Standing,
) -> Result<Vec<Trouble>, ApiError> {
    let mut troubles = Vec::new();
    if standing.lost > 0 {
        troubles.push(Trouble {
            about: None,
            words: Sentence::known(
                "said.home.lost",
                "Accounts that have to be connected again: {count}. Their classes cannot start.",
            )
            .with("count", standing.lost.to_string()),
            url: "/connections".to_owned(),
            action: "connections",
        });
    }
    let reach = (clock.now - STILL_ON, clock.now + AHEAD);
    let failing = store::failing(tx, who.organization, clock.now, reach, MOST_FAILING).await?;
    let names =
        people::service::names(tx, who.organization, failing.iter().map(|row| row.instructor)).await?;
    // One cause is one trouble: a lost account fails every session of its teacher.
    let mut causes: Vec<(Failing, u32)> = Vec::new();
    for row in failing {
        let same =
            |(first, _): &&mut (Failing, u32)| first.instructor == row.instructor && first.words == row.words;
        match causes.iter_mut().find(same) {
            Some((_, more)) => *more += 1,
            None => causes.push((row, 0)),
        }
    }
    troubles.extend(causes.into_iter().take(FEW).map(|(first, more)| Trouble {
        about: Some(TroubledSession {
            title: first.title,
            starts_at: instant(first.starts_at),
            instructor: names.get(&first.instructor).cloned(),
            more,
        }),
        words: first.words,
        url: format!("/sessions/{}", first.session),
        action: "open",
    }));
    Ok(troubles)
}

/// What is left to do before the first class; nothing once all is done.
fn steps(standing: &Standing) -> Vec<SetUpStep> {
    let step = |step, done, url| SetUpStep { step, done, url };
    let steps = vec![
        step("platform", standing.platform, "/platforms"),
        step("teachers", standing.teachers, "/people"),
        step("students", standing.students, "/people"),
        step("connect", standing.connected, "/connections"),
        step("class", standing.classes, "/schedule"),
        step("session", standing.sessions, "/schedule"),
    ];
    if steps.iter().all(|step| step.done) { Vec::new() } else { steps }
}

/// The weeks around today, as the reader's calendar begins them.
async fn weeks(app: &App, tx: &mut Tx, who: &SignedIn, clock: &Clock) -> Result<Vec<WeekColumn>, ApiError> {
    let date = app.zones.local_of(clock.zone, clock.now).date();
    let this = date.week(week_begins(clock.zone)).checked_first_day().unwrap_or(date);
    let first = this.checked_sub_days(Days::new(7 * (WEEKS - 2))).unwrap_or(this);
    let day_of = |week: u64| first.checked_add_days(Days::new(7 * week)).unwrap_or(first);
    let begins = |day: NaiveDate| app.zones.instant_of(clock.zone, day.and_time(NaiveTime::MIN));
    let spans: Vec<(DateTime<Utc>, DateTime<Utc>)> =
        (0..WEEKS).map(|week| (begins(day_of(week)), begins(day_of(week + 1)))).collect();
    let counts = store::by_week(tx, who.organization, &spans).await?;
    if counts.is_empty() {
        return Ok(Vec::new());
    }
    let column = |(week, span): (u64, &(DateTime<Utc>, DateTime<Utc>))| {
        let count = |delivery: &str| counts.get(&(week, delivery.to_owned())).copied().unwrap_or_default();
        let day = day_of(week);
        WeekColumn {
            from: instant(span.0),
            day: chrono::Datelike::day(&day),
            online: count("virtual"),
            hybrid: count("hybrid"),
            in_person: count("in_person"),
            current: day == this,
        }
    };
    Ok((0..).zip(&spans).map(column).collect())
}
