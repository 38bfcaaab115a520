//! The page of a request that could not be answered.

use lectern_core::sentence::Sentence;
use serde::Serialize;

use crate::environment::Page;

/// What the person can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    NotFound,
    Forbidden,
    /// The sign-in ended since the form was opened.
    SignedOut,
    /// The form was open too long, or came from another page.
    Expired,
    /// The request cannot be done in this state.
    Conflict,
    Invalid,
    TooLarge,
    TooMany,
    Unavailable,
    Internal,
}

/// An error in words: what happened, what to do next, and an id for support. `Web::page` when signed in, else `Web::bare`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorPage {
    pub status: u16,
    pub kind: ErrorKind,
    /// A conflict that has words of its own in every language.
    pub conflict: Option<String>,
    /// More exact than the kind's own sentence, when it is known.
    pub sentence: Option<Sentence>,
    pub next_step: Option<String>,
    /// Where to go on after signing in, when that is what is missing.
    pub sign_in: Option<String>,
    /// The request's id, as the log has it.
    pub id: String,
}

impl Page for ErrorPage {
    const TEMPLATE: &'static str = "pages/error.html";
    fn samples() -> Vec<Self> {
        let page = |status, kind| Self {
            status,
            kind,
            conflict: None,
            sentence: None,
            next_step: None,
            sign_in: None,
            id: "01935d2e-7f3a-7c00-8a51-1d0b6f5e2a10".to_owned(),
        };
        vec![
            page(404, ErrorKind::NotFound),
            page(403, ErrorKind::Forbidden),
            page(403, ErrorKind::Expired),
            Self { sign_in: Some("/sign-in?next=%2Fcohorts".to_owned()), ..page(401, ErrorKind::SignedOut) },
            Self {
                sentence: Some("This session has already ended.".into()),
                next_step: Some("Open the class and choose another session.".to_owned()),
                ..page(409, ErrorKind::Conflict)
            },
            Self { conflict: Some("no_session".to_owned()), ..page(409, ErrorKind::Conflict) },
            page(413, ErrorKind::TooLarge),
            page(422, ErrorKind::Invalid),
            page(429, ErrorKind::TooMany),
            page(503, ErrorKind::Unavailable),
            page(500, ErrorKind::Internal),
        ]
    }
}
