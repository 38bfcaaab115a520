//! Who is on the class list by this form, and who is told.

use std::collections::BTreeSet;

use lectern_core::{
    addressee::{Addressee, addressees},
    ids::{CohortId, PersonId},
};
use lectern_web::FieldError;

use super::ground::Ground;
use crate::{
    classes::{EnrollmentKind, enrollments},
    cohorts,
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    people::{self, email_key},
};

/// People that may be written into one field.
const MOST: usize = 200;

/// Somebody who was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) email: String,
    /// None: somebody who is known here.
    pub(super) name: Option<String>,
}

/// Who comes by this form.
#[derive(Debug, Default)]
pub(super) struct Coming {
    pub(super) cohorts: Vec<CohortId>,
    pub(super) people: Vec<Written>,
    pub(super) guests: Vec<Written>,
    /// How many hear of a session: whoever is on the list already, and these.
    pub(super) told: usize,
}

fn wrong(field: &str, message: &str, one: &Addressee<'_>) -> FieldError {
    FieldError { about: one.written.to_owned(), ..FieldError::new(field, message) }
}

/// The people of one field, each address once.
fn written(field: &str, text: &str, errors: &mut Vec<FieldError>) -> Vec<(String, Written, String)> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    let lines = addressees(text);
    if lines.len() > MOST {
        errors.push(FieldError::new(field, "many_lines"));
    }
    for one in lines.iter().take(MOST) {
        let Ok(email) = people::service::parse_email(one.email) else {
            errors.push(wrong(field, "email", one));
            continue;
        };
        let name = one.name.map(|name| people::service::one_line(name, 120)).transpose();
        let Ok(name) = name else {
            errors.push(wrong(field, "one_line", one));
            continue;
        };
        let key = email_key(&email);
        if seen.insert(key.clone()) {
            all.push((key, Written { email, name }, one.written.to_owned()));
        }
    }
    all
}

/// Reads who is to come; everything that is wrong stands beside its field.
pub(super) async fn coming(
    tx: &mut Tx,
    who: &SignedIn,
    ground: &Ground,
    (cohorts_asked, people_text, guests_text): (BTreeSet<CohortId>, &str, &str),
    errors: &mut Vec<FieldError>,
) -> Result<Coming, ApiError> {
    let organization = who.organization;
    let mut cohorts = Vec::new();
    for id in cohorts_asked {
        match cohorts::service::find(tx, who, id).await {
            Ok(cohort) => cohorts.push(cohort.id),
            Err(ApiError::NotFound) => errors.push(FieldError::new("cohort", "cohort_gone")),
            Err(other) => return Err(other),
        }
    }
    let members = written("people", people_text, errors);
    let invited = written("guests", guests_text, errors);
    let keys: Vec<String> = members.iter().chain(&invited).map(|(key, ..)| key.clone()).collect();
    let known = people::service::of_addresses(tx, organization, &keys).await?;
    let on_list = match &ground.class {
        Some(class) => enrollments::of_class(tx, organization, class.id).await?,
        None => Vec::new(),
    };
    let is_guest = |key: &str| {
        on_list.iter().any(|one| one.kind == EnrollmentKind::Guest && email_key(&one.email) == key)
    };
    let host = (ground.class_id(), ground.instructor);
    let mut members_of_list: BTreeSet<PersonId> =
        cohorts::service::would_bring(tx, organization, host, &cohorts).await?.into_iter().collect();
    members_of_list
        .extend(on_list.iter().filter(|one| one.kind == EnrollmentKind::Member).map(|one| one.person));
    let mut told: BTreeSet<String> = on_list
        .iter()
        .filter(|one| one.kind == EnrollmentKind::Guest && one.all_sessions)
        .map(|one| one.person.to_string())
        .collect();
    for (key, one, line) in &members {
        let message = match known.get(key) {
            None if one.name.is_none() => Some("name_needed"),
            Some(person) if !person.active => Some("person_disabled"),
            Some(person) if person.id == ground.instructor => Some("person_teaches"),
            _ if is_guest(key) => Some("person_guest"),
            _ => None,
        };
        if let Some(message) = message {
            errors.push(FieldError { about: line.clone(), ..FieldError::new("people", message) });
        }
        match known.get(key) {
            Some(person) => drop(members_of_list.insert(person.id)),
            None => drop(told.insert(key.clone())),
        }
    }
    told.extend(members_of_list.iter().map(ToString::to_string));
    for (key, _, line) in &invited {
        let message = match known.get(key) {
            Some(person) if person.id == ground.instructor => Some("person_teaches"),
            Some(person) if members_of_list.contains(&person.id) => Some("guest_on_list"),
            _ if members.iter().any(|(member, ..)| member == key) => Some("guest_on_list"),
            _ => None,
        };
        if let Some(message) = message {
            errors.push(FieldError { about: line.clone(), ..FieldError::new("guests", message) });
        }
        told.insert(key.clone());
    }
    // A guest has a name in every list; of whom nobody said one, the address gives it.
    let named = |one: Written| {
        let name = one.name.or_else(|| one.email.split('@').next().map(str::to_owned));
        Written { name, email: one.email }
    };
    Ok(Coming {
        cohorts,
        people: members.into_iter().map(|(_, one, _)| one).collect(),
        guests: invited.into_iter().map(|(_, one, _)| named(one)).collect(),
        told: told.len(),
    })
}
