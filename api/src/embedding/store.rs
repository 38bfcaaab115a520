//! Origins that may frame, and the views that were asked for.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use lectern_core::{
    embed::{EmbedOrigin, EmbedView},
    ids::{ClassId, OrganizationId, PersonId},
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(tenant ORIGINS, "select origin from embed_origins where organization_id = $1 order by origin");
statement!(tenant ADD_ORIGIN, "insert into embed_origins (organization_id, origin, created_at) values ($1, $2, $3)");
statement!(tenant REMOVE_ORIGIN, "delete from embed_origins where organization_id = $1 and origin = $2");
statement!(tenant INSERT, "insert into embeds (id, organization_id, person_id, view, class_id, accent, scheme, language, ends_at, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
statement!(tenant OPEN, "update embeds set secret_hash = $3, ends_at = $4 where organization_id = $1 and id = $2 and secret_hash is null and ends_at > $5");
statement!(tenant FIND, "select id, person_id, view, class_id, accent, scheme, language, ends_at from embeds where organization_id = $1 and id = $2 and ends_at > $3");
statement!(tenant FIND_BY_SECRET, "select id, person_id, view, class_id, accent, scheme, language, ends_at from embeds where organization_id = $1 and secret_hash = $2 and ends_at > $3");
statement!(tenant REMOVE_OF, "delete from embeds where organization_id = $1 and person_id = $2");
statement!(tenant REMOVE_ALL, "delete from embeds where organization_id = $1");
statement!(tenant REMOVE_ENDED, "delete from embeds where organization_id = $1 and ends_at < $2");

/// A view that somebody may see inside a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embed {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub person: PersonId,
    /// Which part.
    pub view: EmbedView,
    /// Of which class, where the view is of one.
    pub class: Option<ClassId>,
    /// How it looks.
    pub looks: Looks,
    /// Until when.
    pub ends_at: DateTime<Utc>,
}

/// How a view looks and speaks, as the host application asked for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looks {
    /// `#rrggbb`.
    pub accent: Option<String>,
    /// `light` or `dark`.
    pub scheme: Option<String>,
    /// `en` or `bn`.
    pub language: Option<String>,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    person_id: Uuid,
    view: String,
    class_id: Option<Uuid>,
    accent: Option<String>,
    scheme: Option<String>,
    language: Option<String>,
    ends_at: DateTime<Utc>,
}

impl TryFrom<Row> for Embed {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let view = EmbedView::named(&row.view)
            .ok_or_else(|| StoreError::corrupt("embeds", format!("the view {}", row.view)))?;
        Ok(Self {
            id: row.id,
            person: row.person_id.into(),
            view,
            class: row.class_id.map(Into::into),
            looks: Looks { accent: row.accent, scheme: row.scheme, language: row.language },
            ends_at: row.ends_at,
        })
    }
}

/// Who may frame.
pub async fn origins(tx: &mut Tx, organization: OrganizationId) -> Result<BTreeSet<EmbedOrigin>, StoreError> {
    let rows: Vec<(String,)> = run!(all, tx, ORIGINS, [organization.uuid()])?;
    // Checked when it was saved, and again here: what stands in a header is never taken on trust.
    let read = |(text,): (String,)| {
        EmbedOrigin::parse(&text)
            .map_err(|_| StoreError::corrupt("embed_origins", format!("the origin {text}")))
    };
    rows.into_iter().map(read).collect()
}

/// Adds one.
pub async fn add_origin(
    tx: &mut Tx,
    organization: OrganizationId,
    origin: &EmbedOrigin,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, ADD_ORIGIN, [organization.uuid(), origin.to_string(), now])?;
    Ok(())
}

/// Removes one.
pub async fn remove_origin(
    tx: &mut Tx,
    organization: OrganizationId,
    origin: &EmbedOrigin,
) -> Result<(), StoreError> {
    run!(execute, tx, REMOVE_ORIGIN, [organization.uuid(), origin.to_string()])?;
    Ok(())
}

/// Remembers a view whose link was given out.
pub async fn insert(
    tx: &mut Tx,
    organization: OrganizationId,
    embed: &Embed,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Embed { id, person, view, class, looks, ends_at } = embed;
    run!(
        execute,
        tx,
        INSERT,
        [
            *id,
            organization.uuid(),
            person.uuid(),
            view.as_str(),
            class.map(ClassId::uuid),
            looks.accent.as_deref(),
            looks.scheme.as_deref(),
            looks.language.as_deref(),
            *ends_at,
            now
        ]
    )?;
    Ok(())
}

/// Gives it to the browser with this secret, until then; `false` when another was faster, or it has ended.
pub async fn open(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
    secret: &[u8],
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(execute, tx, OPEN, [organization.uuid(), id, secret, until, now])? == 1)
}

/// One that has not ended.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Embed>, StoreError> {
    let row: Option<Row> = run!(optional, tx, FIND, [organization.uuid(), id, now])?;
    row.map(Embed::try_from).transpose()
}

/// The one of the browser with this secret.
pub async fn find_by_secret(
    tx: &mut Tx,
    organization: OrganizationId,
    secret: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<Embed>, StoreError> {
    let row: Option<Row> = run!(optional, tx, FIND_BY_SECRET, [organization.uuid(), secret, now])?;
    row.map(Embed::try_from).transpose()
}

/// Ends all of a person.
pub async fn remove_of(
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
) -> Result<(), StoreError> {
    run!(execute, tx, REMOVE_OF, [organization.uuid(), person.uuid()])?;
    Ok(())
}

/// Ends all.
pub async fn remove_all(tx: &mut Tx, organization: OrganizationId) -> Result<(), StoreError> {
    run!(execute, tx, REMOVE_ALL, [organization.uuid()])?;
    Ok(())
}

/// Removes those that ended before the instant.
pub async fn remove_ended(
    tx: &mut Tx,
    organization: OrganizationId,
    before: DateTime<Utc>,
) -> Result<u64, StoreError> {
    Ok(run!(execute, tx, REMOVE_ENDED, [organization.uuid(), before])?)
}
