//! "Test connection": step by step, each with what was found and what repairs it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use lectern_core::{
    provider::{AccessTokens, Call, ErrorKind, OAuth, ProviderError, ProviderName},
    secret::SecretString,
    sentence::Sentence,
};
use lectern_providers::registry::{self, LiveSource};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Step, StepState, StepView, connect, events,
    findings::{credentials_ok, failed, first_failed, host, refused, scopes, unconnected, webhook},
    service,
    settings::{self, PlatformState},
    store::{
        self,
        connections::{Connection, State},
        settings::{Mode, Settings},
    },
    tokens::Tokens,
};
use crate::{
    app::App,
    audit::{self, EntryKind},
    error::ApiError,
    extract::SignedIn,
    subscriptions,
};

/// A finished test.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TestView {
    /// `working` when no step failed, else `failing`.
    pub state: PlatformState,
    /// When.
    pub tested_at: DateTime<Utc>,
    /// In the order they were tried.
    pub steps: Vec<StepView>,
}

const WAIT: Duration = Duration::from_secs(10);
/// Asked with to learn whether the client is known; no platform ever gave it.
const NO_TOKEN: &str = "lectern-connection-test";

/// Tries everything in turn and keeps the result.
///
/// # Errors
/// [`ApiError::Provider`] when nothing is set up; what the platform says wrong is in the steps.
pub async fn run(app: &App, who: &SignedIn, provider: ProviderName) -> Result<TestView, ApiError> {
    let organization = who.organization;
    let (found, credentials) = settings::for_calls(app, organization, provider).await?;
    let platform =
        registry::build(&credentials, app.providers.transport(), None).map_err(ApiError::internal)?;
    let oauth = platform.oauth().ok_or(ApiError::NotFound)?;
    let mut steps = match found.mode {
        Mode::User => by_people(app, who, provider, oauth).await?,
        Mode::ServerToServer => by_account(app, who, provider, oauth, &found).await,
    };
    steps.push(events(app, who, provider, &found).await?);
    let now = app.clock.now();
    let bad = steps.iter().any(|step| step.state == StepState::Bad);
    let states: Vec<_> = steps.iter().map(|step| (step.step.as_str(), step.state)).collect();
    let entry = app
        .entry(organization, EntryKind::PlatformTested, who.actor())
        .details(serde_json::json!({"provider": provider.as_str(), "steps": states}));
    let mut tx = app.db.begin(organization).await?;
    store::settings::set_tested(&mut tx, organization, provider, now, &steps).await?;
    audit::store::insert(&mut tx, &entry).await?;
    tx.commit().await?;
    let state = if bad { PlatformState::Failing } else { PlatformState::Working };
    Ok(TestView { state, tested_at: now, steps: steps.iter().map(StepView::from).collect() })
}

/// Whether events arrive, or what stands in their way. Where Lectern asks for them it is tried: with the default host,
/// or with a connection of somebody's.
async fn events(
    app: &App,
    who: &SignedIn,
    provider: ProviderName,
    found: &Settings,
) -> Result<Step, ApiError> {
    let asks = match registry::live_source(provider) {
        LiveSource::Asked => found.mode == Mode::ServerToServer,
        LiveSource::Published => found.events_by.is_some(),
        LiveSource::Told | LiveSource::LookedAt | LiveSource::Afterwards => false,
    };
    if !asks {
        return Ok(webhook(provider, found));
    }
    let tried = try_events(app, who, provider, found).await;
    if let Some(Err(error)) = &tried {
        return Ok(failed("webhook", error));
    }
    let mut look = app.db.read(who.organization).await?;
    let problem = match tried {
        // What was refused before would not be now.
        Some(_) => subscriptions::suspended(&mut look, who.organization, provider).await?,
        None => subscriptions::last_problem(&mut look, who.organization, provider).await?,
    };
    Ok(problem.map_or_else(|| webhook(provider, found), refused))
}

/// `None`: there is nobody to try it with.
async fn try_events(
    app: &App,
    who: &SignedIn,
    provider: ProviderName,
    found: &Settings,
) -> Option<Result<(), ProviderError>> {
    let organization = who.organization;
    let mut look = app.db.read(organization).await.ok()?;
    let (row, host) = match found.mode {
        Mode::User => (
            store::connections::any_active(&mut look, organization, provider, who.person).await.ok()??,
            None,
        ),
        Mode::ServerToServer => {
            let host = found.default_host.as_deref()?;
            (store::connections::of_organization(&mut look, organization, provider).await.ok()??, Some(host))
        }
    };
    drop(look);
    let trying = async {
        let connected = service::connected_by(app, organization, provider, Some(row.id)).await?;
        let endpoint = events::event_endpoint(app, organization, provider).await?;
        match connected.provider.subscriptions() {
            Some(part) => part.check(&Call::interactive(WAIT), host, &endpoint).await,
            None => Ok(()),
        }
    };
    Some(trying.await)
}

