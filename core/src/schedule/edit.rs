//! This, this and following, all: what an edit makes of a series and its sessions.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;

use super::{
    reconcile::{Change, Existing, Standing, reconcile},
    rule::{End, LARGEST_COUNT, Moment, NthWeekday, Pattern, Recurrence, Rule},
    series::{Holidays, Series, Slot},
    zones::Zones,
};

/// How far an edit reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// This session alone.
    #[default]
    This,
    /// This one and all behind it.
    Following,
    /// All that have not begun.
    All,
}

impl Scope {
    /// The word in requests and forms.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::This => "this",
            Self::Following => "following",
            Self::All => "all",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::This, Self::Following, Self::All].into_iter().find(|scope| scope.as_str() == word)
    }
}

/// What should become different; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// When the edited session begins, on the clock.
    pub local: Option<NaiveDateTime>,
    /// On which zone's clock.
    pub zone: Option<Tz>,
    /// How long, in minutes.
    pub minutes: Option<u32>,
    /// Another rule: for [`Scope::Following`] and [`Scope::All`].
    pub recurrence: Option<Recurrence>,
}

/// An edit that has no meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The series has no such slot.
    #[error("This session does not belong to the series.")]
    NoSuchSlot,
    /// A rule for one session.
    #[error("One session has no rule. Change this and following, or all.")]
    RuleForOne,
    /// The day moves, and the rule has several that could be meant.
    #[error("The new day does not say how the rule changes. Send the new rule too.")]
    RuleNeeded,
    /// Nothing would be left.
    #[error("No session to come is left by this rule. To end a series, cancel what is to come.")]
    NothingLeft,
}

/// What an edit comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited<Id> {
    /// The series as it goes on; `None`: nothing of it is left, the following one takes its place.
    pub series: Option<Series>,
    /// The series that begins with the edited session.
    pub following: Option<Series>,
    /// What changes, in order. Those of a following series belong to it.
    pub changes: Vec<Change<Id>>,
}

/// What an edit reads.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a, Id> {
    /// The clocks.
    pub zones: &'a dyn Zones,
    /// The organization's holidays.
    pub holidays: &'a Holidays,
    /// The series.
    pub series: &'a Series,
    /// All its sessions.
    pub existing: &'a [Existing<Id>],
    /// The present.
    pub now: DateTime<Utc>,
}

/// What becomes of a series and its sessions when the session in the slot `at` is changed.
///
/// # Errors
/// [`EditError`].
pub fn edit<Id: Copy + PartialEq>(
    stage: Stage<'_, Id>,
    at: NaiveDateTime,
    scope: Scope,
    wish: &Wish,
) -> Result<Edited<Id>, EditError> {
    let session = stage.existing.iter().find(|session| session.slot == at).ok_or(EditError::NoSuchSlot)?;
    // A time wished for the series is wished for the edited session first of all, also when somebody had moved it.
    let mut existing = stage.existing.to_vec();
    for one in &mut existing {
        if wish.local.is_some() && one.slot == at && one.standing == Standing::Moved {
            one.standing = Standing::Planned;
        }
    }
    let whole = Stage { existing: &existing, ..stage };
    match scope {
        Scope::This => this(stage, session, wish),
        Scope::Following => match cut(stage.series, at) {
            Some((kept, rest)) => following(whole, at, wish, kept, &rest),
            // From the first on, that is all.
            None => all(whole, at, wish),
        },
        Scope::All => all(whole, at, wish),
    }
}

fn this<Id: Copy>(
    stage: Stage<'_, Id>,
    session: &Existing<Id>,
    wish: &Wish,
) -> Result<Edited<Id>, EditError> {
    if wish.recurrence.is_some() {
        return Err(EditError::RuleForOne);
    }
    let zone = wish.zone.unwrap_or(stage.series.zone);
    let local = wish.local.unwrap_or_else(|| stage.zones.local_of(zone, session.starts_at));
    let starts_at = stage.zones.instant_of(zone, local);
    let length = wish.minutes.map_or(session.ends_at - session.starts_at, |m| Duration::minutes(m.into()));
    let to = Slot { local: session.slot, starts_at, ends_at: starts_at + length };
    let moved = (session.starts_at, session.ends_at) != (to.starts_at, to.ends_at);
    Ok(Edited {
        series: Some(stage.series.clone()),
        following: None,
        changes: if moved { vec![Change::Move { id: session.id, to }] } else { Vec::new() },
    })
}

