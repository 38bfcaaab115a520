//! `GET /people/{id}`; `POST` same path `{csrf, first_name, last_name?, role?, password?, was_first_name, was_last_name, was_role}`;
//! `POST /people/{id}/disable|enable {csrf}`: one person of an organization.

use serde::{Deserialize, Serialize};

use crate::environment::Page;
use crate::form::FieldError;

/// What can be changed of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonEdit {
    pub first_name: String,
    pub last_name: String,
    /// `owner`, `admin`, `instructor` or `student`.
    pub role: String,
}

/// The page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonPage {
    pub id: String,
    pub name: String,
    pub email: String,
    /// As it is now: `owner`, `admin`, `instructor` or `student`.
    pub role: String,
    pub active: bool,
    /// The viewer looks at themselves.
    pub own: bool,
    /// Whether the viewer may change them: owners are changed by owners.
    pub can_edit: bool,
    /// Whether the viewer may disable or enable them (never oneself).
    pub can_disable: bool,
    pub form: PersonEdit,
    /// As the form was shown first: what is still the same is not sent on.
    pub was: PersonEdit,
    /// The roles the viewer may give.
    pub roles: Vec<String>,
    pub errors: Vec<FieldError>,
}

impl Page for PersonPage {
    const TEMPLATE: &'static str = "pages/person.html";
    fn samples() -> Vec<Self> {
        let edit = |first: &str, last: &str, role: &str| PersonEdit {
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            role: role.to_owned(),
        };
        let page = Self {
            id: "farhan".to_owned(),
            name: "Farhan Karim".to_owned(),
            email: "farhan@oakwood.example".to_owned(),
            role: "instructor".to_owned(),
            active: true,
            own: false,
            can_edit: true,
            can_disable: true,
            form: edit("Farhan", "Karim", "instructor"),
            was: edit("Farhan", "Karim", "instructor"),
            roles: ["student", "instructor", "admin", "owner"].map(str::to_owned).to_vec(),
            errors: vec![],
        };
        let wrong = Self {
            active: false,
            form: edit("", "Karim", "student"),
            errors: [("first_name", "required"), ("role", "owner_role"), ("password", "password")]
                .map(|(field, key)| FieldError::new(field, key))
                .to_vec(),
            ..page.clone()
        };
        let own = Self { own: true, can_disable: false, ..page.clone() };
        let owner = Self { role: "owner".to_owned(), can_edit: false, can_disable: false, ..page.clone() };
        vec![page, wrong, own, owner]
    }
}
