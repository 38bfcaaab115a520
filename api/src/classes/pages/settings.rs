use axum::{extract::State, response::Response};
use lectern_core::{ids::ClassId, settings::ClassSettings};
use lectern_web::{FieldError as PageFieldError, Section, pages::class::ClassSettings as SettingsPage};
use uuid::Uuid;

use super::{
    class::{ClassQuery, head},
    options::{OptionsForm, missed, shown},
};
use crate::{
    app::App,
    classes::settings as options,
    error::ApiError,
    extract::{Form, Instructor, Path, Query, SignedIn},
    pages::{Pages, Reader, field_errors, see_other},
};

async fn page(
    app: &App,
    who: &SignedIn,
    id: Uuid,
    asked: Option<ClassSettings>,
    errors: Vec<PageFieldError>,
) -> Result<SettingsPage, ApiError> {
    let (class, view) = options::settings(app, who, ClassId(id)).await?;
    // What was asked stands in the form again; what is locked stands as it is locked.
    let asked = asked.map(|asked| class.locks.over(&asked));
    let settings = asked.unwrap_or(view.settings);
    let mut tx = app.db.read(who.organization).await?;
    Ok(SettingsPage {
        class: head(&mut tx, who, &class).await?,
        options: shown(&settings, &view.capabilities, &class.locks, view.set_by.as_deref()),
        missed: missed(view.set_by.as_deref(), &view.out_of_reach),
        errors,
    })
}

/// `GET /classes/{id}/settings`
pub async fn settings(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Query(query): Query<ClassQuery>,
) -> Result<Response, ApiError> {
    let page = page(&app, &who, id, None, Vec::new()).await?;
    Pages::new(&app, &who, reader, Section::Classes).await?.notice(query.notice).show(&page)
}

/// `POST /classes/{id}/settings`
pub async fn set_settings(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Form(form): Form<OptionsForm>,
) -> Result<Response, ApiError> {
    let (class, view) = options::settings(&app, &who, ClassId(id)).await?;
    let asked = form.read(&view.settings, &view.capabilities);
    if !class.locks.forbidden(&view.settings, &asked).is_empty() {
        let page = page(&app, &who, id, Some(asked), vec![PageFieldError::form("locked")]).await?;
        return Pages::new(&app, &who, reader, Section::Classes).await?.refuse(&page);
    }
    match options::set_settings(&app, &who, ClassId(id), asked.clone()).await {
        Ok(_) => Ok(see_other(&format!("/classes/{id}/settings?notice=saved"))),
        Err(ApiError::Invalid(errors)) => {
            // The form has no place beside its switches: each sentence stands above it.
            let errors = field_errors(&errors);
            let errors = errors.into_iter().map(|error| PageFieldError::form(error.message)).collect();
            let page = page(&app, &who, id, Some(asked), errors).await?;
            Pages::new(&app, &who, reader, Section::Classes).await?.refuse(&page)
        }
        Err(other) => Err(other),
    }
}
