//! What every provider promises, by the Meet client on the simulated Google.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use lectern_core::{
    clock::Clock as _,
    conformance::{Deletion, Door, Guest, Harness, Keys, OnTheWay, Parcel, Post, Room, Trouble},
    provider::{EventEndpoint, Meeting, Provider},
    settings::{ClassSettings, RecordingMode, ScreenShare},
};
use lectern_providers::signing_keys;
use lectern_simulators::{
    faults::{FaultPlan, ForcedError},
    meet::{AccountSpec, PushBehaviour, Visit, Visitor, Where},
};

use crate::harness::{AUDIENCE, CALL, PUSHER, School, TOPIC};

const TEACHER: &str = "ada@oak.test";
const DRIVE: &str = "https://www.googleapis.com/auth/drive";

struct Meet {
    school: School,
    provider: Arc<dyn Provider>,
    visits: Mutex<HashMap<String, Visit>>,
    way: Mutex<OnTheWay>,
}

impl Meet {
    fn place(&self, visit: Visit) -> Door {
        match self.school.google.place(visit).unwrap() {
            Where::InCall => Door::In,
            Where::Knocking | Where::WaitingForHost => Door::Waits,
            Where::Gone => Door::Refused,
        }
    }
}

#[async_trait]
impl Harness for Meet {
    async fn start() -> Self {
        let school = School::new().await;
        // Minutes do not pass while the clock stands still.
        school.google.set_behaviour(|behaviour| behaviour.quotas = false);
        let provider = school.connect_with(TEACHER, DRIVE).await;
        let (visits, way) = (Mutex::default(), Mutex::new(OnTheWay::Straight));
        Self { school, provider, visits, way }
    }

    fn provider(&self) -> Arc<dyn Provider> {
        Arc::clone(&self.provider)
    }

    /// What was granted once counts for later consents too, so others connect here.
    async fn poorer(&self) -> Vec<Arc<dyn Provider>> {
        vec![
            self.school.unconnected(),
            self.school.connect("sam@oak.test", &["directory.readonly"]).await,
            self.school.connect("stu@oak.test", &["drive.meet.readonly"]).await,
        ]
    }

    fn now(&self) -> DateTime<Utc> {
        self.school.clock.now()
    }

    fn advance(&self, by: TimeDelta) {
        self.school.clock.advance(by);
    }

    fn requests(&self) -> Option<usize> {
        Some(self.school.google.requests_since(0).len())
    }

    fn meetings(&self) -> usize {
        self.school.google.spaces().len()
    }

    fn deletion(&self) -> Deletion {
        Deletion::Locked
    }

    fn trouble(&self, trouble: Trouble) -> bool {
        let creates = || vec!["meet.spaces.create".to_owned()];
        let plan = match trouble {
            Trouble::Over => FaultPlan::default(),
            Trouble::NotMade => {
                FaultPlan { timeout_before: 100, operations: creates(), ..FaultPlan::default() }
            }
            Trouble::AnswerLost => {
                FaultPlan { timeout_after: 100, operations: creates(), ..FaultPlan::default() }
            }
            Trouble::TooMany => FaultPlan { too_many_requests: 100, ..FaultPlan::default() },
            Trouble::DayIsSpent => return false,
        };
        self.school.google.set_faults(1, plan);
        true
    }

    fn pages(&self, rows: usize) {
        self.school.google.set_behaviour(|behaviour| behaviour.longest_page = rows);
    }

    async fn revoke(&self) -> bool {
        self.school.google.remove_access("client", TEACHER)
    }

    async fn take_scope(&self) -> bool {
        self.school.google.force_error(ForcedError {
            operation: "meet.spaces.create".to_owned(),
            status: 403,
            code: 0,
            message: Some("ACCESS_TOKEN_SCOPE_INSUFFICIENT".to_owned()),
            times: 9,
        });
        true
    }

    async fn settings(&self, meeting: &Meeting) -> ClassSettings {
        let config = self.school.google.config(&meeting.id).unwrap();
        let limits = &config["moderationRestrictions"];
        let recorded = config["artifactConfig"]["recordingConfig"]["autoRecordingGeneration"] == "ON";
        ClassSettings {
            waiting_room: config["accessType"] == "RESTRICTED",
            recording: if recorded { RecordingMode::Cloud } else { RecordingMode::None },
            chat: limits["chatRestriction"] != "HOSTS_ONLY",
            screen_share: match limits["presentRestriction"].as_str() {
                Some("HOSTS_ONLY") => ScreenShare::Host,
                _ => ScreenShare::Everyone,
            },
            ..ClassSettings::default()
        }
    }

