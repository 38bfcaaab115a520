//! A reader's day: what every first page begins with.

use chrono::{DateTime, Days, Duration, NaiveTime, Timelike, Utc};
use chrono_tz::Tz;
use lectern_core::{
    join::{SessionTimes, Window, window},
    organization::Policies,
    session::{Delivery, SessionState},
};
use lectern_web::{
    charts::Stretch,
    pages::home::{Day, DaySession},
};

use crate::{
    app::App,
    calendar,
    db::Tx,
    error::ApiError,
    events,
    extract::SignedIn,
    holidays,
    live::feed::instant,
    organizations, people,
    sessions::{self, Line, Session, pages::page_state},
};

/// A session that began so long ago may still run.
pub(super) const STILL_ON: Duration = Duration::hours(12);
/// How far ahead the next session is looked for.
const AHEAD: Days = Days::new(400);
/// Sessions of one person that are looked at: nobody has more in a day.
const MOST: i64 = 100;

/// What a first page needs to tell time by.
pub(super) struct Clock {
    pub(super) now: DateTime<Utc>,
    pub(super) zone: Tz,
    /// The first instants of today and of tomorrow.
    pub(super) today: (DateTime<Utc>, DateTime<Utc>),
    pub(super) policies: Policies,
}

impl Clock {
    pub(super) async fn of(app: &App, tx: &mut Tx, who: &SignedIn) -> Result<Self, ApiError> {
        let now = app.clock.now();
        let zone = calendar::service::zone_of(tx, who).await?;
        let date = app.zones.local_of(zone, now).date();
        let first = |date: chrono::NaiveDate| app.zones.instant_of(zone, date.and_time(NaiveTime::MIN));
        let tomorrow = date.checked_add_days(Days::new(1)).unwrap_or(date);
        let policies = organizations::service::settings_in(tx, who.organization).await?.policies;
        Ok(Self { now, zone, today: (first(date), first(tomorrow)), policies })
    }

    pub(super) fn is_today(&self, session: &Session) -> bool {
        session.starts_at >= self.today.0 && session.starts_at < self.today.1
    }

    /// Whether its door is open, and when it opens.
    fn door(&self, session: &Session) -> (bool, Option<DateTime<Utc>>) {
        match window(&times(session), &self.policies, self.now) {
            Window::Open => (true, None),
            Window::Early(opens) => (false, Some(opens)),
            Window::Over | Window::Cancelled => (false, None),
        }
    }

    fn part(&self, app: &App) -> &'static str {
        match app.zones.local_of(self.zone, self.now).hour() {
            4..12 => "morning",
            12..17 => "afternoon",
            _ => "evening",
        }
    }
}

const fn times(session: &Session) -> SessionTimes {
    SessionTimes {
        id: session.id,
        starts_at: session.starts_at,
        ends_at: session.ends_at,
        state: session.state,
    }
}

/// The sessions a person sees, from those that may still run on.
pub(super) async fn lines(tx: &mut Tx, who: &SignedIn, clock: &Clock) -> Result<Vec<Line>, ApiError> {
    let from = clock.today.0.min(clock.now - STILL_ON);
    let to = clock.now.checked_add_days(AHEAD).unwrap_or(clock.now);
    sessions::service::lines(tx, who.organization, sessions::service::whose(who), (from, to), None, MOST)
        .await
}

/// One session for the page.
pub(super) fn entry(
    clock: &Clock,
    session: &Session,
    class_title: &str,
    platform: &str,
    instructor: String,
) -> DaySession {
    let (open, opens) = clock.door(session);
    let in_person = session.delivery == Delivery::InPerson;
    DaySession {
        id: session.id.to_string(),
        class_id: session.class.to_string(),
        title: session.title.clone(),
        class_title: class_title.to_owned(),
        instructor,
        platform: Some(platform.to_owned()).filter(|_| !in_person),
        state: page_state(session.state),
        hybrid: session.delivery == Delivery::Hybrid,
        in_person,
        starts_at: instant(session.starts_at),
        ends_at: instant(session.ends_at),
        opens_at: opens.filter(|_| !in_person).map(instant),
        open: open && !in_person,
    }
}

/// The entries of a person's lines, in their order.
pub(super) async fn entries(
    tx: &mut Tx,
    who: &SignedIn,
    clock: &Clock,
    lines: &[Line],
) -> Result<Vec<DaySession>, ApiError> {
    let teachers =
        people::service::names(tx, who.organization, lines.iter().map(|line| line.instructor)).await?;
    let entry = |line: &Line| {
        let platform = line.meeting.as_ref().map_or(line.provider, |meeting| meeting.provider);
        let teacher = teachers.get(&line.instructor).cloned().unwrap_or_default();
        entry(clock, &line.session, &line.class_title, platform.title(), teacher)
    };
    Ok(lines.iter().map(entry).collect())
}

/// The day with these sessions.
pub(super) async fn day(
    app: &App,
    tx: &mut Tx,
    who: &SignedIn,
    clock: &Clock,
    sessions: Vec<DaySession>,
    more: u32,
) -> Result<Day, ApiError> {
    let date = app.zones.local_of(clock.zone, clock.now).date();
    let holiday = holidays::of(tx, who.organization).await?.get(&date).cloned();
    let cancelled = page_state(SessionState::Cancelled);
    let held = sessions.iter().filter(|one| one.state != cancelled);
    let stretch = |one: &DaySession| Stretch {
        from: one.starts_at.clone(),
        to: one.ends_at.clone(),
        in_person: one.in_person,
    };
    Ok(Day {
        now: instant(clock.now),
        zone: clock.zone.name().to_owned(),
        part: clock.part(app),
        holiday,
        line: held.map(stretch).collect(),
        sessions,
        more,
        seq: u64::try_from(events::history::last_seq(app).await?).unwrap_or(0),
    })
}

/// Which of several open sessions a first page leads to: the smallest.
pub(super) fn preferred(line: &Line, now: DateTime<Utc>) -> (bool, bool, DateTime<Utc>) {
    let session = &line.session;
    (session.ends_at <= now, session.state != SessionState::Live, session.starts_at)
}
