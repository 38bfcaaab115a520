//! Views inside a host application's pages, what goes on outside their frame, and who may frame. The views are rendered with
//! `Web::bare`; their templates bring a layout of their own, without a bar.

use serde::Serialize;

use crate::environment::Page;
use crate::form::FieldError;
use crate::pages::connection::Connection;
use crate::pages::join::{JoinChoice, JoinSession, JoinState};
use crate::pages::live::LiveBoard;
use crate::pages::session_forms::EndSession;
use crate::shell::{Notice, NoticeKind};

/// What stands around a view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EmbedFrame {
    pub organization: String,
    /// The address of a sheet with the colours that were asked for.
    pub theme: Option<String>,
    /// What forms within the frame carry as `csrf`.
    pub csrf: String,
    /// What forms that leave the frame carry as `leave`.
    pub leave: String,
    pub notice: Option<Notice>,
}

impl EmbedFrame {
    fn sample(notice: Option<NoticeKind>) -> Self {
        Self {
            organization: "DreamCrowd".to_owned(),
            theme: notice.is_some().then(|| "/embed/theme/auto-7a2fd0.css".to_owned()),
            csrf: "c2FtcGxlLWNzcmY".to_owned(),
            leave: "c2FtcGxlLWxlYXZl".to_owned(),
            notice: notice.map(Into::into),
        }
    }
}

/// `GET /embed/connection`; `POST /embed/connection/{platform}/refresh|disconnect {csrf}`, `…/connect {leave}` in a window of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EmbedConnection {
    pub frame: EmbedFrame,
    pub own: Connection,
}

impl Page for EmbedConnection {
    const TEMPLATE: &'static str = "pages/embed_connection.html";
    fn samples() -> Vec<Self> {
        let notices = [Some(NoticeKind::Refreshed), Some(NoticeKind::TryingAgain), None];
        let page = |(number, own): (usize, Connection)| Self {
            frame: EmbedFrame::sample(notices[number % notices.len()]),
            own,
        };
        Connection::samples().into_iter().enumerate().map(page).collect()
    }
}

/// `GET /embed/join/{class}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EmbedJoin {
    pub frame: EmbedFrame,
    pub class_title: String,
    pub instructor: String,
    /// The session the state is about.
    pub session: Option<JoinSession>,
    pub state: JoinState,
    /// The person's own link to the join page.
    pub join_url: String,
    /// The instant the page was made.
    pub now: String,
}

impl Page for EmbedJoin {
    const TEMPLATE: &'static str = "pages/embed_join.html";
    fn samples() -> Vec<Self> {
        let session = JoinSession {
            id: "s1".to_owned(),
            title: "Watercolour: wet on wet".to_owned(),
            starts_at: "2026-11-21T03:15:00Z".to_owned(),
            ends_at: "2026-11-21T04:00:00Z".to_owned(),
            zone: "Asia/Dhaka".to_owned(),
        };
        let page = |state| Self {
            frame: EmbedFrame::sample(None),
            class_title: "Watercolour for beginners".to_owned(),
            instructor: "Farhan Karim".to_owned(),
            session: Some(session.clone()),
            state,
            join_url: "https://class.example/join/class/c1?token=AX".to_owned(),
            now: "2026-11-21T03:00:00Z".to_owned(),
        };
        let choice = JoinChoice {
            id: "s1".to_owned(),
            title: "Morning".to_owned(),
            starts_at: "2026-11-21T03:15:00Z".to_owned(),
            ends_at: "2026-11-21T04:00:00Z".to_owned(),
            zone: "Asia/Dhaka".to_owned(),
        };
        let early = JoinState::Early { opens_at: "2026-11-21T03:05:00Z".to_owned() };
        let over = |next_at: Option<&str>| JoinState::Over {
            ended_at: "2026-11-21T02:00:00Z".to_owned(),
            next_at: next_at.map(str::to_owned),
        };
        vec![
            page(early.clone()),
            Self { session: None, ..page(early) },
            page(JoinState::Ready { opens_at: "2026-11-21T03:00:00Z".to_owned() }),
            Self { session: None, ..page(JoinState::Choose { sessions: vec![choice] }) },
            page(JoinState::Preparing),
            page(JoinState::TeacherNotHere),
            page(JoinState::PlatformDown),
            page(JoinState::InPerson),
            page(over(Some("2026-11-28T03:15:00Z"))),
            Self { session: None, ..page(over(None)) },
            page(JoinState::Cancelled { reason: Some("The teacher is ill.".to_owned()), next_at: None }),
            page(JoinState::Cancelled { reason: None, next_at: Some("2026-11-28T03:15:00Z".to_owned()) }),
        ]
    }
}

/// `GET /embed/live?open={session}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EmbedLive {
    pub frame: EmbedFrame,
    pub board: LiveBoard,
}

impl Page for EmbedLive {
    const TEMPLATE: &'static str = "pages/embed_live.html";
    fn samples() -> Vec<Self> {
        LiveBoard::samples()
            .into_iter()
            .map(|board| Self { frame: EmbedFrame::sample(Some(NoticeKind::Saved)), board })
            .collect()
    }
}

/// Before and after the end of a class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EmbedEndState {
    Ask {
        session: Box<EndSession>,
        /// The proof that came with the form.
        leave: String,
    },
    /// Now, or before.
    Ended,
}

/// `POST /embed/live/end {leave, session, sure?}`, in a window of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EmbedEnd {
    pub organization: String,
    pub theme: Option<String>,
    pub state: EmbedEndState,
}

impl Page for EmbedEnd {
    const TEMPLATE: &'static str = "pages/embed_end.html";
    fn samples() -> Vec<Self> {
        let page = |state| Self {
            organization: "DreamCrowd".to_owned(),
            theme: Some("/embed/theme/dark.css".to_owned()),
            state,
        };
        let ask = |session| {
            page(EmbedEndState::Ask { session: Box::new(session), leave: "c2FtcGxlLWxlYXZl".to_owned() })
        };
        let mut pages: Vec<_> = EndSession::samples().into_iter().map(ask).collect();
        pages.push(Self { theme: None, ..page(EmbedEndState::Ended) });
        pages
    }
}

/// One kind of thing that is wrong with what was typed, and the lines it is wrong with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WrongOrigins {
    /// The last part of its `problem.*` key.
    pub problem: String,
    pub lines: Vec<String>,
}

/// `GET|POST /organization/embedding {csrf, origins}`: which pages may frame ours, one origin a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EmbeddingPage {
    pub origins: String,
    pub wrong: Vec<WrongOrigins>,
    /// That the field is wrong, once.
    pub errors: Vec<FieldError>,
}

impl Page for EmbeddingPage {
    const TEMPLATE: &'static str = "pages/embedding.html";
    fn samples() -> Vec<Self> {
        let typed = "http://dreamcrowd.example\nhttps://*.dreamcrowd.example".to_owned();
        let wrong = |problem: &str, lines: &[&str]| WrongOrigins {
            problem: problem.to_owned(),
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        };
        let errors = vec![FieldError::new("origins", "origin_https")];
        vec![
            Self { origins: String::new(), wrong: vec![], errors: vec![] },
            Self { origins: "https://www.dreamcrowd.example".to_owned(), wrong: vec![], errors: vec![] },
            Self {
                origins: typed.clone(),
                wrong: vec![
                    wrong("origin_https", &["http://dreamcrowd.example"]),
                    wrong("origin_host", &["https://*.dreamcrowd.example"]),
                ],
                errors: errors.clone(),
            },
            Self { origins: typed, wrong: vec![wrong("origin_many", &[])], errors },
        ]
    }
}
