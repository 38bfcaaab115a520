//! The organizations of this server, for whoever runs it.

use axum::{extract::State, response::Response};
use lectern_web::{
    FieldError as PageFieldError, NoticeKind, Section, Vocabulary,
    pages::organizations::{OrganizationForm, OrganizationRow, Organizations},
};
use serde::Deserialize;

use super::service::{self, CreateOrganization};
use crate::{
    app::App,
    classes,
    error::ApiError,
    extract::{Form, Query, SuperAdmin},
    live::feed::instant,
    pages::{Pages, Reader, see_other, vocabulary},
    people::{self, pages::field_errors},
};

/// Query of the list.
#[derive(Debug, Default, Deserialize)]
pub struct OrganizationsQuery {
    notice: Option<NoticeKind>,
}

async fn page(app: &App, form: OrganizationForm) -> Result<Organizations, ApiError> {
    let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    let mut items = Vec::new();
    for organization in service::all(&app.db).await? {
        // Each is behind its own wall: one look inside for each.
        let mut tx = app.db.read(organization.id).await?;
        items.push(OrganizationRow {
            id: organization.id.to_string(),
            people: count(people::service::count(&mut tx, organization.id).await?),
            classes: count(classes::service::count(&mut tx, organization.id).await?),
            vocabulary: vocabulary(organization.vocabulary),
            created_at: instant(organization.created_at),
            name: organization.name,
            slug: organization.slug,
        });
    }
    Ok(Organizations { items, form })
}

/// `GET /organizations`
pub async fn list(
    State(app): State<App>,
    who: SuperAdmin,
    reader: Reader,
    Query(query): Query<OrganizationsQuery>,
) -> Result<Response, ApiError> {
    let page = page(&app, OrganizationForm::default()).await?;
    Pages::new(&app, &who, reader, Section::Organizations).await?.notice(query.notice).show(&page)
}

/// A new organization as typed.
#[derive(Debug, Deserialize)]
pub struct NewForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    slug: String,
    #[serde(default)]
    vocabulary: Vocabulary,
}

/// `POST /organizations`
pub async fn create(
    State(app): State<App>,
    who: SuperAdmin,
    reader: Reader,
    Form(form): Form<NewForm>,
) -> Result<Response, ApiError> {
    let word = match form.vocabulary {
        Vocabulary::School => "school",
        Vocabulary::Marketplace => "marketplace",
    };
    let new = CreateOrganization {
        slug: form.slug.clone(),
        name: form.name.clone(),
        vocabulary: Some(word.to_owned()),
        time_zone: None,
    };
    let actor = crate::audit::Actor::Operator(who.person);
    let errors: Vec<PageFieldError> = match service::create(&app, actor, new).await {
        Ok(_) => return Ok(see_other("/organizations?notice=organization_added")),
        Err(ApiError::Invalid(errors)) => field_errors(&errors),
        Err(other) => return Err(other),
    };
    let form = OrganizationForm { name: form.name, slug: form.slug, vocabulary: form.vocabulary, errors };
    let page = page(&app, form).await?;
    Pages::new(&app, &who, reader, Section::Organizations).await?.refuse(&page)
}
