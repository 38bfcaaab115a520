//! A simulator with one school, an app, a teacher, and a receiver of its notifications.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex},
};

use async_trait::async_trait;
use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::post,
};
use chrono::{DateTime, TimeZone as _, Utc};
use lectern_core::{
    clock::FixedClock,
    provider::{AccessTokens, Account, OpeningKey, Provider, Result, SigningKey},
    random::SeededRandomness,
    secret::SecretString,
};
use lectern_providers::{
    registry::{self, Connection, ProviderSettings},
    transport::{Transport, TransportOptions},
};
use lectern_simulators::{
    contract::Contract,
    teams::{AppSpec, PolicySpec, TeamsOptions, TeamsSimulator, UserSpec},
};
use serde_json::{Value, json};

pub(crate) const APP: &str = "8e460676-ae3f-4b1e-8790-ee0fb5d6148f";
pub(crate) const TENANT: &str = "909c6581-5130-43e9-88f3-fcb3582cde37";
pub(crate) const SECRET: &str = "client-secret";
pub(crate) const STATE: &str = "our-client-state";
pub(crate) const CALLBACK: &str = "http://127.0.0.1:9/oauth/teams/callback";
pub(crate) const TEACHER: &str = "ada@oak.test";
/// A throw-away key and its certificate, for these tests alone.
pub(crate) const OPENING_KEY: &str = include_str!("opening-key.pem");
pub(crate) const CERTIFICATE: &str = include_str!("certificate.txt");

const SCOPES: &[&str] = &[
    "User.Read",
    "Calendars.ReadWrite",
    "OnlineMeetings.ReadWrite",
    "OnlineMeetingArtifact.Read.All",
    "OnlineMeetingRecording.Read.All",
    "OnlineMeetingTranscript.Read.All",
];
const ROLES: &[&str] = &[
    "User.Read.All",
    "Calendars.ReadWrite",
    "OnlineMeetings.ReadWrite.All",
    "OnlineMeetingArtifact.Read.All",
    "OnlineMeetingRecording.Read.All",
    "OnlineMeetingTranscript.Read.All",
];

/// The document, once for all tests of this program.
static CONTRACT: LazyLock<Option<Arc<Contract>>> =
    LazyLock::new(|| Contract::teams_from_environment().unwrap());

/// How a receiver behaves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Receiver {
    pub(crate) received: Arc<Mutex<Vec<Vec<u8>>>>,
    /// Statuses to answer next; 202 when empty.
    pub(crate) answers: Arc<Mutex<Vec<u16>>>,
    /// Does not echo.
    pub(crate) deaf: Arc<Mutex<bool>>,
    pub(crate) handshakes: Arc<Mutex<u32>>,
    pub(crate) url: String,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver =
            Self { url: format!("http://{}/hook", listener.local_addr().unwrap()), ..Self::default() };
        let router = Router::new().route("/hook", post(receive)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    pub(crate) fn bodies(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut *self.received.lock().unwrap())
    }
}

async fn receive(State(receiver): State<Receiver>, RawQuery(query): RawQuery, body: Bytes) -> Response {
    let token = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find(|(name, _)| name == "validationToken")
        .map(|(_, value)| value.into_owned());
    if let Some(token) = token {
        *receiver.handshakes.lock().unwrap() += 1;
        let echo = if *receiver.deaf.lock().unwrap() { String::new() } else { token };
        return ([("content-type", "text/plain")], echo).into_response();
    }
    receiver.received.lock().unwrap().push(body.to_vec());
    let mut answers = receiver.answers.lock().unwrap();
    let status = if answers.is_empty() { 202 } else { answers.remove(0) };
    StatusCode::from_u16(status).unwrap().into_response()
}

/// The client's tokens: one that stands.
#[derive(Debug)]
struct Standing(String);

#[async_trait]
impl AccessTokens for Standing {
    async fn current(&self) -> Result<SecretString> {
        Ok(self.0.clone().into())
    }

    async fn replace(&self, _: &SecretString) -> Result<SecretString> {
        Ok(self.0.clone().into())
    }
}

pub(crate) struct School {
    pub(crate) teams: TeamsSimulator,
    pub(crate) clock: FixedClock,
    pub(crate) hook: Receiver,
    pub(crate) http: reqwest::Client,
    /// The teacher's own token.
    pub(crate) token: String,
    /// The app's own token.
    pub(crate) app_token: String,
    pub(crate) teacher: String,
}

pub(crate) fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 21, 12, 0, 0).unwrap()
}

