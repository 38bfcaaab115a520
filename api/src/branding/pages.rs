//! How the organization shows itself, as a page.

use axum::{extract::State, response::Response};
use lectern_core::colour::{Accent, Colour, Scheme};
use lectern_web::{
    FieldError as PageFieldError, Ground, Section,
    pages::branding::{BrandingFields, BrandingPage, Preview},
};
use serde::Deserialize;

use super::{
    looks,
    service::{self, ChangeBranding, LOGO_BYTES, LOGO_SIDE, parse_colour},
};
use crate::{
    app::App,
    error::{ApiError, FieldError},
    extract::{Admin, Form, Query, SignedIn, Upload},
    pages::{NoticeQuery, Pages, Reader, before, see_other},
};

/// What the form sent, if it was sent.
fn typed(form: &Upload) -> BrandingFields {
    // Without scripts the colour field stands beside the text: whichever of the two was changed counts.
    let (text, picked, was) = (form.field("colour"), form.field("picked"), form.field("was"));
    let by_eye = text.trim() == was && !picked.is_empty() && picked != form.field("shown");
    BrandingFields {
        colour: (if by_eye { picked } else { text }).trim().to_owned(),
        ground: form.field("logo_ground").to_owned(),
        sender_name: form.field("sender_name").to_owned(),
        reply_to: form.field("reply_to").to_owned(),
    }
}

/// What stands as it was shown is no change: somebody else may have changed it meanwhile.
fn asked(fields: &BrandingFields, before: &str) -> ChangeBranding {
    let shown: Option<BrandingFields> = serde_json::from_str(before).ok();
    let changed = |of: fn(&BrandingFields) -> &String| {
        let typed = of(fields);
        (shown.as_ref().map(of) != Some(typed)).then(|| typed.clone())
    };
    ChangeBranding {
        colour: changed(|fields| &fields.colour),
        logo_ground: changed(|fields| &fields.ground).filter(|ground| !ground.is_empty()),
        sender_name: changed(|fields| &fields.sender_name),
        reply_to: changed(|fields| &fields.reply_to),
    }
}

/// A colour in both schemes, as the preview draws it.
fn previews(colour: Colour) -> Vec<Preview> {
    let one = |dark, scheme: Scheme| {
        let derived = Accent::of(colour, scheme);
        Preview {
            dark,
            surface: scheme.surface().to_string(),
            accent: derived.accent.to_string(),
            soft: derived.soft.to_string(),
            on_accent: derived.on_accent.to_string(),
            // To one place, cut: nothing is promised that is not there.
            contrast: format!("{:.1}", (derived.accent.contrast(scheme.surface()) * 10.0).floor() / 10.0),
            changed: derived.accent != colour,
        }
    };
    vec![one(false, Scheme::Light), one(true, Scheme::Dark)]
}

/// What is wrong with a field when it is wrong, in words every language has.
fn words(error: &FieldError) -> PageFieldError {
    let key = match (error.field.as_str(), error.message.as_str()) {
        ("colour", _) => "colour",
        ("logo_ground", _) => "choose",
        ("reply_to", _) => "email",
        ("sender_name", message) if message.starts_with("At most") => "sender_long",
        ("sender_name", _) => "sender",
        ("logo", message) if message.starts_with("At most") => "logo_bytes",
        ("logo", message) if message.starts_with("Each side") => "logo_side",
        ("logo", message) if message.starts_with("The file is empty") => "logo_empty",
        ("logo", message) if message.starts_with("A moving") => "logo_moves",
        ("logo", message) if message.starts_with("The file is damaged") => "logo_broken",
        ("logo", _) => "logo_kind",
        (_, message) => message,
    };
    PageFieldError::new(&error.field, key)
}

async fn page(
    app: &App,
    who: &SignedIn,
    sent: Option<(BrandingFields, &str)>,
    errors: Vec<PageFieldError>,
) -> Result<BrandingPage, ApiError> {
    let (organization, sender) = service::show(app, who.organization).await?;
    let standing = organization.look.colour().map(|colour| colour.to_string()).unwrap_or_default();
    let ground = match organization.look.ground {
        Ground::Board => "board",
        Ground::Paper => "paper",
    };
    let logo = looks::logo(&organization);
    let standing = BrandingFields {
        colour: standing,
        ground: ground.to_owned(),
        sender_name: sender.name.unwrap_or_default(),
        reply_to: sender.reply_to.unwrap_or_default(),
    };
    let shown = before(&standing)?;
    let (form, before) = sent.map_or((standing, shown), |(typed, before)| (typed, before.to_owned()));
    let colour = parse_colour(&form.colour).ok();
    Ok(BrandingPage {
        organization: organization.name,
        logo,
        most_kb: u32::try_from(LOGO_BYTES >> 10).unwrap_or(u32::MAX),
        sides: (*LOGO_SIDE.start(), *LOGO_SIDE.end()),
        picked: colour.map_or_else(|| "#0e5e49".to_owned(), |colour| colour.to_string()),
        previews: colour.map(previews).unwrap_or_default(),
        sends_mail: app.mailer.is_configured(),
        form,
        before,
        errors,
    })
}

/// `GET /branding`
pub async fn show(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Query(query): Query<NoticeQuery>,
) -> Result<Response, ApiError> {
    let page = page(&app, &who, None, Vec::new()).await?;
    Pages::new(&app, &who, reader, Section::Organization).await?.notice(query.notice).show(&page)
}

/// `POST /branding`: everything or nothing; with `preview` the colour is only shown.
pub async fn save(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    form: Result<Upload, ApiError>,
) -> Result<Response, ApiError> {
    let form = match form {
        Ok(form) => form,
        Err(ApiError::TooLarge) => {
            let errors = vec![PageFieldError::new("logo", "logo_bytes")];
            let page = page(&app, &who, None, errors).await?;
            return Pages::new(&app, &who, reader, Section::Organization).await?.refuse(&page);
        }
        Err(other) => return Err(other),
    };
    let (fields, before) = (typed(&form), form.field("before"));
    if !form.field("preview").is_empty() {
        let errors = match parse_colour(&fields.colour) {
            Err(_) if !fields.colour.is_empty() => vec![PageFieldError::new("colour", "colour")],
            _ => Vec::new(),
        };
        let page = page(&app, &who, Some((fields, before)), errors).await?;
        return Pages::new(&app, &who, reader, Section::Organization).await?.show(&page);
    }
    let logo = (form.is_chosen || !form.file.is_empty()).then_some(&form.file[..]);
    let errors = match service::change(&app, &who, &asked(&fields, before), logo).await {
        Ok(_) => return Ok(see_other("/branding?notice=saved")),
        Err(ApiError::Invalid(errors)) => errors.iter().map(words).collect(),
        Err(other) => return Err(other),
    };
    let page = page(&app, &who, Some((fields, before)), errors).await?;
    Pages::new(&app, &who, reader, Section::Organization).await?.refuse(&page)
}

/// Nothing but the form's token.
#[derive(Debug, Default, Deserialize)]
pub struct NoFields {}

/// `POST /branding/logo/remove`
pub async fn remove_logo(
    State(app): State<App>,
    who: Admin,
    Form(_): Form<NoFields>,
) -> Result<Response, ApiError> {
    service::remove_logo(&app, &who).await?;
    Ok(see_other("/branding?notice=saved"))
}
