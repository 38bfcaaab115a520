use lectern_core::{
    provider::{Call, ErrorKind, ProviderError, Result},
    secret::SecretString,
};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::{
    config::{Meet, MeetConnection},
    error, oauth, wire,
};
use crate::bearer::Bearer;
use crate::transport::{Allowance, Body, Budget, Credentials, Label, RateLimits, Request, Response};

/// Google names no exchange; this header tells which server answered.
pub(super) const TRACKING: &str = "x-guploader-uploadid";

/// A list longer than this many pages is a loop at the vendor.
const MOST_PAGES: usize = 1000;

/// Which of Google's APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Api {
    Meet,
    Drive,
    People,
    Directory,
    Events,
}

/// One call of an API.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) api: Api,
    pub(super) operation: &'static str,
    pub(super) route: &'static str,
    pub(super) method: Method,
    pub(super) label: Label,
    /// Below the API's base, percent-encoded.
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    pub(super) repeatable: bool,
    pub(super) tries: u8,
    /// The scope that allows it: Google does not always say which one was missing.
    pub(super) scope: &'static str,
}

impl Ask {
    /// A call of the Meet API. GET and DELETE are repeatable; others must say so. Reads are light, writes medium.
    pub(super) fn new(
        operation: &'static str,
        method: Method,
        route: &'static str,
        path: impl Into<String>,
    ) -> Self {
        let repeatable = matches!(method, Method::GET | Method::DELETE);
        let label = if method == Method::GET { Label::Light } else { Label::Medium };
        let scope = if method == Method::GET { oauth::READONLY } else { oauth::CREATED };
        Self {
            api: Api::Meet,
            operation,
            route,
            method,
            label,
            path: path.into(),
            query: Vec::new(),
            body: None,
            repeatable,
            tries: 3,
            scope,
        }
    }

    pub(super) fn at(mut self, api: Api, scope: &'static str) -> Self {
        self.api = api;
        self.scope = scope;
        self
    }

    pub(super) fn label(mut self, label: Label) -> Self {
        self.label = label;
        self
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
    /// The largest page.
    const LARGEST: &str;
    fn next(&self) -> Option<&str>;
    fn items(self) -> Vec<Self::Item>;
}

/// Google counts Meet's calls for each user of a project: 600 reads, 100 writes, 10 new spaces a minute. For the other APIs
/// it publishes other figures to each project; ours are modest ones.
fn limits(api: Api, label: Label) -> RateLimits {
    let a_minute = |most| RateLimits { per_second: most, per_minute: Some(most), per_day: None };
    match (api, label) {
        (Api::Meet, Label::Light) => a_minute(600),
        (Api::Meet, Label::Medium) => a_minute(100),
        (Api::Meet, Label::Heavy) => a_minute(10),
        (Api::People, _) => a_minute(60),
        (Api::Drive | Api::Directory | Api::Events, _) => a_minute(300),
    }
}

fn api_name(api: Api) -> &'static str {
    match api {
        Api::Meet => "meet",
        Api::Drive => "drive",
        Api::People => "people",
        Api::Directory => "directory",
        Api::Events => "events",
    }
}

impl Meet {
    pub(super) fn budget(&self, connection: &MeetConnection, api: Api, label: Label) -> Budget {
        Budget {
            account: format!(
                "google:{}:{}:{}",
                api_name(api),
                connection.rate_key,
                connection.account.user_id
            ),
            label,
            limits: limits(api, label),
        }
    }

    fn base(&self, api: Api) -> &Url {
        let others = &self.settings.others;
        match api {
            Api::Meet => &self.settings.api_base,
            Api::Drive => &others.drive,
            Api::People => &others.people,
            Api::Directory => &others.directory,
            Api::Events => &others.events,
        }
    }

    /// The whole address of a path below an API's base.
    pub(super) fn address(&self, api: Api, path: &str) -> Url {
        let mut url = self.base(api).clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}{path}"));
        url
    }

    fn request(&self, ask: &Ask, token: &SecretString, budget: Option<Budget>) -> Request {
        let mut url = self.address(ask.api, &ask.path);
        if !ask.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&ask.query);
        }
        Request {
            provider: crate::meet::NAME,
            operation: ask.operation,
            route: ask.route,
            method: ask.method.clone(),
            url,
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
        Ok(Bearer { provider: crate::meet::NAME, operation, tokens, time })
    }

    /// Calls; any 401 is answered with a newer token, once. Success is 2xx, everything else an error of ours.
    pub(super) async fn ask(&self, ask: &Ask, time: &Allowance) -> Result<Response> {
        let connection = self.connected(ask.operation)?;
        let budget = self.budget(connection, ask.api, ask.label);
        let call = |token: SecretString| {
            let request = self.request(ask, &token, Some(budget.clone()));
            async move { self.transport.answer(&request, time).await }
        };
        let response = self.bearer(ask.operation, time)?.call(call).await?;
        if response.is_success() {
            return Ok(response);
        }
        Err(error::of(ask.operation, &response, ask.scope, ask.repeatable, self.transport.clock().now()))
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
            let mut ask = make().query("pageSize", P::LARGEST);
            if let Some(token) = &next {
                ask = ask.query("pageToken", token.clone());
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
        Err(ProviderError::new(crate::meet::NAME, make().operation, ErrorKind::Unexpected)
            .vendor_code("endless list"))
    }
}

/// Starts the time of a call.
pub(super) fn begin(call: &Call) -> Allowance {
    Allowance::start(call)
}
