//! Many classes start at once on a platform that fails: is every meeting there in time, and never two?

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration as RealDuration,
};

use chrono::{DateTime, Duration, Utc};
use futures::StreamExt as _;
use lectern_core::clock::Clock;
use lectern_simulators::faults::FaultPlan;
use serde_json::{Value, json};

use crate::{Person, TestApp};

/// A meeting must be ready this long after the press.
const IN_TIME: Duration = Duration::seconds(60);

/// How many of what.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Hosts with a Zoom account each, all in one Zoom account.
    pub hosts: usize,
    /// Presses on "Start".
    pub starts: usize,
    /// Presses under way together.
    pub at_once: usize,
    /// Seeds the faults.
    pub seed: u64,
}

/// Somebody who will press "Start".
#[derive(Clone, Debug)]
pub struct Press {
    host: Person,
    session: String,
}

/// What came of a press.
#[derive(Clone, Debug)]
struct Pressed {
    session: String,
    at: DateTime<Utc>,
    ready_at: Option<DateTime<Utc>>,
}

/// What came of all.
#[derive(Clone, Debug)]
pub struct Report {
    /// Presses.
    pub starts: usize,
    /// Meetings that were ready within 60 s of the platform's time, and that the platform knows.
    pub in_time: usize,
    /// The longest wait.
    pub slowest: Duration,
    /// Sessions that refer to more than one meeting, or share one.
    pub doubled: usize,
    /// Meetings at the platform that nothing refers to.
    pub orphans: usize,
    /// What struck, how often.
    pub faults: BTreeMap<&'static str, usize>,
}

impl Report {
    /// What is promised: 99.9 % ready in time, never two meetings for a session.
    #[must_use]
    pub const fn is_kept(&self) -> bool {
        self.in_time * 1000 >= self.starts * 999 && self.doubled == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { starts, in_time, slowest, doubled, orphans, faults } = self;
        #[expect(clippy::cast_precision_loss, reason = "thousands")]
        let share = *in_time as f64 * 100.0 / *starts as f64;
        let slowest = slowest.num_milliseconds();
        write!(
            f,
            "{in_time} of {starts} ready within 60 s ({share:.2} %), slowest {slowest} ms, {doubled} sessions with two meetings, \
             {orphans} orphans at the platform; faults {faults:?}"
        )
    }
}

/// Hosts, their classes and sessions without meetings; from here on the platform fails as planned.
pub async fn prepare(app: &mut TestApp, plan: Plan) -> Vec<Press> {
    let mut hosts = Vec::new();
    {
        let dreamcrowd = app.organization("dreamcrowd").await;
        app.set_up_zoom(&dreamcrowd).await;
        for number in 0..plan.hosts {
            hosts.push(dreamcrowd.instructor(&format!("host{number}")).await);
        }
    }
    let mut classes = Vec::new();
    for host in &hosts {
        app.connect(host).await;
        let class = host.create("/api/v1/classes", json!({"title": "Watercolour"})).await;
        classes.push(class["id"].as_str().unwrap().to_owned());
    }
    let mut presses = Vec::new();
    for number in 0..plan.starts {
        let (host, class) = (&hosts[number % plan.hosts], &classes[number % plan.hosts]);
        let starts_at = app.now() + Duration::hours(3);
        let body = json!({"starts_at": starts_at, "duration_minutes": 45});
        let sessions = host.create(&format!("/api/v1/classes/{class}/sessions"), body).await;
        let session = sessions["items"][0]["id"].as_str().unwrap().to_owned();
        presses.push(Press { host: host.clone(), session });
    }
    app.settle().await;
    assert!(
        app.zoom.meetings().is_empty(),
        "a marketplace's meetings are made at the first booking or at the start"
    );
    let faults =
        FaultPlan { server_error: 10, too_many_requests: 5, timeout_after: 2, ..FaultPlan::default() };
    app.zoom.set_faults(plan.seed, faults);
    presses
}

impl Press {
    async fn press(self, clock: impl Clock) -> (Self, DateTime<Utc>, bool) {
        let at = clock.now();
        let (status, session) =
            self.host.post(&format!("/api/v1/sessions/{}/start", self.session), json!({})).await;
        assert!(status == 200 || status == 202, "{status} {session}");
        (self, at, is_ready(&session))
    }

