//! Making booking pages, and giving them other terms.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use lectern_core::{
    ids::{ClassId, OrganizationId, PersonId},
    openings::{Availability, Hours, HoursError},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    find::{hold, own},
    terms::{BookingPageView, SaveBookingPage, WEEKDAYS, view},
};
use crate::{
    app::App,
    audit::{self, EntryKind},
    booking_pages::store::{self, Audience, BookingPage},
    bookings::offers::checked_price,
    classes::{self, Class, making},
    cohorts,
    db::Tx,
    error::{ApiError, FieldError},
    extract::SignedIn,
    organizations, payments, people,
};

/// Spans of a day, and days with hours of their own, at most.
const MOST_SPANS: usize = 12;
const MOST_EXCEPTIONS: usize = 400;

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
    let spans = availability.weekly.iter().flatten().chain(availability.exceptions.values().flatten());
    if new.open && errors.is_empty() && !spans.clone().any(|span| span.minutes() >= new.duration_minutes) {
        errors.push(FieldError::new(
            "weekly",
            "No span is long enough for one slot. Give hours, or leave the page closed.",
        ));
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
async fn zone_of(tx: &mut Tx, organization: OrganizationId, person: PersonId) -> Result<String, ApiError> {
    let own = people::service::find(tx, organization, person).await?.and_then(|person| person.time_zone);
    match own {
        Some(zone) => Ok(zone),
        None => Ok(organizations::service::settings_in(tx, organization).await?.time_zone),
    }
}
