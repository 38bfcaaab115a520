//! The server's work and what of it gave up, for the super admin.

use serde::Serialize;

use crate::environment::Page;

/// How much work of a kind there is; its words are `jobs.kind.<kind>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobKind {
    pub kind: String,
    pub waiting: u32,
    pub running: u32,
    /// Failed, and tried again by itself.
    pub retrying: u32,
    pub dead: u32,
    /// Since when the one waits that is due the longest.
    pub due_since: Option<String>,
}

/// One that gave up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeadJob {
    pub id: String,
    pub kind: String,
    /// For a delivery: platform and event.
    pub about: Option<String>,
    /// A short name; `None` for the server's own work.
    pub organization: Option<String>,
    pub attempts: u32,
    /// Technical words, or the last part of a `jobs.problem.*` key.
    pub error: Option<String>,
    pub created_at: String,
    pub died_at: String,
}

/// `GET /jobs?kind&cursor`; `POST /jobs/retry` `{csrf, kind}`; `POST /jobs/{id}/retry` `{csrf}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InstanceJobs {
    pub kinds: Vec<JobKind>,
    pub items: Vec<DeadJob>,
    /// The kind that is shown; empty for all.
    pub filter: String,
    pub next_url: Option<String>,
    pub now: String,
    pub zone: String,
}

/// `GET /jobs/{id}/discard`; `POST` same path `{csrf}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiscardJob {
    pub job: DeadJob,
    pub zone: String,
}

fn mail() -> DeadJob {
    DeadJob {
        id: "j1".to_owned(),
        kind: "mails.send".to_owned(),
        about: None,
        organization: Some("oakwood".to_owned()),
        attempts: 12,
        error: Some("the mail server does not take the message now: timed out".to_owned()),
        created_at: "2026-11-21T02:10:52Z".to_owned(),
        died_at: "2026-11-21T03:10:52Z".to_owned(),
    }
}

impl Page for InstanceJobs {
    const TEMPLATE: &'static str = "pages/instance_jobs.html";
    fn samples() -> Vec<Self> {
        let kind = |kind: &str, waiting, dead| JobKind {
            kind: kind.to_owned(),
            waiting,
            running: u32::from(waiting > 0),
            retrying: dead / 2,
            dead,
            due_since: (waiting > 0).then(|| "2026-11-21T03:08:00Z".to_owned()),
        };
        let delivery = DeadJob {
            kind: "webhook.read".to_owned(),
            about: Some("zoom meeting.started".to_owned()),
            error: Some("malformed".to_owned()),
            ..mail()
        };
        let own = DeadJob { kind: "something.newer".to_owned(), organization: None, error: None, ..mail() };
        let page = Self {
            kinds: vec![kind("mails.send", 3, 2), kind("webhook.read", 0, 1), kind("something.newer", 1, 0)],
            items: vec![mail(), delivery, own],
            filter: String::new(),
            next_url: Some("/jobs?cursor=abc".to_owned()),
            now: "2026-11-21T03:12:00Z".to_owned(),
            zone: "Asia/Dhaka".to_owned(),
        };
        let filtered = Self { filter: "mails.send".to_owned(), next_url: None, ..page.clone() };
        let nothing = Self { kinds: vec![], items: vec![], next_url: None, ..page.clone() };
        vec![page, filtered, nothing]
    }
}

impl Page for DiscardJob {
    const TEMPLATE: &'static str = "pages/instance_job_discard.html";
    fn samples() -> Vec<Self> {
        let own = DeadJob { organization: None, error: None, about: Some("zoom x".to_owned()), ..mail() };
        vec![Self { job: mail(), zone: "Asia/Dhaka".to_owned() }, Self { job: own, zone: "UTC".to_owned() }]
    }
}
