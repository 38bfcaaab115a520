//! The switches.

use serde::{Deserialize, Serialize};

/// Choices Zoom leaves open, and how generous the simulator is with time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// Participant data of a past meeting appears this long after its end.
    pub report_delay_seconds: i64,
    /// Recordings are ready this long after the end.
    pub recording_seconds: i64,
    /// Transcripts are ready this long after the recording.
    pub transcript_seconds: i64,
    /// Waiting people are let in by themselves.
    pub auto_admit: bool,
    /// Whether entering a breakout room is also a `participant_left` of the main room: undocumented, both happen.
    pub breakout_leaves_main: bool,
    /// Files that are not ready yet are listed with status `processing`.
    pub list_processing_files: bool,
    /// The answer to a registration where it is off: 404 with code 404, or 400 with code 3027.
    pub registration_off_is_3027: bool,
    /// Per-second limits hold.
    pub limits_per_second: bool,
    /// Per-day limits hold.
    pub limits_per_day: bool,
    /// How a 429 tells when to come back.
    pub retry_header: RetryHeader,
    /// Lists come in pages of at most so many rows, whatever a call asks for.
    pub longest_page: usize,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            report_delay_seconds: 300,
            recording_seconds: 300,
            transcript_seconds: 600,
            auto_admit: false,
            breakout_leaves_main: false,
            list_processing_files: false,
            registration_off_is_3027: false,
            limits_per_second: true,
            limits_per_day: true,
            retry_header: RetryHeader::AsDocumented,
            longest_page: 300,
        }
    }
}

/// The forms in which 429 answers were seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryHeader {
    /// `X-RateLimit-Reset` for a second's limit, `Retry-After` (a date-time) for a day's.
    #[default]
    AsDocumented,
    /// `Retry-After` with a date-time for both.
    Always,
    /// Neither, and the category `Light`.
    Missing,
}
