//! Which address may be pasted, and what follows when another one is.

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{ClassId, OrganizationId, SessionId},
    provider::ProviderName,
    secret::SecretString,
};
use lectern_providers::{registry, transport::address};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::{self, PastedLink};
use crate::{
    app::App,
    audit::{self, EntryKind},
    classes::{self, Class},
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    organizations,
    sessions::{self, Session},
};

/// Longest address that is taken, in bytes.
const LONGEST: usize = 2048;

/// An address as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasteLink {
    /// The meeting's address: https, at most 2048 bytes.
    #[schema(value_type = String, example = "https://meet.jit.si/OakwoodAlgebra")]
    pub link: SecretString,
}

/// What is shown of a pasted link: not the link, which whoever has it could pass on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PastedLinkView {
    /// Where it leads.
    #[schema(example = "meet.jit.si")]
    pub host: String,
    /// Whether a session has one of its own.
    pub own: bool,
    /// Since when.
    pub updated_at: DateTime<Utc>,
}

/// Whether classes of this platform live by a pasted link.
#[must_use]
pub fn lives_by_one(provider: ProviderName) -> bool {
    registry::needs_no_account(provider)
}

/// Whether the operator lets people be sent to this address.
#[must_use]
pub fn is_allowed(app: &App, url: &Url) -> bool {
    let config = &app.config.platforms;
    match &config.link_hosts {
        Some(hosts) => address::is_listed(url, hosts, config.allow_loopback),
        None => address::check(url, config.allow_loopback).is_ok(),
    }
}

/// Reads an address that somebody pasted.
///
/// # Errors
/// [`ApiError::Invalid`] at `link`, with what to do.
pub fn read(app: &App, link: &SecretString) -> Result<Url, ApiError> {
    let refuse = |message: &str| Err(ApiError::field("link", message));
    let text = link.expose().trim();
    if text.len() > LONGEST {
        return refuse("At most 2048 bytes. Copy the address alone, without the text of the invitation.");
    }
    let Ok(url) = Url::parse(text) else {
        return refuse("Paste the whole address of the meeting, beginning with https://.");
    };
    if let Err(why) = address::check(&url, app.config.platforms.allow_loopback) {
        return refuse(&format!("People cannot be sent there: {why}. Use a public https address."));
    }
    if url.origin() == app.config.server.public_url.origin() {
        return refuse("This is an address of Lectern itself. Paste the meeting's own.");
    }
    if !is_allowed(app, &url) {
        let hosts = app.config.platforms.link_hosts.as_deref().unwrap_or_default();
        return refuse(&match hosts {
            [] => "Pasted links are switched off on this server. Choose another platform.".to_owned(),
            hosts => format!("This server sends people only to: {}.", hosts.join(", ")),
        });
    }
    Ok(url)
}

/// Keeps a class's or a session's link. Inside the caller's transaction.
pub async fn keep(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    of_id: Uuid,
    url: &Url,
) -> Result<PastedLink, ApiError> {
    let sealer = app.keys.sealer(organization).await?;
    let link = PastedLink {
        of_id,
        link: sealer.seal("pasted_links", "link", of_id, url.as_str().as_bytes()),
        host: url.host_str().unwrap_or_default().to_owned(),
        updated_at: app.clock.now(),
    };
    store::put(tx, organization, class, &link).await?;
    Ok(link)
}

/// A class is held elsewhere: its link, and those of its sessions, are not kept. Inside the caller's transaction.
pub async fn forget(tx: &mut Tx, organization: OrganizationId, class: ClassId) -> Result<(), ApiError> {
    Ok(store::remove_of_class(tx, organization, class).await?)
}

/// A class that another room makes opens the link of the class it is made like.
///
/// # Errors
/// [`ApiError::Conflict`] when that one has no link.
pub async fn copy(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    from: ClassId,
    to: ClassId,
) -> Result<(), ApiError> {
    let Some(found) = store::find(tx, organization, from.uuid()).await? else {
        return Err(ApiError::conflict(
            "no_link",
            "The class whose meeting link should be used has none.",
            "Paste the link of that class first.",
        ));
    };
    let sealer = app.keys.sealer(organization).await?;
    let text = sealer.open_text("pasted_links", "link", found.of_id, &found.link)?;
    let url = Url::parse(text.expose()).map_err(ApiError::internal)?;
    keep(app, tx, organization, to, to.uuid(), &url).await?;
    Ok(())
}

/// The link that a session of a class opens: its own, or the class's.
async fn of_either(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    class: ClassId,
) -> Result<Option<PastedLink>, ApiError> {
    Ok(match store::find(tx, organization, session.uuid()).await? {
        Some(own) => Some(own),
        None => store::find(tx, organization, class.uuid()).await?,
    })
}

