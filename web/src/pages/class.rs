//! A class and its tabs. Every tab is an address of its own.

use lectern_core::sentence::Sentence;
use serde::{Deserialize, Serialize};

use crate::environment::Page;
use crate::form::{Choice, FieldError};
use crate::pages::session::{SessionLine, SessionState};

/// What all tabs of a class show above them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassHead {
    pub id: String,
    pub title: String,
    pub description: Option<String>,
    pub instructor: String,
    pub platform: String,
    /// Whether the viewer teaches or administers it; students get the overview alone.
    pub can_manage: bool,
}

impl ClassHead {
    pub(super) fn sample() -> Self {
        Self {
            id: "c1".to_owned(),
            title: "Mathematics, class 8".to_owned(),
            description: Some("Numbers, fractions and first algebra.".to_owned()),
            instructor: "Farhan Karim".to_owned(),
            platform: "Zoom".to_owned(),
            can_manage: true,
        }
    }
}

/// `GET /classes/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassOverview {
    pub class: ClassHead,
    /// The live session, else the next one.
    pub next: Option<SessionLine>,
    /// The few after it.
    pub coming: Vec<SessionLine>,
    pub recent: Vec<SessionLine>,
    pub enrolled: u32,
    pub guests: u32,
    /// The viewer's own join link, when they are on the roster.
    pub join_url: Option<String>,
    /// For whoever manages the class.
    pub missed: Option<Missed>,
}

impl Page for ClassOverview {
    const TEMPLATE: &'static str = "pages/class_overview.html";
    fn samples() -> Vec<Self> {
        vec![
            Self {
                class: ClassHead::sample(),
                next: Some(SessionLine { state: SessionState::Live, ..SessionLine::sample("s1") }),
                coming: vec![SessionLine::sample("s2")],
                recent: vec![SessionLine {
                    state: SessionState::Ended,
                    here: Some(21),
                    ..SessionLine::sample("s0")
                }],
                enrolled: 24,
                guests: 1,
                join_url: None,
                missed: Some(Missed::sample()),
            },
            Self {
                class: ClassHead { can_manage: false, description: None, ..ClassHead::sample() },
                next: Some(SessionLine::sample("s1")),
                coming: vec![],
                recent: vec![],
                enrolled: 24,
                guests: 0,
                join_url: Some("/join/class/c1?token=abc".to_owned()),
                missed: None,
            },
            Self {
                class: ClassHead::sample(),
                next: None,
                coming: vec![],
                recent: vec![],
                enrolled: 0,
                guests: 0,
                join_url: None,
                missed: None,
            },
        ]
    }
}

/// One person of the roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Enrollment {
    pub id: String,
    pub name: String,
    pub email: String,
    /// The name the platform shows, in a class that sends aliases.
    pub alias: Option<String>,
    /// When their link was last mailed; RFC 3339.
    pub link_sent_at: Option<String>,
    /// The cohorts that bring them; empty for whoever was enrolled by hand.
    pub cohorts: Vec<String>,
}

/// A cohort that is enrolled in the class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RosterCohort {
    pub id: String,
    pub name: String,
    pub people: u32,
}

/// Somebody who was removed by hand though a cohort brings them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeptOut {
    pub id: String,
    pub name: String,
    pub email: String,
}

/// What a roster shows of cohorts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RosterCohorts {
    pub enrolled: Vec<RosterCohort>,
    /// Those that could be.
    pub choices: Vec<Choice>,
    pub kept_out: Vec<KeptOut>,
}

/// One invited guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GuestRow {
    pub id: String,
    pub name: String,
    pub email: String,
    /// As [`Enrollment::alias`].
    pub alias: Option<String>,
    /// The titles of the sessions they may enter; empty means the whole class.
    pub sessions: Vec<String>,
    pub link_sent_at: Option<String>,
}

/// The typed values of the form that enrolls a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonFields {
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub errors: Vec<FieldError>,
}

