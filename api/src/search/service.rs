//! Keeping words, and finding by them.

use std::collections::BTreeSet;

use lectern_core::{
    ids::OrganizationId,
    role::Role,
    search::{Asked, end_of},
};
use uuid::Uuid;

use super::store::{self, Question};
use crate::{
    db::{StoreError, Tx},
    error::ApiError,
    list::{List, Paging},
};

/// Words that one statement takes.
const AT_A_TIME: usize = 2_000;

/// What can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// People with an account.
    User,
    /// Guests.
    Guest,
    /// Classes that are not archived.
    Class,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Guest => "guest",
            Self::Class => "class",
        }
    }
}

/// From now on each of these is found by these words and by no others. In the transaction that writes what they are words of.
pub async fn keep(
    tx: &mut Tx,
    organization: OrganizationId,
    kind: Kind,
    words: &[(Uuid, BTreeSet<String>)],
) -> Result<(), StoreError> {
    let ids = crate::ids::json_list(words.iter().map(|(id, _)| *id));
    store::remove(tx, organization, kind.as_str(), &ids).await?;
    let all: Vec<(&str, String)> = words
        .iter()
        .flat_map(|(id, words)| words.iter().map(|word| (word.as_str(), id.simple().to_string())))
        .collect();
    for some in all.chunks(AT_A_TIME) {
        store::add(tx, organization, kind.as_str(), &serde_json::json!(some).to_string()).await?;
    }
    Ok(())
}

/// The ids of whatever has words that begin as asked, in the order of those words, one page.
///
/// # Errors
/// [`ApiError::Invalid`] for a cursor that is none.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    kind: Kind,
    asked: &Asked,
    paging: &Paging,
) -> Result<List<Uuid>, ApiError> {
    find_of_role(tx, organization, kind, asked, None, paging).await
}

/// The same, of people with this role only.
///
/// # Errors
/// [`ApiError::Invalid`] for a cursor that is none.
pub async fn find_of_role(
    tx: &mut Tx,
    organization: OrganizationId,
    kind: Kind,
    asked: &Asked,
    role: Option<Role>,
    paging: &Paging,
) -> Result<List<Uuid>, ApiError> {
    let cursor = paging.word_and_id()?;
    let end = end_of(&asked.first);
    let others: Vec<(&str, String)> = asked.rest.iter().map(|word| (word.as_str(), end_of(word))).collect();
    let others = serde_json::json!(others).to_string();
    let (word, id) = cursor.unwrap_or_else(|| (asked.first.clone(), Uuid::nil()));
    let question = Question {
        kind: kind.as_str(),
        begins: (&asked.first, &end),
        // A cursor of another question does not lead out of this one's words.
        after: if word < asked.first { (&asked.first, Uuid::nil()) } else { (&word, id) },
        others: &others,
        role: role.map(Role::number),
    };
    let rows = store::find(tx, organization, &question, paging.fetch()).await?;
    Ok(paging.list(rows, |(word, id)| format!("{word} {id}"), |(_, id)| id))
}
