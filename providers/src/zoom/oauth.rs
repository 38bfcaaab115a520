//! Granting, refreshing and revoking access, and the scopes.

use async_trait::async_trait;
use chrono::TimeDelta;
use lectern_core::{
    provider::{
        Account, AuthorizeRequest, Call, ErrorKind, OAuth, ProviderError, RepairedBy, Result, TokenSet,
    },
    secret::SecretString,
    text::visible,
};
use reqwest::Method;
use serde::Deserialize;
use url::Url;

use super::{
    client::TRACKING,
    config::{Mode, Zoom},
    error, wire,
};
use crate::transport::{Allowance, Body, Credentials, Field, Request, Response};

/// A scope this product wants: its classic and its granular name (user level; the account level adds `:admin`), and what
/// for. Source: Zoom's scope lists; a Server-to-Server app needs the `:admin` names.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// Older apps.
    pub classic: &'static str,
    /// Newer apps.
    pub granular: &'static str,
    /// Newer apps, account level.
    pub granular_admin: &'static str,
    /// What Lectern does with it.
    pub purpose: &'static str,
}

macro_rules! scopes {
    ($($classic:literal $granular:literal $purpose:literal;)*) => {
        &[$(Scope { classic: $classic, granular: $granular, granular_admin: concat!($granular, ":admin"), purpose: $purpose }),*]
    };
}

/// The scopes to choose for the app at Zoom.
pub const SCOPES: &[Scope] = scopes! {
    "user:read" "user:read:user" "see whose account is connected, and its plan";
    "meeting:write" "meeting:write:meeting" "create meetings";
    "meeting:read" "meeting:read:meeting" "look at meetings and open them as the host";
    "meeting:write" "meeting:update:meeting" "change meetings and plan breakout rooms";
    "meeting:write" "meeting:delete:meeting" "remove meetings of cancelled sessions";
    "meeting:read" "meeting:read:list_meetings" "find a meeting again whose creation was interrupted";
    "meeting:write" "meeting:update:status" "end a class for everyone";
    "meeting:write" "meeting:write:registrant" "give each person an own link";
    "meeting:write" "meeting:write:batch_registrants" "give many people their links in one call";
    "meeting:read" "meeting:read:list_registrants" "check who has a link";
    "meeting:write" "meeting:update:registrant_status" "withdraw a link";
    "meeting:read" "meeting:read:list_past_instances" "find the runs of a meeting";
    "meeting:read" "meeting:read:list_past_participants" "read who was there";
    "recording:read" "cloud_recording:read:list_user_recordings" "find recordings";
    "recording:read" "cloud_recording:read:list_recording_files" "fetch recordings";
    "recording:write" "cloud_recording:delete:meeting_recording" "remove recordings when their time is over";
    "recording:write" "cloud_recording:delete:recording_file" "remove one file of a recording";
    "recording:write" "cloud_recording:update:recover_meeting_recordings" "bring a recording back from the trash";
    "recording:write" "cloud_recording:update:recover_single_recording" "bring one file back from the trash";
};

/// The full participant report exists for account-level grants only.
pub const REPORT_SCOPE: Scope = Scope {
    classic: "report:read",
    granular: "report:read:list_meeting_participants",
    granular_admin: "report:read:list_meeting_participants:admin",
    purpose: "read the full report of who was there",
};

/// Granted scopes, asked by what they allow.
#[derive(Debug)]
pub(super) struct Scopes<'a>(&'a [String]);

