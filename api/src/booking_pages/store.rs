//! Booking pages, the classes of those who book, and what takes a host's time.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use lectern_core::{
    ids::{ClassId, CohortId, OrganizationId, PersonId},
    openings::{Availability, Openings},
};
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{
    db::{StoreError, Tx},
    run, statement,
};

macro_rules! page {
    ($rest:literal) => {
        concat!("select id, instructor_id, class_id, title, description, time_zone, availability, duration_minutes, every_minutes, before_minutes, after_minutes, notice_minutes, ahead_days, daily_limit, audience, cohort_id, price, currency, refund_hours, state, created_at from booking_pages ", $rest)
    };
}

statement!(tenant FIND, page!("where organization_id = $1 and id = $2"));
statement!(tenant LIST,
    sqlite: page!("where organization_id = $1 and ($2 is null or instructor_id = $2) and ($3 is null or id < $3) order by id desc limit $4"),
    postgres: page!("where organization_id = $1 and ($2::uuid is null or instructor_id = $2) and ($3::uuid is null or id < $3) order by id desc limit $4"));
statement!(tenant INSERT, "insert into booking_pages (id, organization_id, instructor_id, class_id, title, description, time_zone, availability, duration_minutes, every_minutes, before_minutes, after_minutes, notice_minutes, ahead_days, daily_limit, audience, cohort_id, price, currency, refund_hours, state, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $22)");
statement!(tenant UPDATE, "update booking_pages set class_id = $3, title = $4, description = $5, time_zone = $6, availability = $7, duration_minutes = $8, every_minutes = $9, before_minutes = $10, after_minutes = $11, notice_minutes = $12, ahead_days = $13, daily_limit = $14, audience = $15, cohort_id = $16, price = $17, currency = $18, refund_hours = $19, state = $20, updated_at = $21 where organization_id = $1 and id = $2");
statement!(system INSERT_ROUTE, "insert into booking_page_routes (page_id, organization_id) values ($1, $2)");
statement!(system ROUTE, "select organization_id from booking_page_routes where page_id = $1");
statement!(tenant CLASS_OF, "select class_id from booking_page_classes where organization_id = $1 and page_id = $2 and person_id = $3");
statement!(tenant SET_CLASS, "insert into booking_page_classes (organization_id, page_id, person_id, class_id) values ($1, $2, $3, $4)
    on conflict (organization_id, page_id, person_id) do update set class_id = excluded.class_id");
statement!(tenant MADE_AMONG,
    sqlite: "select class_id from booking_page_classes where organization_id = $1 and class_id in (select unhex(value) from json_each($2))",
    postgres: "select class_id from booking_page_classes where organization_id = $1 and class_id = any(array(select value::uuid from json_array_elements_text($2::json)))");
statement!(tenant BUSY, "select s.id, s.starts_at, s.ends_at, s.state, p.id as page_id, p.before_minutes, p.after_minutes
    from sessions s join classes c on c.organization_id = s.organization_id and c.id = s.class_id
    left join booking_page_classes k on k.organization_id = s.organization_id and k.class_id = s.class_id
    left join booking_pages p on p.organization_id = k.organization_id and p.id = k.page_id
    where s.organization_id = $1 and c.instructor_id = $2 and s.starts_at > $3 and s.starts_at < $4 and s.state <> 'cancelled'");
statement!(tenant HELD, "select b.id, b.slot_starts_at, b.slot_minutes, b.page_id, p.before_minutes, p.after_minutes
    from bookings b join booking_pages p on p.organization_id = b.organization_id and p.id = b.page_id
    where b.organization_id = $1 and p.instructor_id = $2 and b.state = 'held' and b.slot_starts_at > $3 and b.slot_starts_at < $4");

/// Who may book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Whoever has the link.
    Anyone,
    /// Whoever is signed in to the organization.
    Organization,
    /// Whoever of them is in this cohort.
    Cohort(CohortId),
}

impl Audience {
    /// The word stored and sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Organization => "organization",
            Self::Cohort(_) => "cohort",
        }
    }

    /// Of which cohort.
    #[must_use]
    pub const fn cohort(self) -> Option<CohortId> {
        match self {
            Self::Cohort(id) => Some(id),
            Self::Anyone | Self::Organization => None,
        }
    }

    /// Read from word and cohort.
    #[must_use]
    pub fn parse(word: &str, cohort: Option<Uuid>) -> Option<Self> {
        match (word, cohort) {
            ("anyone", None) => Some(Self::Anyone),
            ("organization", None) => Some(Self::Organization),
            ("cohort", Some(id)) => Some(Self::Cohort(CohortId(id))),
            _ => None,
        }
    }
}

