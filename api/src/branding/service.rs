//! What an organization chose, and choosing anew.

use bytes::Bytes;
use chrono::Duration;
use lectern_core::{
    colour::{Accent, Colour, Scheme},
    ids::OrganizationId,
    picture::{self, Picture, PictureError, PictureKind},
};
use lectern_web::Ground;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{
    jobs::look_again,
    looks::{key, logo},
};
use crate::{
    app::App,
    audit::{self, EntryKind},
    error::{ApiError, FieldError},
    extract::SignedIn,
    organizations::{self, LogoFile, Organization, Sender},
    people::service::{one_line, parse_email},
    storage::Shelf,
};

/// The largest file of a logo, in bytes.
pub const LOGO_BYTES: usize = Shelf::Logos.most();
/// The fewest and the most pixels of each of its sides.
pub const LOGO_SIDE: std::ops::RangeInclusive<u32> = 16..=2048;
/// An upload has so long to come to its end before its file is looked at.
const UPLOAD_LASTS: Duration = Duration::minutes(10);

/// What a colour becomes in one scheme: everything can be read, text at 4.5:1 at least.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AccentView {
    /// Buttons, and what is chosen.
    #[schema(example = "#0e5e49")]
    pub accent: String,
    /// A button under the pointer.
    pub hover: String,
    /// The ground of what is chosen.
    pub soft: String,
    /// Text on a button.
    pub on_accent: String,
}

impl From<Accent> for AccentView {
    fn from(accent: Accent) -> Self {
        Self {
            accent: accent.accent.to_string(),
            hover: accent.hover.to_string(),
            soft: accent.soft.to_string(),
            on_accent: accent.on_accent.to_string(),
        }
    }
}

/// What pages make of the colour.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AccentsView {
    /// On light pages, and in mails.
    pub light: AccentView,
    /// On dark ones.
    pub dark: AccentView,
}

/// A logo.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LogoView {
    /// `image/png`, `image/jpeg` or `image/webp`.
    pub media_type: &'static str,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// How large the file is.
    pub bytes: u64,
    /// Where everybody sees it; another after each change of logo or colour.
    pub url: String,
}

/// How an organization shows itself.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BrandingView {
    /// The colour as chosen, `#rrggbb`; null: Lectern's own.
    #[schema(example = "#ffe600")]
    pub colour: Option<String>,
    /// What pages make of it.
    pub accents: Option<AccentsView>,
    /// The logo; null: Lectern's sign.
    pub logo: Option<LogoView>,
    /// `board`: the logo sits on the dark bar; `paper`: on a light plate.
    pub logo_ground: &'static str,
    /// The name beside the address that mails come from; null: the server's own.
    pub sender_name: Option<String>,
    /// Where answers to mails go; null: to the address they came from.
    pub reply_to: Option<String>,
}

const fn ground_word(ground: Ground) -> &'static str {
    match ground {
        Ground::Board => "board",
        Ground::Paper => "paper",
    }
}

impl From<(Organization, Sender)> for BrandingView {
    fn from((organization, sender): (Organization, Sender)) -> Self {
        let colour = organization.look.colour();
        let url = logo(&organization).map(|logo| logo.url).unwrap_or_default();
        let logo = organization.look.logo.as_ref().and_then(|logo| {
            let media_type = PictureKind::parse(&logo.kind)?.media_type();
            Some(LogoView { media_type, width: logo.width, height: logo.height, bytes: logo.bytes, url })
        });
        Self {
            colour: colour.map(|colour| colour.to_string()),
            accents: colour.map(|colour| AccentsView {
                light: Accent::of(colour, Scheme::Light).into(),
                dark: Accent::of(colour, Scheme::Dark).into(),
            }),
            logo,
            logo_ground: ground_word(organization.look.ground),
            sender_name: sender.name,
            reply_to: sender.reply_to,
        }
    }
}

/// What it chose.
///
/// # Errors
/// When the database refuses.
pub async fn show(app: &App, id: OrganizationId) -> Result<(Organization, Sender), ApiError> {
    let mut tx = app.db.read(id).await?;
    let organization = organizations::service::find(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
    Ok((organization, organizations::service::sender(&mut tx, id).await?))
}

/// What is to change: what is left out stays, an empty text takes a choice back.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeBranding {
    /// `#rrggbb`.
    #[serde(default)]
    #[schema(example = "#ffe600")]
    pub colour: Option<String>,
    /// `board` or `paper`.
    #[serde(default)]
    #[schema(example = "paper")]
    pub logo_ground: Option<String>,
    /// A name of at most 80 characters.
    #[serde(default)]
    #[schema(example = "Oakwood School")]
    pub sender_name: Option<String>,
    /// An address.
    #[serde(default)]
    #[schema(example = "office@oakwood.example")]
    pub reply_to: Option<String>,
}