/// The address that a session opens, for whoever sends people there.
pub async fn of_session(
    app: &App,
    organization: OrganizationId,
    session: &Session,
) -> Result<Option<SecretString>, ApiError> {
    let mut tx = app.db.read(organization).await?;
    let Some(found) = of_either(&mut tx, organization, session.id, session.class).await? else {
        return Ok(None);
    };
    drop(tx);
    let sealer = app.keys.sealer(organization).await?;
    Ok(Some(sealer.open_text("pasted_links", "link", found.of_id, &found.link)?))
}

/// What stands of a class's link.
pub async fn show(app: &App, who: &SignedIn, class: ClassId) -> Result<PastedLinkView, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let class = classes::service::own(&mut tx, who, class).await?;
    on_a_pasted_link(&mut tx, who.organization, &class).await?;
    let found = store::find(&mut tx, who.organization, class.id.uuid()).await?.ok_or(ApiError::NotFound)?;
    Ok(PastedLinkView { host: found.host, own: false, updated_at: found.updated_at })
}

/// What stands of a session's link: its own, or the class's.
pub async fn show_of_session(
    app: &App,
    who: &SignedIn,
    session: SessionId,
) -> Result<PastedLinkView, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let (session, class) = sessions::service::own(&mut tx, who, session).await?;
    on_a_pasted_link(&mut tx, who.organization, &class).await?;
    let found = of_either(&mut tx, who.organization, session.id, class.id).await?;
    let found = found.ok_or(ApiError::NotFound)?;
    let own = found.of_id == session.id.uuid();
    Ok(PastedLinkView { host: found.host, own, updated_at: found.updated_at })
}

/// Whether a class has use for a link: it is held behind one, or would be if its platform did not answer.
pub async fn of_use(tx: &mut Tx, organization: OrganizationId, class: &Class) -> Result<bool, ApiError> {
    if lives_by_one(class.provider) {
        return Ok(true);
    }
    let policies = organizations::service::settings_in(tx, organization).await?.policies;
    let standby = policies.standby_provider.and_then(|word| registry::named(&word).ok());
    Ok(standby.is_some_and(lives_by_one))
}

async fn on_a_pasted_link(tx: &mut Tx, organization: OrganizationId, class: &Class) -> Result<(), ApiError> {
    if of_use(tx, organization, class).await? {
        return Ok(());
    }
    Err(ApiError::conflict(
        "other_platform",
        format!("This class is held on {}.", class.provider.title()),
        "Move the class to a pasted link first.",
    ))
}

/// Replaces a class's link: its coming sessions, and the one that runs, lead there from now on.
pub async fn set(
    app: &App,
    who: &SignedIn,
    class: ClassId,
    paste: &PasteLink,
) -> Result<PastedLinkView, ApiError> {
    let url = read(app, &paste.link)?;
    let mut tx = app.db.begin(who.organization).await?;
    let class = classes::service::own(&mut tx, who, class).await?;
    on_a_pasted_link(&mut tx, who.organization, &class).await?;
    let kept = keep(app, &mut tx, who.organization, class.id, class.id.uuid(), &url).await?;
    sessions::service::renew_pasted(app, &mut tx, who.organization, &class).await?;
    let entry = app.entry(who.organization, EntryKind::PastedLinkChanged, who.actor()).class(class.id);
    audit::store::insert(&mut tx, &entry.details(json!({"host": kept.host}))).await?;
    tx.commit().await?;
    app.wake.jobs.notify_one();
    Ok(PastedLinkView { host: kept.host, own: false, updated_at: kept.updated_at })
}

/// Gives a session a link of its own, or (`None`) the class's again.
pub async fn set_of_session(
    app: &App,
    who: &SignedIn,
    session: SessionId,
    paste: Option<&PasteLink>,
) -> Result<(), ApiError> {
    let url = paste.map(|paste| read(app, &paste.link)).transpose()?;
    let mut tx = app.db.begin(who.organization).await?;
    let (session, class) = sessions::service::own_to_change(&mut tx, who, session).await?;
    on_a_pasted_link(&mut tx, who.organization, &class).await?;
    match &url {
        Some(url) => {
            keep(app, &mut tx, who.organization, class.id, session.id.uuid(), url).await?;
        }
        None => {
            if !store::remove(&mut tx, who.organization, session.id.uuid()).await? {
                return Err(ApiError::NotFound);
            }
        }
    }
    sessions::service::renew_if_pasted(app, &mut tx, who.organization, &session, &class).await?;
    let entry = app
        .entry(who.organization, EntryKind::PastedLinkChanged, who.actor())
        .class(class.id)
        .session(session.id);
    let host = url.as_ref().and_then(|url| url.host_str());
    audit::store::insert(&mut tx, &entry.details(json!({"host": host}))).await?;
    tx.commit().await?;
    app.wake.jobs.notify_one();
    Ok(())
}
