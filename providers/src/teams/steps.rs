//! The steps of making and changing a meeting: the event, its link, the online meeting behind it, the class's options.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lectern_core::provider::{
    ErrorKind, Meeting, MeetingDraft, MeetingState, ProviderError, Result, SettingDifference,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    client::{Ask, Whose},
    config::Teams,
    options,
    reference::Reference,
    wire,
};
use crate::transport::{Allowance, Label};

/// Times of answers without a zone are UTC then.
pub(super) const IN_UTC: &[&str] = &["outlook.timezone=\"UTC\""];
/// Else Graph hides the newer values of the lobby.
const NEWER_VALUES: &[&str] = &["include-unknown-enum-members"];

/// Pauses before an event is looked at again that has no link yet, and before its online meeting is looked for again.
const FIRST_PAUSE: Duration = Duration::from_millis(150);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// How far around the draft's time a lost event is looked for: somebody may have moved it.
const AROUND: TimeDelta = TimeDelta::days(1);

fn new(operation: &'static str, kind: ErrorKind) -> ProviderError {
    ProviderError::new(crate::teams::NAME, operation, kind)
}

fn minutes(length: Duration) -> i64 {
    i64::try_from(length.as_secs().div_ceil(60).max(1)).unwrap_or(i64::MAX).min(60 * 24 * 365)
}

fn subject(draft: &MeetingDraft) -> &str {
    wire::cut(draft.topic.trim(), wire::SUBJECT)
}

/// What create and update both write. UTC: Outlook shows everybody their own zone's time.
fn when_and_what(draft: &MeetingDraft) -> Value {
    let end = draft.starts_at + TimeDelta::minutes(minutes(draft.length));
    json!({
        "subject": subject(draft),
        "start": {"dateTime": wire::event_time(draft.starts_at), "timeZone": "UTC"},
        "end": {"dateTime": wire::event_time(end), "timeZone": "UTC"},
    })
}

/// A new event. Without attendees: Outlook's invitation carries the raw link, past our gate.
pub(super) fn body(draft: &MeetingDraft) -> Value {
    let mut body = when_and_what(draft);
    body["body"] = json!({
        "contentType": "text",
        "content": wire::with_marker(&draft.agenda, &draft.reference, wire::BODY),
    });
    body["attendees"] = json!([]);
    body["hideAttendees"] = json!(true);
    body["responseRequested"] = json!(false);
    body["allowNewTimeProposals"] = json!(false);
    body["isOnlineMeeting"] = json!(true);
    body["onlineMeetingProvider"] = json!("teamsForBusiness");
    body["transactionId"] = json!(wire::transaction(&draft.reference));
    body
}

/// Whether an event is already as the draft wants it.
fn is_as_drafted(event: &wire::Event, draft: &MeetingDraft) -> bool {
    let start = wire::event_time(draft.starts_at);
    let length = event.ends_at().zip(event.starts_at()).map(|(end, start)| (end - start).num_minutes());
    event.subject.as_deref() == Some(subject(draft))
        && event.starts_at().is_some_and(|at| wire::event_time(at) == start)
        && length == Some(minutes(draft.length))
}

/// Grows from try to try; `None` when the use's time does not reach so far.
fn next_pause(pause: &mut Duration, time: &Allowance) -> Option<Duration> {
    let now = *pause;
    *pause = (now * 2).min(LONGEST_PAUSE);
    (now < time.remaining()).then_some(now)
}

impl Teams {
    pub(super) fn event_ask(
        &self,
        whose: &Whose,
        operation: &'static str,
        method: Method,
        event: &str,
    ) -> Ask {
        let below = format!("/events/{}", wire::segment(event));
        Ask::of(whose, operation, method, Label::Light, "/events/{id}", &below).prefer(IN_UTC)
    }

    pub(super) fn online_ask(
        &self,
        whose: &Whose,
        operation: &'static str,
        method: Method,
        meeting: &str,
    ) -> Ask {
        let below = format!("/onlineMeetings/{}", wire::segment(meeting));
        Ask::of(whose, operation, method, Label::Light, "/onlineMeetings/{id}", &below).prefer(NEWER_VALUES)
    }