fn all<Id: Copy>(stage: Stage<'_, Id>, at: NaiveDateTime, wish: &Wish) -> Result<Edited<Id>, EditError> {
    let series = changed(stage.series, at, wish)?;
    let changes = reconciled(stage, &series, stage.existing)?;
    Ok(Edited { series: Some(series), following: None, changes })
}

fn following<Id: Copy>(
    stage: Stage<'_, Id>,
    at: NaiveDateTime,
    wish: &Wish,
    kept: Series,
    rest: &Series,
) -> Result<Edited<Id>, EditError> {
    let next = changed(rest, at, wish)?;
    let behind: Vec<Existing<Id>> =
        stage.existing.iter().filter(|session| session.slot >= at).copied().collect();
    let changes = reconciled(stage, &next, &behind)?;
    Ok(Edited { series: Some(kept), following: Some(next), changes })
}

fn reconciled<Id: Copy>(
    stage: Stage<'_, Id>,
    series: &Series,
    existing: &[Existing<Id>],
) -> Result<Vec<Change<Id>>, EditError> {
    if !series.goes_on_after(stage.zones, stage.now) {
        return Err(EditError::NothingLeft);
    }
    Ok(reconcile(existing, &series.written_out(stage.zones, stage.holidays, stage.now), stage.now))
}

/// Cuts a series before a slot: what lies before it, and what begins with it; `None` when nothing lies before.
#[must_use]
pub fn cut(series: &Series, at: NaiveDateTime) -> Option<(Series, Series)> {
    let rule = &series.recurrence.rule;
    let before = rule.occurrences(series.start).take_while(|local| *local < at).count();
    let before = u32::try_from(before).ok().filter(|before| *before > 0)?;
    let with = |start, end, is_kept: &dyn Fn(&Moment) -> bool| {
        Some(Series {
            start,
            recurrence: Recurrence {
                rule: rule.ending(end).ok()?,
                except: series.recurrence.except.iter().filter(|moment| is_kept(moment)).copied().collect(),
            },
            ..series.clone()
        })
    };
    // By count where it is one: it survives a change of the days. A long endless series is cut by its last day.
    let end = match rule.end() {
        _ if before <= LARGEST_COUNT => End::Count(before),
        _ => End::Until(Moment::Time(at - Duration::seconds(1))),
    };
    let rest = match rule.end() {
        End::Count(count) => End::Count(count.saturating_sub(before).max(1)),
        end => end,
    };
    Some((
        with(series.start, end, &|moment| moment.is_before(at))?,
        with(at, rest, &|moment| !moment.is_before(at))?,
    ))
}

/// The series with a wish fulfilled whose session in the slot `at` was edited.
fn changed(series: &Series, at: NaiveDateTime, wish: &Wish) -> Result<Series, EditError> {
    let zone = wish.zone.unwrap_or(series.zone);
    let minutes = wish.minutes.unwrap_or(series.minutes);
    let to = wish.local.unwrap_or(at);
    if let Some(recurrence) = &wish.recurrence {
        // The new rule begins where the series did, or with the edited session when that lies before.
        let first =
            if series.start.date() == at.date() { to.date() } else { series.start.date().min(to.date()) };
        return Ok(Series {
            start: first.and_time(to.time()),
            zone,
            minutes,
            recurrence: recurrence.clone(),
        });
    }
    let moved = to.date() - at.date();
    let (start, rule) = if moved.is_zero() {
        (series.start.date(), series.recurrence.rule.clone())
    } else {
        let rule = shifted(&series.recurrence.rule, at.date(), to.date())?;
        (shifted_start(series.start.date(), &series.recurrence.rule, at.date(), to.date()), rule)
    };
    let rule = match rule.end() {
        End::Until(until) if to != at => {
            let last = last_day(series, until, at.date(), moved);
            rule.ending(End::Until(Moment::Day(last))).map_err(|_| EditError::RuleNeeded)?
        }
        _ => rule,
    };
    let except = series.recurrence.except.iter().map(|moment| moved_exception(*moment, at, to)).collect();
    let start = start.and_time(to.time());
    Ok(Series { start, zone, minutes, recurrence: Recurrence { rule, except } })
}

