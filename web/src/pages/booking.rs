//! Booking a class: `GET|POST /book/{class} {email, first_name, last_name?, time_zone?}`, `GET|POST /booking/{token}`,
//! `POST /booking/{token}/cancel`; and for whoever teaches it `GET|POST /classes/{id}/bookings`.

use serde::Serialize;

use super::class::ClassHead;
use super::people::PersonForm;
use super::session::SessionLine;
use crate::environment::Page;
use crate::form::FieldError;

/// What is booked, on every one of these pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Booked {
    pub class_id: String,
    pub class_title: String,
    pub description: Option<String>,
    pub instructor: String,
    pub organization: String,
    /// "1,200.00 BDT"; none: free.
    pub price: Option<String>,
    /// The next sessions.
    pub sessions: Vec<SessionLine>,
    /// The reader's IANA zone.
    pub zone: String,
}

impl Booked {
    fn sample() -> Self {
        Self {
            class_id: "c1".to_owned(),
            class_title: "Watercolour for beginners".to_owned(),
            description: Some("Bring two brushes.".to_owned()),
            instructor: "Farhan Karim".to_owned(),
            organization: "DreamCrowd".to_owned(),
            price: Some("1,200.00 BDT".to_owned()),
            sessions: vec![SessionLine::sample("s1"), SessionLine::sample("s2")],
            zone: "Europe/London".to_owned(),
        }
    }
}

/// The page on which people book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BookPage {
    pub about: Booked,
    /// `free`, `full`, `not_yet` or `closed`.
    pub stand: String,
    /// When it opens; with `not_yet`.
    pub opens_at: Option<String>,
    pub seats_left: Option<u32>,
    /// Whole refund until so many hours before the next session.
    pub refund_hours: u32,
    /// Who books now can still give it back for the money.
    pub refundable: bool,
    /// The signed-in reader's name; none for somebody who is not known.
    pub person: Option<String>,
    pub form: PersonForm,
    pub zones: Vec<String>,
}

impl Page for BookPage {
    const TEMPLATE: &'static str = "pages/book.html";
    fn samples() -> Vec<Self> {
        let page = |stand: &str, person: Option<&str>| Self {
            about: Booked::sample(),
            stand: stand.to_owned(),
            opens_at: (stand == "not_yet").then(|| "2026-11-21T03:00:00Z".to_owned()),
            seats_left: (stand == "free").then_some(3),
            refund_hours: 24,
            refundable: person.is_none(),
            person: person.map(str::to_owned),
            form: PersonForm::default(),
            zones: vec!["Asia/Dhaka".to_owned(), "Europe/London".to_owned()],
        };
        let form = PersonForm {
            email: "bela".to_owned(),
            errors: vec![FieldError::new("email", "email"), FieldError::form("closed")],
            ..PersonForm::default()
        };
        vec![
            page("free", None),
            page("free", Some("Bela Rahman")),
            page("full", None),
            page("not_yet", None),
            page("closed", None),
            Self {
                form,
                about: Booked { price: None, sessions: vec![], description: None, ..Booked::sample() },
                seats_left: None,
                ..page("free", None)
            },
        ]
    }
}

/// One's booking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BookingPage {
    pub about: Booked,
    /// `held`, `waiting`, `confirmed`, `expired`, `cancelled`, `refunding`, `refunded` or `refund_failed`.
    pub state: String,
    /// The page was opened from the payment page: the answer is on its way.
    pub paying: bool,
    pub held_until: Option<String>,
    /// How many wait before.
    pub ahead: u32,
    /// One's own join link, once the booking is confirmed.
    pub join_url: Option<String>,
    /// Whether giving it back now brings the money back, or needs none.
    pub can_end: bool,
    pub refund_hours: u32,
    /// The forms' addresses.
    pub pay_url: String,
    pub end_url: String,
    pub book_url: String,
    /// Why what was asked for could not be done.
    pub problem: Option<String>,
}

