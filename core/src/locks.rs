//! What an organization decides about the options of all its classes: what a class begins with, and what it cannot choose.
//!
//! A lock lies over a class's wish and never in its place: whoever lifts the lock finds the wish as it was. What a platform can do
//! lies over both ([`Capabilities::fit`]), so a locked option may still be out of a platform's reach; [`Locks::out_of_reach`]
//! names those, because nobody may believe that what is decided also happens.

use serde::{Deserialize, Serialize};

use crate::{
    provider::{Capabilities, Reason},
    settings::{ClassSettings, RecordingMode, ScreenShare},
};

/// How free a class is in one option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lock {
    /// On in every class.
    Always,
    /// A class begins with it on, and may switch it off.
    UsuallyOn,
    /// A class begins with it off, and may switch it on.
    UsuallyOff,
    /// Off in every class.
    Never,
}

impl Lock {
    /// The four states, from on to off.
    pub const ALL: [Self; 4] = [Self::Always, Self::UsuallyOn, Self::UsuallyOff, Self::Never];

    /// Whether a new class begins with the option on.
    #[must_use]
    pub const fn begins_on(self) -> bool {
        matches!(self, Self::Always | Self::UsuallyOn)
    }

    /// What the option is in every class; `None` where a class chooses.
    #[must_use]
    pub const fn forced(self) -> Option<bool> {
        match self {
            Self::Always => Some(true),
            Self::Never => Some(false),
            Self::UsuallyOn | Self::UsuallyOff => None,
        }
    }

    /// The stored word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::UsuallyOn => "usually_on",
            Self::UsuallyOff => "usually_off",
            Self::Never => "never",
        }
    }
}

/// Where a recording lands that the organization asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingPlace {
    /// On the host's computer.
    Local,
    /// In the vendor's cloud.
    #[default]
    Cloud,
}

impl RecordingPlace {
    /// Recording there.
    #[must_use]
    pub const fn mode(self) -> RecordingMode {
        match self {
            Self::Local => RecordingMode::Local,
            Self::Cloud => RecordingMode::Cloud,
        }
    }
}

/// An option of a class, as something that is on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassOption {
    /// People wait until the teacher admits them.
    WaitingRoom,
    /// Recorded by itself.
    Recording,
    /// Breakout rooms are planned.
    BreakoutRooms,
    /// Chat in the meeting.
    Chat,
    /// Everybody may share a screen; off: the teacher alone.
    ScreenShare,
    /// The vendor learns aliases.
    Aliases,
}

impl ClassOption {
    /// Every option, in the order in which they are shown.
    pub const ALL: [Self; 6] = [
        Self::WaitingRoom,
        Self::Recording,
        Self::BreakoutRooms,
        Self::Chat,
        Self::ScreenShare,
        Self::Aliases,
    ];

    /// Its name among the options of a class.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WaitingRoom => "waiting_room",
            Self::Recording => "recording",
            Self::BreakoutRooms => "breakout_rooms",
            Self::Chat => "chat",
            Self::ScreenShare => "screen_share",
            Self::Aliases => "aliases",
        }
    }

    /// The option with this name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|option| option.as_str() == word)
    }

    /// Whether two classes have it the same; of recordings also where.
    #[must_use]
    pub fn same(self, one: &ClassSettings, other: &ClassSettings) -> bool {
        match self {
            Self::WaitingRoom => one.waiting_room == other.waiting_room,
            Self::Recording => one.recording == other.recording,
            Self::BreakoutRooms => one.breakout_rooms == other.breakout_rooms,
            Self::Chat => one.chat == other.chat,
            Self::ScreenShare => one.screen_share == other.screen_share,
            Self::Aliases => one.aliases == other.aliases,
        }
    }

    /// Whether a platform lets one class have it otherwise than another.
    #[must_use]
    pub const fn possible(self, can: &Capabilities) -> bool {
        match self {
            Self::WaitingRoom => can.waiting_room.is_possible(),
            Self::Recording => can.auto_recording.is_possible(),
            Self::BreakoutRooms => can.breakout_rooms.is_possible(),
            Self::Chat => can.chat.is_possible(),
            Self::ScreenShare => can.screen_share.is_possible(),
            Self::Aliases => can.aliases.is_possible(),
        }
    }

    /// What a platform says of it, where it says anything.
    fn reason(self, can: &Capabilities) -> Option<&Reason> {
        match self {
            Self::WaitingRoom => can.waiting_room.reason(),
            Self::Recording => can.auto_recording.reason(),
            Self::BreakoutRooms => can.breakout_rooms.reason(),
            Self::Chat => can.chat.reason(),
            Self::ScreenShare => can.screen_share.reason(),
            Self::Aliases => can.aliases.reason(),
        }
    }
}

