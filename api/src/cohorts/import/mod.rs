//! Reading a list of people from a file into a cohort: what would happen is said first, by the same plan that is then carried out.

pub mod plan;
pub mod read;

use lectern_core::ids::{CohortId, PersonId};
use serde_json::json;

use plan::{Known, Plan};
pub use plan::{LineReport, Outcome, Report, Totals};
use read::Sheet;

use super::{keeping, service, store};
use crate::{
    app::App,
    audit::{self, EntryKind},
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    people::{self, email_key},
};

/// Reads a file into a cohort, or says what that would do. Each good line is taken whole, each bad one reported.
pub async fn run(
    app: &App,
    who: &SignedIn,
    id: CohortId,
    file: &[u8],
    dry_run: bool,
) -> Result<Report, ApiError> {
    let organization = who.organization;
    if dry_run {
        let mut tx = app.db.read(organization).await?;
        service::find(&mut tx, who, id).await?;
        let sheet = read::sheet(file)?;
        return Ok(decide(app, &mut tx, who, id, sheet).await?.report);
    }
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    service::to_change(&mut tx, who, id).await?;
    let sheet = read::sheet(file)?;
    let plan = decide(app, &mut tx, who, id, sheet).await?;
    people::service::make_students(app, &mut tx, organization, who.actor(), &plan.make).await?;
    people::service::change_students(app, &mut tx, organization, who.actor(), &plan.change).await?;
    service::join(app, &mut tx, who, id, &plan.join).await?;
    let entry = app.entry(organization, EntryKind::CohortImported, who.actor());
    let entry = entry.details(json!({"cohort": id, "totals": plan.report.totals}));
    audit::store::insert(&mut tx, &entry).await?;
    let classes = store::classes_of(&mut tx, organization, id).await?;
    keeping::keep(app, &mut tx, &sealer, who, &classes, json!({"cohort": id})).await?;
    tx.commit().await?;
    service::wake(app);
    Ok(plan.report)
}

async fn decide(
    app: &App,
    tx: &mut Tx,
    who: &SignedIn,
    id: CohortId,
    sheet: Sheet,
) -> Result<Plan, ApiError> {
    let lines = plan::check_all(&sheet);
    let wanted = || lines.iter().filter_map(|(_, line)| line.as_ref().ok());
    let keys: Vec<String> = wanted().map(|line| email_key(&line.email)).collect();
    let external: Vec<String> = wanted().filter_map(|line| line.external_id.clone()).collect();
    let members: Vec<_> = store::ids(tx, who.organization, id).await?.into_iter().map(PersonId).collect();
    let known = Known {
        people: people::service::of_addresses(tx, who.organization, &keys).await?,
        holders: people::service::holders(tx, who.organization, &external).await?,
        room: service::MOST_PEOPLE.saturating_sub(members.len()),
        members: members.into_iter().collect(),
    };
    Ok(plan::decide(lines, sheet.ignored_columns, known, || app.new_id()))
}
