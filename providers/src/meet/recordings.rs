use async_trait::async_trait;
use chrono::{Days, NaiveDate, NaiveTime};
use futures::StreamExt;
use lectern_core::{
    provider::{
        Call, ErrorKind, MeetingRef, ProviderError, RecordedMeeting, RecordingDownload, RecordingFile,
        RecordingFileRef, Recordings, Removal, Result,
    },
    secret::SecretString,
};
use reqwest::{
    Method,
    header::{HeaderValue, RANGE},
};
use serde_json::json;
use url::Url;

use super::{
    client::{Api, Ask, TRACKING, begin},
    config::Meet,
    error,
    oauth::{self, DRIVE, DRIVE_MEET},
    wire,
};
use crate::{
    download::received,
    transport::{Allowance, Body, Credentials, Opened, Request},
};

const DOWNLOAD: &str = "download recording";
const FILE_ROUTE: &str = "/files/{file}";
/// Runs whose recordings are asked for together.
const TOGETHER: usize = 4;

fn new(operation: &'static str, kind: ErrorKind) -> ProviderError {
    ProviderError::new(crate::meet::NAME, operation, kind)
}

fn unexpected(what: &'static str) -> ProviderError {
    new(DOWNLOAD, ErrorKind::Unexpected).vendor_code(what)
}

fn file_path(id: &str) -> String {
    format!("/files/{}", wire::segment(id))
}

/// `video/mp4` is `MP4`.
fn kind(mime: Option<&str>) -> String {
    mime.and_then(|mime| mime.rsplit('/').next()).unwrap_or("MP4").to_ascii_uppercase()
}