/// A page on which people book a time with somebody.
#[derive(Clone, Debug)]
pub struct BookingPage {
    /// Its id.
    pub id: Uuid,
    /// Who is booked.
    pub instructor: PersonId,
    /// Whose platform and options the classes take.
    pub class: Option<ClassId>,
    /// What is booked.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// On whose clock the hours are.
    pub zone: String,
    /// The hours.
    pub availability: Availability,
    /// How long.
    pub duration_minutes: i64,
    /// Slots begin every so many minutes.
    pub every_minutes: i64,
    /// Free before.
    pub before_minutes: i64,
    /// Free behind.
    pub after_minutes: i64,
    /// Not later than so long before.
    pub notice_minutes: i64,
    /// Not further ahead.
    pub ahead_days: i64,
    /// So many a day.
    pub daily_limit: Option<i64>,
    /// Who may book.
    pub audience: Audience,
    /// In the currency's smallest unit; 0: free.
    pub price: i64,
    /// Three small letters.
    pub currency: String,
    /// Whole refund until so many hours before.
    pub refund_hours: i64,
    /// Bookings are taken.
    pub open: bool,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

impl BookingPage {
    /// The zone of the hours.
    #[must_use]
    pub fn tz(&self) -> Tz {
        self.zone.parse().unwrap_or(Tz::UTC)
    }

    /// What decides, for slots of another length too: one that was booked keeps its own.
    #[must_use]
    pub fn openings(&self, minutes: i64) -> Openings {
        Openings {
            zone: self.tz(),
            availability: self.availability.clone(),
            length: Duration::minutes(minutes),
            every: Duration::minutes(self.every_minutes),
            before: Duration::minutes(self.before_minutes),
            after: Duration::minutes(self.after_minutes),
            notice: Duration::minutes(self.notice_minutes),
            ahead: Duration::days(self.ahead_days),
            daily_limit: self.daily_limit.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX)),
        }
    }

    /// Until when whoever booked may give a slot back, or move it.
    #[must_use]
    pub fn given_back_until(&self, starts_at: DateTime<Utc>, paid: bool) -> DateTime<Utc> {
        let notice = Duration::minutes(self.notice_minutes);
        let refund = if paid { Duration::hours(self.refund_hours) } else { Duration::zero() };
        starts_at - notice.max(refund)
    }
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    instructor_id: Uuid,
    class_id: Option<Uuid>,
    title: String,
    description: String,
    time_zone: String,
    availability: Json<Availability>,
    duration_minutes: i64,
    every_minutes: i64,
    before_minutes: i64,
    after_minutes: i64,
    notice_minutes: i64,
    ahead_days: i64,
    daily_limit: Option<i64>,
    audience: String,
    cohort_id: Option<Uuid>,
    price: i64,
    currency: String,
    refund_hours: i64,
    state: String,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for BookingPage {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let broken = || StoreError::corrupt("booking_pages", format!("the audience {}", row.audience));
        Ok(Self {
            audience: Audience::parse(&row.audience, row.cohort_id).ok_or_else(broken)?,
            id: row.id,
            instructor: row.instructor_id.into(),
            class: row.class_id.map(ClassId),
            title: row.title,
            description: row.description,
            zone: row.time_zone,
            availability: row.availability.0,
            duration_minutes: row.duration_minutes,
            every_minutes: row.every_minutes,
            before_minutes: row.before_minutes,
            after_minutes: row.after_minutes,
            notice_minutes: row.notice_minutes,
            ahead_days: row.ahead_days,
            daily_limit: row.daily_limit,
            price: row.price,
            currency: row.currency,
            refund_hours: row.refund_hours,
            open: row.state == "open",
            created_at: row.created_at,
        })
    }
}

const fn state(page: &BookingPage) -> &'static str {
    if page.open { "open" } else { "closed" }
}

/// A page.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
) -> Result<Option<BookingPage>, StoreError> {
    let row: Option<Row> = run!(optional, tx, FIND, [organization.uuid(), id])?;
    row.map(BookingPage::try_from).transpose()
}

/// Pages, newest first: of one instructor, or all.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    instructor: Option<PersonId>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<BookingPage>, StoreError> {
    let rows: Vec<Row> =
        run!(all, tx, LIST, [organization.uuid(), instructor.map(PersonId::uuid), before, limit])?;
    rows.into_iter().map(BookingPage::try_from).collect()
}

