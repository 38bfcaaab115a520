//! How an organization looks to everybody who reads its pages and mails.

use lectern_core::colour::Colour;
use lectern_web::Ground;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use uuid::Uuid;

/// Its colour and its logo: all of it is seen by anybody who opens one of its pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Look {
    /// `#rrggbb`, as somebody chose it; what pages show is derived from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    colour: Option<String>,
    /// Its logo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<LogoFile>,
    /// On what the logo sits.
    pub ground: Ground,
}

/// A logo among the files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoFile {
    /// Its place among the organization's logos; another for every file.
    pub id: Uuid,
    /// `png`, `jpeg` or `webp`.
    pub kind: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// How large the file is.
    pub bytes: u64,
}

impl Look {
    /// The chosen colour.
    #[must_use]
    pub fn colour(&self) -> Option<Colour> {
        self.colour.as_deref().and_then(|text| text.parse().ok())
    }

    /// Chooses a colour, or none.
    pub fn set_colour(&mut self, colour: Option<Colour>) {
        self.colour = colour.map(|colour| colour.to_string());
    }
}

/// In whose name its mails come. The address they come from is the server's in any case.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromRow)]
pub struct Sender {
    /// The name beside the address; none: the server's own.
    #[sqlx(rename = "sender_name")]
    pub name: Option<String>,
    /// Where answers go; none: to the address they came from.
    pub reply_to: Option<String>,
}
