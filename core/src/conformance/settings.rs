//! A class's settings reach the vendor and come back, or are refused before anything is made.

use super::{
    harness::Harness,
    stage::{CALL, Stage, nothing_special},
};
use crate::{
    provider::{BreakoutPlan, Capabilities, Meeting, MeetingDraft, RecordingModes},
    settings::{ClassSettings, RecordingMode, ScreenShare},
};

/// One wish, whether it can be met, and the capability that says so.
struct Wish {
    word: &'static str,
    can: fn(&Capabilities) -> bool,
    make: fn(&mut ClassSettings),
    is: fn(&ClassSettings) -> bool,
}

fn records(can: &Capabilities, mode: fn(&RecordingModes) -> bool) -> bool {
    can.auto_recording.how().is_some_and(mode)
}

const WISHES: [Wish; 5] = [
    Wish {
        word: "waiting_room",
        can: |can| can.waiting_room.is_possible(),
        make: |wish| wish.waiting_room = true,
        is: |got| got.waiting_room,
    },
    Wish {
        word: "auto_recording",
        can: |can| records(can, |modes| modes.cloud),
        make: |wish| wish.recording = RecordingMode::Cloud,
        is: |got| got.recording == RecordingMode::Cloud,
    },
    Wish {
        word: "auto_recording",
        can: |can| records(can, |modes| modes.local),
        make: |wish| wish.recording = RecordingMode::Local,
        is: |got| got.recording == RecordingMode::Local,
    },
    Wish {
        word: "chat",
        can: |can| can.chat.is_possible(),
        make: |wish| wish.chat = false,
        is: |got| !got.chat,
    },
    Wish {
        word: "screen_share",
        can: |can| can.screen_share.is_possible(),
        make: |wish| wish.screen_share = ScreenShare::Host,
        is: |got| got.screen_share == ScreenShare::Host,
    },
];

async fn holds<H: Harness>(stage: &Stage<H>, meeting: &Meeting, wish: &Wish, asked: bool) {
    assert!(meeting.differences.is_empty(), "{}: {:?}", wish.word, meeting.differences);
    let got = stage.harness.settings(meeting).await;
    assert_eq!((wish.is)(&got), asked, "{}: {got:?}", wish.word);
}

/// Each setting, by itself: asked for at the start, taken back, asked for again, and seen at the vendor each time. One that
/// cannot be met is refused in create and in update.
pub async fn settings_come_back_as_asked_or_are_refused<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let meetings = stage.meetings();
    let plain = stage.draft(0);
    let unchanged = stage.create(&plain).await;
    for (number, wish) in (1..).zip(&WISHES) {
        let mut settings = nothing_special();
        (wish.make)(&mut settings);
        let draft = MeetingDraft { settings, ..stage.draft(number) };
        if !(wish.can)(stage.can()) {
            stage.refuses(wish.word, async || meetings.create(&CALL, &draft).await).await;
            let at = stage.at(&unchanged);
            stage.refuses(wish.word, async || meetings.update(&CALL, &at, &draft).await).await;
            continue;
        }
        let made = meetings.create(&CALL, &draft).await.unwrap();
        holds(&stage, &made, wish, true).await;
        let without = MeetingDraft { settings: nothing_special(), ..draft.clone() };
        let changed = meetings.update(&CALL, &stage.at(&made), &without).await.unwrap();
        holds(&stage, &changed, wish, false).await;
        let again = meetings.update(&CALL, &stage.at(&made), &draft).await.unwrap();
        holds(&stage, &again, wish, true).await;
    }
}

/// A plan of breakout rooms replaces the one before; without the capability there is no part, and no draft with rooms.
pub async fn breakout_rooms_are_planned_or_refused<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let meetings = stage.meetings();
    let settings = ClassSettings { breakout_rooms: true, ..nothing_special() };
    let draft = MeetingDraft { settings, ..stage.draft(1) };
    let possible = stage.can().breakout_rooms.is_possible();
    let Some(rooms) = stage.provider.breakout_rooms() else {
        assert!(!possible, "breakout rooms are promised, and there is no part for them");
        return stage.refuses("breakout_rooms", async || meetings.create(&CALL, &draft).await).await;
    };
    assert!(possible);
    let made = meetings.create(&CALL, &draft).await.unwrap();
    let plan = |names: &[&str]| -> Vec<BreakoutPlan> {
        let room = |name: &&str| BreakoutPlan {
            name: (*name).to_owned(),
            participants: vec![super::person(1).email],
        };
        names.iter().map(room).collect()
    };
    for names in [&["Red", "Blue"][..], &["Green"]] {
        rooms.preassign(&CALL, &stage.at(&made), &plan(names)).await.unwrap();
        assert_eq!(stage.harness.rooms(&made).await, names);
    }
}
