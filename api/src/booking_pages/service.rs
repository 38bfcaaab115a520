//! Making booking pages, and who may see and use them.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use lectern_core::{
    ids::{ClassId, OrganizationId, PersonId},
    openings::{Availability, Hours, HoursError},
    role::Role,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::{self, Audience, BookingPage};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    bookings::offers::checked_price,
    classes::{
        self, Class,
        making::{self, Made},
        service::PersonRef,
    },
    cohorts,
    db::Tx,
    error::{ApiError, FieldError},
    extract::SignedIn,
    organizations::{self, Organization},
    payments, people, sessions,
};

/// The days of a week, as rules name them.
pub const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
/// Spans of a day, and days with hours of their own, at most.
const MOST_SPANS: usize = 12;
const MOST_EXCEPTIONS: usize = 400;

/// Hours of one weekday.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WeeklyHours {
    /// `MO`, `TU`, `WE`, `TH`, `FR`, `SA` or `SU`.
    #[schema(example = "MO")]
    pub weekday: String,
    /// On the clock of `time_zone`.
    #[schema(example = "18:00")]
    pub from: String,
    /// The end; a day ends at `24:00`.
    #[schema(example = "21:00")]
    pub to: String,
}

/// From a time of day until another.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DayHours {
    /// On the clock of `time_zone`.
    #[schema(example = "10:00")]
    pub from: String,
    /// The end.
    #[schema(example = "12:00")]
    pub to: String,
}

/// A day with hours of its own.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExceptionDay {
    /// Which.
    #[schema(value_type = String, example = "2026-12-31")]
    pub date: NaiveDate,
    /// Its hours; none: closed.
    #[serde(default)]
    pub hours: Vec<DayHours>,
}

/// A booking page, as shown to whoever runs it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BookingPageView {
    /// Its id.
    pub id: Uuid,
    /// Who is booked.
    pub instructor: PersonRef,
    /// Whose platform and options the classes of those who book take; null: the organization's platform.
    pub class_id: Option<Uuid>,
    /// What is booked.
    #[schema(example = "Office hours")]
    pub title: String,
    /// What it is about.
    pub description: String,
    /// On whose clock the hours are.
    #[schema(example = "Asia/Dhaka")]
    pub time_zone: String,
    /// The hours of each week.
    pub weekly: Vec<WeeklyHours>,
    /// Days with other hours.
    pub exceptions: Vec<ExceptionDay>,
    /// How long a slot is.
    pub duration_minutes: i64,
    /// Slots begin every so many minutes.
    pub every_minutes: i64,
    /// Free before each.
    pub buffer_before_minutes: i64,
    /// Free behind each.
    pub buffer_after_minutes: i64,
    /// Booked, moved and given back not later than so long before.
    pub notice_minutes: i64,
    /// Booked so many days ahead at most.
    pub ahead_days: i64,
    /// So many a day.
    pub daily_limit: Option<i64>,
    /// `anyone`, `organization` or `cohort`.
    pub audience: &'static str,
    /// The cohort of that audience.
    pub cohort_id: Option<Uuid>,
    /// In the currency's smallest unit; 0: free.
    pub price: i64,
    /// ISO 4217, in small letters.
    #[schema(example = "bdt")]
    pub currency: String,
    /// Whole refund until so many hours before.
    pub refund_hours: i64,
    /// Bookings are taken.
    pub open: bool,
    /// The page on which people book.
    pub url: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// The terms of a booking page.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveBookingPage {
    /// At most 120 characters.
    #[schema(example = "Office hours")]
    pub title: String,
    /// At most 2000 characters.
    #[serde(default)]
    pub description: Option<String>,
    /// Who is booked: the caller when left out; only an admin may name somebody else. It stays as it is once the page is made.
    #[serde(default)]
    pub instructor_id: Option<Uuid>,
    /// A class of theirs whose platform, options and pasted link the classes of those who book take.
    #[serde(default)]
    pub class_id: Option<Uuid>,
    /// IANA zone of the hours; the instructor's own when left out.
    #[serde(default)]
    #[schema(example = "Asia/Dhaka")]
    pub time_zone: Option<String>,
    /// The hours of each week.
    #[serde(default)]
    pub weekly: Vec<WeeklyHours>,
    /// Days with other hours.
    #[serde(default)]
    pub exceptions: Vec<ExceptionDay>,
    /// 5 to 480.
    #[schema(example = 30)]
    pub duration_minutes: i64,
    /// Slots begin every so many minutes, 5 to 480; `duration_minutes` when left out.
    #[serde(default)]
    pub every_minutes: Option<i64>,
    /// Free before each, 0 to 240.
    #[serde(default)]
    pub buffer_before_minutes: i64,
    /// Free behind each, 0 to 240.
    #[serde(default)]
    pub buffer_after_minutes: i64,
    /// Booked, moved and given back not later than so long before: 0 to 43200; two hours when left out.
    #[serde(default = "two_hours")]
    pub notice_minutes: i64,
    /// Booked so many days ahead at most, 1 to 366; 60 when left out.
    #[serde(default = "two_months")]
    pub ahead_days: i64,
    /// So many a day on the clock of `time_zone`, 1 to 100; as many as there is room for when left out.
    #[serde(default)]
    pub daily_limit: Option<i64>,
    /// `anyone` (when left out), `organization` (whoever is signed in), `cohort`.
    #[serde(default = "anyone")]
    #[schema(example = "anyone")]
    pub audience: String,
    /// The cohort of that audience.
    #[serde(default)]
    pub cohort_id: Option<Uuid>,
    /// In the currency's smallest unit; 0 (when left out): free.
    #[serde(default)]
    pub price: i64,
    /// ISO 4217.
    #[serde(default = "usual_currency")]
    #[schema(example = "bdt")]
    pub currency: String,
    /// Whole refund until so many hours before; 24 when left out.
    #[serde(default = "a_day")]
    pub refund_hours: i64,
    /// Bookings are taken; `true` when left out.
    #[serde(default = "yes")]
    pub open: bool,
}

