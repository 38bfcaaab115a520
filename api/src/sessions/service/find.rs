//! Finding sessions, for those who may see or teach them.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    ids::{ClassId, OrganizationId, PersonId, SessionId},
    role::Role,
};
use uuid::Uuid;

use crate::{
    classes::{self, Class},
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    list::{List, Paging, bad_cursor, beginning_of_time, end_of_time},
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

/// How many sessions of an organization are live.
pub async fn count_live(tx: &mut Tx, organization: OrganizationId) -> Result<i64, ApiError> {
    Ok(store::count_all_live(tx, organization).await?)
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
) -> Result<HashMap<SessionId, (ClassId, String)>, ApiError> {
    let ids: std::collections::BTreeSet<Uuid> = ids.into_iter().map(SessionId::uuid).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = store::titles(tx, organization, &crate::ids::json_list(ids)).await?;
    Ok(rows.into_iter().map(|(id, class, title)| (SessionId(id), (ClassId(class), title))).collect())
}

/// What a list says of each class: the running session, else the next one, else the last there was.
pub async fn glances(
    tx: &mut Tx,
    organization: OrganizationId,
    classes: impl IntoIterator<Item = ClassId>,
    now: DateTime<Utc>,
) -> Result<HashMap<ClassId, Session>, ApiError> {
    let classes = crate::ids::json_list(classes.into_iter().map(ClassId::uuid));
    let sessions = store::glances(tx, organization, &classes, now).await?;
    Ok(sessions.into_iter().map(|session| (session.class, session)).collect())
}

/// One page of the sessions of a class: those that run or are to come, in order, then the others, latest first.
///
/// # Errors
/// [`ApiError::Invalid`] for a cursor that is none.
pub async fn page_of_class(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    now: DateTime<Utc>,
    paging: &Paging,
) -> Result<List<Session>, ApiError> {
    // The cursor says in which part the last row was: of the past, `-` and its instant.
    let (past, from) = match paging.word_and_id()? {
        None => (false, (beginning_of_time(), Uuid::nil())),
        Some((word, id)) => {
            let micros: i64 = word.trim_start_matches('-').parse().map_err(|_| bad_cursor())?;
            (word.starts_with('-'), (DateTime::from_timestamp_micros(micros).ok_or_else(bad_cursor)?, id))
        }
    };
    let mut rows = Vec::new();
    if !past {
        let coming =
            store::page_of_class(tx, organization, class, (false, now), from, paging.fetch()).await?;
        rows.extend(coming.into_iter().map(|session| (false, session)));
    }
    let room = paging.fetch() - i64::try_from(rows.len()).unwrap_or(i64::MAX);
    if room > 0 {
        let from = if past { from } else { end_of_time() };
        let others = store::page_of_class(tx, organization, class, (true, now), from, room).await?;
        rows.extend(others.into_iter().map(|session| (true, session)));
    }
    let cursor = |(past, session): &(bool, Session)| {
        let part = if *past { "-" } else { "" };
        format!("{part}{} {}", session.starts_at.timestamp_micros(), session.id)
    };
    Ok(paging.list(rows, cursor, |(_, session)| session))
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
