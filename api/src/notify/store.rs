//! Mails that were decided on.

use chrono::{DateTime, Utc};
use lectern_core::ids::{ClassId, OrganizationId, PersonId, SessionId};
use serde::{Serialize, Serializer};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

statement!(tenant INSERT, "insert into mails (id, organization_id, person_id, session_id, kind, about, facts, state, created_at) values ($1, $2, $3, $4, $5, $6, $7, $9, $8) on conflict do nothing");
statement!(tenant FIND, "select person_id, session_id, kind, facts, state from mails where organization_id = $1 and id = $2");
statement!(tenant INSERT_MANY,
    sqlite: "insert into mails (id, organization_id, person_id, session_id, kind, about, facts, state, created_at)
        select unhex(json_extract(value, '$.id')), $1, unhex(json_extract(value, '$.person')), $3, json_extract(value, '$.kind'), json_extract(value, '$.about'), $4, json_extract(value, '$.state'), $5
        from json_each($2) where true on conflict do nothing",
    postgres: "insert into mails (id, organization_id, person_id, session_id, kind, about, facts, state, created_at)
        select (value ->> 'id')::uuid, $1, (value ->> 'person')::uuid, $3, value ->> 'kind', value ->> 'about', $4, value ->> 'state', $5
        from json_array_elements($2::json) on conflict do nothing");
statement!(tenant WANTED, "select m.id, m.person_id, m.facts, p.first_name, p.last_name, p.email, p.language, p.time_zone, p.state = 'active' as person_active,
        e.generation, coalesce(e.kind = 'guest', false) as guest, e.all_sessions
    from mails m join people p on p.organization_id = m.organization_id and p.id = m.person_id
    join sessions s on s.organization_id = m.organization_id and s.id = m.session_id
    left join enrollments e on e.organization_id = s.organization_id and e.class_id = s.class_id and e.person_id = m.person_id and e.state = 'active'
    where m.organization_id = $1 and m.session_id = $2 and m.kind = $3 and m.state = 'wanted' and m.id > $4 order by m.id limit $5");
statement!(tenant FINISH,
    sqlite: "update mails set state = $3, sent_at = $4 where organization_id = $1 and id in (select unhex(value) from json_each($2))",
    postgres: "update mails set state = $3, sent_at = $4 where organization_id = $1 and id = any(array(select value::uuid from json_array_elements_text($2::json)))");
statement!(tenant NOTICES, "select m.id, m.kind, m.session_id, m.facts, m.created_at, m.seen_at, s.title, s.starts_at, s.ends_at, s.time_zone, s.cancel_reason from mails m
    left join sessions s on s.organization_id = m.organization_id and s.id = m.session_id
    where m.organization_id = $1 and m.person_id = $2 and m.kind <> 'code' and m.id < $3 order by m.id desc limit $4");
statement!(tenant UNSEEN, "select count(*) from (select 1 from mails where organization_id = $1 and person_id = $2 and kind <> 'code' and seen_at is null and created_at > $3 limit 100) as unseen");
statement!(tenant SEE, "update mails set seen_at = $3 where organization_id = $1 and person_id = $2 and seen_at is null");
statement!(tenant CHOICES_OF_TOPIC, "select person_id, mail, live from notice_choices where organization_id = $1 and kind = $2 and not (mail and live)");
statement!(tenant CHOICES_OF_PERSON, "select kind, mail, live from notice_choices where organization_id = $1 and person_id = $2");
statement!(tenant SAVE_CHOICE, "insert into notice_choices (organization_id, person_id, kind, mail, live, updated_at) values ($1, $2, $3, $4, $5, $6)
    on conflict (organization_id, kind, person_id) do update set mail = excluded.mail, live = excluded.live, updated_at = excluded.updated_at");
statement!(tenant UNPLANNED, "select s.id, s.starts_at, s.created_at from sessions s where s.organization_id = $1 and s.state = 'scheduled' and s.starts_at > $2 and s.starts_at <= $3
    and not exists (select 1 from planned_notices n where n.organization_id = s.organization_id and n.session_id = s.id and n.kind = $4 and n.starts_at = s.starts_at and n.lead_minutes = $5)
    order by s.starts_at, s.id limit 500");
statement!(tenant PLAN, "insert into planned_notices (organization_id, session_id, kind, starts_at, lead_minutes, planned_at) values ($1, $2, $3, $4, $5, $6) on conflict do nothing");
statement!(tenant LATE, "select count(*) from mails where organization_id = $1 and session_id = $2 and state = 'wanted' and created_at < $3");
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
    /// `wanted`, `sent`, `dropped`, or `off`: the person wants no such mail.
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
    /// Its person wants such mails.
    pub wanted: bool,
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
            now,
            if mail.wanted { "wanted" } else { "off" }
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

/// One of many mails about a session.
#[derive(Debug, Serialize)]
pub struct OneOfMany {
    /// Its id, and its Message-ID.
    #[serde(serialize_with = "hexed")]
    pub id: Uuid,
    /// To whom.
    #[serde(serialize_with = "hexed")]
    pub person: Uuid,
    /// Which mail.
    pub kind: &'static str,
    /// One mail of a kind about the same thing goes to a person once.
    pub about: String,
    /// `wanted`, or `off` for whoever wants no such mail.
    pub state: &'static str,
}

/// As SQLite's `unhex` and PostgreSQL's cast to `uuid` both read it.
fn hexed<S: Serializer>(id: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&id.simple())
}

/// Decides on many mails about one session at once; what was decided on before stays.
pub async fn insert_many(
    tx: &mut Tx,
    organization: OrganizationId,
    mails: &[OneOfMany],
    session: SessionId,
    facts: &Value,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let rows = serde_json::to_string(mails).map_err(|error| StoreError::corrupt("mails", error))?;
    run!(
        execute,
        tx,
        INSERT_MANY,
        [organization.uuid(), rows, session.uuid(), sqlx::types::Json(facts), now]
    )?;
    Ok(())
}

/// A mail that waits to be sent, with its person and their place in the class.
#[derive(Debug, FromRow)]
pub struct WantedMail {
    /// Its id.
    pub id: Uuid,
    /// To whom.
    pub person_id: Uuid,
    /// Ids and instants it needs besides.
    pub facts: sqlx::types::Json<Value>,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: Option<String>,
    /// Address.
    pub email: String,
    /// Chosen language.
    pub language: Option<String>,
    /// Chosen zone.
    pub time_zone: Option<String>,
    /// They may come at all.
    pub person_active: bool,
    /// Of their place, while they have one.
    pub generation: Option<i64>,
    /// It is a guest's place.
    pub guest: bool,
    /// It is good for all sessions.
    pub all_sessions: Option<bool>,
}

/// Mails of a kind about a session that wait to be sent, after an id.
pub async fn wanted(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    kind: &str,
    after: Uuid,
    limit: i64,
) -> Result<Vec<WantedMail>, StoreError> {
    Ok(run!(all, tx, WANTED, [organization.uuid(), session.uuid(), kind, after, limit])?)
}

/// The mails are sent, or dropped.
pub async fn finish(
    tx: &mut Tx,
    organization: OrganizationId,
    ids: &[Uuid],
    sent: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let ids = crate::ids::json_list(ids.iter().copied());
    run!(execute, tx, FINISH, [organization.uuid(), ids, if sent { "sent" } else { "dropped" }, now])?;
    Ok(())
}

/// A notice as its person sees it.
#[derive(Debug, FromRow)]
pub struct NoticeRow {
    /// Its id.
    pub id: Uuid,
    /// Which.
    pub kind: String,
    /// About which session.
    pub session_id: Option<Uuid>,
    /// Ids and instants besides.
    pub facts: sqlx::types::Json<Value>,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was seen.
    pub seen_at: Option<DateTime<Utc>>,
    /// The session's title.
    pub title: Option<String>,
    /// Its first instant.
    pub starts_at: Option<DateTime<Utc>>,
    /// Its last instant.
    pub ends_at: Option<DateTime<Utc>>,
    /// Its zone.
    pub time_zone: Option<String>,
    /// Why it was called off.
    pub cancel_reason: Option<String>,
}

/// A person's notices, newest first, before one.
pub async fn notices(
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
    before: Uuid,
    limit: i64,
) -> Result<Vec<NoticeRow>, StoreError> {
    Ok(run!(all, tx, NOTICES, [organization.uuid(), person.uuid(), before, limit])?)
}

/// How many notices since an instant were not seen: at most 100.
pub async fn unseen(
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
    since: DateTime<Utc>,
) -> Result<i64, StoreError> {
    Ok(run!(value, tx, UNSEEN, [organization.uuid(), person.uuid(), since])?)
}

/// The person has seen what there is.
pub async fn see(
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, SEE, [organization.uuid(), person.uuid(), now])?;
    Ok(())
}

/// Who chose not to get everything of a topic.
pub async fn choices_of_topic(
    tx: &mut Tx,
    organization: OrganizationId,
    topic: &str,
) -> Result<Vec<(Uuid, bool, bool)>, StoreError> {
    Ok(run!(all, tx, CHOICES_OF_TOPIC, [organization.uuid(), topic])?)
}

/// A person's choices.
pub async fn choices_of_person(
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
) -> Result<Vec<(String, bool, bool)>, StoreError> {
    Ok(run!(all, tx, CHOICES_OF_PERSON, [organization.uuid(), person.uuid()])?)
}

/// Writes a choice: mail, and on the pages.
pub async fn save_choice(
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
    topic: &str,
    (mail, live): (bool, bool),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(execute, tx, SAVE_CHOICE, [organization.uuid(), person.uuid(), topic, mail, live, now])?;
    Ok(())
}

/// Sessions that start within the lead and of which nobody was told yet: id, start, and since when they are in the timetable.
pub async fn unplanned(
    tx: &mut Tx,
    organization: OrganizationId,
    kind: &str,
    lead_minutes: u32,
    now: DateTime<Utc>,
) -> Result<Vec<(Uuid, DateTime<Utc>, DateTime<Utc>)>, StoreError> {
    let until = now + chrono::Duration::minutes(i64::from(lead_minutes));
    Ok(run!(all, tx, UNPLANNED, [organization.uuid(), now, until, kind, i64::from(lead_minutes)])?)
}

/// From now on the notice for this start counts as given.
pub async fn plan(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    (kind, starts_at, lead_minutes): (&str, DateTime<Utc>, u32),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        PLAN,
        [organization.uuid(), session.uuid(), kind, starts_at, i64::from(lead_minutes), now]
    )?;
    Ok(())
}

/// How many mails about a session were decided on before an instant and still wait.
pub async fn late(
    tx: &mut Tx,
    organization: OrganizationId,
    session: SessionId,
    before: DateTime<Utc>,
) -> Result<i64, StoreError> {
    Ok(run!(value, tx, LATE, [organization.uuid(), session.uuid(), before])?)
}

/// When links to a class were sent, and to whom, oldest first.
pub async fn links_sent(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
) -> Result<Vec<(Uuid, DateTime<Utc>)>, StoreError> {
    Ok(run!(all, tx, LINKS_SENT, [organization.uuid(), class.uuid()])?)
}
