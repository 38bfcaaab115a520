//! What each step of the connection test found, and what repairs it: in words.

use lectern_core::{
    provider::{Account, ErrorKind, ProviderError, ProviderName},
    sentence::Sentence,
};
use lectern_providers::registry::{self, LiveSource, PlanWorth};

use super::{
    Step, StepState,
    store::settings::{Mode, Settings},
};

pub(super) fn first_failed() -> Sentence {
    Sentence::known("said.test.first_failed", "Repair the first step that failed, then test again.")
}

pub(super) fn credentials_ok(provider: ProviderName) -> Step {
    Step::new(
        "credentials",
        StepState::Ok,
        Sentence::known("said.test.credentials", "{platform} accepts the client ID and secret.")
            .with("platform", provider.title()),
    )
}

pub(super) fn unconnected(provider: ProviderName, credentials: Step) -> Vec<Step> {
    let repair = if credentials.state == StepState::Bad {
        first_failed()
    } else {
        Sentence::known("said.test.let_connect", "Let one instructor connect an account, then test again.")
    };
    let platform = provider.title();
    vec![
        credentials,
        Step::new(
            "token",
            StepState::Skipped,
            Sentence::known("said.test.token_by_person", "It is given when somebody connects an account."),
        )
        .repair(repair),
        Step::new(
            "scopes",
            StepState::Skipped,
            Sentence::known(
                "said.test.scopes_by_person",
                "{platform} tells them when somebody connects an account.",
            )
            .with("platform", platform),
        ),
        Step::new(
            "host",
            StepState::Skipped,
            Sentence::known("said.test.host_own", "Each connected account has a plan of its own."),
        ),
    ]
}

/// A failure, told apart by who repairs it.
pub(super) fn failed(step: &str, error: &ProviderError) -> Step {
    let platform = error.provider.title();
    match &error.kind {
        ErrorKind::Invalid(field) if field == "client_secret" => Step::new(
            step,
            StepState::Bad,
            Sentence::known("said.test.wrong_secret", "{platform} does not accept the client ID and secret.")
                .with("platform", platform),
        )
        .repair(Sentence::known(
            "said.test.copy_both",
            "Copy both again from the app's page, save, then test again.",
        )),
        ErrorKind::Invalid(field) if field == "account_id" => Step::new(
            step,
            StepState::Bad,
            Sentence::known("said.test.wrong_account", "{platform} does not accept the account ID.")
                .with("platform", platform),
        )
        .repair(Sentence::known(
            "said.test.copy_it",
            "Copy it again from the app's page, save, then test again.",
        )),
        ErrorKind::PolicyMissing(what) => {
            let what = error.step.as_deref().cloned().unwrap_or_else(|| what.clone().into());
            let repair = Sentence::known("said.test.at_platform", "At {platform}: {step}")
                .with("platform", platform)
                .with("step", what);
            Step::new(
                step,
                StepState::Bad,
                Sentence::known("said.test.step_first", "{platform} wants a step first.")
                    .with("platform", platform),
            )
            .repair(repair)
        }
        ErrorKind::ScopeMissing(scopes) => Step::new(
            step,
            StepState::Bad,
            Sentence::known("said.test.scope_missing", "A permission is missing: {scopes}.")
                .with("scopes", scopes.join(", ")),
        )
        .repair(Sentence::known(
            "said.test.add_it",
            "Add it to the app's scopes, connect again, then test again.",
        )),
        ErrorKind::Unavailable | ErrorKind::RateLimited(_) | ErrorKind::DailyLimit(_) => {
            Step::new(step, StepState::Bad, error.words())
                .repair(Sentence::known("said.test.wait", "Wait a minute, then test again."))
        }
        _ => Step::new(step, StepState::Bad, error.words()).repair(Sentence::known(
            "said.test.check_page",
            "Check the base URL and the app's page, then test again.",
        )),
    }
}