/// Everybody connects an own account: one that works stands for all.
async fn by_people(
    app: &App,
    who: &SignedIn,
    provider: ProviderName,
    oauth: &dyn OAuth,
) -> Result<Vec<Step>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let row = store::connections::any_active(&mut tx, who.organization, provider, who.person).await?;
    drop(tx);
    let Some(row) = row else {
        let credentials = probe(oauth, provider).await;
        return Ok(unconnected(provider, credentials));
    };
    let tokens = Tokens::new(app, who.organization, provider, row.id);
    match tokens.refresh_now(row.generation).await {
        Ok(()) => {}
        Err(error) if error.kind == ErrorKind::Reconnect => {
            let mut steps = unconnected(provider, probe(oauth, provider).await);
            let email = &row.account.email;
            steps[1] = Step::new(
                "token",
                StepState::Bad,
                Sentence::known(
                    "said.test.permission_ended",
                    "{platform} no longer accepts the permission of {email}.",
                )
                .with("platform", provider.title())
                .with("email", email.clone()),
            )
            .repair(
                Sentence::known(
                    "said.test.ask_person",
                    "Ask the person of {email} to connect again, then test again.",
                )
                .with("email", email.clone()),
            );
            return Ok(steps);
        }
        Err(error) => return Ok(unconnected(provider, failed("credentials", &error))),
    }
    let mut steps = vec![
        credentials_ok(provider),
        Step::new(
            "token",
            StepState::Ok,
            Sentence::known("said.test.fresh_token", "{platform} gave a fresh access token for {email}.")
                .with("platform", provider.title())
                .with("email", row.account.email.clone()),
        ),
    ];
    let granted = latest(app, who, &row).await?.scopes;
    steps.push(scopes(provider, &oauth.missing_scopes(&granted)));
    steps.push(match connect::look_again(app, who.organization, &row).await {
        Ok(account) => host(provider, &account),
        Err(error) => failed("host", &error),
    });
    Ok(steps)
}

async fn latest(app: &App, who: &SignedIn, row: &Connection) -> Result<Connection, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let found = store::connections::find(&mut tx, who.organization, row.id).await?;
    Ok(found.filter(|found| found.state == State::Active).unwrap_or_else(|| row.clone()))
}

/// One account of the organization.
async fn by_account(
    app: &App,
    who: &SignedIn,
    provider: ProviderName,
    oauth: &dyn OAuth,
    found: &Settings,
) -> Vec<Step> {
    let row = match connect::connect_account(app, who.organization, provider, who.actor()).await {
        Ok(row) => row,
        Err(error) => {
            let repair = first_failed();
            return vec![
                failed("credentials", &error),
                Step::new(
                    "token",
                    StepState::Skipped,
                    Sentence::known("said.test.no_token", "There is no token yet."),
                )
                .repair(repair),
                Step::new(
                    "scopes",
                    StepState::Skipped,
                    Sentence::known("said.test.scopes_later", "They are told with the first token."),
                ),
                Step::new(
                    "host",
                    StepState::Skipped,
                    Sentence::known("said.test.host_later", "It can be looked at with a token."),
                ),
            ];
        }
    };
    let mut steps = vec![
        credentials_ok(provider),
        Step::new(
            "token",
            StepState::Ok,
            Sentence::known("said.test.token", "{platform} gave a token for the account.")
                .with("platform", provider.title()),
        ),
        scopes(provider, &oauth.missing_scopes(&row.scopes)),
    ];
    let Some(default_host) = &found.default_host else {
        steps.push(
            Step::new(
                "host",
                StepState::Skipped,
                Sentence::known(
                    "said.test.host_each",
                    "Each class is hosted by its instructor's address in the account.",
                ),
            )
            .repair(Sentence::known(
                "said.test.name_host",
                "Name a default host to have its plan looked at, and to hold classes of \
                     instructors the account does not know.",
            )),
        );
        return steps;
    };
    let looking = async {
        let access = Tokens::new(app, who.organization, provider, row.id).current().await?;
        oauth.account(&Call::interactive(WAIT), &access, Some(default_host)).await
    };
    steps.push(match looking.await {
        Ok(account) => host(provider, &account),
        Err(error) if error.kind == ErrorKind::HostNotFound => Step::new(
            "host",
            StepState::Bad,
            Sentence::known("said.test.host_unknown", "The account does not know {host}.")
                .with("host", default_host.clone()),
        )
        .repair(Sentence::known(
            "said.test.write_host",
            "Write the address of a user of this account as the default host.",
        )),
        Err(error) => failed("host", &error),
    });
    steps
}

/// Whether the platform knows the client: it tells a wrong client apart from a wrong token.
async fn probe(oauth: &dyn OAuth, provider: ProviderName) -> Step {
    match oauth.refresh(&Call::interactive(WAIT), &SecretString::from(NO_TOKEN)).await {
        Ok(_) => credentials_ok(provider),
        Err(error) if error.kind == ErrorKind::Reconnect => credentials_ok(provider),
        Err(error) => failed("credentials", &error),
    }
}
