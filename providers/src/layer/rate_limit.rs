use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use lectern_core::clock::Clock;
use tokio::time::{Instant, timeout_at};

use super::{locked, next_utc_day};
use crate::transport::{
    Allowance, Budget, Exchange, Failure, FailureKind, Judgement, Label, RateLimits, Request, Response,
};

/// The vendor's second, and a tenth more for calls that overtake each other on the way.
const SECOND: Duration = Duration::from_millis(1100);
/// The vendor's minute, and as much more.
const MINUTE: Duration = Duration::from_millis(61_000);

/// What each account has used of its limits. Shared by everything that calls that account.
///
/// Seconds are counted on the runtime's timer, days (UTC) on the clock.
#[derive(Debug)]
pub struct RateBudgets {
    clock: Arc<dyn Clock>,
    buckets: Mutex<HashMap<(String, Label), Arc<Bucket>>>,
}

#[derive(Debug, Default)]
struct Bucket {
    used: Mutex<Used>,
    /// People who wait for room: whoever asks whether there is room now comes after them.
    waiting: AtomicU32,
    /// One waiter of each kind sleeps on the timer, the others queue behind it in order of arrival.
    people: tokio::sync::Mutex<()>,
    background: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Used {
    recent: VecDeque<Instant>,
    paused_until: Option<Instant>,
    day: NaiveDate,
    today: u32,
}

enum Room {
    Taken,
    In(Duration),
    NotToday,
}

/// The windows of these limits, and how many calls each has.
fn windows(limits: RateLimits) -> impl Iterator<Item = (Duration, u32)> {
    [Some((SECOND, limits.per_second)), limits.per_minute.map(|most| (MINUTE, most))].into_iter().flatten()
}

impl Used {
    fn forget(&mut self, limits: RateLimits, now: Instant, day: NaiveDate) {
        let longest = if limits.per_minute.is_some() { MINUTE } else { SECOND };
        while self.recent.front().is_some_and(|at| now.duration_since(*at) >= longest) {
            self.recent.pop_front();
        }
        if self.paused_until.is_some_and(|until| until <= now) {
            self.paused_until = None;
        }
        if self.day != day {
            self.day = day;
            self.today = 0;
        }
    }

    /// How many calls are within this window.
    fn within(&self, window: Duration, now: Instant) -> usize {
        self.recent.len() - self.recent.partition_point(|at| now.duration_since(*at) >= window)
    }

    /// Background work gets two thirds of each window.
    fn take(&mut self, limits: RateLimits, interactive: bool, now: Instant, day: NaiveDate) -> Room {
        self.forget(limits, now, day);
        if limits.per_day.is_some_and(|most| self.today >= most) {
            return Room::NotToday;
        }
        if let Some(until) = self.paused_until {
            return Room::In(until - now);
        }
        let mut wait = None;
        for (window, most) in windows(limits) {
            let share = if interactive { most } else { most * 2 / 3 };
            let share = usize::try_from(share.max(1)).unwrap_or(usize::MAX);
            // The call that must be out of the window before another one fits.
            let oldest = self
                .within(window, now)
                .checked_sub(share)
                .and_then(|_| self.recent.get(self.recent.len() - share));
            if let Some(oldest) = oldest {
                wait = wait.max(Some(window.saturating_sub(now.duration_since(*oldest))));
            }
        }
        match wait {
            Some(wait) => Room::In(wait.max(Duration::from_millis(1))),
            None => {
                self.recent.push_back(now);
                self.today += 1;
                Room::Taken
            }
        }
    }
}

/// Counts a waiting person, also when the wait is given up.
struct Waiting<'a>(&'a AtomicU32);

