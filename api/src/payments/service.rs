//! Keeping an organization's Stripe account, and listening to it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::OrganizationId,
    provider::{Call, Retry},
    secret::SecretString,
};
use lectern_providers::stripe::{
    ConfigError, SIGNATURE_HEADER, Stripe, StripeConfig, StripeError, StripeErrorKind, TOLERANCE, verify,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::store::{self, PaymentSettings};
use crate::{
    app::App,
    audit::{self, EntryKind},
    bookings,
    error::{ApiError, FieldError},
    extract::SignedIn,
    jobs::JobError,
    organizations,
    platforms::settings::may_edit,
};

const TABLE: &str = "payment_settings";

/// How long a person waits for Stripe.
pub const PATIENCE: Call = Call::interactive(Duration::from_secs(8));

/// The account as administrators see it: no key is ever shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PaymentsView {
    /// A key is there.
    pub configured: bool,
    /// Real money, by the key's own word.
    pub live: bool,
    /// As the account last called itself.
    pub account: Option<String>,
    /// Where Stripe's webhook endpoint must point.
    pub webhook_url: String,
    /// The endpoint's signing secret is there.
    pub webhook_secret_set: bool,
    /// When the account last answered.
    pub tested_at: Option<DateTime<Utc>>,
}

/// New keys; one that is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavePayments {
    /// `sk_live_…`, `sk_test_…`, or a restricted `rk_…` that may write Checkout Sessions and refunds.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub secret_key: Option<SecretString>,
    /// `whsec_…` of the endpoint at `webhook_url`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub webhook_secret: Option<SecretString>,
}

fn view(app: &App, organization: OrganizationId, settings: Option<&PaymentSettings>) -> PaymentsView {
    PaymentsView {
        configured: settings.is_some(),
        live: settings.is_some_and(|settings| settings.live),
        account: settings.and_then(|settings| settings.account_name.clone()),
        webhook_url: app.config.server.url(&format!("/api/stripe/webhook/{organization}")),
        webhook_secret_set: settings.is_some_and(|settings| settings.webhook_secret.is_some()),
        tested_at: settings.and_then(|settings| settings.tested_at),
    }
}

/// The organization's account.
pub async fn show(app: &App, organization: OrganizationId) -> Result<PaymentsView, ApiError> {
    let mut tx = app.db.read(organization).await?;
    Ok(view(app, organization, store::find(&mut tx, organization).await?.as_ref()))
}

fn config(app: &App, key: SecretString) -> Result<StripeConfig, ConfigError> {
    match &app.config.payments.stripe {
        Some(base) => StripeConfig::at(base.clone(), key),
        None => StripeConfig::new(key),
    }
}

fn told(error: &ConfigError) -> &'static str {
    match error {
        ConfigError::Publishable => "This is the publishable key. Paste the secret one (sk_… or rk_…).",
        ConfigError::SigningSecret => {
            "This is the webhook's signing secret. It belongs into the other field."
        }
        ConfigError::NoKey => "Paste Stripe's secret key whole: it begins with sk_ or rk_.",
        ConfigError::NoAddress => "The operator's address of Stripe is not one.",
    }
}

/// Saves keys; by whoever may edit platform credentials.
pub async fn save(app: &App, who: &SignedIn, body: SavePayments) -> Result<PaymentsView, ApiError> {
    let organization = who.organization;
    let given = |secret: Option<SecretString>| {
        secret
            .map(|secret| SecretString::from(secret.expose().trim()))
            .filter(|secret| !secret.expose().is_empty())
    };
    let (key, hook) = (given(body.secret_key), given(body.webhook_secret));
    let mut errors = Vec::new();
    let read = key.as_ref().map(|key| config(app, key.clone()));
    let live = match read {
        Some(Ok(config)) => Some(config.livemode()),
        Some(Err(error)) => {
            errors.push(FieldError::new("secret_key", told(&error)));
            None
        }
        None => None,
    };
    if hook.as_ref().is_some_and(|hook| !hook.expose().starts_with("whsec_") || hook.expose().len() > 200) {
        errors.push(FieldError::new(
            "webhook_secret",
            "Paste the endpoint's signing secret: it begins with whsec_.",
        ));
    }
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    let policies = organizations::service::settings_in(&mut tx, organization).await?.policies;
    if !may_edit(who, policies.credentials_by) {
        return Err(ApiError::Forbidden);
    }
    let before = store::find(&mut tx, organization).await?;
    if before.is_none() && key.is_none() && errors.is_empty() {
        errors.push(FieldError::new("secret_key", "This is needed."));
    }
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let seal = |column, secret: &SecretString| {
        sealer.seal(TABLE, column, organization.uuid(), secret.expose().as_bytes())
    };
    let new_key = key.as_ref().map(|key| seal("secret_key", key));
    let new_hook = hook.as_ref().map(|hook| seal("webhook_secret", hook));
    let changed: Vec<&str> = [("secret_key", key.is_some()), ("webhook_secret", hook.is_some())]
        .into_iter()
        .filter_map(|(name, changed)| changed.then_some(name))
        .collect();
    let settings = match (before, new_key) {
        (Some(before), None) => {
            PaymentSettings { webhook_secret: new_hook.or(before.webhook_secret), ..before }
        }
        // Another key is perhaps another account: it has not answered yet.
        (before, Some(secret_key)) => PaymentSettings {
            secret_key,
            webhook_secret: new_hook.or_else(|| before.and_then(|before| before.webhook_secret)),
            account_name: None,
            live: live.unwrap_or(false),
            tested_at: None,
        },
        (None, None) => return Err(ApiError::field("secret_key", "This is needed.")),
    };
    store::save(&mut tx, organization, &settings, app.clock.now()).await?;
    let entry = app.entry(organization, EntryKind::PaymentsSaved, who.actor());
    audit::store::insert(&mut tx, &entry.details(json!({"changed": changed, "live": settings.live}))).await?;
    tx.commit().await?;
    Ok(view(app, organization, Some(&settings)))
}

