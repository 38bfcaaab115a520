//! Regular work on sessions: meetings in time, and an end for what was forgotten.

use chrono::Duration;
use lectern_core::{ids::OrganizationId, organization::MeetingCreated};

use super::{meetings, service, store};
use crate::{app::App, audit::Actor, error::ApiError, jobs::JobError, organizations};

/// A running session that nobody ended is over this long after its scheduled end.
const FORGOTTEN: Duration = Duration::hours(3);
/// A provider's meeting is removed this long after its session, once attendance was read.
const KEPT: Duration = Duration::days(2);
/// This long after its last use the platform's meeting is dead by itself: until then somebody may still have its report read by
/// hand, later nobody can.
const DEAD: Duration = Duration::days(30);

/// Counts the organizations whose regular work failed: each is tried, whatever becomes of the others.
#[derive(Debug, Default)]
pub(crate) struct Failures(usize);

impl Failures {
    /// Notes how one organization's turn came out.
    pub(crate) fn note(&mut self, organization: OrganizationId, outcome: Result<(), ApiError>) {
        if let Err(error) = outcome {
            self.0 += 1;
            let detail = error.problem().detail;
            tracing::error!(%organization, ?error, "regular work for organization {organization} failed: {detail}");
        }
    }

    /// Whether the job must be tried again.
    pub(crate) fn finish(self) -> Result<(), JobError> {
        if self.0 == 0 {
            Ok(())
        } else {
            Err(JobError::Retry(format!("{} organizations failed", self.0), None))
        }
    }
}

fn told(error: ApiError) -> JobError {
    JobError::Retry(error.problem().detail, None)
}

/// Tick `prepare_sessions`: whatever the policy, a meeting is there 30 minutes before the start, unless it waits for Start; where
/// meetings are made when they are scheduled, those of a series two weeks ahead.
pub async fn prepare(app: &App) -> Result<(), JobError> {
    let mut failures = Failures::default();
    for organization in organizations::service::all_active(app).await.map_err(told)? {
        failures.note(organization, prepare_one(app, organization).await);
    }
    failures.finish()
}

async fn prepare_one(app: &App, organization: OrganizationId) -> Result<(), ApiError> {
    let settings = organizations::service::settings(app, organization).await?;
    let ahead = match settings.policies.meeting_created {
        MeetingCreated::Started => return Ok(()),
        MeetingCreated::Booked => service::LATEST_MEETING,
        MeetingCreated::Scheduled => service::PREPARED_AHEAD,
    };
    let now = app.clock.now();
    let mut look = app.db.read(organization).await?;
    let due = store::due_for_meeting(&mut look, organization, now + ahead, now).await?;
    drop(look);
    for session in due {
        let mut tx = app.db.begin(organization).await?;
        let class = service::class_of(&mut tx, organization, &session).await?;
        meetings::want(app, &mut tx, organization, &session, &class).await?;
        tx.commit().await?;
    }
    app.wake.jobs.notify_one();
    Ok(())
}

/// Tick `end_sessions`: sessions nobody started are over when their window closes; running ones nobody ended, some hours later.
pub async fn end_overdue(app: &App) -> Result<(), JobError> {
    let mut failures = Failures::default();
    for organization in organizations::service::all_active(app).await.map_err(told)? {
        failures.note(organization, end_overdue_of(app, organization).await);
    }
    failures.finish()
}

async fn end_overdue_of(app: &App, organization: OrganizationId) -> Result<(), ApiError> {
    let settings = organizations::service::settings(app, organization).await?;
    let now = app.clock.now();
    let mut look = app.db.read(organization).await?;
    let overdue =
        store::overdue(&mut look, organization, now - settings.policies.join_closes(), now - FORGOTTEN)
            .await?;
    drop(look);
    let sealer = app.keys.sealer(organization).await?;
    for session in overdue {
        let mut tx = app.db.begin(organization).await?;
        // Looked at again inside: somebody may have started or ended it meanwhile.
        let fresh = store::find_to_change(&mut tx, organization, session.id)
            .await?
            .filter(|fresh| fresh.state == session.state);
        if let Some(fresh) = fresh {
            let class = service::class_of(&mut tx, organization, &fresh).await?;
            service::close(app, &mut tx, &sealer, organization, Actor::System, fresh, &class).await?;
            tx.commit().await?;
        }
    }
    app.wake.outbox.notify_one();
    app.wake.jobs.notify_one();
    Ok(())
}

/// Part of tick `clean_up`: provider meetings of cancelled or long-past sessions go, never one with attendance unread.
pub async fn remove_unused_meetings(app: &App, organization: OrganizationId) -> Result<(), ApiError> {
    let now = app.clock.now();
    let mut tx = app.db.begin(organization).await?;
    for meeting in store::removable_meetings(&mut tx, organization, now - KEPT, now - DEAD).await? {
        meetings::queue(app, &mut tx, organization, "meeting.remove", meeting.id, now).await?;
    }
    tx.commit().await?;
    app.wake.jobs.notify_one();
    Ok(())
}