const fn two_hours() -> i64 {
    120
}

const fn two_months() -> i64 {
    60
}

fn anyone() -> String {
    "anyone".to_owned()
}

fn usual_currency() -> String {
    "usd".to_owned()
}

const fn a_day() -> i64 {
    24
}

const fn yes() -> bool {
    true
}

/// The page on which people book, within this server.
#[must_use]
pub fn path(page: Uuid) -> String {
    format!("/book/with/{page}")
}

/// The view of a page.
pub async fn view(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    page: &BookingPage,
) -> Result<BookingPageView, ApiError> {
    let instructor = people::service::find(tx, organization, page.instructor).await?;
    let weekly = WEEKDAYS.iter().zip(&page.availability.weekly).flat_map(|(weekday, hours)| {
        hours.iter().map(|span| WeeklyHours {
            weekday: (*weekday).to_owned(),
            from: span.from.to_string(),
            to: span.to.to_string(),
        })
    });
    let span = |span: &Hours| DayHours { from: span.from.to_string(), to: span.to.to_string() };
    let exceptions = page.availability.exceptions.iter();
    let exceptions =
        exceptions.map(|(date, hours)| ExceptionDay { date: *date, hours: hours.iter().map(span).collect() });
    Ok(BookingPageView {
        id: page.id,
        instructor: PersonRef {
            id: page.instructor.uuid(),
            name: instructor.map(|person| person.name()).unwrap_or_default(),
        },
        class_id: page.class.map(ClassId::uuid),
        title: page.title.clone(),
        description: page.description.clone(),
        time_zone: page.zone.clone(),
        weekly: weekly.collect(),
        exceptions: exceptions.collect(),
        duration_minutes: page.duration_minutes,
        every_minutes: page.every_minutes,
        buffer_before_minutes: page.before_minutes,
        buffer_after_minutes: page.after_minutes,
        notice_minutes: page.notice_minutes,
        ahead_days: page.ahead_days,
        daily_limit: page.daily_limit,
        audience: page.audience.as_str(),
        cohort_id: page.audience.cohort().map(|id| id.uuid()),
        price: page.price,
        currency: page.currency.clone(),
        refund_hours: page.refund_hours,
        open: page.open,
        url: app.config.server.url(&path(page.id)),
        created_at: page.created_at,
    })
}

fn hours_of(spans: &[(&str, &str)]) -> Result<Vec<Hours>, HoursError> {
    let read = spans.iter().map(|(from, to)| Ok(Hours { from: from.parse()?, to: to.parse()? }));
    Hours::of_a_day(read.collect::<Result<_, HoursError>>()?)
}

