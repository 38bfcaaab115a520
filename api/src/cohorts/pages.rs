//! Cohorts as pages: all of them, one, reading a file into one, and the forms of a class's roster.

use axum::{extract::State, response::Response};
use lectern_core::ids::{ClassId, CohortId, PersonId};
use lectern_web::{
    FieldError as PageFieldError, NoticeKind, Section,
    pages::{
        CohortFields, CohortImport, CohortMember, CohortPage, CohortRow, CohortsPage, ImportCount,
        ImportLine, ImportOutcome, ImportReport, PersonFields, RosterCohort,
    },
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    Cohort,
    import::{self, LineReport, Outcome, Report},
    service::{self, ClassCohortView, CohortBody, CohortMemberView},
    store,
};
use crate::{
    app::App,
    error::ApiError,
    extract::{Admin, Form, Instructor, Path, Query, SignedIn, Upload},
    list::Paging,
    pages::{Pages, Reader, beside_form, field_errors, see_other, see_other_with_undo, undoable},
    people::{email_key, service::Whom},
};

/// Lines of a report that a page shows.
const SHOWN: usize = 500;

/// Query of these pages.
#[derive(Debug, Default, Deserialize)]
pub struct CohortsQuery {
    cursor: Option<String>,
    notice: Option<NoticeKind>,
    /// Who was just taken out of the cohort.
    undo: Option<String>,
}

fn count(number: i64) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

fn row(cohort: Cohort) -> CohortRow {
    CohortRow {
        id: cohort.id.to_string(),
        people: count(cohort.people),
        classes: count(cohort.classes),
        name: cohort.name,
        external_id: cohort.external_id,
    }
}

/// A cohort as a class's roster shows it.
pub(crate) fn on_roster(view: ClassCohortView) -> RosterCohort {
    RosterCohort { id: view.id.to_string(), people: count(view.people), name: view.name }
}

/// A refusal that belongs beside the form; anything else goes on.
fn refused(app: &App, error: ApiError) -> Result<Vec<PageFieldError>, ApiError> {
    match error {
        ApiError::Conflict("taken", ..) => Ok(vec![PageFieldError::new("external_id", "taken")]),
        other => beside_form(app, other),
    }
}

async fn list_page(
    app: &App,
    who: &SignedIn,
    cursor: Option<&str>,
    form: CohortFields,
) -> Result<CohortsPage, ApiError> {
    let paging = Paging::new(Some(100), cursor)?;
    let mut tx = app.db.read(who.organization).await?;
    let cohorts = store::list(&mut tx, who.organization, paging.id_or_last()?, paging.fetch()).await?;
    let list = paging.list(cohorts, |cohort| cohort.id.to_string(), row);
    let next_url = list.next_cursor.map(|cursor| format!("/cohorts?cursor={cursor}"));
    Ok(CohortsPage { items: list.items, form, next_url })
}

/// `GET /cohorts`
pub async fn list(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Query(query): Query<CohortsQuery>,
) -> Result<Response, ApiError> {
    let page = list_page(&app, &who, query.cursor.as_deref(), CohortFields::default()).await?;
    Pages::new(&app, &who, reader, Section::Cohorts).await?.notice(query.notice).show(&page)
}

/// A cohort's name as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CohortForm {
    name: String,
    external_id: String,
}

impl CohortForm {
    fn body(&self) -> CohortBody {
        let external = Some(self.external_id.clone()).filter(|id| !id.trim().is_empty());
        CohortBody { name: Some(self.name.clone()), external_id: external }
    }

    fn fields(self, errors: Vec<PageFieldError>) -> CohortFields {
        CohortFields { name: self.name, external_id: self.external_id, errors }
    }
}

/// `POST /cohorts`
pub async fn create(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Form(form): Form<CohortForm>,
) -> Result<Response, ApiError> {
    let errors = match service::create(&app, &who, &form.body()).await {
        Ok(cohort) => return Ok(see_other(&format!("/cohorts/{}?notice=saved", cohort.id))),
        Err(error) => refused(&app, error)?,
    };
    let page = list_page(&app, &who, None, form.fields(errors)).await?;
    Pages::new(&app, &who, reader, Section::Cohorts).await?.refuse(&page)
}

