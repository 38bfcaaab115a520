//! The attendance sheet as a page.

use std::collections::HashMap;

use axum::{extract::State, response::Response};
use chrono::SecondsFormat;
use lectern_core::{
    attendance::{
        AttendanceState, Effect, Evidence, Interval, Likeness, Source, Standing, Unmatched, intervals::union,
    },
    ids::{PersonId, SessionId},
    role::SessionRole,
    sentence::Sentence,
    text::plain_digits,
};
use lectern_web::{
    NoticeKind, Section, charts,
    pages::{attendance as page, session::ParticipantRole},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    routes::by_hand,
    service::{self, Accepted, Accepting, Access, Decide, SeenRow},
    sheet::{Line, Sheet, is_over},
    strays::{self, Assign, StrayView},
};
use crate::{
    app::App,
    error::ApiError,
    extract::{Form, Path, Query, SignedIn},
    live::feed::{instant, page_role},
    pages::{Pages, Reader, see_other},
    people,
};

/// What was done before the sheet came: a notice of ours, and how many rows it is about.
#[derive(Debug, Default, Deserialize)]
pub struct SheetQuery {
    notice: Option<NoticeKind>,
    #[serde(default)]
    verified: u32,
    #[serde(default)]
    decided: u32,
    #[serde(default)]
    changed: u32,
}

impl From<&SheetQuery> for Accepting {
    fn from(query: &SheetQuery) -> Self {
        Self { verified: query.verified, decided: query.decided, changed: query.changed }
    }
}

/// What was verified, and what stays as it is.
fn in_words(done: Accepting) -> Sentence {
    let of = |count: u32, one: Sentence, many: Sentence| {
        let sentence = if count == 1 { one } else { many };
        (count > 0).then(|| sentence.with("count", count.to_string()))
    };
    let decided = of(
        done.decided,
        Sentence::known("said.decided_one", "{count} was decided meanwhile and stays as it is."),
        Sentence::known("said.decided_many", "{count} were decided meanwhile and stay as they are."),
    );
    let changed = of(
        done.changed,
        Sentence::known("said.changed_one", "{count} looks otherwise now: look at it again."),
        Sentence::known("said.changed_many", "{count} look otherwise now: look at them again."),
    );
    let verified =
        Sentence::known("said.verified", "Verified {count}.").with("count", done.verified.to_string());
    [decided, changed].into_iter().flatten().fold(verified, |said, next| {
        Sentence::known("said.and_then", "{first} {next}").with("first", said).with("next", next)
    })
}

/// `GET /sessions/{id}/attendance`
pub async fn sheet(
    State(app): State<App>,
    who: SignedIn,
    reader: Reader,
    Path(id): Path<Uuid>,
    Query(query): Query<SheetQuery>,
) -> Result<Response, ApiError> {
    let (sheet, access) = service::sheet(&app, &who, SessionId(id)).await?;
    let mut names = HashMap::new();
    let mut tx = app.db.read(who.organization).await?;
    for verified in sheet.lines.iter().filter_map(|line| line.verified) {
        if let std::collections::hash_map::Entry::Vacant(entry) = names.entry(verified.by) {
            let person = people::service::find(&mut tx, who.organization, verified.by).await?;
            entry.insert(person.map(|person| person.name()).unwrap_or_default());
        }
    }
    drop(tx);
    let page = context(&sheet, &names, access, app.clock.now());
    let pages = Pages::new(&app, &who, reader, Section::Classes).await?;
    match query.notice {
        Some(NoticeKind::VerifiedPartly) => {
            pages.told(NoticeKind::VerifiedPartly, in_words(Accepting::from(&query))).show(&page)
        }
        notice => pages.notice(notice).show(&page),
    }
}

/// Persons, and beside each what the page proposed: a state and minutes.
#[derive(Debug, Deserialize)]
pub struct VerifyForm {
    #[serde(default)]
    person: Vec<Uuid>,
    #[serde(default)]
    seen: Vec<String>,
}

impl VerifyForm {
    /// The rows as they were shown; none where the form does not say it of each.
    fn rows(&self) -> Option<Vec<SeenRow>> {
        if self.seen.len() != self.person.len() {
            return None;
        }
        let row = |(person, seen): (&Uuid, &String)| {
            let (state, minutes) = seen.split_once(' ')?;
            Some(SeenRow { person_id: *person, state: state.to_owned(), minutes: minutes.parse().ok()? })
        };
        self.person.iter().zip(&self.seen).map(row).collect()
    }
}

/// `POST /sessions/{id}/attendance/verify`
pub async fn verify(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<Uuid>,
    Form(form): Form<VerifyForm>,
) -> Result<Response, ApiError> {
    let rows = form.rows();
    let accepted = rows.as_deref().map_or(Accepted::People(&form.person), Accepted::Seen);
    let done = service::verify(&app, &who, SessionId(id), accepted).await?;
    let Accepting { verified, decided, changed } = done;
    Ok(see_other(&if decided + changed == 0 {
        format!("/sessions/{id}/attendance?notice=verified")
    } else {
        format!(
            "/sessions/{id}/attendance?notice=verified_partly&verified={verified}&decided={decided}&changed={changed}"
        )
    }))
}

