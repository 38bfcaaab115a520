//! The audit log: every change, every join, every refused attempt.

use serde::{Deserialize, Serialize};

use crate::environment::Page;

/// `GET /audit?kind&person&from&to&cursor`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFilter {
    pub kind: String,
    pub person: String,
    /// `2026-11-21`.
    pub from: String,
    pub to: String,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditRow {
    pub at: String,
    /// The last part of an `audit.kind.*` key, or words of its own.
    pub kind: String,
    /// Who did it, by name; without one `actor` says what it was.
    pub who: Option<String>,
    /// The last part of an `audit.actor.*` key.
    pub actor: String,
    /// What it was about, in words.
    pub what: String,
    /// Why, where it was refused: the last part of a `refusal.*` key, or words of its own.
    pub reason: Option<String>,
    /// A page of ours about it.
    pub url: Option<String>,
    /// Whether it was refused or failed: the row is marked.
    pub bad: bool,
}

/// The log, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Audit {
    pub filter: AuditFilter,
    /// The kinds offered by the filter.
    pub kinds: Vec<String>,
    pub items: Vec<AuditRow>,
    pub zone: String,
    pub next_url: Option<String>,
}

impl Page for Audit {
    const TEMPLATE: &'static str = "pages/audit.html";
    fn samples() -> Vec<Self> {
        let row = |kind: &str, who: Option<&str>, what: &str, bad: bool| AuditRow {
            at: "2026-11-21T03:10:52Z".to_owned(),
            kind: kind.to_owned(),
            who: who.map(str::to_owned),
            actor: if who.is_some() { "person" } else { "provider" }.to_owned(),
            reason: bad.then(|| "other_browser".to_owned()),
            what: what.to_owned(),
            url: (!bad).then(|| "/sessions/s1".to_owned()),
            bad,
        };
        vec![
            Self {
                filter: AuditFilter {
                    kind: "join.refused".to_owned(),
                    person: "Jamil".to_owned(),
                    ..AuditFilter::default()
                },
                kinds: vec![
                    "join.refused".to_owned(),
                    "join.redirected".to_owned(),
                    "something.newer".to_owned(),
                ],
                items: vec![
                    row("join.refused", Some("Jamil Islam"), "Other browser, Fractions", true),
                    row("join.redirected", Some("Ayesha Noor"), "Fractions", false),
                    row("something.newer", None, "Fractions", false),
                ],
                zone: "Asia/Dhaka".to_owned(),
                next_url: Some("/audit?cursor=abc".to_owned()),
            },
            Self {
                filter: AuditFilter::default(),
                kinds: vec![],
                items: vec![],
                zone: "UTC".to_owned(),
                next_url: None,
            },
        ]
    }
}
