use axum::{extract::State, response::Response};
use lectern_core::{ids::ClassId, session::SessionState};
use lectern_web::{
    NoticeKind, Section,
    pages::{PreviewClash, PreviewLine, SchedulePreview, class::ClassSessions, session_forms::ScheduleForm},
};
use serde::Deserialize;
use uuid::Uuid;

use super::class::head;
use crate::{
    app::App,
    attendance,
    classes::service,
    error::ApiError,
    extract::{Form, Instructor, Path, Query, SignedIn},
    list::Paging,
    live::feed::instant,
    organizations,
    pages::{Pages, Reader, see_other},
    sessions::{
        self,
        pages::{Schedule, empty_form, line, zones},
        series::{PreviewSessions, PreviewedSession},
    },
};

async fn page(
    app: &App,
    who: &SignedIn,
    id: Uuid,
    (form, cursor): (Option<ScheduleForm>, Option<&str>),
) -> Result<ClassSessions, ApiError> {
    let paging = Paging::new(None, cursor)?;
    let now = app.clock.now();
    let organization = who.organization;
    let mut tx = app.db.read(organization).await?;
    let class = service::own(&mut tx, who, ClassId(id)).await?;
    let list = sessions::service::page_of_class(&mut tx, organization, class.id, now, &paging).await?;
    let shown = list.items.iter().map(|session| session.id);
    let came = attendance::service::came(&mut tx, organization, shown, class.instructor).await?;
    let items = list.items.iter().map(|session| {
        let came = came.get(&session.id).copied().filter(|_| session.state == SessionState::Ended);
        line(session, came)
    });
    let zone = organizations::service::settings_in(&mut tx, organization).await?.time_zone;
    Ok(ClassSessions {
        class: head(&mut tx, who, &class).await?,
        items: items.collect(),
        form: form.unwrap_or_else(|| empty_form(now, &zone)),
        zones: zones(),
        next_url: list.next_cursor.map(|cursor| format!("/classes/{id}/sessions?cursor={cursor}")),
    })
}

/// Query of the page.
#[derive(Debug, Default, Deserialize)]
pub struct SessionsQuery {
    notice: Option<NoticeKind>,
    cursor: Option<String>,
}

/// `GET /classes/{id}/sessions`
pub async fn sessions(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Query(query): Query<SessionsQuery>,
) -> Result<Response, ApiError> {
    let page = page(&app, &who, id, (None, query.cursor.as_deref())).await?;
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
            // Which sessions clash, and what can be done, is on the preview.
            Err(ApiError::Conflict("host_busy", ..)) => {
                let page = preview_page(&app, &who, id, form).await?;
                return Pages::new(&app, &who, reader, Section::Classes).await?.refuse(&page);
            }
            Err(error) => Schedule::refused(&app, error)?,
        },
        Err(errors) => errors,
    };
    let page = page(&app, &who, id, (Some(form.again(errors)), None)).await?;
    Pages::new(&app, &who, reader, Section::Classes).await?.refuse(&page)
}

/// `POST /classes/{id}/sessions/preview`: every session of the plan, before anything is saved.
pub async fn preview(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Form(form): Form<Schedule>,
) -> Result<Response, ApiError> {
    let errors = match form.read() {
        Ok(_) => match preview_page(&app, &who, id, form.clone()).await {
            Ok(page) => return Pages::new(&app, &who, reader, Section::Classes).await?.show(&page),
            Err(error) => Schedule::refused(&app, error)?,
        },
        Err(errors) => errors,
    };
    let page = page(&app, &who, id, (Some(form.again(errors)), None)).await?;
    Pages::new(&app, &who, reader, Section::Classes).await?.refuse(&page)
}

/// `GET /classes/{id}/sessions/preview`: there is nothing to show without a plan.
pub async fn back_to_sessions(_: SignedIn, Path(id): Path<Uuid>) -> Response {
    see_other(&format!("/classes/{id}/sessions"))
}

async fn preview_page(
    app: &App,
    who: &SignedIn,
    id: Uuid,
    form: Schedule,
) -> Result<SchedulePreview, ApiError> {
    let asked = form
        .read()
        .map_err(|_| ApiError::field("starts_at", "Choose a day, a time, a length and a zone."))?;
    let plan = PreviewSessions {
        starts_at: asked.starts_at.unwrap_or_else(|| app.clock.now()),
        duration_minutes: asked.duration_minutes,
        time_zone: asked.time_zone,
        viewer_time_zone: form.viewer_time_zone(),
        delivery: None,
        recurrence: asked.recurrence,
    };
    let preview = sessions::series::preview(app, who, ClassId(id), plan).await?;
    let mut tx = app.db.read(who.organization).await?;
    let class = service::own(&mut tx, who, ClassId(id)).await?;
    let class = head(&mut tx, who, &class).await?;
    drop(tx);
    let count = |many: usize| u32::try_from(many).unwrap_or(u32::MAX);
    let held = || preview.occurrences.iter().filter(|one| one.holiday.is_none());
    Ok(SchedulePreview {
        class,
        form: form.again(Vec::new()),
        zones: zones(),
        rule: preview.sentence.clone(),
        goes_on: preview.goes_on,
        sessions: count(held().count()),
        clashing: count(held().filter(|one| !one.clashes.is_empty()).count()),
        lines: preview.occurrences.iter().map(preview_line).collect(),
        viewer_time_zone: preview.viewer_time_zone,
    })
}

fn preview_line(one: &PreviewedSession) -> PreviewLine {
    PreviewLine {
        starts_at: instant(one.starts_at),
        ends_at: instant(one.ends_at),
        holiday: one.holiday.clone(),
        shift_minutes: one.shift_minutes,
        viewer_shift_minutes: one.viewer_shift_minutes,
        skipped_minutes: one.skipped_minutes,
        twice: one.twice,
        clashes: one
            .clashes
            .iter()
            .map(|clash| PreviewClash {
                title: clash.title.clone(),
                starts_at: instant(clash.starts_at),
                ends_at: instant(clash.ends_at),
            })
            .collect(),
    }
}
