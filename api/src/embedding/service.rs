//! Asking for a view, opening it, and whether it still holds.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use lectern_core::{
    colour::Colour,
    embed::{EmbedClaims, EmbedOrigin, EmbedPurpose, EmbedView},
    ids::{ClassId, OrganizationId, PersonId},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::{self, Embed, Looks};
use crate::{
    app::App,
    db::Tx,
    error::{ApiError, FieldError},
    extract::{SignedIn, Via},
    join,
    organizations::{self, Organization},
    people::{self, Person},
};

/// How long a link opens its view.
const LINK_LIFE: TimeDelta = TimeDelta::minutes(5);
/// How long an opened view may be looked at: a working day.
pub const VIEW_LIFE: TimeDelta = TimeDelta::hours(8);

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AskScheme {
    /// As the reader's device.
    #[default]
    Auto,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

/// How the view looks.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskTheme {
    /// The colour of buttons and of what is chosen. Its hue is kept; where it could not be read it is made darker or lighter.
    #[schema(example = "#0e5e49")]
    pub accent: Option<String>,
    /// `auto`, which is the default, `light` or `dark`.
    #[serde(default)]
    pub scheme: AskScheme,
}

/// What a host application wants to show to the person it asks for.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskEmbed {
    /// `connection`: their own accounts at the platforms. `join`: their way into the class `class_id`. `live`: what is on now.
    #[schema(value_type = String, example = "join")]
    pub view: EmbedView,
    /// The class, for `join` only.
    #[serde(default)]
    pub class_id: Option<Uuid>,
    /// Colours.
    #[serde(default)]
    pub theme: Option<AskTheme>,
    /// `en` or `bn`; left out: the person's, else the browser's.
    #[serde(default)]
    pub language: Option<String>,
}

/// A link for the frame.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EmbedLink {
    /// Its id.
    pub id: Uuid,
    /// The view.
    pub view: &'static str,
    /// The class of a `join`.
    pub class_id: Option<Uuid>,
    /// The address for the frame's `src`. It opens once.
    pub url: String,
    /// Until when it opens. What was opened may be looked at for 8 hours.
    pub expires_at: DateTime<Utc>,
}

fn looks(asked: &AskEmbed, errors: &mut Vec<FieldError>) -> Looks {
    let theme = asked.theme.clone().unwrap_or_default();
    let accent = theme.accent.map(|accent| accent.parse::<Colour>());
    if let Some(Err(problem)) = &accent {
        errors.push(FieldError::new("theme.accent", format!("This is {problem}.")));
    }
    let language = asked.language.as_deref().map(people::service::parse_language);
    if let Some(Err(message)) = &language {
        errors.push(FieldError::new("language", message.clone()));
    }
    Looks {
        accent: accent.and_then(Result::ok).map(|accent| accent.to_string()),
        scheme: match theme.scheme {
            AskScheme::Auto => None,
            AskScheme::Light => Some("light".to_owned()),
            AskScheme::Dark => Some("dark".to_owned()),
        },
        language: language.and_then(Result::ok),
    }
}

