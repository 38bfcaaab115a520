//! The attendance sheet as JSON and as a file.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use lectern_core::{
    attendance::{Evidence, MatchedBy, Source, Standing},
    ids::{PersonId, SessionId},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    csv,
    service::{self, Accepted, Access, Decide, SeenRow, role_words},
    sheet::{Line, Sheet},
    strays::{self, Assign, StrayView},
};
use crate::{
    app::App,
    error::{ApiError, Problem},
    extract::{Json, Path, SignedIn},
};

/// A person on the sheet.
#[derive(Debug, Serialize, ToSchema)]
pub struct SheetPerson {
    /// Their id.
    pub id: Uuid,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// 0 for students and guests, 1 for the instructor.
    pub role: i64,
    /// `student`, `guest` or `instructor`.
    pub role_name: &'static str,
}

/// What later evidence says against a decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConflictView {
    /// The state it proposes.
    pub state: &'static str,
    /// The minutes it proposes.
    pub minutes: u32,
    /// Taking it would lower what was decided.
    pub lowers: bool,
}

/// One row of the sheet.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttendanceRowView {
    /// Who.
    pub person: SheetPerson,
    /// `expected`, `in_class`, `left`, `present`, `late`, `left_early`, `absent`, `excused` or `unconfirmed`.
    pub state: &'static str,
    /// First in, inside the session's time or reaching into it.
    pub first_joined_at: Option<DateTime<Utc>>,
    /// Last out; null while they are there.
    pub last_left_at: Option<DateTime<Utc>>,
    /// Seconds that count.
    pub seconds: u32,
    /// The same in whole minutes, rounded down.
    pub minutes: u32,
    /// `proposed`, `verified` or `conflict`.
    pub standing: &'static str,
    /// Who verified it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_by: Option<Uuid>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<DateTime<Utc>>,
    /// What they wrote to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What evidence that came later says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflict: Option<ConflictView>,
    /// Why it is unconfirmed: `only_at_the_door`, `edge_not_seen` or `not_named_by_report`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub doubt: Option<lectern_core::attendance::Doubt>,
    /// How many pieces of evidence there are.
    pub evidence: usize,
    /// "Why 42 minutes?": each piece.
    pub sources: Vec<EvidenceView>,
}

/// A piece of evidence.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvidenceView {
    /// `redirect`, `webhook`, `past_participants`, `admin_report` or `person`.
    #[schema(value_type = String)]
    pub source: Source,
    /// `main`, `waiting` or `breakout`.
    pub room: &'static str,
    /// `assigned`, `registrant`, `address`, `vendor_user` or `same_stay`.
    #[schema(value_type = String)]
    pub matched_by: MatchedBy,
    /// From when to when, as the source tells it.
    pub told: Vec<SpanView>,
    /// The seconds of it that count.
    pub counted_seconds: i64,
    /// When they set out, or were first seen.
    pub at: Option<DateTime<Utc>>,
    /// Names the stay, where it was given to the person by hand and can be taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stay: Option<String>,
}

/// From when to when.
#[derive(Debug, Serialize, ToSchema)]
pub struct SpanView {
    /// First instant.
    pub from: DateTime<Utc>,
    /// Last instant.
    pub to: DateTime<Utc>,
}

/// How far reading the platform's report has come.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportView {
    /// `waiting`, `finished`, `none` or `given_up`.
    pub state: String,
    /// `admin_report` or `past_participants`.
    pub report: Option<String>,
    /// What stood in the way last time.
    pub problem: Option<String>,
    /// When the platform was last asked.
    pub asked_at: Option<DateTime<Utc>>,
}