pub(super) fn scopes(provider: ProviderName, missing: &[(&'static str, &'static str)]) -> Step {
    if missing.is_empty() {
        return Step::new(
            "scopes",
            StepState::Ok,
            Sentence::known("said.test.all_scopes", "Every permission that Lectern can use is granted."),
        );
    }
    let bad = missing.iter().any(|(scope, _)| registry::is_essential(provider, scope));
    let state = if bad { StepState::Bad } else { StepState::Warn };
    let list: Vec<_> = missing.iter().map(|(scope, purpose)| format!("{scope} (to {purpose})")).collect();
    Step::new(
        "scopes",
        state,
        Sentence::known("said.test.not_granted", "Not granted: {scopes}.").with("scopes", list.join("; ")),
    )
    .repair(
        Sentence::known(
            "said.test.add_them",
            "Add them to the app's scopes at {platform}, connect again, then test again.",
        )
        .with("platform", provider.title()),
    )
}

pub(super) fn host(provider: ProviderName, account: &Account) -> Step {
    let email = account.email.clone();
    let Some(plan) = registry::plan(provider, account.plan) else {
        return if registry::tells_plans(provider) {
            let unknown =
                Sentence::known("said.test.plan_unknown", "{platform} did not say which plan {email} has.");
            let sentence = unknown.with("platform", provider.title()).with("email", email);
            Step::new("host", StepState::Warn, sentence)
        } else {
            let sentence = Sentence::known("said.test.can_hold", "{email} can hold classes.");
            Step::new("host", StepState::Ok, sentence.with("email", email))
        };
    };
    match plan.worth {
        PlanWorth::Short { minutes } => Step::new(
            "host",
            StepState::Warn,
            Sentence::known(
                "said.test.basic",
                "{email} has the Basic plan: meetings end after {minutes} minutes, and people \
                     get no link of their own.",
            )
            .with("email", email)
            .with("minutes", minutes.to_string()),
        )
        .repair(
            Sentence::known("said.test.give_paid", "Give the host a paid licence at {platform}.")
                .with("platform", provider.title()),
        ),
        PlanWorth::Nothing => Step::new(
            "host",
            StepState::Bad,
            Sentence::known("said.test.no_licence", "{email} has no licence for meetings.")
                .with("email", email),
        )
        .repair(
            Sentence::known("said.test.give_meeting", "Give the host a meeting licence at {platform}.")
                .with("platform", provider.title()),
        ),
        PlanWorth::Whole => Step::new(
            "host",
            StepState::Ok,
            Sentence::known("said.test.plan", "{email} hosts with the plan {plan}.")
                .with("email", email)
                .with("plan", plan.name.to_owned()),
        ),
    }
}

