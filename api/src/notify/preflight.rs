//! Looking ahead: a day and half an hour before a session, whoever can mend what stands in its way is told.

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    ids::{OrganizationId, PersonId, SessionId},
    reminder::{Due, due},
};
use serde_json::json;

use super::{
    obstacles::{MendedBy, Round},
    service::decide_all,
    store,
};
use crate::{
    app::App,
    error::ApiError,
    jobs::JobError,
    organizations, people,
    sessions::{self, jobs::Failures},
};

/// Looks at sessions to come.
pub const TICK: &str = "tick.preflight";

/// The kind of notice.
pub(super) const KIND: &str = "preflight";
/// So many minutes before the start.
const LEADS: [u32; 2] = [24 * 60, 30];
/// From here on what usually passes by itself is worth a word.
const SOON: u32 = 60;

/// Tick `preflight`. A run that was cut off is taken up again: nobody is told twice.
pub async fn tick(app: &App) -> Result<(), JobError> {
    let told = |error: ApiError| JobError::Retry(error.problem().detail, None);
    let mut failures = Failures::default();
    for organization in organizations::service::all_active(app).await.map_err(told)? {
        failures.note(organization, look_ahead(app, organization).await);
    }
    failures.finish()
}

async fn look_ahead(app: &App, organization: OrganizationId) -> Result<(), ApiError> {
    let mut round = Round::new(app, organization);
    for lead in LEADS {
        let mut look = app.db.read(organization).await?;
        let sessions = store::unplanned(&mut look, organization, KIND, lead, app.clock.now()).await?;
        drop(look);
        for (id, starts_at, scheduled_at) in sessions {
            look_at(&mut round, organization, app, (SessionId(id), starts_at, scheduled_at), lead).await?;
        }
    }
    app.wake.jobs.notify_one();
    app.wake.outbox.notify_one();
    Ok(())
}

async fn look_at(
    round: &mut Round<'_>,
    organization: OrganizationId,
    app: &App,
    (id, starts_at, scheduled_at): (SessionId, DateTime<Utc>, DateTime<Utc>),
    lead: u32,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let planned = (KIND, starts_at, lead);
    let mut told = None;
    if due(starts_at, Duration::minutes(i64::from(lead)), scheduled_at, now) == Due::Now {
        let mut look = app.db.read(organization).await?;
        let Some(session) = sessions::service::find(&mut look, organization, id).await? else {
            return Ok(());
        };
        let class = sessions::service::class_of(&mut look, organization, &session).await?;
        drop(look);
        let obstacles = round.of(&session, &class, lead <= SOON).await?;
        told = (!obstacles.is_empty()).then_some((class, obstacles));
    }
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    if let Some((class, obstacles)) = told {
        let mut people = vec![class.instructor];
        if obstacles.iter().any(|one| matches!(one.by, MendedBy::Admin | MendedBy::Operator)) {
            let admins = people::service::admins(&mut tx, organization).await?;
            people.extend(admins.into_iter().filter(|admin| *admin != class.instructor));
        }
        let about = format!("{id} {} {lead}", starts_at.timestamp());
        let people: Vec<(PersonId, &str, String)> =
            people.into_iter().map(|person| (person, KIND, about.clone())).collect();
        let facts = json!({"starts_at": starts_at, "lead_minutes": lead, "obstacles": obstacles});
        decide_all(app, &mut tx, &sealer, organization, (id, &class), &people, facts).await?;
    }
    store::plan(&mut tx, organization, id, planned, now).await?;
    Ok(tx.commit().await?)
}
