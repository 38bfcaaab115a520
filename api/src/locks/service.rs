//! Deciding anew, and what follows for what is scheduled.

use lectern_core::{
    ids::OrganizationId,
    locks::{ClassOption, Locks},
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::jobs::FOLLOW;
use crate::{
    app::App,
    audit::{self, EntryKind},
    error::ApiError,
    extract::SignedIn,
    jobs::store::{self as jobs, NewJob},
    organizations,
};

/// What an organization decided, as shown and sent: a state for each option, and where recordings go.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LocksView {
    /// People wait until the teacher admits them.
    #[schema(example = "always")]
    pub waiting_room: &'static str,
    /// Recorded by itself.
    #[schema(example = "usually_off")]
    pub recording: &'static str,
    /// Where a class is recorded that begins with recording, or that has to: `local` or `cloud`.
    #[schema(value_type = String, example = "cloud")]
    pub recording_place: lectern_core::locks::RecordingPlace,
    /// Breakout rooms are planned.
    #[schema(example = "usually_off")]
    pub breakout_rooms: &'static str,
    /// Chat in the meeting.
    #[schema(example = "never")]
    pub chat: &'static str,
    /// Everybody may share a screen; off: the teacher alone.
    #[schema(example = "usually_on")]
    pub screen_share: &'static str,
    /// The vendor learns aliases instead of names and addresses.
    #[schema(example = "usually_off")]
    pub aliases: &'static str,
}

impl From<&Locks> for LocksView {
    fn from(locks: &Locks) -> Self {
        let word = |option| locks.of(option).as_str();
        Self {
            waiting_room: word(ClassOption::WaitingRoom),
            recording: word(ClassOption::Recording),
            recording_place: locks.recording_place,
            breakout_rooms: word(ClassOption::BreakoutRooms),
            chat: word(ClassOption::Chat),
            screen_share: word(ClassOption::ScreenShare),
            aliases: word(ClassOption::Aliases),
        }
    }
}

/// What the organization decided.
///
/// # Errors
/// When the database refuses.
pub async fn of(app: &App, organization: OrganizationId) -> Result<Locks, ApiError> {
    Ok(organizations::service::settings(app, organization).await?.locks)
}

/// Decides anew. It holds at once; the meetings of coming sessions follow by a job.
///
/// # Errors
/// [`ApiError::Invalid`] at `aliases`, when aliases are to be sent always and a platform in use must know people's own addresses.
pub async fn set(app: &App, who: &SignedIn, locks: &Locks) -> Result<(), ApiError> {
    let organization = who.organization;
    let mut tx = app.db.begin(organization).await?;
    let before = organizations::service::set_locks(app, &mut tx, organization, locks).await?;
    if before == *locks {
        return Ok(());
    }
    let entry = app.entry(organization, EntryKind::LocksChanged, who.actor());
    audit::store::insert(&mut tx, &entry.details(changes(&before, locks))).await?;
    let now = app.clock.now();
    let body = json!({"before": before});
    let job = NewJob { id: app.ids.next(), kind: FOLLOW, body, unique_key: None, run_at: now, now };
    jobs::insert(&mut tx, organization, &job).await?;
    tx.commit().await?;
    app.wake.jobs.notify_one();
    Ok(())
}

/// What is another now: each with `from` and `to`.
fn changes(before: &Locks, after: &Locks) -> Value {
    let mut changes = Map::new();
    for option in ClassOption::ALL {
        let (from, to) = (before.of(option), after.of(option));
        if from != to {
            changes.insert(option.as_str().to_owned(), json!({"from": from, "to": to}));
        }
    }
    if before.recording_place != after.recording_place {
        let (from, to) = (before.recording_place, after.recording_place);
        changes.insert("recording_place".to_owned(), json!({"from": from, "to": to}));
    }
    Value::Object(changes)
}
