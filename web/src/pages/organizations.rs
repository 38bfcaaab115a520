//! The organizations of this instance, for the super admin.

use serde::{Deserialize, Serialize};

use crate::environment::Page;
use crate::form::FieldError;
use crate::lang::Vocabulary;

/// One organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrganizationRow {
    pub id: String,
    pub name: String,
    pub slug: String,
    pub vocabulary: Vocabulary,
    pub people: u32,
    pub classes: u32,
    pub created_at: String,
    /// Whether its people may sign in.
    pub active: bool,
}

/// The typed values of the form that adds one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationForm {
    pub name: String,
    pub slug: String,
    pub vocabulary: Vocabulary,
    pub errors: Vec<FieldError>,
}

/// `GET /organizations`; `POST` same path `{csrf, name, slug, vocabulary=school|marketplace}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Organizations {
    pub items: Vec<OrganizationRow>,
    pub form: OrganizationForm,
}

impl Page for Organizations {
    const TEMPLATE: &'static str = "pages/organizations.html";
    fn samples() -> Vec<Self> {
        let row = |name: &str, slug: &str, vocabulary, people| OrganizationRow {
            id: slug.to_owned(),
            name: name.to_owned(),
            slug: slug.to_owned(),
            vocabulary,
            people,
            classes: people / 10,
            created_at: "2026-11-01T00:00:00Z".to_owned(),
            active: people > 1,
        };
        vec![
            Self {
                items: vec![
                    row("Oakwood School", "oakwood", Vocabulary::School, 412),
                    row("DreamCrowd", "dreamcrowd", Vocabulary::Marketplace, 1),
                ],
                form: OrganizationForm {
                    errors: vec![FieldError::new("slug", "taken")],
                    ..OrganizationForm::default()
                },
            },
            Self { items: vec![], form: OrganizationForm::default() },
        ]
    }
}

/// One limit; its words are `organization.limit.<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LimitRow {
    pub name: String,
    /// The typed number; empty: no limit.
    pub typed: String,
    pub used: u32,
    /// Nothing can be added any more.
    pub full: bool,
}

/// `GET /organizations/{id}`; `POST` same path `{csrf, people, classes, live_sessions}`; `POST /organizations/{id}/close|open`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrganizationPage {
    pub id: String,
    pub name: String,
    pub slug: String,
    pub vocabulary: Vocabulary,
    pub created_at: String,
    pub active: bool,
    pub limits: Vec<LimitRow>,
    pub errors: Vec<FieldError>,
}

impl Page for OrganizationPage {
    const TEMPLATE: &'static str = "pages/organization.html";
    fn samples() -> Vec<Self> {
        let row = |name: &str, typed: &str, used| LimitRow {
            name: name.to_owned(),
            typed: typed.to_owned(),
            used,
            full: typed == "10",
        };
        let page = Self {
            id: "o1".to_owned(),
            name: "Oakwood School".to_owned(),
            slug: "oakwood".to_owned(),
            vocabulary: Vocabulary::School,
            created_at: "2026-11-01T00:00:00Z".to_owned(),
            active: true,
            limits: vec![row("people", "500", 412), row("classes", "10", 10), row("live_sessions", "", 3)],
            errors: vec![],
        };
        let wrong = Self {
            limits: vec![row("people", "many", 412), row("classes", "", 0), row("live_sessions", "", 0)],
            errors: vec![FieldError::new("people", "limit")],
            ..page.clone()
        };
        vec![page.clone(), wrong, Self { active: false, ..page }]
    }
}
