//! What each line of a file comes to. Pure: it is the same whether the plan is then carried out or only shown.

use std::collections::{HashMap, HashSet};

use lectern_core::{
    ids::PersonId,
    role::Role,
    text::{begins_a_formula, visible},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::read::{Line, Sheet};
use crate::{
    error::FieldError,
    people::{
        Person, email_key,
        service::{NewStudent, one_line, parse_email, parse_language, parse_time_zone},
    },
};

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Somebody known here comes into the cohort.
    Added,
    /// They are in it, and nothing is new.
    Already,
    /// A student is made, and comes into the cohort.
    CreatedAndAdded,
    /// They are in it, and their record changes.
    Updated,
    /// The line is not taken; `errors` says why.
    Invalid,
    /// An earlier line has the same address; this one is not taken.
    Duplicate,
}

/// One line of the file, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LineReport {
    /// Where it begins in the file, from 1.
    pub line: u64,
    /// The address, as far as there is one.
    pub email: String,
    /// What becomes of it.
    pub outcome: Outcome,
    /// Fields of a student's record that get another value.
    pub changes: Vec<&'static str>,
    /// What is wrong with it.
    pub errors: Vec<FieldError>,
}

/// How many lines there are of each outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Totals {
    /// All.
    pub lines: u32,
    /// See [`Outcome::Added`].
    pub added: u32,
    /// See [`Outcome::Already`].
    pub already: u32,
    /// See [`Outcome::CreatedAndAdded`].
    pub created_and_added: u32,
    /// See [`Outcome::Updated`].
    pub updated: u32,
    /// See [`Outcome::Invalid`].
    pub invalid: u32,
    /// See [`Outcome::Duplicate`].
    pub duplicate: u32,
}

/// What a file comes to, line by line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Report {
    /// Every line that is not empty.
    pub lines: Vec<LineReport>,
    /// How many of each outcome.
    pub totals: Totals,
    /// Columns that are not read.
    pub ignored_columns: Vec<String>,
}

/// A name as the file gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    Whole(String),
    Parts(String, Option<String>),
}

/// A line whose fields are good by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Address.
    pub email: String,
    /// The host application's id.
    pub external_id: Option<String>,
    name: Option<Name>,
    language: Option<String>,
    time_zone: Option<String>,
}

/// A line, and its fields if they are good.
pub type Checked = (Line, Result<Wanted, Vec<FieldError>>);

/// Looks at each line by itself.
#[must_use]
pub fn check_all(sheet: &Sheet) -> Vec<Checked> {
    sheet.lines.iter().map(|line| (line.clone(), check(line))).collect()
}

fn check(line: &Line) -> Result<Wanted, Vec<FieldError>> {
    let mut errors = Vec::new();
    if line.overflows {
        let message = "The line has more fields than the first line names. Put a value with a separator into quotation marks.";
        errors.push(FieldError::new("line", message));
    }
    let mut read = |column: &str, reader: &dyn Fn(&str) -> Result<String, String>| {
        let field = line.field(column)?;
        let read = if field.contains(['\n', '\r']) {
            Err("There is a line break in it. Is a quotation mark not closed?".to_owned())
        } else {
            reader(field)
        };
        read.map_err(|message| errors.push(FieldError::new(column, message))).ok()
    };
    let email = read("email", &parse_email);
    let external_id = read("external_id", &|text| one_line(text, 200));
    let name = read("name", &plain_name);
    let first = read("first_name", &plain_name);
    let last = read("last_name", &plain_name);
    let language = read("language", &|text| parse_language(&text.to_lowercase()));
    let time_zone = read("time_zone", &parse_time_zone);
    if line.field("email").is_none() {
        errors.push(FieldError::new("email", "This is needed."));
    }
    if line.field("last_name").is_some() && line.field("first_name").is_none() && name.is_none() {
        errors.push(FieldError::new("first_name", "This is needed."));
    }
    let name = match (first, name) {
        (Some(first), _) => Some(Name::Parts(first, last)),
        (None, Some(name)) => Some(Name::Whole(name)),
        (None, None) => None,
    };
    match email {
        Some(email) if errors.is_empty() => Ok(Wanted { email, external_id, name, language, time_zone }),
        _ => Err(errors),
    }
}

/// Names come back out in tables.
fn plain_name(text: &str) -> Result<String, String> {
    if begins_a_formula(text) {
        return Err("A name does not begin with =, +, - or @.".to_owned());
    }
    one_line(text, 120)
}

/// What is known before the file is read.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Users with one of the file's addresses, by [`email_key`].
    pub people: HashMap<String, Person>,
    /// Who has one of the file's external ids.
    pub holders: HashMap<String, PersonId>,
    /// Who is in the cohort.
    pub members: HashSet<PersonId>,
    /// How many more it holds.
    pub room: usize,
}

/// What is to be done, and what is said.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Students to make.
    pub make: Vec<NewStudent>,
    /// Students whose record changes.
    pub change: Vec<Person>,
    /// Who comes into the cohort, new ones too.
    pub join: Vec<PersonId>,
    /// What is said.
    pub report: Report,
}

