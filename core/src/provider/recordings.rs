use std::{fmt, pin::Pin};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};

use super::{BoxError, Call, MeetingRef, Result};
use crate::secret::SecretString;

/// A recorded run of a meeting.
#[derive(Clone, Debug)]
pub struct RecordedMeeting {
    /// The run's id.
    pub run: String,
    /// The meeting's id.
    pub meeting: String,
    /// Its topic.
    pub topic: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// The files.
    pub files: Vec<RecordingFile>,
}

/// One file of a recording.
#[derive(Clone, Debug)]
pub struct RecordingFile {
    /// The vendor's id of the file.
    pub id: String,
    /// The vendor's word for what it is (`MP4`, `M4A`, `CHAT`, ...); unknown words are kept.
    pub kind: String,
    /// The vendor's word for the view.
    pub view: Option<String>,
    /// First instant.
    pub started_at: Option<DateTime<Utc>>,
    /// Last instant; `None` while recording.
    pub ended_at: Option<DateTime<Utc>>,
    /// Size in bytes; `None` until known.
    pub bytes: Option<u64>,
    /// Whether it can be fetched.
    pub ready: bool,
    /// Where. Secret, and only for the provider's own hosts.
    pub download_url: Option<SecretString>,
}

/// The vendor's handle for a recording, or one file of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingFileRef {
    /// The run's id.
    pub run: String,
    /// `None`: all files of the run.
    pub file: Option<String>,
}

/// How to remove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// To the vendor's trash, where it can be recovered for a while.
    Trash,
    /// For ever.
    Delete,
}

/// Bytes as they arrive.
pub type ByteStream =
    Pin<Box<dyn futures_core::Stream<Item = std::result::Result<Vec<u8>, BoxError>> + Send>>;

/// A file on its way.
pub struct RecordingDownload {
    /// The media type the vendor says.
    pub content_type: Option<String>,
    /// How many bytes will come.
    pub bytes: Option<u64>,
    /// Whether the vendor honoured the offset (else it begins at 0).
    pub from: u64,
    /// The bytes.
    pub stream: ByteStream,
}

impl fmt::Debug for RecordingDownload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordingDownload")
            .field("bytes", &self.bytes)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// Recordings in the vendor's cloud.
#[async_trait]
pub trait Recordings: Send + Sync {
    /// All recordings of the host between two UTC days, all pages, month by month where the vendor wants that.
    async fn list(
        &self,
        call: &Call,
        host: Option<&str>,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<RecordedMeeting>>;

    /// The recordings of one run, or of the latest run of a meeting. Empty when there are none (yet).
    async fn get(
        &self,
        call: &Call,
        meeting: &MeetingRef,
        run: Option<&str>,
    ) -> Result<Option<RecordedMeeting>>;

    /// Fetches a file from `offset`. Redirects are followed only to the provider's hosts, and the token goes to none but the first.
    async fn download(&self, call: &Call, file: &RecordingFile, offset: u64) -> Result<RecordingDownload>;

    /// Removes; what is already gone is fine.
    async fn remove(&self, call: &Call, what: &RecordingFileRef, how: Removal) -> Result<()>;

    /// Brings back from the trash.
    async fn recover(&self, call: &Call, what: &RecordingFileRef) -> Result<()>;
}
