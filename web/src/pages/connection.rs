//! The accounts that hold meetings: an instructor's own, and an admin's view of everybody's.

use lectern_core::sentence::Sentence;
use serde::Serialize;

use crate::environment::Page;

/// How often a host's meetings were made or changed today, and may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ChangesToday {
    pub today: u32,
    pub most: u32,
}

/// How one connection stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ConnectionState {
    None,
    Connected {
        /// The account's address on the platform.
        email: String,
        /// When the access token ends; it is refreshed by itself before.
        expires_at: Option<String>,
        last_refreshed_at: Option<String>,
        scopes_missing: Vec<String>,
        /// The platform's name for the plan.
        plan: Option<String>,
        /// Where the platform limits them.
        changes: Option<ChangesToday>,
    },
    NeedsReconnect {
        email: Option<String>,
        /// A sentence.
        reason: Sentence,
    },
}

/// How a connection was on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DayMark {
    /// Not connected yet.
    None,
    Worked,
    /// It stopped or worked again in the course of the day.
    Broke,
    /// It did not work all day.
    Down,
}

/// One of the days behind us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConnectionDay {
    /// Its first instant, RFC 3339.
    pub at: String,
    pub mark: DayMark,
}

fn sample_days() -> Vec<ConnectionDay> {
    let mark = |day| match day {
        1..=3 => DayMark::None,
        12 | 15 => DayMark::Broke,
        13 | 14 => DayMark::Down,
        _ => DayMark::Worked,
    };
    (1..=30).map(|day| ConnectionDay { at: format!("2026-10-{day:02}T18:00:00Z"), mark: mark(day) }).collect()
}

/// An instructor's account on one platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnConnection {
    /// The platform's word in addresses.
    pub platform: String,
    /// The name people know it by.
    pub title: String,
    /// Whether the organization has set the platform up.
    pub platform_ready: bool,
    /// Whether one account of the organization holds all meetings, so that nothing is to be connected.
    pub by_organization: bool,
    pub state: ConnectionState,
    /// The last 30, the oldest first; none where nothing is connected.
    pub days: Vec<ConnectionDay>,
}

/// `GET /connection`; `POST /connection/{platform}/connect|refresh|disconnect {csrf}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Connection {
    /// The platforms that are set up; all there are, when none is.
    pub items: Vec<OwnConnection>,
    pub zone: String,
}

impl Page for Connection {
    const TEMPLATE: &'static str = "pages/connection.html";
    fn samples() -> Vec<Self> {
        let item = |state| OwnConnection {
            platform: "zoom".to_owned(),
            title: "Zoom".to_owned(),
            platform_ready: true,
            by_organization: false,
            days: if matches!(state, ConnectionState::None) { vec![] } else { sample_days() },
            state,
        };
        let pages = |items| Self { items, zone: "Asia/Dhaka".to_owned() };
        let page = |state| pages(vec![item(state)]);
        let connected = |scopes_missing| ConnectionState::Connected {
            email: "farhan@oakwood.example".to_owned(),
            expires_at: Some("2026-11-21T04:00:00Z".to_owned()),
            last_refreshed_at: Some("2026-11-21T03:00:00Z".to_owned()),
            scopes_missing,
            plan: Some("Pro".to_owned()),
            changes: Some(ChangesToday { today: 12, most: 100 }),
        };
        vec![
            page(connected(vec![])),
            page(connected(vec!["report:read:admin".to_owned(), "meeting:write:registrant".to_owned()])),
            page(ConnectionState::Connected {
                email: "farhan@oakwood.example".to_owned(),
                expires_at: None,
                last_refreshed_at: None,
                scopes_missing: vec![],
                plan: None,
                changes: Some(ChangesToday { today: 12, most: 100 }),
            }),
            page(ConnectionState::None),
            page(ConnectionState::NeedsReconnect {
                email: Some("farhan@oakwood.example".to_owned()),
                reason: "Zoom no longer accepts the saved permission.".into(),
            }),
            pages(vec![
                OwnConnection { platform_ready: false, ..item(ConnectionState::None) },
                OwnConnection {
                    platform: "teams".to_owned(),
                    title: "Microsoft Teams".to_owned(),
                    by_organization: true,
                    ..item(ConnectionState::None)
                },
            ]),
        ]
    }
}

/// One person's connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConnectionRow {
    /// The connection's id; `None` when the person has none.
    pub id: Option<String>,
    pub person: String,
    /// The platform's name.
    pub platform: String,
    pub state: ConnectionState,
    /// As [`OwnConnection::days`].
    pub days: Vec<ConnectionDay>,
}

/// `GET /connections`; `POST /connections/{id}/revoke {csrf}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Connections {
    pub items: Vec<ConnectionRow>,
    pub zone: String,
}

impl Page for Connections {
    const TEMPLATE: &'static str = "pages/connections.html";
    fn samples() -> Vec<Self> {
        let row = |id: Option<&str>, person: &str, state| ConnectionRow {
            id: id.map(str::to_owned),
            person: person.to_owned(),
            platform: "Zoom".to_owned(),
            state,
            days: id.map_or_else(Vec::new, |_| sample_days()),
        };
        let connected = |scopes_missing| ConnectionState::Connected {
            email: "dalia@oakwood.example".to_owned(),
            expires_at: Some("2026-11-21T04:00:00Z".to_owned()),
            last_refreshed_at: None,
            scopes_missing,
            plan: None,
            changes: Some(ChangesToday { today: 12, most: 100 }),
        };
        vec![
            Self {
                items: vec![
                    row(
                        Some("k1"),
                        "Imran Sarkar",
                        ConnectionState::NeedsReconnect {
                            email: None,
                            reason: "Zoom no longer accepts the saved permission.".into(),
                        },
                    ),
                    row(Some("k2"), "Dalia Haque", connected(vec![])),
                    row(Some("k3"), "Farhan Karim", connected(vec!["report:read:admin".to_owned()])),
                    row(None, "Mina Roy", ConnectionState::None),
                ],
                zone: "Asia/Dhaka".to_owned(),
            },
            Self { items: vec![], zone: "Asia/Dhaka".to_owned() },
        ]
    }
}