/// Decides on every line, in order.
#[must_use]
pub fn decide(
    lines: Vec<Checked>,
    ignored_columns: Vec<String>,
    mut known: Known,
    mut new_id: impl FnMut() -> PersonId,
) -> Plan {
    let mut plan = Plan {
        make: Vec::new(),
        change: Vec::new(),
        join: Vec::new(),
        report: Report { lines: Vec::new(), totals: Totals::default(), ignored_columns },
    };
    // By address, and by external id: the line that has it.
    let (mut addresses, mut externals) = (HashMap::new(), HashMap::new());
    for (line, wanted) in lines {
        let email = visible(line.field("email").unwrap_or_default()).chars().take(128).collect();
        let mut report = LineReport {
            line: line.number,
            email,
            outcome: Outcome::Invalid,
            changes: vec![],
            errors: vec![],
        };
        match wanted {
            Err(errors) => report.errors = errors,
            Ok(wanted) => {
                let key = email_key(&wanted.email);
                if let Some(earlier) = addresses.get(&key) {
                    report.outcome = Outcome::Duplicate;
                    let message = format!("Line {earlier} has the same address.");
                    report.errors.push(FieldError::new("email", message));
                } else {
                    match one(&wanted, &key, &externals, &mut known, &mut plan, &mut new_id) {
                        Ok((outcome, changes)) => {
                            (report.outcome, report.changes) = (outcome, changes);
                            addresses.insert(key, line.number);
                            externals.extend(wanted.external_id.map(|external| (external, line.number)));
                        }
                        Err(error) => report.errors.push(error),
                    }
                }
            }
        }
        count(&mut plan.report.totals, report.outcome);
        plan.report.lines.push(report);
    }
    plan
}

fn count(totals: &mut Totals, outcome: Outcome) {
    totals.lines += 1;
    *match outcome {
        Outcome::Added => &mut totals.added,
        Outcome::Already => &mut totals.already,
        Outcome::CreatedAndAdded => &mut totals.created_and_added,
        Outcome::Updated => &mut totals.updated,
        Outcome::Invalid => &mut totals.invalid,
        Outcome::Duplicate => &mut totals.duplicate,
    } += 1;
}

/// One good line: what it comes to and which fields change; whatever is to be done for it is added to the plan, or nothing is.
fn one(
    wanted: &Wanted,
    key: &str,
    externals: &HashMap<String, u64>,
    known: &mut Known,
    plan: &mut Plan,
    new_id: &mut impl FnMut() -> PersonId,
) -> Result<(Outcome, Vec<&'static str>), FieldError> {
    let person = known.people.get(key);
    let member = person.is_some_and(|person| known.members.contains(&person.id));
    if !member && known.room == 0 {
        return Err(FieldError::new("line", "The cohort is full."));
    }
    let Some(person) = person else {
        free(wanted, None, externals, known)?;
        let (first_name, last_name) = match wanted.name.clone() {
            Some(Name::Whole(name)) => (name, None),
            Some(Name::Parts(first, last)) => (first, last),
            None => {
                return Err(FieldError::new("name", "Nobody here has this address, so a name is needed."));
            }
        };
        let id = new_id();
        plan.make.push(NewStudent {
            id,
            email: wanted.email.clone(),
            first_name,
            last_name,
            external_id: wanted.external_id.clone(),
            language: wanted.language.clone(),
            time_zone: wanted.time_zone.clone(),
        });
        plan.join.push(id);
        known.room -= 1;
        return Ok((Outcome::CreatedAndAdded, Vec::new()));
    };
    if !person.active && !member {
        return Err(FieldError::new("email", "This person is disabled. Enable them first."));
    }
    let mut changes = Vec::new();
    // Whoever teaches or administers keeps their own record: a list makes them a member, and nothing else.
    if person.role == Role::Student {
        free(wanted, Some(person), externals, known)?;
        let changed;
        (changed, changes) = changed_by(person, wanted);
        if !changes.is_empty() {
            plan.change.push(changed);
        }
    }
    if member {
        let outcome = if changes.is_empty() { Outcome::Already } else { Outcome::Updated };
        return Ok((outcome, changes));
    }
    plan.join.push(person.id);
    known.room -= 1;
    Ok((Outcome::Added, changes))
}

/// Whether the line's external id can be this person's.
fn free(
    wanted: &Wanted,
    person: Option<&Person>,
    externals: &HashMap<String, u64>,
    known: &Known,
) -> Result<(), FieldError> {
    let Some(external) = &wanted.external_id else { return Ok(()) };
    let wrong = |message: String| Err(FieldError::new("external_id", message));
    if let Some(earlier) = externals.get(external) {
        return wrong(format!("Line {earlier} has the same external_id."));
    }
    let own = person.map(|person| person.id);
    if known.holders.get(external).is_some_and(|holder| Some(*holder) != own) {
        return wrong("Somebody with another address has this external_id.".to_owned());
    }
    match person.and_then(|person| person.external_id.as_ref()) {
        Some(present) if present != external => {
            wrong("The person with this address has another external_id.".to_owned())
        }
        _ => Ok(()),
    }
}

fn changed_by(person: &Person, wanted: &Wanted) -> (Person, Vec<&'static str>) {
    let (mut changed, mut changes) = (person.clone(), Vec::new());
    match &wanted.name {
        Some(Name::Whole(name)) if *name != person.name() => {
            (changed.first_name, changed.last_name) = (name.clone(), None);
            changes.push("name");
        }
        Some(Name::Parts(first, last)) => {
            let last = last.clone().or_else(|| person.last_name.clone());
            if (first, &last) != (&person.first_name, &person.last_name) {
                (changed.first_name, changed.last_name) = (first.clone(), last);
                changes.push("name");
            }
        }
        _ => {}
    }
    for (field, new, old) in [
        ("external_id", &wanted.external_id, &mut changed.external_id),
        ("language", &wanted.language, &mut changed.language),
        ("time_zone", &wanted.time_zone, &mut changed.time_zone),
    ] {
        if new.is_some() && new != old {
            old.clone_from(new);
            changes.push(field);
        }
    }
    (changed, changes)
}
