//! Booking pages for whoever is booked, and for admins: the list, the terms, and who has booked.

use axum::{extract::State, response::Response};
use lectern_core::{
    booking::{decimals, money, read_money},
    openings::{Availability, Hours},
    role::Role,
    text::plain_digits,
};
use lectern_web::{
    Choice, FieldError as PageFieldError, NoticeKind, Section,
    pages::{
        booking::BookingRow,
        booking_page::{BookingPageEdit, BookingPageForm, BookingPageRow, BookingPagesPage},
    },
};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    app::App,
    booking_pages::{
        BookingPage,
        service::{self, DayHours, ExceptionDay, SaveBookingPage, WEEKDAYS, WeeklyHours},
    },
    bookings::{self, service::EndedBy},
    calendar, classes, cohorts,
    error::ApiError,
    extract::{Form, Instructor, Path, Query, SignedIn},
    list::Paging,
    live::feed::instant,
    pages::{Pages, Reader, beside_form, see_other},
    payments, people,
    sessions::pages::zones,
};

/// The fields of the days, from Monday on.
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Which part of the list, and what was done before the page came.
#[derive(Debug, Default, Deserialize)]
pub struct PagesQuery {
    cursor: Option<String>,
    notice: Option<NoticeKind>,
}

/// `GET /booking-pages`
pub async fn list(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Query(query): Query<PagesQuery>,
) -> Result<Response, ApiError> {
    let paging = Paging::new(Some(100), query.cursor.as_deref())?;
    let mut tx = app.db.read(who.organization).await?;
    let rows = service::list(&mut tx, &who, paging.id()?, paging.fetch()).await?;
    let list = paging.list(rows, |page| page.id.to_string(), |page| page);
    let hosts: Vec<_> = list.items.iter().map(|page| page.instructor).collect();
    let hosts = people::service::of_ids(&mut tx, who.organization, &hosts).await?;
    drop(tx);
    let row = |page: &BookingPage| BookingPageRow {
        id: page.id.to_string(),
        title: page.title.clone(),
        host: hosts
            .iter()
            .find(|host| host.id == page.instructor)
            .map(|host| host.name())
            .unwrap_or_default(),
        minutes: u32::try_from(page.duration_minutes).unwrap_or(0),
        price: (page.price > 0).then(|| money(page.price, &page.currency)),
        open: page.open,
        url: app.config.server.url(&service::path(page.id)),
    };
    let page = BookingPagesPage {
        items: list.items.iter().map(row).collect(),
        next_url: list.next_cursor.map(|cursor| format!("/booking-pages?cursor={cursor}")),
    };
    Pages::new(&app, &who, reader, Section::BookingPages).await?.notice(query.notice).show(&page)
}

fn blank(zone: &str) -> BookingPageForm {
    BookingPageForm {
        time_zone: zone.to_owned(),
        hours: std::array::from_fn(|day| if day < 5 { "09:00-12:00".to_owned() } else { String::new() }),
        duration_minutes: "30".to_owned(),
        buffer_before_minutes: "0".to_owned(),
        buffer_after_minutes: "0".to_owned(),
        notice_minutes: "120".to_owned(),
        ahead_days: "60".to_owned(),
        audience: "anyone".to_owned(),
        currency: "usd".to_owned(),
        refund_hours: "24".to_owned(),
        open: true,
        ..BookingPageForm::default()
    }
}

