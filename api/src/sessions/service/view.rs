//! How a session is shown, to whom.

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{OrganizationId, PersonId},
    provider::ProviderName,
    role::Role,
    sentence::Sentence,
    session::{Delivery, MeetingProgress, SessionState},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    app::App,
    classes::{self, Class},
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    sessions::series,
    sessions::store::{self, Line, Meeting, MeetingState, OfDay, Session, Whose},
};

/// A session, as shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionView {
    /// Its id.
    pub id: Uuid,
    /// Of which class.
    pub class_id: Uuid,
    /// The host application's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The series it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series_id: Option<Uuid>,
    /// Its title.
    pub title: String,
    /// First instant, UTC.
    pub starts_at: DateTime<Utc>,
    /// Last instant, UTC.
    pub ends_at: DateTime<Utc>,
    /// IANA zone.
    pub time_zone: String,
    /// Whole minutes.
    pub duration_minutes: i64,
    /// `virtual`, `hybrid` or `in_person`.
    #[schema(value_type = String)]
    pub delivery: Delivery,
    /// On which platform.
    pub provider: &'static str,
    /// The class's own platform, when that does not answer and the organization's standby platform holds this session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stands_in_for: Option<&'static str>,
    /// `scheduled`, `live`, `ended` or `cancelled`.
    #[schema(value_type = String)]
    pub state: SessionState,
    /// The platform's meeting.
    pub meeting: MeetingView,
    /// Since when it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// Since when it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it was called off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_reason: Option<String>,
    /// The viewer's own Lectern link.
    pub join_url: String,
}

/// Where the platform's meeting stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MeetingView {
    /// `none`, `creating`, `ready` or `failed`.
    #[schema(value_type = String)]
    pub state: MeetingProgress,
    /// What is wrong, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<MeetingProblem>,
}

/// What is wrong with a meeting.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MeetingProblem {
    /// A stable word.
    pub code: String,
    /// In a sentence, with the next step.
    pub detail: String,
    /// The same, for pages in the reader's language.
    #[serde(skip)]
    pub words: Sentence,
}

impl From<Option<&Meeting>> for MeetingView {
    fn from(meeting: Option<&Meeting>) -> Self {
        let state = progress(meeting.map(|meeting| meeting.state));
        let problem = meeting.and_then(|meeting| {
            let words = meeting.problem.clone()?;
            Some(MeetingProblem { code: meeting.problem_code.clone()?, detail: words.to_string(), words })
        });
        Self { state, problem }
    }
}

const fn progress(state: Option<MeetingState>) -> MeetingProgress {
    match state {
        None | Some(MeetingState::Removed) => MeetingProgress::None,
        Some(MeetingState::Creating) => MeetingProgress::Creating,
        Some(MeetingState::Ready) => MeetingProgress::Ready,
        Some(MeetingState::Failed) => MeetingProgress::Failed,
    }
}

/// The view of a session for one viewer.
pub async fn view(
    app: &App,
    tx: &mut Tx,
    who: &SignedIn,
    session: &Session,
    class: &Class,
) -> Result<SessionView, ApiError> {
    let meeting = store::meeting_of(tx, who.organization, session.id).await?;
    let mut view = shown(session, class.provider, meeting.as_ref().map(|meeting| meeting.provider));
    view.meeting = meeting.as_ref().into();
    let slot = series::place_of(tx, who.organization, session.id).await?.slot;
    view.series_id = slot.map(|(series, _)| series.uuid());
    let place = match who.role {
        Role::Student => classes::enrollments::of_person(tx, who.organization, class.id, who.person).await?,
        _ => None,
    };
    view.join_url = match place {
        Some(place) => classes::links::join_link(app, who.organization, &place),
        None => classes::links::class_link(app, class.id),
    };
    // What is wrong with the platform is for those who can mend it.
    if who.role == Role::Student {
        view.meeting.problem = None;
    }
    Ok(view)
}

