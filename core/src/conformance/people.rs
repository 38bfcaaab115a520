use crate::provider::{Admission, OurReference, Registrant};

/// Somebody who comes to a class.
#[derive(Clone, Debug)]
pub struct Guest {
    /// Who they are.
    pub person: Registrant,
    /// Their own way in, where they were registered.
    pub admission: Option<Admission>,
}

impl Guest {
    /// Somebody who was not registered.
    #[must_use]
    pub fn new(number: usize) -> Self {
        Self { person: person(number), admission: None }
    }

    /// The name people see.
    #[must_use]
    pub fn name(&self) -> String {
        let last = self.person.last_name.as_deref().unwrap_or_default();
        format!("{} {last}", self.person.first_name).trim_end().to_owned()
    }
}

/// One of as many people as a case needs.
#[must_use]
pub fn person(number: usize) -> Registrant {
    Registrant {
        email: format!("student{number}@oak.test"),
        first_name: format!("Student{number}"),
        last_name: Some("Oak".to_owned()),
    }
}

/// One of as many references as a case needs.
///
/// # Panics
/// Beyond 999.
#[must_use]
pub fn reference(number: usize) -> OurReference {
    OurReference::parse(&format!("conform{number:03}")).expect("ten characters")
}