impl Page for BookingPage {
    const TEMPLATE: &'static str = "pages/booking.html";
    fn samples() -> Vec<Self> {
        let states = [
            "held",
            "waiting",
            "confirmed",
            "expired",
            "cancelled",
            "refunding",
            "refunded",
            "refund_failed",
        ];
        let page = |state: &str| Self {
            about: Booked::sample(),
            state: state.to_owned(),
            paying: false,
            held_until: Some("2026-11-21T03:00:00Z".to_owned()),
            ahead: 2,
            join_url: (state == "confirmed")
                .then(|| "https://classes.example/join/class/c1?token=abc".to_owned()),
            can_end: state != "refunded",
            refund_hours: 24,
            pay_url: "/booking/AXBl".to_owned(),
            end_url: "/booking/AXBl/cancel".to_owned(),
            book_url: "/book/c1".to_owned(),
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
            about: Booked { price: None, ..Booked::sample() },
            ..page("confirmed")
        });
        all
    }
}

/// The typed terms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OfferForm {
    pub open: bool,
    pub price: String,
    pub currency: String,
    pub seats: String,
    pub closes_on: String,
    pub refund_hours: String,
    pub errors: Vec<FieldError>,
}

/// One booking in the list of whoever teaches the class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BookingRow {
    pub id: String,
    pub person_id: String,
    pub name: String,
    pub email: String,
    pub state: String,
    pub price: Option<String>,
    pub at: String,
    pub problem: Option<String>,
    pub can_end: bool,
}

/// `GET /classes/{id}/bookings`, `POST` the same `{csrf, open?, price, currency, seats, closes_on, refund_hours}`,
/// `POST /classes/{id}/bookings/{booking}/end {csrf}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassBookings {
    pub class: ClassHead,
    pub items: Vec<BookingRow>,
    pub taken: u32,
    pub form: OfferForm,
    /// The page on which people book; none before there are terms.
    pub book_url: Option<String>,
    /// A price is possible: the organization has a payment account.
    pub can_charge: bool,
    /// The viewer may set that account up.
    pub can_set_up: bool,
    pub zone: String,
}

impl Page for ClassBookings {
    const TEMPLATE: &'static str = "pages/class_bookings.html";
    fn samples() -> Vec<Self> {
        let row = |id: &str, state: &str| BookingRow {
            id: id.to_owned(),
            person_id: id.to_owned(),
            name: "Bela Rahman".to_owned(),
            email: "bela@home.example".to_owned(),
            state: state.to_owned(),
            price: Some("1,200.00 BDT".to_owned()),
            at: "2026-11-21T03:00:00Z".to_owned(),
            problem: (state == "refund_failed").then(|| "The account is closed.".to_owned()),
            can_end: state == "confirmed",
        };
        let form = OfferForm {
            open: true,
            price: "1200".to_owned(),
            currency: "bdt".to_owned(),
            seats: "12".to_owned(),
            closes_on: String::new(),
            refund_hours: "24".to_owned(),
            errors: vec![],
        };
        vec![
            Self {
                class: ClassHead::sample(),
                items: vec![row("1", "confirmed"), row("2", "refund_failed"), row("3", "held")],
                taken: 2,
                form: form.clone(),
                book_url: Some("https://classes.example/book/c1".to_owned()),
                can_charge: true,
                can_set_up: false,
                zone: "Asia/Dhaka".to_owned(),
            },
            Self {
                class: ClassHead::sample(),
                items: vec![],
                taken: 0,
                form: OfferForm { errors: vec![FieldError::new("price", "money")], ..form },
                book_url: None,
                can_charge: false,
                can_set_up: true,
                zone: "UTC".to_owned(),
            },
        ]
    }
}

/// `GET|POST /payments {csrf, secret_key?, webhook_secret?}`, `POST /payments/test`, `POST /payments/remove`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PaymentsPage {
    pub configured: bool,
    pub live: bool,
    pub account: Option<String>,
    pub webhook_url: String,
    pub webhook_secret_set: bool,
    pub can_edit: bool,
    pub errors: Vec<FieldError>,
}

impl Page for PaymentsPage {
    const TEMPLATE: &'static str = "pages/payments.html";
    fn samples() -> Vec<Self> {
        let page = |configured, live| Self {
            configured,
            live,
            account: configured.then(|| "DreamCrowd Ltd".to_owned()),
            webhook_url: "https://classes.example/api/stripe/webhook/018f".to_owned(),
            webhook_secret_set: live,
            can_edit: true,
            errors: vec![],
        };
        vec![
            page(false, false),
            page(true, true),
            Self { errors: vec![FieldError::new("secret_key", "required")], ..page(true, false) },
            Self { can_edit: false, account: None, ..page(true, false) },
        ]
    }
}
