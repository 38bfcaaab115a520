//! A simulator with one school, a Cloud project, a receiver of its pushes, and the Meet provider connected to it.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use chrono::{DateTime, TimeZone as _, Utc};
use lectern_core::{
    clock::FixedClock,
    provider::{
        AccessTokens, AuthorizeRequest, Call, MeetingDraft, MeetingRef, OAuth, OurReference, Provider,
        Registrant, Result, TokenSet,
    },
    random::SeededRandomness,
    secret::SecretString,
    settings::ClassSettings,
};
use lectern_providers::{
    meet::MeetSettings,
    registry::{self, Connection, ProviderSettings},
    transport::{Inspect, Seen, Transport, TransportOptions},
};
use lectern_simulators::{
    contract::Contract,
    meet::{AccountSpec, AppSpec, MeetOptions, MeetSimulator, PushSpec, ServiceAccountSpec},
};
use serde_json::Value;
use url::Url;

pub(crate) const CALLBACK: &str = "http://127.0.0.1:9/oauth/meet/callback";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const TOPIC: &str = "projects/oak/topics/meet-events";
pub(crate) const PUSHER: &str = "push@oak.iam.gserviceaccount.com";
pub(crate) const AUDIENCE: &str = "https://classroom.test/webhooks/meet";
pub(crate) const CALL: Call = Call::background();

/// The documents, once for all tests of this program.
pub(crate) static CONTRACT: LazyLock<Option<Arc<Contract>>> =
    LazyLock::new(|| Contract::google_from_environment().unwrap());

/// What the receiver got: headers in lower case, raw body.
pub(crate) type Push = (Vec<(String, String)>, Vec<u8>);

/// All of it.
pub(crate) type Received = Arc<Mutex<Vec<Push>>>;

#[derive(Clone, Debug, Default)]
pub(crate) struct Receiver {
    pub(crate) received: Received,
    /// Statuses to answer next; 204 when empty.
    pub(crate) answers: Arc<Mutex<Vec<u16>>>,
    pub(crate) url: String,
}

impl Receiver {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/push", listener.local_addr().unwrap());
        let receiver = Self { url, ..Self::default() };
        let router = Router::new().route("/push", post(receive)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        receiver
    }

    pub(crate) fn take(&self) -> Vec<Push> {
        std::mem::take(&mut self.received.lock().unwrap())
    }
}

async fn receive(
    State(receiver): State<Receiver>,
    headers: HeaderMap,
    body: Bytes,
) -> axum::http::StatusCode {
    let headers =
        headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    receiver.received.lock().unwrap().push((headers, body.to_vec()));
    let mut answers = receiver.answers.lock().unwrap();
    let status = if answers.is_empty() { 204 } else { answers.remove(0) };
    axum::http::StatusCode::from_u16(status).unwrap()
}

/// Checks what the provider sends and gets.
#[derive(Debug)]
struct Checked(Arc<Contract>);

impl Inspect for Checked {
    fn exchanged(&self, seen: &Seen<'_>) {
        let path = seen.url.path();
        let outside = ["/token", "/revoke", "/oauth2/"].iter().any(|start| path.starts_with(start));
        if outside || seen.url.query().is_some_and(|query| query.contains("alt=media")) {
            return;
        }
        self.0.check_exchange(
            seen.method,
            seen.url,
            seen.body,
            seen.answer.as_ref().map(|answer| (answer.status, answer.body)),
        );
    }
}

/// Tokens as the server keeps them: refreshed when refused.
pub(crate) struct Tokens {
    provider: Arc<dyn Provider>,
    pub(crate) held: tokio::sync::Mutex<TokenSet>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

#[async_trait]
impl AccessTokens for Tokens {
    async fn current(&self) -> Result<SecretString> {
        Ok(self.held.lock().await.access_token.clone())
    }

