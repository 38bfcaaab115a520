//! What other rooms bring in and read of evidence: everything takes the open transaction.

use std::collections::HashMap;

use lectern_core::{
    attendance::{Presence, Roster, Run, identify},
    ids::{OrganizationId, PersonId, SessionId},
    provider::{EventKind, IncomingEvent},
    role::SessionRole,
};

use super::store;
use crate::{db::Tx, error::ApiError, sessions::facts::SessionFacts};

/// Waits until no other instance changes this organization's evidence; held until the transaction ends.
pub async fn lock(tx: &mut Tx, organization: OrganizationId) -> Result<(), ApiError> {
    Ok(store::lock(tx, organization).await?)
}

/// All stays and runs of some sessions.
pub async fn of_sessions(
    tx: &mut Tx,
    organization: OrganizationId,
    sessions: impl IntoIterator<Item = SessionId>,
) -> Result<HashMap<SessionId, (Vec<Presence>, Vec<Run>)>, ApiError> {
    let ids = crate::ids::json_list(sessions.into_iter().map(SessionId::uuid));
    let mut all: HashMap<SessionId, (Vec<Presence>, Vec<Run>)> = HashMap::new();
    for (session, presence) in store::presences_of_many(tx, organization, &ids).await? {
        all.entry(session).or_default().0.push(presence);
    }
    for (session, run) in store::runs_of_many(tx, organization, &ids).await? {
        all.entry(session).or_default().1.push(run);
    }
    Ok(all)
}

/// All stays and runs of a session.
pub async fn of_session(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
) -> Result<(Vec<Presence>, Vec<Run>), ApiError> {
    Ok(of_sessions(tx, organization, [session]).await?.remove(&session).unwrap_or_default())
}

/// What an event did to its run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotedRun {
    /// Something was not known before.
    pub changed: bool,
    /// The run ended, and another one of the session goes on.
    pub followed: bool,
}

/// Absorbs what an event says of its run.
pub async fn note_run(
    tx: &mut Tx,
    organization: OrganizationId,
    facts: &SessionFacts,
    event: &IncomingEvent,
) -> Result<NotedRun, ApiError> {
    let (Some(told), Some(meeting)) = (Run::from_event(event), facts.meeting) else {
        return Ok(NotedRun::default());
    };
    let told = Run { meeting: meeting.to_string(), ..told };
    let known = store::find_run(tx, organization, meeting, &told.id).await?;
    let mut run = known.clone().unwrap_or_else(|| told.clone());
    run.absorb(&told);
    let changed = known.as_ref() != Some(&run);
    if changed {
        store::save_run(tx, organization, facts.session, meeting, &run).await?;
    }
    if event.kind != EventKind::MeetingEnded {
        return Ok(NotedRun { changed, followed: false });
    }
    let runs = store::runs_of(tx, organization, facts.session).await?;
    let followed = runs.iter().any(|other| {
        other.run.id != run.id
            && other.run.ended_at.is_none()
            && other.run.started_at.is_some_and(|at| at >= event.at)
    });
    Ok(NotedRun { changed, followed })
}

/// A stay that an event changed.
#[derive(Clone, Debug)]
pub struct NotedStay {
    /// As it is now.
    pub stay: Presence,
    /// Whose it is.
    pub person: Option<PersonId>,
    /// What they are to the session.
    pub role: SessionRole,
    /// Their name, or the one shown in the meeting.
    pub name: String,
    /// The event's coming-in or going-out was not known before.
    pub new_mark: bool,
}

/// Absorbs what one event says of a stay; none when it says nothing new.
pub async fn note_stay(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    roster: &Roster,
    told: &Presence,
) -> Result<Option<NotedStay>, ApiError> {
    let known = store::find_presence(tx, organization, session, &told.key).await?;
    let mut stay = known.clone().unwrap_or_else(|| told.clone());
    stay.absorb(told);
    if known.as_ref() == Some(&stay) {
        return Ok(None);
    }
    let person = whose(tx, organization, session, roster, &stay).await?;
    let seat = person.and_then(|person| roster.seats().iter().find(|seat| seat.person == person));
    let role = seat.map_or(SessionRole::Unknown, |seat| seat.role);
    let name = seat.map(|seat| seat.name.clone()).or_else(|| stay.facts.name.clone()).unwrap_or_default();
    store::save_presence(tx, organization, session, &stay, (person, role)).await?;
    let new_mark = known
        .is_none_or(|known| !told.joins.is_subset(&known.joins) || !told.leaves.is_subset(&known.leaves));
    Ok(Some(NotedStay { stay, person, role, name, new_mark }))
}

async fn whose(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    roster: &Roster,
    stay: &Presence,
) -> Result<Option<PersonId>, ApiError> {
    let own = stay.assigned.or_else(|| roster.find(&stay.facts).map(|found| found.person));
    if own.is_some() {
        return Ok(own);
    }
    // By another row of the same stay: the main room's, for a breakout room.
    let mut all = store::presences_of(tx, organization, session).await?;
    all.retain(|other| other.key.run == stay.key.run && other.key != stay.key);
    all.push(stay.clone());
    Ok(identify(roster, &all).pop().flatten().map(|found| found.person))
}

/// The registrant of a stay that is in its run more than once now.
pub async fn doubled<'a>(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    stay: &'a Presence,
) -> Result<Option<&'a str>, ApiError> {
    let Some(registrant) = stay.facts.registrant_id.as_deref() else { return Ok(None) };
    let inside = store::inside_with(tx, organization, session, registrant, &stay.key.run).await?;
    Ok((inside >= 2).then_some(registrant))
}