async fn cohort_page(
    app: &App,
    who: &SignedIn,
    id: Uuid,
    cursor: Option<&str>,
    (form, add): (Option<CohortFields>, PersonFields),
) -> Result<CohortPage, ApiError> {
    let paging = Paging::new(Some(100), cursor)?;
    let mut tx = app.db.read(who.organization).await?;
    let cohort = service::find(&mut tx, who, CohortId(id)).await?;
    let after = paging.text()?;
    let rows = store::members(
        &mut tx,
        who.organization,
        cohort.id,
        after.as_deref().unwrap_or_default(),
        paging.fetch(),
    )
    .await?;
    let list = paging.list(rows, |row| email_key(&row.email), CohortMemberView::from);
    let member = |view: CohortMemberView| CohortMember {
        id: view.person_id.to_string(),
        name: view.name,
        email: view.email,
        active: view.active,
    };
    let form = form.unwrap_or_else(|| CohortFields {
        name: cohort.name.clone(),
        external_id: cohort.external_id.clone().unwrap_or_default(),
        errors: Vec::new(),
    });
    Ok(CohortPage {
        members: list.items.into_iter().map(member).collect(),
        next_url: list.next_cursor.map(|cursor| format!("/cohorts/{id}?cursor={cursor}")),
        cohort: row(cohort),
        form,
        add,
    })
}

/// `GET /cohorts/{id}`
pub async fn show(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Path(id): Path<Uuid>,
    Query(query): Query<CohortsQuery>,
) -> Result<Response, ApiError> {
    let forms = (None, PersonFields::default());
    let page = cohort_page(&app, &who, id, query.cursor.as_deref(), forms).await?;
    let undo =
        undoable(&who, query.undo.as_deref()).map(|person| format!("/cohorts/{id}/members/{person}/restore"));
    Pages::new(&app, &who, reader, Section::Cohorts).await?.notice(query.notice).undo(undo).show(&page)
}

/// `GET` of an address that takes only a form: the cohort.
pub async fn back_to_cohort(_: Admin, Path(id): Path<Uuid>) -> Response {
    see_other(&format!("/cohorts/{id}"))
}

/// `POST /cohorts/{id}`
pub async fn change(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Path(id): Path<Uuid>,
    Form(form): Form<CohortForm>,
) -> Result<Response, ApiError> {
    let errors = match service::change(&app, &who, CohortId(id), &form.body()).await {
        Ok(_) => return Ok(see_other(&format!("/cohorts/{id}?notice=saved"))),
        Err(error) => refused(&app, error)?,
    };
    let forms = (Some(form.fields(errors)), PersonFields::default());
    let page = cohort_page(&app, &who, id, None, forms).await?;
    Pages::new(&app, &who, reader, Section::Cohorts).await?.refuse(&page)
}

/// `POST /cohorts/{id}/remove`
pub async fn remove(
    State(app): State<App>,
    who: Admin,
    Path(id): Path<Uuid>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    service::remove(&app, &who, CohortId(id)).await?;
    Ok(see_other("/cohorts?notice=cohort_removed"))
}

/// A person as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MemberForm {
    email: String,
    first_name: String,
    last_name: String,
}

/// `POST /cohorts/{id}/members`
pub async fn add_member(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Path(id): Path<Uuid>,
    Form(form): Form<MemberForm>,
) -> Result<Response, ApiError> {
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.trim().is_empty());
    let whom = Whom {
        email: Some(form.email.clone()),
        first_name: Some(form.first_name.clone()),
        last_name: given(&form.last_name),
        ..Whom::default()
    };
    let errors = match service::add_member(&app, &who, CohortId(id), whom).await {
        Ok((_, new)) => {
            let notice = if new { "person_added" } else { "already_done" };
            return Ok(see_other(&format!("/cohorts/{id}?notice={notice}")));
        }
        Err(error) => refused(&app, error)?,
    };
    let add =
        PersonFields { email: form.email, first_name: form.first_name, last_name: form.last_name, errors };
    let page = cohort_page(&app, &who, id, None, (None, add)).await?;
    Pages::new(&app, &who, reader, Section::Cohorts).await?.refuse(&page)
}

/// `POST /cohorts/{id}/members/{person}/remove`
pub async fn remove_member(
    State(app): State<App>,
    who: Admin,
    Path((id, person)): Path<(Uuid, Uuid)>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    service::remove_member(&app, &who, CohortId(id), PersonId(person)).await?;
    Ok(see_other_with_undo(&who, &format!("/cohorts/{id}?notice=removed"), person))
}

/// `POST /cohorts/{id}/members/{person}/restore`
pub async fn restore_member(
    State(app): State<App>,
    who: Admin,
    Path((id, person)): Path<(Uuid, Uuid)>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    let whom = Whom { user_id: Some(person), ..Whom::default() };
    let (_, new) = service::add_member(&app, &who, CohortId(id), whom).await?;
    Ok(see_other(&format!("/cohorts/{id}?notice={}", if new { "person_added" } else { "already_done" })))
}

