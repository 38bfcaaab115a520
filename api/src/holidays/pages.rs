//! Days off, as a page.

use axum::{
    extract::{Path, State},
    response::Response,
};
use chrono::NaiveDate;
use lectern_core::role::Role;
use lectern_web::{
    FieldError as PageFieldError, Section,
    pages::{HolidayRow, HolidaysPage},
};
use serde::Deserialize;

use super::service;
use crate::{
    app::App,
    error::ApiError,
    extract::{Admin, Form, Instructor, Query, SignedIn},
    pages::{NoticeQuery, Pages, Reader, field_errors, see_other},
};

/// The form for a new day off.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct HolidayForm {
    day: String,
    name: String,
    /// How many sessions the day would call off, as the form said.
    seen: String,
}

async fn page(
    app: &App,
    who: &SignedIn,
    form: HolidayForm,
    cancels: u32,
    errors: Vec<PageFieldError>,
) -> Result<HolidaysPage, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let days = service::of(&mut tx, who.organization).await?;
    let row = |(day, name): (NaiveDate, String)| HolidayRow {
        day: day.to_string(),
        noon: format!("{day}T12:00:00Z"),
        name,
    };
    Ok(HolidaysPage {
        items: days.into_iter().map(row).collect(),
        can_change: who.role == Role::Admin,
        cancels,
        day: form.day,
        name: form.name,
        errors,
    })
}

/// `GET /holidays`
pub async fn list(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Query(query): Query<NoticeQuery>,
) -> Result<Response, ApiError> {
    let page = page(&app, &who, HolidayForm::default(), 0, Vec::new()).await?;
    Pages::new(&app, &who, reader, Section::Classes).await?.notice(query.notice).show(&page)
}

/// `POST /holidays`: asks first where sessions are called off.
pub async fn save(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Form(form): Form<HolidayForm>,
) -> Result<Response, ApiError> {
    let mut cancels = 0;
    let day = form.day.trim().parse::<NaiveDate>().ok();
    if let Some(day) = day {
        cancels = service::would_cancel(&app, who.organization, day).await?;
    }
    let errors = match day {
        Some(_) if cancels > 0 && form.seen.parse() != Ok(cancels) => Vec::new(),
        Some(day) => match service::save(&app, &who, day, &form.name).await {
            Ok(_) => return Ok(see_other("/holidays?notice=saved")),
            Err(ApiError::Invalid(errors)) => field_errors(&errors),
            Err(other) => return Err(other),
        },
        None => vec![PageFieldError::new("day", "date")],
    };
    let page = page(&app, &who, form, cancels, errors).await?;
    Pages::new(&app, &who, reader, Section::Classes).await?.refuse(&page)
}

/// `POST /holidays/{day}/remove`
pub async fn remove(
    State(app): State<App>,
    who: Admin,
    Path(day): Path<String>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    let day = day.parse::<NaiveDate>().map_err(|_| ApiError::NotFound)?;
    service::remove(&app, &who, day).await?;
    Ok(see_other("/holidays?notice=removed"))
}
