//! What every provider promises, by the Teams client on the simulated Microsoft: with a teacher's own connection, and as the
//! school's application, which alone is told who is there.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use lectern_core::{
    clock::Clock as _,
    conformance::{Deletion, Door, Guest, Harness, Keys, OnTheWay, Parcel, Post, Room, Tokens, Trouble},
    provider::{
        AuthorizeRequest, Call, Certificate, EventEndpoint, Meeting, MeetingDraft, MeetingRef, Provider,
        TokenSet,
    },
    settings::{ClassSettings, RecordingMode, ScreenShare},
};
use lectern_simulators::{
    faults::FaultPlan,
    teams::{Forced, Identity, NotificationBehaviour, Visit},
};
use serde_json::json;
use url::Url;

use crate::harness::{APP, CALLBACK, CERTIFICATE, STATE, School, TEACHER, TENANT, app_spec, opening};

const CALL: Call = Call::background();

/// `SCHOOL`: as the school's application.
struct Teams<const SCHOOL: bool> {
    school: School,
    tokens: TokenSet,
    provider: Arc<dyn Provider>,
    visits: Mutex<HashMap<String, Visit>>,
    way: Mutex<OnTheWay>,
}

impl<const SCHOOL: bool> Teams<SCHOOL> {
    const TENANT: Option<&str> = if SCHOOL { Some(TENANT) } else { None };
}

async fn granted(school: &School, unconnected: &dyn Provider) -> TokenSet {
    let oauth = unconnected.oauth().unwrap();
    let redirect: Url = CALLBACK.parse().unwrap();
    let asked = oauth.authorize_url(&AuthorizeRequest {
        redirect_uri: redirect.clone(),
        state: "state".to_owned(),
        code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned(),
    });
    let back = school.back(asked.as_str(), TEACHER);
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into();
    oauth.exchange(&CALL, &back["code"], &verifier, &redirect).await.unwrap()
}

#[async_trait]
impl<const SCHOOL: bool> Harness for Teams<SCHOOL> {
    async fn start() -> Self {
        let school = School::new().await;
        school.teams.set_behaviour(|behaviour| behaviour.retry_after_seconds = Some(2));
        let unconnected = school.stranger(Self::TENANT);
        let tokens = if SCHOOL {
            unconnected.oauth().unwrap().account_token(&CALL).await.unwrap()
        } else {
            granted(&school, unconnected.as_ref()).await
        };
        let held = Arc::new(Tokens::new(unconnected, tokens.clone()));
        let provider = school.connected_with(Self::TENANT, held, &tokens.scopes);
        let (visits, way) = (Mutex::default(), Mutex::new(OnTheWay::Straight));
        Self { school, tokens, provider, visits, way }
    }

    fn provider(&self) -> Arc<dyn Provider> {
        Arc::clone(&self.provider)
    }

    async fn poorer(&self) -> Vec<Arc<dyn Provider>> {
        let mut all = vec![self.school.stranger(Self::TENANT)];
        // An application's token does not tell what it may.
        if !SCHOOL {
            for word in ["Recording", "Artifact"] {
                let scopes: Vec<_> =
                    self.tokens.scopes.iter().filter(|scope| !scope.contains(word)).cloned().collect();
                let held = Arc::new(Tokens::new(self.school.stranger(None), self.tokens.clone()));
                all.push(self.school.connected_with(None, held, &scopes));
            }
        }
        all
    }

    fn adapt(&self, draft: &mut MeetingDraft) {
        draft.host = SCHOOL.then(|| TEACHER.to_owned());
    }

    fn now(&self) -> DateTime<Utc> {
        self.school.clock.now()
    }

    fn advance(&self, by: TimeDelta) {
        self.school.clock.advance(by);
    }

    fn requests(&self) -> Option<usize> {
        Some(self.school.teams.requests_since(0).len())
    }

    fn meetings(&self) -> usize {
        self.school.teams.events().len()
    }

    fn deletion(&self) -> Deletion {
        Deletion::Removed
    }

    fn trouble(&self, trouble: Trouble) -> bool {
        let creates = || vec!["events.create".to_owned()];
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
        self.school.teams.set_faults(1, plan);
        true
    }

    fn pages(&self, rows: usize) {
        self.school.teams.set_behaviour(|behaviour| {
            behaviour.page = rows;
            behaviour.longest_page = rows;
        });
    }

    async fn revoke(&self) -> bool {
        if SCHOOL {
            // Somebody made a new secret; the token that is out still works for its hour.
            self.school.teams.add_app(lectern_simulators::teams::AppSpec {
                client_secret: "a newer secret".to_owned(),
                ..app_spec()
            });
            self.school.clock.advance(TimeDelta::minutes(90));
        } else {
            self.school.teams.end_grant(APP, TEACHER);
        }
        true
    }

    async fn take_scope(&self) -> bool {
        self.school.teams.force_error(Forced {
            operation: "events.create".to_owned(),
            status: 403,
            code: "ErrorAccessDenied".to_owned(),
            message: "Access is denied. Check credentials and try again.".to_owned(),
            times: 9,
        });
        true
    }

