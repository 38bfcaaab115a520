use lectern_core::sentence::Sentence;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How one step of the connection test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Good.
    Ok,
    /// Works, with less.
    Warn,
    /// Does not work.
    Bad,
    /// Cannot be known yet.
    Skipped,
}

/// One step of the test, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// `credentials`, `token`, `scopes`, `host` or `webhook`.
    pub step: String,
    /// How it ended.
    pub state: StepState,
    /// What was found.
    pub sentence: Sentence,
    /// What repairs it.
    pub repair: Option<Sentence>,
}

impl Step {
    pub(super) fn new(step: &str, state: StepState, sentence: Sentence) -> Self {
        Self { step: step.to_owned(), state, sentence, repair: None }
    }

    pub(super) fn repair(mut self, repair: Sentence) -> Self {
        self.repair = Some(repair);
        self
    }
}

/// One step of the test, as shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StepView {
    /// `credentials`, `token`, `scopes`, `host` or `webhook`.
    pub step: String,
    /// How it ended.
    pub state: StepState,
    /// What was found.
    pub sentence: String,
    /// What repairs it.
    pub repair: Option<String>,
}

impl From<&Step> for StepView {
    fn from(step: &Step) -> Self {
        let Step { step, state, sentence, repair } = step;
        Self {
            step: step.clone(),
            state: *state,
            sentence: sentence.to_string(),
            repair: repair.as_ref().map(ToString::to_string),
        }
    }
}
