use lectern_core::{
    provider::{Call, ErrorKind, ProviderError, Result},
    secret::SecretString,
};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::{
    capabilities::BASIC,
    config::{Mode, Zoom, ZoomConnection},
    error,
    oauth::Scopes,
    wire,
};
use crate::bearer::Bearer;
use crate::transport::{Allowance, Body, Budget, Credentials, Label, RateLimits, Request, Response};

/// In this header Zoom names each exchange for its support.
pub(super) const TRACKING: &str = "x-zm-trackingid";

/// The largest page of Zoom's lists.
const PAGE: &str = "300";
/// A list longer than this many pages is a loop at the vendor.
const MOST_PAGES: usize = 1000;

/// One call of the API.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) operation: &'static str,
    pub(super) route: &'static str,
    pub(super) method: Method,
    pub(super) label: Label,
    /// Below the API's base, percent-encoded by [`wire::segment`] and [`wire::run_segment`].
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    pub(super) repeatable: bool,
    pub(super) tries: u8,
}

impl Ask {
    /// A call with these essentials. GET, PUT and DELETE are repeatable; others must say so.
    pub(super) fn new(
        operation: &'static str,
        method: Method,
        label: Label,
        route: &'static str,
        path: String,
    ) -> Self {
        let repeatable = matches!(method, Method::GET | Method::PUT | Method::DELETE);
        Self { operation, route, method, label, path, query: Vec::new(), body: None, repeatable, tries: 3 }
    }

    pub(super) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(super) fn json(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// The same call twice has the effect of one; still at most this many tries.
    pub(super) fn repeatable(mut self, tries: u8) -> Self {
        self.repeatable = true;
        self.tries = tries;
        self
    }
}

/// An answer of a list call.
pub(super) trait Page: DeserializeOwned {
    type Item;
    fn next(&self) -> Option<&str>;
    fn items(self) -> Vec<Self::Item>;
}

/// Zoom counts per account and label. An account's own plan is not told; a Basic host is taken for a free account, any
/// other for Pro, the smallest paid one.
fn limits(label: Label, plan: Option<i64>) -> RateLimits {
    match (plan == Some(BASIC), label) {
        (true, Label::Light) => RateLimits { per_second: 4, per_minute: None, per_day: Some(6000) },
        (true, Label::Medium) => RateLimits { per_second: 2, per_minute: None, per_day: Some(2000) },
        (true, Label::Heavy) => RateLimits { per_second: 1, per_minute: None, per_day: Some(1000) },
        (false, Label::Light) => RateLimits { per_second: 30, per_minute: None, per_day: None },
        (false, Label::Medium) => RateLimits { per_second: 20, per_minute: None, per_day: None },
        (false, Label::Heavy) => RateLimits { per_second: 10, per_minute: None, per_day: Some(30_000) },
    }
}

impl Zoom {
    pub(super) fn budget(&self, connection: &ZoomConnection, label: Label) -> Budget {
        Budget {
            account: format!("zoom:{}", connection.rate_key),
            label,
            limits: limits(label, connection.account.plan),
        }
    }

    /// Whose meetings: `me` for a user's own grant, the host's id or address for an account-level one. A user-level token
    /// must use `me`, a server-to-server token must not.
    pub(super) fn user(&self, connection: &ZoomConnection, host: Option<&str>) -> String {
        match (&self.settings.mode, host) {
            (Mode::ServerToServer { .. }, host) => wire::segment(host.unwrap_or(&connection.account.user_id)),
            (Mode::User, Some(host))
                if host != connection.account.user_id && self.is_account_level(connection) =>
            {
                wire::segment(host)
            }
            (Mode::User, _) => "me".to_owned(),
        }
    }

    fn is_account_level(&self, connection: &ZoomConnection) -> bool {
        Scopes::new(&connection.scopes).is_account_level()
    }