/// A locked option that a platform cannot have as it is locked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutOfReach {
    /// Which.
    pub option: ClassOption,
    /// What the organization asks of every class.
    pub on: bool,
    /// What the platform says, where it says anything.
    #[serde(flatten)]
    pub reason: Option<Reason>,
}

/// One lock for each option, stored as one JSON object. A missing one takes its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Locks {
    /// People wait until the teacher admits them.
    pub waiting_room: Lock,
    /// Recorded by itself.
    pub recording: Lock,
    /// Where a class is recorded that begins with recording, or that has to.
    pub recording_place: RecordingPlace,
    /// Breakout rooms are planned.
    pub breakout_rooms: Lock,
    /// Chat in the meeting.
    pub chat: Lock,
    /// Everybody may share a screen; off: the teacher alone.
    pub screen_share: Lock,
    /// The vendor learns aliases.
    pub aliases: Lock,
}

impl Default for Locks {
    /// Nothing is locked, and a class begins school-safe, as [`ClassSettings::default`] has it.
    fn default() -> Self {
        Self {
            waiting_room: Lock::UsuallyOn,
            recording: Lock::UsuallyOff,
            recording_place: RecordingPlace::Cloud,
            breakout_rooms: Lock::UsuallyOff,
            chat: Lock::UsuallyOn,
            screen_share: Lock::UsuallyOn,
            aliases: Lock::UsuallyOff,
        }
    }
}

impl Locks {
    /// The lock of one option.
    #[must_use]
    pub const fn of(&self, option: ClassOption) -> Lock {
        match option {
            ClassOption::WaitingRoom => self.waiting_room,
            ClassOption::Recording => self.recording,
            ClassOption::BreakoutRooms => self.breakout_rooms,
            ClassOption::Chat => self.chat,
            ClassOption::ScreenShare => self.screen_share,
            ClassOption::Aliases => self.aliases,
        }
    }

    /// Whether no class chooses this option.
    #[must_use]
    pub const fn holds(&self, option: ClassOption) -> bool {
        self.of(option).forced().is_some()
    }

    /// Whether any option is locked.
    #[must_use]
    pub fn hold_any(&self) -> bool {
        ClassOption::ALL.into_iter().any(|option| self.holds(option))
    }

    fn set(&self, settings: &mut ClassSettings, option: ClassOption, on: bool) {
        match option {
            ClassOption::WaitingRoom => settings.waiting_room = on,
            ClassOption::Recording => {
                settings.recording = if on { self.recording_place.mode() } else { RecordingMode::None };
            }
            ClassOption::BreakoutRooms => settings.breakout_rooms = on,
            ClassOption::Chat => settings.chat = on,
            ClassOption::ScreenShare => {
                settings.screen_share = if on { ScreenShare::Everyone } else { ScreenShare::Host };
            }
            ClassOption::Aliases => settings.aliases = on,
        }
    }

    /// What a new class begins with.
    #[must_use]
    pub fn begin(&self) -> ClassSettings {
        let mut settings = ClassSettings::default();
        for option in ClassOption::ALL {
            self.set(&mut settings, option, self.of(option).begins_on());
        }
        settings
    }

    /// The options of a class with this wish: what is locked wins, the rest is as wished.
    #[must_use]
    pub fn over(&self, wish: &ClassSettings) -> ClassSettings {
        let mut settings = wish.clone();
        for option in ClassOption::ALL {
            if let Some(on) = self.of(option).forced() {
                self.set(&mut settings, option, on);
            }
        }
        settings
    }

    /// What of `chosen` a class cannot choose. What was left as `shown` is no choice: a locked option shows otherwise where its
    /// platform cannot follow the lock.
    #[must_use]
    pub fn forbidden(&self, shown: &ClassSettings, chosen: &ClassSettings) -> Vec<ClassOption> {
        let held = self.over(chosen);
        let refused = |option: &ClassOption| !option.same(chosen, &held) && !option.same(chosen, shown);
        ClassOption::ALL.into_iter().filter(refused).collect()
    }

