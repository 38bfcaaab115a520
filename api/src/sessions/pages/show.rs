use std::collections::HashMap;

use axum::{extract::State, response::Response};
use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    attendance::Whereabouts,
    ids::{PersonId, SessionId},
    locks::ClassOption,
    provider::{Capabilities, ProviderName},
    role::{Role, SessionRole},
    sentence::Sentence,
    session::{MeetingProgress, SessionState},
    settings::{ClassSettings, RecordingMode},
};
use lectern_providers::registry;
use lectern_web::{
    Section,
    pages::{
        class as class_page,
        session::{
            Figures, MeetingState, MeetingView, Participant, ParticipantRole, Presence, PresenceState,
            Problem, SessionPage, SessionSettings,
        },
    },
};
use uuid::Uuid;

use super::line::page_state;
use crate::{
    app::App,
    audit,
    classes::{self, Class},
    error::ApiError,
    extract::{Member, Path, Query, SignedIn},
    live::{
        self,
        feed::{self, instant, page_role},
        service::{HeadCount, Place, SessionBoard},
    },
    organizations,
    pages::{NoticeQuery, Pages, PastedLinkHeaders, Reader},
    pasted_links::service::lives_by_one,
    people, platforms,
    sessions::{Session, facts, service},
};

/// Somebody who came within this time is shown as just arrived.
const FRESH: Duration = Duration::seconds(10);
/// So long the page says that a meeting may still go on at the platform.
const JUST_ENDED: Duration = Duration::hours(1);
/// Entries shown of what happened.
const SHOWN: usize = 40;

/// `GET /sessions/{id}`
pub async fn show(
    State(app): State<App>,
    who: Member,
    reader: Reader,
    Path(id): Path<Uuid>,
    Query(query): Query<NoticeQuery>,
) -> Result<Response, ApiError> {
    let page = page(&app, &who, SessionId(id)).await?;
    let mut response =
        Pages::new(&app, &who, reader, Section::Classes).await?.notice(query.notice).show(&page)?;
    if page.pasted {
        response.extensions_mut().insert(PastedLinkHeaders);
    }
    Ok(response)
}

/// The page of a session, as far as this person may see it.
pub(super) async fn page(app: &App, who: &SignedIn, id: SessionId) -> Result<SessionPage, ApiError> {
    // The number first: what comes between is on the page and told again, never lost.
    let seq = crate::events::history::last_seq(app).await?;
    let now = app.clock.now();
    let mut tx = app.db.read(who.organization).await?;
    let (session, class) = service::readable(&mut tx, who, id).await?;
    let view = service::view(app, &mut tx, who, &session, &class).await?;
    let names = people::service::names(&mut tx, who.organization, [class.instructor]).await?;
    let manages = classes::service::may_manage(who, &class);
    let set_by = match class.locks.holds(ClassOption::WaitingRoom) {
        true => classes::settings::set_by(&mut tx, who.organization, &class).await?,
        false => None,
    };
    let place = classes::enrollments::of_person(&mut tx, who.organization, class.id, who.person).await?;
    let mut page = SessionPage {
        id: id.to_string(),
        class_id: class.id.to_string(),
        class_title: class.title.clone(),
        title: session.title.clone(),
        instructor: names.into_values().next().unwrap_or_default(),
        platform: title(view.provider).to_owned(),
        instead_of: view.stands_in_for.map(|word| title(word).to_owned()),
        state: page_state(session.state),
        starts_at: instant(session.starts_at),
        ends_at: instant(session.ends_at),
        zone: session.time_zone.clone(),
        now: instant(now),
        started_at: session.started_at.map(instant),
        ended_at: session.ended_at.map(instant),
        by_hand: None,
        cancel_reason: session.cancel_reason.clone(),
        meeting: meeting(who, &class, &view.meeting),
        can_manage: manages,
        can_launch: service::hosts(who, &class),
        figures: Figures::default(),
        not_here: Vec::new(),
        here: Vec::new(),
        left: Vec::new(),
        feed: Vec::new(),
        presence: Presence::default(),
        settings: settings(&at_best(view.provider, &class), &class, set_by.clone()),
        class_url: classes::links::class_link(app, class.id),
        join_url: place
            .filter(|place| place.active)
            .map(|_| format!("/join/class/{}?session={}", class.id, session.id)),
        pasted: registry::named(view.provider).is_ok_and(lives_by_one),
        seq: u64::try_from(seq).unwrap_or(0),
    };
    if !manages {
        return Ok(page);
    }
    let facts = facts::of_session(&mut tx, who.organization, id).await?.ok_or(ApiError::NotFound)?;
    let late_after =
        organizations::service::settings_in(&mut tx, who.organization).await?.policies.late_after_minutes;
    let board = live::service::session_board(&mut tx, who.organization, facts, now).await?;
    let refused = audit::service::refused_in(&mut tx, who.organization, id).await?;
    page.feed = feed::feed(&mut tx, who.organization, &board, late_after).await?;
    drop(tx);
    page.feed.truncate(SHOWN);
    people_of(&mut page, &board, &session, &refused, late_after, now);
    let held_on = board.facts.provider;
    let can = platforms::service::capabilities(app, who.organization, held_on, class.instructor).await?;
    page.settings = settings(&can.fit(&class.settings), &class, set_by);
    let just_ended = session.ended_at.is_some_and(|ended| now - ended < JUST_ENDED);
    if just_ended && board.facts.meeting_state.is_some() {
        page.by_hand = ended_by_hand(&can);
    }
    Ok(page)
}

/// Why a platform does not end this class's meetings for everybody; `None` where it does.
pub(super) fn ended_by_hand(can: &Capabilities) -> Option<Sentence> {
    can.end_meeting.reason().map(|reason| reason.0.clone())
}