async fn import_page(app: &App, who: &SignedIn, id: Uuid, text: String) -> Result<CohortImport, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let cohort = row(service::find(&mut tx, who, CohortId(id)).await?);
    Ok(CohortImport { cohort, text, report: None, errors: Vec::new() })
}

/// `GET /cohorts/{id}/import`
pub async fn ask_file(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Path(id): Path<Uuid>,
) -> Result<Response, ApiError> {
    let page = import_page(&app, &who, id, String::new()).await?;
    Pages::new(&app, &who, reader, Section::Cohorts).await?.show(&page)
}

/// `POST /cohorts/{id}/import`: what would happen; confirmed, it happens.
pub async fn import(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Path(id): Path<Uuid>,
    upload: Upload,
) -> Result<Response, ApiError> {
    let done = upload.field("confirm") == "yes";
    let file = if upload.file.is_empty() { upload.field("text").as_bytes() } else { &upload.file };
    let answer = import::run(&app, &who, CohortId(id), file, !done).await;
    let text = String::from_utf8_lossy(file).trim_start_matches('\u{feff}').replace('\0', "");
    let mut page = import_page(&app, &who, id, text).await?;
    let pages = Pages::new(&app, &who, reader, Section::Cohorts).await?;
    match answer {
        Ok(report) => {
            page.report = Some(report_view(report, done));
            pages.show(&page)
        }
        Err(error) => {
            page.errors = refused(&app, error)?;
            pages.refuse(&page)
        }
    }
}

fn outcome(outcome: Outcome) -> ImportOutcome {
    match outcome {
        Outcome::Added => ImportOutcome::Added,
        Outcome::Already => ImportOutcome::Already,
        Outcome::CreatedAndAdded => ImportOutcome::CreatedAndAdded,
        Outcome::Updated => ImportOutcome::Updated,
        Outcome::Invalid => ImportOutcome::Invalid,
        Outcome::Duplicate => ImportOutcome::Duplicate,
    }
}

fn report_view(report: Report, done: bool) -> ImportReport {
    let totals = report.totals;
    let counts = [
        (ImportOutcome::CreatedAndAdded, totals.created_and_added),
        (ImportOutcome::Added, totals.added),
        (ImportOutcome::Updated, totals.updated),
        (ImportOutcome::Already, totals.already),
        (ImportOutcome::Invalid, totals.invalid),
        (ImportOutcome::Duplicate, totals.duplicate),
    ];
    let (trouble, good): (Vec<_>, Vec<_>) =
        report.lines.into_iter().partition(|line| !line.errors.is_empty());
    let shown = trouble.into_iter().chain(good).take(SHOWN).map(|line: LineReport| ImportLine {
        line: line.line,
        email: line.email,
        outcome: outcome(line.outcome),
        changes: line.changes.into_iter().map(str::to_owned).collect(),
        errors: field_errors(&line.errors),
    });
    let lines: Vec<_> = shown.collect();
    ImportReport {
        done,
        counts: counts
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(outcome, count)| ImportCount { outcome, count })
            .collect(),
        more: totals.lines.saturating_sub(u32::try_from(lines.len()).unwrap_or(u32::MAX)),
        taken: totals.created_and_added + totals.added + totals.updated,
        lines,
        ignored_columns: report.ignored_columns,
    }
}

/// Which cohort a class's roster is to have.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EnrollForm {
    cohort: String,
}

/// `POST /classes/{id}/cohorts`
pub async fn enroll(
    State(app): State<App>,
    who: Instructor,
    Path(id): Path<Uuid>,
    Form(form): Form<EnrollForm>,
) -> Result<Response, ApiError> {
    let cohort = form.cohort.parse::<Uuid>().map_err(|_| ApiError::field("cohort", "Choose one."))?;
    service::enroll(&app, &who, ClassId(id), CohortId(cohort)).await?;
    Ok(see_other(&format!("/classes/{id}/roster?notice=cohort_enrolled")))
}

/// `POST /classes/{id}/cohorts/{cohort}/remove`
pub async fn unenroll(
    State(app): State<App>,
    who: Instructor,
    Path((id, cohort)): Path<(Uuid, Uuid)>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    service::unenroll(&app, &who, ClassId(id), CohortId(cohort)).await?;
    Ok(see_other(&format!("/classes/{id}/roster?notice=removed")))
}
