use std::fmt;

use url::Url;

/// A request as an [`Inspect`] sees it: without credentials, and with `***` for secret form fields.
#[derive(Debug)]
pub struct Seen<'a> {
    /// `GET`, `POST`, ...
    pub method: &'a str,
    /// The whole address.
    pub url: &'a Url,
    /// Headers of ours, in lower case, without authorization.
    pub headers: &'a [(String, String)],
    /// The body as sent; secret form fields are `***`.
    pub body: &'a [u8],
    /// What came back; `None` when nothing did.
    pub answer: Option<SeenAnswer<'a>>,
}

/// An answer as an [`Inspect`] sees it.
#[derive(Debug)]
pub struct SeenAnswer<'a> {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: &'a [(String, String)],
    /// The body; empty for downloads and for answers of a token endpoint.
    pub body: &'a [u8],
}

/// Sees every exchange, after it: contract tests put a validator here.
pub trait Inspect: fmt::Debug + Send + Sync {
    /// One exchange is over.
    fn exchanged(&self, seen: &Seen<'_>);
}