/// The attendance sheet.
#[derive(Debug, Serialize, ToSchema)]
pub struct SheetView {
    /// Which session.
    pub session_id: Uuid,
    /// One for each student and guest, from the start; only the caller's own for those who do not teach here.
    pub items: Vec<AttendanceRowView>,
    /// Always null: the sheet is whole.
    pub next_cursor: Option<String>,
    /// The instructor's row, apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructor: Option<AttendanceRowView>,
    /// How many stays are nobody's.
    pub unmatched: usize,
    /// Those inside the session's time; only for those who may say whose they are.
    pub strays: Vec<StrayView>,
    /// The platform's report; absent before it was first asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<ReportView>,
}

/// Whether a person in charge said that it is this person's: our own door says the same of those it let through.
pub(super) fn by_hand(piece: &Evidence) -> bool {
    piece.matched_by == MatchedBy::Assigned && piece.presence.source != Source::Redirect
}

impl From<&Line> for AttendanceRowView {
    fn from(line: &Line) -> Self {
        let (verdict, finding) = (&line.verdict, line.outcome.finding);
        let (role, role_name) = role_words(verdict.role);
        let (standing, conflict) = match line.outcome.standing {
            Standing::Proposed => ("proposed", None),
            Standing::Verified => ("verified", None),
            Standing::Conflict { proposed, lowers } => {
                let (state, minutes) = (proposed.state.name(), proposed.seconds / 60);
                ("conflict", Some(ConflictView { state, minutes, lowers }))
            }
        };
        Self {
            person: SheetPerson {
                id: verdict.person.uuid(),
                name: line.expected.seat.name.clone(),
                email: line.expected.email.clone(),
                role,
                role_name,
            },
            state: finding.state.name(),
            first_joined_at: verdict.first_joined_at,
            last_left_at: verdict.last_left_at,
            seconds: finding.seconds,
            minutes: finding.seconds / 60,
            standing,
            verified_by: line.verified.map(|verified| verified.by.uuid()),
            verified_at: line.verified.map(|verified| verified.at),
            note: line.note.clone(),
            conflict,
            doubt: verdict.doubt,
            evidence: verdict.evidence.len(),
            sources: verdict
                .evidence
                .iter()
                .map(|piece| EvidenceView {
                    source: piece.presence.source,
                    room: piece.presence.kind.name(),
                    matched_by: piece.matched_by,
                    told: piece.told.iter().map(|span| SpanView { from: span.from, to: span.to }).collect(),
                    counted_seconds: piece
                        .counted
                        .iter()
                        .map(|span| (span.to - span.from).num_seconds())
                        .sum(),
                    at: piece.first_mark,
                    stay: by_hand(piece).then(|| piece.presence.handle()),
                })
                .collect(),
        }
    }
}

impl From<&Sheet> for SheetView {
    fn from(sheet: &Sheet) -> Self {
        Self {
            session_id: sheet.facts.session.uuid(),
            items: sheet.lines.iter().map(AttendanceRowView::from).collect(),
            next_cursor: None,
            instructor: sheet.instructor.as_ref().map(AttendanceRowView::from),
            unmatched: sheet.unmatched.len(),
            strays: sheet.unmatched.iter().filter_map(|stay| StrayView::of(stay, sheet)).collect(),
            report: sheet.reconciliation.as_ref().map(|row| ReportView {
                state: row.state.clone(),
                report: row.report.clone(),
                problem: row.problem.clone(),
                asked_at: row.asked_at,
            }),
        }
    }
}

