//! A booking as it is shown, and who may look after it.

use chrono::{DateTime, Utc};
use lectern_core::{
    ids::OrganizationId,
    personal_link::{PersonalClaims, PersonalPurpose},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::end::EndedBy;
use crate::{
    app::App,
    bookings::store::{self, Booking, BookingState},
    classes,
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    organizations,
};

/// A booking, as shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BookingView {
    /// Its id.
    pub id: Uuid,
    /// Of which class.
    pub class_id: Uuid,
    /// Whose.
    pub person_id: Uuid,
    /// Where it stands.
    pub state: BookingState,
    /// In the currency's smallest unit.
    pub price: i64,
    /// ISO 4217, in small letters.
    pub currency: String,
    /// A held seat is kept until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_until: Option<DateTime<Utc>>,
    /// Why the money could not be given back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Of a time on a booking page: that page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub booking_page_id: Option<Uuid>,
    /// When it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<DateTime<Utc>>,
    /// How long it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_minutes: Option<i64>,
    /// The session, once the booking was confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<Uuid>,
}

impl From<&Booking> for BookingView {
    fn from(booking: &Booking) -> Self {
        Self {
            id: booking.id,
            class_id: booking.class.uuid(),
            person_id: booking.person.uuid(),
            state: booking.state,
            price: booking.price,
            currency: booking.currency.clone(),
            held_until: booking.held_until.filter(|_| booking.state == BookingState::Held),
            problem: booking.problem.clone(),
            created_at: booking.created_at,
            booking_page_id: booking.slot.as_ref().map(|slot| slot.page),
            starts_at: booking.slot.as_ref().map(|slot| slot.starts_at),
            duration_minutes: booking.slot.as_ref().map(|slot| slot.minutes),
            session_id: booking.slot.as_ref().and_then(|slot| slot.session).map(|id| id.uuid()),
        }
    }
}

/// The address at which whoever booked looks after the booking, without signing in.
#[must_use]
pub fn url(app: &App, organization: OrganizationId, booking: Uuid) -> String {
    app.config.server.url(&own_path(app, organization, booking))
}

/// The same, within this server.
pub(in crate::bookings) fn own_path(app: &App, organization: OrganizationId, booking: Uuid) -> String {
    let claims =
        PersonalClaims { purpose: PersonalPurpose::Booking, organization, of: booking, generation: 0 };
    format!("/booking/{}", app.personal_links.token(&claims))
}

/// A booking, for other rooms.
pub async fn find(tx: &mut Tx, organization: OrganizationId, id: Uuid) -> Result<Option<Booking>, ApiError> {
    Ok(store::find(tx, organization, id).await?)
}

/// What was booked on a page, the latest time first: at most a thousand.
pub async fn of_page(
    tx: &mut Tx,
    organization: OrganizationId,
    page: Uuid,
) -> Result<Vec<Booking>, ApiError> {
    Ok(store::of_page(tx, organization, page).await?)
}

/// The booking behind such an address.
///
/// # Errors
/// [`ApiError::NotFound`] whatever is wrong with it.
pub async fn behind(app: &App, token: &str) -> Result<(organizations::Organization, Booking), ApiError> {
    let claims = app.personal_links.verify(token, PersonalPurpose::Booking).ok_or(ApiError::NotFound)?;
    let tenant =
        organizations::service::find_active(app, claims.organization).await?.ok_or(ApiError::NotFound)?;
    let mut tx = app.db.read(tenant.id).await?;
    let booking = store::find(&mut tx, tenant.id, claims.of).await?.ok_or(ApiError::NotFound)?;
    Ok((tenant, booking))
}

/// The booking, when this person may look after it: their own, or of a class they teach or run.
///
/// # Errors
/// [`ApiError::NotFound`].
pub async fn readable(tx: &mut Tx, who: &SignedIn, id: Uuid) -> Result<(Booking, EndedBy), ApiError> {
    let booking = store::find(tx, who.organization, id).await?.ok_or(ApiError::NotFound)?;
    if booking.person == who.person {
        return Ok((booking, EndedBy::Buyer));
    }
    classes::service::own(tx, who, booking.class).await?;
    Ok((booking, EndedBy::Staff))
}
