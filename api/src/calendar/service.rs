//! What a calendar shows to whom.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use lectern_core::{
    calendar::{Extent, Sheet, week_begins},
    ids::OrganizationId,
    schedule::Holidays,
};
use uuid::Uuid;

use crate::{
    app::App,
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    holidays, organizations, people,
    sessions::{self, Session, Whose},
};

/// Entries of one day in a month's square, and in a week's column.
const IN_A_SQUARE: usize = 4;
const IN_A_COLUMN: usize = 14;
/// Entries of one page of a list.
const IN_A_LIST: i64 = 100;
/// Entries of a sheet of one person: nobody has more in six weeks.
const MOST: i64 = 1_000;

/// One session on a calendar.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The session.
    pub session: Session,
    /// Its class's title.
    pub class_title: String,
}

/// One day of a sheet.
#[derive(Clone, Debug)]
pub struct Day {
    /// Which.
    pub date: NaiveDate,
    /// Its noon, for its words.
    pub noon: DateTime<Utc>,
    /// Why no class is held.
    pub holiday: Option<String>,
    /// Its sessions, in order.
    pub entries: Vec<Entry>,
    /// How many more there are than those.
    pub more: u32,
}

/// A calendar sheet for one reader.
#[derive(Clone, Debug)]
pub struct CalendarView {
    /// The days it shows.
    pub sheet: Sheet,
    /// On whose clock.
    pub zone: Tz,
    /// Today there.
    pub today: NaiveDate,
    /// Every day; in a list those that have something.
    pub days: Vec<Day>,
    /// Where a list goes on.
    pub next: Option<(DateTime<Utc>, Uuid)>,
}

/// The zone in which somebody sees their timetable: their own, else the organization's.
pub async fn zone_of(tx: &mut Tx, who: &SignedIn) -> Result<Tz, ApiError> {
    let own =
        people::service::find(tx, who.organization, who.person).await?.and_then(|person| person.time_zone);
    let name = match own {
        Some(own) => own,
        None => organizations::service::settings_in(tx, who.organization).await?.time_zone,
    };
    Ok(name.parse().unwrap_or(Tz::UTC))
}

/// The sheet with a day on it; today's when none is named.
///
/// # Errors
/// [`ApiError::NotFound`] for a day at the very ends of time.
pub async fn sheet(
    app: &App,
    who: &SignedIn,
    on: Option<NaiveDate>,
    extent: Extent,
    after: Option<(DateTime<Utc>, Uuid)>,
) -> Result<CalendarView, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let zone = zone_of(&mut tx, who).await?;
    let today = app.zones.local_of(zone, app.clock.now()).date();
    let sheet = Sheet::with(on.unwrap_or(today), extent, week_begins(zone)).ok_or(ApiError::NotFound)?;
    let holidays = holidays::of(&mut tx, who.organization).await?;
    let mut days: Vec<Day> = sheet.all().map(|date| empty_day(app, zone, date, &holidays)).collect();
    let mut next = None;
    match (sessions::service::whose(who), extent) {
        (Whose::Everybody, Extent::Month) => {
            fill_by_day(app, &mut tx, who.organization, zone, &mut days, IN_A_SQUARE).await?
        }
        (Whose::Everybody, Extent::Week) => {
            fill_by_day(app, &mut tx, who.organization, zone, &mut days, IN_A_COLUMN).await?
        }
        (whose, _) => {
            let most = if extent == Extent::List { IN_A_LIST } else { MOST };
            let reach = (start_of(app, zone, sheet.first), start_of(app, zone, sheet.end()));
            let mut lines =
                sessions::service::lines(&mut tx, who.organization, whose, reach, after, most + 1).await?;
            if i64::try_from(lines.len()).unwrap_or(i64::MAX) > most {
                lines.pop();
                next = lines.last().map(|line| (line.session.starts_at, line.session.id.uuid()));
            }
            for line in lines {
                let date = app.zones.local_of(zone, line.session.starts_at).date();
                if let Some(day) = days.iter_mut().find(|day| day.date == date) {
                    day.entries.push(Entry { session: line.session, class_title: line.class_title });
                }
            }
        }
    }
    if extent == Extent::List {
        days.retain(|day| !day.entries.is_empty() || day.holiday.is_some());
    }
    Ok(CalendarView { sheet, zone, today, days, next })
}

fn start_of(app: &App, zone: Tz, day: NaiveDate) -> DateTime<Utc> {
    app.zones.instant_of(zone, day.and_time(NaiveTime::MIN))
}

fn empty_day(app: &App, zone: Tz, date: NaiveDate, holidays: &Holidays) -> Day {
    let noon = start_of(app, zone, date) + chrono::Duration::hours(12);
    Day { date, noon, holiday: holidays.get(&date).cloned(), entries: Vec::new(), more: 0 }
}

/// The first few of each day of the whole organization, whose days may have hundreds.
async fn fill_by_day(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    zone: Tz,
    days: &mut [Day],
    most: usize,
) -> Result<(), ApiError> {
    let reach: Vec<_> = days
        .iter()
        .map(|day| (start_of(app, zone, day.date), start_of(app, zone, day.date + Days::new(1))))
        .collect();
    for one in sessions::service::by_day(tx, organization, &reach, most).await? {
        if let Some(day) = days.get_mut(one.day) {
            day.entries.push(Entry { session: one.session, class_title: one.class_title });
            let shown = u32::try_from(day.entries.len()).unwrap_or(u32::MAX);
            day.more = one.total.saturating_sub(shown);
        }
    }
    Ok(())
}
