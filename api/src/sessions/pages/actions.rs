use axum::{extract::State, http::StatusCode, response::Response};
use lectern_core::{
    ids::SessionId,
    schedule::Scope,
    session::{MeetingProgress, SessionState},
};
use lectern_web::{
    NoticeKind, Section,
    pages::session_forms::{CancelSession, EditSession, EndSession},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    edit::EditForm,
    form::{Schedule, page_form, zones},
    show,
};
use crate::{
    app::App,
    classes::{Class, enrollments},
    db::Tx,
    error::ApiError,
    extract::{Form, Instructor, Path, SignedIn},
    live::{self, feed::instant},
    pages::{Pages, Reader, field_errors, see_other},
    platforms,
    sessions::{Session, facts, series, service},
};

fn to(id: Uuid, notice: &str) -> Response {
    see_other(&format!("/sessions/{id}?notice={notice}"))
}

/// `GET` of an address that takes only a form: the session's page.
pub async fn back_to_session(_: SignedIn, Path(id): Path<Uuid>) -> Response {
    see_other(&format!("/sessions/{id}"))
}

/// `POST /sessions/{id}/start`
pub async fn start(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    let started = match service::start(&app, &who, SessionId(id)).await {
        Err(ApiError::Conflict("limit_live_sessions", ..)) => return Ok(to(id, "limit_live")),
        started => started?,
    };
    Ok(match (started.ready, started.view.meeting.state) {
        (true, _) => to(id, "started"),
        // The page itself says what is wrong with the meeting, and what to do.
        (false, MeetingProgress::Failed) => see_other(&format!("/sessions/{id}")),
        (false, _) => to(id, "starting"),
    })
}

/// `POST /sessions/{id}/launch`: on to the platform as its host; the address is given out once and never shown.
pub async fn launch(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    let error = match service::launch(&app, &who, SessionId(id)).await {
        Ok(location) => return Ok(see_other(location.expose())),
        Err(ApiError::NotFound) => return Err(ApiError::NotFound),
        Err(error @ (ApiError::Conflict(..) | ApiError::Provider(_))) => error,
        Err(other) => return Err(other),
    };
    let problem = error.problem();
    let detail = problem.words.unwrap_or_else(|| match problem.next_step {
        Some(next) => format!("{} {next}", problem.detail).into(),
        None => problem.detail.into(),
    });
    let page = show::page(&app, &who, SessionId(id)).await?;
    let pages =
        Pages::new(&app, &who, reader, Section::Classes).await?.told(NoticeKind::LaunchFailed, detail);
    let mut response = pages.show(&page)?;
    *response.status_mut() = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::CONFLICT);
    Ok(response)
}

async fn own(
    app: &App,
    who: &SignedIn,
    id: Uuid,
    states: &[SessionState],
) -> Result<Result<(Tx, Session, Class), Response>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let (session, class) = service::own(&mut tx, who, SessionId(id)).await?;
    // What cannot be done any more is not asked about.
    if !states.contains(&session.state) {
        return Ok(Err(see_other(&format!("/sessions/{id}"))));
    }
    Ok(Ok((tx, session, class)))
}

/// `GET /sessions/{id}/end`: the question before a class ends for everybody.
pub async fn ask_end(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
) -> Result<Response, ApiError> {
    match ending(&app, &who, id).await? {
        Some(page) => Pages::new(&app, &who, reader, Section::Classes).await?.show(&page),
        None => Ok(see_other(&format!("/sessions/{id}"))),
    }
}

/// The question before a class ends for everybody; none for one that has ended.
///
/// # Errors
/// [`ApiError::NotFound`] for a session that is not theirs to end.
pub async fn ending(app: &App, who: &SignedIn, id: Uuid) -> Result<Option<EndSession>, ApiError> {
    let (mut tx, session, class) =
        match own(app, who, id, &[SessionState::Scheduled, SessionState::Live]).await? {
            Ok(found) => found,
            Err(_) => return Ok(None),
        };
    let (platform, people) = match facts::of_session(&mut tx, who.organization, session.id).await? {
        Some(facts) => {
            let (now, platform) = (app.clock.now(), facts.provider);
            let inside =
                live::service::session_board(&mut tx, who.organization, facts, now).await?.head_count();
            (platform, inside.here + inside.strangers)
        }
        None => (class.provider, 0),
    };
    drop(tx);
    let can = platforms::service::capabilities(app, who.organization, platform, class.instructor).await?;
    let by_hand = show::ended_by_hand(&can);
    Ok(Some(EndSession {
        id: id.to_string(),
        title: session.title,
        class_id: class.id.to_string(),
        class_title: class.title,
        platform: platform.title().to_owned(),
        people,
        by_hand,
    }))
}

/// `POST /sessions/{id}/end`
pub async fn end(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    service::end(&app, &who, SessionId(id)).await?;
    Ok(to(id, "ended"))
}

