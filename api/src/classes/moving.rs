//! Holding a class on another platform: what it would lose is told first, and people's links stay.

use lectern_core::{
    ids::ClassId,
    provider::{Comparison, ProviderName},
    secret::SecretString,
    session::SessionState,
    settings::ClassSettings,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    service,
    store::{self, Class},
};
use crate::{
    app::App,
    audit::{self, EntryKind},
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    organizations, pasted_links,
    platforms::{
        self,
        service::{HostState, Standing},
    },
    sessions,
};

/// Where a class is to be held.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveClass {
    /// `zoom`, `teams`, `meet` or `link`.
    #[schema(example = "teams")]
    pub provider: String,
    /// For `link`: the address of the meeting.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub link: Option<SecretString>,
}

/// What moving a class would mean.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MoveView {
    /// Where it is held.
    #[schema(value_type = String, example = "zoom")]
    pub from: ProviderName,
    /// Where it would be held.
    #[schema(value_type = String, example = "teams")]
    pub to: ProviderName,
    /// What the class would lose and gain.
    #[schema(value_type = Object)]
    pub comparison: Comparison,
    /// The options as they would be: what the other platform cannot do is off there, and comes back with the class.
    #[schema(value_type = Object)]
    pub settings: ClassSettings,
    /// How ready the other platform is for the class's instructor.
    pub host: HostState,
    /// Coming sessions whose meeting would be replaced.
    pub meetings: usize,
}

/// A class as it would be, and what says so.
struct Plan {
    class: Class,
    view: MoveView,
}

async fn plan(app: &App, who: &SignedIn, id: ClassId, word: &str) -> Result<Plan, ApiError> {
    let mut errors = Vec::new();
    let provider = service::provider(app, word, &mut errors);
    let Some(to) = provider else { return Err(ApiError::Invalid(errors)) };
    let mut tx = app.db.read(who.organization).await?;
    let class = service::own(&mut tx, who, id).await?;
    let policies = organizations::service::settings_in(&mut tx, who.organization).await?.policies;
    organizations::service::check_aliases(&policies, to, "provider")?;
    let meetings = movable(&mut tx, who, &class, to).await?;
    drop(tx);
    let of = async |provider| {
        platforms::service::standing(app, who.organization, provider, Some(class.instructor)).await
    };
    let (Standing { capabilities: before, .. }, Standing { capabilities: after, state: host, .. }) =
        (of(class.provider).await?, of(to).await?);
    let settings = after.fit(&class.settings);
    if class.settings.aliases && !settings.aliases {
        let reason = after.aliases.reason().map(|reason| reason.0.to_string()).unwrap_or_default();
        return Err(ApiError::field("provider", format!("This class sends aliases. {reason}")));
    }
    let comparison = Comparison::of(&before, &after);
    let view = MoveView { from: class.provider, to, comparison, settings, host, meetings };
    Ok(Plan { class, view })
}

/// How many meetings moving would replace; refused while a session runs, and to where the class is.
async fn movable(tx: &mut Tx, who: &SignedIn, class: &Class, to: ProviderName) -> Result<usize, ApiError> {
    if !class.active {
        return Err(ApiError::conflict(
            "archived",
            "This class is archived.",
            "Use another class, or make a new one.",
        ));
    }
    if class.provider == to {
        return Err(ApiError::conflict(
            "same_platform",
            format!("This class is held on {} already.", to.title()),
            "Choose another platform, or leave it as it is.",
        ));
    }
    let mut meetings = 0;
    for session in sessions::service::of_class(tx, who.organization, class.id).await? {
        match session.state {
            SessionState::Live => {
                return Err(ApiError::conflict(
                    "live",
                    "A session of this class is running.",
                    "End the session, then move the class.",
                ));
            }
            SessionState::Scheduled => {
                let meeting = sessions::meetings::of_session(tx, who.organization, session.id).await?;
                meetings += usize::from(meeting.is_some());
            }
            SessionState::Ended | SessionState::Cancelled => {}
        }
    }
    Ok(meetings)
}

/// What moving a class to a platform would mean; nothing is changed.
pub async fn preview(app: &App, who: &SignedIn, id: ClassId, word: &str) -> Result<MoveView, ApiError> {
    Ok(plan(app, who, id, word).await?.view)
}

/// Moves a class. Meetings that were decided on are removed at the old platform and made on the new one; people's links lead
/// there from now on.
pub async fn move_class(
    app: &App,
    who: &SignedIn,
    id: ClassId,
    asked: &MoveClass,
) -> Result<MoveView, ApiError> {
    let Plan { class: before, view } = plan(app, who, id, &asked.provider).await?;
    let link = service::pasted(app, view.to, asked.link.as_ref())?;
    let mut tx = app.db.begin(who.organization).await?;
    let mut class = store::find_to_change(&mut tx, who.organization, id).await?.ok_or(ApiError::NotFound)?;
    if class.provider != before.provider || class.settings != before.settings {
        return Err(ApiError::conflict(
            "changed",
            "The class was changed meanwhile.",
            "Look at the comparison again, then move it.",
        ));
    }
    sessions::service::hold(&mut tx, who.organization, class.id).await?;
    movable(&mut tx, who, &class, view.to).await?;
    class.provider = view.to;
    store::update(&mut tx, who.organization, &class, app.clock.now()).await?;
    // A link that opens nothing, not even in an outage, is not kept.
    if !pasted_links::service::of_use(&mut tx, who.organization, &class).await? {
        pasted_links::service::forget(&mut tx, who.organization, class.id).await?;
    }
    if let Some(url) = link {
        pasted_links::service::keep(app, &mut tx, who.organization, class.id, class.id.uuid(), &url).await?;
    }
    sessions::service::renew_meetings(app, &mut tx, who.organization, &class).await?;
    let entry = app.entry(who.organization, EntryKind::ClassMoved, who.actor()).class(class.id);
    let details = json!({"from": view.from, "to": view.to, "meetings": view.meetings});
    audit::store::insert(&mut tx, &entry.details(details)).await?;
    tx.commit().await?;
    app.wake.jobs.notify_one();
    Ok(view)
}
