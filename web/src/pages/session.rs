//! One session: before, live, and after.

use lectern_core::sentence::Sentence;
use serde::{Deserialize, Serialize};

use crate::charts::Step;
use crate::environment::Page;
use crate::pages::class::RecordingMode;

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    Scheduled,
    Live,
    Ended,
    Cancelled,
}

/// Where the platform's meeting stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeetingState {
    None,
    Creating,
    Ready,
    Failed,
}

/// One session in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionLine {
    pub id: String,
    pub title: String,
    pub state: SessionState,
    pub starts_at: String,
    pub ends_at: String,
    pub zone: String,
    /// How many came; for past sessions.
    pub here: Option<u32>,
    pub expected: u32,
}

impl SessionLine {
    pub(crate) fn sample(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            title: "Fractions: dividing and multiplying".to_owned(),
            state: SessionState::Scheduled,
            starts_at: "2026-11-21T03:00:00Z".to_owned(),
            ends_at: "2026-11-21T03:45:00Z".to_owned(),
            zone: "Asia/Dhaka".to_owned(),
            here: None,
            expected: 24,
        }
    }
}

/// What went wrong with the meeting, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub sentence: Sentence,
    /// A page of ours where it is repaired, such as `/connection`.
    pub repair_url: Option<String>,
}

/// The meeting as its session shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MeetingView {
    pub state: MeetingState,
    pub problem: Option<Problem>,
}

/// How a person takes part. The words come from the organization's vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParticipantRole {
    /// Seller on a marketplace.
    Instructor,
    /// Buyer on a marketplace.
    Student,
    Guest,
    /// In the meeting without a seat of ours.
    Unknown,
}

/// Where a person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresenceState {
    Expected,
    /// Opened the link and was let through; the platform has not seen them yet.
    OnTheWay,
    /// In the platform's waiting room.
    Waiting,
    /// Turned away, for a reason that a person can repair.
    NeedsAHand,
    Here,
    /// Here, and came after the allowance for being late.
    Late,
    Left,
}

/// One person of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Participant {
    pub id: String,
    pub name: String,
    pub role: ParticipantRole,
    pub state: PresenceState,
    /// Their enrollment, so that the link can be sent again; none for guests.
    pub enrollment_id: Option<String>,
    /// When they opened the link.
    pub opened_at: Option<String>,
    /// Here since.
    pub since: Option<String>,
    pub left_at: Option<String>,
    pub minutes_late: Option<u32>,
    /// Why they were turned away: the last part of a `refusal.*` key, or a sentence.
    pub refused: Option<String>,
    /// Arrived within the last seconds: the row is tinted.
    pub fresh: bool,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedKind {
    Started,
    Ended,
    Joined,
    CameBack,
    Left,
    OnTheWay,
    TurnedAway,
    RecordingStarted,
    RecordingStopped,
    /// Deleted at the platform, and made anew.
    MeetingLost,
    /// Another platform stands in for the one that does not answer.
    StoodBy,
    /// It could not.
    StandbyNotReady,
}

/// One entry of "As it happens", newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FeedItem {
    pub at: String,
    pub kind: FeedKind,
    pub person: Option<String>,
    pub role: Option<ParticipantRole>,
    pub minutes_late: Option<u32>,
    /// The last part of a `refusal.*` key, or a sentence.
    pub reason: Option<String>,
}

/// The numbers of a live session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    pub here: u32,
    /// Where the platform does not tell who is in class: how many went through our door.
    pub through_door: Option<u32>,
    /// In class, and known as nobody on the roster.
    pub strangers: u32,
    pub expected: u32,
    pub not_here: u32,
    pub left: u32,
    pub needs_a_hand: u32,
}

/// How many were in class over time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Presence {
    pub steps: Vec<Step>,
    /// The dashed line.
    pub roster: u32,
}

/// What is in force for this session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SessionSettings {
    pub recording: RecordingMode,
    pub waiting_room: bool,
    pub waiting_room_set_by: Option<String>,
    pub breakout_rooms: bool,
}

