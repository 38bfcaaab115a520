use axum::{extract::State, http::HeaderMap, response::Response};
use lectern_core::{
    ids::{ClassId, EnrollmentId},
    session::SessionState,
};
use lectern_web::{
    Choice, FieldError as PageFieldError, Section,
    pages::class::{
        ClassRoster, ComingSession, Enrollment as Row, GuestForm, GuestRow, KeptOut, PersonFields,
        RosterCohorts,
    },
};
use serde::Deserialize;
use uuid::Uuid;

use super::class::{ClassQuery, head};
use crate::{
    app::App,
    classes::{
        EnrollmentKind,
        enrollments::{self, Enroll},
        guests::{self, Invite},
        service,
    },
    cohorts::{self, service::OnRoster},
    error::ApiError,
    extract::{Form, Instructor, Path, Query, SignedIn},
    join::Naming,
    live::feed::instant,
    notify, organizations,
    pages::{Pages, Reader, back, beside_form, field_errors, see_other, see_other_with_undo, undoable},
    sessions,
};

async fn page(
    app: &App,
    who: &SignedIn,
    id: Uuid,
    enroll: PersonFields,
    invite: GuestForm,
) -> Result<ClassRoster, ApiError> {
    let now = app.clock.now();
    let organization = who.organization;
    let mut tx = app.db.read(organization).await?;
    let class = service::own(&mut tx, who, ClassId(id)).await?;
    let sent = notify::service::links_sent(&mut tx, organization, class.id).await?;
    let all = sessions::service::of_class(&mut tx, organization, class.id).await?;
    let members = enrollments::list(&mut tx, who, class.id, EnrollmentKind::Member).await?;
    let OnRoster { cohorts, others, mut ways, kept_out } =
        cohorts::service::on_roster(&mut tx, who, class.id).await?;
    let naming = Naming::of(app, &mut tx, organization, &class).await?;
    let alias = |person| naming.alias(person).map(|alias| alias.name());
    let enrollments = members.into_iter().map(|member| Row {
        alias: alias(member.person),
        id: member.id.to_string(),
        name: member.name(),
        link_sent_at: sent.get(&member.person).copied().map(instant),
        cohorts: if member.by_hand { Vec::new() } else { ways.remove(&member.person).unwrap_or_default() },
        email: member.email,
    });
    let enrollments = enrollments.collect();
    let mut guests = Vec::new();
    for guest in enrollments::list(&mut tx, who, class.id, EnrollmentKind::Guest).await? {
        let named = enrollments::named_sessions(&mut tx, organization, &guest).await?.unwrap_or_default();
        let titles = all.iter().filter(|session| named.contains(&session.id));
        guests.push(GuestRow {
            alias: alias(guest.person),
            id: guest.id.to_string(),
            name: guest.name(),
            sessions: titles.map(|session| session.title.clone()).collect(),
            link_sent_at: sent.get(&guest.person).copied().map(instant),
            email: guest.email,
        });
    }
    let coming = all.iter().filter(|session| {
        matches!(session.state, SessionState::Scheduled | SessionState::Live) && session.ends_at > now
    });
    let sessions = coming.map(|session| ComingSession {
        id: session.id.to_string(),
        title: session.title.clone(),
        starts_at: instant(session.starts_at),
        ends_at: instant(session.ends_at),
        zone: session.time_zone.clone(),
    });
    Ok(ClassRoster {
        zone: organizations::service::settings_in(&mut tx, organization).await?.time_zone,
        class: head(&mut tx, who, &class).await?,
        sessions: sessions.collect(),
        enrollments,
        guests,
        cohorts: RosterCohorts {
            enrolled: cohorts.into_iter().map(cohorts::pages::on_roster).collect(),
            choices: others.into_iter().map(|one| Choice::new(one.id.to_string(), one.name)).collect(),
            kept_out: kept_out
                .into_iter()
                .map(|one| KeptOut { id: one.id.to_string(), name: one.name(), email: one.email })
                .collect(),
        },
        enroll,
        invite,
    })
}

/// `GET /classes/{id}/roster`
pub async fn roster(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Query(query): Query<ClassQuery>,
) -> Result<Response, ApiError> {
    let page = page(&app, &who, id, PersonFields::default(), GuestForm::default()).await?;
    let undo = undoable(&who, query.undo.as_deref())
        .map(|place| format!("/classes/{id}/enrollments/{place}/restore"));
    Pages::new(&app, &who, reader, Section::Classes).await?.notice(query.notice).undo(undo).show(&page)
}

/// `GET` of an address that takes only a form: the roster.
pub async fn back_to_roster(_: SignedIn, Path(id): Path<Uuid>) -> Response {
    see_other(&format!("/classes/{id}/roster"))
}

fn to(id: Uuid, notice: &str) -> Response {
    see_other(&format!("/classes/{id}/roster?notice={notice}"))
}

