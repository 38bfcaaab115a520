use std::cmp::Reverse;

use axum::{extract::State, response::Response};
use lectern_core::{
    ids::ClassId,
    provider::{Can, ControlScope, Degree, LiveAttendance, ProviderName, RecordingModes, RegistrantLinks},
    role::Role,
    session::SessionState,
};
use lectern_web::{
    NoticeKind, Section,
    pages::classes::{CanLine, ClassItem, ClassState, ClassTab, Classes, PlatformCan, PlatformChoice},
};
use serde::Deserialize;

use crate::{
    app::App,
    classes::{choosing::PlatformChoiceView, service},
    error::ApiError,
    extract::{Member, Query},
    list::{Paging, next_url},
    live::feed::instant,
    organizations,
    pages::{Pages, Reader},
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

/// The platforms as a form offers them; `own`: to whoever will teach.
pub(crate) fn platform_choices(views: &[PlatformChoiceView], own: bool) -> Vec<PlatformChoice> {
    // A class may be made before its platform is ready: the note says what is still to do, and who does it.
    let choice = |view: &PlatformChoiceView| PlatformChoice {
        can: Some(can(view)),
        ..choice(view.provider, Some(host_note(view.state, own)))
    };
    views.iter().map(choice).collect()
}
