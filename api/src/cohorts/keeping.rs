//! Keeping rosters in step with cohorts: what is different is found by one look, and made right in the caller's transaction.

use std::collections::BTreeMap;

use lectern_core::ids::{ClassId, PersonId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::store;
use crate::{
    app::App,
    classes::groups::{self, Mover},
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    keys::Sealer,
};

/// How many came onto rosters, and how many left them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Came.
    pub came: usize,
    /// Left.
    pub left: usize,
}

fn by_class(pairs: Vec<(Uuid, Uuid)>) -> BTreeMap<Uuid, Vec<PersonId>> {
    let mut classes: BTreeMap<Uuid, Vec<PersonId>> = BTreeMap::new();
    for (class, person) in pairs {
        classes.entry(class).or_default().push(PersonId(person));
    }
    classes
}

/// Brings the rosters of these classes in step with their cohorts. `why` goes into the log beside each person.
pub async fn keep(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    who: &SignedIn,
    classes: &[ClassId],
    why: Value,
) -> Result<Moved, ApiError> {
    if classes.is_empty() {
        return Ok(Moved::default());
    }
    let organization = who.organization;
    let mover = Mover { organization, actor: who.actor(), sealer, details: why };
    let held = groups::hold(tx, organization, classes).await?;
    let mut going = by_class(store::to_put_out(tx, organization, classes).await?);
    let mut coming = by_class(store::to_bring(tx, organization, classes).await?);
    let mut moved = Moved::default();
    for class in held {
        let going = going.remove(&class.id.uuid()).unwrap_or_default();
        groups::go(app, tx, &mover, &class, &going).await?;
        let coming = coming.remove(&class.id.uuid()).unwrap_or_default();
        groups::come(app, tx, &mover, &class, &coming).await?;
        moved.left += going.len();
        moved.came += coming.len();
    }
    Ok(moved)
}

/// Somebody may come again: onto the rosters their cohorts bring them to. Inside the caller's transaction.
pub async fn person_enabled(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    who: &SignedIn,
    person: PersonId,
) -> Result<(), ApiError> {
    let classes = store::classes_of_person(tx, who.organization, person).await?;
    keep(app, tx, sealer, who, &classes, json!({"person_enabled": true})).await?;
    Ok(())
}

/// Somebody else teaches a class: whoever taught it may now be brought, and whoever teaches it is not. Inside the caller's
/// transaction.
pub async fn class_handed_over(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    who: &SignedIn,
    class: ClassId,
) -> Result<(), ApiError> {
    keep(app, tx, sealer, who, &[class], json!({"handed_over": true})).await?;
    Ok(())
}
