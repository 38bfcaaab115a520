//! The ways in: sign-in and the first set-up. Both stand without navigation: render with `Web::bare`.

use serde::Serialize;

use crate::environment::Page;
use crate::form::FieldError;
use crate::shell::NoticeKind;

/// `POST /sign-in {csrf, organization, email, password, next?}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SignIn {
    pub csrf: String,
    /// The organization's short name as typed, or from `?organization=`.
    pub organization: String,
    pub email: String,
    /// Where to go afterwards; already checked to be a path of ours.
    pub next: Option<String>,
    pub notice: Option<NoticeKind>,
    pub errors: Vec<FieldError>,
}

impl Page for SignIn {
    const TEMPLATE: &'static str = "pages/sign_in.html";
    fn samples() -> Vec<Self> {
        vec![
            Self { csrf: "c".to_owned(), notice: Some(NoticeKind::SignedOut), ..Self::default() },
            Self {
                csrf: "c".to_owned(),
                organization: "oakwood".to_owned(),
                email: "nusrat@oakwood.example".to_owned(),
                next: Some("/live".to_owned()),
                errors: vec![FieldError::form("sign_in")],
                ..Self::default()
            },
        ]
    }
}

/// `POST /set-up {csrf, token, organization_name, organization_slug, name, email, password}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SetUp {
    pub csrf: String,
    /// From the one-time link.
    pub token: String,
    pub organization_name: String,
    pub organization_slug: String,
    pub name: String,
    pub email: String,
    pub errors: Vec<FieldError>,
}

impl Page for SetUp {
    const TEMPLATE: &'static str = "pages/set_up.html";
    fn samples() -> Vec<Self> {
        vec![
            Self { csrf: "c".to_owned(), token: "t".to_owned(), ..Self::default() },
            Self {
                csrf: "c".to_owned(),
                token: "t".to_owned(),
                organization_name: "Oakwood School".to_owned(),
                organization_slug: "Oak Wood".to_owned(),
                errors: vec![
                    FieldError::new("organization_slug", "slug"),
                    FieldError::new("email", "required"),
                ],
                ..Self::default()
            },
        ]
    }
}
