//! Capabilities are the truth: parts, refusals and reasons follow from them.

use std::{fmt, sync::Arc};

use super::{
    harness::Harness,
    stage::{CALL, Stage, nothing_special},
};
use crate::{
    provider::{
        Attendance, BreakoutRooms, Can, Capabilities, CheckCapabilities, Events, LiveAttendance, LiveRoster,
        MeetingDraft, MeetingRef, Meetings, OAuth, Provider, ProviderName, Reason, Recordings, Registrants,
        Subscriptions,
    },
    settings::{ClassSettings, RecordingMode, ScreenShare},
};

/// A provider, and somebody who says that it can do less.
struct Less {
    inner: Arc<dyn Provider>,
    can: Capabilities,
}

impl fmt::Debug for Less {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl Provider for Less {
    fn name(&self) -> ProviderName {
        self.inner.name()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.can
    }

    fn oauth(&self) -> Option<&dyn OAuth> {
        self.inner.oauth()
    }

    fn meetings(&self) -> Option<&dyn Meetings> {
        self.inner.meetings()
    }

    fn registrants(&self) -> Option<&dyn Registrants> {
        self.inner.registrants()
    }

    fn recordings(&self) -> Option<&dyn Recordings> {
        self.inner.recordings()
    }

    fn breakout_rooms(&self) -> Option<&dyn BreakoutRooms> {
        self.inner.breakout_rooms()
    }

    fn attendance(&self) -> Option<&dyn Attendance> {
        self.inner.attendance()
    }

    fn events(&self) -> Option<&dyn Events> {
        self.inner.events()
    }

    fn subscriptions(&self) -> Option<&dyn Subscriptions> {
        self.inner.subscriptions()
    }

    fn live_roster(&self) -> Option<&dyn LiveRoster> {
        self.inner.live_roster()
    }
}

type TurnOff = fn(&mut Capabilities);
const OFF: &str = "Turned off.";

const SWITCHES: [(&str, TurnOff); 10] = [
    ("registrants", |can| can.registrants = Can::no(OFF)),
    ("attendance", |can| can.attendance = Can::no(OFF)),
    ("breakout_rooms", |can| can.breakout_rooms = Can::no(OFF)),
    ("waiting_room", |can| can.waiting_room = Can::no(OFF)),
    ("auto_recording", |can| can.auto_recording = Can::no(OFF)),
    ("recording_download", |can| can.recording_download = Can::no(OFF)),
    ("chat", |can| can.chat = Can::no(OFF)),
    ("screen_share", |can| can.screen_share = Can::no(OFF)),
    ("end_meeting", |can| can.end_meeting = Can::no(OFF)),
    ("aliases", |can| can.aliases = Can::no(OFF)),
];

/// Each "no" and each "helped" has its sentence, by capability.
fn reasons(can: &Capabilities) -> Vec<(&'static str, bool, Option<&Reason>)> {
    vec![
        ("registrants", can.registrants.is_possible(), can.registrants.reason()),
        ("attendance", can.attendance.is_possible(), can.attendance.reason()),
        ("breakout_rooms", can.breakout_rooms.is_possible(), can.breakout_rooms.reason()),
        ("waiting_room", can.waiting_room.is_possible(), can.waiting_room.reason()),
        ("auto_recording", can.auto_recording.is_possible(), can.auto_recording.reason()),
        ("recording_download", can.recording_download.is_possible(), can.recording_download.reason()),
        ("chat", can.chat.is_possible(), can.chat.reason()),
        ("screen_share", can.screen_share.is_possible(), can.screen_share.reason()),
        ("recurrence", can.recurrence.is_possible(), can.recurrence.reason()),
        ("end_meeting", can.end_meeting.is_possible(), can.end_meeting.reason()),
        ("aliases", can.aliases.is_possible(), can.aliases.reason()),
    ]
}

/// A part is there exactly when its capability is, and every reason is a sentence.
fn agree(provider: &dyn Provider, connected: bool) {
    let can = provider.capabilities();
    assert_eq!(provider.meetings().is_some(), connected, "meetings");
    for (word, part, possible) in [
        ("registrants", provider.registrants().is_some(), can.registrants.is_possible()),
        ("recording_download", provider.recordings().is_some(), can.recording_download.is_possible()),
        ("breakout_rooms", provider.breakout_rooms().is_some(), can.breakout_rooms.is_possible()),
        ("attendance", provider.attendance().is_some(), can.attendance.is_possible()),
    ] {
        assert_eq!(part, possible, "{word}: part and capability disagree");
    }
    let live = can.attendance.how() == Some(&LiveAttendance::Live);
    let told = provider.events().is_some() || provider.live_roster().is_some();
    assert!(told || !live, "live attendance, and neither events nor a roster to look at");
    assert!(live || provider.live_roster().is_none(), "a roster to look at, and no live attendance");
    for (word, _, reason) in reasons(can) {
        if let Some(reason) = reason {
            let text = reason.0.to_string();
            assert!(text.ends_with('.') && text.contains(' '), "{word}: no sentence: {text:?}");
        }
    }
}

/// What is promised is there, what is not is not, and each "no" says why.
pub async fn parts_are_there_exactly_when_the_capabilities_say_so<H: Harness>() {
    let stage = Stage::<H>::new().await;
    agree(stage.harness.provider().as_ref(), true);
    agree(stage.provider.as_ref(), true);
    stage.room();
    stage.post();
}

/// Whatever is turned off for a connection is refused before the vendor hears of it, in each call that could ask for it.
pub async fn what_is_turned_off_is_refused_before_any_request<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let made = stage.create(&stage.draft(1)).await;
    let at = stage.at(&made);
    let mut everything = stage.can().clone();
    for (word, turn_off) in SWITCHES {
        let mut can = stage.can().clone();
        turn_off(&mut can);
        turn_off(&mut everything);
        refused(&stage, word, can, &at).await;
    }
    for (word, _) in SWITCHES {
        refused(&stage, word, everything.clone(), &at).await;
    }
}

