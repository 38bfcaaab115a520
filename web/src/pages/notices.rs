//! `GET /notices`, `POST /notices/seen {csrf}`: what a person was told. `GET|POST /notices/off/{token}?topic=reminder`: the way
//! out of a kind of mail, without signing in.

use serde::Serialize;

use crate::environment::Page;
use crate::mails::ObstacleLine;

/// One notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoticeItem {
    pub id: String,
    /// Its words are `told.<kind>`.
    pub kind: String,
    pub seen: bool,
    pub at: String,
    /// A page of ours about it.
    pub url: String,
    /// Of the session it is about.
    pub title: Option<String>,
    pub starts_at: Option<String>,
    pub ends_at: Option<String>,
    /// Why a session was called off.
    pub reason: Option<String>,
    pub platform: Option<String>,
    /// What stands in the session's way.
    pub obstacles: Vec<ObstacleLine>,
}

/// The list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoticesPage {
    pub items: Vec<NoticeItem>,
    /// The reader's IANA zone.
    pub zone: String,
    pub next_url: Option<String>,
}

impl Page for NoticesPage {
    const TEMPLATE: &'static str = "pages/notices.html";
    fn samples() -> Vec<Self> {
        let item = |kind: &str, seen| NoticeItem {
            id: kind.to_owned(),
            kind: kind.to_owned(),
            seen,
            at: "2026-11-21T02:30:00Z".to_owned(),
            url: "/sessions/018f".to_owned(),
            title: (kind != "connection_lost").then(|| "Fractions".to_owned()),
            starts_at: (kind != "connection_lost").then(|| "2026-11-21T03:00:00Z".to_owned()),
            ends_at: (kind != "connection_lost").then(|| "2026-11-21T03:45:00Z".to_owned()),
            reason: (kind == "cancelled").then(|| "The teacher is ill.".to_owned()),
            platform: (kind == "connection_lost").then(|| "Zoom".to_owned()),
            obstacles: if kind == "preflight" { ObstacleLine::samples() } else { Vec::new() },
        };
        let kinds = [
            "reminder",
            "moved",
            "cancelled",
            "standby",
            "join",
            "guest_invite",
            "connection_lost",
            "preflight",
        ];
        vec![
            Self {
                items: kinds.map(|kind| item(kind, kind == "join")).to_vec(),
                zone: "Europe/London".to_owned(),
                next_url: Some("/notices?cursor=abc".to_owned()),
            },
            Self { items: vec![], zone: "Asia/Dhaka".to_owned(), next_url: None },
        ]
    }
}

/// Taking a topic off one's mails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OffPage {
    pub organization: String,
    /// `reminder`, `change` or `trouble`.
    pub topic: String,
    /// It was done.
    pub done: bool,
}

impl Page for OffPage {
    const TEMPLATE: &'static str = "pages/notices_off.html";
    fn samples() -> Vec<Self> {
        let page = |topic: &str, done| Self {
            organization: "Oakwood School".to_owned(),
            topic: topic.to_owned(),
            done,
        };
        vec![page("reminder", false), page("change", true), page("trouble", false)]
    }
}
