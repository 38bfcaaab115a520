//! `GET /branding`; `POST` same path (`multipart/form-data`) `{csrf, colour, picked, was, shown, before, logo, logo_ground, sender_name, reply_to}`,
//! with `preview` to look at a colour only; `POST /branding/logo/remove` `{csrf}`: how an organization shows itself.

use serde::{Deserialize, Serialize};

use crate::environment::Page;
use crate::form::FieldError;
use crate::shell::{Ground, Logo};

/// Everything as it stands in the form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrandingFields {
    /// `#rrggbb`; empty: Lectern's own.
    pub colour: String,
    /// `board` or `paper`.
    pub ground: String,
    pub sender_name: String,
    pub reply_to: String,
}

/// A colour as it comes out in one scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Preview {
    pub dark: bool,
    pub surface: String,
    pub accent: String,
    pub soft: String,
    pub on_accent: String,
    /// Of the accent on the surface, such as "4.5".
    pub contrast: String,
    /// The accent is not the colour that was chosen.
    pub changed: bool,
}

/// The page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BrandingPage {
    pub organization: String,
    pub form: BrandingFields,
    /// The form as it was shown first: what is sent as it stands there is no change.
    pub before: String,
    pub errors: Vec<FieldError>,
    /// The logo that is shown now.
    pub logo: Option<Logo>,
    /// The largest file, in KB.
    pub most_kb: u32,
    /// The fewest and the most pixels of a side.
    pub sides: (u32, u32),
    /// What the browser's colour field begins with.
    pub picked: String,
    /// None where no colour is chosen, or none that can be read.
    pub previews: Vec<Preview>,
    /// Whether this server sends mail.
    pub sends_mail: bool,
}

impl Page for BrandingPage {
    const TEMPLATE: &'static str = "pages/branding.html";
    fn samples() -> Vec<Self> {
        let preview = |dark| Preview {
            dark,
            surface: if dark { "#18211d" } else { "#ffffff" }.to_owned(),
            accent: if dark { "#ffe600" } else { "#6b5f00" }.to_owned(),
            soft: if dark { "#38330c" } else { "#f1ecd5" }.to_owned(),
            on_accent: if dark { "#211e00" } else { "#ffffff" }.to_owned(),
            contrast: if dark { "12.7" } else { "6.3" }.to_owned(),
            changed: !dark,
        };
        let plain = Self {
            organization: "Oakwood School".to_owned(),
            form: BrandingFields { ground: "board".to_owned(), ..BrandingFields::default() },
            most_kb: 512,
            sides: (16, 2048),
            picked: "#0e5e49".to_owned(),
            sends_mail: true,
            ..Self::default()
        };
        let logo =
            |ground| Logo { url: "/branding/018f/00112233/logo".to_owned(), width: 320, height: 96, ground };
        let chosen = Self {
            form: BrandingFields {
                colour: "#ffe600".to_owned(),
                ground: "paper".to_owned(),
                sender_name: "Oakwood School".to_owned(),
                reply_to: "office@oakwood.example".to_owned(),
            },
            logo: Some(logo(Ground::Paper)),
            picked: "#ffe600".to_owned(),
            previews: vec![preview(false), preview(true)],
            ..plain.clone()
        };
        let wrong = |logo_key: &str, sender: &str| Self {
            form: BrandingFields { colour: "<b>yellow</b>".to_owned(), ..chosen.form.clone() },
            logo: Some(logo(Ground::Board)),
            previews: vec![],
            sends_mail: false,
            errors: [
                ("colour", "colour"),
                ("logo", logo_key),
                ("sender_name", sender),
                ("reply_to", "email"),
            ]
            .map(|(field, key)| FieldError::new(field, key))
            .to_vec(),
            ..chosen.clone()
        };
        let refused = [
            wrong("logo_kind", "sender"),
            wrong("logo_bytes", "sender_long"),
            wrong("logo_side", "sender"),
            wrong("logo_broken", "sender"),
            wrong("logo_moves", "sender"),
            wrong("logo_empty", "sender"),
        ];
        [plain, chosen.clone()].into_iter().chain(refused).collect()
    }
}
