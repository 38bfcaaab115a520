//! A simulator with one school, an app, and a receiver of its webhooks.

use std::sync::{Arc, LazyLock, Mutex};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use chrono::{DateTime, TimeZone as _, Utc};
use lectern_core::clock::FixedClock;
use lectern_simulators::contract::Contract;
use lectern_simulators::zoom::{
    AccountPlan, AppMode, AppSpec, EndpointSpec, HostPlan, HostSpec, ZoomOptions, ZoomSimulator,
    encrypted_token, signature,
};
use serde_json::{Value, json};

pub(crate) const SECRET_TOKEN: &str = "test-secret-token";
pub(crate) const CALLBACK: &str = "http://127.0.0.1:9/oauth/zoom/callback";
pub(crate) const SCOPES: &[&str] = &[
    "user:read:admin",
    "user:write:admin",
    "user_zak:read",
    "user_profile",
    "meeting:read",
    "meeting:write",
    "report:read:admin",
    "recording:read",
    "recording:write",
];

/// The documents, once for all tests of this program.
static CONTRACT: LazyLock<Option<Arc<Contract>>> =
    LazyLock::new(|| Contract::zoom_from_environment().unwrap());

/// What the receiver got: headers in lower case, raw body.
pub(crate) type Received = Arc<Mutex<Vec<(Vec<(String, String)>, Vec<u8>)>>>;

#[derive(Clone, Debug, Default)]
pub(crate) struct Receiver {
    pub(crate) received: Received,
    /// Statuses to answer next; 200 when empty.
    pub(crate) answers: Arc<Mutex<Vec<u16>>>,
    pub(crate) url: String,
    /// Told after each delivery.
    pub(crate) arrived: Arc<tokio::sync::Notify>,
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

    pub(crate) fn bodies(&self) -> Vec<Value> {
        self.received.lock().unwrap().iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect()
    }

    pub(crate) fn events(&self) -> Vec<String> {
        self.bodies().iter().map(|body| body["event"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn event(&self, name: &str) -> Value {
        self.bodies()
            .into_iter()
            .find(|body| body["event"] == name)
            .unwrap_or_else(|| panic!("no {name} in {:?}", self.events()))
    }

    pub(crate) fn clear(&self) {
        self.received.lock().unwrap().clear();
    }
}

async fn receive(
    State(receiver): State<Receiver>,
    headers: HeaderMap,
    body: Bytes,
) -> (axum::http::StatusCode, String) {
    let value: Value = serde_json::from_slice(&body).unwrap();
    if value["event"] == "endpoint.url_validation" {
        let plain = value["payload"]["plainToken"].as_str().unwrap();
        let answer = json!({ "plainToken": plain, "encryptedToken": encrypted_token(SECRET_TOKEN, plain) });
        return (axum::http::StatusCode::OK, answer.to_string());
    }
    let headers =
        headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    receiver.received.lock().unwrap().push((headers, body.to_vec()));
    receiver.arrived.notify_waiters();
    let mut answers = receiver.answers.lock().unwrap();
    let status = if answers.is_empty() { 200 } else { answers.remove(0) };
    (axum::http::StatusCode::from_u16(status).unwrap(), String::new())
}

pub(crate) struct School {
    pub(crate) zoom: ZoomSimulator,
    pub(crate) clock: FixedClock,
    pub(crate) hook: Receiver,
    pub(crate) http: reqwest::Client,
    pub(crate) token: String,
}

pub(crate) fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 21, 12, 0, 0).unwrap()
}

pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

pub(crate) fn app(mode: AppMode) -> AppSpec {
    AppSpec {
        client_id: format!("client-{mode:?}"),
        client_secret: "client-secret".to_owned(),
        name: "Lectern".to_owned(),
        mode,
        account_id: (mode == AppMode::ServerToServer).then(|| "account-oak".to_owned()),
        redirect_uris: vec![CALLBACK.to_owned()],
        scopes: SCOPES.iter().map(|scope| (*scope).to_owned()).collect(),
        endpoints: Vec::new(),
    }
}

pub(crate) fn host(email: &str, plan: HostPlan) -> HostSpec {
    HostSpec {
        email: email.to_owned(),
        first_name: "Ada".to_owned(),
        last_name: "Żółć".to_owned(),
        plan,
        account_id: "account-oak".to_owned(),
        account_plan: AccountPlan::Pro,
        time_zone: "Europe/Warsaw".to_owned(),
    }
}

impl School {
    /// One licensed host `ada@oak.test`, connected by the mode's app, with webhooks to the receiver.
    pub(crate) async fn with(mode: AppMode, options: impl FnOnce(&mut ZoomOptions)) -> Self {
        let clock = FixedClock::at(noon());
        let mut asked = ZoomOptions::new(Arc::new(clock.clone()), 7);
        asked.contract = CONTRACT.clone();
        options(&mut asked);
        let zoom = ZoomSimulator::start(asked).await.unwrap();
        zoom.add_host(host("ada@oak.test", HostPlan::Licensed));
        let hook = Receiver::start().await;
        zoom.add_app(app(mode));
        let endpoint =
            EndpointSpec { url: hook.url.clone(), secret_token: SECRET_TOKEN.to_owned(), events: Vec::new() };
        zoom.subscribe(&format!("client-{mode:?}"), endpoint).await.unwrap();
        let mut school = Self { zoom, clock, hook, http: http(), token: String::new() };
        school.token = match mode {
            AppMode::ServerToServer => {
                let body = school
                    .token_call(mode, &[("grant_type", "account_credentials"), ("account_id", "account-oak")])
                    .await
                    .1;
                body["access_token"].as_str().unwrap().to_owned()
            }
            _ => school.connect(mode, "ada@oak.test").await["access_token"].as_str().unwrap().to_owned(),
        };
        school
    }

