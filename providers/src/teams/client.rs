use lectern_core::{
    provider::{Call, ErrorKind, ProviderError, Result},
    secret::SecretString,
};
use reqwest::{
    Method,
    header::{HeaderName, HeaderValue},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::{
    config::{Mode, Teams, TeamsConnection},
    error::{self, Place},
    reference::Reference,
    wire,
};
use crate::bearer::Bearer;
use crate::transport::{Allowance, Body, Budget, Credentials, Label, RateLimits, Request, Response};

/// In this header Graph names each exchange for its support.
pub(super) const TRACKING: &str = "request-id";

/// A list longer than this many pages is a loop at the vendor.
const MOST_PAGES: usize = 1000;

/// Which of Graph's two faces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    V1,
    Beta,
}

/// Whose mailbox and meetings a call is about.
#[derive(Clone, Debug)]
pub(super) struct Whose {
    /// `/me`, or `/users/{object id}`.
    pub(super) path: String,
    /// The object id.
    pub(super) id: String,
}

/// One call of the API.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) operation: &'static str,
    pub(super) route: &'static str,
    pub(super) method: Method,
    pub(super) label: Label,
    pub(super) version: Version,
    /// Below the API's base, percent-encoded by [`wire::segment`].
    pub(super) path: String,
    /// Percent-encoded when sent.
    pub(super) query: Vec<(&'static str, String)>,
    /// The page Graph named, instead of path and query.
    pub(super) page: Option<Url>,
    pub(super) prefer: &'static [&'static str],
    pub(super) body: Option<Value>,
    pub(super) repeatable: bool,
    pub(super) tries: u8,
    /// The organizer, for the step that repairs a missing policy, and for the budget: Outlook counts per mailbox.
    pub(super) organizer: String,
}

impl Ask {
    /// A call about somebody's mailbox or meetings. GET and DELETE are repeatable; others must say so.
    pub(super) fn of(
        whose: &Whose,
        operation: &'static str,
        method: Method,
        label: Label,
        route: &'static str,
        below: &str,
    ) -> Self {
        let path = format!("{}{below}", whose.path);
        Self { organizer: whose.id.clone(), ..Self::new(operation, method, label, route, path) }
    }

    /// A call about nobody in particular.
    pub(super) fn new(
        operation: &'static str,
        method: Method,
        label: Label,
        route: &'static str,
        path: String,
    ) -> Self {
        let repeatable = matches!(method, Method::GET | Method::DELETE);
        Self {
            operation,
            route,
            method,
            label,
            version: Version::V1,
            path,
            query: Vec::new(),
            page: None,
            prefer: &[],
            body: None,
            repeatable,
            tries: 3,
            organizer: String::new(),
        }
    }

    pub(super) fn beta(mut self) -> Self {
        self.version = Version::Beta;
        self
    }

