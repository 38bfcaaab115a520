use axum::{extract::State, response::Response};
use lectern_core::{ids::ClassId, session::SessionState};
use lectern_web::{
    Section,
    pages::{class::ClassSessions, session_forms::ScheduleForm},
};
use uuid::Uuid;

use super::class::{ClassQuery, head};
use crate::{
    app::App,
    attendance,
    classes::service,
    error::ApiError,
    extract::{Form, Instructor, Path, Query, SignedIn},
    organizations,
    pages::{Pages, Reader, see_other},
    sessions::{
        self,
        pages::{Schedule, empty_form, line, zones},
    },
};

async fn page(
    app: &App,
    who: &SignedIn,
    id: Uuid,
    form: Option<ScheduleForm>,
) -> Result<ClassSessions, ApiError> {
    let now = app.clock.now();
    let organization = who.organization;
    let mut tx = app.db.read(organization).await?;
    let class = service::own(&mut tx, who, ClassId(id)).await?;
    let all = sessions::service::of_class(&mut tx, organization, class.id).await?;
    let came = attendance::service::came(&mut tx, organization, class.id, class.instructor).await?;
    let (coming, past): (Vec<_>, Vec<_>) = all.iter().partition(|session| {
        session.state == SessionState::Live
            || (session.state == SessionState::Scheduled && session.ends_at > now)
    });
    let items = coming.into_iter().chain(past.into_iter().rev());
    let items = items.map(|session| {
        let came = came.get(&session.id).copied().filter(|_| session.state == SessionState::Ended);
        line(session, came)
    });
    let zone = organizations::service::settings_in(&mut tx, organization).await?.time_zone;
    Ok(ClassSessions {
        class: head(&mut tx, who, &class).await?,
        items: items.collect(),
        form: form.unwrap_or_else(|| empty_form(now, &zone)),
        zones: zones(),
    })
}

/// `GET /classes/{id}/sessions`
pub async fn sessions(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Query(query): Query<ClassQuery>,
) -> Result<Response, ApiError> {
    let page = page(&app, &who, id, None).await?;
    Pages::new(&app, &who, reader, Section::Classes).await?.notice(query.notice).show(&page)
}

/// `POST /classes/{id}/sessions`
pub async fn schedule(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Form(form): Form<Schedule>,
) -> Result<Response, ApiError> {
    let errors = match form.read() {
        Ok(asked) => match sessions::service::schedule(&app, &who, ClassId(id), asked).await {
            Ok(_) => return Ok(see_other(&format!("/classes/{id}/sessions?notice=scheduled"))),
            Err(error) => Schedule::refused(error)?,
        },
        Err(errors) => errors,
    };
    let page = page(&app, &who, id, Some(form.again(errors))).await?;
    Pages::new(&app, &who, reader, Section::Classes).await?.refuse(&page)
}
