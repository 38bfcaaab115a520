//! Every operation of our Zoom client against Zoom's documents, on a simulator that holds itself to them too.
//!
//! All other stories pass through the same documents (`TestApp::finish`), in many threads and several processes. What must be
//! complete is asked here, of one run: every call the client has, every entry of `deviations.toml`.

use std::{io::Write, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::TryStreamExt;
use lectern_core::{
    clock::{Clock, FixedClock},
    provider::{
        AccessTokens, AuthorizeRequest, BreakoutPlan, Call, ErrorKind, MeetingDraft, MeetingRef,
        OurReference, Provider, RecordingFileRef, Registrant, RegistrantRef, RegistrantState, Removal,
        Result, TokenSet,
    },
    random::{Randomness, SeededRandomness},
    secret::SecretString,
    settings::{ClassSettings, RecordingMode},
};
use lectern_providers::{
    registry::{self, Connection, ProviderSettings},
    transport::{Inspect, Seen, Transport, TransportOptions},
};
use lectern_simulators::{
    contract::Contract,
    faults::FaultPlan,
    zoom::{
        AccountPlan, AppMode, AppSpec, EndpointSpec, HostPlan, HostSpec, IdForm, WebhookBehaviour,
        ZoomOptions, ZoomSimulator,
    },
};
use serde_json::{Value, json};

const HOST: &str = "ada@oak.example";
const CALLBACK: &str = "http://127.0.0.1:9/callback";

#[derive(Debug)]
struct OneToken(SecretString);

#[async_trait]
impl AccessTokens for OneToken {
    async fn current(&self) -> Result<SecretString> {
        Ok(self.0.clone())
    }

    async fn replace(&self, _: &SecretString) -> Result<SecretString> {
        Ok(self.0.clone())
    }
}

#[derive(Debug)]
struct Reader(Arc<Contract>);

impl Inspect for Reader {
    fn exchanged(&self, seen: &Seen<'_>) {
        let answer = seen.answer.as_ref().map(|answer| (answer.status, answer.body));
        self.0.check_exchange(seen.method, seen.url, seen.body, answer);
    }
}

/// Where webhooks go: everything is taken in.
async fn listener() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(|| async { "" });
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn simulator(clock: &FixedClock, contract: Option<&Arc<Contract>>, mode: AppMode) -> ZoomSimulator {
    let mut options = ZoomOptions::new(Arc::new(clock.clone()), 3);
    options.contract = contract.map(Arc::clone);
    let zoom = ZoomSimulator::start(options).await.unwrap();
    zoom.add_host(HostSpec {
        email: HOST.to_owned(),
        first_name: "Ada".to_owned(),
        last_name: "Noor".to_owned(),
        plan: HostPlan::Licensed,
        account_id: "oak".to_owned(),
        account_plan: AccountPlan::Business,
        time_zone: String::new(),
    });
    let scopes = [
        "user:read:admin",
        "meeting:read",
        "meeting:write",
        "meeting:read:admin",
        "meeting:write:admin",
        "report:read:admin",
        "recording:read",
        "recording:write",
    ];
    zoom.add_app(AppSpec {
        client_id: "client".to_owned(),
        client_secret: "secret".to_owned(),
        name: String::new(),
        mode,
        account_id: Some("oak".to_owned()),
        redirect_uris: vec![CALLBACK.to_owned()],
        scopes: scopes.map(str::to_owned).to_vec(),
        endpoints: vec![EndpointSpec {
            url: listener().await,
            secret_token: "webhook-secret".to_owned(),
            events: Vec::new(),
        }],
    });
    zoom
}

/// A simulated Zoom that holds itself to the documents, and our client, connected.
pub(crate) struct Stage {
    pub(crate) clock: FixedClock,
    pub(crate) zoom: ZoomSimulator,
    pub(crate) call: Call,
    pub(crate) provider: Arc<dyn Provider>,
    tokens: TokenSet,
    pub(crate) draft: MeetingDraft,
}

pub(crate) async fn stage(contract: Option<&Arc<Contract>>, account: bool) -> Stage {
    let clock = FixedClock::at("2026-11-21T12:00:00Z".parse().unwrap());
    let mode = if account { AppMode::ServerToServer } else { AppMode::User };
    let zoom = simulator(&clock, contract, mode).await;
    let origin: url::Url = zoom.base_url().parse().unwrap();
    let settings = ProviderSettings {
        provider: lectern_providers::zoom::NAME,
        tenant: "oakwood".into(),
        client_id: "client".into(),
        client_secret: "secret".into(),
        account_id: account.then(|| "oak".into()),
        api_base: origin.join("/v2").unwrap(),
        oauth_base: origin.join("/oauth").unwrap(),
        others: std::collections::BTreeMap::new(),
        hosts: vec![origin.authority().to_owned()],
    };
    let randomness: Arc<dyn Randomness> = Arc::new(SeededRandomness::new(1));
    let transport = Transport::new(TransportOptions {
        clock: Arc::new(clock.clone()),
        randomness,
        allow_loopback: true,
        inspect: contract.map(|contract| Arc::new(Reader(Arc::clone(contract))) as Arc<dyn Inspect>),
        before_each: || {},
    })
    .unwrap();
    let call = Call::background();
    let unconnected = registry::build(&settings, &transport, None).unwrap();
    let oauth = unconnected.oauth().unwrap();
    let tokens = if account {
        oauth.account_token(&call).await.unwrap()
    } else {
        // The verifier and challenge of RFC 7636, appendix B.
        let verifier = SecretString::from("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        let redirect: url::Url = CALLBACK.parse().unwrap();
        let request = AuthorizeRequest {
            redirect_uri: redirect.clone(),
            state: "state".into(),
            code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into(),
        };
        let url = oauth.authorize_url(&request);
        let back: url::Url = zoom.allow(url.as_str(), HOST).unwrap().parse().unwrap();
        let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let tokens = oauth.exchange(&call, &code, &verifier, &redirect).await.unwrap();
        oauth.refresh(&call, tokens.refresh_token.as_ref().unwrap()).await.unwrap()
    };
    let who = oauth.account(&call, &tokens.access_token, account.then_some(HOST)).await.unwrap();
    let connection = Connection {
        tokens: Arc::new(OneToken(tokens.access_token.clone())),
        account: who,
        scopes: tokens.scopes.clone(),
        rate_key: "oak".into(),
    };
    let provider = registry::build(&settings, &transport, Some(connection)).unwrap();
    let draft = MeetingDraft {
        reference: OurReference::random(&SeededRandomness::new(5)),
        topic: "Algebra".into(),
        agenda: "Fractions".into(),
        starts_at: clock.now(),
        length: Duration::from_secs(3_600),
        time_zone: "Europe/Warsaw".parse().unwrap(),
        settings: ClassSettings {
            recording: RecordingMode::Cloud,
            waiting_room: false,
            ..ClassSettings::default()
        },
        host: account.then(|| HOST.into()),
        registration: true,
    };
    Stage { clock, zoom, call, provider, tokens, draft }
}

/// Everything the client can say, in one evening.
async fn everything(contract: &Arc<Contract>, account: bool) {
    let Stage { clock, zoom, call, provider, tokens, draft } = stage(Some(contract), account).await;
    let meetings = provider.meetings().unwrap();
    let made = meetings.create(&call, &draft).await.unwrap();
    let meeting = MeetingRef { id: made.id.clone(), host: draft.host.clone() };
    assert_eq!(meetings.find(&call, &draft).await.unwrap().unwrap().id, made.id);
    meetings.update(&call, &meeting, &draft).await.unwrap();
    meetings.get(&call, &meeting).await.unwrap();
    meetings.host_url(&call, &meeting).await.unwrap();
    let room = BreakoutPlan { name: "Room 1".into(), participants: vec!["s@home.example".into()] };
    provider.breakout_rooms().unwrap().preassign(&call, &meeting, &[room]).await.unwrap();
    let registrants = provider.registrants().unwrap();
    let person =
        |email: String| Registrant { email, first_name: "S".into(), last_name: Some("Rahman".into()) };
    let one = registrants.register(&call, &meeting, &person("s@home.example".into())).await.unwrap();
    let people: Vec<_> = (0..40).map(|number| person(format!("m{number}@home.example"))).collect();
    let many = registrants.register_many(&call, &meeting, &people).await;
    assert!(many.iter().all(Result::is_ok));
    assert_eq!(registrants.list(&call, &meeting, RegistrantState::Approved).await.unwrap().len(), 41);
    let first = RegistrantRef {
        id: many[0].as_ref().unwrap().registrant_id.clone(),
        email: "m0@home.example".into(),
    };
    registrants.cancel(&call, &meeting, &first).await.unwrap();
    let number: u64 = made.id.parse().unwrap();
    zoom.host_joins(number).unwrap();
    let visit = zoom.joins(one.join_url.0.expose()).unwrap();
    clock.advance(chrono::Duration::minutes(10));
    zoom.leaves(visit).unwrap();
    meetings.end(&call, &meeting).await.unwrap();
    clock.advance(chrono::Duration::minutes(20));
    let attendance = provider.attendance().unwrap();
    let runs = attendance.runs(&call, &meeting).await.unwrap();
    assert_eq!(runs.len(), 1);
    assert!(attendance.report(&call, &meeting, &runs[0]).await.unwrap().is_some());
    let recordings = provider.recordings().unwrap();
    let got = recordings.get(&call, &meeting, Some(&runs[0].id)).await.unwrap().unwrap();
    let (from, to) = ("2026-10-01".parse().unwrap(), "2026-11-22".parse().unwrap());
    assert_eq!(recordings.list(&call, draft.host.as_deref(), from, to).await.unwrap().len(), 1);
    let download = recordings.download(&call, &got.files[0], 5).await.unwrap();
    let read: usize =
        download.stream.try_fold(0, |read, bytes| async move { Ok(read + bytes.len()) }).await.unwrap();
    assert_eq!(u64::try_from(read).unwrap() + 5, got.files[0].bytes.unwrap());
    let one = RecordingFileRef { run: got.run.clone(), file: Some(got.files[0].id.clone()) };
    recordings.remove(&call, &one, Removal::Trash).await.unwrap();
    recordings.recover(&call, &one).await.unwrap();
    let whole = RecordingFileRef { run: got.run.clone(), file: None };
    recordings.remove(&call, &whole, Removal::Trash).await.unwrap();
    recordings.recover(&call, &whole).await.unwrap();
    recordings.remove(&call, &whole, Removal::Delete).await.unwrap();
    meetings.delete(&call, &meeting).await.unwrap();
    meetings.delete(&call, &meeting).await.unwrap();
    provider.oauth().unwrap().revoke(&call, &tokens.access_token).await.unwrap();
}

/// Operations of the documents that Lectern has no need of: users and their settings, tokens for embedding, invitation texts,
/// recording control from outside, and what another call says better.
const NOT_NEEDED: [&str; 10] = [
    "inMeetingControl",
    "meetingInvitation",
    "meetingregistrantdelete",
    "pastMeetingDetails",
    "recordingSettingUpdate",
    "recordingSettingsUpdate",
    "userToken",
    "userUpdate",
    "userZak",
    "users",
];

/// Answers and events that differ from the documents as `deviations.toml` says: what the client meets only now and then, and
/// what Zoom sends by itself.
async fn everything_odd(contract: &Arc<Contract>) {
    let Stage { clock, zoom, call, provider, tokens, draft } = stage(Some(contract), false).await;
    let call = &call;
    zoom.set_behaviour(|zoom| (zoom.limits_per_second, zoom.auto_admit) = (false, true));
    zoom.set_webhooks(WebhookBehaviour {
        ids: IdForm::AsTyped,
        null_recording_end: true,
        ..WebhookBehaviour::default()
    });
    let meetings = provider.meetings().unwrap();
    let made = meetings.create(call, &draft).await.unwrap();
    let meeting = MeetingRef { id: made.id.clone(), host: None };
    let number: u64 = made.id.parse().unwrap();
    zoom.host_joins(number).unwrap();
    // What our client never asks for, so that the events about it are seen.
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let by_hand = async |method: reqwest::Method, path: &str, body: Value| {
        let request = http
            .request(method, format!("{}{path}", zoom.api_url()))
            .bearer_auth(tokens.access_token.expose())
            .json(&body);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        answer.json::<Value>().await.unwrap_or_default()
    };
    for method in ["recording.pause", "recording.resume"] {
        by_hand(
            reqwest::Method::PATCH,
            &format!("/live_meetings/{number}/events"),
            json!({"method": method}),
        )
        .await;
    }
    clock.advance(chrono::Duration::minutes(10));
    meetings.end(call, &meeting).await.unwrap();
    clock.advance(chrono::Duration::minutes(6));
    zoom.set_behaviour(|zoom| zoom.list_processing_files = true);
    let recordings = provider.recordings().unwrap();
    recordings.get(call, &meeting, None).await.unwrap();
    let (from, to) = ("2026-11-20".parse().unwrap(), "2026-11-22".parse().unwrap());
    recordings.list(call, None, from, to).await.unwrap();
    // A series on several days, changed: the event's types know single days only.
    let series = json!({"topic": "Series", "type": 8, "start_time": "2026-11-23T18:00:00", "timezone": "Europe/Warsaw",
        "recurrence": {"type": 2, "weekly_days": "2,4", "end_times": 4}});
    let series = by_hand(reqwest::Method::POST, "/users/me/meetings", series).await["id"].as_u64().unwrap();
    let change = json!({"recurrence": {"type": 2, "weekly_days": "3,5", "end_times": 4}});
    by_hand(reqwest::Method::PATCH, &format!("/meetings/{series}"), change).await;
    zoom.flush_webhooks().await;
    zoom.set_webhooks(WebhookBehaviour { ids: IdForm::Numbers, ..WebhookBehaviour::default() });
    zoom.host_joins(series).unwrap();
    zoom.flush_webhooks().await;
    zoom.set_webhooks(WebhookBehaviour::default());
    zoom.end_for_all(series);
    zoom.set_faults(1, FaultPlan { server_error: 100, ..FaultPlan::default() });
    let down = meetings.get(call, &meeting).await.unwrap_err();
    assert_eq!(down.kind, ErrorKind::Unavailable);
    zoom.set_faults(1, FaultPlan::default());
    assert!(zoom.remove_app("client", HOST));
    zoom.flush_webhooks().await;
}

/// One run drives the whole client, so what it finds does not depend on which other tests ran, or in which process.
#[tokio::test]
async fn everything_the_client_says_is_in_zooms_documents() {
    let Some(contract) = Contract::zoom_from_environment().unwrap() else { return };
    everything(&contract, false).await;
    everything(&contract, true).await;
    assert_eq!(contract.violations(), []);
    assert_eq!(
        contract.uncalled(),
        NOT_NEEDED,
        "a call of the client is not driven here, or one is no longer made"
    );
    let (called, known) = contract.coverage();
    // Past the test harness, which keeps what a passing test prints to itself.
    let mut out = std::io::stderr();
    writeln!(out, "Lectern's client calls {called} of {known} documented operations").unwrap();
    everything_odd(&contract).await;
    writeln!(out, "{}", contract.report()).unwrap();
    assert_eq!(contract.violations(), []);
    assert_eq!(contract.unused_deviations(), [], "Zoom was never seen to differ so");
}