/// A session that a guest may be invited to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComingSession {
    pub id: String,
    pub title: String,
    pub starts_at: String,
    pub ends_at: String,
    pub zone: String,
}

/// The typed values of the form that invites a guest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestForm {
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    /// A session's id; empty means the next one; `class` the whole class.
    pub session: String,
    pub errors: Vec<FieldError>,
}

/// `GET /classes/{id}/roster`.
///
/// `POST …/enrollments {csrf, email, first_name, last_name?}`, `POST …/enrollments/{e}/remove|rotate|send {csrf}`,
/// `POST …/guests {csrf, email, first_name, last_name?, session?}`, `POST …/guests/{g}/remove {csrf}`,
/// `POST …/cohorts {csrf, cohort}`, `POST …/cohorts/{k}/remove {csrf}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassRoster {
    pub class: ClassHead,
    pub zone: String,
    pub enrollments: Vec<Enrollment>,
    pub guests: Vec<GuestRow>,
    pub cohorts: RosterCohorts,
    pub enroll: PersonFields,
    pub invite: GuestForm,
    /// Coming sessions, for the guest form.
    pub sessions: Vec<ComingSession>,
}

impl Page for ClassRoster {
    const TEMPLATE: &'static str = "pages/class_roster.html";
    fn samples() -> Vec<Self> {
        vec![
            Self {
                class: ClassHead::sample(),
                zone: "Asia/Dhaka".to_owned(),
                enrollments: vec![
                    Enrollment {
                        id: "e1".to_owned(),
                        name: "Ayesha Noor".to_owned(),
                        email: "ayesha@oakwood.example".to_owned(),
                        alias: Some("Participant K7QPX".to_owned()),
                        link_sent_at: Some("2026-11-18T08:20:00Z".to_owned()),
                        cohorts: vec!["Class 8, section A".to_owned(), "Chess club".to_owned()],
                    },
                    Enrollment {
                        id: "e2".to_owned(),
                        name: "Omar Reza".to_owned(),
                        email: "omar@oakwood.example".to_owned(),
                        alias: None,
                        link_sent_at: None,
                        cohorts: vec![],
                    },
                ],
                guests: vec![
                    GuestRow {
                        id: "g1".to_owned(),
                        name: "Rokeya Begum".to_owned(),
                        email: "rokeya@example.org".to_owned(),
                        alias: Some("Participant 3VWZB".to_owned()),
                        sessions: vec!["Fractions: practice hour".to_owned()],
                        link_sent_at: Some("2026-11-18T08:20:00Z".to_owned()),
                    },
                    GuestRow {
                        id: "g2".to_owned(),
                        name: "Inspector".to_owned(),
                        email: "inspector@example.org".to_owned(),
                        alias: None,
                        sessions: vec![],
                        link_sent_at: None,
                    },
                ],
                cohorts: RosterCohorts {
                    enrolled: vec![RosterCohort {
                        id: "k1".to_owned(),
                        name: "Class 8, section A".to_owned(),
                        people: 32,
                    }],
                    choices: vec![Choice::new("k2", "Chess club")],
                    kept_out: vec![KeptOut {
                        id: "p9".to_owned(),
                        name: "Tanvir Rahman".to_owned(),
                        email: "tanvir@oakwood.example".to_owned(),
                    }],
                },
                enroll: PersonFields {
                    email: "not-an-address".to_owned(),
                    errors: vec![FieldError::new("email", "email")],
                    ..PersonFields::default()
                },
                invite: GuestForm::default(),
                sessions: vec![ComingSession {
                    id: "s1".to_owned(),
                    title: "Fractions: practice hour".to_owned(),
                    starts_at: "2026-11-28T03:00:00Z".to_owned(),
                    ends_at: "2026-11-28T03:45:00Z".to_owned(),
                    zone: "Asia/Dhaka".to_owned(),
                }],
            },
            Self {
                class: ClassHead::sample(),
                zone: "Asia/Dhaka".to_owned(),
                enrollments: vec![],
                guests: vec![],
                cohorts: RosterCohorts::default(),
                enroll: PersonFields::default(),
                invite: GuestForm {
                    errors: vec![FieldError::form("Zoom takes 100 guests at most.")],
                    ..GuestForm::default()
                },
                sessions: vec![],
            },
        ]
    }
}