/// A link that opens one view for whoever asks, once and within five minutes.
///
/// # Errors
/// [`ApiError::KeyForbidden`] for a program's key, [`ApiError::Forbidden`] for a role the view is not for, [`ApiError::Invalid`], and
/// `embedding_off` where the organization named nobody who may frame.
pub async fn ask(app: &App, who: &SignedIn, asked: AskEmbed) -> Result<EmbedLink, ApiError> {
    let person = who.person()?;
    if !asked.view.is_for(who.role) {
        return Err(ApiError::Forbidden);
    }
    let mut errors = Vec::new();
    let looks = looks(&asked, &mut errors);
    let class = asked.class_id.map(ClassId);
    match (asked.view, class) {
        (EmbedView::Join, Some(class)) => {
            if join::way_in(app, who, class).await?.is_none() {
                errors.push(FieldError::new("class_id", "The person has no place in a class of this id."));
            }
        }
        (EmbedView::Join, None) => errors.push(FieldError::new("class_id", "Say which class.")),
        (_, Some(_)) => {
            errors.push(FieldError::new("class_id", "Only the view join is of a class. Leave it out."));
        }
        (_, None) => {}
    }
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let now = app.clock.now();
    // Whole seconds, as the token says it.
    let ends_at = DateTime::from_timestamp((now + LINK_LIFE).timestamp(), 0).unwrap_or(now);
    let embed = Embed { id: app.ids.next(), person, view: asked.view, class, looks, ends_at };
    let mut tx = app.db.begin(who.organization).await?;
    if store::origins(&mut tx, who.organization).await?.is_empty() {
        return Err(ApiError::conflict(
            "embedding_off",
            "This organization lets nobody show parts of Lectern in other pages.",
            "An admin names the pages that may, under Your organization, Embedding.",
        ));
    }
    store::insert(&mut tx, who.organization, &embed, now).await?;
    tx.commit().await?;
    let token = app.embed_links.token(&claims(who.organization, &embed, EmbedPurpose::Open));
    Ok(EmbedLink {
        id: embed.id,
        view: embed.view.as_str(),
        class_id: asked.class_id,
        url: app.config.server.url(&format!("/embed/open?token={token}")),
        expires_at: ends_at,
    })
}

fn claims(organization: OrganizationId, embed: &Embed, purpose: EmbedPurpose) -> EmbedClaims {
    let Embed { id, person, view, class, ends_at, .. } = *embed;
    EmbedClaims { purpose, organization, embed: id, person, view, class, until: ends_at }
}

/// A view that holds now, with all that decides it.
#[derive(Clone, Debug)]
pub struct Holds {
    /// In which organization.
    pub organization: Organization,
    /// Whose.
    pub person: Person,
    /// Which.
    pub embed: Embed,
    /// Who may frame it.
    pub origins: BTreeSet<EmbedOrigin>,
}

impl Holds {
    /// The token of a form that goes on outside the frame; it ends with the view.
    #[must_use]
    pub fn leave(&self, app: &App) -> String {
        app.embed_links.token(&claims(self.organization.id, &self.embed, EmbedPurpose::Leave))
    }
}

/// How an embed is found.
enum By<'a> {
    Id(Uuid),
    Secret(&'a [u8]),
}

/// An open organization that lets somebody frame, an active person, a role the view is for, and a row that has not ended.
async fn holding(app: &App, organization: OrganizationId, by: By<'_>) -> Result<Option<Holds>, ApiError> {
    let Some(organization) = organizations::service::find_active(app, organization).await? else {
        return Ok(None);
    };
    let (id, now) = (organization.id, app.clock.now());
    let mut tx = app.db.read(id).await?;
    let found = match by {
        By::Id(embed) => store::find(&mut tx, id, embed, now).await?,
        By::Secret(hash) => store::find_by_secret(&mut tx, id, hash, now).await?,
    };
    let Some(embed) = found else { return Ok(None) };
    let origins = store::origins(&mut tx, id).await?;
    let person = people::service::find(&mut tx, id, embed.person).await?;
    let person = person.filter(|person| person.active && embed.view.is_for(person.role));
    Ok(person.filter(|_| !origins.is_empty()).map(|person| Holds { organization, person, embed, origins }))
}

/// The view this token opens, by its own word: to know which cookie to look for. Nothing is believed yet.
#[must_use]
pub fn view_of(app: &App, token: &str) -> Option<(EmbedView, Option<ClassId>)> {
    let claims = app.embed_links.verify(token, EmbedPurpose::Open)?;
    Some((claims.view, claims.class))
}

/// What stands in a frame's cookie: the organization leads, so that the row is found without a sign-in; the rest cannot be guessed.
#[derive(Clone)]
pub struct Secret {
    text: String,
    organization: OrganizationId,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl Secret {
    fn generate(app: &App, organization: OrganizationId) -> Self {
        let bits = hex::encode(app.randomness.bytes::<32>());
        Self { text: format!("{}.{bits}", organization.uuid().simple()), organization }
    }

    /// One that came in a cookie.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let organization = OrganizationId(Uuid::try_parse(text.split_once('.')?.0).ok()?);
        Some(Self { text: text.to_owned(), organization })
    }