    pub(crate) async fn new() -> Self {
        Self::with(AppMode::User, |_| {}).await
    }

    /// For tests that send on purpose what the documents do not allow.
    pub(crate) async fn unchecked() -> Self {
        Self::with(AppMode::User, |options| options.contract = None).await
    }

    /// The whole authorization by code.
    pub(crate) async fn connect(&self, mode: AppMode, email: &str) -> Value {
        let url = self.authorize_url(mode, "state-1", Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
        let location = self.zoom.allow(&url, email).unwrap();
        let code = url::Url::parse(&location)
            .unwrap()
            .query_pairs()
            .find(|(name, _)| name == "code")
            .unwrap()
            .1
            .into_owned();
        let (status, body) = self
            .token_call(
                mode,
                &[
                    ("grant_type", "authorization_code"),
                    ("code", &code),
                    ("redirect_uri", CALLBACK),
                    ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
                ],
            )
            .await;
        assert_eq!(status, 200, "{body}");
        body
    }

    pub(crate) fn authorize_url(&self, mode: AppMode, state: &str, challenge: Option<&str>) -> String {
        let mut url = url::Url::parse(&format!("{}/oauth/authorize", self.zoom.base_url())).unwrap();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &format!("client-{mode:?}"))
            .append_pair("redirect_uri", CALLBACK)
            .append_pair("state", state);
        if let Some(challenge) = challenge {
            url.query_pairs_mut()
                .append_pair("code_challenge", challenge)
                .append_pair("code_challenge_method", "S256");
        }
        url.to_string()
    }

    pub(crate) async fn token_call(&self, mode: AppMode, form: &[(&str, &str)]) -> (u16, Value) {
        let answer = self
            .http
            .post(format!("{}/oauth/token", self.zoom.base_url()))
            .basic_auth(format!("client-{mode:?}"), Some("client-secret"))
            .form(form)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let (status, _, body) = self.call_with(&self.token, method, path, body).await;
        (status, body)
    }

    pub(crate) async fn call_with(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, HeaderMap, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request =
            self.http.request(method, format!("{}{path}", self.zoom.api_url())).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        (status, headers, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// A scheduled meeting with manual approval; its number.
    pub(crate) async fn meeting(&self, settings: Value) -> u64 {
        let mut wanted = json!({ "approval_type": 1, "registrants_confirmation_email": false, "registrants_email_notification": false });
        for (name, value) in settings.as_object().unwrap() {
            wanted[name] = value.clone();
        }
        let body = json!({ "topic": "Algebra", "type": 2, "start_time": "2026-11-21T12:15:00Z", "duration": 60, "timezone": "UTC", "settings": wanted });
        let (status, body) = self.call("POST", "/users/me/meetings", Some(body)).await;
        assert_eq!(status, 201, "{body}");
        body["id"].as_u64().unwrap()
    }

    /// A registrant: id and join URL.
    pub(crate) async fn registrant(&self, meeting: u64, email: &str) -> (String, String) {
        let body = json!({ "email": email, "first_name": "Stu", "last_name": email.split('@').next().unwrap(), "auto_approve": true });
        let (status, body) = self.call("POST", &format!("/meetings/{meeting}/registrants"), Some(body)).await;
        assert_eq!(status, 201, "{body}");
        (body["registrant_id"].as_str().unwrap().to_owned(), body["join_url"].as_str().unwrap().to_owned())
    }

    pub(crate) fn minutes(&self, minutes: i64) {
        self.clock.advance(chrono::Duration::minutes(minutes));
    }

    pub(crate) fn seconds(&self, seconds: i64) {
        self.clock.advance(chrono::Duration::seconds(seconds));
    }
}

impl Drop for School {
    fn drop(&mut self) {
        if let Some(contract) = CONTRACT.as_ref().filter(|_| !std::thread::panicking()) {
            assert!(contract.violations().is_empty(), "{}", contract.report());
        }
    }
}

pub(crate) fn check_signature(headers: &[(String, String)], body: &[u8]) -> bool {
    let header =
        |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap();
    header("x-zm-signature") == signature(SECRET_TOKEN, header("x-zm-request-timestamp"), body)
}
