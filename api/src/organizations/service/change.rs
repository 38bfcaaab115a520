use lectern_core::{
    ids::OrganizationId,
    locks::{Lock, Locks},
    organization::{Aliases, Policies},
};
use lectern_providers::registry;
use lectern_web::{Lang, Languages};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{
    aliases::{check_aliases, check_in_classes},
    fields::{gather, languages, named, offered, vocabulary, zone_of},
};
use crate::{
    app::App,
    audit::{self, EntryKind},
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    organizations::{
        policies,
        store::{self, HostTokens, Organization, Settings},
    },
};

/// Settings, as shown and sent.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SettingsView {
    /// What people call the organization.
    pub name: String,
    /// `school` or `marketplace`: the words of pages and mails.
    pub vocabulary: &'static str,
    /// IANA zone of new classes.
    pub time_zone: String,
    /// The platform of new classes.
    pub default_provider: &'static str,
    /// The languages people may choose from: `en`, `bn`.
    #[schema(example = json!(["en", "bn"]))]
    pub languages: Vec<&'static str>,
    /// The language of pages and mails for whoever chose none, and whose browser asks for none of them.
    #[schema(example = "en")]
    pub default_language: &'static str,
    /// Policies.
    #[schema(value_type = Object, example = json!(Policies::default()))]
    pub policies: Policies,
    /// How the host application's tokens are checked, without the secret.
    #[schema(value_type = Option<Object>)]
    pub host_tokens: Option<HostTokens>,
}

impl From<(Organization, Settings)> for SettingsView {
    fn from((organization, settings): (Organization, Settings)) -> Self {
        let Settings { time_zone, default_provider, policies, host_tokens, .. } = settings;
        Self {
            name: organization.name,
            vocabulary: organization.vocabulary.as_str(),
            time_zone,
            default_provider: default_provider.as_str(),
            languages: organization.languages.offered().map(Lang::tag).collect(),
            default_language: organization.languages.default_lang().tag(),
            policies,
            host_tokens,
        }
    }
}

/// Changes to settings: what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSettings {
    /// What people call the organization. Only an owner changes it.
    #[serde(default)]
    pub name: Option<String>,
    /// `school` or `marketplace`. Only an owner changes it.
    #[serde(default)]
    pub vocabulary: Option<String>,
    /// IANA zone of new classes.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// `zoom`, `teams`, `meet` or `link`: the platform of new classes.
    #[serde(default)]
    pub default_provider: Option<String>,
    /// The languages people may choose from, at least one of `en` and `bn`.
    #[serde(default)]
    #[schema(example = json!(["en", "bn"]))]
    pub languages: Option<Vec<String>>,
    /// One of them: for whoever chose none.
    #[serde(default)]
    #[schema(example = "en")]
    pub default_language: Option<String>,
    /// The policies that change; the others stay. `null` takes a policy back, as `standby_provider`.
    #[serde(default)]
    #[schema(value_type = Option<Object>, example = json!(Policies::default()))]
    pub policies: Option<Map<String, Value>>,
}

