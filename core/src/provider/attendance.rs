use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Call, MeetingRef, Result};

/// One actual run of a meeting: a meeting that is stopped and started again has several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeetingRun {
    /// The run's id.
    pub id: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
}

/// Which of the vendor's sources a report came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportKind {
    /// The full report, which names registrants.
    Admin,
    /// The list of past participants, which knows addresses but no registrants.
    PastParticipants,
}

/// One stay, as reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRow {
    /// The registrant, where the source knows it.
    pub registrant_id: Option<String>,
    /// The address, where the source shows it.
    pub email: Option<String>,
    /// The name shown in the meeting.
    pub name: String,
    /// The id of this stay inside the run, where the source has one.
    pub stay: Option<String>,
    /// First instant.
    pub joined_at: DateTime<Utc>,
    /// Last instant.
    pub left_at: DateTime<Utc>,
    /// In the waiting room, not in the meeting.
    pub waiting_room: bool,
    /// The breakout room this stay was in.
    pub breakout_room: Option<String>,
}

/// Who was there, by the vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParticipantReport {
    /// From which source.
    pub kind: ReportKind,
    /// All stays, all pages.
    pub rows: Vec<ReportRow>,
}

/// Reports of who was there.
#[async_trait]
pub trait Attendance: Send + Sync {
    /// The runs of a meeting that have ended, oldest first. Empty when none is known (yet).
    async fn runs(&self, call: &Call, meeting: &MeetingRef) -> Result<Vec<MeetingRun>>;

    /// Who was in one run. `None`: the vendor has no report (yet), or none for so few people.
    async fn report(
        &self,
        call: &Call,
        meeting: &MeetingRef,
        run: &MeetingRun,
    ) -> Result<Option<ParticipantReport>>;
}
