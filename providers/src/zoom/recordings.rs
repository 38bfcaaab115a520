use async_trait::async_trait;
use chrono::{Days, NaiveDate};
use lectern_core::{
    provider::{
        Call, ErrorKind, MeetingRef, ProviderError, RecordedMeeting, RecordingDownload, RecordingFile,
        RecordingFileRef, Recordings, Removal, Result,
    },
    secret::SecretString,
};
use reqwest::{
    Method,
    header::{HeaderValue, LOCATION, RANGE},
};
use serde_json::json;
use url::Url;

use super::{
    client::{Ask, TRACKING, begin, meeting_segment},
    config::Zoom,
    error, wire,
};
use crate::{
    download::received,
    transport::{Allowance, Body, Credentials, Label, Opened, Request},
};

/// Zoom lists at most a month at once.
const WINDOW_DAYS: u64 = 30;
const MOST_REDIRECTS: usize = 5;
const DOWNLOAD: &str = "download recording";

/// The windows that cover both days, oldest first, without overlap.
fn windows(from: NaiveDate, to: NaiveDate) -> Vec<(NaiveDate, NaiveDate)> {
    let mut windows = Vec::new();
    let mut start = from;
    while start <= to {
        let end = start.checked_add_days(Days::new(WINDOW_DAYS - 1)).unwrap_or(to).min(to);
        windows.push((start, end));
        let Some(next) = end.checked_add_days(Days::new(1)) else { break };
        start = next;
    }
    windows
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be a whole, small, positive number"
)]
fn bytes(size: Option<f64>) -> Option<u64> {
    size.filter(|size| *size > 0.0 && *size < 9.0e15).map(|size| size as u64)
}

fn file(file: wire::RecordedFile) -> RecordingFile {
    RecordingFile {
        id: file.id,
        // The timeline file comes without a type.
        kind: file.file_type.unwrap_or_else(|| "TIMELINE".to_owned()),
        view: file.recording_type,
        started_at: file.recording_start,
        ended_at: file.recording_end,
        bytes: bytes(file.file_size),
        ready: file.status.as_deref() == Some("completed") && file.download_url.is_some(),
        download_url: file.download_url.map(SecretString::from),
    }
}

fn recorded(answer: wire::Recorded) -> Option<RecordedMeeting> {
    Some(RecordedMeeting {
        started_at: answer
            .start_time
            .or_else(|| answer.recording_files.iter().find_map(|file| file.recording_start))?,
        run: answer.uuid,
        meeting: answer.id,
        topic: answer.topic,
        files: answer.recording_files.into_iter().map(file).collect(),
    })
}

fn unexpected(what: &'static str) -> ProviderError {
    ProviderError::new(crate::zoom::NAME, DOWNLOAD, ErrorKind::Unexpected).vendor_code(what)
}

fn path_of(what: &RecordingFileRef) -> (&'static str, String) {
    let run = wire::run_segment(&what.run);
    match &what.file {
        None => ("/meetings/{id}/recordings", format!("/meetings/{run}/recordings")),
        Some(file) => (
            "/meetings/{id}/recordings/{file}",
            format!("/meetings/{run}/recordings/{}", wire::segment(file)),
        ),
    }
}