pub(crate) fn user(email: &str, name: &str) -> UserSpec {
    UserSpec { email: email.to_owned(), name: name.to_owned(), tenant: TENANT.to_owned(), licensed: true }
}

pub(crate) fn app_spec() -> AppSpec {
    let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
    AppSpec {
        client_id: APP.to_owned(),
        client_secret: SECRET.to_owned(),
        name: "Lectern".to_owned(),
        redirect_uris: vec![CALLBACK.to_owned()],
        scopes: words(SCOPES),
        roles: words(ROLES),
    }
}

impl School {
    /// A teacher and a student of one tenant, whose administrator consented and granted the policy.
    pub(crate) async fn with(options: impl FnOnce(&mut TeamsOptions)) -> Self {
        let clock = FixedClock::at(noon());
        let mut asked = TeamsOptions::new(Arc::new(clock.clone()), 7);
        asked.contract = CONTRACT.clone();
        options(&mut asked);
        let teams = TeamsSimulator::start(asked).await.unwrap();
        let teacher = teams.add_user(user(TEACHER, "Ada Żółć"));
        teams.add_user(user("stu@oak.test", "Stu Dent"));
        teams.add_app(app_spec());
        teams.consent(TENANT, APP);
        teams.grant_policy(PolicySpec {
            tenant: TENANT.to_owned(),
            client_id: APP.to_owned(),
            user: None,
            delay_minutes: 0,
        });
        let mut school = Self {
            teams,
            clock,
            hook: Receiver::start().await,
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .build()
                .unwrap(),
            token: String::new(),
            app_token: String::new(),
            teacher,
        };
        school.renew().await;
        school
    }

    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// For tests that send on purpose what the document does not allow.
    pub(crate) async fn unchecked() -> Self {
        Self::with(|options| options.contract = None).await
    }

    /// New tokens, for the teacher and for the app.
    pub(crate) async fn renew(&mut self) {
        self.token = self.connect(TEACHER).await["access_token"].as_str().unwrap().to_owned();
        let (status, body) = self.token_call(TENANT, &self.for_itself()).await;
        assert_eq!(status, 200, "{body}");
        self.app_token = body["access_token"].as_str().unwrap().to_owned();
    }

    pub(crate) fn for_itself(&self) -> Vec<(&'static str, String)> {
        vec![
            ("grant_type", "client_credentials".to_owned()),
            ("scope", format!("{}/.default", self.teams.base_url())),
        ]
    }