/// The day with which a rule ends whose sessions moved: the same, unless the last of those that moved lies behind it now.
fn last_day(series: &Series, until: Moment, from: NaiveDate, moved: Duration) -> NaiveDate {
    let day = match until {
        Moment::Time(time) if time.time() < series.start.time() => until.day() - Duration::days(1),
        _ => until.day(),
    };
    let rule = &series.recurrence.rule;
    let moves = |local: &NaiveDateTime| match rule.pattern() {
        Pattern::Weekly(_) => local.weekday() == from.weekday(),
        Pattern::Daily | Pattern::MonthlyByDay(_) | Pattern::MonthlyByWeekday(_) => true,
    };
    let last = rule.occurrences(series.start).filter(moves).last();
    last.map_or(day, |last| day.max(last.date() + moved))
}

/// An exception names a session by its time: it follows that to the new time of day, and the edited weekday to its new day.
fn moved_exception(moment: Moment, at: NaiveDateTime, to: NaiveDateTime) -> Moment {
    let moved = to.date() - at.date();
    let day = |day: NaiveDate| if day.weekday() == at.weekday() { day + moved } else { day };
    match moment {
        Moment::Day(excepted) => Moment::Day(day(excepted)),
        Moment::Time(time) if time.time() == at.time() => Moment::Time(day(time.date()).and_time(to.time())),
        Moment::Time(time) => Moment::Time(time),
    }
}

/// The rule after its occurrence of one day moved to another: that weekday, or that day of the month, is replaced.
fn shifted(rule: &Rule, from: NaiveDate, to: NaiveDate) -> Result<Rule, EditError> {
    let pattern = match rule.pattern() {
        Pattern::Daily => Pattern::Daily,
        Pattern::Weekly(days) => {
            let mut days = *days;
            let same_week = from.iso_week() == to.iso_week();
            let free = !days.contains(to.weekday()) || from.weekday() == to.weekday();
            if !free || (rule.interval() > 1 && !same_week && days.len() > 1) {
                return Err(EditError::RuleNeeded);
            }
            days.remove(from.weekday());
            days.insert(to.weekday());
            Pattern::Weekly(days)
        }
        Pattern::MonthlyByDay(days) if days.len() == 1 && days.iter().all(|day| *day > 0) => {
            Pattern::MonthlyByDay(BTreeSet::from([i8::try_from(to.day()).unwrap_or(1)]))
        }
        Pattern::MonthlyByWeekday(days) if days.len() == 1 && days.iter().all(|day| day.nth > 0) => {
            Pattern::MonthlyByWeekday(vec![NthWeekday::of(to)])
        }
        Pattern::MonthlyByDay(_) | Pattern::MonthlyByWeekday(_) => return Err(EditError::RuleNeeded),
    };
    rule.on(pattern).map_err(|_| EditError::RuleNeeded)
}

/// Where the series begins then: its first day moves along if it is one of the days that moved.
fn shifted_start(start: NaiveDate, rule: &Rule, from: NaiveDate, to: NaiveDate) -> NaiveDate {
    let moves = match rule.pattern() {
        Pattern::Daily | Pattern::MonthlyByDay(_) | Pattern::MonthlyByWeekday(_) => true,
        Pattern::Weekly(days) => days.len() == 1 || start.weekday() == from.weekday(),
    };
    if moves { start + (to - from) } else { start }
}
