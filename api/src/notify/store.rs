//! Mails that were decided on.

use chrono::{DateTime, Utc};
use lectern_core::ids::{ClassId, OrganizationId, PersonId, SessionId};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(tenant INSERT, "insert into mails (id, organization_id, person_id, session_id, kind, about, facts, state, created_at) values ($1, $2, $3, $4, $5, $6, $7, 'wanted', $8) on conflict do nothing");
statement!(tenant FIND, "select person_id, session_id, kind, facts, state from mails where organization_id = $1 and id = $2");
statement!(tenant FINISH, "update mails set state = $3, sent_at = $4 where organization_id = $1 and id = $2");
statement!(tenant LINKS_SENT, "select person_id, sent_at from mails where organization_id = $1 and state = 'sent' and kind in ('join', 'guest_invite') and sent_at is not null
    and session_id in (select s.id from sessions s where s.organization_id = $1 and s.class_id = $2) order by sent_at");

/// A mail that was decided on.
#[derive(Debug, FromRow)]
pub struct MailRow {
    /// To whom.
    pub person_id: Uuid,
    /// About which session.
    pub session_id: Option<Uuid>,
    /// Which mail.
    pub kind: String,
    /// Ids and instants it needs besides.
    pub facts: sqlx::types::Json<Value>,
    /// `wanted`, `sent` or `dropped`.
    pub state: String,
}

/// A mail to be decided on.
#[derive(Debug)]
pub struct NewMail<'a> {
    /// Its id, and its Message-ID.
    pub id: Uuid,
    /// To whom.
    pub person: PersonId,
    /// About which session.
    pub session: Option<SessionId>,
    /// Which mail.
    pub kind: &'static str,
    /// One mail of a kind about the same thing goes to a person once.
    pub about: &'a str,
    /// Ids and instants it needs besides.
    pub facts: Value,
}

/// Decides on a mail: `false` when it was decided on before.
pub async fn insert(
    tx: &mut Tx,
    organization: OrganizationId,
    mail: &NewMail<'_>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(run!(
        execute,
        tx,
        INSERT,
        [
            mail.id,
            organization.uuid(),
            mail.person.uuid(),
            mail.session.map(SessionId::uuid),
            mail.kind,
            mail.about,
            sqlx::types::Json(&mail.facts),
            now
        ]
    )? == 1)
}

/// A mail.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
) -> Result<Option<MailRow>, StoreError> {
    Ok(run!(optional, tx, FIND, [organization.uuid(), id])?)
}

/// The mail is sent, or dropped.
pub async fn finish(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
    sent: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, FINISH, [organization.uuid(), id, if sent { "sent" } else { "dropped" }, now])?;
    Ok(())
}

/// When links to a class were sent, and to whom, oldest first.
pub async fn links_sent(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
) -> Result<Vec<(Uuid, DateTime<Utc>)>, StoreError> {
    Ok(run!(all, tx, LINKS_SENT, [organization.uuid(), class.uuid()])?)
}