async fn refused<H: Harness>(stage: &Stage<H>, word: &str, can: Capabilities, at: &MeetingRef) {
    let less = CheckCapabilities::new(Arc::new(Less { inner: stage.harness.provider(), can }));
    let meetings = less.meetings().unwrap();
    let plain = stage.draft(2);
    let with = |settings: ClassSettings| MeetingDraft { settings, ..plain.clone() };
    let recording = |recording| with(ClassSettings { recording, ..nothing_special() });
    let drafts = match word {
        "registrants" => vec![MeetingDraft { registration: true, ..plain.clone() }],
        "breakout_rooms" => vec![with(ClassSettings { breakout_rooms: true, ..nothing_special() })],
        "waiting_room" => vec![with(ClassSettings { waiting_room: true, ..nothing_special() })],
        "auto_recording" => vec![recording(RecordingMode::Local), recording(RecordingMode::Cloud)],
        "chat" => vec![with(ClassSettings { chat: false, ..nothing_special() })],
        "aliases" => vec![with(ClassSettings { aliases: true, ..nothing_special() })],
        "screen_share" => {
            vec![with(ClassSettings { screen_share: ScreenShare::Host, ..nothing_special() })]
        }
        _ => Vec::new(),
    };
    for draft in &drafts {
        stage.refuses(word, async || meetings.create(&CALL, draft).await).await;
        stage.refuses(word, async || meetings.update(&CALL, at, draft).await).await;
    }
    match word {
        "registrants" => assert!(less.registrants().is_none()),
        "breakout_rooms" => assert!(less.breakout_rooms().is_none()),
        "recording_download" => assert!(less.recordings().is_none()),
        "attendance" => {
            assert!(less.attendance().is_none() && less.live_roster().is_none());
            assert!(less.subscriptions().is_none(), "nothing is to be told of people");
        }
        "end_meeting" => stage.refuses(word, async || meetings.end(&CALL, at).await).await,
        _ => {}
    }
}

/// Without a connection, or with less than everything granted, a provider promises no more than the best one, says what is
/// missing, and refuses what it does not promise.
pub async fn an_account_without_a_connection_or_with_a_part_of_it_promises_no_more_than_it_can<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let made = stage.create(&stage.draft(1)).await;
    let at = stage.at(&made);
    let best = reasons(stage.can());
    let poorer = stage.harness.poorer().await;
    assert_eq!(poorer.is_empty(), stage.provider.oauth().is_none(), "what is granted can be missing");
    for inner in poorer {
        let checked = CheckCapabilities::new(inner.clone());
        agree(&checked, checked.meetings().is_some());
        let can = inner.capabilities();
        let now = reasons(can);
        for ((word, possible, _), (_, best, _)) in now.iter().zip(&best) {
            assert!(*best || !possible, "{word}: more than with everything granted");
        }
        let fewer = now.iter().filter(|(_, possible, _)| *possible).count();
        let full = best.iter().filter(|(_, possible, _)| *possible).count();
        let changed = can != stage.can();
        assert!(fewer < full || changed, "nothing is missing from what is poorer");
        if let Some(meetings) = checked.meetings() {
            for (word, possible, _) in now {
                if !possible && word == "end_meeting" {
                    stage.refuses(word, async || meetings.end(&CALL, &at).await).await;
                }
            }
        }
    }
}
