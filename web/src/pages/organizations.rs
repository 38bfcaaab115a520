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
