//! The people of an organization.

use serde::{Deserialize, Serialize};

use crate::environment::Page;
use crate::form::FieldError;

/// One person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonRow {
    pub id: String,
    pub name: String,
    pub email: String,
    /// `owner`, `admin`, `instructor` or `student`.
    pub role: String,
    pub active: bool,
    /// Whether the viewer may disable or enable them (never oneself).
    pub can_change: bool,
}

/// The typed values of the form that adds a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonForm {
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    /// `admin`, `instructor` or `student`.
    pub role: String,
    pub errors: Vec<FieldError>,
}

/// `GET /people?q&role&cursor`; `POST /people {csrf, email, first_name, last_name?, role, password?}`;
/// `POST /people/{id}/disable|enable {csrf}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct People {
    pub items: Vec<PersonRow>,
    /// What is looked for; empty: everybody.
    pub asked: String,
    /// Whose role the list is narrowed to: `admin` (with the owners), `instructor` or `student`; empty: everybody.
    pub role: String,
    pub form: PersonForm,
    /// The roles the viewer may give.
    pub roles: Vec<String>,
    pub zone: String,
    pub next_url: Option<String>,
}

impl Page for People {
    const TEMPLATE: &'static str = "pages/people.html";
    fn samples() -> Vec<Self> {
        let row = |id: &str, name: &str, role: &str, active| PersonRow {
            id: id.to_owned(),
            name: name.to_owned(),
            email: format!("{id}@oakwood.example"),
            role: role.to_owned(),
            active,
            can_change: role != "owner",
        };
        let roles = ["student", "instructor", "admin", "owner"].map(str::to_owned).to_vec();
        let nobody = Self {
            items: vec![],
            asked: String::new(),
            role: String::new(),
            form: PersonForm::default(),
            roles: vec![],
            zone: "UTC".to_owned(),
            next_url: None,
        };
        vec![
            Self {
                items: vec![
                    row("rita", "Rita Owner", "owner", true),
                    row("nusrat", "Nusrat Rahman", "admin", true),
                    row("farhan", "Farhan Karim", "instructor", true),
                    row("omar", "Omar Reza", "student", false),
                ],
                asked: String::new(),
                role: String::new(),
                form: PersonForm {
                    role: "student".to_owned(),
                    errors: vec![FieldError::new("email", "taken")],
                    ..PersonForm::default()
                },
                roles,
                zone: "Asia/Dhaka".to_owned(),
                next_url: Some("/people?cursor=abc".to_owned()),
            },
            nobody.clone(),
            Self {
                asked: "\"রিনা\" & <das>".to_owned(), role: "student".to_owned(), ..nobody.clone()
            },
            Self { role: "instructor".to_owned(), ..nobody },
        ]
    }
}
