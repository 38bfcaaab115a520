//! Defaults and locks, as JSON.

use axum::extract::State;
use lectern_core::locks::{Lock, Locks, RecordingPlace};
use serde::Deserialize;
use utoipa::ToSchema;

use super::service::{self, LocksView};
use crate::{
    app::App,
    error::{ApiError, Problem},
    extract::{Admin, Json},
};

/// A state for each option: `always`, `usually_on`, `usually_off` or `never`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetLocks {
    /// People wait until the teacher admits them.
    #[schema(value_type = String, example = "always")]
    pub waiting_room: Lock,
    /// Recorded by itself.
    #[schema(value_type = String, example = "usually_off")]
    pub recording: Lock,
    /// Where a class is recorded that begins with recording, or that has to: `local` or `cloud`.
    #[schema(value_type = String, example = "cloud")]
    pub recording_place: RecordingPlace,
    /// Breakout rooms are planned.
    #[schema(value_type = String, example = "usually_off")]
    pub breakout_rooms: Lock,
    /// Chat in the meeting.
    #[schema(value_type = String, example = "never")]
    pub chat: Lock,
    /// Everybody may share a screen; off: the teacher alone.
    #[schema(value_type = String, example = "usually_on")]
    pub screen_share: Lock,
    /// The vendor learns aliases instead of names and addresses. `always` is the policy of that name too.
    #[schema(value_type = String, example = "usually_off")]
    pub aliases: Lock,
}

impl From<SetLocks> for Locks {
    fn from(set: SetLocks) -> Self {
        let SetLocks {
            waiting_room,
            recording,
            recording_place,
            breakout_rooms,
            chat,
            screen_share,
            aliases,
        } = set;
        Self { waiting_room, recording, recording_place, breakout_rooms, chat, screen_share, aliases }
    }
}

/// What classes begin with, and what they cannot choose.
#[utoipa::path(get, path = "/api/v1/organization/locks", tag = "organization", responses((status = 200, body = LocksView)))]
pub async fn show(State(app): State<App>, who: Admin) -> Result<axum::Json<LocksView>, ApiError> {
    Ok(axum::Json(LocksView::from(&service::of(&app, who.organization).await?)))
}

/// Decides it anew, all options together.
///
/// `always` and `never` hold for every class from now on, whatever it wished; its wish is kept and comes back when the lock is
/// lifted. `usually_on` and `usually_off` say what a new class begins with. The meetings of coming sessions follow, within the
/// hosts' daily budgets. What a class's platform cannot do is told in the class's settings as `out_of_reach`.
#[utoipa::path(put, path = "/api/v1/organization/locks", tag = "organization", request_body = SetLocks, responses((status = 200, body = LocksView), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn set(
    State(app): State<App>,
    who: Admin,
    Json(body): Json<SetLocks>,
) -> Result<axum::Json<LocksView>, ApiError> {
    let locks = Locks::from(body);
    service::set(&app, &who, &locks).await?;
    Ok(axum::Json(LocksView::from(&locks)))
}