    /// What is locked and cannot be so on a platform.
    #[must_use]
    pub fn out_of_reach(&self, wish: &ClassSettings, can: &Capabilities) -> Vec<OutOfReach> {
        let asked = self.over(wish);
        let got = can.fit(&asked);
        let missed = |option: &ClassOption| self.holds(*option) && !option.same(&asked, &got);
        let told = |option: ClassOption| OutOfReach {
            option,
            on: self.of(option).begins_on(),
            reason: option.reason(can).cloned(),
        };
        ClassOption::ALL.into_iter().filter(missed).map(told).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn lock() -> impl Strategy<Value = Lock> {
        prop::sample::select(Lock::ALL.to_vec())
    }

    fn locks() -> impl Strategy<Value = Locks> {
        (lock(), lock(), any::<bool>(), lock(), lock(), lock(), lock()).prop_map(
            |(waiting_room, recording, local, breakout_rooms, chat, screen_share, aliases)| Locks {
                waiting_room,
                recording,
                recording_place: if local { RecordingPlace::Local } else { RecordingPlace::Cloud },
                breakout_rooms,
                chat,
                screen_share,
                aliases,
            },
        )
    }

    fn wish() -> impl Strategy<Value = ClassSettings> {
        let modes = vec![RecordingMode::None, RecordingMode::Local, RecordingMode::Cloud];
        let switches = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
        (switches, prop::sample::select(modes)).prop_map(
            |((waiting_room, breakout_rooms, chat, everyone, aliases), recording)| ClassSettings {
                waiting_room,
                recording,
                breakout_rooms,
                chat,
                screen_share: if everyone { ScreenShare::Everyone } else { ScreenShare::Host },
                aliases,
            },
        )
    }

    #[test]
    fn without_a_decision_a_class_begins_as_ever_and_chooses_freely() {
        let free = Locks::default();
        assert_eq!(free.begin(), ClassSettings::default());
        assert!(!free.hold_any());
        assert_eq!(serde_json::from_str::<Locks>("{}").unwrap(), free, "an organization that never decided");
        assert!(serde_json::from_str::<Locks>(r#"{"lobby": "always"}"#).is_err());
    }

    #[test]
    fn a_recording_has_a_place() {
        let locks =
            Locks { recording: Lock::Always, recording_place: RecordingPlace::Local, ..Locks::default() };
        let cloud = ClassSettings { recording: RecordingMode::Cloud, ..ClassSettings::default() };
        assert_eq!(locks.over(&cloud).recording, RecordingMode::Local);
        assert_eq!(locks.forbidden(&locks.over(&cloud), &cloud), [ClassOption::Recording]);
        let usually = Locks { recording: Lock::UsuallyOn, ..locks };
        assert_eq!(usually.begin().recording, RecordingMode::Local);
        assert_eq!(usually.over(&cloud).recording, RecordingMode::Cloud, "where is the class's to say");
    }

    #[test]
    fn every_option_has_one_name() {
        for option in ClassOption::ALL {
            assert_eq!(ClassOption::parse(option.as_str()), Some(option));
            assert_eq!(serde_json::to_value(option).unwrap(), option.as_str());
        }
        for lock in Lock::ALL {
            assert_eq!(serde_json::to_value(lock).unwrap(), lock.as_str());
        }
        assert_eq!(ClassOption::parse("lobby"), None);
    }

    proptest! {
        #[test]
        fn what_a_class_begins_with_it_may_keep(locks in locks()) {
            let begun = locks.begin();
            prop_assert_eq!(locks.over(&begun), begun.clone());
            prop_assert!(locks.forbidden(&begun, &begun).is_empty());
        }

        #[test]
        fn a_lock_changes_what_is_locked_and_nothing_else(locks in locks(), wish in wish()) {
            let (held, begun) = (locks.over(&wish), locks.begin());
            for option in ClassOption::ALL {
                let right = if locks.holds(option) { &begun } else { &wish };
                prop_assert!(option.same(&held, right));
            }
            prop_assert_eq!(locks.over(&held), held.clone(), "twice is once");
            prop_assert_eq!(Locks::default().over(&wish), wish);
        }

        #[test]
        fn only_what_is_locked_and_touched_is_forbidden(locks in locks(), wish in wish(), chosen in wish()) {
            let shown = locks.over(&wish);
            let forbidden = locks.forbidden(&shown, &chosen);
            for option in ClassOption::ALL {
                let touched = locks.holds(option) && !option.same(&shown, &chosen);
                prop_assert_eq!(forbidden.contains(&option), touched);
            }
        }

        #[test]
        fn a_wish_comes_back_when_the_lock_is_lifted(locks in locks(), wish in wish(), chosen in wish()) {
            // Somebody saves the form while the locks hold: what they could not choose stays as wished.
            let shown = locks.over(&wish);
            let chosen = locks.over(&chosen);
            let kept = wish.changed(&shown, &chosen);
            for option in ClassOption::ALL {
                let free = Locks::default().over(&kept);
                let right = if locks.holds(option) { &wish } else { &chosen };
                prop_assert!(option.same(&free, right));
            }
            prop_assert_eq!(locks.over(&kept), chosen);
        }
    }
}
