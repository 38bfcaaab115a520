//! An organization's app at a platform: credentials, test, history.

use lectern_core::sentence::Sentence;
use serde::{Deserialize, Serialize};

use crate::environment::Page;
use crate::form::FieldError;

/// Whose accounts hold the meetings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlatformMode {
    /// Every instructor connects their own account.
    #[default]
    User,
    /// One account of the organization.
    ServerToServer,
}

/// How the platform stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlatformState {
    NotSet,
    Untested,
    Working,
    Failing,
}

/// How one step of the test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    Ok,
    Warn,
    Bad,
    Skipped,
}

/// One step of the test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TestStep {
    /// The last part of a `step.*` key (`credentials`, `token`, `scopes`, `host`, `webhook`), or its own words.
    pub step: String,
    pub state: StepState,
    /// What was found.
    pub sentence: Option<Sentence>,
    /// What repairs it.
    pub repair: Option<Sentence>,
}

/// One change of the settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HistoryItem {
    pub who: String,
    pub at: String,
    /// The changed fields by input name, or words of their own.
    pub changed: Vec<String>,
}

/// One of the platforms there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlatformTab {
    /// Its word in addresses.
    pub platform: String,
    /// The name people know it by.
    pub title: String,
}

/// `GET /platforms/{platform}`; `POST` same path `{csrf, mode, client_id, client_secret?, account_id?, base_url, redirect_url,
/// webhook_secret_token?, default_host?, event_topic?, event_sender?}` (an empty secret keeps the saved one); `POST …/test {csrf}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Platform {
    /// Its word in addresses.
    pub platform: String,
    /// The name people know it by.
    pub title: String,
    /// All there are.
    pub platforms: Vec<PlatformTab>,
    /// Whether one account may hold all classes.
    pub by_account: bool,
    /// Whether the platform's events are sent to an address of ours.
    pub is_told: bool,
    /// Whether it publishes events to a queue of the organization's own.
    pub publishes: bool,
    pub state: PlatformState,
    pub mode: PlatformMode,
    pub client_id: String,
    pub account_id: String,
    pub base_url: String,
    /// The operator's list.
    pub base_urls: Vec<String>,
    /// The account that hosts when an instructor has none; an e-mail address, may be empty.
    pub default_host: String,
    /// The queue; may be empty.
    pub event_topic: String,
    /// The account that delivers from it; may be empty.
    pub event_sender: String,
    pub has_secret: bool,
    pub has_webhook_secret: bool,
    /// Ours, shown to be copied into the platform's form.
    pub redirect_url: String,
    pub webhook_url: String,
    pub can_edit: bool,
    pub connected: u32,
    pub instructors: u32,
    pub tested_at: Option<String>,
    pub steps: Vec<TestStep>,
    pub history: Vec<HistoryItem>,
    pub zone: String,
    pub errors: Vec<FieldError>,
}

impl Page for Platform {
    const TEMPLATE: &'static str = "pages/platform.html";
    fn samples() -> Vec<Self> {
        let tab = |platform: &str, title: &str| PlatformTab {
            platform: platform.to_owned(),
            title: title.to_owned(),
        };
        let empty = Self {
            platform: "zoom".to_owned(),
            title: "Zoom".to_owned(),
            platforms: vec![tab("zoom", "Zoom"), tab("teams", "Microsoft Teams"), tab("meet", "Google Meet")],
            by_account: true,
            is_told: true,
            publishes: false,
            state: PlatformState::NotSet,
            mode: PlatformMode::User,
            client_id: String::new(),
            account_id: String::new(),
            base_url: "https://api.zoom.us".to_owned(),
            base_urls: vec!["https://api.zoom.us".to_owned(), "https://api.zoomgov.com".to_owned()],
            default_host: String::new(),
            event_topic: String::new(),
            event_sender: String::new(),
            has_secret: false,
            has_webhook_secret: false,
            redirect_url: "https://classes.oakwood.example/oauth/zoom/callback".to_owned(),
            webhook_url: "https://classes.oakwood.example/api/zoom/webhook/018f2f".to_owned(),
            can_edit: true,
            connected: 0,
            instructors: 1,
            tested_at: None,
            steps: vec![],
            history: vec![],
            zone: "Asia/Dhaka".to_owned(),
            errors: vec![],
        };
        let step =
            |name: &str, state, sentence: Option<&'static str>, repair: Option<&'static str>| TestStep {
                step: name.to_owned(),
                state,
                sentence: sentence.map(Sentence::from),
                repair: repair.map(Sentence::from),
            };
        let failing = Self {
            state: PlatformState::Failing,
            mode: PlatformMode::ServerToServer,
            client_id: "demo-client-0001".to_owned(),
            account_id: "AbCdEf123".to_owned(),
            has_secret: true,
            has_webhook_secret: true,
            connected: 14,
            instructors: 16,
            tested_at: Some("2026-11-21T03:12:00Z".to_owned()),
            steps: vec![
                step("credentials", StepState::Ok, Some("Zoom accepts the client ID and secret."), None),
                step("token", StepState::Ok, None, None),
                step(
                    "scopes",
                    StepState::Bad,
                    Some("report:read:admin is missing."),
                    Some("Add it in the app, then test again."),
                ),
                step("host", StepState::Warn, Some("The account has the free plan."), None),
                step("webhook", StepState::Skipped, None, None),
                step("Something newer", StepState::Skipped, None, None),
            ],
            history: vec![
                HistoryItem {
                    who: "Nusrat Rahman".to_owned(),
                    at: "2026-11-18T08:20:00Z".to_owned(),
                    changed: vec!["client_secret".to_owned(), "mode".to_owned()],
                },
                HistoryItem {
                    who: "Nusrat Rahman".to_owned(),
                    at: "2026-11-18T08:02:00Z".to_owned(),
                    changed: vec!["client_id".to_owned()],
                },
            ],
            errors: vec![
                FieldError::new("account_id", "required"),
                FieldError::new("client_secret", "required"),
            ],
            ..empty.clone()
        };
        vec![
            Self {
                platform: "teams".to_owned(),
                title: "Microsoft Teams".to_owned(),
                is_told: false,
                ..empty.clone()
            },
            Self {
                platform: "meet".to_owned(),
                title: "Google Meet".to_owned(),
                by_account: false,
                is_told: false,
                publishes: true,
                event_topic: "projects/oakwood/topics/meet-events".to_owned(),
                event_sender: "push@oakwood.iam.gserviceaccount.com".to_owned(),
                ..empty.clone()
            },
            Self { state: PlatformState::Working, errors: vec![], can_edit: false, ..failing.clone() },
            failing.clone(),
            Self {
                state: PlatformState::Untested,
                steps: vec![],
                tested_at: None,
                errors: vec![],
                ..failing
            },
            empty,
        ]
    }
}
