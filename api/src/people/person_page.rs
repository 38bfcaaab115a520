//! One person's page, for admins.

use axum::{extract::State, response::Response};
use lectern_core::{ids::PersonId, secret::SecretString};
use lectern_web::{
    FieldError as PageFieldError, NoticeKind, Section,
    pages::person::{PersonEdit, PersonPage},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    PersonKind,
    pages::{role_number, role_word, roles_given_by},
    service::{self, ChangePerson},
};
use crate::{
    app::App,
    error::ApiError,
    extract::{Admin, Form, Path, Query, SignedIn},
    pages::{Pages, Reader, beside_form, see_other, undoable},
};

/// Query of a person's page.
#[derive(Debug, Default, Deserialize)]
pub struct PersonQuery {
    notice: Option<NoticeKind>,
    /// Who was just taken their account.
    undo: Option<String>,
}

/// A person as changed in the form, beside what the form was shown with: what is the same in both is not sent on, so that
/// somebody else's change of it stays.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PersonForm {
    first_name: String,
    last_name: String,
    role: String,
    was_first_name: String,
    was_last_name: String,
    was_role: String,
    password: Option<SecretString>,
}

impl PersonForm {
    /// What was changed; nothing, when nothing was.
    fn change(&self) -> Result<Option<ChangePerson>, ApiError> {
        let differs = |now: &str, was: &str| (now.trim() != was.trim()).then(|| now.to_owned());
        let role = differs(&self.role, &self.was_role);
        let about_owners = role.as_ref().filter(|word| *word == "owner" || self.was_role == "owner");
        let change = ChangePerson {
            first_name: differs(&self.first_name, &self.was_first_name),
            last_name: differs(&self.last_name, &self.was_last_name),
            role: role.as_deref().map(role_number).transpose()?,
            owner: about_owners.map(|word| word == "owner"),
            password: self.password.clone().filter(|password| !password.expose().is_empty()),
            ..ChangePerson::default()
        };
        let some = change.first_name.is_some()
            || change.last_name.is_some()
            || change.role.is_some()
            || change.password.is_some();
        Ok(some.then_some(change))
    }
}

/// What is typed, what the form was shown with, and what is wrong.
struct Refused {
    form: PersonEdit,
    was: PersonEdit,
    errors: Vec<PageFieldError>,
}

async fn page(app: &App, who: &SignedIn, id: Uuid, refused: Option<Refused>) -> Result<PersonPage, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let person = service::find(&mut tx, who.organization, PersonId(id)).await?;
    drop(tx);
    // A guest belongs to the class that invites them.
    let person = person.filter(|person| person.kind == PersonKind::User).ok_or(ApiError::NotFound)?;
    let present = PersonEdit {
        first_name: person.first_name.clone(),
        last_name: person.last_name.clone().unwrap_or_default(),
        role: role_word(&person).to_owned(),
    };
    let refused =
        refused.unwrap_or_else(|| Refused { form: present.clone(), was: present, errors: Vec::new() });
    let own = person.id == who.person;
    let may = who.owner || !person.owner;
    Ok(PersonPage {
        id: person.id.to_string(),
        name: person.name(),
        role: role_word(&person).to_owned(),
        active: person.active,
        own,
        can_edit: may,
        can_disable: may && !own,
        email: person.email,
        form: refused.form,
        was: refused.was,
        roles: roles_given_by(who),
        errors: refused.errors,
    })
}

/// `GET /people/{id}`
pub async fn show(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Path(id): Path<Uuid>,
    Query(query): Query<PersonQuery>,
) -> Result<Response, ApiError> {
    let page = page(&app, &who, id, None).await?;
    let undo = undoable(&who, query.undo.as_deref()).map(|id| format!("/people/{id}/enable"));
    Pages::new(&app, &who, reader, Section::People).await?.notice(query.notice).undo(undo).show(&page)
}

/// `POST /people/{id}`
pub async fn save(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Path(id): Path<Uuid>,
    Form(form): Form<PersonForm>,
) -> Result<Response, ApiError> {
    let saved = match form.change() {
        Ok(None) => Ok(()),
        Ok(Some(change)) => service::change_person(&app, &who, PersonId(id), change).await.map(drop),
        Err(error) => Err(error),
    };
    let mut errors = match saved {
        Ok(()) => return Ok(see_other(&format!("/people/{id}?notice=saved"))),
        Err(error) => beside_form(&app, error)?,
    };
    // The form has no such field: one's own access is refused as a whole.
    for error in errors.iter_mut().filter(|error| error.field == "active") {
        error.field.clear();
    }
    let refused = Refused {
        form: PersonEdit { first_name: form.first_name, last_name: form.last_name, role: form.role },
        was: PersonEdit {
            first_name: form.was_first_name,
            last_name: form.was_last_name,
            role: form.was_role,
        },
        errors,
    };
    let page = page(&app, &who, id, Some(refused)).await?;
    Pages::new(&app, &who, reader, Section::People).await?.refuse(&page)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn shown(role: &str) -> PersonForm {
        PersonForm {
            first_name: "Ayesha".to_owned(),
            last_name: "Noor".to_owned(),
            role: role.to_owned(),
            was_first_name: "Ayesha".to_owned(),
            was_last_name: "Noor".to_owned(),
            was_role: role.to_owned(),
            password: Some(SecretString::from("")),
        }
    }

    #[test]
    fn only_what_was_changed_is_sent_on() {
        assert!(shown("owner").change().unwrap().is_none());
        let change = PersonForm { last_name: String::new(), ..shown("student") }.change().unwrap().unwrap();
        assert_eq!((change.first_name, change.last_name.as_deref(), change.role), (None, Some(""), None));
        let roles = [
            ("student", "instructor", (Some(1), None)),
            ("admin", "owner", (Some(2), Some(true))),
            ("owner", "admin", (Some(2), Some(false))),
            ("owner", "student", (Some(0), Some(false))),
        ];
        for (was, is, expected) in roles {
            let change = PersonForm { role: is.to_owned(), ..shown(was) }.change().unwrap().unwrap();
            assert_eq!((change.role, change.owner), expected, "{was} to {is}");
        }
        assert!(PersonForm { role: "king".to_owned(), ..shown("student") }.change().is_err());
    }
}
