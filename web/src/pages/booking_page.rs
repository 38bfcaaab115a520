//! Booking a time with somebody: `GET /book/with/{page}?zone&from`, `POST` the same `{slot, email, first_name, last_name?,
//! time_zone?}`; `GET|POST /booking/{token}`, `POST /booking/{token}/move {slot}`, `POST /booking/{token}/cancel`; and for whoever
//! is booked `GET|POST /booking-pages`, `GET /booking-pages/new`, `GET|POST /booking-pages/{id}`,
//! `POST /booking-pages/{id}/bookings/{booking}/end`.

use serde::Serialize;

use super::booking::BookingRow;
use super::people::PersonForm;
use crate::environment::Page;
use crate::form::{Choice, FieldError};

/// What is booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SlotAbout {
    pub title: String,
    pub description: Option<String>,
    pub host: String,
    pub organization: String,
    /// "1,200.00 BDT"; none: free.
    pub price: Option<String>,
    pub minutes: u32,
    /// The reader's IANA zone.
    pub zone: String,
    /// The host's, where it is another.
    pub host_zone: Option<String>,
}

impl SlotAbout {
    fn sample() -> Self {
        Self {
            title: "Office hours".to_owned(),
            description: Some("Bring your questions.".to_owned()),
            host: "Farhan Karim".to_owned(),
            organization: "DreamCrowd".to_owned(),
            price: Some("1,200.00 BDT".to_owned()),
            minutes: 30,
            zone: "Europe/London".to_owned(),
            host_zone: Some("Asia/Dhaka".to_owned()),
        }
    }
}

/// One free slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SlotChoice {
    pub starts_at: String,
}

/// The free slots of a day of the reader's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SlotDay {
    pub slots: Vec<SlotChoice>,
}

/// The free slots of a week.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SlotSheet {
    /// Days with free slots, each with one at least.
    pub days: Vec<SlotDay>,
    /// The first and the last instant that is shown.
    pub first: String,
    pub last: String,
    pub earlier_url: Option<String>,
    pub later_url: Option<String>,
    /// The instant that was chosen.
    pub chosen: String,
    /// Where the form that changes the zone leads; it keeps nothing else.
    pub here: String,
    /// Nobody chose the zone yet: a script may put the browser's own in its place.
    pub guess: bool,
    pub zones: Vec<String>,
}

impl SlotSheet {
    fn sample() -> Self {
        let day = |slots: &[&str]| SlotDay {
            slots: slots.iter().map(|at| SlotChoice { starts_at: (*at).to_owned() }).collect(),
        };
        Self {
            days: vec![
                day(&["2026-11-24T12:00:00Z", "2026-11-24T12:30:00Z"]),
                day(&["2026-11-25T12:00:00Z"]),
            ],
            first: "2026-11-23T00:00:00Z".to_owned(),
            last: "2026-11-29T23:59:59Z".to_owned(),
            earlier_url: None,
            later_url: Some("/book/with/p1?zone=Europe%2FLondon&from=2026-11-30".to_owned()),
            chosen: "2026-11-24T12:30:00Z".to_owned(),
            here: "/book/with/p1".to_owned(),
            guess: true,
            zones: vec!["Asia/Dhaka".to_owned(), "Europe/London".to_owned()],
        }
    }
}

/// The page on which people book a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VisitPage {
    pub about: SlotAbout,
    /// `open`, `closed`, `sign_in` or `others`.
    pub stand: String,
    pub sheet: SlotSheet,
    pub refund_hours: u32,
    /// The signed-in reader's name; none for somebody who is not known.
    pub person: Option<String>,
    pub form: PersonForm,
}