    pub(super) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(super) fn prefer(mut self, preferences: &'static [&'static str]) -> Self {
        self.prefer = preferences;
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

/// Outlook allows 10,000 requests in ten minutes for an app and a mailbox. For online meetings no figure is known.
fn limits(label: Label) -> RateLimits {
    let per_second = match label {
        Label::Light => 15,
        Label::Medium => 10,
        Label::Heavy => 4,
    };
    RateLimits { per_second, per_minute: None, per_day: None }
}

impl Teams {
    fn budget(&self, connection: &TeamsConnection, ask: &Ask) -> Budget {
        Budget {
            account: format!("teams:{}:{}", connection.rate_key, ask.organizer),
            label: ask.label,
            limits: limits(ask.label),
        }
    }

    /// Whose meetings, by the object id of the host, or the connected user. A delegated token must use `/me`, an
    /// application's must not.
    fn person(&self, connection: &TeamsConnection, id: Option<&str>) -> Whose {
        match self.settings.mode {
            Mode::Delegated => Whose { path: "/me".to_owned(), id: connection.account.user_id.clone() },
            Mode::Application { .. } => {
                let id = id.unwrap_or(&connection.account.user_id);
                Whose { path: format!("/users/{}", wire::segment(id)), id: id.to_owned() }
            }
        }
    }

    /// The host of a class. Online meetings take object ids only, so that an address is looked up.
    pub(super) async fn host(
        &self,
        operation: &'static str,
        host: Option<&str>,
        time: &Allowance,
    ) -> Result<Whose> {
        let connection = self.connected(operation)?;
        match host.filter(|host| self.is_application() && host.contains('@')) {
            Some(address) if address.eq_ignore_ascii_case(&connection.account.email) => {
                Ok(self.person(connection, None))
            }
            Some(address) => {
                let path = format!("/users/{}", wire::segment(address));
                let ask = Ask::new(operation, Method::GET, Label::Light, "/users/{id}", path)
                    .query("$select", "id");
                let user: wire::User = self.ask_json(&ask, time).await?;
                Ok(self.person(connection, Some(&user.id)))
            }
            None => Ok(self.person(connection, host)),
        }
    }

    /// The organizer of a meeting we know.
    pub(super) fn organizer(&self, operation: &'static str, reference: &Reference) -> Result<Whose> {
        Ok(self.person(self.connected(operation)?, reference.organizer.as_deref()))
    }

    fn url(&self, ask: &Ask) -> Url {
        if let Some(page) = &ask.page {
            return page.clone();
        }
        let mut url = match ask.version {
            Version::V1 => self.settings.api_base.clone(),
            Version::Beta => self.settings.beta_base.clone(),
        };
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}{}", ask.path));
        if !ask.query.is_empty() {
            // Not as a form: Graph reads `+` as a plus in some places.
            let pairs: Vec<_> =
                ask.query.iter().map(|(name, value)| format!("{name}={}", wire::segment(value))).collect();
            url.set_query(Some(&pairs.join("&")));
        }
        url
    }

    pub(super) fn request(&self, ask: &Ask, token: &SecretString, budget: Option<Budget>) -> Request {
        Request {
            provider: crate::teams::NAME,
            operation: ask.operation,
            route: ask.route,
            method: ask.method.clone(),
            url: self.url(ask),
            headers: ask
                .prefer
                .iter()
                .map(|preference| (HeaderName::from_static("prefer"), HeaderValue::from_static(preference)))
                .collect(),
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
        Ok(Bearer { provider: crate::teams::NAME, operation, tokens, time })
    }

    /// An error answer in our words.
    pub(super) fn refused(&self, ask: &Ask, response: &Response) -> ProviderError {
        let place = Place { client_id: &self.settings.client_id, organizer: &ask.organizer };
        error::of(ask.operation, response, ask.repeatable, &place, self.transport.clock().now())
    }

    /// Calls; any 401 is answered with a newer token, once. Success is 2xx, everything else an error of ours.
    pub(super) async fn ask(&self, ask: &Ask, time: &Allowance) -> Result<Response> {
        let connection = self.connected(ask.operation)?;
        let budget = self.budget(connection, ask);
        let call = |token: SecretString| {
            let request = self.request(ask, &token, Some(budget.clone()));
            async move { self.transport.answer(&request, time).await }
        };
        let response = self.bearer(ask.operation, time)?.call(call).await?;
        if response.is_success() { Ok(response) } else { Err(self.refused(ask, &response)) }
    }

    pub(super) async fn ask_json<T: DeserializeOwned>(&self, ask: &Ask, time: &Allowance) -> Result<T> {
        let response = self.ask(ask, time).await?;
        wire::read(ask.operation, &response).map_err(|mut error| {
            error.maybe_done = !ask.repeatable;
            error
        })
    }

    /// A page Graph named. The token goes nowhere but to Graph.
    fn page(&self, operation: &'static str, link: &str) -> Result<Url> {
        let at_graph = |url: &Url| {
            let origin = url.origin();
            [&self.settings.api_base, &self.settings.beta_base].iter().any(|base| base.origin() == origin)
        };
        Url::parse(link).ok().filter(at_graph).ok_or_else(|| {
            tracing::error!(operation, "the next page of a list is not at Graph; it is not asked for");
            ProviderError::new(crate::teams::NAME, operation, ErrorKind::Unexpected)
                .vendor_code("foreign page")
        })
    }

    /// What follows a first page.
    pub(super) async fn ask_rest<T: DeserializeOwned>(
        &self,
        first: Ask,
        mut items: Vec<T>,
        mut next: Option<String>,
        time: &Allowance,
    ) -> Result<Vec<T>> {
        let mut ask = first;
        for _ in 0..MOST_PAGES {
            let Some(link) = next else { return Ok(items) };
            let page = self.page(ask.operation, &link)?;
            if ask.page.as_ref() == Some(&page) {
                break;
            }
            ask.page = Some(page);
            let answer: wire::Page<T> = self.ask_json(&ask, time).await?;
            items.extend(answer.value);
            next = answer.next;
        }
        // A list that is not whole must not pass for one.
        Err(ProviderError::new(crate::teams::NAME, ask.operation, ErrorKind::Unexpected)
            .vendor_code("endless list"))
    }

    /// All pages of a list.
    pub(super) async fn ask_all<T: DeserializeOwned>(&self, ask: Ask, time: &Allowance) -> Result<Vec<T>> {
        let first: wire::Page<T> = self.ask_json(&ask, time).await?;
        self.ask_rest(ask, first.value, first.next, time).await
    }
}

/// Starts the time of a call.
pub(super) fn begin(call: &Call) -> Allowance {
    Allowance::start(call)
}
