//! The words people and classes are found by.

use lectern_core::ids::OrganizationId;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(tenant REMOVE,
    sqlite: "delete from search_words where organization_id = $1 and kind = $2 and of_id in (select unhex(value) from json_each($3))",
    postgres: "delete from search_words where organization_id = $1 and kind = $2 and of_id = any(array(select value::uuid from json_array_elements_text($3::json)))");
statement!(tenant ADD,
    sqlite: "insert into search_words (organization_id, kind, word, of_id) select $1, $2, json_extract(value, '$[0]'), unhex(json_extract(value, '$[1]')) from json_each($3) where true on conflict do nothing",
    postgres: "insert into search_words (organization_id, kind, word, of_id) select $1, $2, value ->> 0, (value ->> 1)::uuid from json_array_elements($3::json) on conflict do nothing");
// In the order of the words, so that a beginning half of everybody has costs no more than a rare one. Whoever has several such words
// comes with the first of them. $8: the other words asked for, each with its end. $9: only people of this role.
statement!(tenant FIND,
    sqlite: "select w.word, w.of_id from search_words w where w.organization_id = $1 and w.kind = $2 and (w.word, w.of_id) > ($3, $4) and w.word < $5
        and not exists (select 1 from search_words e where e.organization_id = w.organization_id and e.kind = w.kind and e.of_id = w.of_id and e.word >= $6 and e.word < w.word)
        and not exists (select 1 from json_each($8) a where not exists (select 1 from search_words o where o.organization_id = w.organization_id and o.kind = w.kind and o.of_id = w.of_id
            and o.word >= json_extract(a.value, '$[0]') and o.word < json_extract(a.value, '$[1]')))
        and ($9 is null or (select p.role from people p where p.organization_id = w.organization_id and p.id = w.of_id) = $9)
        order by w.word, w.of_id limit $7",
    postgres: "select w.word, w.of_id from search_words w where w.organization_id = $1 and w.kind = $2 and (w.word, w.of_id) > ($3, $4) and w.word < $5
        and not exists (select 1 from search_words e where e.organization_id = w.organization_id and e.kind = w.kind and e.of_id = w.of_id and e.word >= $6 and e.word < w.word)
        and not exists (select 1 from json_array_elements($8::json) a(value) where not exists (select 1 from search_words o where o.organization_id = w.organization_id and o.kind = w.kind and o.of_id = w.of_id
            and o.word >= a.value ->> 0 and o.word < a.value ->> 1))
        and ($9::bigint is null or (select p.role from people p where p.organization_id = w.organization_id and p.id = w.of_id) = $9)
        order by w.word, w.of_id limit $7");

/// Forgets the words of these.
pub(super) async fn remove(
    tx: &mut Tx,
    organization: OrganizationId,
    kind: &str,
    ids: &str,
) -> Result<(), StoreError> {
    run!(execute, tx, REMOVE, [organization.uuid(), kind, ids])?;
    Ok(())
}

/// Adds words: a list of word and id, as JSON.
pub(super) async fn add(
    tx: &mut Tx,
    organization: OrganizationId,
    kind: &str,
    words: &str,
) -> Result<(), StoreError> {
    run!(execute, tx, ADD, [organization.uuid(), kind, words])?;
    Ok(())
}

/// A question to the words.
#[derive(Debug)]
pub(super) struct Question<'a> {
    /// Of what.
    pub(super) kind: &'a str,
    /// The beginning that is looked for, and where such words end.
    pub(super) begins: (&'a str, &'a str),
    /// Behind this word and id.
    pub(super) after: (&'a str, Uuid),
    /// Other beginnings with their ends, as JSON.
    pub(super) others: &'a str,
    /// The number of a role, where only people who have it are looked for.
    pub(super) role: Option<i64>,
}

/// Words that begin so, with whose they are.
pub(super) async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    question: &Question<'_>,
    limit: i64,
) -> Result<Vec<(String, Uuid)>, StoreError> {
    let Question { kind, begins: (begins, end), after: (word, id), others, role } = *question;
    Ok(run!(all, tx, FIND, [organization.uuid(), kind, word, id, end, begins, limit, others, role])?)
}
