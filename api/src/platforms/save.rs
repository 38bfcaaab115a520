//! Credentials are saved: what is wrong is said field by field, what is secret is sealed, what changed is written down.

use chrono::TimeDelta;
use lectern_core::{provider::ProviderName, secret::SecretString, sentence::Sentence};
use lectern_providers::registry::{self, LiveSource};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    connect, ending,
    settings::{PlatformView, may_edit, redirect_url, row_id, show},
    store::{
        connections::State,
        settings::{self as store, Changes, EventQueue, Mode, Settings},
    },
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    error::{ApiError, FieldError},
    extract::SignedIn,
    organizations,
    people::service::{one_line, parse_email},
    subscriptions,
};

/// How long the webhook secret before the present one is still accepted.
const PREVIOUS_LIFE: TimeDelta = TimeDelta::hours(24);

/// New settings. On an update a secret that is left out, or empty, stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveSettings {
    /// `user` (default): everybody connects their own account; `server_to_server`: one account for all.
    #[serde(default)]
    pub mode: Option<Mode>,
    /// The app's id.
    #[serde(default)]
    pub client_id: Option<String>,
    /// The app's secret.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub client_secret: Option<SecretString>,
    /// The platform's account; needed for `server_to_server`.
    #[serde(default)]
    pub account_id: Option<String>,
    /// One of the operator's list; its first when left out.
    #[serde(default)]
    pub base_url: Option<String>,
    /// When sent, it must equal ours.
    #[serde(default)]
    pub redirect_url: Option<String>,
    /// Verifies the platform's events.
    #[serde(default, alias = "webhook_secret_token")]
    #[schema(value_type = Option<String>)]
    pub webhook_secret: Option<SecretString>,
    /// For `server_to_server`: the account's user that hosts for instructors the account does not know.
    #[serde(default)]
    pub default_host: Option<String>,
    /// Google Meet: the Pub/Sub topic to which it shall publish events (`projects/…/topics/…`); empty: none.
    #[serde(default)]
    pub event_topic: Option<String>,
    /// Google Meet: the service account of the topic's push subscription, an e-mail address.
    #[serde(default)]
    pub event_sender: Option<String>,
    /// Needed where another app, mode or address ends the connections of people: each must connect again.
    #[serde(default)]
    pub disconnect_accounts: bool,
}

/// What passed the checks.
struct Wanted {
    mode: Mode,
    client_id: String,
    client_secret: Option<SecretString>,
    account_id: Option<String>,
    api_base: String,
    webhook_secret: Option<SecretString>,
    default_host: Option<String>,
    events_by: Option<EventQueue>,
}