    /// The event with its link, which can come a moment after the event.
    pub(super) async fn with_link(
        &self,
        operation: &'static str,
        whose: &Whose,
        mut event: wire::Event,
        time: &Allowance,
    ) -> Result<(wire::Event, String)> {
        let mut pause = FIRST_PAUSE;
        loop {
            if let Some(url) = event.join_url() {
                let url = url.to_owned();
                return Ok((event, url));
            }
            if event.is_online_meeting == Some(false) {
                // The calendar made a plain event: this mailbox has no Teams.
                return Err(new(operation, ErrorKind::LicenceMissing));
            }
            let Some(pause) = next_pause(&mut pause, time) else {
                return Err(new(operation, ErrorKind::Unavailable).vendor_code("no join address yet"));
            };
            tokio::time::sleep(pause).await;
            event = self.ask_json(&self.event_ask(whose, operation, Method::GET, &event.id), time).await?;
        }
    }

    /// The online meeting behind a link, when Graph has it.
    pub(super) async fn find_online(
        &self,
        operation: &'static str,
        whose: &Whose,
        join_url: &str,
        time: &Allowance,
    ) -> Result<Option<wire::OnlineMeeting>> {
        let ask = Ask::of(whose, operation, Method::GET, Label::Light, "/onlineMeetings", "/onlineMeetings")
            // The address holds percent escapes of its own; the query encodes them once more, as Graph wants it.
            .query("$filter", format!("JoinWebUrl eq {}", wire::quoted(join_url)))
            .prefer(NEWER_VALUES);
        match self.ask_json::<wire::Page<wire::OnlineMeeting>>(&ask, time).await {
            Ok(page) => Ok(page.value.into_iter().next()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The same for a link that is new: the online meeting too can come a moment later.
    async fn online_meeting(
        &self,
        operation: &'static str,
        whose: &Whose,
        join_url: &str,
        time: &Allowance,
    ) -> Result<wire::OnlineMeeting> {
        let mut pause = FIRST_PAUSE;
        loop {
            if let Some(meeting) = self.find_online(operation, whose, join_url, time).await? {
                return Ok(meeting);
            }
            let Some(pause) = next_pause(&mut pause, time) else {
                return Err(new(operation, ErrorKind::Unavailable).vendor_code("no online meeting yet"));
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Sets the class's options. What a policy or a licence refuses is told, not a failure.
    pub(super) async fn set_options(
        &self,
        operation: &'static str,
        whose: &Whose,
        meeting: &wire::OnlineMeeting,
        draft: &MeetingDraft,
        time: &Allowance,
    ) -> Result<Vec<SettingDifference>> {
        let choices = options::choices(draft);
        let patch = |body: Value| {
            self.online_ask(whose, operation, Method::PATCH, &meeting.id).json(body).repeatable(2)
        };
        let refusal = |kind: &ErrorKind| {
            matches!(kind, ErrorKind::Invalid(_) | ErrorKind::Conflict | ErrorKind::LicenceMissing)
        };
        match self.ask_json::<wire::OnlineMeeting>(&patch(options::together(&choices)), time).await {
            Ok(now) => return Ok(choices.iter().filter_map(|choice| choice.difference(&now)).collect()),
            Err(error) if refusal(&error.kind) => {}
            Err(error) => return Err(error),
        }
        // Graph does not say which: one by one.
        let mut differences = Vec::new();
        for choice in &choices {
            match self.ask_json::<wire::OnlineMeeting>(&patch(choice.body.clone()), time).await {
                Ok(now) => differences.extend(choice.difference(&now)),
                Err(error) if refusal(&error.kind) => differences.push(choice.refused(Some(meeting))),
                Err(error) => return Err(error),
            }
        }
        Ok(differences)
    }

    pub(super) fn meeting(
        &self,
        operation: &'static str,
        whose: &Whose,
        (event, join_url): (wire::Event, String),
        online: &wire::OnlineMeeting,
        differences: Vec<SettingDifference>,
    ) -> Result<Meeting> {
        let reference = Reference {
            event: event.id.clone(),
            meeting: online.id.clone(),
            organizer: self.is_application().then(|| whose.id.clone()),
        };
        let (start, end) = (event.starts_at(), event.ends_at());
        let length = start.zip(end).map_or(0, |(start, end)| (end - start).num_minutes());
        Ok(Meeting {
            id: reference.id(),
            host_id: online.organizer().or_else(|| Some(whose.id.clone())).filter(|id| !id.is_empty()),
            join_url: self.browser_url(operation, &join_url)?,
            topic: event.subject.unwrap_or_default(),
            starts_at: start,
            minutes: u32::try_from(length).unwrap_or_default(),
            // Graph has no word for a call that runs; the call's events have.
            state: MeetingState::Waiting,
            registration: false,
            differences,
        })
    }

    /// From an event to a meeting with the class's options.
    pub(super) async fn complete(
        &self,
        operation: &'static str,
        whose: &Whose,
        event: wire::Event,
        draft: &MeetingDraft,
        time: &Allowance,
    ) -> Result<Meeting> {
        let mut event = event;
        if !is_as_drafted(&event, draft) {
            event = self.patch_event(operation, whose, &event.id, draft, time).await?;
        }
        let (event, url) = self.with_link(operation, whose, event, time).await?;
        let online = self.online_meeting(operation, whose, &url, time).await?;
        let differences = self.set_options(operation, whose, &online, draft, time).await?;
        self.meeting(operation, whose, (event, url), &online, differences)
    }

    /// Never with `body`: without the text that Teams put there, Graph takes the meeting off the event.
    pub(super) async fn patch_event(
        &self,
        operation: &'static str,
        whose: &Whose,
        event: &str,
        draft: &MeetingDraft,
        time: &Allowance,
    ) -> Result<wire::Event> {
        let ask = self
            .event_ask(whose, operation, Method::PATCH, event)
            .json(when_and_what(draft))
            // The whole of it each time, so a repetition changes nothing.
            .repeatable(2);
        self.ask_json(&ask, time).await
    }

    /// Events that begin or run within a time, all pages.
    pub(super) async fn events_between(
        &self,
        operation: &'static str,
        whose: &Whose,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        time: &Allowance,
    ) -> Result<Vec<wire::Event>> {
        let ask = Ask::of(whose, operation, Method::GET, Label::Medium, "/calendarView", "/calendarView")
            .query("startDateTime", wire::time(from))
            .query("endDateTime", wire::time(to))
            .query("$top", "100")
            .prefer(IN_UTC);
        self.ask_all(ask, time).await
    }

    pub(super) async fn find_event(
        &self,
        operation: &'static str,
        whose: &Whose,
        draft: &MeetingDraft,
        time: &Allowance,
    ) -> Result<Option<wire::Event>> {
        let end = draft.starts_at + TimeDelta::minutes(minutes(draft.length));
        let around = (draft.starts_at - AROUND, end + AROUND);
        let (key, marker) = (wire::transaction(&draft.reference), wire::marker(&draft.reference));
        let all = self.events_between(operation, whose, around, time).await?;
        Ok(all.into_iter().filter(|event| event.is_cancelled != Some(true)).find(|event| {
            event.transaction_id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(&key))
                || event.says(&marker)
        }))
    }

    pub(super) async fn look_online(
        &self,
        operation: &'static str,
        reference: &Reference,
        time: &Allowance,
    ) -> Result<wire::OnlineMeeting> {
        let whose = self.organizer(operation, reference)?;
        self.ask_json(&self.online_ask(&whose, operation, Method::GET, &reference.meeting), time).await
    }

    pub(super) async fn look_event(
        &self,
        operation: &'static str,
        reference: &Reference,
        time: &Allowance,
    ) -> Result<(Whose, wire::Event)> {
        let whose = self.organizer(operation, reference)?;
        let event: wire::Event =
            self.ask_json(&self.event_ask(&whose, operation, Method::GET, &reference.event), time).await?;
        if event.is_cancelled == Some(true) {
            return Err(new(operation, ErrorKind::NotFound).vendor_code("cancelled"));
        }
        Ok((whose, event))
    }
}
