//! Requests to Lantern. No retry, no waiting, no limits: the transport's layers have those.

use lectern_core::{
    provider::{Call, ErrorKind, ProviderError, Result},
    secret::SecretString,
};
use lectern_providers::{
    bearer::Bearer,
    transport::{Allowance, Body, Budget, Credentials, Label, Method, RateLimits, Request, Response},
    wire::read,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{NAME, config::Lantern, error, wire::Page};

/// Longer lists are not believed.
const MOST_PAGES: usize = 1_000;

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    /// The path's pattern, for the log.
    pub(crate) route: &'static str,
    pub(crate) path: String,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Option<Value>,
    /// Twice is as good as once.
    pub(crate) repeatable: bool,
}

impl Ask {
    pub(crate) fn new(operation: &'static str, method: Method, route: &'static str, path: String) -> Self {
        let repeatable = method == Method::GET || method == Method::DELETE || method == Method::PUT;
        Self { operation, method, route, path, query: Vec::new(), body: None, repeatable }
    }

    pub(crate) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(crate) fn json(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }
}

/// Starts the time of a call: all its requests share it.
pub(crate) fn begin(call: &Call) -> Allowance {
    Allowance::start(call)
}

impl Lantern {
    pub(crate) fn request(&self, ask: &Ask, credentials: Option<Credentials>) -> Request {
        let mut url = self.settings.api_base.clone();
        url.set_path(&format!("{}{}", self.settings.api_base.path().trim_end_matches('/'), ask.path));
        if !ask.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&ask.query);
        }
        Request {
            provider: NAME,
            operation: ask.operation,
            route: ask.route,
            method: ask.method.clone(),
            url,
            headers: Vec::new(),
            credentials,
            body: ask.body.clone().map_or(Body::Empty, Body::Json),
            repeatable: ask.repeatable,
            tries: 3,
            tenant: self.settings.tenant.clone().into(),
            budget: self.connection.as_ref().map(|connection| Budget {
                account: format!("{NAME}:{}", connection.rate_key),
                label: Label::Medium,
                limits: RateLimits { per_second: 20, per_minute: None, per_day: None },
            }),
            judge: error::judge,
            tracking_header: "x-request-id",
        }
    }

    pub(crate) fn refused(&self, ask: &Ask, response: &Response) -> ProviderError {
        error::of(ask.operation, response, ask.repeatable, self.transport.clock().now())
    }

    /// Calls with the connection's token; a 401 is answered with a newer one, once.
    pub(crate) async fn ask(&self, ask: &Ask, time: &Allowance) -> Result<Response> {
        let connection = self.connected(ask.operation)?;
        let call = |token: SecretString| {
            let request = self.request(ask, Some(Credentials::Bearer(token)));
            async move { self.transport.answer(&request, time).await }
        };
        let bearer =
            Bearer { provider: NAME, operation: ask.operation, tokens: connection.tokens.as_ref(), time };
        let response = bearer.call(call).await?;
        if response.is_success() { Ok(response) } else { Err(self.refused(ask, &response)) }
    }

    pub(crate) async fn ask_json<T: DeserializeOwned>(&self, ask: &Ask, time: &Allowance) -> Result<T> {
        let response = self.ask(ask, time).await?;
        read(NAME, ask.operation, &response).map_err(|mut error| {
            error.maybe_done = !ask.repeatable;
            error
        })
    }

    /// All pages of a list. One that is not whole must not pass for one.
    pub(crate) async fn ask_all<T: DeserializeOwned>(&self, ask: &Ask, time: &Allowance) -> Result<Vec<T>> {
        let mut items = Vec::new();
        let mut next = None;
        for _ in 0..MOST_PAGES {
            let asked = match next.take() {
                Some(page) => ask.clone().query("page", page),
                None => ask.clone(),
            };
            let page: Page<T> = self.ask_json(&asked, time).await?;
            items.extend(page.items);
            next = page.next;
            if next.is_none() {
                return Ok(items);
            }
        }
        Err(ProviderError::new(NAME, ask.operation, ErrorKind::Unexpected).vendor_code("endless list"))
    }
}
