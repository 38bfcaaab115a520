//! API keys: `GET /api-keys`, `POST` same path `{csrf, name, scope*}`, `POST /api-keys/{id}/revoke {csrf}`.

use serde::Serialize;

use crate::environment::Page;
use crate::form::FieldError;

/// One key in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApiKeyRow {
    pub id: String,
    pub name: String,
    /// Its first characters.
    pub hint: String,
    /// `read`, `write`, `platforms`.
    pub scopes: Vec<String>,
    pub created_at: String,
    /// By name.
    pub created_by: Option<String>,
    pub last_used_at: Option<String>,
    pub revoked_at: Option<String>,
}

/// A key that was made by this very request: the only page that ever holds its token.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct MadeKey {
    pub name: String,
    pub token: String,
}

impl std::fmt::Debug for MadeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MadeKey").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What is typed about a new key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ApiKeyForm {
    pub name: String,
    /// What is ticked.
    pub scopes: Vec<String>,
    /// All scopes there are.
    pub all: Vec<String>,
    pub errors: Vec<FieldError>,
}

/// The page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApiKeysPage {
    pub items: Vec<ApiKeyRow>,
    pub made: Option<MadeKey>,
    pub form: ApiKeyForm,
    pub zone: String,
}

impl Page for ApiKeysPage {
    const TEMPLATE: &'static str = "pages/api_keys.html";
    fn samples() -> Vec<Self> {
        let all = ["read", "write", "platforms"].map(str::to_owned).to_vec();
        let form = ApiKeyForm { scopes: all[..1].to_vec(), all: all.clone(), ..ApiKeyForm::default() };
        let row = |name: &str, scopes: &[String]| ApiKeyRow {
            id: format!("018f{name}"),
            name: name.to_owned(),
            hint: "lk_Ab3dEf".to_owned(),
            scopes: scopes.to_vec(),
            created_at: "2026-11-21T03:00:00Z".to_owned(),
            created_by: Some("Nusrat Rahman".to_owned()),
            last_used_at: None,
            revoked_at: None,
        };
        let used =
            ApiKeyRow { last_used_at: Some("2026-11-22T03:00:00Z".to_owned()), ..row("timetable", &all) };
        let revoked = ApiKeyRow {
            revoked_at: Some("2026-11-22T03:00:00Z".to_owned()),
            created_by: None,
            ..row("portal", &all[..1])
        };
        let zone = "Asia/Dhaka".to_owned();
        vec![
            Self { items: vec![], made: None, form: form.clone(), zone: zone.clone() },
            Self {
                items: vec![used, row("grades", &all[1..2]), revoked.clone()],
                made: Some(MadeKey {
                    name: "grades".to_owned(),
                    token: "lk_c2FtcGxlIHRva2VuIG9mIGEgc2FtcGxlIHBhZ2Ugb25seQ".to_owned(),
                }),
                form: form.clone(),
                zone: zone.clone(),
            },
            Self {
                items: vec![revoked],
                made: None,
                form: ApiKeyForm {
                    scopes: vec![],
                    errors: vec![FieldError::new("name", "required"), FieldError::new("scope", "scopes")],
                    ..form
                },
                zone,
            },
        ]
    }
}
