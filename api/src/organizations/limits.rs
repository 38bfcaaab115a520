//! How much an organization may have: people, classes, sessions at the same time. Whoever runs the server decides.
//!
//! Each room counts its own and asks here. What is there when a limit is set lower stays; only nothing is added.

use lectern_core::ids::OrganizationId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::FromRow;
use utoipa::ToSchema;

use super::store;
use crate::{
    app::{App, OPERATOR},
    audit::{self, Actor, EntryKind},
    classes,
    db::Tx,
    error::{ApiError, FieldError},
    extract::SignedIn,
    people, sessions,
};

/// The largest limit that can be set; for more, set none.
const MOST: i64 = 10_000_000;

/// How much there may be; null: no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromRow, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Who may sign in; guests are not counted.
    #[schema(example = 500)]
    pub people: Option<i64>,
    /// Classes that are not archived.
    #[schema(example = 60)]
    pub classes: Option<i64>,
    /// Sessions that are live at the same time.
    #[schema(example = 10)]
    pub live_sessions: Option<i64>,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Used {
    /// Who may sign in.
    pub people: i64,
    /// Classes that are not archived.
    pub classes: i64,
    /// Sessions that are live now.
    pub live_sessions: i64,
}

/// Limits, and how much of them is used.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct LimitsView {
    /// How much there may be.
    pub limits: Limits,
    /// How much there is.
    pub used: Used,
}

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limited {
    /// Who may sign in.
    People,
    /// Classes that are not archived.
    Classes,
    /// Sessions at the same time.
    LiveSessions,
}

/// The limit on this, if there is one. From here to the end of the transaction nobody else adds to what is limited.
///
/// # Errors
/// When the database refuses.
pub async fn most(tx: &mut Tx, organization: OrganizationId, what: Limited) -> Result<Option<i64>, ApiError> {
    let limits = store::limits_held(tx, organization).await?;
    Ok(match what {
        Limited::People => limits.people,
        Limited::Classes => limits.classes,
        Limited::LiveSessions => limits.live_sessions,
    })
}

/// Refuses when there would be more than there may.
///
/// # Errors
/// [`ApiError::Conflict`] `limit_people`, `limit_classes` or `limit_live_sessions`.
pub fn check(what: Limited, most: i64, would_be: i64) -> Result<(), ApiError> {
    if would_be <= most {
        return Ok(());
    }
    Err(match what {
        Limited::People => ApiError::conflict(
            "limit_people",
            format!("This organization may have at most {most} people who can sign in."),
            "Disable people who no longer come, or ask whoever runs this server to lift the limit.",
        ),
        Limited::Classes => ApiError::conflict(
            "limit_classes",
            format!("This organization may have at most {most} classes."),
            "Archive classes that are over, or ask whoever runs this server to lift the limit.",
        ),
        Limited::LiveSessions => ApiError::conflict(
            "limit_live_sessions",
            format!("At most {most} sessions of this organization may run at the same time."),
            "Wait until one has ended, or ask whoever runs this server to lift the limit.",
        ),
    })
}

async fn used(tx: &mut Tx, organization: OrganizationId) -> Result<Used, ApiError> {
    Ok(Used {
        people: people::service::count_active(tx, organization, MOST).await?,
        classes: classes::service::count(tx, organization).await?,
        live_sessions: sessions::service::count_live(tx, organization).await?,
    })
}

/// An organization of this server, but for the operator's own.
pub(super) async fn known(app: &App, id: OrganizationId) -> Result<store::Organization, ApiError> {
    let mut look = app.db.system_read().await?;
    let found = store::find(&mut look, id).await?;
    found.filter(|organization| organization.id != OPERATOR).ok_or(ApiError::NotFound)
}

/// An organization with its limits and what it has.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn show(app: &App, id: OrganizationId) -> Result<(store::Organization, LimitsView), ApiError> {
    let organization = known(app, id).await?;
    // Behind the organization's wall: counts only.
    let mut tx = app.db.read(id).await?;
    let limits = store::limits(&mut tx, id).await?;
    let used = used(&mut tx, id).await?;
    Ok((organization, LimitsView { limits, used }))
}

/// Sets an organization's limits; the organization reads it in its log.
///
/// # Errors
/// [`ApiError::Invalid`] for what is no number of things; [`ApiError::NotFound`].
pub async fn set(
    app: &App,
    who: &SignedIn,
    id: OrganizationId,
    limits: Limits,
) -> Result<LimitsView, ApiError> {
    let all =
        [("people", limits.people), ("classes", limits.classes), ("live_sessions", limits.live_sessions)];
    let wrong = all.iter().filter(|(_, limit)| limit.is_some_and(|limit| !(0..=MOST).contains(&limit)));
    let errors: Vec<_> = wrong
        .map(|(field, _)| FieldError::new(*field, format!("Between 0 and {MOST}, or nothing.")))
        .collect();
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    known(app, id).await?;
    let mut tx = app.db.begin(id).await?;
    let before = store::limits_held(&mut tx, id).await?;
    if before != limits {
        store::set_limits(&mut tx, id, limits, app.clock.now()).await?;
        let entry = app.entry(id, EntryKind::LimitsChanged, Actor::Operator(who.person()?));
        audit::store::insert(&mut tx, &entry.details(json!({"from": before, "to": limits}))).await?;
    }
    let used = used(&mut tx, id).await?;
    tx.commit().await?;
    Ok(LimitsView { limits, used })
}

/// Opens or closes an organization: closed, nobody of it signs in or joins, and nothing is begun for it by the clock,
/// but that its connections are kept alive; what was queued is finished and told.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn set_active(
    app: &App,
    who: &SignedIn,
    id: OrganizationId,
    active: bool,
) -> Result<store::Organization, ApiError> {
    let organization = known(app, id).await?;
    if organization.active == active {
        return Ok(organization);
    }
    let kind = if active { EntryKind::OrganizationOpened } else { EntryKind::OrganizationClosed };
    let mut tx = app.db.begin(id).await?;
    store::set_active(&mut tx, id, active).await?;
    audit::store::insert(&mut tx, &app.entry(id, kind, Actor::Operator(who.person()?))).await?;
    tx.commit().await?;
    Ok(store::Organization { active, ..organization })
}