/// Takes the account off: nobody can pay any more; what was paid stays so.
pub async fn remove(app: &App, who: &SignedIn) -> Result<(), ApiError> {
    let mut tx = app.db.begin(who.organization).await?;
    let policies = organizations::service::settings_in(&mut tx, who.organization).await?.policies;
    if !may_edit(who, policies.credentials_by) {
        return Err(ApiError::Forbidden);
    }
    if store::remove(&mut tx, who.organization).await? {
        let entry = app.entry(who.organization, EntryKind::PaymentsRemoved, who.actor());
        audit::store::insert(&mut tx, &entry).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Asks the account for its name.
pub async fn test(app: &App, who: &SignedIn) -> Result<PaymentsView, ApiError> {
    let stripe = client(app, who.organization).await?.ok_or_else(missing)?;
    let account = stripe.retrieve_account(&PATIENCE).await.map_err(refused)?;
    let mut tx = app.db.begin(who.organization).await?;
    let name = account.name.or(account.email).unwrap_or(account.id);
    store::tested(&mut tx, who.organization, &name, app.clock.now()).await?;
    let found = store::find(&mut tx, who.organization).await?;
    tx.commit().await?;
    Ok(view(app, who.organization, found.as_ref()))
}

/// Nobody can pay here.
#[must_use]
pub fn missing() -> ApiError {
    ApiError::conflict(
        "payments_missing",
        "This organization takes no payments yet.",
        "An administrator saves the keys of its Stripe account first.",
    )
}

/// What Stripe refused, for the person who asked.
#[must_use]
pub fn refused(error: StripeError) -> ApiError {
    tracing::warn!(%error, "Stripe refused: {error}");
    let (detail, next) = explained(&error);
    ApiError::conflict(error.kind.code(), detail, next)
}

/// The same in one text for those who run the class, with Stripe's own sentence where it gave one.
#[must_use]
pub fn for_staff(error: &StripeError) -> String {
    match &error.kind {
        StripeErrorKind::Invalid { message, .. } if !message.is_empty() => format!("Stripe: {message}"),
        _ => {
            let (detail, next) = explained(error);
            format!("{detail} {next}")
        }
    }
}

fn explained(error: &StripeError) -> (&'static str, &'static str) {
    match &error.kind {
        StripeErrorKind::KeyRefused => (
            "Stripe does not know the key.",
            "Paste the secret key again, from the dashboard's developers page.",
        ),
        StripeErrorKind::NotAllowed => (
            "The key may not do this.",
            "Let the restricted key write Checkout Sessions and refunds, and read the account.",
        ),
        kind if matches!(error.retry(), Retry::Never) => {
            tracing::error!(?kind, "Stripe answered what we do not expect");
            (
                "Stripe did not accept this.",
                "Ask whoever runs the organization to look at the payment account.",
            )
        }
        _ => ("Stripe does not answer right now.", "Try again in a minute."),
    }
}

/// The same for a job: tried again where that may help.
pub fn for_job(error: &StripeError) -> JobError {
    match error.retry() {
        Retry::Never => JobError::GiveUp(error.to_string()),
        Retry::Backoff | Retry::After(_) => JobError::Retry(error.to_string(), None),
    }
}

/// Stripe, for this organization; none without a key. Opens no transaction longer than its look at the key.
pub async fn client(app: &App, organization: OrganizationId) -> Result<Option<Stripe>, ApiError> {
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.read(organization).await?;
    let Some(settings) = store::find(&mut tx, organization).await? else { return Ok(None) };
    drop(tx);
    let key = sealer.open_text(TABLE, "secret_key", organization.uuid(), &settings.secret_key)?;
    let config = config(app, key).map_err(ApiError::internal)?;
    Ok(Some(Stripe::new(config, app.providers.transport().clone(), organization.to_string())))
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It was followed, now or before.
    Followed,
    /// It is not genuine.
    Refused,
}

/// Follows one event that Stripe sent, once: what it says and that it was said are one transaction.
pub async fn hear(
    app: &App,
    organization: OrganizationId,
    signature: &str,
    body: &[u8],
) -> Result<Heard, ApiError> {
    let now = app.clock.now();
    if organizations::service::find_active(app, organization).await?.is_none() {
        return Ok(Heard::Refused);
    }
    let sealer = app.keys.sealer(organization).await?;
    let mut look = app.db.read(organization).await?;
    let sealed = store::find(&mut look, organization).await?.and_then(|settings| settings.webhook_secret);
    drop(look);
    let Some(sealed) = sealed else { return Ok(Heard::Refused) };
    let secret = sealer.open_text(TABLE, "webhook_secret", organization.uuid(), &sealed)?;
    let event = match verify(body, signature, &[secret], now, TOLERANCE) {
        Ok(event) => event,
        Err(error) => {
            tracing::warn!(%organization, %error, "a delivery to {SIGNATURE_HEADER} is refused: {error}");
            return Ok(Heard::Refused);
        }
    };
    let mut tx = app.db.begin(organization).await?;
    if store::follow(&mut tx, organization, &event.id, now).await? {
        bookings::service::stripe_told(app, &mut tx, &sealer, organization, &event.kind).await?;
        tx.commit().await?;
        app.wake.jobs.notify_one();
        app.wake.outbox.notify_one();
    }
    Ok(Heard::Followed)
}
