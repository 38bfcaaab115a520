//! Finding sessions, for those who may see or teach them.

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    ids::{ClassId, OrganizationId, PersonId, SessionId},
    role::Role,
    session::SessionState,
};
use uuid::Uuid;

use crate::{
    classes::{self, Class},
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    sessions::{
        series,
        store::{self, Session},
    },
};

/// The class of a session.
pub async fn class_of(
    tx: &mut Tx,
    organization: OrganizationId,
    session: &Session,
) -> Result<Class, ApiError> {
    classes::service::find(tx, organization, session.class).await?.ok_or(ApiError::NotFound)
}

/// A session of an organization, whoever asks: for other rooms.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    id: SessionId,
) -> Result<Option<Session>, ApiError> {
    Ok(store::find(tx, organization, id).await?)
}

/// The same, and nobody else changes it until the transaction ends.
pub async fn find_to_change(
    tx: &mut Tx,
    organization: OrganizationId,
    id: SessionId,
) -> Result<Option<Session>, ApiError> {
    Ok(store::find_to_change(tx, organization, id).await?)
}

/// The session with the host application's id.
pub async fn find_by_external(
    tx: &mut Tx,
    organization: OrganizationId,
    external: &str,
) -> Result<Option<Session>, ApiError> {
    Ok(store::find_by_external(tx, organization, external).await?)
}

/// The next session of a class that is not over.
pub async fn next_of_class(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    now: DateTime<Utc>,
) -> Result<Option<Session>, ApiError> {
    Ok(store::next_of_class(tx, organization, class, now).await?)
}

/// The sessions a join link of the class may open now or next; else the last one there was.
pub async fn near(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    now: DateTime<Utc>,
) -> Result<Vec<Session>, ApiError> {
    Ok(store::near(tx, organization, class, now - Duration::hours(12)).await?)
}

/// All sessions of a class, in order.
pub async fn of_class(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
) -> Result<Vec<Session>, ApiError> {
    Ok(store::of_class(tx, organization, class).await?)
}

/// The session and its class, when this person may teach it. Else it is not there.
pub async fn own(tx: &mut Tx, who: &SignedIn, id: SessionId) -> Result<(Session, Class), ApiError> {
    let session = store::find(tx, who.organization, id).await?.ok_or(ApiError::NotFound)?;
    let class = classes::service::own(tx, who, session.class).await?;
    Ok((session, class))
}

/// The same, and nobody else changes the session until the transaction ends.
pub async fn own_to_change(tx: &mut Tx, who: &SignedIn, id: SessionId) -> Result<(Session, Class), ApiError> {
    let session = store::find_to_change(tx, who.organization, id).await?.ok_or(ApiError::NotFound)?;
    let class = classes::service::own(tx, who, session.class).await?;
    Ok((session, class))
}

/// The session and its class, when this person may see it.
pub async fn readable(tx: &mut Tx, who: &SignedIn, id: SessionId) -> Result<(Session, Class), ApiError> {
    let session = store::find(tx, who.organization, id).await?.ok_or(ApiError::NotFound)?;
    let class = classes::service::readable(tx, who, session.class).await?;
    if who.role == Role::Student {
        let place = classes::enrollments::of_person(tx, who.organization, class.id, who.person)
            .await?
            .ok_or(ApiError::NotFound)?;
        if !classes::enrollments::may_come(tx, who.organization, &place, id).await? {
            return Err(ApiError::NotFound);
        }
    }
    Ok((session, class))
}

/// The classes a person teaches are live now: for the badge in the navigation.
pub async fn live_count(tx: &mut Tx, who: &SignedIn) -> Result<u32, ApiError> {
    let instructor: Option<PersonId> = (who.role == Role::Instructor).then_some(who.person);
    Ok(u32::try_from(store::count_live(tx, who.organization, instructor).await?).unwrap_or(0))
}

/// Class and title of these sessions, for lists of other rooms.
pub async fn titles(
    tx: &mut Tx,
    organization: OrganizationId,
    ids: impl IntoIterator<Item = SessionId>,
) -> Result<std::collections::HashMap<SessionId, (ClassId, String)>, ApiError> {
    let ids: std::collections::BTreeSet<Uuid> = ids.into_iter().map(SessionId::uuid).collect();
    if ids.is_empty() {
        return Ok(std::collections::HashMap::new());
    }
    let rows = store::titles(tx, organization, &crate::ids::json_list(ids)).await?;
    Ok(rows.into_iter().map(|(id, class, title)| (SessionId(id), (ClassId(class), title))).collect())
}

/// What a list of classes says of one: the running session, else the next one, else the last there was.
pub async fn glance(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    now: DateTime<Utc>,
) -> Result<Option<Session>, ApiError> {
    let near = store::near(tx, organization, class, now).await?;
    let live = near.iter().find(|session| session.state == SessionState::Live);
    let next =
        || near.iter().find(|session| session.state == SessionState::Scheduled && session.ends_at > now);
    Ok(live.or_else(next).or_else(|| near.last()).cloned())
}

/// Nobody else changes or starts a session of this class until the transaction ends.
pub async fn hold(tx: &mut Tx, organization: OrganizationId, class: ClassId) -> Result<(), ApiError> {
    for session in store::of_class(tx, organization, class).await? {
        store::find_to_change(tx, organization, session.id).await?;
    }
    Ok(())
}

/// Nobody else plans this host's time until the transaction ends.
pub async fn hold_host(tx: &mut Tx, organization: OrganizationId, host: PersonId) -> Result<(), ApiError> {
    Ok(series::lock_host(tx, organization, host).await?)
}
