//! The options of a virtual classroom, in words that hold for every platform.

use serde::{Deserialize, Serialize};

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

/// The options of a class. What the platform cannot do is refused when it is set, not ignored later.
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