    async fn look(&self) -> bool {
        let (status, session) = self.host.get(&format!("/api/v1/sessions/{}", self.session)).await;
        assert_eq!(status, 200, "{session}");
        is_ready(&session)
    }
}

fn is_ready(session: &Value) -> bool {
    session["meeting"]["state"] == "ready"
}

/// Presses while the clock stands; then lets it go on, second by second, with everything that is due.
pub async fn second_by_second(app: &mut TestApp, plan: Plan, presses: Vec<Press>) -> Report {
    let clock = app.clock.clone();
    // A second that stands still would never have room again; the plan's own refusals remain.
    app.zoom.set_behaviour(|behaviour| behaviour.limits_per_second = false);
    let pressed: Vec<_> = futures::stream::iter(presses)
        .map(|press| press.press(clock.clone()))
        .buffer_unordered(plan.at_once)
        .collect()
        .await;
    let mut outcomes = Vec::new();
    let mut waiting = Vec::new();
    for (press, at, ready) in pressed {
        if ready {
            outcomes.push(Pressed { session: press.session, at, ready_at: Some(at) });
        } else {
            waiting.push((press, at));
        }
    }
    for _second in 0..=IN_TIME.num_seconds() {
        app.settle().await;
        let mut still = Vec::new();
        for (press, at) in waiting {
            if press.look().await {
                outcomes.push(Pressed { session: press.session, at, ready_at: Some(app.now()) });
            } else {
                still.push((press, at));
            }
        }
        waiting = still;
        if waiting.is_empty() {
            break;
        }
        app.pass(Duration::seconds(1));
    }
    let late = waiting.into_iter().map(|(press, at)| Pressed { session: press.session, at, ready_at: None });
    outcomes.extend(late);
    count(app, outcomes).await
}

/// The same while the clock goes by itself and the server does its own background work.
pub async fn in_real_time(app: &TestApp, plan: Plan, presses: Vec<Press>) -> Report {
    let clock = app.clock.clone();
    let outcomes: Vec<_> = futures::stream::iter(presses)
        .map(|press| {
            let clock = clock.clone();
            async move {
                let (press, at, mut ready) = press.press(clock.clone()).await;
                while !ready && clock.now() - at <= IN_TIME {
                    tokio::time::sleep(RealDuration::from_millis(100)).await;
                    ready = press.look().await;
                }
                Pressed { session: press.session, at, ready_at: ready.then(|| clock.now()) }
            }
        })
        .buffer_unordered(plan.at_once)
        .collect()
        .await;
    count(app, outcomes).await
}

async fn count(app: &TestApp, outcomes: Vec<Pressed>) -> Report {
    let mut referenced: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let sql =
        "select session_id, provider_id from meetings where state <> 'removed' and provider_id is not null";
    for row in app.database.rows(sql).await {
        referenced.entry(row[0].replace('-', "")).or_default().push(row[1].clone());
    }
    let there: BTreeSet<String> = app.zoom.meetings().into_iter().map(|(id, _)| id.to_string()).collect();
    let used: Vec<&String> = referenced.values().flatten().collect();
    let distinct: BTreeSet<&String> = used.iter().copied().collect();
    let doubled =
        referenced.values().filter(|meetings| meetings.len() > 1).count() + used.len() - distinct.len();
    let in_time = outcomes.iter().filter(|pressed| {
        let known = referenced
            .get(&pressed.session.replace('-', ""))
            .is_some_and(|meetings| meetings.iter().all(|meeting| there.contains(meeting)));
        known && pressed.ready_at.is_some_and(|ready| ready - pressed.at <= IN_TIME)
    });
    let in_time = in_time.count();
    let waits = outcomes.iter().map(|pressed| pressed.ready_at.map_or(IN_TIME, |ready| ready - pressed.at));
    let mut faults = BTreeMap::new();
    for request in app.zoom.requests_since(0) {
        if let Some(fault) = request.fault {
            *faults.entry(fault).or_default() += 1;
        }
    }
    Report {
        starts: outcomes.len(),
        in_time,
        slowest: waits.max().unwrap_or_default(),
        doubled,
        orphans: there.iter().filter(|meeting| !distinct.contains(meeting)).count(),
        faults,
    }
}
