//! The organizations of this server, for whoever runs it.

use axum::{extract::State, response::Response};
use lectern_core::{secret::SecretString, text::plain_digit};
use lectern_web::{
    FieldError as PageFieldError, Section, Vocabulary,
    pages::organizations::{
        LimitRow, OrganizationForm, OrganizationPage, OrganizationRow, Organizations, OwnerForm,
    },
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    first_owner::{self, FirstOwner},
    limits::{self, Limits, LimitsView},
    service::{self, CreateOrganization},
    store::Organization,
};
use crate::{
    app::App,
    classes,
    error::{ApiError, FieldError},
    extract::{Form, Path, Query, SuperAdmin},
    live::feed::instant,
    pages::{NoticeQuery, Pages, Reader, beside_form, field_errors, see_other, vocabulary},
    people,
    sessions::pages::zones,
};

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
            has_owner: people::service::has_owner(&mut tx, organization.id).await?,
            vocabulary: vocabulary(organization.vocabulary),
            created_at: instant(organization.created_at),
            active: organization.active,
            name: organization.name,
            slug: organization.slug,
        });
    }
    Ok(Organizations { items, form, zones: zones() })
}

/// `GET /organizations`
pub async fn list(
    State(app): State<App>,
    who: SuperAdmin,
    reader: Reader,
    Query(query): Query<NoticeQuery>,
) -> Result<Response, ApiError> {
    let form = OrganizationForm { time_zone: "UTC".to_owned(), ..OrganizationForm::default() };
    let page = page(&app, form).await?;
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
    #[serde(default)]
    time_zone: Option<String>,
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
        time_zone: form.time_zone.clone().filter(|zone| !zone.is_empty()),
    };
    let actor = crate::audit::Actor::Operator(who.person);
    let errors: Vec<PageFieldError> = match service::create(&app, actor, new).await {
        // Its page says what is next: an owner.
        Ok(made) => {
            return Ok(see_other(&format!("/organizations/{}?notice=organization_added", made.id)));
        }
        Err(ApiError::Invalid(errors)) => field_errors(&errors),
        Err(other) => return Err(other),
    };
    let form = OrganizationForm {
        name: form.name,
        slug: form.slug,
        vocabulary: form.vocabulary,
        time_zone: form.time_zone.unwrap_or_else(|| "UTC".to_owned()),
        errors,
    };
    let page = page(&app, form).await?;
    Pages::new(&app, &who, reader, Section::Organizations).await?.refuse(&page)
}

/// Limits as typed: nothing typed is no limit.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LimitsForm {
    people: String,
    classes: String,
    live_sessions: String,
}

fn typed(view: &Limits) -> LimitsForm {
    let text = |limit: Option<i64>| limit.map(|limit| limit.to_string()).unwrap_or_default();
    LimitsForm {
        people: text(view.people),
        classes: text(view.classes),
        live_sessions: text(view.live_sessions),
    }
}

fn shown(
    organization: Organization,
    view: &LimitsView,
    form: LimitsForm,
    errors: Vec<PageFieldError>,
    first_owner: Option<OwnerForm>,
) -> OrganizationPage {
    let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    let row = |name: &str, limit: Option<i64>, used: i64, typed: String| LimitRow {
        name: name.to_owned(),
        typed,
        used: count(used),
        full: limit.is_some_and(|limit| used >= limit),
    };
    let (limits, used) = (&view.limits, &view.used);
    OrganizationPage {
        id: organization.id.to_string(),
        limits: vec![
            row("people", limits.people, used.people, form.people),
            row("classes", limits.classes, used.classes, form.classes),
            row("live_sessions", limits.live_sessions, used.live_sessions, form.live_sessions),
        ],
        active: organization.active,
        created_at: instant(organization.created_at),
        vocabulary: vocabulary(organization.vocabulary),
        name: organization.name,
        slug: organization.slug,
        errors,
        first_owner,
    }
}

/// The empty form for the first owner, as long as there is none.
async fn empty_form(app: &App, id: Uuid) -> Result<Option<OwnerForm>, ApiError> {
    Ok((!first_owner::is_there(app, id.into()).await?).then(OwnerForm::default))
}