fn filled(page: &BookingPage) -> BookingPageForm {
    let plain = money(page.price, &page.currency);
    let plain = plain.split(' ').next().unwrap_or_default().replace(',', "");
    BookingPageForm {
        title: page.title.clone(),
        description: page.description.clone(),
        instructor_id: page.instructor.to_string(),
        class_id: page.class.map(|class| class.to_string()).unwrap_or_default(),
        time_zone: page.zone.clone(),
        hours: page.availability.weekly.clone().map(|hours| Hours::written(&hours)),
        exceptions: page.availability.written_exceptions(),
        duration_minutes: page.duration_minutes.to_string(),
        every_minutes: page.every_minutes.to_string(),
        buffer_before_minutes: page.before_minutes.to_string(),
        buffer_after_minutes: page.after_minutes.to_string(),
        notice_minutes: page.notice_minutes.to_string(),
        ahead_days: page.ahead_days.to_string(),
        daily_limit: page.daily_limit.map(|limit| limit.to_string()).unwrap_or_default(),
        audience: match page.audience.cohort() {
            Some(cohort) => cohort.to_string(),
            None => page.audience.as_str().to_owned(),
        },
        price: if page.price == 0 { String::new() } else { plain },
        currency: page.currency.clone(),
        refund_hours: page.refund_hours.to_string(),
        open: page.open,
        errors: Vec::new(),
    }
}

async fn edit_page(
    app: &App,
    who: &SignedIn,
    id: Option<Uuid>,
    typed: Option<BookingPageForm>,
) -> Result<BookingPageEdit, ApiError> {
    let organization = who.organization;
    let can_charge = payments::service::show(app, organization).await?.configured;
    let mut tx = app.db.read(organization).await?;
    let zone = calendar::service::zone_of(&mut tx, who).await?;
    let page = match id {
        Some(id) => Some(service::own(&mut tx, who, id).await?),
        None => None,
    };
    let mut items = Vec::new();
    if let Some(page) = &page {
        let booked = bookings::service::of_page(&mut tx, organization, page.id).await?;
        let ids: Vec<_> = booked.iter().map(|booking| booking.person).collect();
        let known = people::service::of_ids(&mut tx, organization, &ids).await?;
        items.extend(booked.iter().map(|booking| {
            let person = known.iter().find(|person| person.id == booking.person);
            BookingRow {
                id: booking.id.to_string(),
                person_id: booking.person.to_string(),
                name: person.map(|person| person.name()).unwrap_or_default(),
                email: person.map(|person| person.email.clone()).unwrap_or_default(),
                state: booking.state.as_str().to_owned(),
                price: (booking.price > 0).then(|| money(booking.price, &booking.currency)),
                at: instant(booking.slot.as_ref().map_or(booking.created_at, |slot| slot.starts_at)),
                problem: booking.problem.clone(),
                can_end: booking.state.is_living(),
            }
        }));
    }
    let host = page.as_ref().map(|page| page.instructor);
    let mut classes = vec![Choice::new("", "–")];
    // The classes of those who have booked are like another one themselves.
    let all = classes::service::list(&mut tx, who, &Paging::new(Some(200), None)?).await?.items;
    let made = service::made_among(&mut tx, organization, &all).await?;
    for class in all {
        if !made.contains(&class.id) && host.is_none_or(|host| class.instructor == host) {
            classes.push(Choice::new(class.id.to_string(), class.title));
        }
    }
    let cohorts = cohorts::service::names(&mut tx, organization).await?;
    let instructors = if page.is_none() && who.role == Role::Admin {
        people::service::teachers(&mut tx, organization).await?
    } else {
        Vec::new()
    };
    let form = match (typed, &page) {
        (Some(typed), _) => typed,
        (None, Some(page)) => filled(page),
        (None, None) => BookingPageForm { instructor_id: who.person.to_string(), ..blank(zone.name()) },
    };
    Ok(BookingPageEdit {
        id: page.as_ref().map(|page| page.id.to_string()),
        url: page.as_ref().map(|page| app.config.server.url(&service::path(page.id))),
        form,
        items,
        instructors: instructors
            .iter()
            .map(|person| Choice::new(person.id.to_string(), person.name()))
            .collect(),
        classes,
        cohorts: cohorts.into_iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect(),
        zones: zones(),
        can_charge,
        can_set_up: who.role == Role::Admin,
        zone: zone.name().to_owned(),
    })
}

