//! Classes, rosters and guests, as JSON.

use axum::{extract::State, http::StatusCode};
use lectern_core::{
    ids::{ClassId, EnrollmentId},
    settings::ClassSettings,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    EnrollmentKind,
    choosing::{self, PlatformChoiceView},
    enrollments::{self, Enroll, Enrolled, EnrollmentView},
    guests::{self, GuestView, Invite},
    moving::{self, MoveClass, MoveView},
    service::{self, ChangeClass, ClassView, CreateClass},
    settings::{self, SettingsView},
    store,
};
use crate::{
    app::App,
    error::{ApiError, Problem},
    extract::{Instructor, Json, Path, Query, SignedIn},
    join::Naming,
    list::{List, Paging},
};

/// Filters of the list of classes.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ClassQuery {
    /// At most 200; 50 when left out.
    pub limit: Option<i64>,
    /// From the previous answer.
    pub cursor: Option<String>,
    /// Only the class with the host application's id.
    pub external_id: Option<String>,
    /// Only classes with words in the title that begin so: `math 8`. For an admin then in the order of those words.
    pub q: Option<String>,
}

/// The classes the caller sees, newest first.
#[utoipa::path(get, path = "/api/v1/classes", tag = "classes", params(ClassQuery), responses((status = 200, body = List<ClassView>)))]
pub async fn list(
    State(app): State<App>,
    who: SignedIn,
    Query(query): Query<ClassQuery>,
) -> Result<axum::Json<List<ClassView>>, ApiError> {
    let paging = Paging::new(query.limit, query.cursor.as_deref())?;
    let mut tx = app.db.read(who.organization).await?;
    let asked = query.q.as_deref().filter(|text| !text.trim().is_empty());
    let list = match (&query.external_id, asked) {
        (Some(external), _) => {
            let found = store::find_by_external(&mut tx, who.organization, external).await?;
            let mut seen = Vec::new();
            if let Some(class) = found
                && service::readable(&mut tx, &who, class.id).await.is_ok()
            {
                seen.push(class);
            }
            List::whole(seen)
        }
        (None, Some(text)) => service::find_titled(&mut tx, &who, text, &paging).await?,
        (None, None) => service::list(&mut tx, &who, &paging).await?,
    };
    let items = service::views(&app, &mut tx, who.organization, &list.items).await?;
    Ok(axum::Json(List { items, next_cursor: list.next_cursor }))
}

/// Makes a class.
#[utoipa::path(post, path = "/api/v1/classes", tag = "classes", request_body = CreateClass,
    responses((status = 201, body = ClassView), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(app): State<App>,
    who: Instructor,
    Json(body): Json<CreateClass>,
) -> Result<(StatusCode, axum::Json<ClassView>), ApiError> {
    let class = service::create(&app, &who, body).await?;
    let mut tx = app.db.read(who.organization).await?;
    Ok((StatusCode::CREATED, axum::Json(service::view(&app, &mut tx, who.organization, &class).await?)))
}

/// A class.
#[utoipa::path(get, path = "/api/v1/classes/{id}", tag = "classes", params(("id" = Uuid, Path)), responses((status = 200, body = ClassView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn show(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<ClassView>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let class = service::readable(&mut tx, &who, ClassId(id)).await?;
    Ok(axum::Json(service::view(&app, &mut tx, who.organization, &class).await?))
}

/// Changes a class.
#[utoipa::path(patch, path = "/api/v1/classes/{id}", tag = "classes", params(("id" = Uuid, Path)), request_body = ChangeClass, responses((status = 200, body = ClassView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn change(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
    Json(body): Json<ChangeClass>,
) -> Result<axum::Json<ClassView>, ApiError> {
    let class = service::change(&app, &who, ClassId(id), body).await?;
    let mut tx = app.db.read(who.organization).await?;
    Ok(axum::Json(service::view(&app, &mut tx, who.organization, &class).await?))
}

/// Archives a class; what is still to come of it is cancelled.
#[utoipa::path(delete, path = "/api/v1/classes/{id}", tag = "classes", params(("id" = Uuid, Path)), responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn archive(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, ApiError> {
    service::archive(&app, &who, ClassId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The options of a class, and what its platform says to each.
#[utoipa::path(get, path = "/api/v1/classes/{id}/settings", tag = "classes", params(("id" = Uuid, Path)), responses((status = 200, body = SettingsView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn settings(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<SettingsView>, ApiError> {
    Ok(axum::Json(settings::settings(&app, &who, ClassId(id)).await?.1))
}

/// Sets the options of a class; what the platform cannot do is refused with its reason.
#[utoipa::path(put, path = "/api/v1/classes/{id}/settings", tag = "classes", params(("id" = Uuid, Path)), request_body(content = Object, example = json!(ClassSettings::default())), responses((status = 200, body = SettingsView), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn set_settings(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
    Json(body): Json<ClassSettings>,
) -> Result<axum::Json<SettingsView>, ApiError> {
    Ok(axum::Json(settings::set_settings(&app, &who, ClassId(id), body).await?))
}

/// The platform a class might be held on.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PlatformQuery {
    /// `zoom`, `teams`, `meet` or `link`.
    pub provider: String,
}

/// For whom the platforms are asked.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ChoiceQuery {
    /// Who will teach; oneself when left out. Only an admin may name somebody else.
    pub instructor_id: Option<Uuid>,
}