impl Page for VisitPage {
    const TEMPLATE: &'static str = "pages/book_with.html";
    fn samples() -> Vec<Self> {
        let page = |stand: &str, person: Option<&str>| Self {
            about: SlotAbout::sample(),
            stand: stand.to_owned(),
            sheet: SlotSheet::sample(),
            refund_hours: 24,
            person: person.map(str::to_owned),
            form: PersonForm::default(),
        };
        let form = PersonForm {
            email: "bela".to_owned(),
            errors: vec![FieldError::new("email", "email"), FieldError::form("conflict.slot_taken")],
            ..PersonForm::default()
        };
        let none = SlotSheet { days: vec![], later_url: None, guess: false, ..SlotSheet::sample() };
        let free = SlotAbout { price: None, description: None, host_zone: None, ..SlotAbout::sample() };
        vec![
            page("open", None),
            page("open", Some("Bela Rahman")),
            page("closed", None),
            page("sign_in", None),
            page("others", Some("Bela Rahman")),
            Self { form, about: free.clone(), ..page("open", None) },
            Self { sheet: none, about: free, ..page("open", None) },
        ]
    }
}

/// One's booking of a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SlotBookingPage {
    pub about: SlotAbout,
    pub starts_at: String,
    pub ends_at: String,
    /// As of any booking.
    pub state: String,
    /// The page was opened from the payment page: the answer is on its way.
    pub paying: bool,
    pub held_until: Option<String>,
    /// One's own join link: only for whoever is signed in as the person who booked. Others have it in their mail.
    pub join_url: Option<String>,
    /// It can be given back now.
    pub can_end: bool,
    /// It can be moved now: to one of these.
    pub sheet: Option<SlotSheet>,
    /// Until when the one, and the other.
    pub end_until: String,
    pub move_until: String,
    pub pay_url: String,
    pub end_url: String,
    pub move_url: String,
    pub book_url: String,
    /// Why what was asked for could not be done.
    pub problem: Option<String>,
}

impl Page for SlotBookingPage {
    const TEMPLATE: &'static str = "pages/slot_booking.html";
    fn samples() -> Vec<Self> {
        let states = ["held", "confirmed", "expired", "cancelled", "refunding", "refunded", "refund_failed"];
        let page = |state: &str| Self {
            about: SlotAbout::sample(),
            starts_at: "2026-11-24T12:30:00Z".to_owned(),
            ends_at: "2026-11-24T13:00:00Z".to_owned(),
            state: state.to_owned(),
            paying: false,
            held_until: Some("2026-11-21T03:00:00Z".to_owned()),
            join_url: None,
            can_end: state != "refunded",
            sheet: (state == "confirmed").then(SlotSheet::sample),
            end_until: "2026-11-23T12:30:00Z".to_owned(),
            move_until: "2026-11-24T10:30:00Z".to_owned(),
            pay_url: "/booking/AXBl".to_owned(),
            end_url: "/booking/AXBl/cancel".to_owned(),
            move_url: "/booking/AXBl/move".to_owned(),
            book_url: "/book/with/p1".to_owned(),
            problem: None,
        };
        let mut all: Vec<Self> = states.iter().map(|state| page(state)).collect();
        all.push(Self {
            paying: true,
            problem: Some("Stripe does not answer right now.".to_owned()),
            ..page("held")
        });
        all.push(Self {
            can_end: false,
            sheet: None,
            join_url: Some("https://classes.example/join/class/c1?token=abc".to_owned()),
            about: SlotAbout { price: None, host_zone: None, ..SlotAbout::sample() },
            ..page("confirmed")
        });
        all
    }
}

/// One page in the list of whoever runs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BookingPageRow {
    pub id: String,
    pub title: String,
    pub host: String,
    pub minutes: u32,
    pub price: Option<String>,
    pub open: bool,
    pub url: String,
}

/// `GET /booking-pages`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BookingPagesPage {
    pub items: Vec<BookingPageRow>,
    pub next_url: Option<String>,
}

impl Page for BookingPagesPage {
    const TEMPLATE: &'static str = "pages/booking_pages.html";
    fn samples() -> Vec<Self> {
        let row = |id: &str, open: bool| BookingPageRow {
            id: id.to_owned(),
            title: "Office hours".to_owned(),
            host: "Farhan Karim".to_owned(),
            minutes: 30,
            price: open.then(|| "1,200.00 BDT".to_owned()),
            open,
            url: "https://classes.example/book/with/p1".to_owned(),
        };
        vec![
            Self {
                items: vec![row("1", true), row("2", false)],
                next_url: Some("/booking-pages?cursor=abc".to_owned()),
            },
            Self { items: vec![], next_url: None },
        ]
    }
}