/// `GET /sessions/{id}`.
///
/// `POST /sessions/{id}/start {csrf}`, `POST …/launch {csrf}` (new tab), `GET …/end`, `GET …/cancel`, `GET …/edit`,
/// `POST /classes/{class}/enrollments/{e}/send {csrf}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionPage {
    pub id: String,
    pub class_id: String,
    pub class_title: String,
    pub title: String,
    pub instructor: String,
    pub platform: String,
    /// The class's own platform, which does not answer: [`SessionPage::platform`] stands in for it.
    pub instead_of: Option<String>,
    pub state: SessionState,
    pub starts_at: String,
    pub ends_at: String,
    pub zone: String,
    /// The instant the page was made.
    pub now: String,
    pub started_at: Option<String>,
    pub ended_at: Option<String>,
    /// It ended just now, and the platform does not end it for everybody: why, and who does.
    pub by_hand: Option<Sentence>,
    pub cancel_reason: Option<String>,
    pub meeting: MeetingView,
    /// Teaches or administers it: sees people and buttons.
    pub can_manage: bool,
    /// Is the session's host: sees "Launch".
    pub can_launch: bool,
    pub figures: Figures,
    pub not_here: Vec<Participant>,
    pub here: Vec<Participant>,
    pub left: Vec<Participant>,
    pub feed: Vec<FeedItem>,
    pub presence: Presence,
    pub settings: SessionSettings,
    /// The link for everybody, which asks for sign-in.
    pub class_url: String,
    /// The viewer's own link, when they are on the roster.
    pub join_url: Option<String>,
    /// Held behind a pasted link: nobody tells who is inside.
    pub pasted: bool,
    /// The last event this page knows, for the live connection.
    pub seq: u64,
}

impl SessionPage {
    fn sample(state: SessionState) -> Self {
        Self {
            id: "s1".to_owned(),
            class_id: "c1".to_owned(),
            class_title: "Mathematics, class 8".to_owned(),
            title: "Fractions: dividing and multiplying".to_owned(),
            instructor: "Farhan Karim".to_owned(),
            platform: "Zoom".to_owned(),
            instead_of: None,
            state,
            starts_at: "2026-11-21T03:00:00Z".to_owned(),
            ends_at: "2026-11-21T03:45:00Z".to_owned(),
            zone: "Asia/Dhaka".to_owned(),
            now: "2026-11-21T03:13:00Z".to_owned(),
            started_at: None,
            ended_at: None,
            by_hand: None,
            cancel_reason: None,
            meeting: MeetingView { state: MeetingState::Ready, problem: None },
            can_manage: true,
            can_launch: true,
            figures: Figures { expected: 24, not_here: 24, ..Figures::default() },
            not_here: vec![],
            here: vec![],
            left: vec![],
            feed: vec![],
            presence: Presence { steps: vec![], roster: 24 },
            settings: SessionSettings {
                recording: RecordingMode::Cloud,
                waiting_room: true,
                waiting_room_set_by: Some("Oakwood School".to_owned()),
                breakout_rooms: true,
            },
            class_url: "https://classes.oakwood.example/join/class/c1".to_owned(),
            join_url: None,
            pasted: false,
            seq: 4711,
        }
    }
}

/// A session in full swing, shared with the live board's samples.
pub(crate) fn sample_steps() -> Vec<Step> {
    [
        ("02:55:00", 3),
        ("02:57:44", 5),
        ("02:58:03", 8),
        ("02:59:10", 11),
        ("03:00:00", 14),
        ("03:00:20", 16),
        ("03:02:00", 18),
        ("03:09:30", 17),
        ("03:12:41", 18),
    ]
    .map(|(at, here)| Step { at: format!("2026-11-21T{at}Z"), here })
    .to_vec()
}

pub(crate) fn sample_feed() -> Vec<FeedItem> {
    let item = |at: &str, kind, person: Option<&str>, role| FeedItem {
        at: format!("2026-11-21T{at}Z"),
        kind,
        person: person.map(str::to_owned),
        role,
        minutes_late: None,
        reason: None,
    };
    let student = Some(ParticipantRole::Student);
    vec![
        item("03:12:41", FeedKind::CameBack, Some("Samira Akhter"), student),
        FeedItem {
            minutes_late: Some(11),
            ..item("03:11:08", FeedKind::Joined, Some("Tanvir Hasan"), student)
        },
        FeedItem {
            reason: Some("other_browser".to_owned()),
            ..item("03:10:52", FeedKind::TurnedAway, Some("Jamil Islam"), student)
        },
        FeedItem {
            reason: Some("connection lost".to_owned()),
            ..item("03:09:30", FeedKind::Left, Some("Samira Akhter"), student)
        },
        item("03:08:01", FeedKind::OnTheWay, Some("Rokeya Begum"), Some(ParticipantRole::Guest)),
        item("03:00:20", FeedKind::Joined, Some("Maya Biswas"), student),
        item("03:00:05", FeedKind::RecordingStarted, None, None),
        item("03:00:04", FeedKind::RecordingStopped, None, None),
        item("02:59:58", FeedKind::MeetingLost, None, None),
        item("02:59:56", FeedKind::StoodBy, None, None),
        item("02:59:54", FeedKind::StandbyNotReady, None, None),
        FeedItem { reason: Some("forged".to_owned()), ..item("02:59:50", FeedKind::TurnedAway, None, None) },
        item("02:59:40", FeedKind::Started, Some("Farhan Karim"), Some(ParticipantRole::Instructor)),
        item("02:50:00", FeedKind::Ended, Some("Farhan Karim"), Some(ParticipantRole::Instructor)),
    ]
}

