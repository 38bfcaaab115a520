//! An exchange that answers from a list, for the layers' tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use reqwest::{Method, header::HeaderMap};
use tokio::time::Instant;

use super::retry_after;
use crate::transport::{Allowance, Body, Exchange, Failure, Judgement, Request, Response};

#[derive(Debug)]
pub(crate) struct Scripted {
    answers: Mutex<VecDeque<Result<u16, Failure>>>,
    retry_after: Option<&'static str>,
    calls: AtomicUsize,
    at: Mutex<Vec<Instant>>,
}

impl Scripted {
    /// These statuses, then 200.
    pub(crate) fn statuses(statuses: impl IntoIterator<Item = u16>) -> Self {
        let answers = statuses.into_iter().map(Ok).collect();
        Self {
            answers: Mutex::new(answers),
            retry_after: None,
            calls: AtomicUsize::new(0),
            at: Mutex::default(),
        }
    }

    /// These failures, then 200.
    pub(crate) fn failures(failures: impl IntoIterator<Item = Failure>) -> Self {
        let answers = failures.into_iter().map(Err).collect();
        Self {
            answers: Mutex::new(answers),
            retry_after: None,
            calls: AtomicUsize::new(0),
            at: Mutex::default(),
        }
    }

    pub(crate) fn retry_after(mut self, value: &'static str) -> Self {
        self.retry_after = Some(value);
        self
    }

    /// When each call came.
    pub(crate) fn at(&self) -> Vec<Instant> {
        self.at.lock().unwrap().clone()
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Exchange for Scripted {
    async fn exchange(&self, _: &Request, _: &Allowance) -> Result<Response, Failure> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.at.lock().unwrap().push(Instant::now());
        let status = self.answers.lock().unwrap().pop_front().unwrap_or(Ok(200))?;
        let mut headers = HeaderMap::new();
        if let Some(value) = self.retry_after {
            headers.insert("retry-after", value.parse().unwrap());
        }
        Ok(Response { status, headers, body: Bytes::new() })
    }
}

pub(crate) fn request(repeatable: bool) -> Request {
    Request {
        provider: crate::zoom::NAME,
        operation: "test",
        route: "/test",
        method: Method::POST,
        url: "https://api.zoom.us/v2/test".parse().unwrap(),
        headers: Vec::new(),
        credentials: None,
        body: Body::Empty,
        repeatable,
        tries: 3,
        tenant: "school".into(),
        budget: None,
        judge: |response, now| match response.status {
            429 => Judgement::Again {
                after: Some(retry_after(
                    response.header("retry-after"),
                    now,
                    Duration::from_secs(1),
                    Duration::from_secs(300),
                )),
                refused: true,
            },
            500.. => Judgement::Again { after: None, refused: false },
            _ => Judgement::Final,
        },
        tracking_header: "x-tracking",
    }
}
