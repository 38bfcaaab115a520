//! How a session is shown, to whom.

use chrono::{DateTime, Utc};
use lectern_core::{
    provider::ProviderName,
    role::Role,
    sentence::Sentence,
    session::{Delivery, MeetingProgress, SessionState},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::find::class_of;
use crate::{
    app::App,
    classes::{self, Class},
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    sessions::store::{self, Meeting, MeetingState, Session, SessionFilter},
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
        let state = match meeting.map(|meeting| meeting.state) {
            None | Some(MeetingState::Removed) => MeetingProgress::None,
            Some(MeetingState::Creating) => MeetingProgress::Creating,
            Some(MeetingState::Ready) => MeetingProgress::Ready,
            Some(MeetingState::Failed) => MeetingProgress::Failed,
        };
        let problem = meeting.and_then(|meeting| {
            let words = meeting.problem.clone()?;
            Some(MeetingProblem { code: meeting.problem_code.clone()?, detail: words.to_string(), words })
        });
        Self { state, problem }
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
    let mut view = bare_view(session, class, meeting.as_ref());
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

/// The platform a session is held on: its meeting's, else its class's.
fn held_on(class: &Class, meeting: Option<&Meeting>) -> ProviderName {
    meeting.map_or(class.provider, |meeting| meeting.provider)
}

/// The class's own platform, when the standby platform holds the session.
#[must_use]
pub fn stands_in_for(class: &Class, session: &Session, meeting: Option<&Meeting>) -> Option<ProviderName> {
    let began = matches!(session.state, SessionState::Live | SessionState::Ended);
    Some(class.provider).filter(|own| began && held_on(class, meeting) != *own)
}

fn bare_view(session: &Session, class: &Class, meeting: Option<&Meeting>) -> SessionView {
    SessionView {
        id: session.id.uuid(),
        class_id: session.class.uuid(),
        external_id: session.external_id.clone(),
        title: session.title.clone(),
        starts_at: session.starts_at,
        ends_at: session.ends_at,
        time_zone: session.time_zone.clone(),
        duration_minutes: session.minutes(),
        delivery: session.delivery,
        provider: held_on(class, meeting).as_str(),
        stands_in_for: stands_in_for(class, session, meeting).map(ProviderName::as_str),
        state: session.state,
        meeting: MeetingView::from(meeting),
        started_at: session.started_at,
        ended_at: session.ended_at,
        cancel_reason: session.cancel_reason.clone(),
        join_url: String::new(),
    }
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
    let mut filter = SessionFilter { from, to, instructor: None, member: None, after };
    match who.role {
        Role::Admin => {}
        Role::Instructor => filter.instructor = Some(who.person),
        Role::Student => filter.member = Some(who.person),
    }
    let mut tx = app.db.read(who.organization).await?;
    let mut views = Vec::new();
    for session in store::list(&mut tx, who.organization, filter, limit).await? {
        let class = class_of(&mut tx, who.organization, &session).await?;
        views.push(view(app, &mut tx, who, &session, &class).await?);
    }
    Ok(views)
}