/// `GET /booking-pages/new`
pub async fn new(State(app): State<App>, who: Instructor, reader: Reader) -> Result<Response, ApiError> {
    let page = edit_page(&app, &who, None, None).await?;
    Pages::new(&app, &who, reader, Section::BookingPages).await?.show(&page)
}

/// `GET /booking-pages/{id}`
pub async fn show(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Query(query): Query<PagesQuery>,
) -> Result<Response, ApiError> {
    let page = edit_page(&app, &who, Some(id), None).await?;
    Pages::new(&app, &who, reader, Section::BookingPages).await?.notice(query.notice).show(&page)
}

/// The typed terms.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct TermsForm {
    open: Option<String>,
    title: String,
    description: String,
    instructor_id: String,
    class_id: String,
    monday: String,
    tuesday: String,
    wednesday: String,
    thursday: String,
    friday: String,
    saturday: String,
    sunday: String,
    time_zone: String,
    exceptions: String,
    duration_minutes: String,
    every_minutes: String,
    buffer_before_minutes: String,
    buffer_after_minutes: String,
    notice_minutes: String,
    ahead_days: String,
    daily_limit: String,
    audience: String,
    price: String,
    currency: String,
    refund_hours: String,
}

impl TermsForm {
    fn days(&self) -> [&str; 7] {
        let days = [
            &self.monday,
            &self.tuesday,
            &self.wednesday,
            &self.thursday,
            &self.friday,
            &self.saturday,
            &self.sunday,
        ];
        days.map(String::as_str)
    }

    fn read(&self) -> Result<SaveBookingPage, Vec<PageFieldError>> {
        let mut errors = Vec::new();
        let mut weekly = Vec::new();
        for ((field, weekday), text) in DAYS.iter().zip(WEEKDAYS).zip(self.days()) {
            match Hours::read(text) {
                Ok(hours) => weekly.extend(hours.iter().map(|span| WeeklyHours {
                    weekday: weekday.to_owned(),
                    from: span.from.to_string(),
                    to: span.to.to_string(),
                })),
                Err(_) => errors.push(PageFieldError::new(*field, "hours")),
            }
        }
        let exceptions = Availability::read_exceptions(&self.exceptions).unwrap_or_else(|_| {
            errors.push(PageFieldError::new("exceptions", "exceptions"));
            Default::default()
        });
        let span = |span: &Hours| DayHours { from: span.from.to_string(), to: span.to.to_string() };
        let exceptions = exceptions
            .iter()
            .map(|(date, hours)| ExceptionDay { date: *date, hours: hours.iter().map(span).collect() });
        let exceptions = exceptions.collect();
        let mut number = |field: &'static str, text: &str| -> Option<i64> {
            let text = plain_digits(text);
            (!text.is_empty())
                .then(|| text.parse().map_err(|_| errors.push(PageFieldError::new(field, "number"))).ok())?
        };
        let duration_minutes = number("duration_minutes", &self.duration_minutes);
        let every_minutes = number("every_minutes", &self.every_minutes);
        let buffer_before_minutes = number("buffer_before_minutes", &self.buffer_before_minutes);
        let buffer_after_minutes = number("buffer_after_minutes", &self.buffer_after_minutes);
        let notice_minutes = number("notice_minutes", &self.notice_minutes);
        let ahead_days = number("ahead_days", &self.ahead_days);
        let daily_limit = number("daily_limit", &self.daily_limit);
        let refund_hours = number("refund_hours", &self.refund_hours);
        let price = match self.price.trim() {
            "" => Some(0),
            text => read_money(text, self.currency.trim()),
        };
        if price.is_none() {
            let told = if decimals(&self.currency) == 0 { "number" } else { "money" };
            errors.push(PageFieldError::new("price", told));
        }
        let mut id = |field: &'static str, text: &str| -> Option<Uuid> {
            (!text.is_empty())
                .then(|| text.parse().map_err(|_| errors.push(PageFieldError::new(field, "choose"))).ok())?
        };
        let instructor_id = id("instructor_id", &self.instructor_id);
        let class_id = id("class_id", &self.class_id);
        let (audience, cohort_id) = match self.audience.as_str() {
            word @ ("anyone" | "organization") => (word, None),
            cohort => ("cohort", id("audience", cohort)),
        };
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(SaveBookingPage {
            title: self.title.clone(),
            description: Some(self.description.clone()),
            instructor_id,
            class_id,
            time_zone: Some(self.time_zone.clone()),
            weekly,
            exceptions,
            duration_minutes: duration_minutes.unwrap_or(0),
            every_minutes,
            buffer_before_minutes: buffer_before_minutes.unwrap_or(0),
            buffer_after_minutes: buffer_after_minutes.unwrap_or(0),
            notice_minutes: notice_minutes.unwrap_or(0),
            ahead_days: ahead_days.unwrap_or(60),
            daily_limit,
            audience: audience.to_owned(),
            cohort_id,
            price: price.unwrap_or(0),
            currency: self.currency.clone(),
            refund_hours: refund_hours.unwrap_or(24),
            open: self.open.is_some(),
        })
    }

    fn typed(self, errors: Vec<PageFieldError>) -> BookingPageForm {
        BookingPageForm {
            hours: self.days().map(str::to_owned),
            title: self.title,
            description: self.description,
            instructor_id: self.instructor_id,
            class_id: self.class_id,
            time_zone: self.time_zone,
            exceptions: self.exceptions,
            duration_minutes: self.duration_minutes,
            every_minutes: self.every_minutes,
            buffer_before_minutes: self.buffer_before_minutes,
            buffer_after_minutes: self.buffer_after_minutes,
            notice_minutes: self.notice_minutes,
            ahead_days: self.ahead_days,
            daily_limit: self.daily_limit,
            audience: self.audience,
            price: self.price,
            currency: self.currency,
            refund_hours: self.refund_hours,
            open: self.open.is_some(),
            errors,
        }
    }
}

