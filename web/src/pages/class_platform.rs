//! Where a class is held, and what it would lose elsewhere.

use lectern_core::sentence::Sentence;
use serde::Serialize;

use super::{class::ClassHead, classes::PlatformChoice};
use crate::{FieldError, environment::Page};

/// Something that is otherwise on the other platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MoveLine {
    /// The last part of a `capability.*` key.
    pub capability: String,
    /// `yes`, `helped` or `no`: how it would be.
    pub after: &'static str,
    /// What the other platform says to it.
    pub reason: Option<Sentence>,
}

/// A platform that was chosen, compared with the present one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MovePlan {
    pub name: String,
    pub label: String,
    pub losses: Vec<MoveLine>,
    pub gains: Vec<MoveLine>,
    /// A leaked platform link is worth more there.
    pub weaker_door: bool,
    /// Coming meetings that would be replaced.
    pub meetings: usize,
    /// The class would live by a pasted link there.
    pub pasted: bool,
    /// What is to be done first: the last part of a `class_new.note.*` key.
    pub note: Option<String>,
}

/// `GET /classes/{id}/platform?to=`; `POST` same path `{csrf, provider, link?}`, and `POST /classes/{id}/link {csrf, link}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassPlatform {
    pub class: ClassHead,
    /// The others.
    pub choices: Vec<PlatformChoice>,
    pub plan: Option<MovePlan>,
    /// Where the class's pasted link leads, when it lives by one.
    pub link_host: Option<String>,
    /// As typed.
    pub link: String,
    pub errors: Vec<FieldError>,
}

impl Page for ClassPlatform {
    const TEMPLATE: &'static str = "pages/class_platform.html";
    fn samples() -> Vec<Self> {
        let choice = |name: &str, label: &str| PlatformChoice {
            name: name.to_owned(),
            label: label.to_owned(),
            ready: true,
            note: None,
            can: None,
        };
        let line = |capability: &str, after, reason: Option<&'static str>| MoveLine {
            capability: capability.to_owned(),
            after,
            reason: reason.map(Into::into),
        };
        let page = Self {
            class: ClassHead::sample(),
            choices: vec![choice("teams", "Microsoft Teams"), choice("link", "Pasted link")],
            plan: None,
            link_host: None,
            link: String::new(),
            errors: vec![],
        };
        let plan = MovePlan {
            name: "teams".to_owned(),
            label: "Microsoft Teams".to_owned(),
            losses: vec![
                line("registrants", "no", Some("Teams has one link for everybody.")),
                line("end_meeting", "helped", Some("The teacher presses End meeting in Teams.")),
            ],
            gains: vec![line("chat", "yes", None)],
            weaker_door: true,
            meetings: 3,
            pasted: false,
            note: Some("host_not_connected".to_owned()),
        };
        let pasted = MovePlan {
            name: "link".to_owned(),
            label: "Pasted link".to_owned(),
            pasted: true,
            note: None,
            ..plan.clone()
        };
        let same =
            MovePlan { losses: vec![], gains: vec![], weaker_door: false, meetings: 0, ..plan.clone() };
        vec![
            page.clone(),
            Self { plan: Some(plan), ..page.clone() },
            Self {
                plan: Some(pasted),
                link: "http://x".to_owned(),
                errors: vec![FieldError::new("link", "Use a public https address.")],
                ..page.clone()
            },
            Self { plan: Some(same), ..page.clone() },
            Self { link_host: Some("meet.jit.si".to_owned()), ..page },
        ]
    }
}
