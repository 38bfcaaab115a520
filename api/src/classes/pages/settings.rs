use axum::{extract::State, response::Response};
use lectern_core::{
    ids::ClassId,
    locks::{ClassOption, Locks, OutOfReach},
    provider::{Can, Capabilities, RecordingModes},
    settings::{ClassSettings, RecordingMode, ScreenShare},
};
use lectern_web::{
    FieldError as PageFieldError, Section,
    pages::class::{
        Ability, AbilityState, ClassSettings as SettingsPage, Locked, Missed, RecordingMode as PageRecording,
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
    Ability { state, reason, locked: None }
}

/// What the pages of a class say of locks that its platform cannot follow.
pub(super) fn missed(set_by: Option<&str>, out_of_reach: &[OutOfReach]) -> Option<Missed> {
    let options: Vec<_> = out_of_reach.iter().map(|missed| missed.option.as_str().to_owned()).collect();
    set_by.filter(|_| !options.is_empty()).map(|set_by| Missed { set_by: set_by.to_owned(), options })
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
        recording: Ability::yes(),
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
    // What was asked stands in the form again; what is locked stands as it is locked.
    let asked = asked.map(|asked| class.locks.over(&asked));
    let shown = asked.unwrap_or(view.settings);
    let mut can = abilities(&view.capabilities);
    if let Some(by) = &view.set_by {
        for option in view.locked {
            let ability = match option {
                ClassOption::WaitingRoom => &mut can.waiting_room,
                ClassOption::Recording => &mut can.recording,
                ClassOption::BreakoutRooms => &mut can.breakout_rooms,
                ClassOption::Chat => &mut can.chat,
                ClassOption::ScreenShare => &mut can.screen_share,
                ClassOption::Aliases => &mut can.aliases,
            };
            ability.locked = Some(Locked { by: by.clone(), on: class.locks.of(option).begins_on() });
        }
    }
    let mut tx = app.db.read(who.organization).await?;
    Ok(SettingsPage {
        class: head(&mut tx, who, &class).await?,
        waiting_room: shown.waiting_room,
        recording: page_recording(shown.recording),
        breakout_rooms: shown.breakout_rooms,
        chat: shown.chat,
        screen_share: shown.screen_share == ScreenShare::Everyone,
        aliases: shown.aliases,
        missed: missed(view.set_by.as_deref(), &view.out_of_reach),
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
    /// The options that could be touched when the form was shown.
    open: Vec<String>,
}

impl SettingsForm {
    /// What is asked for. What the platform cannot do or the organization locked stays as it is, because its box could not be
    /// touched; a box that was open when the page was shown counts all the same, so that a lock set meanwhile is told.
    fn read(&self, old: &ClassSettings, can: &Capabilities, locks: &Locks) -> ClassSettings {
        let switch = |option: ClassOption, possible: bool, sent: &Option<String>, old: bool| {
            let open = !locks.holds(option) || self.open.iter().any(|word| word == option.as_str());
            if possible && open { sent.is_some() } else { old }
        };
        let everyone = old.screen_share == ScreenShare::Everyone;
        let shares =
            switch(ClassOption::ScreenShare, can.screen_share.is_possible(), &self.screen_share, everyone);
        ClassSettings {
            waiting_room: switch(
                ClassOption::WaitingRoom,
                can.waiting_room.is_possible(),
                &self.waiting_room,
                old.waiting_room,
            ),
            recording: match self.recording {
                Some(PageRecording::None) => RecordingMode::None,
                Some(PageRecording::Local) => RecordingMode::Local,
                Some(PageRecording::Cloud) => RecordingMode::Cloud,
                None => old.recording,
            },
            breakout_rooms: switch(
                ClassOption::BreakoutRooms,
                can.breakout_rooms.is_possible(),
                &self.breakout_rooms,
                old.breakout_rooms,
            ),
            chat: switch(ClassOption::Chat, can.chat.is_possible(), &self.chat, old.chat),
            screen_share: if shares { ScreenShare::Everyone } else { ScreenShare::Host },
            aliases: switch(ClassOption::Aliases, can.aliases.is_possible(), &self.aliases, old.aliases),
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
    let (class, view) = options::settings(&app, &who, ClassId(id)).await?;
    let asked = form.read(&view.settings, &view.capabilities, &class.locks);
    if !class.locks.forbidden(&view.settings, &asked).is_empty() {
        let page = page(&app, &who, id, Some(asked), vec![PageFieldError::form("locked")]).await?;
        return Pages::new(&app, &who, reader, Section::Classes).await?.refuse(&page);
    }
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
    use lectern_core::locks::Lock;
    use lectern_providers::registry::at_best;

    use super::*;

    #[test]
    fn a_locked_box_counts_only_when_it_was_open() {
        let can = at_best(lectern_providers::teams::NAME).unwrap();
        let locks = Locks { waiting_room: Lock::Always, ..Locks::default() };
        let old = ClassSettings { waiting_room: true, ..ClassSettings::default() };
        assert!(SettingsForm::default().read(&old, &can, &locks).waiting_room, "it was disabled");
        let open = SettingsForm { open: vec!["waiting_room".to_owned()], ..SettingsForm::default() };
        assert!(!open.read(&old, &can, &locks).waiting_room, "somebody switched it off before the lock came");
    }

    #[test]
    fn what_cannot_be_touched_stays() {
        let mut can = at_best(lectern_providers::zoom::NAME).unwrap();
        can.waiting_room = Can::no("Not here.");
        let old = ClassSettings { waiting_room: true, chat: true, ..ClassSettings::default() };
        let read = SettingsForm::default().read(&old, &can, &Locks::default());
        assert!(read.waiting_room, "its box could not be sent");
        assert_eq!(read.chat, old.chat && !can.chat.is_possible());
        let on = SettingsForm {
            screen_share: Some("on".to_owned()),
            recording: Some(PageRecording::Local),
            ..SettingsForm::default()
        };
        let read =
            on.read(&ClassSettings { screen_share: ScreenShare::Host, ..old }, &can, &Locks::default());
        assert_eq!(read.recording, RecordingMode::Local);
        assert_eq!(read.screen_share == ScreenShare::Everyone, can.screen_share.is_possible());
    }
}