async fn write(
    app: &App,
    who: &SignedIn,
    reader: Reader,
    id: Option<Uuid>,
    form: TermsForm,
) -> Result<Response, ApiError> {
    let errors = match form.read() {
        Ok(terms) => match service::save(app, who, id, terms).await {
            Ok(page) => return Ok(see_other(&format!("/booking-pages/{}?notice=saved", page.id))),
            Err(error) => {
                let mut errors = beside_form(app, error)?;
                for error in &mut errors {
                    match error.field.as_str() {
                        "cohort_id" => error.field = "audience".to_owned(),
                        // The hours have an input for each weekday: what is about all of them stands above.
                        "weekly" => error.field.clear(),
                        _ => {}
                    }
                }
                errors
            }
        },
        Err(errors) => errors,
    };
    let page = edit_page(app, who, id, Some(form.typed(errors))).await?;
    Pages::new(app, who, reader, Section::BookingPages).await?.refuse(&page)
}

/// `POST /booking-pages`
pub async fn create(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Form(form): Form<TermsForm>,
) -> Result<Response, ApiError> {
    write(&app, &who, reader, None, form).await
}

/// `POST /booking-pages/{id}`
pub async fn save(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Form(form): Form<TermsForm>,
) -> Result<Response, ApiError> {
    write(&app, &who, reader, Some(id), form).await
}

/// `POST /booking-pages/{id}/bookings/{booking}/end`
pub async fn end(
    State(app): State<App>,
    who: Instructor,
    Path((id, booking)): Path<(Uuid, Uuid)>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let page = service::own(&mut tx, &who, id).await?;
    let found = bookings::service::find(&mut tx, who.organization, booking).await?;
    let of_page = found.and_then(|booking| booking.slot).is_some_and(|slot| slot.page == page.id);
    drop(tx);
    if !of_page {
        return Err(ApiError::NotFound);
    }
    bookings::service::end(&app, who.organization, who.actor(), booking, EndedBy::Staff).await?;
    Ok(see_other(&format!("/booking-pages/{id}?notice=removed")))
}