/// The same, read. The outer option: whether it changes at all.
#[derive(Debug, Default)]
struct Choices {
    colour: Option<Option<Colour>>,
    ground: Option<Ground>,
    sender_name: Option<Option<String>>,
    reply_to: Option<Option<String>>,
}

/// What is typed, or nothing for an empty text.
fn typed<T>(
    field: &str,
    text: Option<&str>,
    read: impl Fn(&str) -> Result<T, String>,
    errors: &mut Vec<FieldError>,
) -> Option<Option<T>> {
    let text = text?.trim();
    if text.is_empty() {
        return Some(None);
    }
    read(text).map(Some).map_err(|message| errors.push(FieldError::new(field, message))).ok()
}

/// A colour as people write it: also without the number sign, and in three digits.
///
/// # Errors
/// With what is right.
pub fn parse_colour(text: &str) -> Result<Colour, String> {
    let digits = text.trim().trim_start_matches('#');
    let digits = match digits.len() {
        3 => digits.chars().flat_map(|digit| [digit, digit]).collect(),
        _ => digits.to_owned(),
    };
    format!("#{digits}").parse().map_err(|_| "Write a colour as #rrggbb, such as #0e5e49.".to_owned())
}

/// A name that mail programs show beside an address, and that does not pass for one.
fn sender_name(text: &str) -> Result<String, String> {
    let name = one_line(text, 80)?;
    if name.contains(['@', '<', '>', '"', '\\']) {
        return Err("Write a name, without @ < > \" and \\.".to_owned());
    }
    Ok(name)
}

impl ChangeBranding {
    fn read(&self, errors: &mut Vec<FieldError>) -> Choices {
        let ground = match self.logo_ground.as_deref().map(str::trim) {
            None => None,
            Some("board") => Some(Ground::Board),
            Some("paper") => Some(Ground::Paper),
            Some(_) => {
                errors.push(FieldError::new("logo_ground", "Use one of: board, paper."));
                None
            }
        };
        Choices {
            colour: typed("colour", self.colour.as_deref(), parse_colour, errors),
            ground,
            sender_name: typed("sender_name", self.sender_name.as_deref(), sender_name, errors),
            reply_to: typed("reply_to", self.reply_to.as_deref(), parse_email, errors),
        }
    }
}

/// A logo as it is kept.
///
/// # Errors
/// [`ApiError::Invalid`] at `logo`.
pub fn read_logo(bytes: &[u8]) -> Result<Picture, ApiError> {
    if bytes.len() > LOGO_BYTES {
        return Err(ApiError::field("logo", "At most 512 KB."));
    }
    if bytes.is_empty() {
        return Err(ApiError::field("logo", "The file is empty."));
    }
    let picture = picture::read(bytes).map_err(|error| {
        let message = match error {
            PictureError::Unknown => "Send a PNG, JPEG or WebP file.",
            PictureError::Broken => "The file is damaged or not whole. Send another copy of it.",
            PictureError::Moves => "A moving picture cannot be a logo. Send one that stands still.",
        };
        ApiError::field("logo", message)
    })?;
    if !LOGO_SIDE.contains(&picture.width) || !LOGO_SIDE.contains(&picture.height) {
        return Err(ApiError::field("logo", "Each side needs 16 to 2048 pixels."));
    }
    Ok(picture)
}

/// Changes what is sent, all of it or nothing. A new logo is kept first and shown when everything is written; the old one's file is
/// removed afterwards.
///
/// # Errors
/// [`ApiError::Invalid`] with every wrong field; [`ApiError::Unavailable`] when the file cannot be kept.
pub async fn change(
    app: &App,
    who: &SignedIn,
    change: &ChangeBranding,
    new_logo: Option<&[u8]>,
) -> Result<(Organization, Sender), ApiError> {
    let mut errors = Vec::new();
    let choices = change.read(&mut errors);
    let picture = match new_logo.map(read_logo).transpose() {
        Ok(picture) => picture,
        Err(ApiError::Invalid(wrong)) => {
            errors.extend(wrong);
            None
        }
        Err(other) => return Err(other),
    };
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let file = match picture {
        Some(picture) => Some(keep(app, who.organization, picture).await?),
        None => None,
    };
    write(app, who, choices, file.map(Some)).await
}

/// Lectern's sign again, in the logo's place.
///
/// # Errors
/// When the database refuses.
pub async fn remove_logo(app: &App, who: &SignedIn) -> Result<(Organization, Sender), ApiError> {
    write(app, who, Choices::default(), Some(None)).await
}