/// `GET /organizations/{id}`
pub async fn show(
    State(app): State<App>,
    who: SuperAdmin,
    reader: Reader,
    Path(id): Path<Uuid>,
    Query(query): Query<NoticeQuery>,
) -> Result<Response, ApiError> {
    let (organization, view) = limits::show(&app, id.into()).await?;
    let owner = empty_form(&app, id).await?;
    let page = shown(organization, &view, typed(&view.limits), Vec::new(), owner);
    Pages::new(&app, &who, reader, Section::Organizations).await?.notice(query.notice).show(&page)
}

/// A number as people type it, also in Bengali figures and with a comma or a blank before each three; nothing is no limit.
fn number(field: &str, text: &str, errors: &mut Vec<FieldError>) -> Option<i64> {
    let plain: String = text.trim().chars().map(plain_digit).collect();
    if plain.is_empty() {
        return None;
    }
    let mut groups = plain.split([' ', ',', '\u{a0}', '\u{202f}']);
    let first = groups.next().unwrap_or_default().to_owned();
    // "1,5" is no fifteen.
    let whole = groups.try_fold(first, |whole, group| (group.len() == 3).then(|| whole + group));
    let number = whole.and_then(|figures| figures.parse().ok());
    if number.is_none() {
        errors.push(FieldError::new(field, "limit"));
    }
    number
}

/// `POST /organizations/{id}`
pub async fn save_limits(
    State(app): State<App>,
    who: SuperAdmin,
    reader: Reader,
    Path(id): Path<Uuid>,
    Form(form): Form<LimitsForm>,
) -> Result<Response, ApiError> {
    let mut wrong = Vec::new();
    let sent = Limits {
        people: number("people", &form.people, &mut wrong),
        classes: number("classes", &form.classes, &mut wrong),
        live_sessions: number("live_sessions", &form.live_sessions, &mut wrong),
    };
    if wrong.is_empty() {
        match limits::set(&app, &who, id.into(), sent).await {
            Ok(_) => return Ok(see_other(&format!("/organizations/{id}?notice=saved"))),
            Err(ApiError::Invalid(errors)) => {
                wrong = errors.into_iter().map(|error| FieldError::new(error.field, "limit")).collect();
            }
            Err(other) => return Err(other),
        }
    }
    let (organization, view) = limits::show(&app, id.into()).await?;
    let owner = empty_form(&app, id).await?;
    let page = shown(organization, &view, form, field_errors(&wrong), owner);
    Pages::new(&app, &who, reader, Section::Organizations).await?.refuse(&page)
}

/// The first owner as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FirstOwnerForm {
    email: String,
    first_name: String,
    last_name: String,
    password: Option<SecretString>,
}

/// `POST /organizations/{id}/owner`
pub async fn make_owner(
    State(app): State<App>,
    who: SuperAdmin,
    reader: Reader,
    Path(id): Path<Uuid>,
    Form(form): Form<FirstOwnerForm>,
) -> Result<Response, ApiError> {
    let new = FirstOwner {
        email: form.email.clone(),
        first_name: form.first_name.clone(),
        last_name: form.last_name.clone(),
        password: form.password.unwrap_or_else(|| SecretString::from("")),
    };
    let errors = match first_owner::make(&app, &who, id.into(), new).await {
        Ok(_) => return Ok(see_other(&format!("/organizations/{id}?notice=owner_added"))),
        Err(ApiError::Conflict("taken", ..)) => vec![PageFieldError::new("email", "taken")],
        // There is no form any more to say it beside.
        Err(error @ ApiError::Conflict("has_owner", ..)) => return Err(error),
        Err(error) => beside_form(&app, error)?,
    };
    let form =
        OwnerForm { email: form.email, first_name: form.first_name, last_name: form.last_name, errors };
    let (organization, view) = limits::show(&app, id.into()).await?;
    let page = shown(organization, &view, typed(&view.limits), Vec::new(), Some(form));
    Pages::new(&app, &who, reader, Section::Organizations).await?.refuse(&page)
}

/// `POST /organizations/{id}/close`
pub async fn close(
    State(app): State<App>,
    who: SuperAdmin,
    Path(id): Path<Uuid>,
) -> Result<Response, ApiError> {
    limits::set_active(&app, &who, id.into(), false).await?;
    Ok(see_other(&format!("/organizations/{id}?notice=organization_closed")))
}

/// `POST /organizations/{id}/open`
pub async fn open(
    State(app): State<App>,
    who: SuperAdmin,
    Path(id): Path<Uuid>,
) -> Result<Response, ApiError> {
    limits::set_active(&app, &who, id.into(), true).await?;
    Ok(see_other(&format!("/organizations/{id}?notice=organization_opened")))
}
