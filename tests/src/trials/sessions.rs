//! Many sessions of people who come, go, crash and come again, while the platform's events are lost, doubled and mixed up: is
//! the attendance what really happened?

use std::{collections::BTreeMap, fmt};

use chrono::{DateTime, Duration, Utc};
use lectern_core::random::{Randomness, SeededRandomness};
use lectern_simulators::zoom::{
    AppMode, AppSpec, EndpointSpec, Interval, Refusal, Role, Truth, Visit, WebhookBehaviour,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{CLIENT_SECRET, Person, TestApp, WEBHOOK_SECRET};

/// Sessions that take place in the same hour.
const TOGETHER: usize = 10;
/// A class's length in minutes.
const LENGTH: i64 = 45;
/// One in so many sessions has nobody in it but its host.
const ALONE: u64 = 12;

/// What the organization's connection may read after a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// The administrators' report, with registrant ids.
    AdminReport,
    /// The past participants only: addresses, no registrant ids.
    UserLevel,
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AdminReport => "admin report",
            Self::UserLevel => "user level",
        })
    }
}

/// How one group of sessions compares with the truth.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// Sessions.
    pub sessions: usize,
    /// Sessions in which everybody's seconds are the truth's.
    pub equal_sessions: usize,
    /// People expected.
    pub people: usize,
    /// Those whose seconds are the truth's, to the second.
    pub equal: usize,
    /// Those of whom Lectern says that no source shows it.
    pub unconfirmed: usize,
    /// What differs.
    pub differences: Vec<String>,
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sessions, equal_sessions, people, equal, unconfirmed, .. } = self;
        write!(
            f,
            "{equal_sessions} of {sessions} sessions equal the truth; {equal} of {people} people to the second, {unconfirmed} unconfirmed"
        )
    }
}

/// What came of a trial.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Sessions with at least two people inside.
    pub several: Compared,
    /// Sessions with one person inside: Zoom reports nothing about them.
    pub alone: Compared,
    /// Events sent, lost on purpose and delivered twice.
    pub events: (usize, usize),
}

impl Compared {
    fn add(&mut self, other: Self) {
        self.sessions += other.sessions;
        self.equal_sessions += other.equal_sessions;
        self.people += other.people;
        self.equal += other.equal;
        self.unconfirmed += other.unconfirmed;
        self.differences.extend(other.differences);
    }
}

impl Report {
    /// Several trials' reports as one.
    #[must_use]
    pub fn together(reports: Vec<Self>) -> Self {
        reports.into_iter().fold(Self::default(), |mut sum, report| {
            sum.several.add(report.several);
            sum.alone.add(report.alone);
            sum.events = (sum.events.0 + report.events.0, sum.events.1 + report.events.1);
            sum
        })
    }
}

/// One of the sessions that take place now.
struct Running {
    teacher: Person,
    session: String,
    starts_at: DateTime<Utc>,
    meeting: u64,
    doors: Vec<Door>,
    /// Devices inside, or in the waiting room, and through which door each came; the host has none.
    visits: Vec<(Visit, Option<usize>)>,
    hosted: bool,
    /// Nobody comes but the host.
    alone: bool,
}

/// A person's own address at the platform.
struct Door {
    url: String,
    link: String,
    pressed: bool,
}

impl Running {
    /// Somebody comes in by their own door, once more or with one more device.
    fn come(&mut self, app: &TestApp, door: usize) {
        let visit = app.zoom.joins(&self.doors[door].url).ok();
        self.visits.extend(visit.map(|visit| (visit, Some(door))));
    }
}

/// The people of a trial and what it throws its dice with.
pub struct Trial {
    connection: Connection,
    dice: SeededRandomness,
    organization: lectern_core::ids::OrganizationId,
    teachers: Vec<Person>,
    report: Report,
}

impl fmt::Debug for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trial").field("connection", &self.connection).finish_non_exhaustive()
    }
}

