//! Defaults and locks, as a page.

use axum::{extract::State, response::Response};
use lectern_core::locks::{ClassOption, Lock, Locks, RecordingPlace};
use lectern_providers::registry;
use lectern_web::{
    FieldError as PageFieldError, Section,
    pages::locks::{LockRow, LocksPage},
};
use serde::{Deserialize, Serialize};

use super::service;
use crate::{
    app::App,
    error::ApiError,
    extract::{Admin, Form, Query},
    pages::{NoticeQuery, Overtaken, Pages, Reader, before, see_other},
    platforms,
};

fn page(app: &App, locks: &Locks, before: String, errors: Vec<PageFieldError>) -> LocksPage {
    let names = platforms::settings::for_classes(app);
    let row = |option: ClassOption| {
        // A platform whose best account is without it cannot follow, whatever is decided here.
        let lacks = |name: &lectern_core::provider::ProviderName| {
            registry::at_best(*name).is_some_and(|can| !option.possible(&can))
        };
        LockRow {
            name: option.as_str().to_owned(),
            state: locks.of(option).as_str().to_owned(),
            not_on: names.iter().copied().filter(lacks).map(|name| name.title().to_owned()).collect(),
        }
    };
    LocksPage {
        options: ClassOption::ALL.into_iter().map(row).collect(),
        recording_place: match locks.recording_place {
            RecordingPlace::Local => "local",
            RecordingPlace::Cloud => "cloud",
        }
        .to_owned(),
        before,
        errors,
    }
}

/// `GET /locks`
pub async fn show(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Query(query): Query<NoticeQuery>,
) -> Result<Response, ApiError> {
    let locks = service::of(&app, who.organization).await?;
    let before = before(&LocksForm::from(&locks))?;
    let page = page(&app, &locks, before, Vec::new());
    Pages::new(&app, &who, reader, Section::Locks).await?.notice(query.notice).show(&page)
}

/// A state for each option; one that is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LocksForm {
    waiting_room: Option<Lock>,
    recording: Option<Lock>,
    recording_place: Option<RecordingPlace>,
    breakout_rooms: Option<Lock>,
    chat: Option<Lock>,
    screen_share: Option<Lock>,
    aliases: Option<Lock>,
}

impl From<&Locks> for LocksForm {
    fn from(locks: &Locks) -> Self {
        Self {
            waiting_room: Some(locks.waiting_room),
            recording: Some(locks.recording),
            recording_place: Some(locks.recording_place),
            breakout_rooms: Some(locks.breakout_rooms),
            chat: Some(locks.chat),
            screen_share: Some(locks.screen_share),
            aliases: Some(locks.aliases),
        }
    }
}

/// `POST /locks`: what was changed in the form; what another admin decided meanwhile stays.
pub async fn save(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Form(sent): Form<Overtaken<LocksForm>>,
) -> Result<Response, ApiError> {
    let form = sent.changed()?;
    let old = service::of(&app, who.organization).await?;
    let locks = Locks {
        waiting_room: form.waiting_room.unwrap_or(old.waiting_room),
        recording: form.recording.unwrap_or(old.recording),
        recording_place: form.recording_place.unwrap_or(old.recording_place),
        breakout_rooms: form.breakout_rooms.unwrap_or(old.breakout_rooms),
        chat: form.chat.unwrap_or(old.chat),
        screen_share: form.screen_share.unwrap_or(old.screen_share),
        aliases: form.aliases.unwrap_or(old.aliases),
    };
    match service::set(&app, &who, &locks).await {
        Ok(()) => Ok(see_other("/locks?notice=saved")),
        // What can be wrong is one thing, and which platforms are meant stands beside it.
        Err(ApiError::Invalid(_)) => {
            let errors = vec![PageFieldError::new(ClassOption::Aliases.as_str(), "locks_aliases")];
            let page = page(&app, &locks, sent.before, errors);
            Pages::new(&app, &who, reader, Section::Locks).await?.refuse(&page)
        }
        Err(other) => Err(other),
    }
}
