//! The options of a class in a form: as sent, and as shown with what platform and organization say to each.

use lectern_core::{
    locks::{ClassOption, Locks, OutOfReach},
    provider::{Can, Capabilities, RecordingModes},
    settings::{ClassSettings, RecordingMode, ScreenShare},
};
use lectern_web::pages::class::{
    Ability, AbilityState, ClassOptions, Locked, Missed, RecordingMode as PageRecording, SettingsAbilities,
};
use serde::{Deserialize, Serialize};

fn ability<T>(can: &Can<T>) -> Ability {
    let reason = can.reason().map(|reason| reason.0.clone());
    let state = match can {
        Can::Yes { .. } => AbilityState::Yes,
        Can::Helped { .. } => AbilityState::Helped,
        Can::No { .. } => AbilityState::No,
    };
    Ability { state, reason, locked: None, elsewhere: None }
}

/// What the pages of a class say of locks that its platform cannot follow.
pub(crate) fn missed(set_by: Option<&str>, out_of_reach: &[OutOfReach]) -> Option<Missed> {
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

/// The ability of one option.
pub(crate) const fn ability_of(can: &mut SettingsAbilities, option: ClassOption) -> &mut Ability {
    match option {
        ClassOption::WaitingRoom => &mut can.waiting_room,
        ClassOption::Recording => &mut can.recording,
        ClassOption::BreakoutRooms => &mut can.breakout_rooms,
        ClassOption::Chat => &mut can.chat,
        ClassOption::ScreenShare => &mut can.screen_share,
        ClassOption::Aliases => &mut can.aliases,
    }
}

/// The options as a form shows them: what is locked stands as it is locked, with who set it.
pub(crate) fn shown(
    settings: &ClassSettings,
    can: &Capabilities,
    locks: &Locks,
    set_by: Option<&str>,
) -> ClassOptions {
    let mut can = abilities(can);
    for option in ClassOption::ALL.into_iter().filter(|option| locks.holds(*option)) {
        let by = set_by.unwrap_or_default().to_owned();
        ability_of(&mut can, option).locked = Some(Locked { by, on: locks.of(option).begins_on() });
    }
    ClassOptions {
        waiting_room: settings.waiting_room,
        recording: page_recording(settings.recording),
        breakout_rooms: settings.breakout_rooms,
        chat: settings.chat,
        screen_share: settings.screen_share == ScreenShare::Everyone,
        aliases: settings.aliases,
        can,
    }
}

/// The options as sent: a box that is off, or cannot be changed, is not sent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OptionsForm {
    /// On.
    pub waiting_room: Option<String>,
    /// Where.
    pub recording: Option<PageRecording>,
    /// On.
    pub breakout_rooms: Option<String>,
    /// On.
    pub chat: Option<String>,
    /// Everybody.
    pub screen_share: Option<String>,
    /// On.
    pub aliases: Option<String>,
    /// The options that could be touched when the form was shown.
    pub open: Vec<String>,
}

impl OptionsForm {
    /// What is asked for. What could not be touched when the page was shown, or cannot be had, stays as it is; a box that was open
    /// counts also when a lock was set meanwhile, so that this is told.
    #[must_use]
    pub fn read(&self, old: &ClassSettings, can: &Capabilities) -> ClassSettings {
        let switch = |option: ClassOption, sent: &Option<String>, old: bool| {
            let open = self.open.iter().any(|word| word == option.as_str());
            if open && option.possible(can) { sent.is_some() } else { old }
        };
        let everyone = old.screen_share == ScreenShare::Everyone;
        let shares = switch(ClassOption::ScreenShare, &self.screen_share, everyone);
        ClassSettings {
            waiting_room: switch(ClassOption::WaitingRoom, &self.waiting_room, old.waiting_room),
            recording: match self.recording {
                Some(PageRecording::None) => RecordingMode::None,
                Some(PageRecording::Local) => RecordingMode::Local,
                Some(PageRecording::Cloud) => RecordingMode::Cloud,
                None => old.recording,
            },
            breakout_rooms: switch(ClassOption::BreakoutRooms, &self.breakout_rooms, old.breakout_rooms),
            chat: switch(ClassOption::Chat, &self.chat, old.chat),
            screen_share: if shares { ScreenShare::Everyone } else { ScreenShare::Host },
            aliases: switch(ClassOption::Aliases, &self.aliases, old.aliases),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use lectern_providers::registry::at_best;

    use super::*;

    #[test]
    fn a_box_counts_only_when_it_was_open() {
        let can = at_best(lectern_providers::teams::NAME).unwrap();
        let old = ClassSettings { waiting_room: true, ..ClassSettings::default() };
        assert!(OptionsForm::default().read(&old, &can).waiting_room, "it was disabled");
        let open = OptionsForm { open: vec!["waiting_room".to_owned()], ..OptionsForm::default() };
        assert!(!open.read(&old, &can).waiting_room, "somebody switched it off before a lock came");
    }

    #[test]
    fn what_cannot_be_touched_stays() {
        let mut can = at_best(lectern_providers::zoom::NAME).unwrap();
        can.waiting_room = Can::no("Not here.");
        let old = ClassSettings { waiting_room: true, chat: true, ..ClassSettings::default() };
        let open = vec!["waiting_room".to_owned(), "chat".to_owned(), "screen_share".to_owned()];
        let read = OptionsForm { open: open.clone(), ..OptionsForm::default() }.read(&old, &can);
        assert!(read.waiting_room, "the platform has no such box");
        assert_eq!(read.chat, old.chat && !can.chat.is_possible());
        let on = OptionsForm {
            screen_share: Some("on".to_owned()),
            recording: Some(PageRecording::Local),
            open,
            ..OptionsForm::default()
        };
        let read = on.read(&ClassSettings { screen_share: ScreenShare::Host, ..old }, &can);
        assert_eq!(read.recording, RecordingMode::Local);
        assert_eq!(read.screen_share == ScreenShare::Everyone, can.screen_share.is_possible());
    }
}
