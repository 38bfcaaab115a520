//! The options of a virtual classroom, in words that hold for every platform.

use serde::{Deserialize, Serialize};

use crate::provider::SettingDifference;

/// Whether and where a session is recorded by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingMode {
    /// Nobody records unless a person starts it.
    #[default]
    None,
    /// On the host's computer.
    Local,
    /// In the vendor's cloud.
    Cloud,
}

/// Who may share a screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScreenShare {
    /// The teacher alone.
    Host,
    /// Everybody.
    #[default]
    Everyone,
}

/// The options of a class, as wished. What its platform cannot do is refused when it is set; a wish from before the class
/// moved to a lesser platform is kept and rests there ([`Capabilities::fit`](crate::provider::Capabilities::fit)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassSettings {
    /// People wait until the teacher admits them.
    pub waiting_room: bool,
    /// Automatic recording.
    pub recording: RecordingMode,
    /// Breakout rooms are planned.
    pub breakout_rooms: bool,
    /// Chat in the meeting.
    pub chat: bool,
    /// Who may share a screen.
    pub screen_share: ScreenShare,
    /// The vendor learns an alias and a relay address of each person instead of name and address. Classes made before there
    /// was a choice send their own.
    #[serde(default)]
    pub aliases: bool,
}

impl Default for ClassSettings {
    /// School-safe: a waiting room, no recording.
    fn default() -> Self {
        Self {
            waiting_room: true,
            recording: RecordingMode::None,
            breakout_rooms: false,
            chat: true,
            screen_share: ScreenShare::Everyone,
            aliases: false,
        }
    }
}

impl ClassSettings {
    /// What of these wishes is otherwise in `got`.
    #[must_use]
    pub fn unmet(&self, got: &Self) -> Vec<SettingDifference> {
        let recording = |mode: RecordingMode| {
            match mode {
                RecordingMode::None => "none",
                RecordingMode::Local => "local",
                RecordingMode::Cloud => "cloud",
            }
            .to_owned()
        };
        let everyone = |share: ScreenShare| (share == ScreenShare::Everyone).to_string();
        let all = [
            ("waiting_room", self.waiting_room.to_string(), got.waiting_room.to_string()),
            ("recording", recording(self.recording), recording(got.recording)),
            ("breakout_rooms", self.breakout_rooms.to_string(), got.breakout_rooms.to_string()),
            ("chat", self.chat.to_string(), got.chat.to_string()),
            ("screen_share", everyone(self.screen_share), everyone(got.screen_share)),
            ("aliases", self.aliases.to_string(), got.aliases.to_string()),
        ];
        let other = all.into_iter().filter(|(_, asked, got)| asked != got);
        other.map(|(setting, asked, got)| SettingDifference { setting, asked, got }).collect()
    }

    /// These wishes after somebody who was shown `shown` chose `chosen`: what they left as shown stays as wished.
    #[must_use]
    pub fn changed(&self, shown: &Self, chosen: &Self) -> Self {
        fn pick<T: Copy + PartialEq>(wish: T, shown: T, chosen: T) -> T {
            if chosen == shown { wish } else { chosen }
        }
        Self {
            waiting_room: pick(self.waiting_room, shown.waiting_room, chosen.waiting_room),
            recording: pick(self.recording, shown.recording, chosen.recording),
            breakout_rooms: pick(self.breakout_rooms, shown.breakout_rooms, chosen.breakout_rooms),
            chat: pick(self.chat, shown.chat, chosen.chat),
            screen_share: pick(self.screen_share, shown.screen_share, chosen.screen_share),
            aliases: pick(self.aliases, shown.aliases, chosen.aliases),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ClassSettings, RecordingMode, SettingDifference};

    #[test]
    fn a_wish_that_could_not_be_shown_outlives_a_save() {
        let wish = ClassSettings { recording: RecordingMode::Cloud, ..Default::default() };
        let shown = ClassSettings { waiting_room: false, recording: RecordingMode::None, ..wish.clone() };
        let chosen = ClassSettings { chat: false, recording: RecordingMode::Local, ..shown.clone() };
        let kept = ClassSettings { chat: false, recording: RecordingMode::Local, ..wish.clone() };
        assert_eq!(wish.changed(&shown, &chosen), kept);
        let told = |all: Vec<SettingDifference>| {
            all.into_iter().map(|one| (one.setting, one.got)).collect::<Vec<_>>()
        };
        let unmet = [("waiting_room", "false".to_owned()), ("recording", "none".to_owned())];
        assert_eq!(told(wish.unmet(&shown)), unmet);
        assert_eq!(told(wish.unmet(&wish)), []);
    }
}
