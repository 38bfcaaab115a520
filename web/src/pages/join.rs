//! What a person with a genuine link sees. Render with `Web::bare` (`Web::bare_fragment` for `X-Fragment: 1`); every bad
//! link gets `Web::refused` instead.
//!
//! Each of these pages has exactly one `<form method="post">`; its hidden inputs are `form`, `token` and `session`
//! (the last is a radio group when several sessions are open), and the code page adds `code`.

use serde::Serialize;

use crate::environment::Page;

/// The session the page is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JoinSession {
    pub id: String,
    pub title: String,
    /// RFC 3339.
    pub starts_at: String,
    pub ends_at: String,
    pub zone: String,
}

/// One of several open sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JoinChoice {
    pub id: String,
    pub title: String,
    pub starts_at: String,
    pub ends_at: String,
    pub zone: String,
}

/// Where the person stands at the door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum JoinState {
    /// Several sessions are open.
    Choose {
        sessions: Vec<JoinChoice>,
    },
    /// The door opens later.
    Early {
        opens_at: String,
    },
    Ready {
        /// When the door opened, for the hour line.
        opens_at: String,
    },
    /// Their seat is being made at the platform.
    Preparing,
    PlatformDown,
    /// The instructor has not started.
    TeacherNotHere,
    /// Held in the room: nothing opens here.
    InPerson,
    /// The seat belongs to another browser: a code was sent.
    OtherBrowser {
        /// The address with its middle hidden.
        masked_email: String,
        /// How long the code works, in minutes.
        minutes: u32,
        /// Set after a wrong code.
        tries_left: Option<u32>,
        /// All tries are used; a new code comes after the wait.
        spent: bool,
    },
    Over {
        ended_at: String,
        /// The start of the next session, if there is one.
        next_at: Option<String>,
    },
    Cancelled {
        reason: Option<String>,
        next_at: Option<String>,
    },
    /// We sent them to the platform.
    Joined {
        at: String,
        /// When the platform saw them.
        seen_at: Option<String>,
    },
}

/// How the platform's own door, behind ours, takes a person in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entrance {
    /// By a link of their own, under this name: theirs, or an alias.
    Named { name: String },
    /// By an account of this address; with another one they knock.
    Listed {
        /// The address with its middle hidden.
        masked_email: String,
    },
    /// They wait until the instructor admits them.
    Admitted,
    /// By the link alone.
    Open,
}

/// What Lectern tells the platform of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    NameAndAddress,
    /// A name and an address made for the class.
    Alias,
    Address,
    Nothing,
}

/// `GET|POST /join/class/{class_id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Join {
    pub class_id: String,
    pub class_title: String,
    pub organization: String,
    pub instructor: String,
    /// The platform's name.
    pub platform: String,
    /// The class's own platform, which does not answer: the other stands in for it.
    pub instead_of: Option<String>,
    /// The person's name.
    pub person: String,
    pub entrance: Entrance,
    pub told: Told,
    /// The session the state is about; `None` when choosing, or when nothing is scheduled.
    pub session: Option<JoinSession>,
    /// The page's one-time form token.
    pub form: String,
    /// The link's token, repeated because the form posts to the bare path. `None` for a signed-in member.
    pub token: Option<String>,
    /// The instant the page was made.
    pub now: String,
    /// This page's own address with its query, for waiting and for the language link.
    pub self_url: String,
    /// A calendar file that holds only our link.
    pub calendar_url: Option<String>,
    /// Made after the person's own click: when the door opens, the page goes on by itself.
    pub resume: bool,
    pub state: JoinState,
}

impl Join {
    fn sample(state: JoinState) -> Self {
        Self {
            class_id: "c1".to_owned(),
            class_title: "Mathematics, class 8".to_owned(),
            organization: "Oakwood School".to_owned(),
            instructor: "Farhan Karim".to_owned(),
            platform: "Zoom".to_owned(),
            instead_of: None,
            person: "Ayesha Noor".to_owned(),
            entrance: Entrance::Named { name: "Ayesha Noor".to_owned() },
            told: Told::NameAndAddress,
            session: Some(JoinSession {
                id: "s1".to_owned(),
                title: "Fractions: dividing and multiplying".to_owned(),
                starts_at: "2026-11-21T03:00:00Z".to_owned(),
                ends_at: "2026-11-21T03:45:00Z".to_owned(),
                zone: "Asia/Dhaka".to_owned(),
            }),
            form: "Zm9ybQ".to_owned(),
            token: Some("dG9rZW4".to_owned()),
            now: "2026-11-21T02:59:00Z".to_owned(),
            self_url: "/join/class/c1?token=dG9rZW4".to_owned(),
            calendar_url: None,
            resume: false,
            state,
        }
    }
}