impl<'a> Waiting<'a> {
    fn one(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl RateBudgets {
    /// Nothing used yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, buckets: Mutex::new(HashMap::new()) }
    }

    fn bucket(&self, budget: &Budget) -> Arc<Bucket> {
        locked(&self.buckets).entry((budget.account.clone(), budget.label)).or_default().clone()
    }

    /// Whether so many calls could go out at once, after the people who already wait.
    #[must_use]
    pub fn room_now(&self, budget: &Budget, calls: u32) -> bool {
        let bucket = self.bucket(budget);
        let waiting = bucket.waiting.load(Ordering::SeqCst);
        let mut used = locked(&bucket.used);
        let now = Instant::now();
        used.forget(budget.limits, now, self.clock.now().date_naive());
        let wanted = waiting.saturating_add(calls);
        let fits = windows(budget.limits).all(|(window, most)| {
            let recent = u32::try_from(used.within(window, now)).unwrap_or(u32::MAX);
            recent.saturating_add(wanted) <= most
        });
        let today = budget.limits.per_day.is_none_or(|most| used.today.saturating_add(wanted) <= most);
        used.paused_until.is_none() && fits && today
    }

    /// Waits for room and takes it.
    async fn take(&self, budget: &Budget, time: &Allowance) -> Result<(), Failure> {
        let bucket = self.bucket(budget);
        let turn = async {
            let _waiting = time.interactive().then(|| Waiting::one(&bucket.waiting));
            let _turn =
                if time.interactive() { bucket.people.lock().await } else { bucket.background.lock().await };
            loop {
                let now = self.clock.now();
                let room = locked(&bucket.used).take(
                    budget.limits,
                    time.interactive(),
                    Instant::now(),
                    now.date_naive(),
                );
                match room {
                    Room::Taken => return Ok(()),
                    Room::NotToday => return Err(Failure::new(FailureKind::DayOver(next_utc_day(now)))),
                    // No use in waiting for what comes too late.
                    Room::In(wait) if wait >= time.remaining() => return Err(throttled(now, wait)),
                    Room::In(wait) => tokio::time::sleep(wait).await,
                }
            }
        };
        match timeout_at(time.until(), turn).await {
            Ok(outcome) => outcome,
            Err(_) => Err(throttled(self.clock.now(), SECOND)),
        }
    }

    /// The vendor counted more than we did: other apps share the account. Leave it alone for as long as it says.
    fn pause(&self, budget: &Budget, wait: Duration) {
        let until = Instant::now() + wait;
        let bucket = self.bucket(budget);
        let mut used = locked(&bucket.used);
        used.paused_until = Some(used.paused_until.map_or(until, |earlier| earlier.max(until)));
    }
}

fn throttled(now: DateTime<Utc>, wait: Duration) -> Failure {
    Failure::new(FailureKind::Throttled(now + TimeDelta::from_std(wait).unwrap_or_default()))
}

/// Keeps the calls of an account inside its limits, ahead of time: waits for room, people first.
#[derive(Debug)]
pub struct RateLimit<E> {
    inner: E,
    budgets: Arc<RateBudgets>,
}

impl<E> RateLimit<E> {
    /// Wraps an exchange.
    pub fn new(inner: E, budgets: Arc<RateBudgets>) -> Self {
        Self { inner, budgets }
    }
}

impl<E: Exchange> Exchange for RateLimit<E> {
    async fn exchange(&self, request: &Request, time: &Allowance) -> Result<Response, Failure> {
        let Some(budget) = &request.budget else { return self.inner.exchange(request, time).await };
        self.budgets.take(budget, time).await?;
        let outcome = self.inner.exchange(request, time).await;
        // 429 as a rule; Google says it with 403 too.
        if let Ok(response) = &outcome
            && let Judgement::Again { after: Some(wait), refused: true } =
                (request.judge)(response, self.budgets.clock.now())
        {
            self.budgets.pause(budget, wait.min(Duration::from_secs(10)));
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use futures::future::join_all;
    use lectern_core::{clock::FixedClock, provider::Call};

    use super::*;

    fn budgets() -> (RateBudgets, FixedClock) {
        let clock = FixedClock::at("2026-11-21T23:00:00Z".parse().unwrap());
        (RateBudgets::new(Arc::new(clock.clone())), clock)
    }

    fn budget(per_second: u32, per_day: Option<u32>) -> Budget {
        Budget {
            account: "a".to_owned(),
            label: Label::Light,
            limits: RateLimits { per_second, per_minute: None, per_day },
        }
    }

    #[tokio::test(start_paused = true)]
    async fn never_more_in_any_second_than_allowed() {
        let (budgets, _) = budgets();
        let budget = budget(30, None);
        let begun = Instant::now();
        let time = Allowance::start(&Call::interactive(Duration::from_secs(60)));
        let taken = join_all((0..200).map(|_| async {
            budgets.take(&budget, &time).await.unwrap();
            begun.elapsed()
        }))
        .await;
        for at in &taken {
            let in_that_second =
                taken.iter().filter(|other| **other >= *at && **other < *at + Duration::from_secs(1)).count();
            assert!(in_that_second <= 30, "{in_that_second}");
        }
        assert!(taken.iter().max().unwrap() < &Duration::from_secs(9));
    }

    #[tokio::test(start_paused = true)]
    async fn background_work_leaves_room_for_people() {
        let (budgets, _) = budgets();
        let budget = budget(30, None);
        let background = Allowance::start(&Call::background());
        for _ in 0..20 {
            budgets.take(&budget, &background).await.unwrap();
        }
        let hurried = Call { deadline: Duration::from_millis(500), interactive: false };
        let refused = budgets.take(&budget, &Allowance::start(&hurried)).await.unwrap_err();
        assert!(matches!(refused.kind, FailureKind::Throttled(_)));
        assert!(budgets.room_now(&budget, 10));
        assert!(!budgets.room_now(&budget, 11));
        let begun = Instant::now();
        for _ in 0..10 {
            budgets
                .take(&budget, &Allowance::start(&Call::interactive(Duration::from_secs(2))))
                .await
                .unwrap();
        }
        assert_eq!(begun.elapsed(), Duration::ZERO);
        assert!(!budgets.room_now(&budget, 1));
        budgets.take(&budget, &background).await.unwrap();
        assert!(begun.elapsed() >= SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn what_would_come_too_late_is_refused_at_once() {
        let (budgets, clock) = budgets();
        let budget = budget(1, None);
        let person = Allowance::start(&Call::interactive(Duration::from_millis(500)));
        budgets.take(&budget, &person).await.unwrap();
        let failure = budgets.take(&budget, &person).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Throttled(clock.now() + TimeDelta::milliseconds(1100)));
        assert!(!failure.maybe_done);
    }

    #[tokio::test(start_paused = true)]
    async fn a_day_that_is_used_up_ends_at_midnight_utc() {
        let (budgets, clock) = budgets();
        let budget = budget(10, Some(2));
        let time = Allowance::start(&Call::background());
        budgets.take(&budget, &time).await.unwrap();
        budgets.take(&budget, &time).await.unwrap();
        let failure = budgets.take(&budget, &time).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::DayOver("2026-11-22T00:00:00Z".parse().unwrap()));
        clock.advance(TimeDelta::hours(1));
        budgets.take(&budget, &time).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_minute_is_counted_beside_the_seconds() {
        let (budgets, _) = budgets();
        let limits = RateLimits { per_second: 10, per_minute: Some(12), per_day: None };
        let budget = Budget { limits, ..budget(10, None) };
        let begun = Instant::now();
        let time = Allowance::start(&Call::interactive(Duration::from_secs(300)));
        let mut taken = Vec::new();
        for _ in 0..30 {
            budgets.take(&budget, &time).await.unwrap();
            taken.push(begun.elapsed());
        }
        assert_eq!(taken[9], Duration::ZERO);
        assert_eq!(taken[11], SECOND);
        for at in &taken {
            let within =
                |window: Duration| taken.iter().filter(|it| *it >= at && **it < *at + window).count();
            assert!(within(Duration::from_secs(1)) <= 10 && within(Duration::from_secs(60)) <= 12);
        }
        assert!(taken[29] < MINUTE * 2 + SECOND * 2, "{:?}", taken[29]);
        tokio::time::advance(MINUTE).await;
        assert!(budgets.room_now(&budget, 10));
        assert!(!budgets.room_now(&budget, 11));
    }

    #[tokio::test(start_paused = true)]
    async fn labels_and_accounts_are_counted_apart() {
        let (budgets, _) = budgets();
        let time = Allowance::start(&Call::interactive(Duration::from_millis(10)));
        let first = budget(1, None);
        budgets.take(&first, &time).await.unwrap();
        assert!(!budgets.room_now(&first, 1));
        assert!(budgets.room_now(&Budget { label: Label::Heavy, ..first.clone() }, 1));
        assert!(budgets.room_now(&Budget { account: "b".to_owned(), ..first }, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_429_pauses_the_whole_account() {
        let (budgets, _) = budgets();
        let budget = budget(30, None);
        budgets.pause(&budget, Duration::from_secs(3));
        assert!(!budgets.room_now(&budget, 1));
        let begun = Instant::now();
        budgets.take(&budget, &Allowance::start(&Call::background())).await.unwrap();
        assert_eq!(begun.elapsed(), Duration::from_secs(3));
    }
}
