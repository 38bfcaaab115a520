//! What everybody may see: the style sheet with the colour, and the logo.
//!
//! Both lie under an address with a version, which is a hash of what is shown. Any other version is not there, so nobody can fill a
//! cache with what is to come.

use axum::{
    extract::State,
    http::{HeaderName, header},
    response::{IntoResponse, Response},
};
use lectern_core::{
    colour::{Accent, Colour, Scheme},
    ids::OrganizationId,
    picture::PictureKind,
};
use lectern_web::{Brand, House, Logo};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    app::App,
    error::ApiError,
    extract::Path,
    organizations::{self, LogoFile, Look, Organization},
    pages::vocabulary,
    storage::{Key, Shelf},
};

/// Kept for ever, because the address changes with the content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Where a logo lies among the files.
pub(super) const fn key(organization: OrganizationId, logo: Uuid) -> Key {
    Key { organization, shelf: Shelf::Logos, id: logo }
}

fn rules(colour: Colour) -> String {
    lectern_web::theme::sheet(None, Some(colour))
}

fn version(look: &Look) -> String {
    let hash = Sha256::new()
        .chain_update(look.colour().map(rules).unwrap_or_default())
        .chain_update([0])
        .chain_update(look.logo.as_ref().map_or(Uuid::nil(), |logo| logo.id))
        .finalize();
    hex::encode(&hash[..8])
}

/// The logo as pages show it.
pub(super) fn logo(organization: &Organization) -> Option<Logo> {
    let LogoFile { width, height, .. } = organization.look.logo.as_ref()?;
    let url = format!("/branding/{}/{}/logo", organization.id, version(&organization.look));
    Some(Logo { url, width: *width, height: *height, ground: organization.look.ground })
}

/// What an organization's pages and mails share.
#[must_use]
pub fn house(organization: &Organization) -> House {
    let look = &organization.look;
    let colour = look.colour();
    let brand = (colour.is_some() || look.logo.is_some()).then(|| Brand {
        sheet: colour.map(|_| format!("/branding/{}/{}/accent.css", organization.id, version(look))),
        logo: logo(organization),
        button: colour.map(|colour| {
            let light = Accent::of(colour, Scheme::Light);
            (light.accent.to_string(), light.on_accent.to_string())
        }),
    });
    House { vocabulary: vocabulary(organization.vocabulary), languages: organization.languages, brand }
}

/// Which organization's, and which version of it.
#[derive(Debug, Deserialize)]
pub struct Shown {
    organization: Uuid,
    version: String,
}

/// The organization that looks like this now.
async fn shown(app: &App, shown: Shown) -> Result<Organization, ApiError> {
    let found = organizations::service::find_active(app, shown.organization.into()).await?;
    found.filter(|organization| version(&organization.look) == shown.version).ok_or(ApiError::NotFound)
}

/// `GET /branding/{organization}/{version}/accent.css`
pub async fn sheet(State(app): State<App>, Path(path): Path<Shown>) -> Result<Response, ApiError> {
    let organization = shown(&app, path).await?;
    let sheet = organization.look.colour().map(rules).ok_or(ApiError::NotFound)?;
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, FOR_EVER)];
    Ok((headers, sheet).into_response())
}

/// `GET /branding/{organization}/{version}/logo`
pub async fn picture(State(app): State<App>, Path(path): Path<Shown>) -> Result<Response, ApiError> {
    let organization = shown(&app, path).await?;
    let logo = organization.look.logo.as_ref().ok_or(ApiError::NotFound)?;
    let kind = PictureKind::parse(&logo.kind).ok_or(ApiError::NotFound)?;
    let bytes = app.storage.get(&key(organization.id, logo.id)).await?;
    let Some(bytes) = bytes else {
        tracing::warn!(
            organization = %organization.id, logo = %logo.id,
            "the logo {} of {} is not among the files", logo.id, organization.slug
        );
        return Err(ApiError::NotFound);
    };
    let headers = [
        (header::CONTENT_TYPE, kind.media_type().to_owned()),
        (header::CACHE_CONTROL, FOR_EVER.to_owned()),
        // Opened by itself it is a picture, whatever a browser might find in it.
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"logo.{}\"", kind.as_str())),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use lectern_core::colour::TEXT_CONTRAST;

    use super::*;

    #[test]
    fn the_sheet_has_a_value_for_each_token_of_both_schemes() {
        let sheet = rules("#ffe600".parse().unwrap());
        for token in ["--accent:#", "--accent-hover:#", "--on-accent:#", "--accent-soft:#"] {
            assert_eq!(sheet.matches(token).count(), 2, "{token}: {sheet}");
        }
        let accent: Colour = sheet.split("--accent:").nth(1).unwrap()[..7].parse().unwrap();
        assert!(accent.contrast("#ffffff".parse().unwrap()) >= TEXT_CONTRAST, "{sheet}");
    }

    #[test]
    fn the_address_changes_with_what_is_shown() {
        let logo = |id| LogoFile { id, kind: "png".to_owned(), width: 64, height: 32, bytes: 100 };
        let mut looks = vec![Look::default()];
        for (colour, id) in [("#ffe600", None), ("#ffe601", None), ("#ffe600", Some(1)), ("#ffe600", Some(2))]
        {
            let mut look = Look::default();
            look.logo = id.map(Uuid::from_u128).map(logo);
            look.set_colour(colour.parse().ok());
            looks.push(look);
        }
        let versions: std::collections::BTreeSet<_> = looks.iter().map(version).collect();
        assert_eq!(versions.len(), looks.len());
    }
}