fn availability(new: &SaveBookingPage, errors: &mut Vec<FieldError>) -> Availability {
    let mut availability = Availability::default();
    if let Some(wrong) = new.weekly.iter().find(|one| !WEEKDAYS.contains(&one.weekday.as_str())) {
        errors.push(FieldError::new("weekly", format!("{} is no weekday. Send MO to SU.", wrong.weekday)));
    }
    for (weekday, hours) in WEEKDAYS.iter().zip(&mut availability.weekly) {
        let spans: Vec<_> = new
            .weekly
            .iter()
            .filter(|one| one.weekday == *weekday)
            .map(|one| (one.from.as_str(), one.to.as_str()))
            .collect();
        match hours_of(&spans) {
            Ok(read) if read.len() <= MOST_SPANS => *hours = read,
            Ok(_) => errors.push(FieldError::new("weekly", "At most 12 spans a day.")),
            Err(error) => errors.push(FieldError::new("weekly", format!("{weekday}: {error}"))),
        }
    }
    let mut exceptions = BTreeMap::new();
    for day in &new.exceptions {
        let spans: Vec<_> = day.hours.iter().map(|one| (one.from.as_str(), one.to.as_str())).collect();
        let wrong = match hours_of(&spans) {
            Ok(read) if read.len() > MOST_SPANS => Some("At most 12 spans a day.".to_owned()),
            Ok(read) => exceptions.insert(day.date, read).map(|_| "This day stands here twice.".to_owned()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(wrong) = wrong {
            errors.push(FieldError::new("exceptions", format!("{}: {wrong}", day.date)));
        }
    }
    if exceptions.len() > MOST_EXCEPTIONS {
        errors.push(FieldError::new("exceptions", "At most 400 days."));
    }
    availability.exceptions = exceptions;
    availability
}

/// What can be checked without a look at anything else.
fn checked(new: &SaveBookingPage) -> Result<(String, String, Availability, String), ApiError> {
    let mut errors = Vec::new();
    let title = people::service::one_line(&new.title, 120)
        .map_err(|message| errors.push(FieldError::new("title", message)))
        .unwrap_or_default();
    let description = classes::service::description(new.description.as_deref(), &mut errors);
    let availability = availability(new, &mut errors);
    let every = new.every_minutes.unwrap_or(new.duration_minutes);
    for (field, value, least, most) in [
        ("duration_minutes", new.duration_minutes, 5, 480),
        ("every_minutes", every, 5, 480),
        ("buffer_before_minutes", new.buffer_before_minutes, 0, 240),
        ("buffer_after_minutes", new.buffer_after_minutes, 0, 240),
        ("notice_minutes", new.notice_minutes, 0, 43_200),
        ("ahead_days", new.ahead_days, 1, 366),
        ("daily_limit", new.daily_limit.unwrap_or(1), 1, 100),
    ] {
        if !(least..=most).contains(&value) {
            errors.push(FieldError::new(field, format!("Between {least} and {most}.")));
        }
    }
    if new.time_zone.as_deref().is_some_and(|zone| zone.parse::<Tz>().is_err()) {
        errors.push(FieldError::new("time_zone", "Use an IANA zone such as Asia/Dhaka."));
    }
    let currency = checked_price((new.price, &new.currency), new.refund_hours, &mut errors);
    match (new.audience.as_str(), new.cohort_id) {
        ("anyone" | "organization", None) | ("cohort", Some(_)) => {}
        ("cohort", None) => errors.push(FieldError::new("cohort_id", "Name the cohort.")),
        ("anyone" | "organization", Some(_)) => {
            errors.push(FieldError::new("cohort_id", "Leave it out, or make the audience \"cohort\"."));
        }
        _ => errors.push(FieldError::new("audience", "Send \"anyone\", \"organization\" or \"cohort\".")),
    }
    if errors.is_empty() {
        Ok((title, description, availability, currency))
    } else {
        Err(ApiError::Invalid(errors))
    }
}

/// Makes a page, or gives it other terms: what was booked stays as it was booked.
///
/// # Errors
/// [`ApiError::Invalid`] with every wrong field; [`ApiError::Conflict`] when a price is asked without a payment account.
pub async fn save(
    app: &App,
    who: &SignedIn,
    id: Option<Uuid>,
    new: SaveBookingPage,
) -> Result<BookingPageView, ApiError> {
    let organization = who.organization;
    let (title, description, availability, currency) = checked(&new)?;
    let paying = payments::service::show(app, organization).await?.configured;
    let now = app.clock.now();
    let mut tx = app.db.begin(organization).await?;
    let before = match id {
        Some(id) => {
            let found = own(&mut tx, who, id).await?;
            // Nobody books on the old terms while the new ones are written.
            Some(hold(&mut tx, organization, found.id).await?)
        }
        None => None,
    };
    if new.open && new.price > 0 && !paying {
        return Err(payments::service::missing());
    }
    let class = match new.class_id {
        Some(class) => Some(template(&mut tx, who, class).await?),
        None => None,
    };
    making::platform(&mut tx, organization, class.as_ref()).await?;
    let instructor = match (&before, &class) {
        (Some(before), _) => before.instructor,
        (None, Some(class)) if new.instructor_id.is_none() => class.instructor,
        _ => classes::service::instructor(&mut tx, who, new.instructor_id).await?,
    };
    if new.instructor_id.is_some_and(|named| named != instructor.uuid()) {
        return Err(ApiError::field("instructor_id", "A page stays with its instructor. Make another page."));
    }
    if class.as_ref().is_some_and(|class| class.instructor != instructor) {
        return Err(ApiError::field("class_id", "Somebody else teaches this class."));
    }
    let audience = Audience::parse(&new.audience, new.cohort_id).unwrap_or(Audience::Organization);
    if let Some(cohort) = audience.cohort() {
        cohorts::service::find(&mut tx, who, cohort)
            .await
            .map_err(|_| ApiError::field("cohort_id", "There is no cohort with this id here."))?;
    }
    let zone = match (new.time_zone, &before) {
        (Some(zone), _) => zone,
        (None, Some(before)) => before.zone.clone(),
        (None, None) => zone_of(&mut tx, organization, instructor).await?,
    };
    let page = BookingPage {
        id: before.as_ref().map_or_else(|| app.ids.next(), |before| before.id),
        instructor,
        class: class.map(|class| class.id),
        title,
        description,
        zone,
        availability,
        duration_minutes: new.duration_minutes,
        every_minutes: new.every_minutes.unwrap_or(new.duration_minutes),
        before_minutes: new.buffer_before_minutes,
        after_minutes: new.buffer_after_minutes,
        notice_minutes: new.notice_minutes,
        ahead_days: new.ahead_days,
        daily_limit: new.daily_limit,
        audience,
        price: new.price,
        currency,
        refund_hours: new.refund_hours,
        open: new.open,
        created_at: before.as_ref().map_or(now, |before| before.created_at),
    };
    match before {
        Some(_) => store::update(&mut tx, organization, &page, now).await?,
        None => store::insert(&mut tx, organization, &page).await?,
    }
    let details =
        json!({"page": page.id, "open": page.open, "price": page.price, "audience": page.audience.as_str()});
    let entry = app.entry(organization, EntryKind::BookingPageSaved, who.actor()).person(page.instructor);
    audit::store::insert(&mut tx, &entry.details(details)).await?;
    let view = view(app, &mut tx, organization, &page).await?;
    tx.commit().await?;
    Ok(view)
}

async fn template(tx: &mut Tx, who: &SignedIn, class: Uuid) -> Result<Class, ApiError> {
    match classes::service::own_active(tx, who, ClassId(class)).await {
        Err(ApiError::NotFound) => Err(ApiError::field("class_id", "There is no class with this id here.")),
        other => other,
    }
}

/// The zone somebody lives in: their own, else the organization's.
pub(super) async fn zone_of(
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
) -> Result<String, ApiError> {
    let own = people::service::find(tx, organization, person).await?.and_then(|person| person.time_zone);
    match own {
        Some(zone) => Ok(zone),
        None => Ok(organizations::service::settings_in(tx, organization).await?.time_zone),
    }
}

/// The page, when this person may run it: an admin any, an instructor their own. Else it is not there.
pub async fn own(tx: &mut Tx, who: &SignedIn, id: Uuid) -> Result<BookingPage, ApiError> {
    let page = store::find(tx, who.organization, id).await?.ok_or(ApiError::NotFound)?;
    match who.role {
        Role::Admin => Ok(page),
        Role::Instructor if page.instructor == who.person => Ok(page),
        _ => Err(ApiError::NotFound),
    }
}

/// The pages this person may run, newest first.
pub async fn list(
    tx: &mut Tx,
    who: &SignedIn,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<BookingPage>, ApiError> {
    let instructor = (who.role != Role::Admin).then_some(who.person);
    Ok(store::list(tx, who.organization, instructor, before, limit).await?)
}

/// A page of an organization, whoever asks: for other rooms.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
) -> Result<Option<BookingPage>, ApiError> {
    Ok(store::find(tx, organization, id).await?)
}

/// A page as it is while nobody else plans its host's time, until the transaction ends.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn hold(tx: &mut Tx, organization: OrganizationId, id: Uuid) -> Result<BookingPage, ApiError> {
    let page = store::find(tx, organization, id).await?.ok_or(ApiError::NotFound)?;
    sessions::service::hold_host(tx, organization, page.instructor).await?;
    store::find(tx, organization, id).await?.ok_or(ApiError::NotFound)
}

/// Whether somebody can book on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// Yes.
    Open,
    /// Nobody can.
    Closed,
    /// They must say who they are.
    SignIn,
    /// It is for others.
    Others,
}