/// Adds a page and the route to its organization.
pub async fn insert(tx: &mut Tx, organization: OrganizationId, page: &BookingPage) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        INSERT,
        [
            page.id,
            organization.uuid(),
            page.instructor.uuid(),
            page.class.map(ClassId::uuid),
            &page.title,
            &page.description,
            &page.zone,
            Json(&page.availability),
            page.duration_minutes,
            page.every_minutes,
            page.before_minutes,
            page.after_minutes,
            page.notice_minutes,
            page.ahead_days,
            page.daily_limit,
            page.audience.as_str(),
            page.audience.cohort().map(CohortId::uuid),
            page.price,
            &page.currency,
            page.refund_hours,
            state(page),
            page.created_at
        ]
    )?;
    run!(execute, tx, INSERT_ROUTE, [page.id, organization.uuid()])?;
    Ok(())
}

/// Writes what may change.
pub async fn update(
    tx: &mut Tx,
    organization: OrganizationId,
    page: &BookingPage,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    run!(
        execute,
        tx,
        UPDATE,
        [
            organization.uuid(),
            page.id,
            page.class.map(ClassId::uuid),
            &page.title,
            &page.description,
            &page.zone,
            Json(&page.availability),
            page.duration_minutes,
            page.every_minutes,
            page.before_minutes,
            page.after_minutes,
            page.notice_minutes,
            page.ahead_days,
            page.daily_limit,
            page.audience.as_str(),
            page.audience.cohort().map(CohortId::uuid),
            page.price,
            &page.currency,
            page.refund_hours,
            state(page),
            now
        ]
    )?;
    Ok(())
}

/// The organization of a page's public address. In a system transaction.
pub async fn organization_of(tx: &mut Tx, page: Uuid) -> Result<Option<OrganizationId>, StoreError> {
    let found: Option<Uuid> = run!(optional_value, tx, ROUTE, [page])?;
    Ok(found.map(OrganizationId))
}

/// The class that somebody who books on a page has for it.
pub async fn class_of(
    tx: &mut Tx,
    organization: OrganizationId,
    page: Uuid,
    person: PersonId,
) -> Result<Option<ClassId>, StoreError> {
    let found: Option<Uuid> = run!(optional_value, tx, CLASS_OF, [organization.uuid(), page, person.uuid()])?;
    Ok(found.map(ClassId))
}

/// Remembers that class.
pub async fn set_class(
    tx: &mut Tx,
    organization: OrganizationId,
    page: Uuid,
    person: PersonId,
    class: ClassId,
) -> Result<(), StoreError> {
    run!(execute, tx, SET_CLASS, [organization.uuid(), page, person.uuid(), class.uuid()])?;
    Ok(())
}

/// Which of these classes were made for somebody who booked.
pub async fn made_among(
    tx: &mut Tx,
    organization: OrganizationId,
    classes: impl Iterator<Item = ClassId>,
) -> Result<Vec<Uuid>, StoreError> {
    let classes = crate::ids::json_list(classes.map(ClassId::uuid));
    Ok(run!(values, tx, MADE_AMONG, [organization.uuid(), classes])?)
}

/// A session that takes a host's time.
#[derive(Clone, Debug, FromRow)]
pub struct BusySession {
    /// Which.
    pub id: Uuid,
    /// Its begin.
    pub starts_at: DateTime<Utc>,
    /// Its end.
    pub ends_at: DateTime<Utc>,
    /// Where it stands.
    pub state: String,
    /// The page on which it was booked.
    pub page_id: Option<Uuid>,
    /// Free before it.
    pub before_minutes: Option<i64>,
    /// Free behind it.
    pub after_minutes: Option<i64>,
}

/// Sessions of a host that begin between two instants and were not called off.
pub async fn busy(
    tx: &mut Tx,
    organization: OrganizationId,
    host: PersonId,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<BusySession>, StoreError> {
    Ok(run!(all, tx, BUSY, [organization.uuid(), host.uuid(), from, until])?)
}

/// A slot that is kept for somebody who is paying.
#[derive(Clone, Debug, FromRow)]
pub struct HeldSlot {
    /// The booking.
    pub id: Uuid,
    /// Its begin.
    pub slot_starts_at: DateTime<Utc>,
    /// Its length.
    pub slot_minutes: i64,
    /// On which page.
    pub page_id: Uuid,
    /// Free before it.
    pub before_minutes: i64,
    /// Free behind it.
    pub after_minutes: i64,
}

/// Slots of a host that are kept, and begin between two instants.
pub async fn held(
    tx: &mut Tx,
    organization: OrganizationId,
    host: PersonId,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<HeldSlot>, StoreError> {
    Ok(run!(all, tx, HELD, [organization.uuid(), host.uuid(), from, until])?)
}
