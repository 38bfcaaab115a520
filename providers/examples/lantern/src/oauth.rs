use async_trait::async_trait;
use chrono::TimeDelta;
use lectern_core::{
    provider::{Account, AuthorizeRequest, Call, OAuth, Result, TokenSet},
    secret::SecretString,
};
use lectern_providers::{
    transport::{Body, Credentials, Field, Method},
    wire::read,
};
use url::Url;

use crate::{
    NAME,
    client::{Ask, begin},
    config::Lantern,
    wire,
};

/// Making rooms: without it nothing works.
pub(crate) const ROOMS: &str = "rooms";
/// Reading who was there.
pub(crate) const VISITS: &str = "visits";

impl Lantern {
    /// The token endpoint: a form, with the app's own credentials.
    async fn token(
        &self,
        operation: &'static str,
        call: &Call,
        form: Vec<(&'static str, Field)>,
    ) -> Result<TokenSet> {
        let ask = Ask::new(operation, Method::POST, "/oauth/token", String::new());
        let credentials =
            Credentials::Basic(self.settings.client_id.clone(), self.settings.client_secret.clone());
        let mut request = self.request(&ask, Some(credentials));
        request.url = self.settings.oauth("token");
        request.body = Body::Form(form);
        request.budget = None;
        let response = self.transport.answer(&request, &begin(call)).await?;
        if !response.is_success() {
            return Err(self.refused(&ask, &response));
        }
        let granted: wire::Granted = read(NAME, operation, &response)?;
        let life = TimeDelta::seconds(granted.expires_in.into());
        Ok(TokenSet {
            access_token: granted.access_token.into(),
            refresh_token: granted.refresh_token.map(Into::into),
            expires_at: self.transport.clock().now() + life,
            scopes: granted.scope.split_whitespace().map(str::to_owned).collect(),
            api_url: None,
            account_id: None,
        })
    }
}

fn open(text: &str) -> Field {
    Field::Open(text.to_owned())
}

#[async_trait]
impl OAuth for Lantern {
    fn authorize_url(&self, request: &AuthorizeRequest) -> Url {
        let mut url = self.settings.oauth("authorize");
        url.query_pairs_mut()
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", request.redirect_uri.as_str())
            .append_pair("scope", &format!("{ROOMS} {VISITS}"))
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
            ("grant_type", open("authorization_code")),
            ("code", Field::Hidden(code.into())),
            ("code_verifier", Field::Hidden(verifier.clone())),
            ("redirect_uri", open(redirect_uri.as_str())),
        ];
        self.token("exchange code", call, form).await
    }

    async fn refresh(&self, call: &Call, refresh_token: &SecretString) -> Result<TokenSet> {
        let form = vec![
            ("grant_type", open("refresh_token")),
            ("refresh_token", Field::Hidden(refresh_token.clone())),
        ];
        self.token("refresh token", call, form).await
    }

    async fn account_token(&self, call: &Call) -> Result<TokenSet> {
        self.token("account token", call, vec![("grant_type", open("client_credentials"))]).await
    }

    async fn revoke(&self, call: &Call, access_token: &SecretString) -> Result<()> {
        let ask = Ask::new("revoke", Method::DELETE, "/token", "/token".to_owned());
        let request = self.request(&ask, Some(Credentials::Bearer(access_token.clone())));
        let response = self.transport.answer(&request, &begin(call)).await?;
        // One that is dead already is fine.
        if response.is_success() || response.status == 401 {
            Ok(())
        } else {
            Err(self.refused(&ask, &response))
        }
    }

    async fn account(&self, call: &Call, access_token: &SecretString, _: Option<&str>) -> Result<Account> {
        let ask = Ask::new("read account", Method::GET, "/owner", "/owner".to_owned());
        let request = self.request(&ask, Some(Credentials::Bearer(access_token.clone())));
        let response = self.transport.answer(&request, &begin(call)).await?;
        if !response.is_success() {
            return Err(self.refused(&ask, &response));
        }
        let owner: wire::Owner = read(NAME, ask.operation, &response)?;
        Ok(Account {
            user_id: owner.id,
            account_id: owner.account,
            email: owner.email,
            name: owner.name,
            plan: None,
        })
    }

    fn missing_scopes(&self, granted: &[String]) -> Vec<(&'static str, &'static str)> {
        [(ROOMS, "make rooms for classes"), (VISITS, "read who was in a class")]
            .into_iter()
            .filter(|(scope, _)| !granted.iter().any(|have| have == scope))
            .collect()
    }
}