impl Page for Join {
    const TEMPLATE: &'static str = "pages/join.html";
    fn samples() -> Vec<Self> {
        let choice = |id: &str, title: &str, from: &str, to: &str| JoinChoice {
            id: id.to_owned(),
            title: title.to_owned(),
            starts_at: from.to_owned(),
            ends_at: to.to_owned(),
            zone: "Asia/Dhaka".to_owned(),
        };
        let code = |tries_left, spent| JoinState::OtherBrowser {
            masked_email: "a•••••@oakwood.example".to_owned(),
            minutes: 10,
            tries_left,
            spent,
        };
        let next = Some("2026-11-24T03:00:00Z".to_owned());
        let opens = "2026-11-21T02:50:00Z".to_owned();
        vec![
            Self {
                now: "2026-11-21T02:45:48Z".to_owned(),
                calendar_url: Some("/join/class/c1/calendar.ics?token=dG9rZW4".to_owned()),
                ..Self::sample(JoinState::Early { opens_at: opens.clone() })
            },
            Self {
                now: "2026-11-18T02:45:48Z".to_owned(),
                token: None,
                self_url: "/join/class/c1".to_owned(),
                ..Self::sample(JoinState::Early { opens_at: opens.clone() })
            },
            Self::sample(JoinState::Ready { opens_at: opens.clone() }),
            Self {
                platform: "Google Meet".to_owned(),
                entrance: Entrance::Listed { masked_email: "a•••••@oakwood.example".to_owned() },
                told: Told::Address,
                ..Self::sample(JoinState::Ready { opens_at: opens.clone() })
            },
            Self {
                platform: "Microsoft Teams".to_owned(),
                entrance: Entrance::Admitted,
                told: Told::Nothing,
                ..Self::sample(JoinState::Ready { opens_at: opens.clone() })
            },
            Self {
                platform: "Pasted link".to_owned(),
                entrance: Entrance::Open,
                told: Told::Nothing,
                ..Self::sample(JoinState::Ready { opens_at: opens.clone() })
            },
            Self {
                now: "2026-11-21T03:13:00Z".to_owned(),
                ..Self::sample(JoinState::Ready { opens_at: opens })
            },
            Self {
                session: None,
                ..Self::sample(JoinState::Choose {
                    sessions: vec![
                        choice("s1", "Fractions: dividing", "2026-11-21T03:00:00Z", "2026-11-21T03:45:00Z"),
                        choice(
                            "s2",
                            "Fractions: practice hour",
                            "2026-11-21T03:10:00Z",
                            "2026-11-21T04:10:00Z",
                        ),
                    ],
                })
            },
            Self { resume: true, ..Self::sample(JoinState::Preparing) },
            Self {
                platform: "Microsoft Teams".to_owned(),
                instead_of: Some("Zoom".to_owned()),
                ..Self::sample(JoinState::Preparing)
            },
            Self::sample(JoinState::PlatformDown),
            Self::sample(JoinState::TeacherNotHere),
            Self {
                calendar_url: Some("/join/class/c1/calendar.ics?token=dG9rZW4".to_owned()),
                ..Self::sample(JoinState::InPerson)
            },
            Self::sample(code(None, false)),
            Self::sample(code(Some(3), false)),
            Self::sample(code(Some(1), false)),
            Self::sample(code(None, true)),
            Self::sample(JoinState::Over {
                ended_at: "2026-11-21T03:45:00Z".to_owned(),
                next_at: next.clone(),
            }),
            Self {
                session: None,
                ..Self::sample(JoinState::Over { ended_at: "2026-11-21T03:45:00Z".to_owned(), next_at: None })
            },
            Self::sample(JoinState::Cancelled {
                reason: Some("The teacher is ill.".to_owned()),
                next_at: next,
            }),
            Self::sample(JoinState::Cancelled { reason: None, next_at: None }),
            Self::sample(JoinState::Joined { at: "2026-11-21T03:02:00Z".to_owned(), seen_at: None }),
            Self::sample(JoinState::Joined {
                at: "2026-11-21T03:02:00Z".to_owned(),
                seen_at: Some("2026-11-21T03:02:20Z".to_owned()),
            }),
        ]
    }
}