    async fn replace(&self, refused: &SecretString) -> Result<SecretString> {
        let mut held = self.held.lock().await;
        if held.access_token == *refused {
            let oauth = self.provider.oauth().unwrap();
            *held = match held.refresh_token.clone() {
                Some(refresh) => oauth.refresh(&CALL, &refresh).await?,
                None => oauth.account_token(&CALL).await?,
            };
        }
        Ok(held.access_token.clone())
    }
}

pub(crate) struct School {
    pub(crate) google: MeetSimulator,
    pub(crate) clock: FixedClock,
    pub(crate) hook: Receiver,
    pub(crate) transport: Transport,
    pub(crate) http: reqwest::Client,
}

pub(crate) fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 21, 12, 0, 0).unwrap()
}

pub(crate) fn app() -> AppSpec {
    AppSpec {
        client_id: "client".to_owned(),
        client_secret: "client-secret".to_owned(),
        name: "Lectern".to_owned(),
        project: "oak".to_owned(),
        redirect_uris: vec![CALLBACK.to_owned()],
        testing: false,
        internal: None,
        blocked_scopes: Vec::new(),
    }
}

impl School {
    /// Teacher `ada@oak.test`, students `stu` and `sam` of the same domain, `out@else.test` outside; pushes to the receiver.
    pub(crate) async fn with(options: impl FnOnce(&mut MeetOptions)) -> Self {
        let clock = FixedClock::at(noon());
        let mut asked = MeetOptions::new(Arc::new(clock.clone()), 7);
        asked.contract = CONTRACT.clone();
        options(&mut asked);
        let google = MeetSimulator::start(asked).await.unwrap();
        for (email, name) in [
            ("ada@oak.test", "Ada Żółć"),
            ("stu@oak.test", "Stu Dent"),
            ("sam@oak.test", "Sam Sung"),
            ("out@else.test", "Otto Out"),
        ] {
            google.add_account(AccountSpec::new(email, name));
        }
        let hook = Receiver::start().await;
        google.add_app(app());
        google.add_push(PushSpec {
            topic: TOPIC.to_owned(),
            subscription: "projects/oak/subscriptions/meet-push".to_owned(),
            endpoint: Some(hook.url.clone()),
            audience: Some(AUDIENCE.to_owned()),
            service_account: PUSHER.to_owned(),
            meet_may_publish: true,
        });
        let inspect = CONTRACT.clone().map(|contract| Arc::new(Checked(contract)) as Arc<dyn Inspect>);
        let transport = Transport::new(TransportOptions {
            allow_loopback: true,
            clock: Arc::new(clock.clone()),
            randomness: Arc::new(SeededRandomness::new(1)),
            before_each: || {},
            inspect,
        })
        .unwrap();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self { google, clock, hook, transport, http }
    }

    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// For tests that send on purpose what the documents do not allow.
    pub(crate) async fn unchecked() -> Self {
        Self::with(|options| options.contract = None).await
    }

    pub(crate) fn settings(&self) -> ProviderSettings {
        let others: BTreeMap<String, Url> =
            self.google.other_urls().into_iter().map(|(name, url)| (name, url.parse().unwrap())).collect();
        ProviderSettings {
            provider: lectern_providers::meet::NAME,
            tenant: "school".to_owned(),
            client_id: "client".to_owned(),
            client_secret: "client-secret".into(),
            account_id: None,
            api_base: self.google.api_url().parse().unwrap(),
            oauth_base: self.google.oauth_url().parse().unwrap(),
            others,
            hosts: MeetSettings::meet_hosts(),
        }
    }

    pub(crate) fn unconnected(&self) -> Arc<dyn Provider> {
        registry::build(&self.settings(), &self.transport, None).unwrap()
    }

    pub(crate) fn authorize_url(&self) -> String {
        let provider = self.unconnected();
        let request = AuthorizeRequest {
            redirect_uri: CALLBACK.parse().unwrap(),
            state: "state-1".to_owned(),
            code_challenge: CHALLENGE.to_owned(),
        };
        provider.oauth().unwrap().authorize_url(&request).to_string()
    }

    /// The code of a consent, all but these permissions ticked.
    pub(crate) fn code(&self, email: &str, unticked: &[&str]) -> String {
        let callback = self.google.allow(&self.authorize_url(), email, unticked).unwrap();
        query(&callback, "code").unwrap_or_else(|| panic!("no code in {callback}"))
    }

