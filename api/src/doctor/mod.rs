//! Looks at everything an installation needs and says what to do about what is wrong. It changes nothing.

mod checks;
mod store;

use std::fmt;

pub use checks::examine;
pub use store::engine;

/// How a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// As it should be.
    Good,
    /// It works, but somebody should know.
    Note,
    /// It does not work.
    Bad,
}

/// One part that was looked at.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which part.
    pub part: String,
    /// How it is.
    pub health: Health,
    /// What was seen.
    pub seen: String,
    /// What to do about it.
    pub next_step: Option<String>,
}

impl Finding {
    fn good(part: &str, seen: impl Into<String>) -> Self {
        Self { part: part.to_owned(), health: Health::Good, seen: seen.into(), next_step: None }
    }

    fn note(part: &str, seen: impl Into<String>, next: impl Into<String>) -> Self {
        Self { health: Health::Note, next_step: Some(next.into()), ..Self::good(part, seen) }
    }

    fn bad(part: &str, seen: impl Into<String>, next: impl Into<String>) -> Self {
        Self { health: Health::Bad, ..Self::note(part, seen, next) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.health {
            Health::Good => "ok  ",
            Health::Note => "note",
            Health::Bad => "BAD ",
        };
        write!(f, "{mark}  {:<14} {}", self.part, self.seen)?;
        match &self.next_step {
            Some(step) => write!(f, "\n      {:<14} -> {step}", ""),
            None => Ok(()),
        }
    }
}