    fn room(&self) -> Option<&dyn Room> {
        Some(self)
    }

    fn post(&self) -> Option<&dyn Post> {
        Some(self)
    }
}

impl Room for Meet {
    fn begin(&self, meeting: &Meeting) {
        let ada = self.school.google.joins(meeting.join_url.expose(), Visitor::account(TEACHER)).unwrap();
        assert_eq!(self.place(ada), Door::In);
    }

    fn comes(&self, meeting: &Meeting, guest: &Guest) -> Door {
        let visitor = match &guest.admission {
            Some(_) => {
                let email = &guest.person.email;
                self.school.google.add_account(AccountSpec::new(email, &guest.name()));
                Visitor::account(email)
            }
            None => Visitor::anonymous(&guest.name()),
        };
        let visit = self.school.google.joins(meeting.join_url.expose(), visitor).unwrap();
        self.visits.lock().unwrap().insert(guest.name(), visit);
        self.place(visit)
    }

    fn admit(&self, _: &Meeting, guest: &Guest) {
        self.school.google.admit(self.visits.lock().unwrap()[&guest.name()]).unwrap();
    }

    fn leaves(&self, _: &Meeting, guest: &Guest) {
        self.school.google.leaves(self.visits.lock().unwrap()[&guest.name()]).unwrap();
    }

    fn end(&self, meeting: &Meeting) {
        assert!(self.school.google.end_for_all(&meeting.id));
    }

    fn is_running(&self, meeting: &Meeting) -> bool {
        let truth = self.school.google.truth(&meeting.id).unwrap();
        truth.runs.last().is_some_and(|run| run.ended.is_none())
    }

    fn settles_in(&self) -> TimeDelta {
        TimeDelta::minutes(20)
    }
}

#[async_trait]
impl Post for Meet {
    async fn listen(&self, provider: &dyn Provider, _: &Meeting) {
        let endpoint = EventEndpoint {
            url: AUDIENCE.parse().unwrap(),
            secret: "unused".into(),
            certificate: None,
            topic: Some(TOPIC.to_owned()),
        };
        provider.subscriptions().unwrap().subscribe(&CALL, None, &endpoint).await.unwrap();
        self.collect().await;
    }

    fn on_the_way(&self, how: OnTheWay) {
        let mut behaviour = PushBehaviour::default();
        match how {
            OnTheWay::Straight | OnTheWay::Mixed | OnTheWay::Forged(5..) => {}
            OnTheWay::Doubled => behaviour.duplicate = 100,
            OnTheWay::Forged(0) => behaviour.wrong_audience = 100,
            OnTheWay::Forged(1) => behaviour.wrong_sender = 100,
            OnTheWay::Forged(2) => behaviour.wrong_issuer = 100,
            OnTheWay::Forged(3) => behaviour.expired_token = 100,
            OnTheWay::Forged(4) => behaviour.wrong_key = 100,
            OnTheWay::Unknown => behaviour.unknown_events = 100,
        }
        *self.way.lock().unwrap() = how;
        self.school.google.set_pushes(behaviour);
    }

    fn forgeries(&self) -> usize {
        6
    }

    async fn collect(&self) -> Vec<Parcel> {
        self.school.google.flush_pushes().await;
        let mut parcels: Vec<_> = self
            .school
            .hook
            .take()
            .into_iter()
            .map(|(headers, body)| Parcel { headers, query: None, body })
            .collect();
        let way = *self.way.lock().unwrap();
        match way {
            OnTheWay::Mixed => parcels.reverse(),
            // Nobody signed it.
            OnTheWay::Forged(5) => parcels.iter_mut().for_each(|parcel| {
                parcel.headers.retain(|(name, _)| name != "authorization");
            }),
            _ => {}
        }
        parcels
    }

    async fn keys(&self) -> Keys {
        let url = &self.school.google.other_urls()["keys"];
        let document = self.school.http.get(url).send().await.unwrap().bytes().await.unwrap();
        Keys {
            secret: "".into(),
            signing: signing_keys::read(&document).unwrap(),
            opening: Vec::new(),
            audience: AUDIENCE.to_owned(),
            sender: PUSHER.to_owned(),
        }
    }
}

lectern_core::conformance!(Meet);
