//! Reminding people of sessions that are about to begin: each lead of the organization once for each start.

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    ids::{OrganizationId, PersonId, SessionId},
    reminder::{Due, due},
};
use serde_json::json;

use super::{service::decide_all, store};
use crate::{
    app::App,
    classes::enrollments,
    error::ApiError,
    jobs::JobError,
    keys::Sealer,
    organizations,
    sessions::{self, jobs::Failures},
};

/// Looks for sessions whose people are to be reminded.
pub const TICK: &str = "tick.reminders";

const KIND: &str = "reminder";
/// People decided on in one transaction: joins do not wait for more.
const AT_A_TIME: usize = 256;

/// Tick `reminders`. A run that was cut off is taken up again: who was decided on before is not told twice.
pub async fn tick(app: &App) -> Result<(), JobError> {
    let told = |error: ApiError| JobError::Retry(error.problem().detail, None);
    let mut failures = Failures::default();
    for organization in organizations::service::all_active(app).await.map_err(told)? {
        failures.note(organization, remind(app, organization).await);
    }
    failures.finish()
}

async fn remind(app: &App, organization: OrganizationId) -> Result<(), ApiError> {
    let leads = organizations::service::settings(app, organization).await?.policies.reminder_minutes;
    for lead in leads {
        let now = app.clock.now();
        let mut look = app.db.read(organization).await?;
        let sessions = store::unplanned(&mut look, organization, KIND, lead, now).await?;
        drop(look);
        if sessions.is_empty() {
            continue;
        }
        let sealer = app.keys.sealer(organization).await?;
        for (id, starts_at, scheduled_at) in sessions {
            let start = (SessionId(id), starts_at, scheduled_at);
            remind_of(app, &sealer, organization, start, lead).await?;
        }
        app.wake.jobs.notify_one();
        app.wake.outbox.notify_one();
    }
    Ok(())
}

async fn remind_of(
    app: &App,
    sealer: &Sealer,
    organization: OrganizationId,
    (id, starts_at, scheduled_at): (SessionId, DateTime<Utc>, DateTime<Utc>),
    lead: u32,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let planned = (KIND, starts_at, lead);
    if due(starts_at, Duration::minutes(i64::from(lead)), scheduled_at, now) != Due::Now {
        let mut tx = app.db.begin(organization).await?;
        store::plan(&mut tx, organization, id, planned, now).await?;
        return Ok(tx.commit().await?);
    }
    let mut look = app.db.read(organization).await?;
    let Some(session) = sessions::service::find(&mut look, organization, id).await? else { return Ok(()) };
    let class = sessions::service::class_of(&mut look, organization, &session).await?;
    let coming = enrollments::of_session(&mut look, organization, class.id, id).await?;
    drop(look);
    let about = format!("{id} {} {lead}", starts_at.timestamp());
    let mut people: Vec<(PersonId, &str, String)> =
        coming.iter().map(|place| (place.person, KIND, about.clone())).collect();
    people.push((class.instructor, KIND, about.clone()));
    let facts = json!({"starts_at": starts_at, "lead_minutes": lead});
    for some in people.chunks(AT_A_TIME) {
        let mut tx = app.db.begin(organization).await?;
        decide_all(app, &mut tx, sealer, organization, (id, &class), some, facts.clone()).await?;
        tx.commit().await?;
        app.wake.jobs.notify_one();
    }
    let mut tx = app.db.begin(organization).await?;
    store::plan(&mut tx, organization, id, planned, now).await?;
    Ok(tx.commit().await?)
}