/// Who was there. Admins and the session's instructor see everybody, others their own row.
#[utoipa::path(get, path = "/api/v1/sessions/{id}/attendance", tag = "attendance", params(("id" = Uuid, Path, description = "The session")),
    responses((status = 200, body = SheetView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn show(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<SheetView>, ApiError> {
    let (sheet, _) = service::sheet(&app, &who, SessionId(id)).await?;
    Ok(axum::Json(SheetView::from(&sheet)))
}

/// The sheet as a file for spreadsheets.
#[utoipa::path(get, path = "/api/v1/sessions/{id}/attendance.csv", tag = "attendance", params(("id" = Uuid, Path, description = "The session")),
    responses((status = 200, body = String, content_type = "text/csv"), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn download(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, ApiError> {
    let (sheet, access) = service::sheet(&app, &who, SessionId(id)).await?;
    if access != Access::Manage {
        return Err(ApiError::NotFound);
    }
    let name =
        format!("attachment; filename=\"attendance-{}.csv\"", sheet.facts.starts_at.format("%Y-%m-%d"));
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, name.as_str())];
    Ok((headers, csv::sheet(&sheet)).into_response())
}

/// Decides on one person, whatever the evidence says.
#[utoipa::path(patch, path = "/api/v1/sessions/{id}/attendance/{person}", tag = "attendance", request_body = Decide,
    params(("id" = Uuid, Path, description = "The session"), ("person" = Uuid, Path, description = "The person")),
    responses((status = 200, body = AttendanceRowView), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, description = "The session is not over, or somebody has decided meanwhile", body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn change(
    State(app): State<App>,
    who: SignedIn,
    Path((id, person)): Path<(Uuid, Uuid)>,
    Json(body): Json<Decide>,
) -> Result<axum::Json<AttendanceRowView>, ApiError> {
    let (session, person) = (SessionId(id), PersonId(person));
    service::decide(&app, &who, session, person, &body).await?;
    let (sheet, _) = service::sheet(&app, &who, session).await?;
    Ok(axum::Json(sheet.line(person).map(AttendanceRowView::from).ok_or(ApiError::NotFound)?))
}

/// Whom to verify.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    /// Left out: everybody whose proposal is final and not yet decided on.
    #[serde(default)]
    pub person_ids: Option<Vec<Uuid>>,
    /// Instead of `person_ids`, the rows as they were seen: one that says something else by now is left as it is.
    #[serde(default)]
    pub rows: Option<Vec<SeenRow>>,
}

/// Accepts what the evidence proposes. A row on which somebody has decided is left as it is, whoever is named; to change it, send
/// a state to it.
#[utoipa::path(post, path = "/api/v1/sessions/{id}/attendance/verify", tag = "attendance", request_body = Verify, params(("id" = Uuid, Path, description = "The session")),
    responses((status = 200, body = SheetView), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, description = "The session is not over", body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn verify(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<Uuid>,
    Json(body): Json<Verify>,
) -> Result<axum::Json<SheetView>, ApiError> {
    let accepted = match (&body.person_ids, &body.rows) {
        (Some(_), Some(_)) => return Err(ApiError::field("rows", "Send rows or person_ids, not both.")),
        (_, Some(rows)) => Accepted::Seen(rows),
        (Some(people), None) => Accepted::People(people),
        (None, None) => Accepted::Clear,
    };
    service::verify(&app, &who, SessionId(id), accepted).await?;
    let (sheet, _) = service::sheet(&app, &who, SessionId(id)).await?;
    Ok(axum::Json(SheetView::from(&sheet)))
}

/// Says whose a stay is that the platform gives to nobody, or takes that back.
#[utoipa::path(post, path = "/api/v1/sessions/{id}/attendance/strays", tag = "attendance", request_body = Assign, params(("id" = Uuid, Path, description = "The session")),
    responses((status = 200, body = SheetView), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, description = "The platform says whose it is", body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn assign(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<Uuid>,
    Json(body): Json<Assign>,
) -> Result<axum::Json<SheetView>, ApiError> {
    strays::give(&app, &who, SessionId(id), &body).await?;
    let (sheet, _) = service::sheet(&app, &who, SessionId(id)).await?;
    Ok(axum::Json(SheetView::from(&sheet)))
}

/// Has the platform's report read again, soon.
#[utoipa::path(post, path = "/api/v1/sessions/{id}/attendance/reconcile", tag = "attendance", params(("id" = Uuid, Path, description = "The session")),
    responses((status = 202), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, description = "The session is not over", body = Problem, content_type = "application/problem+json")))]
pub async fn reconcile(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, ApiError> {
    service::reconcile(&app, &who, SessionId(id)).await?;
    Ok(StatusCode::ACCEPTED)
}
