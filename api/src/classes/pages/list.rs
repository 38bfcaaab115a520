use std::cmp::Reverse;

use axum::{extract::State, response::Response};
use lectern_core::{
    ids::ClassId,
    provider::{Can, ControlScope, Degree, LiveAttendance, ProviderName, RecordingModes, RegistrantLinks},
    role::Role,
    secret::SecretString,
    session::SessionState,
};
use lectern_web::{
    Choice, FieldError as PageFieldError, NoticeKind, Section,
    pages::classes::{
        CanLine, ClassItem, ClassNew, ClassState, ClassTab, Classes, PlatformCan, PlatformChoice,
    },
};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    app::App,
    classes::{
        choosing::{self, PlatformChoiceView},
        service::{self, CreateClass},
    },
    error::ApiError,
    extract::{Form, Instructor, Member, Query, SignedIn},
    list::{Paging, next_url},
    live::feed::instant,
    organizations,
    pages::{Pages, Reader, beside_form, see_other},
    people,
    platforms::service::HostState,
    sessions, totals,
};

/// Query of the list.
#[derive(Debug, Default, Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    tab: ClassTab,
    #[serde(default)]
    q: String,
    cursor: Option<String>,
    notice: Option<NoticeKind>,
}

/// `GET /classes`: an admin sees all, an instructor their own, everybody else those they belong to.
pub async fn list(
    State(app): State<App>,
    who: Member,
    reader: Reader,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    let paging = Paging::new(None, query.cursor.as_deref())?;
    let now = app.clock.now();
    let previous = query.tab == ClassTab::Previous;
    let mut tx = app.db.read(who.organization).await?;
    let asked = query.q.trim();
    let list = if asked.is_empty() {
        service::list_tab(&app, &mut tx, &who, previous, &paging).await?
    } else {
        service::find_titled(&mut tx, &who, asked, &paging).await?
    };
    let zone = organizations::service::settings_in(&mut tx, who.organization).await?.time_zone;
    let teachers = list.items.iter().map(|class| class.instructor);
    let names = people::service::names(&mut tx, who.organization, teachers).await?;
    let ids = || list.items.iter().map(|class| class.id);
    let mut sessions = sessions::service::glances(&mut tx, who.organization, ids(), now).await?;
    let totals = totals::service::of(&mut tx, who.organization, ids().map(ClassId::uuid)).await?;
    let mut items = Vec::with_capacity(list.items.len());
    for class in &list.items {
        let session = sessions.remove(&class.id);
        items.push(ClassItem {
            id: class.id.to_string(),
            title: class.title.clone(),
            instructor: names.get(&class.instructor).cloned().unwrap_or_default(),
            platform: class.provider.title().to_owned(),
            state: match &session {
                Some(session) if session.state == SessionState::Live => ClassState::Live,
                Some(session) if session.state == SessionState::Scheduled && session.ends_at > now => {
                    ClassState::Scheduled
                }
                _ => ClassState::Idle,
            },
            session_id: session.as_ref().map(|session| session.id.to_string()),
            starts_at: session.as_ref().map(|session| instant(session.starts_at)),
            ends_at: session.as_ref().map(|session| instant(session.ends_at)),
            zone: session.map_or_else(|| zone.clone(), |session| session.time_zone),
            people: totals.get(&class.id.uuid()).map_or(0, |totals| totals.members),
        });
    }
    drop(tx);
    if !asked.is_empty() {
        // In the order in which they were found.
    } else if previous {
        items.sort_by_key(|item| Reverse(item.starts_at.clone()));
    } else {
        // What runs first, then what comes next; what has no time yet last.
        items.sort_by_key(|item| {
            (item.state != ClassState::Live, item.starts_at.is_none(), item.starts_at.clone())
        });
    }
    let tab = if previous { "previous" } else { "upcoming" };
    let page = Classes {
        tab: query.tab,
        asked: asked.to_owned(),
        items,
        can_create: who.role != Role::Student,
        next_url: list.next_cursor.map(|cursor| match asked {
            "" => format!("/classes?tab={tab}&cursor={cursor}"),
            _ => next_url("/classes?", &[("q", asked)], &cursor),
        }),
    };
    Pages::new(&app, &who, reader, Section::Classes).await?.notice(query.notice).show(&page)
}

pub(super) fn choice(provider: ProviderName, note: Option<&str>) -> PlatformChoice {
    PlatformChoice {
        name: provider.as_str().to_owned(),
        label: provider.title().to_owned(),
        ready: true,
        note: note.map(str::to_owned),
        can: None,
    }
}

fn line<T>(capability: &'static str, can: &Can<T>, how: impl FnOnce(&T) -> Option<&'static str>) -> CanLine {
    let degree = match Degree::from(can) {
        Degree::Yes => "yes",
        Degree::Helped => "helped",
        Degree::No => "no",
    };
    let how = can.how().and_then(how);
    CanLine { capability, degree, how, reason: can.reason().map(|reason| reason.0.clone()) }
}