/// `GET /classes/{id}/sessions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassSessions {
    pub class: ClassHead,
    /// Coming ones first, then the past ones, newest first.
    pub items: Vec<SessionLine>,
    /// The address of the next page of the list.
    pub next_url: Option<String>,
}

impl Page for ClassSessions {
    const TEMPLATE: &'static str = "pages/class_sessions.html";
    fn samples() -> Vec<Self> {
        vec![
            Self {
                class: ClassHead::sample(),
                items: vec![
                    SessionLine { state: SessionState::Live, ..SessionLine::sample("s1") },
                    SessionLine::sample("s2"),
                    SessionLine { state: SessionState::Ended, here: Some(21), ..SessionLine::sample("s0") },
                    SessionLine { state: SessionState::Cancelled, ..SessionLine::sample("s3") },
                ],
                next_url: Some("/classes/c1/sessions?cursor=abc".to_owned()),
            },
            Self { class: ClassHead::sample(), items: vec![], next_url: None },
        ]
    }
}

/// How a session is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingMode {
    #[default]
    None,
    Local,
    Cloud,
}

/// Whether an option can be had here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AbilityState {
    Yes,
    /// Not by the platform itself; Lectern helps, and says how.
    Helped,
    No,
}

/// A value that holds for all classes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Locked {
    /// The organization's name.
    pub by: String,
    pub on: bool,
}

/// What the organization set for all classes and this one's platform cannot do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missed {
    pub set_by: String,
    /// Names of options, as `waiting_room`.
    pub options: Vec<String>,
}

impl Missed {
    fn sample() -> Self {
        let options = ["waiting_room", "recording", "breakout_rooms", "chat", "screen_share", "aliases"];
        Self { set_by: "Oakwood School".to_owned(), options: options.map(str::to_owned).to_vec() }
    }
}

/// The nearest platform that can do what another cannot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Elsewhere {
    /// The value posted as `instead`.
    pub name: String,
    pub label: String,
}

/// The honest answer for one option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ability {
    pub state: AbilityState,
    /// A sentence for `Helped` and `No`, and for a `Yes` that has a condition.
    pub reason: Option<Sentence>,
    /// Who fixed the value, and how; the input is then disabled.
    pub locked: Option<Locked>,
    /// A platform that can, where the form may choose another.
    pub elsewhere: Option<Elsewhere>,
}

impl Ability {
    /// Possible, without conditions.
    #[must_use]
    pub fn yes() -> Self {
        Self { state: AbilityState::Yes, reason: None, locked: None, elsewhere: None }
    }

    /// Not possible, with the sentence that says why.
    #[must_use]
    pub fn no(reason: impl Into<Sentence>) -> Self {
        Self { state: AbilityState::No, reason: Some(reason.into()), locked: None, elsewhere: None }
    }
}

/// The answers for all options.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettingsAbilities {
    pub waiting_room: Ability,
    /// Of both ways of recording together: whether a class chooses.
    pub recording: Ability,
    pub recording_local: Ability,
    pub recording_cloud: Ability,
    pub breakout_rooms: Ability,
    pub chat: Ability,
    pub screen_share: Ability,
    pub aliases: Ability,
}

/// The options of a class in a form:
/// `{open*, waiting_room=on?, recording=none|local|cloud, breakout_rooms=on?, chat=on?, screen_share=on?, aliases=on?}`.
/// A box that is off or disabled is not sent: keep the old value of options that are locked or impossible. `open` names the
/// options whose boxes were neither.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassOptions {
    pub waiting_room: bool,
    pub recording: RecordingMode,
    pub breakout_rooms: bool,
    pub chat: bool,
    pub screen_share: bool,
    pub aliases: bool,
    pub can: SettingsAbilities,
}