impl Zoom {
    /// One hop. The token goes only where the file itself is.
    async fn hop(
        &self,
        url: Url,
        token: Option<&SecretString>,
        offset: u64,
        time: &Allowance,
    ) -> Result<Opened> {
        if !self.is_zooms(&url) {
            tracing::error!("a recording's address leads away from Zoom; it is not followed");
            return Err(unexpected("foreign address"));
        }
        let range = HeaderValue::from_str(&format!("bytes={offset}-")).map_err(|_| unexpected("offset"))?;
        let request = Request {
            provider: crate::zoom::NAME,
            operation: DOWNLOAD,
            route: "download",
            method: Method::GET,
            url,
            headers: if offset > 0 { vec![(RANGE, range)] } else { Vec::new() },
            credentials: token.cloned().map(Credentials::Bearer),
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
            .map_err(|failure| failure.into_error(crate::zoom::NAME, DOWNLOAD, now))
    }

    /// Follows redirects. Each hop is checked anew; the token is dropped for good at the first change of host.
    async fn follow(
        &self,
        first: &Url,
        token: &SecretString,
        offset: u64,
        time: &Allowance,
    ) -> Result<Opened> {
        let mut url = first.clone();
        let mut token = Some(token);
        for _ in 0..=MOST_REDIRECTS {
            let opened = self.hop(url.clone(), token, offset, time).await?;
            if !(300..400).contains(&opened.head.status) {
                return Ok(opened);
            }
            let location =
                opened.head.header(LOCATION.as_str()).ok_or_else(|| unexpected("redirect to nowhere"))?;
            let next = url.join(location).map_err(|_| unexpected("redirect to nowhere"))?;
            if next.origin() != url.origin() {
                token = None;
            }
            url = next;
        }
        Err(unexpected("too many redirects"))
    }
}

#[async_trait]
impl Recordings for Zoom {
    async fn list(
        &self,
        call: &Call,
        host: Option<&str>,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<RecordedMeeting>> {
        const OPERATION: &str = "list recordings";
        let time = begin(call);
        let connection = self.connected(OPERATION)?;
        let path = format!("/users/{}/recordings", self.user(connection, host));
        let mut all = Vec::new();
        for (from, to) in windows(from, to) {
            let list = || {
                Ask::new(OPERATION, Method::GET, Label::Medium, "/users/{id}/recordings", path.clone())
                    .query("from", from.to_string())
                    .query("to", to.to_string())
            };
            match self.ask_all::<wire::RecordedPage>(list, &time).await {
                Ok(found) => all.extend(found.into_iter().filter_map(recorded)),
                Err(error) if error.kind == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    async fn get(
        &self,
        call: &Call,
        meeting: &MeetingRef,
        run: Option<&str>,
    ) -> Result<Option<RecordedMeeting>> {
        const OPERATION: &str = "get recording";
        let which = match run {
            Some(run) => wire::run_segment(run),
            None => meeting_segment(OPERATION, &meeting.id)?,
        };
        let ask = Ask::new(
            OPERATION,
            Method::GET,
            Label::Light,
            "/meetings/{id}/recordings",
            format!("/meetings/{which}/recordings"),
        );
        match self.ask_json::<wire::Recorded>(&ask, &begin(call)).await {
            Ok(answer) => Ok(recorded(answer)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn download(&self, call: &Call, file: &RecordingFile, offset: u64) -> Result<RecordingDownload> {
        let time = begin(call);
        let address = file.download_url.as_ref().ok_or_else(|| unexpected("no address"))?;
        let url = Url::parse(address.expose()).map_err(|_| unexpected("no address"))?;
        if !self.is_zooms(&url) {
            return Err(unexpected("foreign address"));
        }
        let (url, time) = (&url, &time);
        let follow = |token: SecretString| async move { self.follow(url, &token, offset, time).await };
        let opened = self.bearer(DOWNLOAD, time)?.call(follow).await?;
        if !matches!(opened.head.status, 200 | 206) {
            return Err(error::of(DOWNLOAD, &opened.head, true, self.transport.clock().now()));
        }
        received(crate::zoom::NAME, DOWNLOAD, opened)
    }

    async fn remove(&self, call: &Call, what: &RecordingFileRef, how: Removal) -> Result<()> {
        let (route, path) = path_of(what);
        let action = match how {
            Removal::Trash => "trash",
            Removal::Delete => "delete",
        };
        let ask =
            Ask::new("remove recording", Method::DELETE, Label::Light, route, path).query("action", action);
        match self.ask(&ask, &begin(call)).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn recover(&self, call: &Call, what: &RecordingFileRef) -> Result<()> {
        let (route, path) = match path_of(what) {
            ("/meetings/{id}/recordings", path) => {
                ("/meetings/{id}/recordings/status", format!("{path}/status"))
            }
            (_, path) => ("/meetings/{id}/recordings/{file}/status", format!("{path}/status")),
        };
        let ask = Ask::new("recover recording", Method::PUT, Label::Light, route, path)
            .json(json!({"action": "recover"}));
        self.ask(&ask, &begin(call)).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn windows_cover_every_day_once() {
        assert_eq!(windows(day("2026-11-01"), day("2026-11-01")), [(day("2026-11-01"), day("2026-11-01"))]);
        assert!(windows(day("2026-11-02"), day("2026-11-01")).is_empty());
        let windows = windows(day("2026-01-15"), day("2026-04-20"));
        assert_eq!(windows.first().unwrap().0, day("2026-01-15"));
        assert_eq!(windows.last().unwrap().1, day("2026-04-20"));
        assert!(windows.iter().all(|(from, to)| (*to - *from).num_days() < 30));
        assert!(windows.windows(2).all(|pair| pair[0].1.succ_opt().unwrap() == pair[1].0));
    }

    #[test]
    fn sizes_that_are_none_are_unknown() {
        assert_eq!(bytes(Some(246_560.0)), Some(246_560));
        assert_eq!(bytes(Some(0.0)), None);
        assert_eq!(bytes(Some(f64::NAN)), None);
        assert_eq!(bytes(None), None);
    }
}
