//! The options of a class: as wished, as its platform can meet them, and what is refused.

use lectern_core::{
    ids::ClassId,
    provider::{Can, Capabilities},
    settings::{ClassSettings, RecordingMode, ScreenShare},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::service::own;
use super::store::{self, Class};
use crate::{
    app::App,
    audit::{self, EntryKind},
    error::{ApiError, FieldError},
    extract::SignedIn,
    platforms,
};

/// A class's options, with what its platform says to each.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SettingsView {
    /// As they hold on the platform.
    #[schema(value_type = Object, example = json!(ClassSettings::default()))]
    pub settings: ClassSettings,
    /// What the platform can do with them, each with a reason where it cannot.
    #[schema(value_type = Object)]
    pub capabilities: Capabilities,
}

/// The options of a class.
pub async fn settings(app: &App, who: &SignedIn, id: ClassId) -> Result<(Class, SettingsView), ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let class = own(&mut tx, who, id).await?;
    drop(tx);
    let capabilities =
        platforms::service::capabilities(app, who.organization, class.provider, class.instructor).await?;
    let view = SettingsView { settings: capabilities.fit(&class.settings), capabilities };
    Ok((class, view))
}

/// Sets the options of a class. What the platform cannot do is refused with its reason; nothing is ignored.
pub async fn set_settings(
    app: &App,
    who: &SignedIn,
    id: ClassId,
    settings: ClassSettings,
) -> Result<SettingsView, ApiError> {
    let (_, before) = self::settings(app, who, id).await?;
    let errors = refused(&settings, &before.settings, &before.capabilities);
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let mut tx = app.db.begin(who.organization).await?;
    let mut class = own(&mut tx, who, id).await?;
    class.settings = class.settings.changed(&before.settings, &settings);
    store::update(&mut tx, who.organization, &class, app.clock.now()).await?;
    crate::sessions::service::class_changed(app, &mut tx, who.organization, id).await?;
    let entry = app.entry(who.organization, EntryKind::ClassSettingsChanged, who.actor()).class(id);
    audit::store::insert(&mut tx, &entry.details(serde_json::json!({"settings": settings}))).await?;
    tx.commit().await?;
    app.wake.jobs.notify_one();
    Ok(SettingsView { settings, capabilities: before.capabilities })
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