impl ClassOptions {
    fn all(ability: &Ability) -> SettingsAbilities {
        SettingsAbilities {
            waiting_room: ability.clone(),
            recording: Ability::yes(),
            recording_local: ability.clone(),
            recording_cloud: ability.clone(),
            breakout_rooms: ability.clone(),
            chat: ability.clone(),
            screen_share: ability.clone(),
            aliases: ability.clone(),
        }
    }

    fn with(can: SettingsAbilities) -> Self {
        Self {
            waiting_room: true,
            recording: RecordingMode::Cloud,
            breakout_rooms: true,
            chat: false,
            screen_share: false,
            aliases: true,
            can,
        }
    }

    /// Some of everything; all possible; nothing possible.
    pub(super) fn samples() -> [Self; 3] {
        let mixed = SettingsAbilities {
            waiting_room: Ability {
                locked: Some(Locked { by: "Oakwood School".to_owned(), on: true }),
                ..Ability::yes()
            },
            recording: Ability {
                locked: Some(Locked { by: "Oakwood School".to_owned(), on: false }),
                ..Ability::yes()
            },
            recording_cloud: Ability::no(
                "Cloud recording needs a paid Zoom plan; this account has the free one.",
            ),
            breakout_rooms: Ability {
                state: AbilityState::Helped,
                reason: Some(
                    "Each room is a small meeting of its own that we open, fill, time and close.".into(),
                ),
                locked: None,
                elsewhere: None,
            },
            chat: Ability {
                state: AbilityState::Yes,
                reason: Some(Sentence::known(
                    "reason.zoom.chat",
                    "Zoom switches chat for all meetings of a host, not for one class. The host can switch it off in \
                     Zoom's own settings, or in the meeting.",
                )),
                locked: None,
                elsewhere: None,
            },
            ..Self::all(&Ability::yes())
        };
        [
            Self::with(mixed),
            Self::with(Self::all(&Ability::yes())),
            Self::with(Self::all(&Ability::no("Not on this platform."))),
        ]
    }
}

/// `POST /classes/{id}/name {csrf, title, description, was_title, was_description}`: what differs from what was shown is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassName {
    pub title: String,
    pub description: String,
    /// As it is while the page is made.
    pub was_title: String,
    pub was_description: String,
    pub errors: Vec<FieldError>,
}

impl ClassName {
    fn sample() -> Self {
        let ClassHead { title, description, .. } = ClassHead::sample();
        let description = description.unwrap_or_default();
        Self {
            was_title: title.clone(),
            was_description: description.clone(),
            title,
            description,
            errors: vec![],
        }
    }
}

/// `GET /classes/{id}/settings`; `POST` same path `{csrf}` and [`ClassOptions`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassSettings {
    pub class: ClassHead,
    pub name: ClassName,
    pub options: ClassOptions,
    pub missed: Option<Missed>,
    pub errors: Vec<FieldError>,
}

impl Page for ClassSettings {
    const TEMPLATE: &'static str = "pages/class_settings.html";
    fn samples() -> Vec<Self> {
        let [mixed, every, none] = ClassOptions::samples();
        let page = |options| Self {
            class: ClassHead::sample(),
            name: ClassName::sample(),
            options,
            missed: None,
            errors: vec![],
        };
        let name = ClassName::sample();
        let overtaken = FieldError { about: name.title.clone(), ..FieldError::new("title", "meanwhile") };
        let emptied = FieldError::new("description", "meanwhile_empty");
        vec![
            page(mixed),
            Self { name: ClassName { errors: vec![overtaken, emptied], ..name }, ..page(every) },
            Self {
                errors: vec![FieldError::form("Zoom did not take these settings.")],
                missed: Some(Missed::sample()),
                ..page(none)
            },
        ]
    }
}