    fn url(&self, ask: &Ask) -> Url {
        let mut url = self.settings.api_base.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}{}", ask.path));
        if !ask.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&ask.query);
        }
        url
    }

    fn request(&self, ask: &Ask, token: &SecretString, budget: Option<Budget>) -> Request {
        Request {
            provider: crate::zoom::NAME,
            operation: ask.operation,
            route: ask.route,
            method: ask.method.clone(),
            url: self.url(ask),
            headers: Vec::new(),
            credentials: Some(Credentials::Bearer(token.clone())),
            body: ask.body.clone().map_or(Body::Empty, Body::Json),
            repeatable: ask.repeatable,
            tries: ask.tries,
            tenant: self.settings.tenant.clone().into(),
            budget,
            judge: error::judge,
            tracking_header: TRACKING,
        }
    }

    /// The connection's token, for one use.
    pub(super) fn bearer<'a>(&'a self, operation: &'static str, time: &'a Allowance) -> Result<Bearer<'a>> {
        let tokens = &*self.connected(operation)?.tokens;
        Ok(Bearer { provider: crate::zoom::NAME, operation, tokens, time })
    }

    /// Calls; any 401 is answered with a newer token, once. Success is 2xx, everything else an error of ours.
    pub(super) async fn ask(&self, ask: &Ask, time: &Allowance) -> Result<Response> {
        let connection = self.connected(ask.operation)?;
        let budget = self.budget(connection, ask.label);
        let call = |token: SecretString| {
            let request = self.request(ask, &token, Some(budget.clone()));
            async move { self.transport.answer(&request, time).await }
        };
        let response = self.bearer(ask.operation, time)?.call(call).await?;
        if response.is_success() {
            return Ok(response);
        }
        Err(error::of(ask.operation, &response, ask.repeatable, self.transport.clock().now()))
    }

    pub(super) async fn ask_json<T: DeserializeOwned>(&self, ask: &Ask, time: &Allowance) -> Result<T> {
        let response = self.ask(ask, time).await?;
        wire::read(ask.operation, &response).map_err(|mut error| {
            error.maybe_done = !ask.repeatable;
            error
        })
    }

    /// All pages of a list.
    pub(super) async fn ask_all<P: Page>(
        &self,
        make: impl Fn() -> Ask,
        time: &Allowance,
    ) -> Result<Vec<P::Item>> {
        let mut items = Vec::new();
        let mut next: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut ask = make().query("page_size", PAGE);
            if let Some(token) = &next {
                ask = ask.query("next_page_token", token.clone());
            }
            let page: P = self.ask_json(&ask, time).await?;
            let following = page.next().filter(|token| !token.is_empty()).map(str::to_owned);
            items.extend(page.items());
            if following.is_none() {
                return Ok(items);
            }
            if following == next {
                break;
            }
            next = following;
        }
        // A list that is not whole must not pass for one: somebody could be removed for not being on it.
        Err(ProviderError::new(crate::zoom::NAME, make().operation, ErrorKind::Unexpected)
            .vendor_code("endless list"))
    }

    /// Reads a user with a token that no connection holds yet.
    pub(super) async fn read_user(
        &self,
        operation: &'static str,
        token: &SecretString,
        user: &str,
        time: &Allowance,
    ) -> Result<Response> {
        let ask = Ask::new(
            operation,
            Method::GET,
            Label::Light,
            "/users/{id}",
            format!("/users/{}", wire::segment(user)),
        );
        let response = self.transport.answer(&self.request(&ask, token, None), time).await?;
        if response.is_success() {
            return Ok(response);
        }
        Err(error::of(operation, &response, true, self.transport.clock().now()))
    }
}

/// A meeting's id in a path: digits, nothing else ever.
pub(super) fn meeting_segment(operation: &'static str, id: &str) -> Result<String> {
    if !id.is_empty() && id.len() <= 20 && id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(id.to_owned());
    }
    Err(ProviderError::new(crate::zoom::NAME, operation, ErrorKind::NotFound).vendor_code("no meeting id"))
}

/// Starts the time of a call.
pub(super) fn begin(call: &Call) -> Allowance {
    Allowance::start(call)
}