/// A refusal that belongs beside the form; anything else goes on.
fn refused(app: &App, error: ApiError) -> Result<Vec<PageFieldError>, ApiError> {
    match error {
        ApiError::Invalid(errors) => Ok(field_errors(&errors)
            .into_iter()
            .map(|error| match error.field.as_str() {
                "sessions" => PageFieldError::new("session", error.message),
                _ => error,
            })
            .collect()),
        ApiError::Conflict("no_session", ..) => Ok(vec![PageFieldError::new("session", "no_session")]),
        other => beside_form(app, other),
    }
}

/// A person as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EnrollForm {
    email: String,
    first_name: String,
    last_name: String,
}

/// `POST /classes/{id}/enrollments`
pub async fn enroll(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Form(form): Form<EnrollForm>,
) -> Result<Response, ApiError> {
    let whom = Enroll {
        email: Some(form.email.clone()),
        first_name: Some(form.first_name.clone()),
        last_name: Some(form.last_name.clone()).filter(|name| !name.trim().is_empty()),
        ..Enroll::default()
    };
    let errors = match enrollments::enroll(&app, &who, ClassId(id), whom).await {
        Ok(enrolled) => return Ok(to(id, if enrolled.new { "enrolled" } else { "enrolled_already" })),
        Err(error) => refused(&app, error)?,
    };
    let form =
        PersonFields { email: form.email, first_name: form.first_name, last_name: form.last_name, errors };
    let page = page(&app, &who, id, form, GuestForm::default()).await?;
    Pages::new(&app, &who, reader, Section::Classes).await?.refuse(&page)
}

/// A guest as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct InviteForm {
    email: String,
    first_name: String,
    last_name: String,
    session: String,
}

/// `POST /classes/{id}/guests`
pub async fn invite(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Form(form): Form<InviteForm>,
) -> Result<Response, ApiError> {
    let sessions = match form.session.as_str() {
        "" => Ok(None),
        "class" => Ok(Some(Vec::new())),
        session => Uuid::parse_str(session).map(|session| Some(vec![session])),
    };
    let errors = match sessions {
        Ok(sessions) => {
            let guest = Invite {
                email: form.email.clone(),
                first_name: form.first_name.clone(),
                last_name: Some(form.last_name.clone()).filter(|name| !name.trim().is_empty()),
                sessions,
            };
            match guests::invite(&app, &who, ClassId(id), guest).await {
                Ok(_) => return Ok(to(id, "guest_invited")),
                Err(error) => refused(&app, error)?,
            }
        }
        Err(_) => vec![PageFieldError::new("session", "choose")],
    };
    let form = GuestForm {
        email: form.email,
        first_name: form.first_name,
        last_name: form.last_name,
        session: form.session,
        errors,
    };
    let page = page(&app, &who, id, PersonFields::default(), form).await?;
    Pages::new(&app, &who, reader, Section::Classes).await?.refuse(&page)
}

/// `POST /classes/{id}/enrollments/{enrollment}/remove`
pub async fn remove(
    State(app): State<App>,
    who: Instructor,
    Path((id, enrollment)): Path<(Uuid, Uuid)>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    enrollments::remove(&app, &who, ClassId(id), EnrollmentId(enrollment), EnrollmentKind::Member).await?;
    Ok(see_other_with_undo(&who, &format!("/classes/{id}/roster?notice=removed"), enrollment))
}

/// `POST /classes/{id}/enrollments/{enrollment}/restore`
pub async fn restore(
    State(app): State<App>,
    who: Instructor,
    Path((id, enrollment)): Path<(Uuid, Uuid)>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    let back = enrollments::restore(&app, &who, ClassId(id), EnrollmentId(enrollment)).await?;
    Ok(to(id, if back.new { "enrolled" } else { "enrolled_already" }))
}

/// `POST /classes/{id}/guests/{guest}/remove`
pub async fn remove_guest(
    State(app): State<App>,
    who: Instructor,
    Path((id, guest)): Path<(Uuid, Uuid)>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    enrollments::remove(&app, &who, ClassId(id), EnrollmentId(guest), EnrollmentKind::Guest).await?;
    Ok(to(id, "removed"))
}

/// `POST /classes/{id}/enrollments/{enrollment}/rotate`
pub async fn rotate(
    State(app): State<App>,
    who: Instructor,
    Path((id, enrollment)): Path<(Uuid, Uuid)>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    enrollments::rotate(&app, &who, ClassId(id), EnrollmentId(enrollment)).await?;
    Ok(to(id, "link_rotated"))
}

/// `POST /classes/{id}/enrollments/{enrollment}/send`: from the roster, or from a session's page.
pub async fn send(
    State(app): State<App>,
    who: Instructor,
    headers: HeaderMap,
    Path((id, enrollment)): Path<(Uuid, Uuid)>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    enrollments::send_again(&app, &who, ClassId(id), EnrollmentId(enrollment)).await?;
    let path = back(&app, &headers, "/sessions/", format!("/classes/{id}/roster"));
    Ok(see_other(&format!("{path}?notice=link_sent")))
}
