//! What every provider promises, by the Zoom client on the simulated Zoom.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use lectern_core::{
    clock::Clock as _,
    conformance::{Deletion, Door, Guest, Harness, Keys, OnTheWay, Parcel, Post, Room, Tokens, Trouble},
    provider::{Account, AuthorizeRequest, Call, Meeting, Provider, TokenSet},
    random::SeededRandomness,
    settings::{ClassSettings, RecordingMode},
};
use lectern_providers::{
    registry::{self, Connection, ProviderSettings},
    transport::{Transport, TransportOptions},
};
use lectern_simulators::{
    faults::FaultPlan,
    zoom::{Refusal, Visit, WebhookBehaviour},
};
use serde_json::Value;
use url::Url;

use crate::harness::{CALLBACK, SECRET_TOKEN, School};

const APP: &str = "client-User";
const TEACHER: &str = "ada@oak.test";
const CALL: Call = Call::background();

struct Zoom {
    school: School,
    transport: Transport,
    account: Account,
    tokens: TokenSet,
    provider: Arc<dyn Provider>,
    visits: Mutex<HashMap<String, Visit>>,
    way: Mutex<OnTheWay>,
}

fn number(meeting: &Meeting) -> u64 {
    meeting.id.parse().unwrap()
}

fn settings(school: &School) -> ProviderSettings {
    let origin: Url = school.zoom.base_url().parse().unwrap();
    ProviderSettings {
        provider: lectern_providers::zoom::NAME,
        tenant: "oak".to_owned(),
        client_id: APP.to_owned(),
        client_secret: "client-secret".into(),
        account_id: None,
        api_base: school.zoom.api_url().parse().unwrap(),
        oauth_base: origin.join("/oauth").unwrap(),
        others: BTreeMap::new(),
        hosts: vec![origin.authority().to_owned()],
    }
}

impl Zoom {
    fn built(&self, account: Account, scopes: Vec<String>) -> Arc<dyn Provider> {
        connected(&self.school, &self.transport, &self.tokens, account, scopes)
    }

    async fn look(&self, meeting: &Meeting) -> Value {
        // The newest grant's token: Zoom has ended the one before.
        let token = self.tokens.access_token.expose();
        let path = format!("/meetings/{}", meeting.id);
        let (status, _, body) = self.school.call_with(token, "GET", &path, None).await;
        assert_eq!(status, 200, "{body}");
        body["settings"].clone()
    }
}

fn connected(
    school: &School,
    transport: &Transport,
    tokens: &TokenSet,
    account: Account,
    scopes: Vec<String>,
) -> Arc<dyn Provider> {
    let unconnected = registry::build(&settings(school), transport, None).unwrap();
    let tokens = Arc::new(Tokens::new(unconnected, tokens.clone()));
    let connection = Connection { tokens, account, scopes, rate_key: "oak".to_owned() };
    registry::build(&settings(school), transport, Some(connection)).unwrap()
}

#[async_trait]
impl Harness for Zoom {
    async fn start() -> Self {
        let school = School::new().await;
        // Seconds do not pass while the clock stands still.
        school.zoom.set_behaviour(|behaviour| behaviour.limits_per_second = false);
        let transport = Transport::new(TransportOptions {
            allow_loopback: true,
            clock: Arc::new(school.clock.clone()),
            randomness: Arc::new(SeededRandomness::new(1)),
            before_each: || {},
            inspect: None,
        })
        .unwrap();
        let unconnected = registry::build(&settings(&school), &transport, None).unwrap();
        let oauth = unconnected.oauth().unwrap();
        let redirect: Url = CALLBACK.parse().unwrap();
        let asked = oauth.authorize_url(&AuthorizeRequest {
            redirect_uri: redirect.clone(),
            state: "state".to_owned(),
            code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned(),
        });
        let back: Url = school.zoom.allow(asked.as_str(), TEACHER).unwrap().parse().unwrap();
        let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into();
        let tokens = oauth.exchange(&CALL, &code, &verifier, &redirect).await.unwrap();
        let account = oauth.account(&CALL, &tokens.access_token, None).await.unwrap();
        let provider = connected(&school, &transport, &tokens, account.clone(), tokens.scopes.clone());
        school.hook.clear();
        let (visits, way) = (Mutex::default(), Mutex::new(OnTheWay::Straight));
        Self { school, transport, account, tokens, provider, visits, way }
    }

    fn provider(&self) -> Arc<dyn Provider> {
        Arc::clone(&self.provider)
    }

    async fn poorer(&self) -> Vec<Arc<dyn Provider>> {
        let all = self.tokens.scopes.clone();
        let without =
            |word: &str| all.iter().filter(|scope| !scope.starts_with(word)).cloned().collect::<Vec<_>>();
        let basic = Account { plan: Some(1), ..self.account.clone() };
        vec![
            registry::build(&settings(&self.school), &self.transport, None).unwrap(),
            self.built(basic, all.clone()),
            self.built(self.account.clone(), without("recording:")),
            self.built(self.account.clone(), without("meeting:")),
        ]
    }

    fn now(&self) -> DateTime<Utc> {
        self.school.clock.now()
    }

    fn advance(&self, by: TimeDelta) {
        self.school.clock.advance(by);
    }

    fn requests(&self) -> Option<usize> {
        Some(self.school.zoom.requests_since(0).len())
    }

    fn meetings(&self) -> usize {
        self.school.zoom.meetings().len()
    }

    fn deletion(&self) -> Deletion {
        Deletion::Removed
    }