fn given(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

fn secret(
    field: &'static str,
    value: Option<&SecretString>,
    errors: &mut Vec<FieldError>,
) -> Option<SecretString> {
    let value = value.map(|value| value.expose().trim()).filter(|value| !value.is_empty())?;
    if value.len() > 512 || value.chars().any(|c| c.is_control() || c.is_whitespace()) {
        errors.push(FieldError::new(
            field,
            "Paste it whole and alone: no spaces or line breaks, at most 512 characters.",
        ));
        return None;
    }
    Some(value.into())
}

fn read(
    app: &App,
    provider: ProviderName,
    body: &SaveSettings,
    before: Option<&Settings>,
) -> Result<Wanted, ApiError> {
    let mut errors = Vec::new();
    let mode = body.mode.or_else(|| before.map(|before| before.mode)).unwrap_or_default();
    let mut line = |field: &'static str, text: &str, most| {
        one_line(text, most).map_err(|message| errors.push(FieldError::new(field, message))).ok()
    };
    let client_id = match (&body.client_id, before) {
        (None, Some(before)) => Some(before.client_id.clone()),
        (text, _) => line("client_id", text.as_deref().unwrap_or_default(), 200),
    };
    let account_id = match (&body.account_id, before) {
        (None, Some(before)) => before.account_id.clone(),
        (text, _) => given(text.as_ref()).and_then(|text| line("account_id", text, 200)),
    };
    let default_host = match (&body.default_host, before) {
        (None, Some(before)) => before.default_host.clone(),
        (text, _) => given(text.as_ref()).map(str::to_owned),
    };
    let events_by = queue(provider, body, before, &mut errors);
    let client_secret = secret("client_secret", body.client_secret.as_ref(), &mut errors);
    let webhook_secret = secret("webhook_secret", body.webhook_secret.as_ref(), &mut errors);
    let named = |field: &str, errors: &[FieldError]| errors.iter().any(|error| error.field == field);
    if client_secret.is_none() && before.is_none() && !named("client_secret", &errors) {
        errors.push(FieldError::new("client_secret", "This is needed."));
    }
    if mode == Mode::ServerToServer && !registry::by_account(provider) {
        let message = "Here everybody connects their own account: one account for all is possible with Zoom and Microsoft Teams.";
        errors.push(FieldError::new("mode", message));
    } else if mode == Mode::ServerToServer && account_id.is_none() && !named("account_id", &errors) {
        errors.push(FieldError::new("account_id", "A server-to-server app needs the platform's account ID."));
    }
    let default_host = default_host.and_then(|text| {
        parse_email(&text).map_err(|message| errors.push(FieldError::new("default_host", message))).ok()
    });
    let api_base = match (given(body.base_url.as_ref()), before) {
        (Some(text), _) => app.providers.chosen(provider, text).map(|hosts| hosts.api.to_string()),
        (None, Some(before)) => Some(before.api_base.clone()),
        (None, None) => app.providers.addresses(provider).first().map(|hosts| hosts.api.to_string()),
    };
    if api_base.is_none() {
        let list: Vec<_> = app.providers.addresses(provider).iter().map(|hosts| hosts.api.as_str()).collect();
        errors.push(FieldError::new("base_url", format!("Use one of: {}.", list.join(", "))));
    }
    let ours = redirect_url(app, provider);
    if given(body.redirect_url.as_ref()).is_some_and(|text| text != ours) {
        errors.push(FieldError::new("redirect_url", format!("It must be exactly our address: {ours}")));
    }
    match (client_id, api_base) {
        (Some(client_id), Some(api_base)) if errors.is_empty() => Ok(Wanted {
            mode,
            client_id,
            client_secret,
            account_id,
            api_base,
            webhook_secret,
            default_host,
            events_by,
        }),
        _ => Err(ApiError::Invalid(errors)),
    }
}

/// The queue for events, as it shall be.
fn queue(
    provider: ProviderName,
    body: &SaveSettings,
    before: Option<&Settings>,
    errors: &mut Vec<FieldError>,
) -> Option<EventQueue> {
    let before = before.and_then(|before| before.events_by.as_ref());
    let kept = |field: &Option<String>, before: Option<&String>| match field {
        None => before.cloned(),
        Some(text) => given(Some(text)).map(str::to_owned),
    };
    let topic = kept(&body.event_topic, before.map(|before| &before.topic));
    let sender = kept(&body.event_sender, before.map(|before| &before.sender));
    if topic.is_none() && sender.is_none() {
        return None;
    }
    if registry::live_source(provider) != LiveSource::Published {
        let field = if topic.is_some() { "event_topic" } else { "event_sender" };
        errors.push(FieldError::new(field, "This platform publishes to no topic: leave it out."));
        return None;
    }
    let mut refuse = |field: &'static str, message: String| errors.push(FieldError::new(field, message));
    let (Some(topic), Some(sender)) = (&topic, &sender) else {
        let missing = if topic.is_none() { "event_topic" } else { "event_sender" };
        refuse(missing, "The topic and the account that delivers from it belong together.".to_owned());
        return None;
    };
    let named = |text: &str| {
        (1..=255).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~+%:".contains(&byte))
    };
    let parts: Vec<&str> = topic.split('/').collect();
    if !matches!(parts[..], ["projects", project, "topics", name] if named(project) && named(name)) {
        refuse("event_topic", "Write it as projects/my-project/topics/my-topic.".to_owned());
    }
    match parse_email(sender) {
        Ok(sender) => Some(EventQueue { topic: topic.clone(), sender }),
        Err(message) => {
            refuse("event_sender", message);
            None
        }
    }
}

