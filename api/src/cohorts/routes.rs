//! Cohorts, as JSON.

use axum::{extract::State, http::StatusCode};
use lectern_core::ids::{ClassId, CohortId, PersonId};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    import::{self, Report},
    service::{self, ClassCohortView, CohortBody, CohortMemberView, CohortView},
    store,
};
use crate::{
    app::App,
    error::{ApiError, Problem},
    extract::{Admin, CsvBody, Instructor, Json, Path, Query},
    list::{List, Paging},
    people::{email_key, service::Whom},
};

/// Filters of the list of cohorts.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct CohortQuery {
    /// At most 200; 50 when left out.
    pub limit: Option<i64>,
    /// From the previous answer.
    pub cursor: Option<String>,
    /// Only the cohort with the host application's id.
    pub external_id: Option<String>,
}

/// The organization's cohorts, newest first.
#[utoipa::path(get, path = "/api/v1/cohorts", tag = "cohorts", params(CohortQuery), responses((status = 200, body = List<CohortView>)))]
pub async fn list(
    State(app): State<App>,
    who: Instructor,
    Query(query): Query<CohortQuery>,
) -> Result<axum::Json<List<CohortView>>, ApiError> {
    let paging = Paging::new(query.limit, query.cursor.as_deref())?;
    let mut tx = app.db.read(who.organization).await?;
    if let Some(external) = &query.external_id {
        let found = store::find_by_external(&mut tx, who.organization, external).await?;
        return Ok(axum::Json(List::whole(found.into_iter().map(CohortView::from).collect())));
    }
    let rows = store::list(&mut tx, who.organization, paging.id_or_last()?, paging.fetch()).await?;
    Ok(axum::Json(paging.list(rows, |cohort| cohort.id.to_string(), CohortView::from)))
}

/// Makes a cohort.
#[utoipa::path(post, path = "/api/v1/cohorts", tag = "cohorts", request_body = CohortBody, responses((status = 201, body = CohortView), (status = 409, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(app): State<App>,
    who: Admin,
    Json(body): Json<CohortBody>,
) -> Result<(StatusCode, axum::Json<CohortView>), ApiError> {
    let cohort = service::create(&app, &who, &body).await?;
    Ok((StatusCode::CREATED, axum::Json(cohort.into())))
}

/// A cohort.
#[utoipa::path(get, path = "/api/v1/cohorts/{id}", tag = "cohorts", params(("id" = Uuid, Path)), responses((status = 200, body = CohortView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn show(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<CohortView>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    Ok(axum::Json(service::find(&mut tx, &who, CohortId(id)).await?.into()))
}

/// Changes a cohort.
#[utoipa::path(patch, path = "/api/v1/cohorts/{id}", tag = "cohorts", params(("id" = Uuid, Path)), request_body = CohortBody, responses((status = 200, body = CohortView), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn change(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
    Json(body): Json<CohortBody>,
) -> Result<axum::Json<CohortView>, ApiError> {
    Ok(axum::Json(service::change(&app, &who, CohortId(id), &body).await?.into()))
}

/// Removes a cohort: it leaves its classes, and so does everybody whom it alone brought. The people stay.
#[utoipa::path(delete, path = "/api/v1/cohorts/{id}", tag = "cohorts", params(("id" = Uuid, Path)), responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn remove(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, ApiError> {
    service::remove(&app, &who, CohortId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A page of a list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct MemberQuery {
    /// At most 200; 50 when left out.
    pub limit: Option<i64>,
    /// From the previous answer.
    pub cursor: Option<String>,
}

/// Who is in a cohort, in the order of their addresses.
#[utoipa::path(get, path = "/api/v1/cohorts/{id}/members", tag = "cohorts", params(("id" = Uuid, Path), MemberQuery), responses((status = 200, body = List<CohortMemberView>), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn members(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
    Query(query): Query<MemberQuery>,
) -> Result<axum::Json<List<CohortMemberView>>, ApiError> {
    let paging = Paging::new(query.limit, query.cursor.as_deref())?;
    let mut tx = app.db.read(who.organization).await?;
    let cohort = service::find(&mut tx, &who, CohortId(id)).await?;
    let after = paging.text()?;
    let rows = store::members(
        &mut tx,
        who.organization,
        cohort.id,
        after.as_deref().unwrap_or_default(),
        paging.fetch(),
    )
    .await?;
    Ok(axum::Json(paging.list(rows, |row| email_key(&row.email), CohortMemberView::from)))
}

