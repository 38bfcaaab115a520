//! The pages around a consent for people who are not signed in here. Render with `Web::bare`.

use serde::Serialize;

use crate::environment::Page;

/// Before the platform, or after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ConsentState {
    /// Is it you? `POST {action} {ticket}` leads on to the platform.
    Ask {
        person: String,
        organization: String,
        action: String,
        ticket: String,
    },
    Connected,
    Failed,
}

/// `GET /oauth/{provider}/start` and `/done`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Consent {
    /// The platform's name.
    pub platform: String,
    pub state: ConsentState,
}

impl Page for Consent {
    const TEMPLATE: &'static str = "pages/consent.html";
    fn samples() -> Vec<Self> {
        let ask = ConsentState::Ask {
            person: "Sadia Seller".to_owned(),
            organization: "DreamCrowd".to_owned(),
            action: "/oauth/zoom/start".to_owned(),
            ticket: "dGlja2V0".to_owned(),
        };
        [ask, ConsentState::Connected, ConsentState::Failed]
            .map(|state| Self { platform: "Zoom".to_owned(), state })
            .to_vec()
    }
}
