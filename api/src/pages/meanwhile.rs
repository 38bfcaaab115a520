//! Forms beside what their page showed: only what was changed is asked for, and nothing newer is overwritten.

use lectern_web::FieldError as PageFieldError;

/// How much of a longer text is told again.
const TOLD: usize = 200;

/// One input: what was typed, what the page showed there, and what holds now.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// As it was sent.
    pub typed: &'a str,
    shown: &'a str,
    now: &'a str,
}

impl<'a> Beside<'a> {
    /// Spaces around a text say nothing.
    #[must_use]
    pub fn new(typed: &'a str, shown: &'a str, now: &'a str) -> Self {
        Self { typed: typed.trim(), shown: shown.trim(), now: now.trim() }
    }

    /// Whoever sent it changed it.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.typed != self.shown
    }

    /// They changed it to something else than holds now.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.is_changed() && self.typed != self.now
    }

    /// Somebody changed it since it was shown, to something else than was typed.
    #[must_use]
    pub fn is_overtaken(&self) -> bool {
        self.shown != self.now && self.typed != self.now
    }

    /// What stands in the form when it comes back: what was typed, and elsewhere what holds now.
    #[must_use]
    pub fn again(&self) -> String {
        if self.is_changed() { self.typed } else { self.now }.to_owned()
    }

    /// What is said at an input that was overtaken; `words` is the key behind `problem.`.
    #[must_use]
    pub fn overtaken(&self, field: &str, words: &str) -> PageFieldError {
        if self.now.is_empty() {
            return PageFieldError::new(field, "meanwhile_empty");
        }
        let mut about: String = self.now.chars().take(TOLD).collect();
        if about.len() < self.now.len() {
            about.push('…');
        }
        PageFieldError { about, ..PageFieldError::new(field, words) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_changed_is_asked_for() {
        let untouched = Beside::new("09:00", "09:00", "10:00");
        assert!(!untouched.is_changed() && !untouched.asks());
        assert_eq!(untouched.again(), "10:00");
        let changed = Beside::new(" 11:00 ", "09:00", "09:00");
        assert!(changed.asks() && !changed.is_overtaken());
        assert_eq!(changed.again(), "11:00");
    }

    #[test]
    fn what_somebody_else_changed_is_told() {
        let both = Beside::new("11:00", "09:00", "10:00");
        assert!(both.asks() && both.is_overtaken());
        let said = both.overtaken("time", "meanwhile_number");
        assert_eq!((said.field.as_str(), said.about.as_str()), ("time", "10:00"));
        let alike = Beside::new("10:00", "09:00", "10:00");
        assert!(!alike.asks() && !alike.is_overtaken());
        let cleared = Beside::new("New", "Old", "");
        assert_eq!(cleared.overtaken("description", "meanwhile").message, "meanwhile_empty");
        let long = "x".repeat(300);
        let said = Beside::new("New", "Old", &long).overtaken("description", "meanwhile");
        assert_eq!(said.about.chars().count(), TOLD + 1);
    }
}