impl Page for SessionPage {
    const TEMPLATE: &'static str = "pages/session.html";
    fn samples() -> Vec<Self> {
        let person = |id: &str, name: &str, role, state| Participant {
            id: id.to_owned(),
            name: name.to_owned(),
            role,
            state,
            enrollment_id: (role == ParticipantRole::Student).then(|| format!("e-{id}")),
            opened_at: None,
            since: None,
            left_at: None,
            minutes_late: None,
            refused: None,
            fresh: false,
        };
        let at = |time: &str| Some(format!("2026-11-21T{time}Z"));
        let student = ParticipantRole::Student;
        let live = Self {
            started_at: at("02:59:40"),
            figures: Figures {
                here: 18,
                through_door: None,
                strangers: 1,
                expected: 24,
                not_here: 5,
                left: 1,
                needs_a_hand: 1,
            },
            not_here: vec![
                Participant {
                    opened_at: at("03:10:00"),
                    ..person("p1", "Omar Reza", student, PresenceState::OnTheWay)
                },
                Participant {
                    since: at("03:12:50"),
                    ..person("p10", "Nabila Rahman", student, PresenceState::Waiting)
                },
                person("p2", "Priya Nandi", student, PresenceState::Expected),
                Participant {
                    refused: Some("other_browser".to_owned()),
                    ..person("p3", "Jamil Islam", student, PresenceState::NeedsAHand)
                },
                person("p4", "Rokeya Begum", ParticipantRole::Guest, PresenceState::Expected),
            ],
            here: vec![
                Participant {
                    since: at("03:12:00"),
                    ..person("iPad", "iPad", ParticipantRole::Unknown, PresenceState::Here)
                },
                Participant {
                    since: at("03:12:41"),
                    fresh: true,
                    ..person("p5", "Samira Akhter", student, PresenceState::Here)
                },
                Participant {
                    since: at("03:11:08"),
                    minutes_late: Some(11),
                    ..person("p6", "Tanvir Hasan", student, PresenceState::Late)
                },
                Participant {
                    since: at("03:00:20"),
                    ..person("p7", "Maya Biswas", student, PresenceState::Here)
                },
                Participant {
                    since: at("02:59:40"),
                    ..person("p9", "Farhan Karim", ParticipantRole::Instructor, PresenceState::Here)
                },
            ],
            left: vec![Participant {
                left_at: at("03:09:30"),
                ..person("p8", "Leela Das", student, PresenceState::Left)
            }],
            feed: sample_feed(),
            presence: Presence { steps: sample_steps(), roster: 24 },
            ..Self::sample(SessionState::Live)
        };
        let failed = MeetingView {
            state: MeetingState::Failed,
            problem: Some(Problem {
                sentence: Sentence::known(
                    "provider_error.reconnect",
                    "{platform} is not connected, or no longer. Connect the account.",
                )
                .with("platform", "Zoom"),
                repair_url: Some("/connection".to_owned()),
            }),
        };
        vec![
            live.clone(),
            Self {
                platform: "Microsoft Teams".to_owned(),
                figures: Figures { through_door: Some(7), expected: 10, not_here: 10, ..Figures::default() },
                not_here: vec![Participant {
                    opened_at: at("03:10:00"),
                    ..person("p1", "Omar Reza", student, PresenceState::OnTheWay)
                }],
                ..Self::sample(SessionState::Live)
            },
            Self { now: "2026-11-20T02:40:00Z".to_owned(), ..Self::sample(SessionState::Scheduled) },
            Self {
                now: "2026-11-21T02:40:00Z".to_owned(),
                settings: SessionSettings::default(),
                meeting: MeetingView { state: MeetingState::None, problem: None },
                ..Self::sample(SessionState::Scheduled)
            },
            Self {
                meeting: failed,
                now: "2026-11-21T02:40:00Z".to_owned(),
                ..Self::sample(SessionState::Scheduled)
            },
            Self {
                meeting: MeetingView { state: MeetingState::Creating, problem: None },
                settings: SessionSettings {
                    recording: RecordingMode::Local,
                    waiting_room: true,
                    ..SessionSettings::default()
                },
                ..Self::sample(SessionState::Scheduled)
            },
            Self {
                can_manage: false,
                can_launch: false,
                join_url: Some("/join/class/c1?token=abc".to_owned()),
                pasted: true,
                ..live.clone()
            },
            Self {
                ended_at: at("03:46:00"),
                now: "2026-11-21T04:00:00Z".to_owned(),
                state: SessionState::Ended,
                here: vec![],
                figures: Figures { here: 0, left: 19, ..live.figures },
                ..live
            },
            Self {
                cancel_reason: Some("The teacher is ill.".to_owned()),
                ..Self::sample(SessionState::Cancelled)
            },
            Self { can_manage: false, can_launch: false, ..Self::sample(SessionState::Cancelled) },
        ]
    }
}