/// The platforms a class can be held on, and what each can do for its instructor's account.
#[utoipa::path(get, path = "/api/v1/platforms", tag = "platforms", params(ChoiceQuery), responses((status = 200, body = List<PlatformChoiceView>), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn platforms(
    State(app): State<App>,
    who: Instructor,
    Query(query): Query<ChoiceQuery>,
) -> Result<axum::Json<List<PlatformChoiceView>>, ApiError> {
    Ok(axum::Json(List::whole(choosing::platforms(&app, &who, query.instructor_id).await?.1)))
}

/// What a class would lose and gain on another platform; nothing is changed.
#[utoipa::path(get, path = "/api/v1/classes/{id}/platform", tag = "classes", params(("id" = Uuid, Path), PlatformQuery), responses((status = 200, body = MoveView), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn compare(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
    Query(query): Query<PlatformQuery>,
) -> Result<axum::Json<MoveView>, ApiError> {
    Ok(axum::Json(moving::preview(&app, &who, ClassId(id), &query.provider).await?))
}

/// Holds a class on another platform; people's links stay.
#[utoipa::path(post, path = "/api/v1/classes/{id}/platform", tag = "classes", params(("id" = Uuid, Path)), request_body = MoveClass, responses((status = 200, body = MoveView), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn move_class(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
    Json(body): Json<MoveClass>,
) -> Result<axum::Json<MoveView>, ApiError> {
    Ok(axum::Json(moving::move_class(&app, &who, ClassId(id), &body).await?))
}

/// The roster.
#[utoipa::path(get, path = "/api/v1/classes/{id}/enrollments", tag = "classes", params(("id" = Uuid, Path)), responses((status = 200, body = List<EnrollmentView>), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn roster(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<List<EnrollmentView>>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let class = service::own(&mut tx, &who, ClassId(id)).await?;
    let naming = Naming::of(&app, &mut tx, who.organization, &class).await?;
    let members = enrollments::list(&mut tx, &who, class.id, EnrollmentKind::Member).await?;
    let view = |member| enrollments::view(&app, who.organization, &naming, member);
    Ok(axum::Json(List::whole(members.iter().map(view).collect())))
}

/// Enrolls a person; whoever is enrolled already stays so, and gets no second mail.
#[utoipa::path(post, path = "/api/v1/classes/{id}/enrollments", tag = "classes", params(("id" = Uuid, Path)), request_body = Enroll, responses((status = 201, body = EnrollmentView), (status = 200, description = "enrolled already", body = EnrollmentView), (status = 409, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn enroll(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
    Json(body): Json<Enroll>,
) -> Result<(StatusCode, axum::Json<EnrollmentView>), ApiError> {
    let Enrolled { view, new } = enrollments::enroll(&app, &who, ClassId(id), body).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, axum::Json(view)))
}

/// Removes a person: link, seat and registrant die at once.
#[utoipa::path(delete, path = "/api/v1/classes/{id}/enrollments/{enrollment}", tag = "classes", params(("id" = Uuid, Path), ("enrollment" = Uuid, Path)), responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn unenroll(
    State(app): State<App>,
    who: Instructor,
    Path((id, enrollment)): Path<(Uuid, Uuid)>,
) -> Result<StatusCode, ApiError> {
    enrollments::remove(&app, &who, ClassId(id), EnrollmentId(enrollment), EnrollmentKind::Member).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Renews a person's link; the old one dies.
#[utoipa::path(post, path = "/api/v1/classes/{id}/enrollments/{enrollment}/rotate", tag = "classes", params(("id" = Uuid, Path), ("enrollment" = Uuid, Path)), responses((status = 200, body = EnrollmentView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn rotate(
    State(app): State<App>,
    who: Instructor,
    Path((id, enrollment)): Path<(Uuid, Uuid)>,
) -> Result<axum::Json<EnrollmentView>, ApiError> {
    Ok(axum::Json(enrollments::rotate(&app, &who, ClassId(id), EnrollmentId(enrollment)).await?))
}

/// The guests of a class.
#[utoipa::path(get, path = "/api/v1/classes/{id}/guests", tag = "classes", params(("id" = Uuid, Path)), responses((status = 200, body = List<GuestView>), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn guests(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<List<GuestView>>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let class = service::own(&mut tx, &who, ClassId(id)).await?;
    let naming = Naming::of(&app, &mut tx, who.organization, &class).await?;
    let mut views = Vec::new();
    for guest in enrollments::list(&mut tx, &who, class.id, EnrollmentKind::Guest).await? {
        views.push(guests::guest_view(&app, &mut tx, who.organization, &naming, &guest).await?);
    }
    Ok(axum::Json(List::whole(views)))
}

/// Invites a guest.
#[utoipa::path(post, path = "/api/v1/classes/{id}/guests", tag = "classes", params(("id" = Uuid, Path)), request_body = Invite, responses((status = 201, body = GuestView), (status = 409, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn invite(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
    Json(body): Json<Invite>,
) -> Result<(StatusCode, axum::Json<GuestView>), ApiError> {
    Ok((StatusCode::CREATED, axum::Json(guests::invite(&app, &who, ClassId(id), body).await?)))
}

/// Removes a guest.
#[utoipa::path(delete, path = "/api/v1/classes/{id}/guests/{guest}", tag = "classes", params(("id" = Uuid, Path), ("guest" = Uuid, Path)), responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn uninvite(
    State(app): State<App>,
    who: Instructor,
    Path((id, guest)): Path<(Uuid, Uuid)>,
) -> Result<StatusCode, ApiError> {
    enrollments::remove(&app, &who, ClassId(id), EnrollmentId(guest), EnrollmentKind::Guest).await?;
    Ok(StatusCode::NO_CONTENT)
}