#[derive(Debug, Deserialize)]
pub struct ChangeForm {
    state: String,
    #[serde(default)]
    minutes: String,
    #[serde(default)]
    note: String,
    /// When the row had been decided on, as the page showed it.
    #[serde(default)]
    seen: String,
}

/// `POST /sessions/{id}/attendance/{person}`
pub async fn change(
    State(app): State<App>,
    who: SignedIn,
    Path((id, person)): Path<(Uuid, Uuid)>,
    Form(form): Form<ChangeForm>,
) -> Result<Response, ApiError> {
    let minutes = Some(plain_digits(&form.minutes)).filter(|text| !text.is_empty());
    let minutes = minutes.map(|text| text.parse()).transpose();
    let minutes = minutes.map_err(|_| ApiError::field("minutes", "Use a whole number of minutes."))?;
    let seen = Some(form.seen).filter(|seen| !seen.is_empty());
    let decide = Decide { state: form.state, minutes, note: Some(form.note), seen };
    let notice = match service::decide(&app, &who, SessionId(id), PersonId(person), &decide).await {
        Ok(()) => "attendance_changed",
        Err(ApiError::Conflict("decided_meanwhile", ..)) => "decided_meanwhile",
        Err(other) => return Err(other),
    };
    Ok(see_other(&format!("/sessions/{id}/attendance?notice={notice}#row-{person}")))
}

#[derive(Debug, Deserialize)]
pub struct AssignForm {
    stay: String,
    #[serde(default)]
    person_id: String,
}

/// `POST /sessions/{id}/attendance/strays`
pub async fn assign(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<Uuid>,
    Form(form): Form<AssignForm>,
) -> Result<Response, ApiError> {
    let person = Some(form.person_id.as_str()).filter(|id| !id.is_empty()).map(str::parse).transpose();
    let person_id = person.map_err(|_| ApiError::field("person_id", "Choose a person of the class."))?;
    let body = Assign { stay: form.stay, person_id };
    strays::give(&app, &who, SessionId(id), &body).await?;
    Ok(see_other(&format!("/sessions/{id}/attendance?notice=attendance_changed")))
}

#[derive(Debug, Deserialize)]
pub struct NoFields {}

/// `POST /sessions/{id}/attendance/reconcile`
pub async fn reconcile(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<Uuid>,
    Form(NoFields {}): Form<NoFields>,
) -> Result<Response, ApiError> {
    service::reconcile(&app, &who, SessionId(id)).await?;
    Ok(see_other(&format!("/sessions/{id}/attendance?notice=reconciling")))
}

/// The pages' word for a verdict.
#[must_use]
pub(super) const fn page_state(state: AttendanceState) -> page::AttendanceState {
    match state {
        AttendanceState::Expected => page::AttendanceState::Expected,
        AttendanceState::InClass => page::AttendanceState::InClass,
        AttendanceState::Left => page::AttendanceState::Left,
        AttendanceState::Present => page::AttendanceState::Present,
        AttendanceState::Late => page::AttendanceState::Late,
        AttendanceState::LeftEarly => page::AttendanceState::LeftEarly,
        AttendanceState::Absent => page::AttendanceState::Absent,
        AttendanceState::Excused => page::AttendanceState::Excused,
        AttendanceState::Unconfirmed => page::AttendanceState::Unconfirmed,
    }
}

fn context(
    sheet: &Sheet,
    names: &HashMap<PersonId, String>,
    access: Access,
    now: chrono::DateTime<chrono::Utc>,
) -> page::Attendance {
    let facts = &sheet.facts;
    let ended = is_over(facts, now);
    let held = sheet.held.unwrap_or(Interval::new(facts.starts_at, facts.ends_at));
    let percent = i64::from(sheet.policies.minimum_presence_percent.min(100));
    let needed = ((held.to - held.from).num_seconds() * percent + 5_999) / 6_000;
    let clear = |line: &&Line| line.is_final() && line.verified.is_none();
    let platform = facts.provider.title().to_owned();
    let report = sheet.reconciliation.as_ref();
    page::Attendance {
        session_id: facts.session.to_string(),
        class_id: facts.class.to_string(),
        class_title: facts.class_title.clone(),
        title: facts.title.clone(),
        starts_at: instant(facts.starts_at),
        ends_at: instant(facts.ends_at),
        zone: facts.time_zone.clone(),
        now: instant(now),
        ended,
        checked_at: report.filter(|row| row.report.is_some()).and_then(|row| row.asked_at).map(instant),
        report_problem: report.and_then(|row| {
            let nothing = row.state == "given_up" && row.report.is_none();
            row.problem_words.clone().or_else(|| {
                nothing.then(|| {
                    Sentence::known("said.no_report", "{platform} has no report on this session.")
                        .with("platform", platform.clone())
                })
            })
        }),
        figures: figures(sheet),
        needed_minutes: u32::try_from(needed).unwrap_or(0),
        rows: sheet.lines.iter().map(|line| row(line, names, held)).collect(),
        clear: sheet.lines.iter().filter(clear).map(|line| line.verdict.person.to_string()).collect(),
        strangers: sheet.unmatched.iter().filter_map(|stay| stranger(stay, sheet)).collect(),
        can_change: access == Access::Manage,
        csv_url: format!("/api/v1/sessions/{}/attendance.csv", facts.session),
        platform,
    }
}