    fn trouble(&self, trouble: Trouble) -> bool {
        let creates = || vec!["meetingCreate".to_owned()];
        let plan = match trouble {
            Trouble::Over => FaultPlan::default(),
            Trouble::NotMade => {
                FaultPlan { timeout_before: 100, operations: creates(), ..FaultPlan::default() }
            }
            Trouble::AnswerLost => {
                FaultPlan { timeout_after: 100, operations: creates(), ..FaultPlan::default() }
            }
            Trouble::TooMany => FaultPlan { too_many_requests: 100, ..FaultPlan::default() },
            Trouble::DayIsSpent => {
                self.school.zoom.spend_day(TEACHER);
                return true;
            }
        };
        self.school.zoom.set_faults(1, plan);
        true
    }

    fn pages(&self, rows: usize) {
        self.school.zoom.set_behaviour(|behaviour| behaviour.longest_page = rows);
    }

    async fn revoke(&self) -> bool {
        self.school.zoom.revoke_silently(APP, TEACHER)
    }

    async fn take_scope(&self) -> bool {
        self.school.zoom.set_scopes(APP, &["user:read:admin", "meeting:read"]);
        true
    }

    async fn settings(&self, meeting: &Meeting) -> ClassSettings {
        let got = self.look(meeting).await;
        ClassSettings {
            waiting_room: got["waiting_room"] == true,
            recording: match got["auto_recording"].as_str().unwrap() {
                "cloud" => RecordingMode::Cloud,
                "local" => RecordingMode::Local,
                _ => RecordingMode::None,
            },
            ..ClassSettings::default()
        }
    }

    async fn rooms(&self, meeting: &Meeting) -> Vec<String> {
        let got = self.look(meeting).await;
        let rooms = got["breakout_room"]["rooms"].as_array().cloned().unwrap_or_default();
        rooms.iter().map(|room| room["name"].as_str().unwrap().to_owned()).collect()
    }

    fn room(&self) -> Option<&dyn Room> {
        Some(self)
    }

    fn post(&self) -> Option<&dyn Post> {
        Some(self)
    }
}

impl Room for Zoom {
    fn begin(&self, meeting: &Meeting) {
        self.school.zoom.host_joins(number(meeting)).unwrap();
    }

    fn comes(&self, meeting: &Meeting, guest: &Guest) -> Door {
        let came = match &guest.admission {
            Some(admission) => self.school.zoom.joins(admission.join_url.0.expose()),
            None => self.school.zoom.stranger_joins(number(meeting), &guest.name()),
        };
        match came {
            Ok(visit) => {
                self.visits.lock().unwrap().insert(guest.name(), visit);
                Door::In
            }
            Err(Refusal::NotRegistered | Refusal::NoSuchMeeting) => Door::Refused,
            Err(other) => panic!("{other}"),
        }
    }

    fn admit(&self, _: &Meeting, guest: &Guest) {
        self.school.zoom.admit(self.visits.lock().unwrap()[&guest.name()]).unwrap();
    }

    fn leaves(&self, _: &Meeting, guest: &Guest) {
        self.school.zoom.leaves(self.visits.lock().unwrap()[&guest.name()]).unwrap();
    }

    fn end(&self, meeting: &Meeting) {
        assert!(self.school.zoom.end_for_all(number(meeting)));
    }

    fn is_running(&self, meeting: &Meeting) -> bool {
        let truth = self.school.zoom.truth(number(meeting)).unwrap();
        truth.runs.last().is_some_and(|run| run.ended_at.is_none())
    }

    fn settles_in(&self) -> TimeDelta {
        TimeDelta::minutes(20)
    }
}

#[async_trait]
impl Post for Zoom {
    /// The app's subscription tells of all meetings.
    async fn listen(&self, _: &dyn Provider, _: &Meeting) {
        self.collect().await;
    }

    fn on_the_way(&self, how: OnTheWay) {
        let mut behaviour = WebhookBehaviour::default();
        match how {
            OnTheWay::Straight | OnTheWay::Mixed | OnTheWay::Forged(2..) => {}
            OnTheWay::Doubled => behaviour.duplicate = 100,
            OnTheWay::Forged(0) => behaviour.bad_signature = 100,
            OnTheWay::Forged(1) => behaviour.old_timestamp = 100,
            OnTheWay::Unknown => behaviour.unknown_events = 100,
        }
        *self.way.lock().unwrap() = how;
        self.school.zoom.set_webhooks(behaviour);
    }

    fn forgeries(&self) -> usize {
        4
    }

    async fn collect(&self) -> Vec<Parcel> {
        self.school.zoom.flush_webhooks().await;
        let way = *self.way.lock().unwrap();
        let received = std::mem::take(&mut *self.school.hook.received.lock().unwrap());
        let mut parcels: Vec<_> =
            received.into_iter().map(|(headers, body)| Parcel { headers, query: None, body }).collect();
        match way {
            OnTheWay::Mixed => parcels.reverse(),
            // The signature is the vendor's, the body is not.
            OnTheWay::Forged(2) => parcels.iter_mut().for_each(|parcel| parcel.body.push(b' ')),
            // The body is the vendor's, and nobody signed it.
            OnTheWay::Forged(3) => parcels.iter_mut().for_each(|parcel| {
                parcel.headers.retain(|(name, _)| name != "x-zm-signature");
            }),
            _ => {}
        }
        parcels
    }

    async fn keys(&self) -> Keys {
        Keys {
            secret: SECRET_TOKEN.into(),
            signing: Vec::new(),
            opening: Vec::new(),
            audience: String::new(),
            sender: String::new(),
        }
    }
}

lectern_core::conformance!(Zoom);
