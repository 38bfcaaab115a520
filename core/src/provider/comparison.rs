use serde::Serialize;

use super::{Can, Capabilities, JoinGuarantee, Reason};
use crate::settings::{ClassSettings, RecordingMode, ScreenShare};

/// How well something can be done, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Degree {
    /// Not at all.
    No,
    /// With Lectern's help, or with a limit that its sentence tells.
    Helped,
    /// By the platform itself.
    Yes,
}

impl<T> From<&Can<T>> for Degree {
    fn from(can: &Can<T>) -> Self {
        match can {
            Can::Yes { .. } => Self::Yes,
            Can::Helped { .. } => Self::Helped,
            Can::No { .. } => Self::No,
        }
    }
}

/// Something that is otherwise on another platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The capability, by its field's name.
    pub capability: &'static str,
    /// How it is now.
    pub before: Degree,
    /// How it would be.
    pub after: Degree,
    /// What the other platform says to it.
    #[serde(flatten)]
    pub reason: Option<Reason>,
}

impl Difference {
    /// Whether the other platform does it worse.
    #[must_use]
    pub fn is_loss(&self) -> bool {
        self.after < self.before
    }
}

/// What a class would lose and gain on another platform; what stays as good is not in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// In the order of [`Capabilities`].
    pub differences: Vec<Difference>,
    /// What a leaked platform link is worth now.
    pub guarantee_before: JoinGuarantee,
    /// What it would be worth.
    pub guarantee_after: JoinGuarantee,
}

impl Comparison {
    /// Moving from one platform's capabilities to another's.
    #[must_use]
    pub fn of(before: &Capabilities, after: &Capabilities) -> Self {
        fn one<T>(capability: &'static str, before: &Can<T>, after: &Can<T>) -> Option<Difference> {
            let (was, is) = (Degree::from(before), Degree::from(after));
            (was != is).then(|| Difference {
                capability,
                before: was,
                after: is,
                reason: after.reason().cloned(),
            })
        }
        let (a, b) = (before, after);
        let differences = [
            one("registrants", &a.registrants, &b.registrants),
            one("attendance", &a.attendance, &b.attendance),
            one("breakout_rooms", &a.breakout_rooms, &b.breakout_rooms),
            one("waiting_room", &a.waiting_room, &b.waiting_room),
            one("auto_recording", &a.auto_recording, &b.auto_recording),
            one("recording_download", &a.recording_download, &b.recording_download),
            one("chat", &a.chat, &b.chat),
            one("screen_share", &a.screen_share, &b.screen_share),
            one("recurrence", &a.recurrence, &b.recurrence),
            one("end_meeting", &a.end_meeting, &b.end_meeting),
            one("aliases", &a.aliases, &b.aliases),
        ];
        Self {
            differences: differences.into_iter().flatten().collect(),
            guarantee_before: a.guarantee,
            guarantee_after: b.guarantee,
        }
    }

    /// Whether anything gets worse.
    #[must_use]
    pub fn loses(&self) -> bool {
        self.guarantee_after > self.guarantee_before || self.differences.iter().any(Difference::is_loss)
    }
}

impl Capabilities {
    /// The options as near to these as the platform can do.
    #[must_use]
    pub fn fit(&self, settings: &ClassSettings) -> ClassSettings {
        let records = match settings.recording {
            RecordingMode::None => true,
            RecordingMode::Local => self.auto_recording.how().is_some_and(|how| how.local),
            RecordingMode::Cloud => self.auto_recording.how().is_some_and(|how| how.cloud),
        };
        ClassSettings {
            waiting_room: settings.waiting_room && self.waiting_room.is_possible(),
            recording: if records { settings.recording } else { RecordingMode::None },
            breakout_rooms: settings.breakout_rooms && self.breakout_rooms.is_possible(),
            chat: settings.chat || !self.chat.is_possible(),
            screen_share: if self.screen_share.is_possible() {
                settings.screen_share
            } else {
                ScreenShare::default()
            },
            aliases: settings.aliases && self.aliases.is_possible(),
        }
    }
}
