//! What is asked of the log, by page, file and address.

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use lectern_core::ids::{ClassId, OrganizationId, PersonId, SessionId};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::form_urlencoded;
use uuid::Uuid;

use super::{EntryKind, service::Filter};
use crate::{db::Tx, error::ApiError, people, sessions::local_time};

/// What a person asks of the log, as the page's form sends it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AuditQuery {
    pub(super) kind: String,
    /// A name, an address or an id.
    pub(super) person: String,
    /// An id.
    pub(super) class: String,
    /// An id.
    pub(super) session: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) cursor: Option<String>,
}

fn day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok()
}

/// What is no id is nobody's: the filter then finds nothing, as with an id of another organization.
fn id(text: &str) -> Option<Uuid> {
    let text = text.trim();
    (!text.is_empty()).then(|| Uuid::parse_str(text).unwrap_or(Uuid::nil()))
}

impl AuditQuery {
    /// The lines that are meant: days are those of the zone, both included.
    pub(super) async fn filter(
        &self,
        tx: &mut Tx,
        organization: OrganizationId,
        zone: Tz,
    ) -> Result<Filter, ApiError> {
        let person = self.person.trim();
        let people = match Uuid::parse_str(person) {
            _ if person.is_empty() => None,
            Ok(id) => Some(vec![PersonId(id)]),
            Err(_) => Some(people::service::search(tx, organization, person).await?),
        };
        Ok(Filter {
            kind: Some(self.kind.clone()).filter(|kind| !kind.is_empty()),
            people,
            class: id(&self.class).map(ClassId),
            session: id(&self.session).map(SessionId),
            from: day(&self.from).map(|day| local_time::start_of(day, zone)),
            to: day(&self.to)
                .and_then(|day| day.checked_add_days(Days::new(1)))
                .map(|day| local_time::start_of(day, zone)),
            before: None,
        })
    }

    /// What was asked, for an address; without the place in the list.
    pub(super) fn asked(&self) -> [(&'static str, &str); 6] {
        [
            ("kind", &self.kind),
            ("person", &self.person),
            ("class", &self.class),
            ("session", &self.session),
            ("from", &self.from),
            ("to", &self.to),
        ]
    }

    /// Where the same lines are had as a file.
    pub(super) fn csv_url(&self) -> String {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        pairs.extend_pairs(self.asked().into_iter().filter(|(_, value)| !value.is_empty()));
        let query = pairs.finish();
        if query.is_empty() { "/audit.csv".to_owned() } else { format!("/audit.csv?{query}") }
    }

    /// What was understood of it, for the log itself, which holds ids and no words of anybody's.
    pub(super) fn noted(&self, filter: &Filter) -> Value {
        let mut noted = Map::new();
        let mut note =
            |name: &str, value: Option<Value>| value.map(|value| noted.insert(name.to_owned(), value));
        let kind = EntryKind::ALL.iter().find(|kind| kind.as_str() == self.kind);
        note("kind", kind.map(|kind| json!(kind.as_str())));
        note("people", filter.people.as_ref().map(|people| json!(people)));
        note("class", filter.class.map(|class| json!(class)));
        note("session", filter.session.map(|session| json!(session)));
        note("from", day(&self.from).map(|day| json!(day)));
        note("to", day(&self.to).map(|day| json!(day)));
        Value::Object(noted)
    }
}
