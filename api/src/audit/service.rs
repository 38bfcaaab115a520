//! Reading the log: lines with the names that belong to their ids.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use lectern_core::ids::{ClassId, OrganizationId, PersonId, SessionId};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{EntryKind, store};
use crate::{classes, db::Tx, error::ApiError, people, sessions};

/// Lines of the log, newest first, for other rooms.
pub use super::store::{Filter, Row, page as rows};

/// Refused attempts of one session that are looked at.
const MOST_REFUSED: i64 = 500;
/// Of each kind: more than a large school makes in months.
const MOST_TURNS: i64 = 5_000;

/// Who did it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ActorView {
    /// `person`, `api_key`, `nobody`, `provider`, `system` or `operator`.
    pub kind: String,
    /// The person, or the API key.
    pub id: Option<Uuid>,
    /// Their name, where the organization knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Whom it is about.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AboutView {
    /// Their id.
    pub id: Uuid,
    /// Their name.
    pub name: String,
}

/// A line of the log.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EntryView {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// What: two words with a dot between, such as `session.started`.
    pub kind: String,
    /// By whom.
    pub actor: ActorView,
    /// About which class.
    pub class_id: Option<Uuid>,
    /// About which session.
    pub session_id: Option<Uuid>,
    /// About whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<AboutView>,
    /// More, without names, addresses or secrets.
    #[schema(value_type = Object)]
    pub details: Value,
}

/// Lines with the names of the people in them.
pub async fn named(
    tx: &mut Tx,
    organization: OrganizationId,
    rows: Vec<Row>,
) -> Result<Vec<EntryView>, ApiError> {
    let actors = rows.iter().filter(|row| row.actor_kind == "person").filter_map(|row| row.actor_id);
    let ids = rows.iter().filter_map(|row| row.person_id).chain(actors).map(PersonId);
    let names = people::service::names(tx, organization, ids).await?;
    let keys = if rows.iter().any(|row| row.actor_kind == "api_key") {
        people::service::api_key_names(tx, organization).await?
    } else {
        HashMap::new()
    };
    let name = |id: Uuid| names.get(&PersonId(id)).cloned();
    let views = rows.into_iter().map(|row| EntryView {
        id: row.id,
        at: row.at,
        actor: ActorView {
            id: row.actor_id,
            name: row.actor_id.and_then(|id| match row.actor_kind.as_str() {
                "person" => name(id),
                "api_key" => keys.get(&id).cloned(),
                _ => None,
            }),
            kind: row.actor_kind,
        },
        kind: row.kind,
        class_id: row.class_id,
        session_id: row.session_id,
        person: row.person_id.map(|id| AboutView { id, name: name(id).unwrap_or_default() }),
        details: row.details.0,
    });
    Ok(views.collect())
}

/// The titles of the classes and sessions in some lines.
#[derive(Debug, Default)]
pub struct Titles {
    /// Of classes.
    pub classes: HashMap<ClassId, String>,
    /// Of sessions, with their class.
    pub sessions: HashMap<SessionId, (ClassId, String)>,
}

/// Looks the titles up that belong to some lines.
pub async fn titles(
    tx: &mut Tx,
    organization: OrganizationId,
    views: &[EntryView],
) -> Result<Titles, ApiError> {
    let sessions = views.iter().filter_map(|view| view.session_id).map(SessionId);
    let sessions = sessions::service::titles(tx, organization, sessions).await?;
    let classes = views.iter().filter_map(|view| view.class_id).map(ClassId);
    let classes = classes.chain(sessions.values().map(|(class, _)| *class));
    let classes = classes::service::titles(tx, organization, classes.collect::<Vec<_>>()).await?;
    Ok(Titles { classes, sessions })
}

/// When connections were made, lost and ended, the earliest first: which, when, and what happened; of one person's or of all.
pub async fn connection_turns(
    tx: &mut Tx,
    organization: OrganizationId,
    person: Option<PersonId>,
) -> Result<Vec<(Uuid, DateTime<Utc>, EntryKind)>, ApiError> {
    let mut turns = Vec::new();
    for kind in [
        EntryKind::Connected,
        EntryKind::ConnectionLost,
        EntryKind::Deauthorized,
        EntryKind::Disconnected,
        EntryKind::ConnectionRevoked,
    ] {
        let filter = Filter {
            kind: Some(kind.as_str().to_owned()),
            people: person.map(|person| vec![person]),
            ..Filter::default()
        };
        let rows = store::page(tx, organization, &filter, MOST_TURNS).await?;
        if i64::try_from(rows.len()) == Ok(MOST_TURNS) {
            tracing::warn!(
                kind = kind.as_str(),
                "older entries about connections are left out of their days"
            );
        }
        for row in rows {
            let connection = row.details.0.get("connection_id").and_then(Value::as_str);
            if let Some(connection) = connection.and_then(|id| id.parse().ok()) {
                turns.push((connection, row.at, kind));
            }
        }
    }
    turns.sort_by_key(|(_, at, _)| *at);
    Ok(turns)
}

/// Who was turned away from a session and not let in since, and why.
pub async fn refused_in(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
) -> Result<HashMap<PersonId, Option<String>>, ApiError> {
    let filter = Filter {
        kind: Some(EntryKind::JoinRefused.as_str().to_owned()),
        session: Some(session),
        ..Filter::default()
    };
    let mut last = HashMap::new();
    for row in store::page(tx, organization, &filter, MOST_REFUSED).await? {
        if let Some(person) = row.person_id {
            let why = row.details.0.get("why").and_then(Value::as_str).map(str::to_owned);
            last.entry(PersonId(person)).or_insert((row.at, row.id, why));
        }
    }
    if !last.is_empty() {
        let filter = Filter { kind: Some(EntryKind::JoinRedeemed.as_str().to_owned()), ..filter };
        for row in store::page(tx, organization, &filter, MOST_REFUSED).await? {
            if let Some(person) = row.person_id.map(PersonId)
                && last.get(&person).is_some_and(|(at, id, _)| (*at, *id) < (row.at, row.id))
            {
                last.remove(&person);
            }
        }
    }
    Ok(last.into_iter().map(|(person, (_, _, why))| (person, why)).collect())
}
