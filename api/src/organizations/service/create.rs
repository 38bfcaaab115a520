use lectern_core::organization::{Policies, Vocabulary};
use lectern_web::Languages;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fields::{gather, named, vocabulary, zone_of};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    error::{ApiError, FieldError},
    organizations::{
        Look,
        store::{self, Organization},
    },
};

/// A new organization.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateOrganization {
    /// In addresses and at sign-in: 2 to 40 of `a-z 0-9 -`.
    #[schema(example = "oakwood")]
    pub slug: String,
    /// What people call it.
    #[schema(example = "Oakwood School")]
    pub name: String,
    /// `school` (default) or `marketplace`.
    #[serde(default)]
    pub vocabulary: Option<String>,
    /// IANA zone of new classes; `UTC` when left out.
    #[serde(default)]
    pub time_zone: Option<String>,
}

/// An organization, as shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrganizationView {
    /// Its id.
    pub id: uuid::Uuid,
    /// Its short name.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// `school` or `marketplace`.
    pub vocabulary: &'static str,
    /// Whether its people may sign in.
    pub active: bool,
    /// Since when.
    pub created_at: chrono::DateTime<chrono::Utc>,
}

impl From<Organization> for OrganizationView {
    fn from(organization: Organization) -> Self {
        Self {
            id: organization.id.uuid(),
            slug: organization.slug,
            name: organization.name,
            vocabulary: organization.vocabulary.as_str(),
            active: organization.active,
            created_at: organization.created_at,
        }
    }
}

/// Makes an organization with its key and settings, whole or not at all.
///
/// # Errors
/// [`ApiError::Invalid`] for a wrong or taken slug or zone.
pub async fn create(app: &App, by: Actor, new: CreateOrganization) -> Result<Organization, ApiError> {
    let mut errors = Vec::new();
    let slug = new.slug.trim().to_ascii_lowercase();
    let good = (2..=40).contains(&slug.len())
        && slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !good || slug.starts_with('-') {
        errors.push(FieldError::new("slug", "Use 2 to 40 of a-z, 0-9 and -."));
    }
    let name = gather(&mut errors, named(&new.name))?.unwrap_or_default();
    let time_zone = new.time_zone.as_deref().unwrap_or("UTC");
    gather(&mut errors, zone_of(time_zone))?;
    let vocabulary = gather(&mut errors, vocabulary(new.vocabulary.as_deref().unwrap_or("school")))?;
    let Some(vocabulary) = vocabulary.filter(|_| errors.is_empty()) else {
        return Err(ApiError::Invalid(errors));
    };
    let organization = Organization {
        id: app.new_id(),
        slug,
        name,
        vocabulary,
        active: true,
        created_at: app.clock.now(),
        languages: Languages::default(),
        look: Look::default(),
    };
    let policies = match vocabulary {
        Vocabulary::School => Policies::default(),
        // A marketplace makes a meeting when somebody buys, and only its owners touch credentials (design, section 4).
        Vocabulary::Marketplace => Policies {
            meeting_created: lectern_core::organization::MeetingCreated::Booked,
            credentials_by: lectern_core::organization::CredentialsBy::Owners,
            ..Policies::default()
        },
    };
    add(app, &organization, time_zone, &policies, by).await?;
    Ok(organization)
}

pub(crate) async fn add(
    app: &App,
    organization: &Organization,
    time_zone: &str,
    policies: &Policies,
    by: Actor,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let mut tx = app.db.begin(organization.id).await?;
    if !store::insert(&mut tx, organization).await? {
        return Err(ApiError::field("slug", "Another organization has this name. Choose another."));
    }
    app.keys.create(&mut tx, organization.id, app.clock.as_ref()).await?;
    store::insert_settings(&mut tx, organization.id, time_zone, policies, now).await?;
    let entry = app.entry(organization.id, EntryKind::OrganizationCreated, by);
    audit::store::insert(&mut tx, &entry).await?;
    tx.commit().await?;
    Ok(())
}
