//! The terms of a booking page, as they are sent and shown.

use chrono::{DateTime, NaiveDate, Utc};
use lectern_core::{
    ids::{ClassId, OrganizationId},
    openings::Hours,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    app::App, booking_pages::store::BookingPage, classes::service::PersonRef, db::Tx, error::ApiError, people,
};

/// The days of a week, as rules name them.
pub const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

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
