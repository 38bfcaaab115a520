use std::cmp::Reverse;

use axum::{extract::State, response::Response};
use lectern_core::{provider::ProviderName, role::Role, secret::SecretString, session::SessionState};
use lectern_providers::registry;
use lectern_web::{
    Choice, FieldError as PageFieldError, NoticeKind, Section,
    pages::classes::{ClassItem, ClassNew, ClassState, ClassTab, Classes, PlatformChoice},
};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    app::App,
    classes::{
        enrollments,
        service::{self, CreateClass},
    },
    error::ApiError,
    extract::{Form, Instructor, Member, Query, SignedIn},
    list::Paging,
    live::feed::instant,
    organizations,
    pages::{Pages, Reader, see_other},
    pasted_links::service::lives_by_one,
    people,
    people::pages::field_errors,
    platforms::{
        connect::{self, ConnectionState},
        settings::offered,
    },
    sessions,
};

/// Query of the list.
#[derive(Debug, Default, Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    tab: ClassTab,
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
    let classes = service::list_tab(&app, &mut tx, &who, previous, paging.id()?, paging.fetch()).await?;
    let list = paging.list(classes, |class| class.id.to_string(), |class| class);
    let zone = organizations::service::settings_in(&mut tx, who.organization).await?.time_zone;
    let teachers = list.items.iter().map(|class| class.instructor);
    let names = people::service::names(&mut tx, who.organization, teachers).await?;
    let mut items = Vec::with_capacity(list.items.len());
    for class in &list.items {
        let session = sessions::service::glance(&mut tx, who.organization, class.id, now).await?;
        let (people, _) = enrollments::counts(&mut tx, who.organization, class.id).await?;
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
            people,
        });
    }
    drop(tx);
    if previous {
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
        items,
        can_create: who.role != Role::Student,
        next_url: list.next_cursor.map(|cursor| format!("/classes?tab={tab}&cursor={cursor}")),
    };
    Pages::new(&app, &who, reader, Section::Classes).await?.notice(query.notice).show(&page)
}

/// The platforms on which this server holds classes.
pub(super) fn choices(app: &App) -> Vec<ProviderName> {
    let mut all = offered(app);
    if app.config.platforms.has_links() {
        let links = registry::platforms().iter().map(|platform| platform.name);
        all.extend(links.filter(|name| lives_by_one(*name)));
    }
    all
}

pub(super) fn choice(provider: ProviderName, note: Option<&str>) -> PlatformChoice {
    PlatformChoice {
        name: provider.as_str().to_owned(),
        label: provider.title().to_owned(),
        ready: true,
        note: note.map(str::to_owned),
    }
}

async fn new_page(app: &App, who: &SignedIn) -> Result<ClassNew, ApiError> {
    let mut providers = Vec::new();
    for provider in choices(app) {
        if lives_by_one(provider) {
            providers.push(choice(provider, Some("pasted")));
            continue;
        }
        // A class may be made before its platform is ready: the note says what is still to do.
        let note = match connect::show(app, who, provider).await {
            Ok(view) if !view.platform_ready => Some("not_set_up"),
            Ok(view) if view.state == ConnectionState::Connected => Some("connected"),
            Ok(view) if view.state == ConnectionState::NeedsReconnect => Some("reconnect"),
            Ok(_) if who.role == Role::Instructor => Some("not_connected"),
            Ok(_) | Err(ApiError::Forbidden) => None,
            Err(other) => return Err(other),
        };
        providers.push(choice(provider, note));
    }
    let mut tx = app.db.read(who.organization).await?;
    let settings = organizations::service::settings_in(&mut tx, who.organization).await?;
    let mut instructors = Vec::new();
    if who.role == Role::Admin {
        let teachers = people::service::teachers(&mut tx, who.organization).await?;
        instructors.extend(teachers.iter().map(|person| Choice::new(person.id.to_string(), person.name())));
    }
    Ok(ClassNew {
        provider: settings.default_provider.as_str().to_owned(),
        providers,
        instructor_id: who.person.to_string(),
        instructors,
        ..ClassNew::default()
    })
}

/// `GET /classes/new`
pub async fn new(State(app): State<App>, who: Instructor, reader: Reader) -> Result<Response, ApiError> {
    let page = new_page(&app, &who).await?;
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
                Err(ApiError::Invalid(errors)) => field_errors(&errors),
                Err(other) => return Err(other),
            }
        }
        Err(_) => vec![PageFieldError::new("instructor_id", "choose")],
    };
    let page = new_page(&app, &who).await?;
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
