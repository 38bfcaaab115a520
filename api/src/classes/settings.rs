//! The options of a class: as wished, as its organization and its platform let them be, and what is refused.

use lectern_core::{
    ids::{ClassId, OrganizationId},
    locks::{ClassOption, Locks, OutOfReach},
    provider::{Can, Capabilities},
    settings::{ClassSettings, RecordingMode, ScreenShare},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::service::{own, own_to_change};
use super::store::{self, Class};
use crate::{
    app::App,
    audit::{self, EntryKind},
    db::Tx,
    error::{ApiError, FieldError},
    extract::SignedIn,
    organizations, platforms,
};

/// A class's options, with what its platform says to each.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SettingsView {
    /// As they hold on the platform.
    #[schema(value_type = Object, example = json!(ClassSettings::default()))]
    pub settings: ClassSettings,
    /// The options that the organization set for all its classes.
    #[schema(value_type = Vec<String>, example = json!(["waiting_room"]))]
    pub locked: Vec<ClassOption>,
    /// The organization's name, when it set any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Oakwood School")]
    pub set_by: Option<String>,
    /// What it set and the platform cannot do here, each with what the platform says.
    #[schema(value_type = Vec<Object>)]
    pub out_of_reach: Vec<OutOfReach>,
    /// What the platform can do with them, each with a reason where it cannot.
    #[schema(value_type = Object)]
    pub capabilities: Capabilities,
}

/// The name that stands beside what is locked; `None` where a class chooses everything.
pub async fn set_by(
    tx: &mut Tx,
    organization: OrganizationId,
    class: &Class,
) -> Result<Option<String>, ApiError> {
    locked_by(tx, organization, &class.locks).await
}

/// The same for locks that lie over no class yet.
pub async fn locked_by(
    tx: &mut Tx,
    organization: OrganizationId,
    locks: &Locks,
) -> Result<Option<String>, ApiError> {
    if !locks.hold_any() {
        return Ok(None);
    }
    let organization = organizations::service::find(tx, organization).await?;
    Ok(Some(organization.ok_or(ApiError::NotFound)?.name))
}

/// What the organization set for all classes and this one's platform cannot do.
pub async fn out_of_reach(
    app: &App,
    organization: OrganizationId,
    class: &Class,
) -> Result<Vec<OutOfReach>, ApiError> {
    if !class.locks.hold_any() {
        return Ok(Vec::new());
    }
    let can = platforms::service::capabilities(app, organization, class.provider, class.instructor).await?;
    Ok(class.locks.out_of_reach(&class.wishes, &can))
}

fn view(class: &Class, set_by: Option<String>, capabilities: Capabilities) -> SettingsView {
    SettingsView {
        settings: capabilities.fit(&class.settings),
        locked: ClassOption::ALL.into_iter().filter(|option| class.locks.holds(*option)).collect(),
        set_by,
        out_of_reach: class.locks.out_of_reach(&class.wishes, &capabilities),
        capabilities,
    }
}

/// The options of a class.
pub async fn settings(app: &App, who: &SignedIn, id: ClassId) -> Result<(Class, SettingsView), ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let class = own(&mut tx, who, id).await?;
    let set_by = set_by(&mut tx, who.organization, &class).await?;
    drop(tx);
    let capabilities =
        platforms::service::capabilities(app, who.organization, class.provider, class.instructor).await?;
    let view = view(&class, set_by, capabilities);
    Ok((class, view))
}

/// Sets the options of a class. What the organization locked is refused with its name, what the platform cannot do with its
/// reason; nothing is ignored.
pub async fn set_settings(
    app: &App,
    who: &SignedIn,
    id: ClassId,
    settings: ClassSettings,
) -> Result<SettingsView, ApiError> {
    let (_, before) = self::settings(app, who, id).await?;
    let mut tx = app.db.begin(who.organization).await?;
    let shown = (&before.settings, &before.capabilities);
    let class = set_settings_in(app, &mut tx, who, id, shown, &settings).await?;
    let set_by = set_by(&mut tx, who.organization, &class).await?;
    tx.commit().await?;
    app.wake.jobs.notify_one();
    Ok(view(&class, set_by, before.capabilities))
}

/// The same in the caller's transaction; `shown`: what was chosen from, and what the platform can do.
///
/// # Errors
/// As [`set_settings`].
pub async fn set_settings_in(
    app: &App,
    tx: &mut Tx,
    who: &SignedIn,
    id: ClassId,
    (shown, can): (&ClassSettings, &Capabilities),
    settings: &ClassSettings,
) -> Result<Class, ApiError> {
    let mut class = own_to_change(tx, who, id).await?;
    let set_by = set_by(tx, who.organization, &class).await?;
    let errors = check(&class.locks, set_by.as_deref(), (shown, can), settings);
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    class.wishes = class.wishes.changed(shown, settings);
    class.settings = class.locks.over(&class.wishes);
    store::update(tx, who.organization, &class, app.clock.now()).await?;
    crate::sessions::service::class_changed(app, tx, who.organization, id).await?;
    let entry = app.entry(who.organization, EntryKind::ClassSettingsChanged, who.actor()).class(id);
    audit::store::insert(tx, &entry.details(serde_json::json!({"settings": settings}))).await?;
    Ok(class)
}

/// What of these options is locked, or out of the platform's reach, each with who says so.
#[must_use]
pub fn check(
    locks: &Locks,
    set_by: Option<&str>,
    (shown, can): (&ClassSettings, &Capabilities),
    settings: &ClassSettings,
) -> Vec<FieldError> {
    let mut errors = refused(settings, shown, can);
    for option in locks.forbidden(shown, settings) {
        errors.retain(|error| error.field != option.as_str());
        errors.push(locked(option, set_by.unwrap_or_default()));
    }
    errors
}

/// The refusal of an option that is set for all classes.
pub(crate) fn locked(option: ClassOption, set_by: &str) -> FieldError {
    let words =
        format!("Set by {set_by} for all classes. Its admins can change this under Defaults and locks.");
    FieldError::new(option.as_str(), words)
}

/// The options that differ from what stands and that the platform cannot do for one class.
fn refused(new: &ClassSettings, old: &ClassSettings, can: &Capabilities) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut refuse = |field: &str, reason: Option<&lectern_core::provider::Reason>| {
        let sentence =
            reason.map_or_else(|| "The platform cannot do this.".to_owned(), |reason| reason.0.to_string());
        errors.push(FieldError::new(field, sentence));
    };
    if new.waiting_room && !can.waiting_room.is_possible() && !old.waiting_room {
        refuse("waiting_room", can.waiting_room.reason());
    }
    if new.breakout_rooms && !can.breakout_rooms.is_possible() {
        refuse("breakout_rooms", can.breakout_rooms.reason());
    }
    let recording = match (new.recording, &can.auto_recording) {
        (RecordingMode::None, _) => true,
        (mode, Can::Yes { how } | Can::Helped { how, .. }) => {
            if mode == RecordingMode::Cloud {
                how.cloud
            } else {
                how.local
            }
        }
        (_, Can::No { .. }) => false,
    };
    if !recording {
        refuse("recording", can.auto_recording.reason());
    }
    if new.aliases && !can.aliases.is_possible() {
        refuse("aliases", can.aliases.reason());
    }
    if new.chat != old.chat && !new.chat && !can.chat.is_possible() {
        refuse("chat", can.chat.reason());
    }
    if new.screen_share != old.screen_share
        && new.screen_share == ScreenShare::Host
        && !can.screen_share.is_possible()
    {
        refuse("screen_share", can.screen_share.reason());
    }
    errors
}
