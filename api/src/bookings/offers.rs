//! The terms on which a class is booked.

use chrono::{DateTime, Utc};
use lectern_core::{
    booking::Stand,
    ids::{ClassId, OrganizationId},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::store::{self, Offer};
use crate::{
    app::App,
    audit::{self, EntryKind},
    classes,
    db::Tx,
    error::{ApiError, FieldError},
    extract::SignedIn,
    payments,
};

/// The terms, as shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OfferView {
    /// Bookings are taken.
    pub open: bool,
    /// In the currency's smallest unit; 0: free.
    #[schema(example = 120_000)]
    pub price: i64,
    /// ISO 4217, in small letters.
    #[schema(example = "bdt")]
    pub currency: String,
    /// How many; null: as many as come.
    pub seats: Option<i64>,
    /// Paid, free, or kept for somebody who is paying.
    pub taken: u32,
    /// Not before.
    pub opens_at: Option<DateTime<Utc>>,
    /// Not after.
    pub closes_at: Option<DateTime<Utc>>,
    /// Whole refund until so many hours before the next session.
    pub refund_hours: i64,
    /// What now comes of booking: `free` (there is a seat), `full` (the waiting list), `not_yet` or `closed`.
    pub stand: &'static str,
    /// The page on which people book.
    pub url: String,
}

/// The word for where an offer stands.
#[must_use]
pub const fn word(stand: Stand) -> &'static str {
    match stand {
        Stand::Free => "free",
        Stand::Full => "full",
        Stand::NotYet(_) => "not_yet",
        Stand::Closed => "closed",
    }
}

/// New terms.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveOffer {
    /// Bookings are taken; `true` when left out.
    #[serde(default = "yes")]
    pub open: bool,
    /// In the currency's smallest unit; 0 (when left out): free.
    #[serde(default)]
    #[schema(example = 120_000)]
    pub price: i64,
    /// ISO 4217.
    #[serde(default = "usual_currency")]
    #[schema(example = "bdt")]
    pub currency: String,
    /// 1 to 10000; as many as come when left out.
    #[serde(default)]
    #[schema(example = 12)]
    pub seats: Option<i64>,
    /// Not before.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub opens_at: Option<DateTime<Utc>>,
    /// Not after.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub closes_at: Option<DateTime<Utc>>,
    /// Whole refund until so many hours before the next session; 24 when left out.
    #[serde(default = "a_day")]
    pub refund_hours: i64,
}

const fn yes() -> bool {
    true
}

fn usual_currency() -> String {
    "usd".to_owned()
}

const fn a_day() -> i64 {
    24
}

/// The page on which people book a class.
#[must_use]
pub fn url(app: &App, class: ClassId) -> String {
    app.config.server.url(&format!("/book/{class}"))
}

/// Terms as shown now.
pub async fn view(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    offer: &Offer,
) -> Result<OfferView, ApiError> {
    let taken = store::taken(tx, organization, class).await?;
    Ok(OfferView {
        open: offer.state == "open",
        price: offer.price,
        currency: offer.currency.clone(),
        seats: offer.seats,
        taken,
        opens_at: offer.opens_at,
        closes_at: offer.closes_at,
        refund_hours: offer.refund_hours,
        stand: word(offer.terms().stand(taken, app.clock.now())),
        url: url(app, class),
    })
}

/// A class's terms, for whoever may see the class.
pub async fn show(app: &App, who: &SignedIn, class: ClassId) -> Result<OfferView, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let class = classes::service::readable(&mut tx, who, class).await?;
    let offer = store::offer(&mut tx, who.organization, class.id).await?.ok_or(ApiError::NotFound)?;
    view(app, &mut tx, who.organization, class.id, &offer).await
}

/// A price that can be asked, and until when it is given back; the currency in small letters.
pub fn checked_price(
    (price, currency): (i64, &str),
    refund_hours: i64,
    errors: &mut Vec<FieldError>,
) -> String {
    let currency = currency.trim().to_ascii_lowercase();
    if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_lowercase()) {
        errors.push(FieldError::new("currency", "Three letters, such as BDT."));
    }
    if !(0..=99_999_999).contains(&price) {
        errors.push(FieldError::new("price", "Between 0 and 99999999 of the currency's smallest unit."));
    }
    if !(0..=24 * 90).contains(&refund_hours) {
        errors.push(FieldError::new("refund_hours", "Between 0 and 2160 hours."));
    }
    currency
}

/// Saves a class's terms. Those who have booked keep their price.
pub async fn save(app: &App, who: &SignedIn, class: ClassId, new: SaveOffer) -> Result<OfferView, ApiError> {
    let organization = who.organization;
    let mut errors = Vec::new();
    let currency = checked_price((new.price, &new.currency), new.refund_hours, &mut errors);
    if new.seats.is_some_and(|seats| !(1..=10_000).contains(&seats)) {
        errors.push(FieldError::new("seats", "Between 1 and 10000."));
    }
    if new.opens_at.zip(new.closes_at).is_some_and(|(opens, closes)| opens >= closes) {
        errors.push(FieldError::new("closes_at", "After the opening."));
    }
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let paying = payments::service::show(app, organization).await?.configured;
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    let class = classes::service::own(&mut tx, who, class).await?;
    if new.open && new.price > 0 && !paying {
        return Err(payments::service::missing());
    }
    let offer = Offer {
        state: if new.open { "open" } else { "closed" }.to_owned(),
        price: new.price,
        currency,
        seats: new.seats,
        opens_at: new.opens_at,
        closes_at: new.closes_at,
        refund_hours: new.refund_hours,
    };
    store::offer_to_change(&mut tx, organization, class.id).await?;
    store::save_offer(&mut tx, organization, class.id, &offer, app.clock.now()).await?;
    let details =
        json!({"open": new.open, "price": offer.price, "currency": offer.currency, "seats": offer.seats});
    let entry = app.entry(organization, EntryKind::OfferSaved, who.actor()).class(class.id).details(details);
    audit::store::insert(&mut tx, &entry).await?;
    // More seats may have come: who waits is next.
    super::service::promote(app, &mut tx, &sealer, organization, &class).await?;
    let view = view(app, &mut tx, organization, class.id, &offer).await?;
    tx.commit().await?;
    app.wake.jobs.notify_one();
    app.wake.outbox.notify_one();
    Ok(view)
}
