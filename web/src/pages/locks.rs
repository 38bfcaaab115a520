//! `GET|POST /locks {csrf, waiting_room, recording, recording_place, breakout_rooms, chat, screen_share, aliases}`: what the
//! classes of an organization begin with, and what they cannot choose.

use serde::Serialize;

use crate::environment::Page;
use crate::form::FieldError;

/// One option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LockRow {
    /// Its name in the form; its words are `locks.option.<name>` and `locks.help.<name>`.
    pub name: String,
    /// `always`, `usually_on`, `usually_off` or `never`.
    pub state: String,
    /// The platforms that cannot do it for one class.
    pub not_on: Vec<String>,
}

/// The page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LocksPage {
    pub options: Vec<LockRow>,
    /// `local` or `cloud`.
    pub recording_place: String,
    /// The form as it was shown first: what is sent as it stands there is no change.
    pub before: String,
    pub errors: Vec<FieldError>,
}

impl Page for LocksPage {
    const TEMPLATE: &'static str = "pages/locks.html";
    fn samples() -> Vec<Self> {
        let row = |name: &str, state: &str, not_on: &[&str]| LockRow {
            name: name.to_owned(),
            state: state.to_owned(),
            not_on: not_on.iter().map(|name| (*name).to_owned()).collect(),
        };
        let options = vec![
            row("waiting_room", "always", &[]),
            row("recording", "usually_off", &[]),
            row("breakout_rooms", "usually_on", &["Microsoft Teams", "Google Meet"]),
            row("chat", "never", &["Zoom"]),
            row("screen_share", "usually_on", &["Zoom"]),
            row("aliases", "usually_off", &["Google Meet"]),
        ];
        let page =
            Self { options, recording_place: "cloud".to_owned(), before: "{}".to_owned(), errors: vec![] };
        let error = FieldError::new("aliases", "Google Meet cannot be used with aliases only.");
        vec![page.clone(), Self { recording_place: "local".to_owned(), errors: vec![error], ..page }]
    }
}
