use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
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
use url::Url;

use super::{
    client::{Ask, TRACKING, Whose, begin},
    config::Teams,
    error,
    reference::Reference,
    wire,
};
use crate::{
    download::received,
    transport::{Allowance, Body, Credentials, Label, Opened, Request},
};

const MOST_REDIRECTS: usize = 5;
const DOWNLOAD: &str = "download recording";

/// A recording may begin before its report does, or after.
const SLACK: TimeDelta = TimeDelta::minutes(5);

/// What every event of ours says in its description.
const OUR_MARK: &str = "[lectern:";

fn new(operation: &'static str, kind: ErrorKind) -> ProviderError {
    ProviderError::new(crate::teams::NAME, operation, kind)
}

fn unexpected(what: &'static str) -> ProviderError {
    new(DOWNLOAD, ErrorKind::Unexpected).vendor_code(what)
}

/// What a file is, and where below the meeting it lies.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Recording,
    Transcript,
}

impl Kind {
    const fn folder(self) -> &'static str {
        match self {
            Self::Recording => "recordings",
            Self::Transcript => "transcripts",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Recording => "MP4",
            Self::Transcript => "TRANSCRIPT",
        }
    }
}

/// A meeting whose files are wanted.
#[derive(Clone, Copy, Debug)]
struct Wanted<'a> {
    whose: &'a Whose,
    reference: &'a Reference,
    topic: &'a str,
}

impl Teams {
    fn content_url(&self, whose: &Whose, meeting: &str, kind: Kind, file: &str) -> Url {
        let mut url = self.settings.api_base.clone();
        let path = format!(
            "{}{}/onlineMeetings/{}/{}/{}/content",
            url.path().trim_end_matches('/'),
            whose.path,
            wire::segment(meeting),
            kind.folder(),
            wire::segment(file)
        );
        url.set_path(&path);
        if matches!(kind, Kind::Transcript) {
            url.set_query(Some("$format=text/vtt"));
        }
        url
    }