fn compare(wanted: &Wanted, before: Option<&Settings>) -> Changes {
    let mut changes = Changes::new();
    let mut note = |field: &str, value: Option<String>| changes.insert(field.to_owned(), value);
    if before.is_none() {
        note("created", None);
    }
    let mode = wanted.mode.as_str().to_owned();
    let (queue, before_queue) =
        (wanted.events_by.clone(), before.and_then(|before| before.events_by.clone()));
    let (topic, sender) = queue.map(|queue| (queue.topic, queue.sender)).unzip();
    let (before_topic, before_sender) = before_queue.map(|queue| (queue.topic, queue.sender)).unzip();
    for (field, now, earlier) in [
        ("mode", Some(mode), before.map(|before| before.mode.as_str().to_owned())),
        ("client_id", Some(wanted.client_id.clone()), before.map(|before| before.client_id.clone())),
        ("account_id", wanted.account_id.clone(), before.and_then(|before| before.account_id.clone())),
        ("base_url", Some(wanted.api_base.clone()), before.map(|before| before.api_base.clone())),
        ("default_host", wanted.default_host.clone(), before.and_then(|before| before.default_host.clone())),
        ("event_topic", topic, before_topic),
        ("event_sender", sender, before_sender),
    ] {
        if now != earlier {
            note(field, now);
        }
    }
    for (field, replaced) in [
        ("client_secret", wanted.client_secret.is_some()),
        ("webhook_secret", wanted.webhook_secret.is_some()),
    ] {
        if replaced {
            note(field, None);
        }
    }
    changes
}

