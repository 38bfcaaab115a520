//! Granting, refreshing and revoking access, and the scopes.

use async_trait::async_trait;
use chrono::TimeDelta;
use lectern_core::{
    provider::{Account, AuthorizeRequest, Call, ErrorKind, OAuth, ProviderError, Result, TokenSet},
    secret::SecretString,
    text::visible,
};
use reqwest::Method;
use serde::Deserialize;
use url::Url;

use super::{
    client::{TRACKING, begin},
    config::{Meet, Mode},
    error, service_account, wire,
};
use crate::transport::{Body, Credentials, Field, Request, Response};

const PREFIX: &str = "https://www.googleapis.com/auth/";

macro_rules! names {
    ($($(#[$doc:meta])* $constant:ident $name:literal;)*) => {
        $($(#[$doc])* pub const $constant: &str = concat!("https://www.googleapis.com/auth/", $name);)*
    };
}

names! {
    /// Spaces that this project makes: everything.
    CREATED "meetings.space.created";
    /// Reading any space the account can see.
    READONLY "meetings.space.readonly";
    /// Recordings that Meet put into Drive.
    DRIVE_MEET "drive.meet.readonly";
    /// Everything in Drive.
    DRIVE "drive";
    /// Profiles of the account's domain.
    DIRECTORY "directory.readonly";
    /// A domain's users, for its administrators.
    DIRECTORY_USERS "admin.directory.user.readonly";
    /// The address of whoever connects.
    EMAIL "userinfo.email";
    /// The name of whoever connects.
    PROFILE "userinfo.profile";
}

/// Permissions that go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bundle {
    /// Without these nothing works.
    Base,
    /// Copying recordings.
    Recordings,
    /// Removing recordings at Google. Full access to Drive: only for a school's own internal project.
    RecordingRemoval,
    /// Addresses of people in a call.
    Addresses,
    /// The same for an administrator's connection.
    DomainAddresses,
}

impl Bundle {
    /// What is asked unless the school wants it otherwise.
    pub const USUAL: [Self; 3] = [Self::Base, Self::Recordings, Self::Addresses];
}

/// A scope this product wants, and what for.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// As granted.
    pub name: &'static str,
    /// With which others it is asked.
    pub bundle: Bundle,
    /// What Lectern does with it.
    pub purpose: &'static str,
}

const fn scope(name: &'static str, bundle: Bundle, purpose: &'static str) -> Scope {
    Scope { name, bundle, purpose }
}

/// The scopes to put on the project's consent screen, or to register for the service account.
pub const SCOPES: &[Scope] = &[
    scope("openid", Bundle::Base, "see whose account is connected"),
    scope(EMAIL, Bundle::Base, "see the address of the connected account"),
    scope(PROFILE, Bundle::Base, "see the name of the connected account"),
    scope(CREATED, Bundle::Base, "make meetings, manage who may enter, end them, and read who was there"),
    scope(DRIVE_MEET, Bundle::Recordings, "fetch recordings"),
    scope(DRIVE, Bundle::RecordingRemoval, "remove recordings when their time is over"),
    scope(DIRECTORY, Bundle::Addresses, "find the addresses of people in a call"),
    scope(DIRECTORY_USERS, Bundle::DomainAddresses, "find the addresses of all users of the domain"),
];

/// A scope as people write it.
pub(super) fn short(scope: &'static str) -> &'static str {
    scope.strip_prefix(PREFIX).unwrap_or(scope)
}

/// Granted scopes, asked by what they allow.
#[derive(Debug)]
pub(super) struct Scopes<'a>(&'a [String]);

impl<'a> Scopes<'a> {
    pub(super) const fn new(granted: &'a [String]) -> Self {
        Self(granted)
    }

    /// By name; wider ones count as well.
    pub(super) fn may(&self, scope: &str) -> bool {
        let wider: &[&str] = match scope {
            READONLY => &[CREATED],
            DRIVE_MEET => &["https://www.googleapis.com/auth/drive.readonly", DRIVE],
            EMAIL => &["email"],
            PROFILE => &["profile"],
            _ => &[],
        };
        self.0.iter().any(|granted| granted == scope || wider.contains(&granted.as_str()))
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    refresh_token: Option<SecretString>,
    expires_in: Option<i64>,
    scope: Option<String>,
}

#[derive(Deserialize)]
struct UserAnswer {
    id: String,
    #[serde(default)]
    email: String,
    name: Option<String>,
    /// The domain, for accounts of a Workspace.
    hd: Option<String>,
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

impl Meet {
    /// The scopes of the settings' bundles.
    fn wanted(&self) -> impl Iterator<Item = &'static Scope> {
        SCOPES.iter().filter(|scope| self.settings.bundles.contains(&scope.bundle))
    }

    fn wanted_names(&self) -> Vec<&'static str> {
        self.wanted().map(|scope| scope.name).collect()
    }

    async fn at_oauth(
        &self,
        operation: &'static str,
        url: &Url,
        form: Vec<(&'static str, Field)>,
        repeatable: bool,
        call: &Call,
    ) -> Result<Response> {
        let request = Request {
            provider: crate::meet::NAME,
            operation,
            route: if *url == self.settings.others.revoke { "/revoke" } else { "/token" },
            method: Method::POST,
            url: url.clone(),
            headers: Vec::new(),
            credentials: None,
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
            .send(&request, &begin(call))
            .await
            .map_err(|failure| failure.into_error(crate::meet::NAME, operation, now()))?;
        if response.is_success() { Ok(response) } else { Err(error::of_oauth(operation, &response, now())) }
    }

    async fn tokens(
        &self,
        operation: &'static str,
        form: Vec<(&'static str, Field)>,
        asked: &[&'static str],
        repeatable: bool,
        call: &Call,
    ) -> Result<TokenSet> {
        // The life of a token counts from before the request, so that it never seems longer than it is.
        let asked_at = self.transport.clock().now();
        let response = self.at_oauth(operation, &self.settings.others.token, form, repeatable, call).await?;
        let answer: TokenAnswer = wire::read(operation, &response)?;
        let seconds = answer.expires_in.unwrap_or(3599).clamp(0, 365 * 86_400);
        Ok(TokenSet {
            access_token: answer.access_token,
            refresh_token: answer.refresh_token,
            expires_at: asked_at + TimeDelta::seconds(seconds),
            // A service account's answer names none: it got all it asked for.
            scopes: answer
                .scope
                .map_or_else(|| asked.iter().map(|name| (*name).to_owned()).collect(), |text| words(&text)),
            api_url: None,
            account_id: None,
        })
    }

    fn client(&self) -> Vec<(&'static str, Field)> {
        vec![
            ("client_id", Field::Open(self.settings.client_id.clone())),
            ("client_secret", Field::Hidden(self.settings.client_secret.clone())),
        ]
    }

    async fn delegated_token(
        &self,
        organizer: &str,
        scopes: &[&'static str],
        call: &Call,
    ) -> Result<TokenSet> {
        const OPERATION: &str = "account token";
        let assertion = service_account::assertion(
            &self.settings.client_secret,
            organizer,
            scopes,
            &self.settings.others.token,
            self.transport.clock().now(),
        )
        .map_err(|what| error::wrong_credentials(OPERATION, what))?;
        let form = vec![
            ("grant_type", Field::Open("urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned())),
            ("assertion", Field::Hidden(assertion)),
        ];
        self.tokens(OPERATION, form, scopes, true, call).await
    }
}

#[async_trait]
impl OAuth for Meet {
    /// Google gives a refresh token only for offline access, and to somebody who has consented before only after consenting anew.
    fn authorize_url(&self, request: &AuthorizeRequest) -> Url {
        let mut url = self.settings.oauth_authorize.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", request.redirect_uri.as_str())
            .append_pair("scope", &self.wanted_names().join(" "))
            .append_pair("state", &request.state)
            .append_pair("access_type", "offline")
            .append_pair("prompt", "consent")
            .append_pair("include_granted_scopes", "true")
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
        const OPERATION: &str = "exchange code";
        let mut form = self.client();
        form.extend([
            ("grant_type", Field::Open("authorization_code".to_owned())),
            ("code", Field::Hidden(code.into())),
            ("redirect_uri", Field::Open(redirect_uri.to_string())),
            ("code_verifier", Field::Hidden(verifier.clone())),
        ]);
        let tokens = self.tokens(OPERATION, form, &[], false, call).await?;
        if tokens.refresh_token.is_none() {
            // It would end within the hour.
            return Err(ProviderError::new(crate::meet::NAME, OPERATION, ErrorKind::Reconnect)
                .vendor_code("no refresh token"));
        }
        Ok(tokens)
    }

    /// Repeatable: a refresh token of Google's may be used again and again.
    async fn refresh(&self, call: &Call, refresh_token: &SecretString) -> Result<TokenSet> {
        let mut form = self.client();
        form.extend([
            ("grant_type", Field::Open("refresh_token".to_owned())),
            ("refresh_token", Field::Hidden(refresh_token.clone())),
        ]);
        let mut tokens = self.tokens("refresh token", form, &[], true, call).await?;
        // Normally no new one comes, and the old one goes on.
        tokens.refresh_token.get_or_insert_with(|| refresh_token.clone());
        Ok(tokens)
    }

    async fn account_token(&self, call: &Call) -> Result<TokenSet> {
        let Mode::Delegated { organizer } = &self.settings.mode else {
            return Err(ProviderError::new(
                crate::meet::NAME,
                "account token",
                ErrorKind::Unsupported("account_token"),
            ));
        };
        let wanted = self.wanted_names();
        match self.delegated_token(organizer, &wanted, call).await {
            // One scope that the domain's administrator did not register spoils them all.
            Err(error) if error.vendor_code.as_deref() == Some(error::NOT_DELEGATED) => {
                let base: Vec<_> = self
                    .wanted()
                    .filter(|scope| scope.bundle == Bundle::Base)
                    .map(|scope| scope.name)
                    .collect();
                if base.len() == wanted.len() {
                    return Err(error);
                }
                self.delegated_token(organizer, &base, call).await
            }
            outcome => outcome,
        }
    }

    async fn revoke(&self, call: &Call, access_token: &SecretString) -> Result<()> {
        let form = vec![("token", Field::Hidden(access_token.clone()))];
        match self.at_oauth("revoke token", &self.settings.others.revoke, form, true, call).await {
            Ok(_) => Ok(()),
            // 400: a grant that is already gone.
            Err(error) if error.vendor_code.as_deref().is_some_and(|code| code.starts_with("400/")) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A token of Google's is always one person's, so nobody has to be named.
    async fn account(&self, call: &Call, access_token: &SecretString, _: Option<&str>) -> Result<Account> {
        const OPERATION: &str = "read account";
        let request = Request {
            provider: crate::meet::NAME,
            operation: OPERATION,
            route: "/userinfo",
            method: Method::GET,
            url: self.settings.others.userinfo.clone(),
            headers: Vec::new(),
            credentials: Some(Credentials::Bearer(access_token.clone())),
            body: Body::Empty,
            repeatable: true,
            tries: 2,
            tenant: self.settings.tenant.clone().into(),
            budget: None,
            judge: error::judge,
            tracking_header: TRACKING,
        };
        let response = self.transport.answer(&request, &begin(call)).await?;
        if !response.is_success() {
            return Err(error::of(OPERATION, &response, EMAIL, true, self.transport.clock().now()));
        }
        let answer: UserAnswer = wire::read(OPERATION, &response)?;
        let name = answer.name.filter(|name| !name.is_empty()).unwrap_or_else(|| answer.email.clone());
        Ok(Account {
            account_id: answer.hd.filter(|domain| !domain.is_empty()).unwrap_or_else(|| answer.id.clone()),
            user_id: answer.id,
            email: answer.email,
            name: visible(&name),
            plan: None,
        })
    }

    fn missing_scopes(&self, granted: &[String]) -> Vec<(&'static str, &'static str)> {
        let granted = Scopes::new(granted);
        self.wanted()
            .filter(|scope| !granted.may(scope.name))
            .map(|scope| (short(scope.name), scope.purpose))
            .collect()
    }
}