pub(super) fn webhook(provider: ProviderName, found: &Settings) -> Step {
    let platform = provider.title();
    match registry::live_source(provider) {
        LiveSource::Told => {}
        LiveSource::Asked if found.mode == Mode::ServerToServer => return asked(provider, found),
        LiveSource::Published if found.events_by.is_some() => {
            let sentence = match found.webhook_seen_at {
                Some(_) => {
                    Sentence::known("said.test.events", "{platform}'s events arrive and are verified.")
                }
                None => Sentence::known(
                    "said.test.published",
                    "{platform} is asked to publish a class's events to your topic 45 minutes before it begins. Running classes are looked at all the same.",
                ),
            };
            return Step::new("webhook", StepState::Ok, sentence.with("platform", platform));
        }
        LiveSource::LookedAt | LiveSource::Published => {
            let sentence = Sentence::known(
                "said.test.looked_at",
                "{platform} needs no event address: Lectern looks at running classes every 20 seconds.",
            );
            return Step::new("webhook", StepState::Ok, sentence.with("platform", platform));
        }
        LiveSource::Asked | LiveSource::Afterwards => {
            let sentence = Sentence::known(
                "said.test.door_and_report",
                "Attendance comes from Lectern's own door during the class, and from the report after it.",
            );
            return Step::new("webhook", StepState::Skipped, sentence);
        }
    }
    if found.webhook_secret.is_none() {
        return Step::new(
            "webhook",
            StepState::Warn,
            Sentence::known(
                "said.test.no_events",
                "Without the event secret token nobody is seen live; attendance comes from the \
                     report after the class.",
            ),
        )
        .repair(
            Sentence::known(
                "said.test.copy_token",
                "Copy the secret token from the app's page at {platform}, save it here, and \
                     add the event address there.",
            )
            .with("platform", platform),
        );
    }
    match found.webhook_seen_at {
        Some(_) => Step::new(
            "webhook",
            StepState::Ok,
            Sentence::known("said.test.events", "{platform}'s events arrive and are verified.")
                .with("platform", platform),
        ),
        None => Step::new(
            "webhook",
            StepState::Warn,
            Sentence::known("said.test.no_event_yet", "No event has arrived since this secret was saved."),
        )
        .repair(
            Sentence::known(
                "said.test.add_address",
                "Add the event address to the app's event subscription at {platform} and press \
                     Validate there.",
            )
            .with("platform", platform),
        ),
    }
}

/// Events that Lectern asks for with each class, where nothing stands in the way.
fn asked(provider: ProviderName, found: &Settings) -> Step {
    let sentence = match found.webhook_seen_at {
        Some(_) => Sentence::known("said.test.events", "{platform}'s events arrive and are verified."),
        None => Sentence::known(
            "said.test.asked",
            "{platform} needs no event address: Lectern asks for each class's events 45 minutes before it begins.",
        ),
    };
    Step::new("webhook", StepState::Ok, sentence.with("platform", provider.title()))
}

/// What a platform last said stands in the way of its events.
pub(super) fn refused(problem: Sentence) -> Step {
    Step::new("webhook", StepState::Bad, problem).repair(Sentence::known(
        "said.test.until_then",
        "Until then nobody is seen live; attendance comes from the report after the class.",
    ))
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
        let state = |plan| host(lectern_providers::zoom::NAME, &account(plan)).state;
        assert_eq!(state(Some(2)), StepState::Ok);
        assert_eq!(state(Some(1)), StepState::Warn);
        assert_eq!(state(Some(4)), StepState::Bad);
        assert_eq!(state(None), StepState::Warn);
        assert!(host(lectern_providers::zoom::NAME, &account(Some(1))).repair.unwrap().contains("licence"));
    }

    #[test]
    fn a_missing_permission_fails_only_when_nothing_works_without_it() {
        let step = |scope| scopes(lectern_providers::zoom::NAME, &[(scope, "do it")]);
        assert_eq!(step("meeting:write:meeting").state, StepState::Bad);
        assert_eq!(step("meeting:write:meeting:admin").state, StepState::Bad);
        assert_eq!(step("meeting:write:registrant").state, StepState::Warn);
        assert!(step("meeting:write:registrant").sentence.contains("to do it"));
        assert_eq!(scopes(lectern_providers::zoom::NAME, &[]).state, StepState::Ok);
    }

    #[test]
    fn each_failure_names_its_repair() {
        let told =
            |kind| failed("credentials", &ProviderError::new(lectern_providers::zoom::NAME, "test", kind));
        let secret = told(ErrorKind::Invalid("client_secret".to_owned()));
        assert!(secret.sentence.contains("client ID and secret") && secret.repair.unwrap().contains("Copy"));
        assert!(told(ErrorKind::Invalid("account_id".to_owned())).sentence.contains("account ID"));
        let policy = told(ErrorKind::PolicyMissing("activate the app.".to_owned()));
        assert_eq!(policy.repair.as_deref(), Some("At Zoom: activate the app."));
        assert!(told(ErrorKind::Unavailable).repair.unwrap().contains("Wait"));
    }
}
