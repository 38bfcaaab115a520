//! The list of classes, and a platform as a form offers it.

use lectern_core::sentence::Sentence;
use serde::{Deserialize, Serialize};

use crate::environment::Page;

/// Which classes the list shows: `?tab=upcoming|previous`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassTab {
    #[default]
    Upcoming,
    Previous,
}

/// What a class is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassState {
    Live,
    Scheduled,
    /// Nothing is scheduled.
    Idle,
}

/// One class of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassItem {
    pub id: String,
    pub title: String,
    pub instructor: String,
    pub platform: String,
    pub state: ClassState,
    /// The live or next session; on the previous tab the last one.
    pub session_id: Option<String>,
    pub starts_at: Option<String>,
    pub ends_at: Option<String>,
    pub zone: String,
    /// How many people are enrolled, guests not counted.
    pub people: u32,
}

/// `GET /classes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Classes {
    pub tab: ClassTab,
    /// What is looked for, on both tabs; empty: everything of the tab.
    pub asked: String,
    pub items: Vec<ClassItem>,
    pub can_create: bool,
    /// The address of the next page of the list.
    pub next_url: Option<String>,
}

impl Page for Classes {
    const TEMPLATE: &'static str = "pages/classes.html";
    fn samples() -> Vec<Self> {
        let item = |id: &str, title: &str, state, starts: Option<&str>, ends: Option<&str>| ClassItem {
            id: id.to_owned(),
            title: title.to_owned(),
            instructor: "Farhan Karim".to_owned(),
            platform: "Zoom".to_owned(),
            state,
            session_id: starts.map(|_| format!("s-{id}")),
            starts_at: starts.map(str::to_owned),
            ends_at: ends.map(str::to_owned),
            zone: "Asia/Dhaka".to_owned(),
            people: 24,
        };
        vec![
            Self {
                tab: ClassTab::Upcoming,
                asked: String::new(),
                items: vec![
                    item(
                        "1",
                        "Mathematics, class 8",
                        ClassState::Live,
                        Some("2026-11-21T03:00:00Z"),
                        Some("2026-11-21T03:45:00Z"),
                    ),
                    item(
                        "2",
                        "Geometry, class 9",
                        ClassState::Scheduled,
                        Some("2026-11-22T08:00:00Z"),
                        Some("2026-11-22T09:00:00Z"),
                    ),
                    ClassItem { people: 1, ..item("3", "Chess club", ClassState::Idle, None, None) },
                ],
                can_create: true,
                next_url: Some("/classes?cursor=abc".to_owned()),
            },
            Self {
                tab: ClassTab::Upcoming,
                asked: String::new(),
                items: vec![],
                can_create: true,
                next_url: None,
            },
            Self {
                tab: ClassTab::Previous,
                asked: String::new(),
                items: vec![],
                can_create: false,
                next_url: None,
            },
            Self {
                tab: ClassTab::Upcoming,
                asked: "গণিত \"8\"".to_owned(),
                items: vec![],
                can_create: true,
                next_url: None,
            },
        ]
    }
}

/// One platform of the form, possible or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlatformChoice {
    /// The value posted as `provider`.
    pub name: String,
    pub label: String,
    pub ready: bool,
    /// What to know about it: the last part of a `class_new.note.*` key, or a sentence.
    pub note: Option<String>,
    /// What it can do for the host of the class.
    pub can: Option<PlatformCan>,
}

/// What a platform can do for one host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlatformCan {
    /// By this host's grant and plan; otherwise what the platform can at best.
    pub effective: bool,
    /// The host's plan, in the platform's words.
    pub plan: Option<String>,
    /// Longest meeting of the plan.
    pub minutes: Option<u32>,
    pub lines: Vec<CanLine>,
}

/// One thing that a class may want.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CanLine {
    /// The last part of a `capability.*` key.
    pub capability: &'static str,
    /// `yes`, `helped` or `no`.
    pub degree: &'static str,
    /// In detail: the last part of a `able.how.*` key.
    pub how: Option<&'static str>,
    /// What the platform says to it.
    pub reason: Option<Sentence>,
}