fn figures(sheet: &Sheet) -> page::AttendanceFigures {
    let mut figures = page::AttendanceFigures::default();
    for line in &sheet.lines {
        let figure = match line.outcome.finding.state {
            AttendanceState::Present => &mut figures.present,
            AttendanceState::Late => &mut figures.late,
            AttendanceState::LeftEarly => &mut figures.left_early,
            AttendanceState::Absent => &mut figures.absent,
            AttendanceState::Excused => &mut figures.excused,
            AttendanceState::Unconfirmed => &mut figures.unconfirmed,
            AttendanceState::Expected | AttendanceState::InClass | AttendanceState::Left => continue,
        };
        *figure += 1;
        let conflict = matches!(line.outcome.standing, Standing::Conflict { .. });
        let undecided = line.verified.is_none() && !line.is_final();
        figures.to_check += u32::from(conflict || undecided);
    }
    figures
}

fn row(line: &Line, names: &HashMap<PersonId, String>, held: Interval) -> page::AttendanceRow {
    let (verdict, finding) = (&line.verdict, line.outcome.finding);
    let minutes = |time: chrono::Duration| u32::try_from(time.num_minutes()).unwrap_or(0);
    let counted = verdict.evidence.iter().filter(|piece| piece.effect == Effect::Counted);
    let stays = union(counted.flat_map(|piece| piece.told.iter().copied()));
    let open = verdict.state == AttendanceState::InClass;
    let last = stays.len().saturating_sub(1);
    page::AttendanceRow {
        person_id: verdict.person.to_string(),
        name: line.expected.seat.name.clone(),
        role: page_role(verdict.role).unwrap_or(ParticipantRole::Student),
        state: page_state(finding.state),
        minutes: finding.seconds / 60,
        seconds: finding.seconds,
        measured: verdict.minutes,
        minutes_late: verdict
            .first_joined_at
            .filter(|_| verdict.late || finding.state == AttendanceState::Late)
            .map_or(0, |at| minutes(at - held.from)),
        minutes_early: verdict
            .last_left_at
            .filter(|_| verdict.left_early || finding.state == AttendanceState::LeftEarly)
            .map_or(0, |at| minutes(held.to - at)),
        intervals: stays
            .iter()
            .enumerate()
            .map(|(index, stay)| charts::Interval {
                from: instant(stay.from),
                to: (!open || index != last).then(|| instant(stay.to)),
            })
            .collect(),
        verified_by: line.verified.map(|verified| names.get(&verified.by).cloned().unwrap_or_default()),
        seen: line.verified.map_or_else(
            || service::NEVER.to_owned(),
            |verified| verified.at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        ),
        note: line.note.clone(),
        evidence: verdict.evidence.iter().flat_map(|piece| evidence(piece, open)).collect(),
    }
}

fn evidence(piece: &Evidence, open: bool) -> Vec<page::AttendanceEvidence> {
    let source = match piece.presence.source {
        Source::Redirect => page::EvidenceSource::Redirect,
        Source::Webhook => page::EvidenceSource::Event,
        Source::PastParticipants | Source::AdminReport => page::EvidenceSource::Report,
        Source::Person => page::EvidenceSource::Person,
    };
    let stay = by_hand(piece).then(|| piece.presence.handle());
    let one = |from, to| page::AttendanceEvidence { source, from, to, detail: None, stay: stay.clone() };
    if piece.told.is_empty() || source == page::EvidenceSource::Redirect {
        return piece.first_mark.map(|at| one(instant(at), None)).into_iter().collect();
    }
    let going_on = open && piece.edge_not_seen;
    piece.told.iter().map(|stay| one(instant(stay.from), (!going_on).then(|| instant(stay.to)))).collect()
}

fn stranger(stay: &Unmatched, sheet: &Sheet) -> Option<page::Stranger> {
    let view = StrayView::of(stay, sheet)?;
    let shared = stay.suggestions.iter().find(|suggestion| suggestion.likeness == Likeness::SharedAddress);
    let line = shared.and_then(|suggestion| sheet.line(suggestion.person));
    Some(page::Stranger {
        name: view.name,
        from: instant(view.from),
        to: instant(view.to),
        stay: view.stay,
        alike: view
            .suggestions
            .into_iter()
            .map(|one| page::Candidate { person_id: one.person_id.to_string(), name: one.name })
            .collect(),
        maybe: line
            .filter(|line| line.verdict.role != SessionRole::Instructor)
            .map(|line| line.expected.seat.name.clone()),
    })
}