/// Puts a person into a cohort, and onto the rosters of its classes; whoever is in it stays.
#[utoipa::path(post, path = "/api/v1/cohorts/{id}/members", tag = "cohorts", params(("id" = Uuid, Path)), request_body = Whom, responses((status = 201, body = CohortMemberView), (status = 200, description = "in it already", body = CohortMemberView), (status = 409, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn add_member(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
    Json(body): Json<Whom>,
) -> Result<(StatusCode, axum::Json<CohortMemberView>), ApiError> {
    let (view, new) = service::add_member(&app, &who, CohortId(id), body).await?;
    Ok((if new { StatusCode::CREATED } else { StatusCode::OK }, axum::Json(view)))
}

/// Takes a person out of a cohort, and off the rosters to which it alone brought them.
#[utoipa::path(delete, path = "/api/v1/cohorts/{id}/members/{person}", tag = "cohorts", params(("id" = Uuid, Path), ("person" = Uuid, Path)), responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn remove_member(
    State(app): State<App>,
    who: Admin,
    Path((id, person)): Path<(Uuid, Uuid)>,
) -> Result<StatusCode, ApiError> {
    service::remove_member(&app, &who, CohortId(id), PersonId(person)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether a file is only looked at.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ImportQuery {
    /// `true` changes nothing and says exactly what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// Reads a table of people into a cohort. The first line names the columns: `email`, and any of `name` or `first_name` and
/// `last_name`, `external_id`, `language`, `time_zone`; others are left alone. UTF-8; commas, semicolons or tabs; at most 5000
/// lines and 2 MB. An empty field leaves what is there. Each good line is taken whole, each bad one reported. Students who are
/// not known yet are made; of admins and instructors nothing but the membership changes, and nobody's role does.
#[utoipa::path(post, path = "/api/v1/cohorts/{id}/import", tag = "cohorts", params(("id" = Uuid, Path), ImportQuery), request_body(content = String, content_type = "text/csv", example = "email,name,external_id\nayesha@oakwood.example,Ayesha Noor,8-A-17\n"), responses((status = 200, body = Report), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 413, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn import(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
    Query(query): Query<ImportQuery>,
    CsvBody(file): CsvBody,
) -> Result<axum::Json<Report>, ApiError> {
    Ok(axum::Json(import::run(&app, &who, CohortId(id), &file, query.dry_run).await?))
}

/// The cohorts that are enrolled in a class.
#[utoipa::path(get, path = "/api/v1/classes/{id}/cohorts", tag = "cohorts", params(("id" = Uuid, Path)), responses((status = 200, body = List<ClassCohortView>), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn of_class(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<List<ClassCohortView>>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    Ok(axum::Json(List::whole(service::of_class(&mut tx, &who, ClassId(id)).await?)))
}

/// Enrolls a cohort in a class: everybody in it comes onto the roster, now and later. Fine when it is enrolled.
#[utoipa::path(put, path = "/api/v1/classes/{id}/cohorts/{cohort}", tag = "cohorts", params(("id" = Uuid, Path), ("cohort" = Uuid, Path)), responses((status = 200, body = ClassCohortView), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn enroll(
    State(app): State<App>,
    who: Instructor,
    Path((id, cohort)): Path<(Uuid, Uuid)>,
) -> Result<axum::Json<ClassCohortView>, ApiError> {
    Ok(axum::Json(service::enroll(&app, &who, ClassId(id), CohortId(cohort)).await?.0))
}

/// Takes a cohort off a class; whoever is there by hand or by another cohort stays.
#[utoipa::path(delete, path = "/api/v1/classes/{id}/cohorts/{cohort}", tag = "cohorts", params(("id" = Uuid, Path), ("cohort" = Uuid, Path)), responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn unenroll(
    State(app): State<App>,
    who: Instructor,
    Path((id, cohort)): Path<(Uuid, Uuid)>,
) -> Result<StatusCode, ApiError> {
    service::unenroll(&app, &who, ClassId(id), CohortId(cohort)).await?;
    Ok(StatusCode::NO_CONTENT)
}
