//! Cohorts: all of them, one with its people, and reading a file into one.

use serde::{Deserialize, Serialize};

use crate::environment::Page;
use crate::form::FieldError;
use crate::pages::class::PersonFields;

/// One cohort of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CohortRow {
    pub id: String,
    pub name: String,
    /// The host application's id.
    pub external_id: Option<String>,
    pub people: u32,
    pub classes: u32,
}

impl CohortRow {
    fn sample() -> Self {
        Self {
            id: "k1".to_owned(),
            name: "Class 8, section A".to_owned(),
            external_id: Some("8-A".to_owned()),
            people: 32,
            classes: 4,
        }
    }
}

/// The typed values of the form that names a cohort.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CohortFields {
    pub name: String,
    pub external_id: String,
    pub errors: Vec<FieldError>,
}

/// `GET /cohorts`; `POST /cohorts {csrf, name, external_id?}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CohortsPage {
    pub items: Vec<CohortRow>,
    pub form: CohortFields,
    pub next_url: Option<String>,
}

impl Page for CohortsPage {
    const TEMPLATE: &'static str = "pages/cohorts.html";
    fn samples() -> Vec<Self> {
        vec![
            Self::default(),
            Self {
                items: vec![
                    CohortRow::sample(),
                    CohortRow { external_id: None, people: 1, classes: 0, ..CohortRow::sample() },
                ],
                form: CohortFields {
                    errors: vec![FieldError::new("name", "required")],
                    ..CohortFields::default()
                },
                next_url: Some("/cohorts?cursor=abc".to_owned()),
            },
        ]
    }
}

/// Somebody in a cohort.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CohortMember {
    pub id: String,
    pub name: String,
    pub email: String,
    pub active: bool,
}

/// `GET /cohorts/{id}`; `POST /cohorts/{id} {csrf, name, external_id?}`, `POST …/remove {csrf}`,
/// `POST …/members {csrf, email, first_name, last_name?}`, `POST …/members/{person}/remove {csrf}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CohortPage {
    pub cohort: CohortRow,
    pub members: Vec<CohortMember>,
    pub next_url: Option<String>,
    pub form: CohortFields,
    pub add: PersonFields,
}

impl Page for CohortPage {
    const TEMPLATE: &'static str = "pages/cohort.html";
    fn samples() -> Vec<Self> {
        let member = |id: &str, name: &str, active| CohortMember {
            id: id.to_owned(),
            name: name.to_owned(),
            email: format!("{id}@oakwood.example"),
            active,
        };
        vec![
            Self {
                cohort: CohortRow { people: 0, classes: 0, ..CohortRow::sample() },
                members: vec![],
                next_url: None,
                form: CohortFields::default(),
                add: PersonFields::default(),
            },
            Self {
                cohort: CohortRow::sample(),
                members: vec![member("ayesha", "Ayesha Noor", true), member("omar", "Omar Reza", false)],
                next_url: Some("/cohorts/k1?cursor=abc".to_owned()),
                form: CohortFields {
                    errors: vec![FieldError::new("external_id", "taken")],
                    ..CohortFields::default()
                },
                add: PersonFields {
                    errors: vec![FieldError::new("email", "email")],
                    ..PersonFields::default()
                },
            },
        ]
    }
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportOutcome {
    Added,
    Already,
    CreatedAndAdded,
    Updated,
    Invalid,
    Duplicate,
}

/// One line of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportLine {
    pub line: u64,
    pub email: String,
    pub outcome: ImportOutcome,
    /// Columns that change a student's record.
    pub changes: Vec<String>,
    pub errors: Vec<FieldError>,
}

/// How many lines of one outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportCount {
    pub outcome: ImportOutcome,
    pub count: u32,
}

/// What a file comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// It was done; else it is what would happen.
    pub done: bool,
    /// Those outcomes that occur.
    pub counts: Vec<ImportCount>,
    /// Lines that are not taken first; at most a few hundred.
    pub lines: Vec<ImportLine>,
    /// Lines that are not shown.
    pub more: u32,
    /// Lines that will be taken.
    pub taken: u32,
    pub ignored_columns: Vec<String>,
}

/// `GET /cohorts/{id}/import`; `POST` same path, `multipart/form-data {csrf, text?, file?, confirm=yes?}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CohortImport {
    pub cohort: CohortRow,
    /// The file's text, as it is carried from the preview to the confirmation.
    pub text: String,
    pub report: Option<ImportReport>,
    pub errors: Vec<FieldError>,
}

impl Page for CohortImport {
    const TEMPLATE: &'static str = "pages/cohort_import.html";
    fn samples() -> Vec<Self> {
        let line = |line, email: &str, outcome| ImportLine {
            line,
            email: email.to_owned(),
            outcome,
            changes: vec![],
            errors: vec![],
        };
        let report = ImportReport {
            done: false,
            counts: vec![
                ImportCount { outcome: ImportOutcome::CreatedAndAdded, count: 1 },
                ImportCount { outcome: ImportOutcome::Added, count: 1 },
                ImportCount { outcome: ImportOutcome::Updated, count: 1 },
                ImportCount { outcome: ImportOutcome::Already, count: 1 },
                ImportCount { outcome: ImportOutcome::Invalid, count: 1 },
                ImportCount { outcome: ImportOutcome::Duplicate, count: 1 },
            ],
            lines: vec![
                ImportLine {
                    errors: vec![FieldError::new("email", "email"), FieldError::new("language", "language")],
                    ..line(4, "not an address", ImportOutcome::Invalid)
                },
                line(6, "ayesha@oakwood.example", ImportOutcome::Duplicate),
                line(2, "ayesha@oakwood.example", ImportOutcome::CreatedAndAdded),
                line(3, "omar@oakwood.example", ImportOutcome::Added),
                line(5, "rafi@oakwood.example", ImportOutcome::Already),
                ImportLine {
                    changes: vec!["name".to_owned(), "time_zone".to_owned()],
                    ..line(7, "tanvir@oakwood.example", ImportOutcome::Updated)
                },
            ],
            more: 12,
            taken: 4,
            ignored_columns: vec!["role".to_owned(), "<b>house</b>".to_owned()],
        };
        let page = |report| Self {
            cohort: CohortRow::sample(),
            text: "email,name\nayesha@oakwood.example,\"Noor, Ayesha\"\n".to_owned(),
            report,
            errors: vec![],
        };
        vec![
            Self { text: String::new(), ..page(None) },
            Self { errors: vec![FieldError::new("file", "This is not UTF-8.")], ..page(None) },
            page(Some(report.clone())),
            page(Some(ImportReport {
                taken: 0,
                more: 0,
                counts: vec![],
                lines: vec![],
                ignored_columns: vec![],
                ..report.clone()
            })),
            page(Some(ImportReport { done: true, ..report })),
        ]
    }
}
