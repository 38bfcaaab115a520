//! `GET /keys`: what the keyboard can do on every signed-in page.

use serde::Serialize;

use crate::environment::Page;

/// The list is the template's; scripts add the switches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct KeysPage {}

impl Page for KeysPage {
    const TEMPLATE: &'static str = "pages/keys.html";
    fn samples() -> Vec<Self> {
        vec![Self {}]
    }
}
