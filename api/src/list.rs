//! Every list is `{items, next_cursor}`, by keyset: a cursor names the last row that was shown.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::ApiError;

const MOST: i64 = 200;
const USUAL: i64 = 50;

/// One page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// The rows.
    pub items: Vec<T>,
    /// For `?cursor=`; null on the last page.
    pub next_cursor: Option<String>,
}

impl<T> List<T> {
    /// Everything there is.
    #[must_use]
    pub const fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }
}

/// How much is asked for, and from where.
#[derive(Clone, Debug)]
pub struct Paging {
    limit: i64,
    cursor: Option<String>,
}

impl Paging {
    /// Reads `?limit&cursor`.
    pub fn new(limit: Option<i64>, cursor: Option<&str>) -> Result<Self, ApiError> {
        let limit = limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(ApiError::field("limit", format!("Between 1 and {MOST}.")));
        }
        let cursor = cursor.map(|cursor| {
            let bytes = URL_SAFE_NO_PAD.decode(cursor).ok().filter(|bytes| bytes.len() <= 1_000);
            let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
            text.filter(|text| !text.contains('\0')).ok_or_else(bad_cursor)
        });
        Ok(Self { limit, cursor: cursor.transpose()? })
    }

    /// How many rows to fetch: one more than shown, to know whether there are more.
    #[must_use]
    pub const fn fetch(&self) -> i64 {
        self.limit + 1
    }

    /// The cursor as text.
    pub fn text(&self) -> Result<Option<String>, ApiError> {
        Ok(self.cursor.clone())
    }

    /// The cursor as an id.
    pub fn id(&self) -> Result<Option<Uuid>, ApiError> {
        self.cursor.as_deref().map(|cursor| Uuid::parse_str(cursor).map_err(|_| bad_cursor())).transpose()
    }

    /// The cursor as an id; without one an id behind all others, for lists that begin with the newest.
    pub fn id_or_last(&self) -> Result<Uuid, ApiError> {
        Ok(self.id()?.unwrap_or(Uuid::max()))
    }

    /// The cursor as a word and an id.
    pub fn word_and_id(&self) -> Result<Option<(String, Uuid)>, ApiError> {
        self.cursor
            .as_deref()
            .map(|cursor| {
                let (word, id) = cursor.rsplit_once(' ').ok_or_else(bad_cursor)?;
                Ok((word.to_owned(), Uuid::parse_str(id).map_err(|_| bad_cursor())?))
            })
            .transpose()
    }

    /// The cursor as an instant and an id.
    pub fn instant_and_id(&self) -> Result<Option<(DateTime<Utc>, Uuid)>, ApiError> {
        self.cursor
            .as_deref()
            .map(|cursor| {
                let (at, id) = cursor.split_once(' ').ok_or_else(bad_cursor)?;
                let at = DateTime::from_timestamp_micros(at.parse().map_err(|_| bad_cursor())?)
                    .ok_or_else(bad_cursor)?;
                Ok((at, Uuid::parse_str(id).map_err(|_| bad_cursor())?))
            })
            .transpose()
    }

    /// The page, from rows fetched by [`Paging::fetch`].
    pub fn list<R, T>(
        &self,
        mut rows: Vec<R>,
        cursor: impl Fn(&R) -> String,
        view: impl Fn(R) -> T,
    ) -> List<T> {
        let limit = usize::try_from(self.limit).unwrap_or(1);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(|row| page_cursor(&cursor(row)));
        List { items: rows.into_iter().map(view).collect(), next_cursor }
    }
}

/// An instant and an id behind all others: where lists that begin with the newest begin. A bound that is always there lets both
/// databases go straight to it by their index.
#[must_use]
pub fn end_of_time() -> (DateTime<Utc>, Uuid) {
    // As text, in which SQLite compares, a year of five digits would come first.
    let last = DateTime::from_timestamp(253_402_300_799, 0).unwrap_or(DateTime::<Utc>::MAX_UTC);
    (last, Uuid::max())
}

/// An instant before all others.
#[must_use]
pub const fn beginning_of_time() -> DateTime<Utc> {
    DateTime::<Utc>::UNIX_EPOCH
}

/// The cursor for a row that is ordered by instant and id.
#[must_use]
pub fn instant_cursor(at: DateTime<Utc>, id: Uuid) -> String {
    format!("{} {id}", at.timestamp_micros())
}

/// The cursor as it stands in an address.
#[must_use]
pub fn page_cursor(cursor: &str) -> String {
    URL_SAFE_NO_PAD.encode(cursor)
}

/// The address of a list's next page, with what was asked for: `next_url("/people?", &[("q", "rina")], cursor)`.
#[must_use]
pub fn next_url(path: &str, asked: &[(&str, &str)], cursor: &str) -> String {
    let mut next = url::form_urlencoded::Serializer::new(path.to_owned());
    next.extend_pairs(asked.iter().filter(|(_, value)| !value.is_empty()));
    next.append_pair("cursor", cursor).finish()
}

/// What is said of a cursor that is none.
pub fn bad_cursor() -> ApiError {
    ApiError::field("cursor", "Use next_cursor of the previous answer, unchanged.")
}