impl Trial {
    /// Credentials, connected teachers, and unreliable events from here on.
    pub async fn prepare(app: &mut TestApp, connection: Connection, seed: u64) -> Self {
        let (organization, teachers) = {
            let place = app.organization("dreamcrowd").await;
            match connection {
                Connection::UserLevel => drop(app.set_up_zoom(&place).await),
                Connection::AdminReport => set_up_account(app, &place).await,
            }
            let mut teachers = Vec::new();
            for number in 0..TOGETHER {
                teachers.push(place.instructor(&format!("teacher{number}")).await);
            }
            (place.id, teachers)
        };
        for teacher in &teachers {
            match connection {
                Connection::UserLevel => app.connect(teacher).await,
                Connection::AdminReport => app.zoom_host(&teacher.email),
            }
        }
        app.zoom.set_webhooks(WebhookBehaviour {
            seed: Some(seed),
            lose: 10,
            duplicate: 10,
            reorder: 30,
            ..WebhookBehaviour::default()
        });
        let dice = SeededRandomness::new(seed);
        Self { connection, dice, organization, teachers, report: Report::default() }
    }

    fn below(&self, bound: u64) -> u64 {
        let dice: &dyn Randomness = &self.dice;
        dice.below(bound)
    }

    fn pick<'a, T>(&self, of: &'a [T]) -> Option<&'a T> {
        of.get(usize::try_from(self.below(of.len() as u64)).unwrap_or(0))
    }

    /// Holds so many sessions, ten in an hour, and compares each with the truth once its report was read.
    pub async fn run(mut self, app: &mut TestApp, sessions: usize) -> Report {
        let mut left = sessions;
        while left > 0 {
            let now = left.min(TOGETHER);
            self.hour(app, now).await;
            left -= now;
        }
        let webhooks = app.zoom.webhooks_since(0);
        let lost = webhooks.iter().filter(|record| record.attempt == 0).count();
        self.report.events = (webhooks.len(), lost);
        self.report
    }

    async fn hour(&mut self, app: &mut TestApp, sessions: usize) {
        let leaves_main = self.below(2) == 0;
        app.zoom.set_behaviour(|behaviour| {
            behaviour.breakout_leaves_main = leaves_main;
            // A second that stands still would never have room again.
            behaviour.limits_per_second = false;
        });
        let mut running = Vec::new();
        for teacher in self.teachers.iter().take(sessions).cloned() {
            running.push(self.schedule(app, teacher).await);
        }
        app.settle().await;
        for session in &mut running {
            self.find_doors(app, session).await;
        }
        // From eight minutes before the hour to after its end.
        app.pass(Duration::minutes(7));
        let over = app.now() + Duration::minutes(8 + LENGTH + 6);
        while app.now() < over {
            app.pass(Duration::seconds(15 + i64::try_from(self.below(75)).unwrap_or(0)));
            for session in &mut running {
                for _deed in 0..=self.below(3) {
                    self.something(app, session).await;
                }
            }
            if self.below(3) == 0 {
                app.settle().await;
            }
        }
        for session in &running {
            app.zoom.end_for_all(session.meeting);
        }
        app.settle().await;
        for minutes in [4, 6, 30, 60, 180] {
            app.pass(Duration::minutes(minutes));
            app.tick("tick.end_sessions").await;
            app.tick("tick.reconcile").await;
        }
        for session in &running {
            self.compare(app, session).await;
        }
    }

    async fn schedule(&self, app: &TestApp, teacher: Person) -> Running {
        let class = teacher.create("/api/v1/classes", json!({"title": "Watercolour"})).await;
        let class = class["id"].as_str().unwrap().to_owned();
        let settings = json!({"waiting_room": self.below(2) == 0, "recording": "none", "breakout_rooms": false, "chat": true, "screen_share": "everyone"});
        let (status, answer) = teacher.put(&format!("/api/v1/classes/{class}/settings"), settings).await;
        assert_eq!(status, 200, "{answer}");
        let starts_at = app.now() + Duration::minutes(15);
        let body = json!({"starts_at": starts_at, "duration_minutes": LENGTH});
        let sessions = teacher.create(&format!("/api/v1/classes/{class}/sessions"), body).await;
        let session = sessions["items"][0]["id"].as_str().unwrap().to_owned();
        let alone = self.below(ALONE) == 0;
        // With the host there are 2 to 30 people.
        for number in 0..=self.below(29) {
            let body = json!({"email": format!("student{number}@home.example"), "name": format!("Student {number}")});
            teacher.create(&format!("/api/v1/classes/{class}/enrollments"), body).await;
        }
        Running {
            teacher,
            session,
            starts_at,
            meeting: 0,
            doors: Vec::new(),
            visits: Vec::new(),
            hosted: false,
            alone,
        }
    }

    async fn find_doors(&self, app: &TestApp, running: &mut Running) {
        running.meeting = app.zoom_meeting(&running.session).await;
        app.zoom.allows_several_devices(running.meeting);
        let (_, session) = running.teacher.get(&format!("/api/v1/sessions/{}", running.session)).await;
        let id = |text: &str| text.parse::<Uuid>().unwrap();
        let class = id(session["class_id"].as_str().unwrap()).into();
        let links: BTreeMap<String, String> =
            app.join_links(self.organization, class, id(&running.session).into()).await.into_iter().collect();
        for (_, email, url) in app.zoom.registrants(running.meeting) {
            let link = links.get(&email).cloned().unwrap_or_default();
            running.doors.push(Door { url, link, pressed: false });
        }
        assert_eq!(running.doors.len(), links.len(), "a registrant is missing");
    }

    /// Something happens in a meeting.
    async fn something(&self, app: &TestApp, running: &mut Running) {
        if !running.hosted {
            running.hosted = app.zoom.host_joins(running.meeting).is_ok();
            return;
        }
        if running.alone {
            return;
        }
        let visit = self.pick(&running.visits).copied();
        // A deed that is impossible just now does not happen.
        let with = |deed: &dyn Fn(Visit) -> Result<(), Refusal>| {
            if let Some((visit, _)) = visit {
                deed(visit).ok();
            }
        };
        match self.below(20) {
            0..=8 => {
                let number = usize::try_from(self.below(running.doors.len() as u64)).unwrap_or(0);
                let press = self.below(4) == 0;
                let door = &mut running.doors[number];
                if press && !door.pressed {
                    // Through our gate, as most people come; the others kept the platform's page open.
                    let shown = app.browser().press_join(&door.link).await;
                    if !shown.location().is_empty() {
                        assert_eq!(shown.location(), door.url);
                        door.pressed = true;
                    }
                }
                running.come(app, number);
            }
            9..=11 => with(&|visit| app.zoom.admit(visit)),
            12..=13 => with(&|visit| app.zoom.leaves(visit)),
            14..=15 => {
                if let Some((visit, door)) = visit
                    && app.zoom.crashes(visit).is_ok()
                {
                    // They come again before Zoom has noticed that they were gone.
                    door.into_iter().for_each(|door| running.come(app, door));
                }
            }
            16 => {
                let room = if self.below(2) == 0 { "cm9vbSBvbmU=" } else { "cm9vbSB0d28=" };
                with(&|visit| app.zoom.enters_breakout(visit, room));
            }
            17 => with(&|visit| app.zoom.exits_breakout(visit)),
            18 => with(&|visit| app.zoom.put_in_waiting_room(visit)),
            _ if self.below(8) == 0 => {
                // The class starts again, as another run of the meeting.
                app.zoom.end_for_all(running.meeting);
                running.visits.clear();
                running.hosted = app.zoom.host_joins(running.meeting).is_ok();
            }
            _ => {
                let device = app.zoom.host_joins(running.meeting).ok();
                running.visits.extend(device.map(|visit| (visit, None)));
            }
        }
    }

    async fn compare(&mut self, app: &TestApp, running: &Running) {
        let truth = app.zoom.truth(running.meeting).unwrap();
        let (status, sheet) =
            running.teacher.get(&format!("/api/v1/sessions/{}/attendance", running.session)).await;
        assert_eq!(status, 200, "{sheet}");
        let alone = truth.people.len() < 2;
        let group = if alone { &mut self.report.alone } else { &mut self.report.several };
        let before = group.differences.len();
        let rows = sheet["items"].as_array().unwrap();
        for row in rows {
            let email = row["person"]["email"].as_str().unwrap_or_default();
            let expected = truth_of(&truth, email, running.starts_at, app.now());
            group.people += 1;
            if row["state"] == "unconfirmed" {
                group.unconfirmed += 1;
            }
            if row["seconds"].as_i64() == Some(expected) {
                group.equal += 1;
            } else {
                group.differences.push(difference(running, row, expected, &truth, &sheet));
            }
        }
        group.sessions += 1;
        group.equal_sessions += usize::from(group.differences.len() == before);
    }
}