    pub(crate) async fn tokens(&self, email: &str, unticked: &[&str]) -> TokenSet {
        let code = self.code(email, unticked);
        let provider = self.unconnected();
        let oauth = provider.oauth().unwrap();
        oauth.exchange(&CALL, &code, &VERIFIER.into(), &CALLBACK.parse().unwrap()).await.unwrap()
    }

    pub(crate) async fn built(&self, settings: ProviderSettings, tokens: TokenSet) -> Arc<dyn Provider> {
        let unconnected = registry::build(&settings, &self.transport, None).unwrap();
        let oauth: &dyn OAuth = unconnected.oauth().unwrap();
        let account = oauth.account(&CALL, &tokens.access_token, None).await.unwrap();
        let scopes = tokens.scopes.clone();
        let tokens =
            Arc::new(Tokens { provider: unconnected.clone(), held: tokio::sync::Mutex::new(tokens) });
        let connection = Connection { tokens, rate_key: account.account_id.clone(), account, scopes };
        registry::build(&settings, &self.transport, Some(connection)).unwrap()
    }

    /// A person's own connection, all but these permissions granted.
    pub(crate) async fn connect(&self, email: &str, unticked: &[&str]) -> Arc<dyn Provider> {
        let tokens = self.tokens(email, unticked).await;
        self.built(self.settings(), tokens).await
    }

    /// A connection whose grant has these scopes besides the usual ones.
    pub(crate) async fn connect_with(&self, email: &str, more: &str) -> Arc<dyn Provider> {
        let url = self.authorize_url().replace("&state=", &format!("+{}&state=", more.replace(' ', "+")));
        let callback = self.google.allow(&url, email, &[]).unwrap();
        let provider = self.unconnected();
        let oauth = provider.oauth().unwrap();
        let code = query(&callback, "code").unwrap();
        let tokens =
            oauth.exchange(&CALL, &code, &VERIFIER.into(), &CALLBACK.parse().unwrap()).await.unwrap();
        self.built(self.settings(), tokens).await
    }

    /// A school's service account that acts as `ada@oak.test`.
    pub(crate) fn delegated(&self, scopes: &[&str]) -> ProviderSettings {
        let key = self.google.add_service_account(ServiceAccountSpec {
            email: "classroom@oak.iam.gserviceaccount.com".to_owned(),
            project: "oak".to_owned(),
            domain: "oak.test".to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        });
        ProviderSettings {
            client_secret: key.into(),
            account_id: Some("ada@oak.test".to_owned()),
            ..self.settings()
        }
    }

    /// An access token for calls by hand, with the usual scopes and more.
    pub(crate) async fn token(&self, email: &str, more: &str) -> String {
        let url = self.authorize_url().replace("&state=", &format!("+{}&state=", more.replace(' ', "+")));
        let callback = self.google.allow(&url, email, &[]).unwrap();
        let answer = self
            .token_call(&[
                ("grant_type", "authorization_code"),
                ("code", &query(&callback, "code").unwrap()),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ])
            .await;
        answer.1["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn token_call(&self, form: &[(&str, &str)]) -> (u16, Value) {
        let mut form = form.to_vec();
        form.extend([("client_id", "client"), ("client_secret", "client-secret")]);
        let url = format!("{}/token", self.google.base_url());
        let answer = self.http.post(url).form(&form).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub(crate) async fn call(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("{}{path}", self.google.base_url());
        let mut request = self.http.request(method, url).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
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

/// A parameter of an address.
pub(crate) fn query(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

pub(crate) fn draft() -> MeetingDraft {
    MeetingDraft {
        reference: OurReference::parse("abcdefghij").unwrap(),
        topic: "Algebra".to_owned(),
        agenda: String::new(),
        starts_at: noon() + chrono::Duration::minutes(15),
        length: Duration::from_secs(3600),
        time_zone: chrono_tz::Europe::Warsaw,
        settings: ClassSettings::default(),
        host: None,
        registration: true,
    }
}

pub(crate) fn at(id: &str) -> MeetingRef {
    MeetingRef { id: id.to_owned(), host: None }
}

pub(crate) fn person(email: &str) -> Registrant {
    Registrant { email: email.to_owned(), first_name: "Stu".to_owned(), last_name: Some("Dent".to_owned()) }
}
