//! Intake: verify over the raw bytes, seal, store, answer. What an event means is the processor's.

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use lectern_core::{
    ids::OrganizationId,
    provider::{Delivery, Events, ProviderName, Rejected, SigningKey, Verified},
};
use lectern_providers::registry;

use super::InboxRow;
use crate::{
    app::App,
    append::Row,
    error::ApiError,
    platforms::{self, WebhookSecrets},
};

/// What the sender is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is on disk, or was there already.
    Stored,
    /// The platform asked whether we hold the secret.
    Challenge {
        /// What to answer.
        body: String,
        /// Its media type.
        media_type: &'static str,
    },
    /// Not signed with a secret of ours.
    Refused,
    /// Signed, but not what the platform sends.
    Unreadable,
    /// It is not on disk: send it again.
    OurTrouble,
}

/// Takes a delivery in. `organization`: from the address; without one, the secret that verifies names it.
pub async fn receive(
    app: &App,
    provider: ProviderName,
    organization: Option<OrganizationId>,
    headers: &HeaderMap,
    query: Option<&str>,
    body: &[u8],
) -> Answer {
    let answer = match take(app, provider, organization, headers, query, body).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::error!(%provider, ?error, "a delivery of {provider} could not be taken in");
            Answer::OurTrouble
        }
    };
    let outcome = match &answer {
        Answer::Stored => "stored",
        Answer::Challenge { .. } => "challenge",
        Answer::Refused => "refused",
        Answer::Unreadable => "unreadable",
        Answer::OurTrouble => "failed",
    };
    metrics::counter!("lectern_webhooks_total", "provider" => provider.as_str(), "outcome" => outcome)
        .increment(1);
    answer
}

async fn take(
    app: &App,
    provider: ProviderName,
    organization: Option<OrganizationId>,
    headers: &HeaderMap,
    query: Option<&str>,
    body: &[u8],
) -> Result<Answer, ApiError> {
    let Some(events) = registry::events(provider) else { return Ok(Answer::Refused) };
    // A header that is no text cannot be part of a signature; leaving it out leaves the signature missing.
    let headers: Vec<(String, String)> = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    let delivery = Delivery { headers: &headers, query, body };
    let now = app.clock.now();
    let verdict = match organization {
        Some(organization) => {
            let secrets = platforms::events::webhook_secrets(app, provider, organization).await?;
            let signing = platforms::events::known_signing_keys(app, &secrets);
            let verdict = match check(events, &delivery, &secrets, &signing, now) {
                Err(Rejected::UnknownKey) => {
                    let signing = platforms::events::fetch_signing_keys(app, provider, &secrets).await?;
                    check(events, &delivery, &secrets, &signing, now)
                }
                verdict => verdict,
            };
            verdict.map(|verified| (secrets, verified))
        }
        None => match any(app, provider, events, &delivery, now).await? {
            Some(found) => Ok(found),
            None => Err(Rejected::BadSignature),
        },
    };
    let (secrets, verified) = match verdict {
        Ok(found) => found,
        Err(Rejected::Malformed) => return Ok(Answer::Unreadable),
        Err(why) => {
            tracing::info!(%provider, %why, "a delivery of {provider} is refused: {why}");
            return Ok(Answer::Refused);
        }
    };
    let organization = secrets.organization;
    // Whoever has the secret signed it; a challenge that everybody can send says nothing.
    let signed = matches!(verified, Verified::Events { .. })
        || headers.iter().any(|(name, _)| name.ends_with("-signature"));
    if signed && secrets.is_news(now) {
        note(app, provider, organization).await;
    }
    let (late, parts) = match verified {
        Verified::Challenge { answer, media_type } => {
            return Ok(Answer::Challenge { body: answer, media_type });
        }
        Verified::Events { late, parts } => (late, parts),
    };
    let sealer = app.keys.sealer(organization).await?;
    let keys = secrets.opened_with(&[]);
    let (mut rows, mut refusal) = (Vec::with_capacity(parts.len()), None);
    for part in parts {
        let event = match events.parse(&part, &keys) {
            Ok(told) => told.into_iter().next(),
            // What is encrypted vouches for itself: one part that does not is nothing to the others.
            Err(why) => {
                tracing::warn!(%provider, %organization, %why, "a delivery of {provider} cannot be read: {why}");
                refusal = Some(why);
                continue;
            }
        };
        let Some(event) = event else { continue };
        let id = app.ids.next();
        rows.push(InboxRow {
            id,
            organization,
            provider,
            fingerprint: event.fingerprint,
            kind: event.vendor_kind,
            event_at: event.at,
            received_at: now,
            meeting_ref: event.meeting_id,
            late,
            body: sealer.seal("webhook_inbox", "body", id, &part),
        });
    }
    match refusal {
        Some(Rejected::Malformed) if rows.is_empty() => return Ok(Answer::Unreadable),
        Some(_) if rows.is_empty() => return Ok(Answer::Refused),
        _ => {}
    }
    let stored = rows.into_iter().map(|row| app.appender.append(Row::Webhook(row)));
    futures::future::try_join_all(stored).await.map_err(ApiError::internal)?;
    app.wake.inbox.notify_one();
    Ok(Answer::Stored)
}

/// The first of an organization's secrets that verifies; else why the present one did not.
fn check<'a>(
    events: &dyn Events,
    delivery: &Delivery<'a>,
    secrets: &WebhookSecrets,
    signing: &[SigningKey],
    now: DateTime<Utc>,
) -> Result<Verified<'a>, Rejected> {
    let mut refusal = Rejected::BadSignature;
    for (index, keys) in secrets.keys(signing, now).enumerate() {
        match events.verify(delivery, &keys, now) {
            Ok(verified) => return Ok(verified),
            Err(why) if index == 0 || why != Rejected::BadSignature => refusal = why,
            Err(_) => {}
        }
    }
    Err(refusal)
}

/// The organization whose secret verifies. What nobody signed names nobody, so an unsigned challenge is not answered here.
async fn any<'a>(
    app: &App,
    provider: ProviderName,
    events: &dyn Events,
    delivery: &Delivery<'a>,
    now: DateTime<Utc>,
) -> Result<Option<(std::sync::Arc<WebhookSecrets>, Verified<'a>)>, ApiError> {
    if !delivery.headers.iter().any(|(name, _)| name.ends_with("-signature")) {
        return Ok(None);
    }
    for organization in platforms::events::webhook_organizations(app, provider).await?.iter() {
        let secrets = platforms::events::webhook_secrets(app, provider, *organization).await?;
        if let Ok(verified) = check(events, delivery, &secrets, &[], now) {
            return Ok(Some((secrets, verified)));
        }
    }
    Ok(None)
}

/// Tells the settings that events arrive; a failure costs nothing but that news.
async fn note(app: &App, provider: ProviderName, organization: OrganizationId) {
    if let Err(error) = platforms::events::webhook_seen(app, provider, organization).await {
        tracing::warn!(%provider, ?error, "it could not be noted that events of {provider} arrive");
    }
}