/// How long somebody was inside within the session's time.
fn truth_of(truth: &Truth, email: &str, starts_at: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    let ends_at = starts_at + Duration::minutes(LENGTH);
    let inside = |interval: &Interval| {
        let (from, to) = (interval.joined_at.max(starts_at), interval.left_at.unwrap_or(now).min(ends_at));
        (to - from).num_seconds().max(0)
    };
    let person = truth.people.iter().find(|person| person.role == Role::Registrant && person.email == email);
    person.map_or(0, |person| person.intervals.iter().map(inside).sum())
}

fn difference(running: &Running, row: &Value, expected: i64, truth: &Truth, sheet: &Value) -> String {
    let email = row["person"]["email"].as_str().unwrap_or_default();
    let person = truth.people.iter().find(|person| person.email == email);
    format!(
        "session {} ({}): {email} has {} seconds and is {}, the truth is {expected}; runs {:?}; truth {:?}; sources {}; report {}",
        running.session,
        running.starts_at,
        row["seconds"],
        row["state"],
        truth.runs,
        person.map(|person| &person.intervals),
        row["sources"],
        sheet["report"],
    )
}

/// One account for the whole organization, whose app may read the administrators' report.
async fn set_up_account(app: &TestApp, place: &crate::Organization<'_>) {
    let client_id = "lectern-account-app";
    let mut scopes: Vec<String> =
        lectern_providers::zoom::oauth::SCOPES.iter().map(|scope| scope.granular_admin.to_owned()).collect();
    scopes.push(lectern_providers::zoom::oauth::REPORT_SCOPE.granular_admin.to_owned());
    app.zoom.add_app(AppSpec {
        client_id: client_id.to_owned(),
        client_secret: CLIENT_SECRET.to_owned(),
        name: "Lectern".to_owned(),
        mode: AppMode::ServerToServer,
        account_id: Some("dreamcrowd-account".to_owned()),
        redirect_uris: Vec::new(),
        scopes,
        endpoints: Vec::new(),
    });
    // The account is there as soon as somebody of it is.
    app.zoom_host("office@dreamcrowd.example");
    let owner = place.owner().await;
    let settings = json!({
        "mode": "server_to_server",
        "client_id": client_id,
        "client_secret": CLIENT_SECRET,
        "account_id": "dreamcrowd-account",
        "default_host": "office@dreamcrowd.example",
        "base_url": app.zoom.api_url(),
        "webhook_secret": WEBHOOK_SECRET,
    });
    let (status, saved) = owner.put("/api/v1/platforms/zoom", settings).await;
    assert_eq!(status, 200, "{saved}");
    let url = format!("{}/api/zoom/webhook/{}", app.base, place.id);
    let endpoint = EndpointSpec { url, secret_token: WEBHOOK_SECRET.to_owned(), events: Vec::new() };
    app.zoom.subscribe(client_id, endpoint).await.unwrap();
}