/// Puts a picture among the files. The job to look at it again is there first: whatever happens from here on, no file stays that
/// nobody shows.
async fn keep(app: &App, organization: OrganizationId, picture: Picture) -> Result<LogoFile, ApiError> {
    let Picture { kind, width, height, bytes } = picture;
    let file = LogoFile {
        id: app.ids.next(),
        kind: kind.as_str().to_owned(),
        width,
        height,
        bytes: bytes.len() as u64,
    };
    let mut tx = app.db.begin(organization).await?;
    look_again(app, &mut tx, organization, file.id, UPLOAD_LASTS).await?;
    tx.commit().await?;
    app.storage.put(&key(organization, file.id), Bytes::from(bytes)).await?;
    Ok(file)
}

async fn write(
    app: &App,
    who: &SignedIn,
    choices: Choices,
    new_logo: Option<Option<LogoFile>>,
) -> Result<(Organization, Sender), ApiError> {
    let id = who.organization;
    let mut tx = app.db.begin(id).await?;
    // Whoever changes anything of the organization waits here for whoever changes anything else.
    organizations::service::settings_to_change(&mut tx, id).await?;
    let mut organization = organizations::service::find(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
    let mut sender = organizations::service::sender(&mut tx, id).await?;
    let (before, sent_by) = (organization.look.clone(), sender.clone());
    let look = &mut organization.look;
    if let Some(colour) = choices.colour {
        look.set_colour(colour);
    }
    look.ground = choices.ground.unwrap_or(look.ground);
    sender.name = choices.sender_name.unwrap_or(sender.name);
    sender.reply_to = choices.reply_to.unwrap_or(sender.reply_to);
    if let Some(logo) = new_logo {
        look.logo = logo;
    }
    let mut changes = Map::new();
    let mut changed = |name: &str, from: Value, to: Value| {
        if from != to {
            changes.insert(name.to_owned(), json!({"from": from, "to": to}));
        }
    };
    let text = |colour: Option<Colour>| json!(colour.map(|colour| colour.to_string()));
    changed("colour", text(before.colour()), text(look.colour()));
    changed("logo_ground", json!(ground_word(before.ground)), json!(ground_word(look.ground)));
    changed("sender_name", json!(sent_by.name), json!(sender.name));
    if sent_by.reply_to != sender.reply_to {
        // It may be somebody's own address, and the log keeps none.
        changes
            .insert("reply_to".to_owned(), json!(if sender.reply_to.is_some() { "set" } else { "removed" }));
    }
    let logo_changed = before.logo != look.logo;
    if changes.is_empty() && !logo_changed {
        return Ok((organization, sender));
    }
    organizations::service::set_look(&mut tx, id, &organization.look).await?;
    organizations::service::set_sender(&mut tx, id, &sender, app.clock.now()).await?;
    if !changes.is_empty() {
        let entry = app.entry(id, EntryKind::BrandingChanged, who.actor());
        audit::store::insert(&mut tx, &entry.details(Value::Object(changes))).await?;
    }
    if logo_changed {
        let details = match &organization.look.logo {
            Some(LogoFile { kind, width, height, bytes, .. }) => {
                json!({"kind": kind, "width": width, "height": height, "bytes": bytes})
            }
            None => json!({"removed": true}),
        };
        let entry = app.entry(id, EntryKind::LogoChanged, who.actor());
        audit::store::insert(&mut tx, &entry.details(details)).await?;
        if let Some(old) = before.logo {
            look_again(app, &mut tx, id, old.id, Duration::zero()).await?;
        }
    }
    tx.commit().await?;
    app.wake.jobs.notify_one();
    Ok((organization, sender))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_colour_is_read_as_people_write_it() {
        for text in ["#FFE600", "ffe600", " #ffe600 ", "#fe6"] {
            let colour = parse_colour(text).map(|colour| colour.to_string());
            assert_eq!(colour.as_deref(), Ok(if text == "#fe6" { "#ffee66" } else { "#ffe600" }), "{text}");
        }
        for text in ["", "yellow", "#ffe60", "#ffe60g", "#éé"] {
            assert!(parse_colour(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_sender_is_a_name_and_nothing_else() {
        assert_eq!(sender_name(" ওকউড School, Dhaka ").as_deref(), Ok("ওকউড School, Dhaka"));
        for text in
            ["Oakwood\r\nBcc: all@oakwood.example", "bank@bank.example", "Oakwood <x", "\"Oakwood\"", "O\\"]
        {
            assert!(sender_name(text).is_err(), "{text:?}");
        }
        assert!(sender_name(&"o".repeat(81)).is_err());
    }
}