    pub(crate) fn authorize_url(&self, tenant: &str, scope: &str) -> String {
        let mut url =
            url::Url::parse(&format!("{}/{tenant}/oauth2/v2.0/authorize", self.teams.base_url())).unwrap();
        url.query_pairs_mut()
            .append_pair("client_id", APP)
            .append_pair("response_type", "code")
            .append_pair("redirect_uri", CALLBACK)
            .append_pair("scope", scope)
            .append_pair("state", "state-1")
            .append_pair("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
            .append_pair("code_challenge_method", "S256");
        url.to_string()
    }

    pub(crate) fn back(&self, authorize_url: &str, email: &str) -> BTreeMap<String, String> {
        let location = self.teams.accept(authorize_url, email).unwrap();
        url::Url::parse(&location).unwrap().query_pairs().into_owned().collect()
    }

    pub(crate) fn redeeming(code: &str) -> Vec<(&'static str, String)> {
        vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", CALLBACK.to_owned()),
            ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned()),
        ]
    }

    /// The whole authorization by code.
    pub(crate) async fn connect(&self, email: &str) -> Value {
        let scope = "openid profile offline_access User.Read Calendars.ReadWrite OnlineMeetings.ReadWrite";
        let back = self.back(&self.authorize_url("organizations", scope), email);
        let code = back.get("code").unwrap_or_else(|| panic!("{back:?}"));
        let (status, body) = self.token_call("organizations", &Self::redeeming(code)).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    pub(crate) async fn token_call(&self, tenant: &str, form: &[(&'static str, String)]) -> (u16, Value) {
        let mut form = form.to_vec();
        form.push(("client_id", APP.to_owned()));
        form.push(("client_secret", SECRET.to_owned()));
        self.raw_token_call(tenant, &form).await
    }

    pub(crate) async fn raw_token_call(&self, tenant: &str, form: &[(&'static str, String)]) -> (u16, Value) {
        let url = format!("{}/{tenant}/oauth2/v2.0/token", self.teams.base_url());
        let answer = self.http.post(url).form(form).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// A call of the teacher's.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        self.call_as(&self.token, method, &format!("/v1.0{path}"), body).await
    }

    pub(crate) async fn call_as(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("{}{path}", self.teams.base_url());
        let mut request = self.http.request(method, url).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// An event of the teacher's with a meeting: its id and its link.
    pub(crate) async fn event(&self) -> (String, String) {
        let (status, event) = self.call("POST", "/me/events", Some(event_body())).await;
        assert_eq!(status, 201, "{event}");
        let link = event["onlineMeeting"]["joinUrl"].as_str().unwrap_or_default().to_owned();
        (event["id"].as_str().unwrap().to_owned(), link)
    }

    /// The online meeting behind a link.
    pub(crate) async fn online(&self, link: &str) -> Value {
        let filter = encoded(&format!("JoinWebUrl eq '{link}'"));
        let (status, found) = self.call("GET", &format!("/me/onlineMeetings?$filter={filter}"), None).await;
        assert_eq!(status, 200, "{found}");
        found["value"][0].clone()
    }

    pub(crate) fn minutes(&self, minutes: i64) {
        self.clock.advance(chrono::Duration::minutes(minutes));
    }

    fn settings(&self, tenant: Option<&str>) -> ProviderSettings {
        let url = |text: String| text.parse::<url::Url>().unwrap();
        ProviderSettings {
            provider: lectern_providers::teams::NAME,
            tenant: "oak".to_owned(),
            client_id: APP.to_owned(),
            client_secret: SECRET.into(),
            account_id: tenant.map(str::to_owned),
            api_base: url(self.teams.api_url()),
            oauth_base: url(self.teams.base_url()),
            others: BTreeMap::from([("beta".to_owned(), url(self.teams.beta_url()))]),
            hosts: Vec::new(),
        }
    }

    fn transport(&self) -> Transport {
        Transport::new(TransportOptions {
            allow_loopback: true,
            clock: Arc::new(self.clock.clone()),
            randomness: Arc::new(SeededRandomness::new(1)),
            before_each: || {},
            inspect: None,
        })
        .unwrap()
    }

    /// The client under test: without a connection, for logging in.
    pub(crate) fn stranger(&self, tenant: Option<&str>) -> Arc<dyn Provider> {
        registry::build(&self.settings(tenant), &self.transport(), None).unwrap()
    }

    fn connected(&self, tenant: Option<&str>, token: &str, scopes: &[&str]) -> Arc<dyn Provider> {
        let scopes: Vec<_> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self.connected_with(tenant, Arc::new(Standing(token.to_owned())), &scopes)
    }

    pub(crate) fn connected_with(
        &self,
        tenant: Option<&str>,
        tokens: Arc<dyn AccessTokens>,
        scopes: &[String],
    ) -> Arc<dyn Provider> {
        let connection = Connection {
            tokens,
            account: Account {
                user_id: self.teacher.clone(),
                account_id: TENANT.to_owned(),
                email: TEACHER.to_owned(),
                name: "Ada".to_owned(),
                plan: None,
            },
            scopes: scopes.to_vec(),
            rate_key: TENANT.to_owned(),
        };
        registry::build(&self.settings(tenant), &self.transport(), Some(connection)).unwrap()
    }

    /// The client, connected by the teacher.
    pub(crate) fn client(&self) -> Arc<dyn Provider> {
        self.connected(None, &self.token, SCOPES)
    }

    /// The client, as the school's application.
    pub(crate) fn school_client(&self) -> Arc<dyn Provider> {
        self.connected(Some(TENANT), &self.app_token, &[])
    }

    pub(crate) fn signing(&self) -> Vec<SigningKey> {
        let (id, modulus, exponent) = self.teams.signing_key();
        vec![SigningKey { id, modulus, exponent }]
    }
}

pub(crate) fn opening() -> Vec<OpeningKey> {
    vec![OpeningKey { id: "key-1".to_owned(), pem: OPENING_KEY.into() }]
}

pub(crate) fn event_body() -> Value {
    json!({
        "subject": "Algebra", "body": {"contentType": "text", "content": "Bring a pen."}, "attendees": [],
        "start": {"dateTime": "2026-11-21T12:15:00", "timeZone": "UTC"}, "end": {"dateTime": "2026-11-21T13:15:00", "timeZone": "UTC"},
        "isOnlineMeeting": true, "onlineMeetingProvider": "teamsForBusiness",
    })
}

pub(crate) fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

impl Drop for School {
    fn drop(&mut self) {
        if let Some(contract) = CONTRACT.as_ref().filter(|_| !std::thread::panicking()) {
            assert!(contract.violations().is_empty(), "{}", contract.report());
        }
    }
}
