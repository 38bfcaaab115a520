//! The audit log: every change, every join, every refused attempt.

use serde::{Deserialize, Serialize};

use crate::environment::Page;

/// `GET /audit?kind&person&class&session&from&to&cursor`; `GET /audit.csv` with the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFilter {
    pub kind: String,
    pub person: String,
    /// An id, from a link of the class's own page.
    pub class: String,
    /// An id, from a link of the session's own page.
    pub session: String,
    /// `2026-11-21`.
    pub from: String,
    pub to: String,
}

/// What a line says more, in the log's own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditDetail {
    /// Of what; empty: of the whole.
    pub name: String,
    /// What it was before, where it changed.
    pub from: Option<String>,
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
    pub details: Vec<AuditDetail>,
    /// A page of ours about it.
    pub url: Option<String>,
    /// Whether it was refused or failed: the row is marked.
    pub bad: bool,
}

/// The log, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Audit {
    pub filter: AuditFilter,
    /// The title of the class or session that the log is narrowed to.
    pub about: Option<String>,
    /// The same lines as a file.
    pub csv_url: String,
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
            details: Vec::new(),
            url: (!bad).then(|| "/sessions/s1".to_owned()),
            bad,
        };
        let detail = |name: &str, from: Option<&str>, to: &str| AuditDetail {
            name: name.to_owned(),
            from: from.map(str::to_owned),
            to: to.to_owned(),
        };
        vec![
            Self {
                filter: AuditFilter {
                    kind: "join.refused".to_owned(),
                    person: "Jamil".to_owned(),
                    session: "s1".to_owned(),
                    ..AuditFilter::default()
                },
                about: Some("Fractions".to_owned()),
                csv_url: "/audit.csv?kind=join.refused".to_owned(),
                kinds: vec![
                    "join.refused".to_owned(),
                    "join.redirected".to_owned(),
                    "something.newer".to_owned(),
                ],
                items: vec![
                    row("join.refused", Some("Jamil Islam"), "Other browser, Fractions", true),
                    row("join.redirected", Some("Ayesha Noor"), "Fractions", false),
                    row("something.newer", None, "Fractions", false),
                    AuditRow {
                        details: vec![
                            detail("late_after_minutes", Some("5"), "10"),
                            detail("", Some("<zoom>"), "meet"),
                            detail("scope", None, "following"),
                        ],
                        ..row("something.newer", Some("Ayesha Noor"), "", false)
                    },
                ],
                zone: "Asia/Dhaka".to_owned(),
                next_url: Some("/audit?cursor=abc".to_owned()),
            },
            Self {
                filter: AuditFilter::default(),
                about: None,
                csv_url: "/audit.csv".to_owned(),
                kinds: vec![],
                items: vec![],
                zone: "UTC".to_owned(),
                next_url: None,
            },
        ]
    }
}
