//! Reading totals.

use std::collections::HashMap;

use lectern_core::ids::OrganizationId;
use uuid::Uuid;

use super::store;
use crate::{db::Tx, error::ApiError};

/// The totals of one class, session or cohort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Members of a class.
    pub members: u32,
    /// Guests of a class.
    pub guests: u32,
    /// People with a verdict on a session, its instructor among them.
    pub marked: u32,
    /// Of those, who came.
    pub came: u32,
    /// People of a cohort.
    pub people: u32,
    /// Classes a cohort is enrolled in.
    pub classes: u32,
}

/// The totals of classes, sessions or cohorts; those without any are left out.
pub async fn of(
    tx: &mut Tx,
    organization: OrganizationId,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Totals>, ApiError> {
    let mut all: HashMap<Uuid, Totals> = HashMap::new();
    for (id, what, number) in store::of(tx, organization, &crate::ids::json_list(ids)).await? {
        let totals = all.entry(id).or_default();
        let number = u32::try_from(number).unwrap_or_default();
        match what.as_str() {
            "member" => totals.members = number,
            "guest" => totals.guests = number,
            "marked" => totals.marked = number,
            "came" => totals.came = number,
            "people" => totals.people = number,
            "classes" => totals.classes = number,
            // Of a later release.
            _ => {}
        }
    }
    Ok(all)
}

/// The totals of one.
pub async fn of_one(tx: &mut Tx, organization: OrganizationId, id: Uuid) -> Result<Totals, ApiError> {
    Ok(of(tx, organization, [id]).await?.remove(&id).unwrap_or_default())
}