    async fn settings(&self, meeting: &Meeting) -> ClassSettings {
        let option =
            |name: &str| self.school.teams.option(meeting.join_url.expose(), name).unwrap_or_default();
        let recorded = option("recordAutomatically") == true;
        ClassSettings {
            waiting_room: option("lobbyBypassSettings")["scope"] == "organizer",
            recording: if recorded { RecordingMode::Cloud } else { RecordingMode::None },
            chat: option("allowMeetingChat") != json!("disabled"),
            screen_share: match option("allowedPresenters").as_str() {
                Some("organizer") => ScreenShare::Host,
                _ => ScreenShare::Everyone,
            },
            ..ClassSettings::default()
        }
    }

    fn room(&self) -> Option<&dyn Room> {
        Some(self)
    }

    fn post(&self) -> Option<&dyn Post> {
        SCHOOL.then_some(self as &dyn Post)
    }
}

impl<const SCHOOL: bool> Room for Teams<SCHOOL> {
    fn begin(&self, meeting: &Meeting) {
        self.school.teams.organizer_joins(meeting.join_url.expose()).unwrap();
    }

    fn comes(&self, meeting: &Meeting, guest: &Guest) -> Door {
        let visit =
            self.school.teams.joins(meeting.join_url.expose(), Identity::Anonymous, &guest.name()).unwrap();
        self.visits.lock().unwrap().insert(guest.name(), visit);
        if self.school.teams.is_waiting(visit) { Door::Waits } else { Door::In }
    }

    fn admit(&self, _: &Meeting, guest: &Guest) {
        self.school.teams.admit(self.visits.lock().unwrap()[&guest.name()]).unwrap();
    }

    fn leaves(&self, _: &Meeting, guest: &Guest) {
        self.school.teams.leaves(self.visits.lock().unwrap()[&guest.name()]).unwrap();
    }

    fn end(&self, meeting: &Meeting) {
        assert!(self.school.teams.end_for_all(meeting.join_url.expose()));
    }

    fn is_running(&self, meeting: &Meeting) -> bool {
        let truth = self.school.teams.truth(meeting.join_url.expose()).unwrap();
        truth.calls.last().is_some_and(|call| call.ended.is_none())
    }

    fn settles_in(&self) -> TimeDelta {
        TimeDelta::minutes(20)
    }
}

#[async_trait]
impl<const SCHOOL: bool> Post for Teams<SCHOOL> {
    async fn listen(&self, provider: &dyn Provider, meeting: &Meeting) {
        let endpoint = EventEndpoint {
            url: self.school.hook.url.parse().unwrap(),
            secret: STATE.into(),
            certificate: Some(Certificate { id: "key-1".to_owned(), der: CERTIFICATE.to_owned() }),
            topic: None,
        };
        let at = MeetingRef { id: meeting.id.clone(), host: Some(TEACHER.to_owned()) };
        provider.subscriptions().unwrap().subscribe(&CALL, Some(&at), &endpoint).await.unwrap();
        self.collect().await;
    }

    fn on_the_way(&self, how: OnTheWay) {
        let mut behaviour = NotificationBehaviour::default();
        match how {
            OnTheWay::Straight | OnTheWay::Mixed | OnTheWay::Forged(2..) => {}
            OnTheWay::Doubled => behaviour.duplicate = 100,
            OnTheWay::Forged(0) => behaviour.wrong_state = 100,
            OnTheWay::Forged(1) => behaviour.wrong_token = 100,
            OnTheWay::Unknown => behaviour.unknown_events = 100,
        }
        *self.way.lock().unwrap() = how;
        self.school.teams.set_notifications(behaviour);
    }

    fn forgeries(&self) -> usize {
        4
    }

    async fn collect(&self) -> Vec<Parcel> {
        self.school.teams.flush_notifications().await;
        let mut parcels: Vec<_> =
            self.school.hook.bodies().into_iter().map(|body| Parcel { body, ..Parcel::default() }).collect();
        let change = |parcel: &mut Parcel, change: fn(&mut serde_json::Value)| {
            let mut body = serde_json::from_slice(&parcel.body).unwrap();
            change(&mut body);
            parcel.body = body.to_string().into_bytes();
        };
        let way = *self.way.lock().unwrap();
        match way {
            OnTheWay::Mixed => parcels.reverse(),
            // Content that nobody vouches for.
            OnTheWay::Forged(2) => parcels.iter_mut().for_each(|parcel| {
                change(parcel, |body| body["validationTokens"] = json!([]));
            }),
            // Another's content under the vendor's signature.
            OnTheWay::Forged(3) => parcels.iter_mut().for_each(|parcel| {
                change(parcel, |body| {
                    let data = &mut body["value"][0]["encryptedContent"]["data"];
                    let text = data.as_str().unwrap();
                    let first = if text.starts_with('A') { 'B' } else { 'A' };
                    *data = format!("{first}{}", &text[1..]).into();
                });
            }),
            _ => {}
        }
        parcels
    }

    async fn keys(&self) -> Keys {
        Keys {
            secret: STATE.into(),
            signing: self.school.signing(),
            opening: opening(),
            audience: APP.to_owned(),
            sender: String::new(),
        }
    }
}

mod by_a_teacher {
    lectern_core::conformance!(super::Teams<false>);
}

mod by_the_school {
    lectern_core::conformance!(super::Teams<true>);
}
