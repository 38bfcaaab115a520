//! A host holds so many meetings at once as the platform allows.

use chrono::SecondsFormat;
use lectern_core::{
    ids::{OrganizationId, PersonId, SessionId},
    provider::ProviderName,
    schedule::{Busy, Slot, clashes},
};
use lectern_providers::registry;
use uuid::Uuid;

use super::store::{self, BusyRow};
use crate::{classes::Class, db::Tx, error::ApiError, sessions::Session};

/// How many clashes a refusal names.
const NAMED: usize = 3;

/// What else takes the host's time, for each slot; sessions that are moved along do not count. `at_once`: how many the host can
/// hold; with `None` every meeting of two counts, also on different platforms.
pub(super) async fn taken(
    tx: &mut Tx,
    organization: OrganizationId,
    (instructor, provider): (PersonId, ProviderName),
    slots: &[Slot],
    but: &[SessionId],
    at_once: Option<u32>,
) -> Result<Vec<(usize, Vec<BusyRow>)>, ApiError> {
    let (Some(from), Some(to)) =
        (slots.iter().map(|slot| slot.starts_at).min(), slots.iter().map(|slot| slot.ends_at).max())
    else {
        return Ok(Vec::new());
    };
    let mut rows = store::busy(tx, organization, instructor, from, to).await?;
    rows.retain(|row| !but.contains(&SessionId(row.id)));
    if at_once.is_some() {
        rows.retain(|row| row.provider == provider.as_str());
    }
    let busy: Vec<Busy<Uuid>> =
        rows.iter().map(|row| Busy { id: row.id, starts_at: row.starts_at, ends_at: row.ends_at }).collect();
    let found = clashes(slots, &busy, at_once.unwrap_or(1));
    let named = |with: &[Uuid]| rows.iter().filter(|row| with.contains(&row.id)).cloned().collect();
    Ok(found.into_iter().map(|clash| (clash.slot, named(&clash.with))).collect())
}

const fn host(class: &Class) -> (PersonId, ProviderName) {
    (class.instructor, class.provider)
}

/// The first clashes, in words.
fn named(taken: &[(usize, Vec<BusyRow>)]) -> String {
    let first = taken.iter().filter_map(|(_, with)| with.first()).take(NAMED);
    let named = |row: &BusyRow| {
        format!("“{}” at {}", row.title, row.starts_at.to_rfc3339_opts(SecondsFormat::Secs, true))
    };
    first.map(named).collect::<Vec<_>>().join(", ")
}

/// What else the host holds during a session, when that is more than the platform lets them hold at once: a title.
pub async fn in_the_way(
    tx: &mut Tx,
    organization: OrganizationId,
    class: &Class,
    session: &Session,
) -> Result<Option<String>, ApiError> {
    let limit = registry::at_best(class.provider).and_then(|best| best.limits.meetings_at_once);
    let Some(limit) = limit else { return Ok(None) };
    let slot =
        Slot { local: session.starts_at.naive_utc(), starts_at: session.starts_at, ends_at: session.ends_at };
    let taken = taken(tx, organization, host(class), &[slot], &[session.id], Some(limit)).await?;
    Ok(taken.into_iter().flat_map(|(_, with)| with).next().map(|row| row.title))
}

/// Refuses slots in which the platform would not let the host hold another meeting. Inside the writing transaction: nobody else
/// plans this host's time until it ends.
///
/// # Errors
/// [`ApiError::Conflict`] `host_busy`, which names the first clashes.
pub(in crate::sessions) async fn refuse_clashes(
    tx: &mut Tx,
    organization: OrganizationId,
    class: &Class,
    slots: &[Slot],
    but: &[SessionId],
) -> Result<(), ApiError> {
    let limit = registry::at_best(class.provider).and_then(|best| best.limits.meetings_at_once);
    let Some(limit) = limit else { return Ok(()) };
    store::lock_host(tx, organization, class.instructor).await?;
    let taken = taken(tx, organization, host(class), slots, but, Some(limit)).await?;
    if taken.is_empty() {
        return Ok(());
    }
    let named = named(&taken);
    Err(ApiError::conflict(
        "host_busy",
        format!(
            "The host cannot hold more than {limit} at once on {}: {} of {} sessions would meet another, first {}.",
            class.provider.title(),
            taken.len(),
            slots.len(),
            named
        ),
        "Choose another time, leave those days out with EXDATE, or send \"clashes\": \"allow\" if somebody else hosts.",
    ))
}

/// Refuses slots in which the host holds another meeting, whatever the platforms allow. Inside the writing transaction, as
/// [`refuse_clashes`].
///
/// # Errors
/// [`ApiError::Conflict`] `host_busy`, which names the first clashes.
pub(in crate::sessions) async fn refuse_any_clash(
    tx: &mut Tx,
    organization: OrganizationId,
    class: &Class,
    slots: &[Slot],
) -> Result<(), ApiError> {
    store::lock_host(tx, organization, class.instructor).await?;
    let taken = taken(tx, organization, host(class), slots, &[], None).await?;
    if taken.is_empty() {
        return Ok(());
    }
    Err(ApiError::conflict(
        "host_busy",
        format!(
            "The host has something else at {} of {} sessions, first {}.",
            taken.len(),
            slots.len(),
            named(&taken)
        ),
        "Choose another time, leave those days out, or allow it.",
    ))
}