    async fn artifacts(
        &self,
        operation: &'static str,
        wanted: Wanted<'_>,
        kind: Kind,
        time: &Allowance,
    ) -> Result<Vec<wire::Artifact>> {
        let below = format!("/onlineMeetings/{}/{}", wire::segment(&wanted.reference.meeting), kind.folder());
        let route = match kind {
            Kind::Recording => "/onlineMeetings/{id}/recordings",
            Kind::Transcript => "/onlineMeetings/{id}/transcripts",
        };
        let ask = Ask::of(wanted.whose, operation, Method::GET, Label::Medium, route, &below);
        match self.ask_all(ask, time).await {
            Ok(found) => Ok(found),
            // Gone: the meeting has expired, or the school's retention took the file.
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// All runs of a meeting that left files, oldest first. Graph tells the call they belong to, no sizes and no names.
    async fn recorded(
        &self,
        operation: &'static str,
        wanted: Wanted<'_>,
        time: &Allowance,
    ) -> Result<Vec<RecordedMeeting>> {
        let mut calls: BTreeMap<String, Vec<RecordingFile>> = BTreeMap::new();
        for kind in [Kind::Recording, Kind::Transcript] {
            for artifact in self.artifacts(operation, wanted, kind, time).await? {
                let url = self.content_url(wanted.whose, &wanted.reference.meeting, kind, &artifact.id);
                let file = RecordingFile {
                    kind: kind.word().to_owned(),
                    view: None,
                    started_at: artifact.created_date_time,
                    ended_at: artifact.end_date_time,
                    bytes: None,
                    ready: true,
                    download_url: Some(SecretString::from(url.as_str())),
                    id: artifact.id,
                };
                let call = artifact.call_id.unwrap_or_else(|| file.id.clone());
                calls.entry(call).or_default().push(file);
            }
        }
        let id = wanted.reference.id();
        let mut runs: Vec<_> = calls
            .into_iter()
            .filter_map(|(run, files)| {
                let started_at = files.iter().filter_map(|file| file.started_at).min()?;
                Some(RecordedMeeting {
                    run,
                    meeting: id.clone(),
                    topic: wanted.topic.to_owned(),
                    started_at,
                    files,
                })
            })
            .collect();
        runs.sort_by_key(|run| run.started_at);
        Ok(runs)
    }

    /// The run that an attendance report is about: reports and recordings share no id, only a time.
    async fn of_report(
        &self,
        operation: &'static str,
        wanted: Wanted<'_>,
        (runs, report): (Vec<RecordedMeeting>, &str),
        time: &Allowance,
    ) -> Result<Option<RecordedMeeting>> {
        let reports = self.reports(operation, wanted.whose, &wanted.reference.meeting, time).await?;
        let Some(span) = reports
            .into_iter()
            .find(|found| found.id == report)
            .and_then(|found| Some((found.meeting_start_date_time?, found.meeting_end_date_time?)))
        else {
            return Ok(None);
        };
        let within = |at: DateTime<Utc>| at >= span.0 - SLACK && at <= span.1 + SLACK;
        Ok(runs
            .into_iter()
            .find(|run| within(run.started_at))
            .map(|run| RecordedMeeting { run: report.to_owned(), ..run }))
    }

    /// One hop. The token goes only to Graph; what Graph redirects to is signed in its address, at a host that Microsoft does
    /// not name: any public one may serve it, without the token.
    async fn hop(
        &self,
        url: Url,
        token: Option<&SecretString>,
        offset: u64,
        time: &Allowance,
    ) -> Result<Opened> {
        let range = HeaderValue::from_str(&format!("bytes={offset}-")).map_err(|_| unexpected("offset"))?;
        let request = Request {
            provider: crate::teams::NAME,
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
            .map_err(|failure| failure.into_error(crate::teams::NAME, DOWNLOAD, now))
    }

    fn is_graphs(&self, url: &Url) -> bool {
        url.origin().is_tuple() && url.origin() == self.settings.api_base.origin()
    }

    /// Follows redirects. The token is dropped for good at the first hop away from Graph.
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
            url = url.join(location).map_err(|_| unexpected("redirect to nowhere"))?;
            if !self.is_graphs(&url) {
                token = None;
            }
        }
        Err(unexpected("too many redirects"))
    }
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

#[async_trait]
impl Recordings for Teams {
    /// From our own events in the host's calendar, in both kinds of connection: the list that Graph has names online meetings
    /// and no events, and is for applications only.
    async fn list(
        &self,
        call: &Call,
        host: Option<&str>,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<RecordedMeeting>> {
        const OPERATION: &str = "list recordings";
        let time = begin(call);
        let whose = self.host(OPERATION, host, &time).await?;
        let days = (midnight(from), midnight(to.checked_add_days(Days::new(1)).unwrap_or(to)));
        let around = (days.0 - TimeDelta::days(1), days.1 + TimeDelta::days(1));
        let mut all = Vec::new();
        for event in self.events_between(OPERATION, &whose, around, &time).await? {
            let Some(url) = event.join_url().filter(|_| event.says(OUR_MARK)) else { continue };
            let Some(online) = self.find_online(OPERATION, &whose, url, &time).await? else { continue };
            let reference = Reference {
                event: event.id.clone(),
                meeting: online.id,
                organizer: self.is_application().then(|| whose.id.clone()),
            };
            let topic = event.subject.as_deref().unwrap_or_default();
            let wanted = Wanted { whose: &whose, reference: &reference, topic };
            let runs = self.recorded(OPERATION, wanted, &time).await?;
            all.extend(runs.into_iter().filter(|run| run.started_at >= days.0 && run.started_at < days.1));
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
        let time = begin(call);
        let reference = Reference::read(OPERATION, meeting)?;
        let whose = self.organizer(OPERATION, &reference)?;
        // The event may be gone while its files are still there.
        let topic = match self.look_event(OPERATION, &reference, &time).await {
            Ok((_, event)) => event.subject.unwrap_or_default(),
            Err(error) if error.kind == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let wanted = Wanted { whose: &whose, reference: &reference, topic: &topic };
        let mut runs = self.recorded(OPERATION, wanted, &time).await?;
        match run {
            None => Ok(runs.pop()),
            Some(run) => match runs.iter().position(|found| found.run == run) {
                Some(index) => Ok(Some(runs.swap_remove(index))),
                None => self.of_report(OPERATION, wanted, (runs, run), &time).await,
            },
        }
    }

    async fn download(&self, call: &Call, file: &RecordingFile, offset: u64) -> Result<RecordingDownload> {
        let time = begin(call);
        let address = file.download_url.as_ref().ok_or_else(|| unexpected("no address"))?;
        let url = Url::parse(address.expose()).map_err(|_| unexpected("no address"))?;
        if !self.is_graphs(&url) {
            tracing::error!("a recording's address is not Graph's; it is not fetched");
            return Err(unexpected("foreign address"));
        }
        let (url, time) = (&url, &time);
        let follow = |token: SecretString| async move { self.follow(url, &token, offset, time).await };
        let opened = self.bearer(DOWNLOAD, time)?.call(follow).await?;
        if !matches!(opened.head.status, 200 | 206) {
            let ask = Ask::new(DOWNLOAD, Method::GET, Label::Light, "download", String::new());
            return Err(self.refused(&ask, &opened.head));
        }
        received(crate::teams::NAME, DOWNLOAD, opened)
    }

    /// Graph cannot remove a recording; the teacher can, in OneDrive.
    async fn remove(&self, _: &Call, _: &RecordingFileRef, _: Removal) -> Result<()> {
        Err(new("remove recording", ErrorKind::Unsupported("removing a recording at Microsoft")))
    }

    async fn recover(&self, _: &Call, _: &RecordingFileRef) -> Result<()> {
        Err(new("recover recording", ErrorKind::Unsupported("recovering a recording at Microsoft")))
    }
}
