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
    /// Whether one of them is an owner who may sign in.
    pub has_owner: bool,
}

/// The typed values of the form that adds one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationForm {
    pub name: String,
    pub slug: String,
    pub vocabulary: Vocabulary,
    /// An IANA zone.
    pub time_zone: String,
    pub errors: Vec<FieldError>,
}

/// `GET /organizations`; `POST` same path `{csrf, name, slug, vocabulary=school|marketplace, time_zone}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Organizations {
    pub items: Vec<OrganizationRow>,
    pub form: OrganizationForm,
    pub zones: Vec<String>,
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
            has_owner: people > 1,
        };
        let zones = vec!["UTC".to_owned(), "Asia/Dhaka".to_owned()];
        vec![
            Self {
                items: vec![
                    row("Oakwood School", "oakwood", Vocabulary::School, 412),
                    row("DreamCrowd", "dreamcrowd", Vocabulary::Marketplace, 1),
                ],
                form: OrganizationForm {
                    time_zone: "Asia/Kolkata".to_owned(),
                    errors: vec![FieldError::new("slug", "taken")],
                    ..OrganizationForm::default()
                },
                zones: zones.clone(),
            },
            Self {
                items: vec![],
                form: OrganizationForm { time_zone: "UTC".to_owned(), ..OrganizationForm::default() },
                zones,
            },
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

/// The typed values of the form that makes the first owner; the password is typed anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerForm {
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub errors: Vec<FieldError>,
}

/// `GET /organizations/{id}`; `POST` same path `{csrf, people, classes, live_sessions}`; `POST /organizations/{id}/close|open`;
/// `POST /organizations/{id}/owner {csrf, email, first_name, last_name?, password}`.
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
    /// The form for the first owner, as long as there is none.
    pub first_owner: Option<OwnerForm>,
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
            first_owner: None,
        };
        let none = Self { first_owner: Some(OwnerForm::default()), ..page.clone() };
        let refused = OwnerForm {
            email: "omar@oakwood".to_owned(),
            first_name: "Omar".to_owned(),
            last_name: "Faruk".to_owned(),
            errors: vec![FieldError::new("email", "email"), FieldError::new("password", "password")],
        };
        let refused = Self { first_owner: Some(refused), ..page.clone() };
        let wrong = Self {
            limits: vec![row("people", "many", 412), row("classes", "", 0), row("live_sessions", "", 0)],
            errors: vec![FieldError::new("people", "limit")],
            ..page.clone()
        };
        vec![page.clone(), wrong, none, refused, Self { active: false, ..page }]
    }
}