    /// For the cookie.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What is stored.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.text.as_bytes()).into()
    }
}

/// The view this cookie is of, if it holds.
pub async fn of_secret(app: &App, secret: &Secret) -> Result<Option<Holds>, ApiError> {
    holding(app, secret.organization, By::Secret(&secret.hash())).await
}

/// How opening a link went.
#[derive(Debug)]
pub enum Opened {
    /// This browser gets the view.
    Now(Holds, Secret),
    /// This browser has it already.
    Before(Holds),
    /// Forged, over, used by another browser, or taken back.
    Refused,
}

/// Opens a link: the first browser gets the view, and may come back as long as it holds; a copy of the link opens nothing.
pub async fn open(app: &App, token: &str, known: Option<&Secret>) -> Result<Opened, ApiError> {
    let Some(claims) = app.embed_links.verify(token, EmbedPurpose::Open) else { return Ok(Opened::Refused) };
    let same = |holds: &Holds| {
        let EmbedClaims { organization, embed, person, view, class, .. } = claims;
        let row = &holds.embed;
        (holds.organization.id, row.id, row.person, row.view, row.class)
            == (organization, embed, person, view, class)
    };
    if let Some(known) = known
        && let Some(holds) = of_secret(app, known).await?.filter(same)
    {
        return Ok(Opened::Before(holds));
    }
    let now = app.clock.now();
    if claims.until <= now {
        return Ok(Opened::Refused);
    }
    let Some(mut holds) = holding(app, claims.organization, By::Id(claims.embed)).await?.filter(same) else {
        return Ok(Opened::Refused);
    };
    let secret = Secret::generate(app, claims.organization);
    let until = DateTime::from_timestamp((now + VIEW_LIFE).timestamp(), 0).unwrap_or(now);
    let mut tx = app.db.begin(claims.organization).await?;
    if !store::open(&mut tx, claims.organization, claims.embed, &secret.hash(), until, now).await? {
        return Ok(Opened::Refused);
    }
    tx.commit().await?;
    holds.embed.ends_at = until;
    Ok(Opened::Now(holds, secret))
}

/// The view a form came from that goes on outside its frame.
pub async fn left(app: &App, token: &str, view: EmbedView) -> Result<Option<Holds>, ApiError> {
    let Some(claims) = app.embed_links.verify(token, EmbedPurpose::Leave) else { return Ok(None) };
    if claims.until <= app.clock.now() || claims.view != view {
        return Ok(None);
    }
    let holds = holding(app, claims.organization, By::Id(claims.embed)).await?;
    Ok(holds.filter(|holds| holds.embed.person == claims.person && holds.embed.view == claims.view))
}

/// Whoever looks at it.
#[must_use]
pub fn reader_of(holds: &Holds, secret: [u8; 32]) -> SignedIn {
    people::service::signed_in(&holds.organization, &holds.person, Via::Embed(secret))
}

/// Whether this person may still look at what this secret opened: for sockets, which stay open.
pub async fn still(
    app: &App,
    organization: OrganizationId,
    person: PersonId,
    secret: &[u8; 32],
) -> Result<bool, ApiError> {
    let holds = holding(app, organization, By::Secret(secret)).await?;
    Ok(holds.is_some_and(|holds| holds.embed.person == person))
}

/// Ends all views of a person, opened or not: they were disabled, signed out, or got another password. Inside the caller's
/// transaction.
pub async fn end_of(tx: &mut Tx, organization: OrganizationId, person: PersonId) -> Result<(), ApiError> {
    Ok(store::remove_of(tx, organization, person).await?)
}

/// Part of tick `clean_up`: views that ended, and links nobody opened. Inside the caller's transaction.
pub async fn remove_ended(
    tx: &mut Tx,
    organization: OrganizationId,
    before: DateTime<Utc>,
) -> Result<u64, ApiError> {
    Ok(store::remove_ended(tx, organization, before).await?)
}
