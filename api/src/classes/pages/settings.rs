use axum::{extract::State, response::Response};
use lectern_core::{
    ids::ClassId,
    organization::Aliases,
    provider::{Can, Capabilities, RecordingModes},
    settings::{ClassSettings, RecordingMode, ScreenShare},
};
use lectern_web::{
    FieldError as PageFieldError, Section,
    pages::class::{
        Ability, AbilityState, ClassSettings as SettingsPage, RecordingMode as PageRecording,
        SettingsAbilities,
    },
};
use serde::Deserialize;
use uuid::Uuid;

use super::class::{ClassQuery, head};
use crate::{
    app::App,
    classes::settings as options,
    error::ApiError,
    extract::{Form, Instructor, Path, Query, SignedIn},
    organizations,
    pages::{Pages, Reader, see_other},
    people::pages::field_errors,
};

fn ability<T>(can: &Can<T>) -> Ability {
    let reason = can.reason().map(|reason| reason.0.clone());
    let state = match can {
        Can::Yes { .. } => AbilityState::Yes,
        Can::Helped { .. } => AbilityState::Helped,
        Can::No { .. } => AbilityState::No,
    };
    Ability { state, reason, locked_by: None }
}

/// One way of recording: possible when the platform has it; what it says of recordings goes with the one it lacks.
fn recording(can: &Can<RecordingModes>, has: impl Fn(&RecordingModes) -> bool) -> Ability {
    match can.how() {
        Some(how) if has(how) => Ability::yes(),
        _ => Ability { state: AbilityState::No, ..ability(can) },
    }
}

fn abilities(can: &Capabilities) -> SettingsAbilities {
    SettingsAbilities {
        waiting_room: ability(&can.waiting_room),
        recording_local: recording(&can.auto_recording, |how| how.local),
        recording_cloud: recording(&can.auto_recording, |how| how.cloud),
        breakout_rooms: ability(&can.breakout_rooms),
        chat: ability(&can.chat),
        screen_share: ability(&can.screen_share),
        aliases: ability(&can.aliases),
    }
}

const fn page_recording(mode: RecordingMode) -> PageRecording {
    match mode {
        RecordingMode::None => PageRecording::None,
        RecordingMode::Local => PageRecording::Local,
        RecordingMode::Cloud => PageRecording::Cloud,
    }
}

async fn page(
    app: &App,
    who: &SignedIn,
    id: Uuid,
    asked: Option<ClassSettings>,
    errors: Vec<PageFieldError>,
) -> Result<SettingsPage, ApiError> {
    let (class, view) = options::settings(app, who, ClassId(id)).await?;
    let shown = asked.unwrap_or(view.settings);
    let mut can = abilities(&view.capabilities);
    let mut tx = app.db.read(who.organization).await?;
    let policies = organizations::service::settings_in(&mut tx, who.organization).await?.policies;
    if policies.aliases == Aliases::Always {
        can.aliases.locked_by = organizations::service::find(&mut tx, who.organization)
            .await?
            .map(|organization| organization.name);
    }
    Ok(SettingsPage {
        class: head(&mut tx, who, &class).await?,
        waiting_room: shown.waiting_room,
        recording: page_recording(shown.recording),
        breakout_rooms: shown.breakout_rooms,
        chat: shown.chat,
        screen_share: shown.screen_share == ScreenShare::Everyone,
        aliases: policies.send_aliases(&shown),
        can,
        errors,
    })
}

/// `GET /classes/{id}/settings`
pub async fn settings(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Query(query): Query<ClassQuery>,
) -> Result<Response, ApiError> {
    let page = page(&app, &who, id, None, Vec::new()).await?;
    Pages::new(&app, &who, reader, Section::Classes).await?.notice(query.notice).show(&page)
}

/// The options as sent: a box that is off, or cannot be changed, is not sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SettingsForm {
    waiting_room: Option<String>,
    recording: Option<PageRecording>,
    breakout_rooms: Option<String>,
    chat: Option<String>,
    screen_share: Option<String>,
    aliases: Option<String>,
}

impl SettingsForm {
    /// What is asked for; what the platform cannot do stays as it is, because its box could not be touched.
    fn read(&self, old: &ClassSettings, can: &Capabilities) -> ClassSettings {
        let switch = |possible: bool, sent: &Option<String>, old: bool| {
            if possible { sent.is_some() } else { old }
        };
        let everyone = old.screen_share == ScreenShare::Everyone;
        let shares = switch(can.screen_share.is_possible(), &self.screen_share, everyone);
        ClassSettings {
            waiting_room: switch(can.waiting_room.is_possible(), &self.waiting_room, old.waiting_room),
            recording: match self.recording {
                Some(PageRecording::None) => RecordingMode::None,
                Some(PageRecording::Local) => RecordingMode::Local,
                Some(PageRecording::Cloud) => RecordingMode::Cloud,
                None => old.recording,
            },
            breakout_rooms: switch(
                can.breakout_rooms.is_possible(),
                &self.breakout_rooms,
                old.breakout_rooms,
            ),
            chat: switch(can.chat.is_possible(), &self.chat, old.chat),
            screen_share: if shares { ScreenShare::Everyone } else { ScreenShare::Host },
            aliases: switch(can.aliases.is_possible(), &self.aliases, old.aliases),
        }
    }
}

/// `POST /classes/{id}/settings`
pub async fn set_settings(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Form(form): Form<SettingsForm>,
) -> Result<Response, ApiError> {
    let (_, view) = options::settings(&app, &who, ClassId(id)).await?;
    let asked = form.read(&view.settings, &view.capabilities);
    match options::set_settings(&app, &who, ClassId(id), asked.clone()).await {
        Ok(_) => Ok(see_other(&format!("/classes/{id}/settings?notice=saved"))),
        Err(ApiError::Invalid(errors)) => {
            // The form has no place beside its switches: each sentence stands above it.
            let errors = field_errors(&errors);
            let errors = errors.into_iter().map(|error| PageFieldError::form(error.message)).collect();
            let page = page(&app, &who, id, Some(asked), errors).await?;
            Pages::new(&app, &who, reader, Section::Classes).await?.refuse(&page)
        }
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use lectern_providers::registry::at_best;

    use super::*;

    #[test]
    fn what_cannot_be_touched_stays() {
        let mut can = at_best(lectern_providers::zoom::NAME).unwrap();
        can.waiting_room = Can::no("Not here.");
        let old = ClassSettings { waiting_room: true, chat: true, ..ClassSettings::default() };
        let read = SettingsForm::default().read(&old, &can);
        assert!(read.waiting_room, "its box could not be sent");
        assert_eq!(read.chat, old.chat && !can.chat.is_possible());
        let on = SettingsForm {
            screen_share: Some("on".to_owned()),
            recording: Some(PageRecording::Local),
            ..SettingsForm::default()
        };
        let read = on.read(&ClassSettings { screen_share: ScreenShare::Host, ..old }, &can);
        assert_eq!(read.recording, RecordingMode::Local);
        assert_eq!(read.screen_share == ScreenShare::Everyone, can.screen_share.is_possible());
    }
}