fn cancel_page(session: &Session, class: &Class, people: u32) -> CancelSession {
    CancelSession {
        id: session.id.to_string(),
        title: session.title.clone(),
        class_id: class.id.to_string(),
        class_title: class.title.clone(),
        starts_at: instant(session.starts_at),
        ends_at: instant(session.ends_at),
        zone: session.time_zone.clone(),
        reason: String::new(),
        people,
        scope: None,
        errors: Vec::new(),
    }
}

/// What the choice of how far a change reaches begins with; none where there is no series.
async fn first_scope(tx: &mut Tx, who: &SignedIn, session: &Session) -> Result<Option<String>, ApiError> {
    let place = series::place_of(tx, who.organization, session.id).await?;
    Ok(place.slot.map(|_| Scope::This.as_str().to_owned()))
}

async fn invited(tx: &mut Tx, who: &SignedIn, session: &Session) -> Result<u32, ApiError> {
    let people = enrollments::of_session(tx, who.organization, session.class, session.id).await?;
    Ok(live::service::count(people.len()))
}

/// `GET /sessions/{id}/cancel`
pub async fn ask_cancel(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
) -> Result<Response, ApiError> {
    let (mut tx, session, class) = match own(&app, &who, id, &[SessionState::Scheduled]).await? {
        Ok(found) => found,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let people = invited(&mut tx, &who, &session).await?;
    let mut page = cancel_page(&session, &class, people);
    page.scope = first_scope(&mut tx, &who, &session).await?;
    drop(tx);
    Pages::new(&app, &who, reader, Section::Classes).await?.show(&page)
}

/// Why a session is called off.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CancelForm {
    reason: String,
    scope: String,
}

/// `POST /sessions/{id}/cancel`
pub async fn cancel(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Form(form): Form<CancelForm>,
) -> Result<Response, ApiError> {
    let scope = service::scope_of(Some(form.scope.as_str()).filter(|word| !word.is_empty()))?;
    match service::cancel(&app, &who, SessionId(id), scope, Some(&form.reason)).await {
        Ok(()) => Ok(to(id, "session_cancelled")),
        Err(ApiError::Invalid(errors)) => {
            let mut tx = app.db.read(who.organization).await?;
            let (session, class) = service::own(&mut tx, &who, SessionId(id)).await?;
            let people = invited(&mut tx, &who, &session).await?;
            let mut page = cancel_page(&session, &class, people);
            page.scope = first_scope(&mut tx, &who, &session).await?.map(|_| scope.as_str().to_owned());
            drop(tx);
            page.reason = form.reason;
            page.errors = field_errors(&errors);
            Pages::new(&app, &who, reader, Section::Classes).await?.refuse(&page)
        }
        Err(other) => Err(other),
    }
}

async fn edit_page(
    tx: &mut Tx,
    who: &SignedIn,
    session: &Session,
    class: Class,
) -> Result<EditSession, ApiError> {
    Ok(EditSession {
        id: session.id.to_string(),
        class_id: class.id.to_string(),
        class_title: class.title,
        form: page_form(session),
        was: page_form(session),
        zones: zones(),
        people: invited(tx, who, session).await?,
        scope: first_scope(tx, who, session).await?,
    })
}

/// `GET /sessions/{id}/edit`
pub async fn edit(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
) -> Result<Response, ApiError> {
    let (mut tx, session, class) = match own(&app, &who, id, &[SessionState::Scheduled]).await? {
        Ok(found) => found,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let page = edit_page(&mut tx, &who, &session, class).await?;
    drop(tx);
    Pages::new(&app, &who, reader, Section::Classes).await?.show(&page)
}

/// `POST /sessions/{id}/edit`
pub async fn change(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Form(form): Form<EditForm>,
) -> Result<Response, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let (session, _) = service::own(&mut tx, &who, SessionId(id)).await?;
    drop(tx);
    let asked = form.beside(&session).change();
    let errors = match asked {
        Ok(None) => return Ok(to(id, "nothing_changed")),
        Ok(Some(change)) => match service::change(&app, &who, SessionId(id), change).await {
            Ok(_) => return Ok(to(id, "session_moved")),
            Err(error) => Schedule::refused(&app, error)?,
        },
        Err(errors) => errors,
    };
    let mut tx = app.db.read(who.organization).await?;
    let (session, class) = service::own(&mut tx, &who, SessionId(id)).await?;
    let page = edit_page(&mut tx, &who, &session, class).await?;
    drop(tx);
    let scope = page.scope.as_ref().and_then(|_| form.scope()).or(page.scope);
    let beside = form.beside(&session);
    let overtaken = beside.overtaken();
    let errors = if overtaken.is_empty() { errors } else { overtaken };
    let page = EditSession { form: beside.again(errors), scope, ..page };
    Pages::new(&app, &who, reader, Section::Classes).await?.refuse(&page)
}