impl Stand {
    /// The word on pages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::SignIn => "sign_in",
            Self::Others => "others",
        }
    }
}

/// Whether somebody who is known, or is not, can book on a page. Of those who are not signed in nobody learns who belongs.
pub async fn stand(
    tx: &mut Tx,
    organization: OrganizationId,
    page: &BookingPage,
    known: Option<PersonId>,
) -> Result<Stand, ApiError> {
    let host = people::service::find(tx, organization, page.instructor).await?;
    if !page.open || host.is_none_or(|host| !host.active) {
        return Ok(Stand::Closed);
    }
    Ok(match (page.audience, known) {
        (Audience::Anyone, _) | (Audience::Organization, Some(_)) => Stand::Open,
        (Audience::Organization | Audience::Cohort(_), None) => Stand::SignIn,
        (Audience::Cohort(cohort), Some(person)) => {
            if cohorts::service::has(tx, organization, cohort, person).await? {
                Stand::Open
            } else {
                Stand::Others
            }
        }
    })
}

/// The page, when a member may see it: whoever runs it, and whoever can book on it.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn readable(tx: &mut Tx, who: &SignedIn, id: Uuid) -> Result<BookingPage, ApiError> {
    if let Ok(own) = own(tx, who, id).await {
        return Ok(own);
    }
    let page = store::find(tx, who.organization, id).await?.ok_or(ApiError::NotFound)?;
    let stand = stand(tx, who.organization, &page, Some(who.person)).await?;
    if stand == Stand::Open { Ok(page) } else { Err(ApiError::NotFound) }
}

