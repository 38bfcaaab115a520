//! Coming meetings follow what was decided for all classes.

use lectern_core::{
    ids::OrganizationId,
    locks::{ClassOption, Locks},
    settings::ClassSettings,
};
use lectern_providers::registry;
use uuid::Uuid;

use crate::{
    app::App,
    classes::{self, Class},
    error::ApiError,
    jobs::{Job, JobError},
    sessions,
};

/// Its kind. The body has what was decided before.
pub const FOLLOW: &str = "locks.follow";

/// What a platform is told of a class's options. Breakout rooms and aliases go another way: with the plan of the rooms, and with each
/// person.
const TOLD: [ClassOption; 4] =
    [ClassOption::WaitingRoom, ClassOption::Recording, ClassOption::Chat, ClassOption::ScreenShare];

/// Classes looked at in one go: their meetings are queued in one transaction, which others must not wait for.
const AT_ONCE: i64 = 20;

/// Job [`FOLLOW`]: queues the update of each coming meeting whose class has other options now. Doing it twice queues nothing twice.
///
/// # Errors
/// For the runner to try again: failures of ours.
pub async fn follow(app: &App, job: &Job) -> Result<(), JobError> {
    let before = job.body.get("before").cloned().unwrap_or_default();
    let before: Locks = serde_json::from_value(before)
        .map_err(|error| JobError::GiveUp(format!("the body cannot be read: {error}")))?;
    bring(app, job.organization, &before).await.map_err(|error| JobError::Retry(error.problem().detail, None))
}

async fn bring(app: &App, organization: OrganizationId, before: &Locks) -> Result<(), ApiError> {
    let mut after = Uuid::max();
    loop {
        let mut look = app.db.read(organization).await?;
        let classes = classes::service::all_before(&mut look, organization, after, AT_ONCE).await?;
        drop(look);
        let Some(last) = classes.last() else { return Ok(()) };
        after = last.id.uuid();
        let changed: Vec<_> = classes.iter().filter(|class| differs(class, before)).collect();
        if changed.is_empty() {
            continue;
        }
        let mut tx = app.db.begin(organization).await?;
        for class in changed {
            sessions::service::class_changed(app, &mut tx, organization, class.id).await?;
        }
        tx.commit().await?;
        app.wake.jobs.notify_one();
    }
}

/// Whether the platform would be told anything else: an update that says the same spends one of the host's for this day.
fn differs(class: &Class, before: &Locks) -> bool {
    let can = registry::at_best(class.provider);
    let told = |settings: &ClassSettings| match &can {
        Some(can) => can.fit(settings),
        None => settings.clone(),
    };
    let (old, new) = (told(&before.over(&class.wishes)), told(&class.settings));
    TOLD.iter().any(|option| !option.same(&old, &new))
}