impl<'a> Scopes<'a> {
    pub(super) const fn new(granted: &'a [String]) -> Self {
        Self(granted)
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|granted| granted == name)
    }

    fn has_at_any_level(&self, name: &str) -> bool {
        self.0
            .iter()
            .any(|granted| granted.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest == ":admin"))
    }

    /// By its granular name; the classic one that includes it counts as well.
    pub(super) fn may(&self, granular: &str) -> bool {
        let classic = SCOPES.iter().find(|scope| scope.granular == granular).map(|scope| scope.classic);
        self.has_at_any_level(granular) || classic.is_some_and(|classic| self.has_at_any_level(classic))
    }

    pub(super) fn may_report(&self) -> bool {
        self.has("report:read:admin") || self.has(REPORT_SCOPE.granular_admin)
    }

    pub(super) fn first_missing(&self, needed: &[&'static str]) -> Option<&'static str> {
        needed.iter().copied().find(|scope| !self.may(scope))
    }

    pub(super) fn is_account_level(&self) -> bool {
        self.0.iter().any(|granted| granted.ends_with(":admin"))
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    refresh_token: Option<SecretString>,
    expires_in: Option<i64>,
    #[serde(default)]
    scope: String,
    api_url: Option<String>,
}

#[derive(Deserialize)]
struct UserAnswer {
    id: String,
    #[serde(default)]
    account_id: String,
    #[serde(default)]
    email: String,
    display_name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    #[serde(rename = "type")]
    plan: Option<i64>,
}

impl Zoom {
    async fn at_oauth(
        &self,
        operation: &'static str,
        url: &Url,
        form: Vec<(&'static str, Field)>,
        repeatable: bool,
        call: &Call,
    ) -> Result<Response> {
        let request = Request {
            provider: crate::zoom::NAME,
            operation,
            route: if *url == self.settings.oauth_revoke { "/oauth/revoke" } else { "/oauth/token" },
            method: Method::POST,
            url: url.clone(),
            headers: Vec::new(),
            credentials: Some(Credentials::Basic(
                self.settings.client_id.clone(),
                self.settings.client_secret.clone(),
            )),
            body: Body::Form(form),
            repeatable,
            tries: 2,
            tenant: self.settings.tenant.clone().into(),
            budget: None,
            judge: error::judge,
            tracking_header: TRACKING,
        };
        let now = || self.transport.clock().now();
        let response = self
            .transport
            .send(&request, &Allowance::start(call))
            .await
            .map_err(|failure| failure.into_error(crate::zoom::NAME, operation, now()))?;
        if response.is_success() { Ok(response) } else { Err(error::of_oauth(operation, &response, now())) }
    }

    async fn tokens(
        &self,
        operation: &'static str,
        form: Vec<(&'static str, Field)>,
        repeatable: bool,
        call: &Call,
    ) -> Result<TokenSet> {
        // The life of a token counts from before the request, so that it never seems longer than it is.
        let asked_at = self.transport.clock().now();
        let response = self.at_oauth(operation, &self.settings.oauth_token, form, repeatable, call).await?;
        let answer: TokenAnswer = wire::read(operation, &response)?;
        let seconds = answer.expires_in.unwrap_or(3600).clamp(0, 365 * 86_400);
        Ok(TokenSet {
            access_token: answer.access_token,
            refresh_token: answer.refresh_token,
            expires_at: asked_at + TimeDelta::seconds(seconds),
            scopes: answer
                .scope
                .split([' ', ','])
                .filter(|scope| !scope.is_empty())
                .map(str::to_owned)
                .collect(),
            api_url: answer.api_url.and_then(|text| Url::parse(&text).ok()),
            account_id: None,
        })
    }
}

#[async_trait]
impl OAuth for Zoom {
    /// Without `scope`: scopes come from the app's configuration, and a list was reported to be refused.
    fn authorize_url(&self, request: &AuthorizeRequest) -> Url {
        let mut url = self.settings.oauth_authorize.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", request.redirect_uri.as_str())
            .append_pair("state", &request.state)
            .append_pair("code_challenge", &request.code_challenge)
            .append_pair("code_challenge_method", "S256");
        url
    }

    async fn exchange(
        &self,
        call: &Call,
        code: &str,
        verifier: &SecretString,
        redirect_uri: &Url,
    ) -> Result<TokenSet> {
        let form = vec![
            ("grant_type", Field::Open("authorization_code".to_owned())),
            ("code", Field::Hidden(code.into())),
            ("redirect_uri", Field::Open(redirect_uri.to_string())),
            ("code_verifier", Field::Hidden(verifier.clone())),
        ];
        self.tokens("exchange code", form, false, call).await
    }

    /// Repeatable: when the answer was lost the old token is dead or, within Zoom's tolerance, still good; asking again
    /// can only help.
    async fn refresh(&self, call: &Call, refresh_token: &SecretString) -> Result<TokenSet> {
        let form = vec![
            ("grant_type", Field::Open("refresh_token".to_owned())),
            ("refresh_token", Field::Hidden(refresh_token.clone())),
        ];
        self.tokens("refresh token", form, true, call).await
    }

    async fn account_token(&self, call: &Call) -> Result<TokenSet> {
        let Mode::ServerToServer { account_id } = &self.settings.mode else {
            return Err(ProviderError::new(
                crate::zoom::NAME,
                "account token",
                ErrorKind::Unsupported("account_token"),
            ));
        };
        let form = vec![
            ("grant_type", Field::Open("account_credentials".to_owned())),
            ("account_id", Field::Open(account_id.clone())),
        ];
        self.tokens("account token", form, true, call).await
    }

    async fn revoke(&self, call: &Call, access_token: &SecretString) -> Result<()> {
        let form = vec![("token", Field::Hidden(access_token.clone()))];
        match self.at_oauth("revoke token", &self.settings.oauth_revoke, form, true, call).await {
            Ok(_) => Ok(()),
            // A grant that is already gone.
            Err(error) if error.kind == ErrorKind::Reconnect => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn account(&self, call: &Call, access_token: &SecretString, host: Option<&str>) -> Result<Account> {
        const OPERATION: &str = "read account";
        let user = match (&self.settings.mode, host) {
            (Mode::User, _) => "me",
            (Mode::ServerToServer { .. }, Some(host)) => host,
            (Mode::ServerToServer { .. }, None) => {
                return Err(ProviderError::new(crate::zoom::NAME, OPERATION, ErrorKind::HostNotFound)
                    .repaired_by(RepairedBy::Admin));
            }
        };
        let response = self.read_user(OPERATION, access_token, user, &Allowance::start(call)).await?;
        let answer: UserAnswer = wire::read(OPERATION, &response)?;
        let full_name =
            [answer.first_name, answer.last_name].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let account_id = match (&self.settings.mode, answer.account_id) {
            (Mode::ServerToServer { account_id }, said) if said.is_empty() => account_id.clone(),
            (_, said) => said,
        };
        Ok(Account {
            user_id: answer.id,
            account_id,
            email: answer.email,
            name: visible(&answer.display_name.filter(|name| !name.is_empty()).unwrap_or(full_name)),
            plan: answer.plan,
        })
    }

    fn missing_scopes(&self, granted: &[String]) -> Vec<(&'static str, &'static str)> {
        let granted = Scopes::new(granted);
        let account_level =
            granted.is_account_level() || matches!(self.settings.mode, Mode::ServerToServer { .. });
        let name = |scope: &Scope| if account_level { scope.granular_admin } else { scope.granular };
        let mut missing: Vec<_> = SCOPES
            .iter()
            .filter(|scope| !granted.may(scope.granular))
            .map(|scope| (name(scope), scope.purpose))
            .collect();
        if account_level && !granted.may_report() {
            missing.push((REPORT_SCOPE.granular_admin, REPORT_SCOPE.purpose));
        }
        missing
    }
}