/// The typed terms; hours as people write them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BookingPageForm {
    pub title: String,
    pub description: String,
    pub instructor_id: String,
    pub class_id: String,
    pub time_zone: String,
    /// From Monday on: "09:00-12:00, 14:00-17:00".
    pub hours: [String; 7],
    /// One a line: "2026-12-24", "2026-12-31 10:00-12:00".
    pub exceptions: String,
    pub duration_minutes: String,
    pub every_minutes: String,
    pub buffer_before_minutes: String,
    pub buffer_after_minutes: String,
    pub notice_minutes: String,
    pub ahead_days: String,
    pub daily_limit: String,
    /// `anyone`, `organization`, or a cohort's id.
    pub audience: String,
    pub price: String,
    pub currency: String,
    pub refund_hours: String,
    pub open: bool,
    pub errors: Vec<FieldError>,
}

impl BookingPageForm {
    fn sample() -> Self {
        let number = |text: &str| text.to_owned();
        Self {
            title: "Office hours".to_owned(),
            time_zone: "Asia/Dhaka".to_owned(),
            hours: std::array::from_fn(|_| "18:00-21:00".to_owned()),
            exceptions: "2026-12-24".to_owned(),
            duration_minutes: number("30"),
            every_minutes: number("30"),
            buffer_before_minutes: number("0"),
            buffer_after_minutes: number("10"),
            notice_minutes: number("120"),
            ahead_days: number("60"),
            audience: "anyone".to_owned(),
            currency: "bdt".to_owned(),
            refund_hours: number("24"),
            open: true,
            ..Self::default()
        }
    }
}

/// `GET /booking-pages/new`, `GET /booking-pages/{id}`: the terms, and what was booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BookingPageEdit {
    /// None: it is being made.
    pub id: Option<String>,
    pub url: Option<String>,
    pub form: BookingPageForm,
    /// What was booked; its `at` is the booked time.
    pub items: Vec<BookingRow>,
    /// Only an admin chooses who is booked, and only once.
    pub instructors: Vec<Choice>,
    pub classes: Vec<Choice>,
    pub cohorts: Vec<Choice>,
    pub zones: Vec<String>,
    pub can_charge: bool,
    pub can_set_up: bool,
    pub zone: String,
}

impl Page for BookingPageEdit {
    const TEMPLATE: &'static str = "pages/booking_page.html";
    fn samples() -> Vec<Self> {
        let choice = |value: &str, label: &str| Choice { value: value.to_owned(), label: label.to_owned() };
        let row = |id: &str, state: &str| BookingRow {
            id: id.to_owned(),
            person_id: id.to_owned(),
            name: "Bela Rahman".to_owned(),
            email: "bela@home.example".to_owned(),
            state: state.to_owned(),
            price: Some("1,200.00 BDT".to_owned()),
            at: "2026-11-24T12:30:00Z".to_owned(),
            problem: (state == "refund_failed").then(|| "The account is closed.".to_owned()),
            can_end: state == "confirmed",
        };
        let page = Self {
            id: Some("p1".to_owned()),
            url: Some("https://classes.example/book/with/p1".to_owned()),
            form: BookingPageForm::sample(),
            items: vec![row("1", "confirmed"), row("2", "refund_failed"), row("3", "held")],
            instructors: vec![],
            classes: vec![choice("c1", "Mathematics, class 8")],
            cohorts: vec![choice("k1", "Class 8 B")],
            zones: vec!["Asia/Dhaka".to_owned(), "Europe/London".to_owned()],
            can_charge: true,
            can_set_up: false,
            zone: "Asia/Dhaka".to_owned(),
        };
        let errors = vec![FieldError::new("monday", "hours"), FieldError::new("price", "money")];
        vec![
            page.clone(),
            Self {
                id: None,
                url: None,
                items: vec![],
                instructors: vec![choice("i1", "Farhan Karim")],
                can_charge: false,
                can_set_up: true,
                form: BookingPageForm { errors, ..BookingPageForm::sample() },
                ..page.clone()
            },
            Self { items: vec![], ..page },
        ]
    }
}
