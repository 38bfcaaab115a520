//! The live board: every class that is on now.

use lectern_core::sentence::Sentence;
use serde::Serialize;

use crate::charts::Step;
use crate::environment::Page;
use crate::pages::session::{FeedItem, sample_feed, sample_steps};

/// What a row says first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BoardState {
    Live,
    /// Started or due, and its instructor is not there.
    HostMissing,
    /// Running, and the platform does not tell who is in it.
    Untold,
    /// The platform failed.
    Failed,
}

/// The opened part of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BoardDetail {
    pub steps: Vec<Step>,
    pub feed: Vec<FeedItem>,
}

/// One class on the board. Problem rows come first; the caller orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BoardRow {
    pub session_id: String,
    pub title: String,
    pub class_title: String,
    pub instructor: String,
    pub platform: String,
    pub state: BoardState,
    pub starts_at: String,
    pub ends_at: String,
    pub started_at: Option<String>,
    pub zone: String,
    pub here: u32,
    /// In class, and known as nobody on the roster.
    pub strangers: u32,
    pub roster: u32,
    /// How many times somebody joined or left.
    pub joins: u32,
    pub leaves: u32,
    /// How many went through our door: all that is known where the platform does not tell.
    pub through_door: u32,
    pub last: Option<FeedItem>,
    /// For the row of `?open=`.
    pub detail: Option<BoardDetail>,
}

/// A problem above the board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BoardProblem {
    pub sentence: Sentence,
    pub next_step: Option<String>,
    pub url: Option<String>,
}

/// The numbers above the board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BoardFigures {
    pub live: u32,
    pub people: u32,
    pub waiting: u32,
    pub refused_last_hour: u32,
}

/// `GET /live?open={session}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LiveBoard {
    pub now: String,
    pub zone: String,
    pub figures: BoardFigures,
    pub problems: Vec<BoardProblem>,
    pub rows: Vec<BoardRow>,
    /// The last event this page knows.
    pub seq: u64,
}

impl Page for LiveBoard {
    const TEMPLATE: &'static str = "pages/live.html";
    fn samples() -> Vec<Self> {
        let row = |id: &str, title: &str, instructor: &str, state, here, roster| BoardRow {
            session_id: id.to_owned(),
            title: title.to_owned(),
            class_title: "Class 8".to_owned(),
            instructor: instructor.to_owned(),
            platform: "Zoom".to_owned(),
            state,
            starts_at: "2026-11-21T03:00:00Z".to_owned(),
            ends_at: "2026-11-21T03:45:00Z".to_owned(),
            started_at: (state == BoardState::Live).then(|| "2026-11-21T02:59:40Z".to_owned()),
            zone: "Asia/Dhaka".to_owned(),
            here,
            strangers: u32::from(state == BoardState::Live),
            roster,
            joins: here + 3,
            leaves: 3,
            through_door: here + 1,
            last: sample_feed().into_iter().next(),
            detail: None,
        };
        vec![
            Self {
                now: "2026-11-21T03:13:00Z".to_owned(),
                zone: "Asia/Dhaka".to_owned(),
                figures: BoardFigures { live: 3, people: 60, waiting: 1, refused_last_hour: 2 },
                problems: vec![
                    BoardProblem {
                        sentence: "Chemistry 2 has no teacher. 12 students are waiting.".into(),
                        next_step: Some(
                            "It should have started at 9:00. Imran Sarkar has not opened the class."
                                .to_owned(),
                        ),
                        url: Some("/sessions/s9".to_owned()),
                    },
                    BoardProblem { sentence: "Zoom does not answer.".into(), next_step: None, url: None },
                ],
                rows: vec![
                    BoardRow {
                        last: None,
                        ..row(
                            "s9",
                            "Chemistry 2: acids and bases",
                            "Imran Sarkar",
                            BoardState::HostMissing,
                            12,
                            20,
                        )
                    },
                    row("s8", "Biology: cells", "Mina Roy", BoardState::Failed, 0, 20),
                    BoardRow {
                        detail: Some(BoardDetail { steps: sample_steps(), feed: sample_feed() }),
                        ..row(
                            "s1",
                            "Fractions: dividing and multiplying",
                            "Farhan Karim",
                            BoardState::Live,
                            18,
                            24,
                        )
                    },
                    row("s2", "Physics: light and lenses", "Rezaul Kabir", BoardState::Live, 17, 19),
                    row("s3", "Reading aloud", "Nadia Islam", BoardState::Untold, 0, 9),
                ],
                seq: 4711,
            },
            Self {
                now: "2026-11-21T03:13:00Z".to_owned(),
                zone: "Asia/Dhaka".to_owned(),
                figures: BoardFigures::default(),
                problems: vec![],
                rows: vec![],
                seq: 0,
            },
        ]
    }
}