/// The class's own platform, when the standby platform holds the session.
#[must_use]
pub fn stands_in_for(class: &Class, session: &Session, meeting: Option<&Meeting>) -> Option<ProviderName> {
    instead_of(session, class.provider, meeting.map(|meeting| meeting.provider))
}

fn instead_of(session: &Session, own: ProviderName, held_on: Option<ProviderName>) -> Option<ProviderName> {
    let began = matches!(session.state, SessionState::Live | SessionState::Ended);
    Some(own).filter(|own| began && held_on.is_some_and(|held_on| held_on != *own))
}

/// What is true for every viewer, without the meeting's state.
fn shown(session: &Session, own: ProviderName, held_on: Option<ProviderName>) -> SessionView {
    SessionView {
        id: session.id.uuid(),
        class_id: session.class.uuid(),
        external_id: session.external_id.clone(),
        series_id: None,
        title: session.title.clone(),
        starts_at: session.starts_at,
        ends_at: session.ends_at,
        time_zone: session.time_zone.clone(),
        duration_minutes: session.minutes(),
        delivery: session.delivery,
        provider: held_on.unwrap_or(own).as_str(),
        stands_in_for: instead_of(session, own, held_on).map(ProviderName::as_str),
        state: session.state,
        meeting: MeetingView::from(None),
        started_at: session.started_at,
        ended_at: session.ended_at,
        cancel_reason: session.cancel_reason.clone(),
        join_url: String::new(),
    }
}

/// Whose sessions somebody sees in lists.
#[must_use]
pub const fn whose(who: &SignedIn) -> Whose {
    whose_by(who.role, who.person)
}

/// Whose sessions a person with a role sees in lists.
#[must_use]
pub const fn whose_by(role: Role, person: PersonId) -> Whose {
    match role {
        Role::Admin => Whose::Everybody,
        Role::Instructor => Whose::TaughtBy(person),
        Role::Student => Whose::EnrolledBy(person),
    }
}

/// Sessions that start from one instant and before another, behind a row: for other rooms.
pub async fn lines(
    tx: &mut Tx,
    organization: OrganizationId,
    whose: Whose,
    reach: (DateTime<Utc>, DateTime<Utc>),
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Line>, ApiError> {
    Ok(store::list(tx, organization, whose, reach, after, limit).await?)
}

/// The first few sessions of each of several days, of the whole organization: for other rooms.
pub async fn by_day(
    tx: &mut Tx,
    organization: OrganizationId,
    days: &[(DateTime<Utc>, DateTime<Utc>)],
    most: usize,
) -> Result<Vec<OfDay>, ApiError> {
    Ok(store::by_day(tx, organization, days, i64::try_from(most).unwrap_or(i64::MAX)).await?)
}

/// Sessions between two instants that this person sees.
pub async fn list(
    app: &App,
    who: &SignedIn,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<SessionView>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let found = lines(&mut tx, who.organization, whose(who), (from, to), after, limit).await?;
    Ok(found.into_iter().map(|line| of_line(app, who, line)).collect())
}

fn of_line(app: &App, who: &SignedIn, line: Line) -> SessionView {
    let mut view = shown(&line.session, line.provider, line.meeting.as_ref().map(|meeting| meeting.provider));
    view.series_id = line.series;
    view.join_url = line_link(app, who.organization, who.person, &line);
    view.meeting.state = progress(line.meeting.as_ref().map(|meeting| meeting.state));
    if who.role != Role::Student {
        let problem = line.meeting.and_then(|meeting| meeting.problem);
        view.meeting.problem =
            problem.map(|(code, words)| MeetingProblem { code, detail: words.to_string(), words });
    }
    view
}

/// The link of whoever the list is for: a member's own, else the class's.
#[must_use]
pub fn line_link(app: &App, organization: OrganizationId, person: PersonId, line: &Line) -> String {
    match line.place {
        Some((_, generation)) => {
            let claims = classes::links::member_claims(organization, line.session.class, person, generation);
            classes::links::link_of(app, &claims)
        }
        None => classes::links::class_link(app, line.session.class),
    }
}