fn people_of(
    page: &mut SessionPage,
    board: &SessionBoard,
    session: &Session,
    refused: &HashMap<PersonId, Option<String>>,
    late_after: u32,
    now: DateTime<Utc>,
) {
    let first = board.first_joins();
    let enrolled: HashMap<PersonId, String> = board
        .expected
        .iter()
        .filter(|expected| expected.seat.role == SessionRole::Student)
        .filter_map(|expected| Some((expected.seat.person, expected.enrollment?.to_string())))
        .collect();
    let HeadCount { here, strangers, expected } = board.head_count();
    let through_door =
        (!board.is_told() && session.state == SessionState::Live).then(|| board.through_door());
    let mut figures = Figures { here, strangers, expected, through_door, ..Figures::default() };
    let mut places = board.places();
    places.sort_by(|a, b| {
        let newest = |place: &Place| std::cmp::Reverse(place.left_at.max(place.joined_at));
        newest(a).cmp(&newest(b)).then_with(|| a.name.cmp(&b.name))
    });
    for place in places {
        let teaches = place.role == SessionRole::Instructor;
        let turned_away = place.person.and_then(|person| refused.get(&person));
        let late = place
            .person
            .filter(|_| !teaches)
            .and_then(|person| first.get(&person))
            .and_then(|at| u32::try_from((*at - session.starts_at).num_minutes()).ok())
            .filter(|minutes| *minutes > late_after);
        let (state, list) = match place.whereabouts {
            Whereabouts::InClass if late.is_some() => (PresenceState::Late, &mut page.here),
            Whereabouts::InClass => (PresenceState::Here, &mut page.here),
            Whereabouts::Left => {
                figures.left += u32::from(!teaches);
                (PresenceState::Left, &mut page.left)
            }
            // The instructor is nobody's to wait for on this list.
            Whereabouts::NotSeen | Whereabouts::Waiting if teaches => continue,
            Whereabouts::Waiting => {
                figures.not_here += 1;
                (PresenceState::Waiting, &mut page.not_here)
            }
            Whereabouts::NotSeen => {
                figures.not_here += 1;
                let state = if turned_away.is_some() {
                    figures.needs_a_hand += 1;
                    PresenceState::NeedsAHand
                } else if place.redirected_at.is_some() {
                    PresenceState::OnTheWay
                } else {
                    PresenceState::Expected
                };
                (state, &mut page.not_here)
            }
        };
        list.push(Participant {
            id: place.person.map_or_else(|| place.name.clone(), |person| person.to_string()),
            role: page_role(place.role).unwrap_or(ParticipantRole::Unknown),
            state,
            enrollment_id: place.person.and_then(|person| enrolled.get(&person).cloned()),
            opened_at: place.redirected_at.map(instant),
            since: place.joined_at.map(instant),
            left_at: place.left_at.map(instant),
            minutes_late: late,
            refused: turned_away.cloned().flatten(),
            fresh: matches!(state, PresenceState::Here | PresenceState::Late)
                && place.joined_at.is_some_and(|at| now - at < FRESH),
            name: place.name,
        });
    }
    page.not_here.sort_by_key(|who| match who.state {
        PresenceState::NeedsAHand => 0,
        PresenceState::Waiting => 1,
        PresenceState::OnTheWay => 2,
        _ => 3,
    });
    page.figures = figures;
    page.presence = Presence { steps: feed::steps(board), roster: expected };
}

/// The options as the platform can meet them at best; what this host's account can do is for whoever teaches to see.
fn at_best(platform: &str, class: &Class) -> ClassSettings {
    let best = registry::named(platform).ok().and_then(registry::at_best);
    best.map_or_else(|| class.settings.clone(), |best| best.fit(&class.settings))
}

/// The options as shown; who set the waiting room is said where it is as it was set.
fn settings(settings: &ClassSettings, class: &Class, set_by: Option<String>) -> SessionSettings {
    SessionSettings {
        recording: match settings.recording {
            RecordingMode::None => class_page::RecordingMode::None,
            RecordingMode::Local => class_page::RecordingMode::Local,
            RecordingMode::Cloud => class_page::RecordingMode::Cloud,
        },
        waiting_room: settings.waiting_room,
        waiting_room_set_by: set_by.filter(|_| ClassOption::WaitingRoom.same(settings, &class.settings)),
        breakout_rooms: settings.breakout_rooms,
    }
}

/// A platform's name by its word.
fn title(word: &'static str) -> &'static str {
    registry::named(word).map_or(word, ProviderName::title)
}

/// The meeting, and where a problem of it is repaired by whoever looks.
fn meeting(who: &SignedIn, class: &Class, view: &service::MeetingView) -> MeetingView {
    let state = match view.state {
        MeetingProgress::None => MeetingState::None,
        MeetingProgress::Creating => MeetingState::Creating,
        MeetingProgress::Ready => MeetingState::Ready,
        MeetingProgress::Failed => MeetingState::Failed,
    };
    let problem = view.problem.as_ref().map(|problem| {
        let own = class.instructor == who.person;
        let repair = match problem.code.as_str() {
            "reconnect" | "scope_missing" if own => Some("/connection".to_owned()),
            "reconnect" | "scope_missing" if who.role == Role::Admin => Some("/connections".to_owned()),
            "policy_missing" | "host_not_found" | "licence_missing" if who.role == Role::Admin => {
                Some(format!("/platforms/{}", class.provider))
            }
            _ => None,
        };
        Problem { sentence: problem.words.clone(), repair_url: repair }
    });
    MeetingView { state, problem }
}
