//! `GET /organization`, `POST` same path `{csrf, …}` with the fields of [`OrganizationFields`]: what an organization decides for itself.

use serde::{Deserialize, Deserializer, Serialize};

use crate::environment::Page;
use crate::form::{Choice, FieldError};

/// Everything as it stands in the form. What is not sent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrganizationFields {
    /// Only an owner sends this one.
    #[serde(deserialize_with = "sent")]
    pub name: Option<String>,
    /// `school` or `marketplace`; only an owner sends it.
    #[serde(deserialize_with = "sent")]
    pub vocabulary: Option<String>,
    #[serde(deserialize_with = "sent")]
    pub time_zone: Option<String>,
    #[serde(deserialize_with = "sent")]
    pub default_provider: Option<String>,
    #[serde(deserialize_with = "sent")]
    pub meeting_created: Option<String>,
    /// Empty: none.
    #[serde(deserialize_with = "sent")]
    pub standby_provider: Option<String>,
    #[serde(deserialize_with = "sent")]
    pub standby_after_minutes: Option<String>,
    /// Only an owner sends this one.
    #[serde(deserialize_with = "sent")]
    pub credentials_by: Option<String>,
    #[serde(deserialize_with = "sent")]
    pub join_opens_minutes: Option<String>,
    #[serde(deserialize_with = "sent")]
    pub join_closes_minutes: Option<String>,
    #[serde(deserialize_with = "sent")]
    pub late_after_minutes: Option<String>,
    #[serde(deserialize_with = "sent")]
    pub left_early_minutes: Option<String>,
    #[serde(deserialize_with = "sent")]
    pub minimum_presence_percent: Option<String>,
    /// Minutes before the start, with commas between.
    #[serde(deserialize_with = "sent")]
    pub reminder_minutes: Option<String>,
    #[serde(deserialize_with = "sent")]
    pub relay_domain: Option<String>,
}

/// An input that is sent empty says so; one that is not sent says nothing.
fn sent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

/// The page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OwnOrganizationPage {
    /// What people write at the sign-in; it does not change.
    pub slug: String,
    pub form: OrganizationFields,
    /// The form as it was shown first: what is sent as it stands there is no change.
    pub before: String,
    pub errors: Vec<FieldError>,
    /// Whether the reader may change what only an owner may.
    pub owner: bool,
    /// The platforms on which classes can be held.
    pub providers: Vec<Choice>,
    pub zones: Vec<String>,
}

impl Page for OwnOrganizationPage {
    const TEMPLATE: &'static str = "pages/own_organization.html";
    fn samples() -> Vec<Self> {
        let text = |value: &str| Some(value.to_owned());
        let form = OrganizationFields {
            name: text("Oakwood School"),
            vocabulary: text("school"),
            time_zone: text("Asia/Dhaka"),
            default_provider: text("zoom"),
            meeting_created: text("scheduled"),
            standby_provider: text(""),
            standby_after_minutes: text("2"),
            credentials_by: text("admins"),
            join_opens_minutes: text("15"),
            join_closes_minutes: text("15"),
            late_after_minutes: text("5"),
            left_early_minutes: text("5"),
            minimum_presence_percent: text("10"),
            reminder_minutes: text("1440, 30"),
            relay_domain: text("seats.oakwood.example"),
        };
        let page = Self {
            slug: "oakwood".to_owned(),
            form: form.clone(),
            before: "{}".to_owned(),
            errors: vec![],
            owner: true,
            providers: vec![
                Choice::new("zoom", "Zoom"),
                Choice::new("meet", "Google Meet"),
                Choice::new("link", "Pasted link"),
            ],
            zones: vec!["UTC".to_owned(), "Asia/Kolkata".to_owned()],
        };
        let keys = [
            ("name", "required"),
            ("join_opens_minutes", "minutes_day"),
            ("standby_after_minutes", "minutes_hour"),
            ("minimum_presence_percent", "percent"),
            ("reminder_minutes", "leads"),
            ("relay_domain", "domain"),
        ];
        let wrong = OrganizationFields {
            name: text(""),
            join_opens_minutes: text("<b>soon</b>"),
            standby_provider: text("meet"),
            meeting_created: text("booked"),
            ..form
        };
        let errors = keys.map(|(field, key)| FieldError::new(field, key)).to_vec();
        vec![page.clone(), Self { owner: false, ..page.clone() }, Self { form: wrong, errors, ..page }]
    }
}