/// Changes name, words, zone, default platform, languages and policies, all or nothing. The name, the words and who may edit credentials are an
/// owner's to decide.
pub async fn change(
    app: &App,
    who: &SignedIn,
    change: ChangeSettings,
) -> Result<(Organization, Settings), ApiError> {
    let mut tx = app.db.begin(who.organization).await?;
    let mut settings = store::settings_to_change(&mut tx, who.organization).await?;
    let mut organization = store::find(&mut tx, who.organization).await?.ok_or(ApiError::NotFound)?;
    let (mut changes, mut errors) = (Map::new(), Vec::new());
    if let Some(name) = change.name
        && let Some(name) = gather(&mut errors, named(&name))?.filter(|name| *name != organization.name)
    {
        changes.insert("name".to_owned(), json!({"from": organization.name, "to": name}));
        organization.name = name;
    }
    if let Some(word) = change.vocabulary
        && let Some(words) =
            gather(&mut errors, vocabulary(&word))?.filter(|words| *words != organization.vocabulary)
    {
        let from = organization.vocabulary.as_str();
        changes.insert("vocabulary".to_owned(), json!({"from": from, "to": words.as_str()}));
        organization.vocabulary = words;
    }
    let renamed = !changes.is_empty();
    if let Some(zone) = change.time_zone.filter(|zone| *zone != settings.time_zone)
        && gather(&mut errors, zone_of(&zone))?.is_some()
    {
        changes.insert("time_zone".to_owned(), json!({"from": settings.time_zone, "to": zone}));
        settings.time_zone = zone;
    }
    let spoken = organization.languages;
    if let Some(languages) =
        gather(&mut errors, languages(spoken, change.languages, change.default_language))?
            .filter(|languages| *languages != spoken)
    {
        let tags = |languages: Languages| languages.offered().map(Lang::tag).collect::<Vec<_>>();
        let mut changed = |name: &str, from: Value, to: Value| {
            if from != to {
                changes.insert(name.to_owned(), json!({"from": from, "to": to}));
            }
        };
        changed("languages", json!(tags(spoken)), json!(tags(languages)));
        let (from, to) = (spoken.default_lang().tag(), languages.default_lang().tag());
        changed("default_language", json!(from), json!(to));
        organization.languages = languages;
    }
    let before = settings.default_provider;
    let locked = settings.locks.aliases;
    if let Some(word) = &change.default_provider
        && let Some(provider) = gather(&mut errors, offered(app, "default_provider", word))?
    {
        settings.default_provider = provider;
    }
    if let Some(sent) = change.policies
        && let Some(policies) = gather(&mut errors, policies::merged(&settings.policies, sent))?
    {
        if policies.credentials_by != settings.policies.credentials_by && !who.owner {
            return Err(ApiError::Forbidden);
        }
        gather(&mut errors, policies::check(&policies))?;
        gather(
            &mut errors,
            check_in_classes(&mut tx, who.organization, &policies, "policies.aliases").await,
        )?;
        if let Some(word) = &policies.standby_provider
            && let Some(standby) = gather(&mut errors, offered(app, "policies.standby_provider", word))?
        {
            gather(&mut errors, check_aliases(&policies, standby, "policies.standby_provider"))?;
        }
        changes.extend(policies::changes(&settings.policies, &policies)?);
        if policies.aliases != settings.policies.aliases {
            settings.locks.aliases = match policies.aliases {
                Aliases::Always => Lock::Always,
                Aliases::ByClass => Lock::UsuallyOff,
            };
        }
        settings.policies = policies;
    }
    let at = if settings.default_provider == before { "policies.aliases" } else { "default_provider" };
    gather(&mut errors, check_aliases(&settings.policies, settings.default_provider, at))?;
    if renamed && !who.owner {
        return Err(ApiError::Forbidden);
    }
    if !errors.is_empty() {
        errors.dedup_by(|one, other| one.field == other.field);
        return Err(ApiError::Invalid(errors));
    }
    let moved = settings.default_provider != before;
    if changes.is_empty() && !moved {
        return Ok((organization, settings));
    }
    if renamed {
        store::set_words(&mut tx, &organization).await?;
    }
    if organization.languages != spoken {
        store::set_languages(&mut tx, who.organization, organization.languages).await?;
    }
    store::update_settings(&mut tx, who.organization, &settings, app.clock.now()).await?;
    if !changes.is_empty() {
        let entry = app.entry(who.organization, EntryKind::PoliciesChanged, who.actor());
        audit::store::insert(&mut tx, &entry.details(Value::Object(changes))).await?;
    }
    if settings.locks.aliases != locked {
        let entry = app.entry(who.organization, EntryKind::LocksChanged, who.actor());
        let details = json!({"aliases": {"from": locked, "to": settings.locks.aliases}});
        audit::store::insert(&mut tx, &entry.details(details)).await?;
    }
    if moved {
        let entry = app.entry(who.organization, EntryKind::DefaultPlatformChanged, who.actor());
        let details = json!({"provider": settings.default_provider.as_str()});
        audit::store::insert(&mut tx, &entry.details(details)).await?;
    }
    tx.commit().await?;
    Ok((organization, settings))
}

/// Writes what classes begin with and cannot choose, and gives back what it was. Inside the caller's transaction.
///
/// # Errors
/// [`ApiError::Invalid`] at `aliases`, when aliases are to be sent always and a platform in use must know people's own addresses.
pub async fn set_locks(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    locks: &Locks,
) -> Result<Locks, ApiError> {
    let mut settings = store::settings_to_change(tx, organization).await?;
    let mut policies = settings.policies.clone();
    policies.aliases = if locks.aliases == Lock::Always { Aliases::Always } else { Aliases::ByClass };
    check_in_classes(tx, organization, &policies, "aliases").await?;
    check_aliases(&policies, settings.default_provider, "aliases")?;
    if let Some(standby) = policies.standby_provider.as_deref().and_then(|word| registry::named(word).ok()) {
        check_aliases(&policies, standby, "aliases")?;
    }
    settings.policies = policies;
    let before = std::mem::replace(&mut settings.locks, locks.clone());
    store::update_settings(tx, organization, &settings, app.clock.now()).await?;
    Ok(before)
}

/// Makes this platform the one new classes use.
pub async fn set_default_platform(app: &App, who: &SignedIn, word: &str) -> Result<(), ApiError> {
    let provider = offered(app, "provider", word)?;
    let now = app.clock.now();
    let mut tx = app.db.begin(who.organization).await?;
    let mut settings = store::settings_to_change(&mut tx, who.organization).await?;
    check_aliases(&settings.policies, provider, "provider")?;
    settings.default_provider = provider;
    store::update_settings(&mut tx, who.organization, &settings, now).await?;
    let entry = app.entry(who.organization, EntryKind::DefaultPlatformChanged, who.actor());
    audit::store::insert(&mut tx, &entry.details(json!({"provider": provider.as_str()}))).await?;
    tx.commit().await?;
    Ok(())
}