impl Meet {
    /// What Drive says of a file; `None` when it is gone or not shown.
    async fn drive_file(
        &self,
        operation: &'static str,
        id: &str,
        time: &Allowance,
    ) -> Result<Option<wire::DriveFile>> {
        let ask = Ask::new(operation, Method::GET, FILE_ROUTE, file_path(id))
            .at(Api::Drive, DRIVE_MEET)
            .query("supportsAllDrives", "true")
            .query("fields", "id,name,size,mimeType,capabilities(canDownload,canDelete),trashed,ownedByMe");
        match self.ask_json(&ask, time).await {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn download_url(&self, id: &str) -> SecretString {
        let mut url = self.address(Api::Drive, &file_path(id));
        url.query_pairs_mut().append_pair("alt", "media").append_pair("supportsAllDrives", "true");
        SecretString::new(url.into())
    }

    /// A file that is not there yet is listed, and not ready; one that went to the trash is not.
    async fn file(
        &self,
        operation: &'static str,
        recording: wire::Recording,
        time: &Allowance,
    ) -> Result<Option<RecordingFile>> {
        let id = recording.drive_destination.and_then(|destination| destination.file);
        let generated = recording.state.as_deref() == Some("FILE_GENERATED");
        let known = match id.as_deref().filter(|_| generated) {
            Some(id) => match self.drive_file(operation, id, time).await? {
                None => return Ok(None),
                Some(file) if file.trashed => return Ok(None),
                found => found,
            },
            None => None,
        };
        let ready = known.as_ref().is_some_and(|file| file.capabilities.can_download != Some(false));
        let file = known.unwrap_or_default();
        Ok(Some(RecordingFile {
            download_url: id.as_deref().filter(|_| ready).map(|id| self.download_url(id)),
            id: id.unwrap_or(recording.name),
            kind: kind(file.mime_type.as_deref()),
            view: None,
            started_at: recording.start_time,
            ended_at: recording.end_time,
            bytes: file.size.and_then(|size| size.parse().ok()),
            ready,
        }))
    }

    async fn recordings_of(
        &self,
        operation: &'static str,
        run: &str,
        time: &Allowance,
    ) -> Result<Vec<wire::Recording>> {
        let path = wire::path(operation, run, &["conferenceRecords"])?;
        let list = || {
            Ask::new(
                operation,
                Method::GET,
                "/conferenceRecords/{record}/recordings",
                format!("{path}/recordings"),
            )
        };
        match self.ask_all::<wire::RecordingPage>(list, time).await {
            Ok(found) => Ok(found),
            // A run is forgotten 30 days after its end.
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    async fn recorded(
        &self,
        operation: &'static str,
        record: wire::ConferenceRecord,
        time: &Allowance,
    ) -> Result<Option<RecordedMeeting>> {
        let mut files = Vec::new();
        let mut began = record.start_time;
        for recording in self.recordings_of(operation, &record.name, time).await? {
            began = began.or(recording.start_time);
            files.extend(self.file(operation, recording, time).await?);
        }
        let (Some(started_at), false) = (began, files.is_empty()) else { return Ok(None) };
        Ok(Some(RecordedMeeting {
            run: record.name,
            meeting: record.space,
            topic: String::new(),
            started_at,
            files,
        }))
    }

    /// The token goes only where the files are.
    async fn open(&self, url: &Url, token: SecretString, offset: u64, time: &Allowance) -> Result<Opened> {
        if url.origin() != self.settings.others.drive.origin() {
            tracing::error!("a recording's address leads away from Google Drive; it is not followed");
            return Err(unexpected("foreign address"));
        }
        let range = HeaderValue::from_str(&format!("bytes={offset}-")).map_err(|_| unexpected("offset"))?;
        let request = Request {
            provider: crate::meet::NAME,
            operation: DOWNLOAD,
            route: FILE_ROUTE,
            method: Method::GET,
            url: url.clone(),
            headers: if offset > 0 { vec![(RANGE, range)] } else { Vec::new() },
            credentials: Some(Credentials::Bearer(token)),
            body: Body::Empty,
            repeatable: true,
            tries: 1,
            tenant: self.settings.tenant.clone().into(),
            budget: None,
            judge: error::judge,
            tracking_header: TRACKING,
        };
        let now = self.transport.clock().now();
        self.transport
            .open(&request, time)
            .await
            .map_err(|failure| failure.into_error(crate::meet::NAME, DOWNLOAD, now))
    }

    /// The files a reference means.
    async fn meant(
        &self,
        operation: &'static str,
        what: &RecordingFileRef,
        time: &Allowance,
    ) -> Result<Vec<String>> {
        if !self.may(DRIVE) {
            return Err(new(operation, ErrorKind::ScopeMissing(vec![oauth::short(DRIVE).to_owned()])));
        }
        if let Some(file) = &what.file {
            return Ok(vec![file.clone()]);
        }
        let recordings = self.recordings_of(operation, &what.run, time).await?;
        Ok(recordings.into_iter().filter_map(|recording| recording.drive_destination?.file).collect())
    }

    async fn change(&self, ask: Ask, time: &Allowance) -> Result<()> {
        match self.ask(&ask.at(Api::Drive, DRIVE).query("supportsAllDrives", "true"), time).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn trashing(operation: &'static str, file: &str, trashed: bool) -> Ask {
        Ask::new(operation, Method::PATCH, FILE_ROUTE, file_path(file))
            .json(json!({"trashed": trashed}))
            .repeatable(3)
    }
}

#[async_trait]
impl Recordings for Meet {
    async fn list(
        &self,
        call: &Call,
        _: Option<&str>,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<RecordedMeeting>> {
        const OPERATION: &str = "list recordings";
        let time = begin(call);
        let midnight = |day: NaiveDate| wire::time(day.and_time(NaiveTime::MIN).and_utc());
        let after = to.checked_add_days(Days::new(1)).unwrap_or(to);
        let filter = format!(
            "start_time>={} AND start_time<{}",
            wire::quoted(&midnight(from)),
            wire::quoted(&midnight(after))
        );
        let list = || {
            Ask::new(OPERATION, Method::GET, "/conferenceRecords", "/conferenceRecords")
                .query("filter", filter.clone())
        };
        let records = self.ask_all::<wire::RecordPage>(list, &time).await?;
        let mut all = Vec::with_capacity(records.len());
        for record in records {
            all.push(self.recorded(OPERATION, record, &time));
        }
        let found: Vec<_> = futures::stream::iter(all).buffered(TOGETHER).collect().await;
        found.into_iter().filter_map(Result::transpose).collect()
    }

    async fn get(
        &self,
        call: &Call,
        meeting: &MeetingRef,
        run: Option<&str>,
    ) -> Result<Option<RecordedMeeting>> {
        const OPERATION: &str = "get recording";
        let time = begin(call);
        let found = match run {
            Some(run) => self.record(OPERATION, run, &time).await.map(Some),
            // Newest first.
            None => {
                self.records(OPERATION, &meeting.id, &time).await.map(|records| records.into_iter().next())
            }
        };
        match found {
            Ok(Some(record)) => self.recorded(OPERATION, record, &time).await,
            Ok(None) => Ok(None),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn download(&self, call: &Call, file: &RecordingFile, offset: u64) -> Result<RecordingDownload> {
        let time = begin(call);
        let address = file.download_url.as_ref().ok_or_else(|| unexpected("no address"))?;
        let url = Url::parse(address.expose()).map_err(|_| unexpected("no address"))?;
        let (url, time) = (&url, &time);
        let open = |token: SecretString| async move { self.open(url, token, offset, time).await };
        let opened = self.bearer(DOWNLOAD, time)?.call(open).await?;
        if !matches!(opened.head.status, 200 | 206) {
            let Opened { mut head, body } = opened;
            head.body = whole(body).await.into();
            return Err(error::of(DOWNLOAD, &head, DRIVE_MEET, true, self.transport.clock().now()));
        }
        received(crate::meet::NAME, DOWNLOAD, opened)
    }

    async fn remove(&self, call: &Call, what: &RecordingFileRef, how: Removal) -> Result<()> {
        const OPERATION: &str = "remove recording";
        let time = begin(call);
        for file in self.meant(OPERATION, what, &time).await? {
            let ask = match how {
                Removal::Trash => Self::trashing(OPERATION, &file, true),
                Removal::Delete => Ask::new(OPERATION, Method::DELETE, FILE_ROUTE, file_path(&file)),
            };
            self.change(ask, &time).await?;
        }
        Ok(())
    }

    async fn recover(&self, call: &Call, what: &RecordingFileRef) -> Result<()> {
        const OPERATION: &str = "recover recording";
        let time = begin(call);
        for file in self.meant(OPERATION, what, &time).await? {
            self.change(Self::trashing(OPERATION, &file, false), &time).await?;
        }
        Ok(())
    }
}

/// The largest error answer that is read.
const LARGEST_ERROR: usize = 64 * 1024;

/// An error's body: Google's reasons are in it.
async fn whole<S>(mut body: S) -> Vec<u8>
where
    S: futures::Stream<Item = Result<bytes::Bytes, lectern_core::provider::BoxError>> + Unpin,
{
    let mut read = Vec::new();
    while let Some(Ok(chunk)) = body.next().await {
        if read.len() + chunk.len() > LARGEST_ERROR {
            break;
        }
        read.extend_from_slice(&chunk);
    }
    read
}