/// Saves credentials, sealed, with a line in the history. Grants made with another app or in another mode end.
///
/// # Errors
/// [`ApiError::Forbidden`] by policy, [`ApiError::Invalid`] with every wrong field.
pub async fn save(
    app: &App,
    who: &SignedIn,
    provider: ProviderName,
    body: SaveSettings,
) -> Result<PlatformView, ApiError> {
    let organization = who.organization;
    let sealer = app.keys.sealer(organization).await?;
    let now = app.clock.now();
    let row = row_id(organization, provider);
    let mut tx = app.db.begin(organization).await?;
    let policies = organizations::service::settings_in(&mut tx, organization).await?.policies;
    if !may_edit(who, policies.credentials_by) {
        return Err(ApiError::Forbidden);
    }
    let before = store::find(&mut tx, organization, provider).await?;
    let wanted = read(app, provider, &body, before.as_ref())?;
    let changes = compare(&wanted, before.as_ref());
    let seal = |column, secret: &SecretString| {
        sealer.seal("platform_settings", column, row, secret.expose().as_bytes())
    };
    let client_secret = match (&wanted.client_secret, &before) {
        (Some(secret), _) => seal("client_secret", secret),
        (None, Some(before)) => before.client_secret.clone(),
        (None, None) => return Err(ApiError::field("client_secret", "This is needed.")),
    };
    let mut webhook_secret = before.as_ref().and_then(|before| before.webhook_secret.clone());
    let mut previous = before.as_ref().and_then(|before| {
        before
            .previous_webhook_secret
            .clone()
            .zip(before.previous_valid_until)
            .filter(|(_, until)| *until > now)
    });
    if let Some(secret) = &wanted.webhook_secret
        && let Some(sealed) = webhook_secret.replace(seal("webhook_secret", secret))
    {
        let old = sealer.open_text("platform_settings", "webhook_secret", row, &sealed)?;
        let until = now + PREVIOUS_LIFE;
        previous = (old != *secret).then(|| (seal("previous_webhook_secret", &old), until)).or(previous);
    }
    let (previous_webhook_secret, previous_valid_until) = previous.unzip();
    let saved = Settings {
        mode: wanted.mode,
        client_id: wanted.client_id.clone(),
        account_id: wanted.account_id.clone(),
        default_host: wanted.default_host.clone(),
        api_base: wanted.api_base.clone(),
        events_by: wanted.events_by.clone(),
        client_secret,
        webhook_secret,
        previous_webhook_secret,
        previous_valid_until,
        // A test of other settings says nothing of these.
        tested_at: None,
        test: None,
        webhook_seen_at: before
            .as_ref()
            .and_then(|before| before.webhook_seen_at)
            .filter(|_| wanted.webhook_secret.is_none() && !changes.contains_key("event_topic")),
        updated_at: now,
    };
    let by = who.person().ok().map(lectern_core::ids::PersonId::uuid);
    store::put(&mut tx, organization, provider, &saved, by).await?;
    if changes.contains_key("event_topic") {
        subscriptions::ask_anew(&mut tx, organization, provider).await?;
    }
    if !changes.is_empty() {
        store::add_history(&mut tx, organization, provider, app.ids.next(), by, now, &changes).await?;
        let fields: Vec<&String> = changes.keys().collect();
        let entry = app
            .entry(organization, EntryKind::PlatformSaved, who.actor())
            .details(serde_json::json!({"provider": provider.as_str(), "fields": fields}));
        audit::store::insert(&mut tx, &entry).await?;
    }
    let other_app = before.as_ref().is_some_and(|before| {
        before.client_id != saved.client_id
            || before.mode != saved.mode
            || before.api_base != saved.api_base
            || (saved.mode == Mode::ServerToServer && before.account_id != saved.account_id)
    });
    let mut ended = Vec::new();
    if let Some(before) = before.as_ref().filter(|_| other_app) {
        let state = if saved.mode == Mode::User && before.mode == Mode::User {
            State::NeedsReconnect
        } else {
            State::Gone
        };
        let why = Sentence::known("said.other_app", "The organization uses another {platform} app now.")
            .with("platform", provider.title());
        ended = ending::end_all(app, &mut tx, organization, provider, state, Some(&why), &sealer).await?;
        if !ended.is_empty() && !body.disconnect_accounts {
            return Err(ApiError::field(
                "disconnect_accounts",
                format!(
                    "Connected by the present app: {}. Each must connect again when this is saved. Check the client ID, or confirm it (disconnect_accounts).",
                    ended.len()
                ),
            ));
        }
    }
    tx.commit().await?;
    app.providers.forget(organization, provider);
    app.wake.outbox.notify_one();
    if let Some(before) = before.filter(|_| !ended.is_empty()) {
        ending::revoke_later(app, organization, provider, before, ended);
    }
    if saved.mode == Mode::ServerToServer
        && let Err(error) = connect::connect_account(app, organization, provider, Actor::System).await
    {
        // Saved all the same; the test says what is wrong.
        tracing::info!(%organization, %error, "the account of organization {organization} could not be connected yet: {error}");
    }
    show(app, who, provider).await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn wanted() -> Wanted {
        Wanted {
            mode: Mode::User,
            client_id: "client".to_owned(),
            client_secret: Some("canary".into()),
            account_id: None,
            api_base: "https://api.zoom.us/v2".to_owned(),
            webhook_secret: None,
            default_host: None,
            events_by: None,
        }
    }

    #[test]
    fn a_topic_is_whole_and_only_where_one_is_published_to() {
        let read = |provider, topic: &str, sender: &str| {
            let body = SaveSettings {
                event_topic: Some(topic.to_owned()),
                event_sender: Some(sender.to_owned()),
                ..SaveSettings::default()
            };
            let mut errors = Vec::new();
            let read = queue(provider, &body, None, &mut errors);
            let fields: Vec<_> = errors.into_iter().map(|error| error.field).collect();
            if fields.is_empty() { Ok(read.map(|queue| queue.topic)) } else { Err(fields.concat()) }
        };
        let (meet, pusher) = (lectern_providers::meet::NAME, "push@oak.iam.gserviceaccount.com");
        let topic = "projects/oak-1/topics/meet.events";
        assert_eq!(read(meet, topic, pusher), Ok(Some(topic.to_owned())));
        assert_eq!(read(meet, " ", ""), Ok(None));
        for bad in
            ["meet", "projects/oak", "projects//topics/a", "projects/o/topics/a/b", "projects/o k/topics/a"]
        {
            assert_eq!(read(meet, bad, pusher), Err("event_topic".to_owned()), "{bad}");
        }
        assert_eq!(read(meet, topic, ""), Err("event_sender".to_owned()));
        assert_eq!(read(meet, "", pusher), Err("event_topic".to_owned()));
        assert_eq!(read(meet, topic, "nobody"), Err("event_sender".to_owned()));
        assert_eq!(read(lectern_providers::zoom::NAME, topic, pusher), Err("event_topic".to_owned()));
    }

    #[test]
    fn the_history_names_fields_and_never_a_secret() {
        let changes = compare(&wanted(), None);
        let fields: Vec<_> = changes.keys().map(String::as_str).collect();
        assert_eq!(fields, ["base_url", "client_id", "client_secret", "created", "mode"]);
        assert!(!format!("{changes:?}").contains("canary"));
        assert_eq!(changes["client_id"].as_deref(), Some("client"));
    }

    #[test]
    fn a_pasted_secret_is_trimmed_and_checked() {
        let mut errors = Vec::new();
        let read = secret("client_secret", Some(&"  abc \n".into()), &mut errors).unwrap();
        assert_eq!(read.expose(), "abc");
        assert!(secret("client_secret", Some(&"   ".into()), &mut errors).is_none());
        assert!(errors.is_empty());
        assert!(secret("client_secret", Some(&"a b".into()), &mut errors).is_none());
        assert_eq!(errors.len(), 1);
    }
}