/// What a platform can do for the chosen host, as the form shows it.
fn can(view: &PlatformChoiceView) -> PlatformCan {
    let can = &view.capabilities;
    let links = |links: &RegistrantLinks| (*links == RegistrantLinks::Shared).then_some("shared");
    let live = |live: &LiveAttendance| Some(if *live == LiveAttendance::Live { "live" } else { "report" });
    let records = |modes: &RecordingModes| match (modes.local, modes.cloud) {
        (true, true) => Some("local_and_cloud"),
        (true, false) => Some("local"),
        (false, true) => Some("cloud"),
        (false, false) => None,
    };
    let scope = |scope: &ControlScope| (*scope == ControlScope::PerHost).then_some("per_host");
    PlatformCan {
        effective: view.effective,
        plan: view.plan.map(str::to_owned),
        minutes: can.limits.meeting_minutes,
        lines: vec![
            line("registrants", &can.registrants, links),
            line("attendance", &can.attendance, live),
            line("waiting_room", &can.waiting_room, scope),
            line("auto_recording", &can.auto_recording, records),
            line("breakout_rooms", &can.breakout_rooms, |_| None),
            line("chat", &can.chat, scope),
            line("screen_share", &can.screen_share, scope),
            line("end_meeting", &can.end_meeting, |()| None),
            line("aliases", &can.aliases, |()| None),
        ],
    }
}

/// What is said of a platform beside its name; `own`: to the instructor themselves.
pub(super) const fn host_note(state: HostState, own: bool) -> &'static str {
    match (state, own) {
        (HostState::Pasted, _) => "pasted",
        (HostState::NotSetUp, _) => "not_set_up",
        (HostState::Ready, true) => "connected",
        (HostState::Ready, false) => "host_connected",
        (HostState::NeedsReconnect, _) => "reconnect",
        (HostState::NotConnected, true) => "not_connected",
        (HostState::NotConnected, false) => "host_not_connected",
    }
}

async fn new_page(app: &App, who: &SignedIn, asked: Option<Uuid>) -> Result<ClassNew, ApiError> {
    let (instructor, platforms) = choosing::platforms(app, who, asked).await?;
    let own = instructor == who.person().ok();
    let mut providers = Vec::new();
    for view in &platforms {
        // A class may be made before its platform is ready: the note says what is still to do.
        let note = host_note(view.state, own);
        providers.push(PlatformChoice { can: Some(can(view)), ..choice(view.provider, Some(note)) });
    }
    let mut tx = app.db.read(who.organization).await?;
    let settings = organizations::service::settings_in(&mut tx, who.organization).await?;
    let mut instructors = Vec::new();
    if who.role == Role::Admin {
        let teachers = people::service::teachers(&mut tx, who.organization).await?;
        instructors.extend(teachers.iter().map(|person| Choice::new(person.id.to_string(), person.name())));
    }
    let names = people::service::names(&mut tx, who.organization, instructor).await?;
    Ok(ClassNew {
        provider: settings.default_provider.as_str().to_owned(),
        providers,
        host: names.into_values().next().unwrap_or_default(),
        instructor_id: instructor.map(|person| person.to_string()).unwrap_or_default(),
        instructors,
        ..ClassNew::default()
    })
}

/// Query of the form.
#[derive(Debug, Default, Deserialize)]
pub struct NewQuery {
    instructor_id: Option<Uuid>,
}

/// `GET /classes/new`
pub async fn new(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Query(query): Query<NewQuery>,
) -> Result<Response, ApiError> {
    let page = new_page(&app, &who, query.instructor_id).await?;
    Pages::new(&app, &who, reader, Section::Classes).await?.show(&page)
}

/// The form for a new class.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewForm {
    title: String,
    description: String,
    provider: Option<String>,
    instructor_id: Option<String>,
    link: String,
}

/// `POST /classes`
pub async fn create(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Form(form): Form<NewForm>,
) -> Result<Response, ApiError> {
    let asked = form.instructor_id.as_deref().filter(|id| !id.is_empty());
    let instructor = asked.map(Uuid::parse_str).transpose();
    let errors = match instructor {
        Ok(instructor_id) => {
            let new = CreateClass {
                title: form.title.clone(),
                description: Some(form.description.clone()),
                provider: form.provider.clone().filter(|name| !name.is_empty()),
                instructor_id,
                external_id: None,
                // The field is there for every platform, and empty for all but one.
                link: Some(form.link.clone()).filter(|link| !link.trim().is_empty()).map(SecretString::new),
            };
            match service::create(&app, &who, new).await {
                Ok(class) => {
                    return Ok(see_other(&format!("/classes/{}?notice=class_created", class.id)));
                }
                Err(error) => beside_form(&app, error)?,
            }
        }
        Err(_) => vec![PageFieldError::new("instructor_id", "choose")],
    };
    // Somebody who cannot teach is told so beside the field; the platforms are then those of whoever fills the form in.
    let chosen = instructor.ok().flatten();
    let page = match new_page(&app, &who, chosen).await {
        Err(ApiError::Invalid(_)) => new_page(&app, &who, None).await?,
        other => other?,
    };
    let page = ClassNew {
        title: form.title,
        description: form.description,
        provider: form.provider.unwrap_or(page.provider),
        instructor_id: form.instructor_id.unwrap_or(page.instructor_id),
        link: form.link,
        errors,
        ..page
    };
    Pages::new(&app, &who, reader, Section::Classes).await?.refuse(&page)
}
