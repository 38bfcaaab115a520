//! "Test connection": step by step, each with what was found and what repairs it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use lectern_core::{
    provider::{AccessTokens, Account, Call, ErrorKind, OAuth, ProviderError, ProviderName},
    secret::SecretString,
};
use lectern_providers::registry;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    connect,
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
};

/// How one step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Good.
    Ok,
    /// Works, with less.
    Warn,
    /// Does not work.
    Bad,
    /// Cannot be known yet.
    Skipped,
}

/// One step of the test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// `credentials`, `token`, `scopes`, `host` or `webhook`.
    pub step: String,
    /// How it ended.
    pub state: StepState,
    /// What was found.
    pub sentence: String,
    /// What repairs it.
    pub repair: Option<String>,
}

impl Step {
    fn new(step: &str, state: StepState, sentence: impl Into<String>) -> Self {
        Self { step: step.to_owned(), state, sentence: sentence.into(), repair: None }
    }

    fn repair(mut self, repair: impl Into<String>) -> Self {
        self.repair = Some(repair.into());
        self
    }
}

/// A finished test.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TestView {
    /// `working` when no step failed, else `failing`.
    pub state: PlatformState,
    /// When.
    pub tested_at: DateTime<Utc>,
    /// In the order they were tried.
    pub steps: Vec<Step>,
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
    steps.push(webhook(provider, &found));
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
    Ok(TestView { state, tested_at: now, steps })
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
                format!("{} no longer accepts the permission of {email}.", provider.title()),
            )
            .repair(format!("Ask the person of {email} to connect again, then test again."));
            return Ok(steps);
        }
        Err(error) => return Ok(unconnected(provider, failed("credentials", &error))),
    }
    let mut steps = vec![
        credentials_ok(provider),
        Step::new(
            "token",
            StepState::Ok,
            format!("{} gave a fresh access token for {}.", provider.title(), row.account.email),
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
            let repair = "Repair the first step that failed, then test again.";
            return vec![
                failed("credentials", &error),
                Step::new("token", StepState::Skipped, "There is no token yet.").repair(repair),
                Step::new("scopes", StepState::Skipped, "They are told with the first token."),
                Step::new("host", StepState::Skipped, "It can be looked at with a token."),
            ];
        }
    };
    let mut steps = vec![
        credentials_ok(provider),
        Step::new("token", StepState::Ok, format!("{} gave a token for the account.", provider.title())),
        scopes(provider, &oauth.missing_scopes(&row.scopes)),
    ];
    let Some(default_host) = &found.default_host else {
        steps.push(
            Step::new("host", StepState::Skipped, "Each class is hosted by its instructor's address in the account.")
                .repair("Name a default host to have its plan looked at, and to hold classes of instructors the account does not know."),
        );
        return steps;
    };
    let looking = async {
        let access = Tokens::new(app, who.organization, provider, row.id).current().await?;
        oauth.account(&Call::interactive(WAIT), &access, Some(default_host)).await
    };
    steps.push(match looking.await {
        Ok(account) => host(provider, &account),
        Err(error) if error.kind == ErrorKind::HostNotFound => {
            Step::new("host", StepState::Bad, format!("The account does not know {default_host}."))
                .repair("Write the address of a user of this account as the default host.")
        }
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

fn credentials_ok(provider: ProviderName) -> Step {
    Step::new("credentials", StepState::Ok, format!("{} accepts the client ID and secret.", provider.title()))
}

fn unconnected(provider: ProviderName, credentials: Step) -> Vec<Step> {
    let repair = if credentials.state == StepState::Bad {
        "Repair the first step that failed, then test again."
    } else {
        "Let one instructor connect an account, then test again."
    };
    let platform = provider.title();
    vec![
        credentials,
        Step::new("token", StepState::Skipped, "It is given when somebody connects an account.")
            .repair(repair),
        Step::new(
            "scopes",
            StepState::Skipped,
            format!("{platform} tells them when somebody connects an account."),
        ),
        Step::new("host", StepState::Skipped, "Each connected account has a plan of its own."),
    ]
}

/// A failure, told apart by who repairs it.
fn failed(step: &str, error: &ProviderError) -> Step {
    let platform = error.provider.title();
    match &error.kind {
        ErrorKind::Invalid(field) if field == "client_secret" => {
            Step::new(step, StepState::Bad, format!("{platform} does not accept the client ID and secret."))
                .repair("Copy both again from the app's page, save, then test again.")
        }
        ErrorKind::Invalid(field) if field == "account_id" => {
            Step::new(step, StepState::Bad, format!("{platform} does not accept the account ID."))
                .repair("Copy it again from the app's page, save, then test again.")
        }
        ErrorKind::PolicyMissing(what) => {
            let repair = format!("At {platform}: {what}");
            Step::new(step, StepState::Bad, format!("{platform} wants a step first.")).repair(repair)
        }
        ErrorKind::ScopeMissing(scopes) => {
            Step::new(step, StepState::Bad, format!("A permission is missing: {}.", scopes.join(", ")))
                .repair("Add it to the app's scopes, connect again, then test again.")
        }
        ErrorKind::Unavailable | ErrorKind::RateLimited(_) | ErrorKind::DailyLimit(_) => {
            Step::new(step, StepState::Bad, error.sentence()).repair("Wait a minute, then test again.")
        }
        _ => Step::new(step, StepState::Bad, error.sentence())
            .repair("Check the base URL and the app's page, then test again."),
    }
}

fn scopes(provider: ProviderName, missing: &[(&'static str, &'static str)]) -> Step {
    if missing.is_empty() {
        return Step::new("scopes", StepState::Ok, "Every permission that Lectern can use is granted.");
    }
    let bad = missing.iter().any(|(scope, _)| registry::is_essential(provider, scope));
    let state = if bad { StepState::Bad } else { StepState::Warn };
    let list: Vec<_> = missing.iter().map(|(scope, purpose)| format!("{scope} (to {purpose})")).collect();
    Step::new("scopes", state, format!("Not granted: {}.", list.join("; "))).repair(format!(
        "Add them to the app's scopes at {}, connect again, then test again.",
        provider.title()
    ))
}

fn host(provider: ProviderName, account: &Account) -> Step {
    let plan = registry::plan_name(provider, account.plan);
    match (provider, account.plan, plan) {
        (ProviderName::Zoom, Some(1), _) => Step::new(
            "host",
            StepState::Warn,
            format!(
                "{} has the Basic plan: meetings end after 40 minutes, and people get no link of their own.",
                account.email
            ),
        )
        .repair("Give the host a paid licence at Zoom."),
        (ProviderName::Zoom, Some(4 | 99), _) => {
            Step::new("host", StepState::Bad, format!("{} has no licence for meetings.", account.email))
                .repair("Give the host a meeting licence at Zoom.")
        }
        (_, _, Some(plan)) => {
            Step::new("host", StepState::Ok, format!("{} hosts with the plan {plan}.", account.email))
        }
        (ProviderName::Teams | ProviderName::Meet, _, None) => {
            Step::new("host", StepState::Ok, format!("{} can hold classes.", account.email))
        }
        (_, _, None) => Step::new(
            "host",
            StepState::Warn,
            format!("{} did not say which plan {} has.", provider.title(), account.email),
        ),
    }
}

fn webhook(provider: ProviderName, found: &Settings) -> Step {
    let platform = provider.title();
    if registry::must_be_looked_at(provider) {
        return Step::new(
            "webhook",
            StepState::Ok,
            format!("{platform} needs no event address: Lectern looks at running classes every 20 seconds."),
        );
    }
    if provider == ProviderName::Teams {
        return Step::new(
            "webhook",
            StepState::Skipped,
            "Attendance comes from Lectern's own door during the class, and from Teams' report after it.",
        );
    }
    if found.webhook_secret.is_none() {
        return Step::new(
            "webhook",
            StepState::Warn,
            "Without the event secret token nobody is seen live; attendance comes from the report after the class.",
        )
        .repair(format!("Copy the secret token from the app's page at {platform}, save it here, and add the event address there."));
    }
    match found.webhook_seen_at {
        Some(_) => Step::new("webhook", StepState::Ok, format!("{platform}'s events arrive and are verified.")),
        None => Step::new("webhook", StepState::Warn, "No event has arrived since this secret was saved.")
            .repair(format!("Add the event address to the app's event subscription at {platform} and press Validate there.")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn account(plan: Option<i64>) -> Account {
        Account {
            user_id: "u".to_owned(),
            account_id: "a".to_owned(),
            email: "ada@oak.test".to_owned(),
            name: "Ada".to_owned(),
            plan,
        }
    }

    #[test]
    fn the_plan_of_the_host_is_told_with_its_repair() {
        let state = |plan| host(ProviderName::Zoom, &account(plan)).state;
        assert_eq!(state(Some(2)), StepState::Ok);
        assert_eq!(state(Some(1)), StepState::Warn);
        assert_eq!(state(Some(4)), StepState::Bad);
        assert_eq!(state(None), StepState::Warn);
        assert!(host(ProviderName::Zoom, &account(Some(1))).repair.unwrap().contains("licence"));
    }

    #[test]
    fn a_missing_permission_fails_only_when_nothing_works_without_it() {
        let step = |scope| scopes(ProviderName::Zoom, &[(scope, "do it")]);
        assert_eq!(step("meeting:write:meeting").state, StepState::Bad);
        assert_eq!(step("meeting:write:meeting:admin").state, StepState::Bad);
        assert_eq!(step("meeting:write:registrant").state, StepState::Warn);
        assert!(step("meeting:write:registrant").sentence.contains("to do it"));
        assert_eq!(scopes(ProviderName::Zoom, &[]).state, StepState::Ok);
    }

    #[test]
    fn each_failure_names_its_repair() {
        let told = |kind| failed("credentials", &ProviderError::new(ProviderName::Zoom, "test", kind));
        let secret = told(ErrorKind::Invalid("client_secret".to_owned()));
        assert!(secret.sentence.contains("client ID and secret") && secret.repair.unwrap().contains("Copy"));
        assert!(told(ErrorKind::Invalid("account_id".to_owned())).sentence.contains("account ID"));
        let policy = told(ErrorKind::PolicyMissing("activate the app.".to_owned()));
        assert_eq!(policy.repair.as_deref(), Some("At Zoom: activate the app."));
        assert!(told(ErrorKind::Unavailable).repair.unwrap().contains("Wait"));
    }
}