/// The page of a public address, with its organization.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn public(app: &App, id: Uuid) -> Result<(Organization, BookingPage), ApiError> {
    let mut look = app.db.system_read().await?;
    let organization = store::organization_of(&mut look, id).await?.ok_or(ApiError::NotFound)?;
    drop(look);
    let tenant = organizations::service::find_active(app, organization).await?.ok_or(ApiError::NotFound)?;
    let mut tx = app.db.read(organization).await?;
    let page = store::find(&mut tx, organization, id).await?.ok_or(ApiError::NotFound)?;
    Ok((tenant, page))
}

/// Which of these classes were made for somebody who booked.
pub async fn made_among(
    tx: &mut Tx,
    organization: OrganizationId,
    classes: &[Class],
) -> Result<HashSet<ClassId>, ApiError> {
    let made = store::made_among(tx, organization, classes.iter().map(|class| class.id)).await?;
    Ok(made.into_iter().map(ClassId).collect())
}

/// The class of somebody who books on a page: the one they have, or one that is made now.
pub async fn class_for(
    app: &App,
    tx: &mut Tx,
    (organization, by): (OrganizationId, Actor),
    page: &BookingPage,
    person: PersonId,
) -> Result<Class, ApiError> {
    if let Some(known) = store::class_of(tx, organization, page.id, person).await? {
        let class = classes::service::find(tx, organization, known).await?;
        // One that was archived, or handed to somebody else, is no longer for this.
        if let Some(class) = class.filter(|class| class.active && class.instructor == page.instructor) {
            return Ok(class);
        }
    }
    let like = match page.class {
        Some(like) => classes::service::find(tx, organization, like).await?,
        None => None,
    };
    let who = people::service::find(tx, organization, person).await?.ok_or(ApiError::NotFound)?;
    let title: String = format!("{} · {}", page.title, who.name()).chars().take(200).collect();
    let description = page.description.clone();
    let made = Made { title, description, instructor: page.instructor, like: like.as_ref() };
    let class = making::make(app, tx, (organization, by), made).await?;
    store::set_class(tx, organization, page.id, person, class.id).await?;
    Ok(class)
}
