//! Finding booking pages, and who may see and use them.

use lectern_core::{
    ids::{OrganizationId, PersonId},
    role::Role,
};
use uuid::Uuid;

use crate::{
    app::App,
    booking_pages::store::{self, Audience, BookingPage},
    cohorts,
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    organizations::{self, Organization},
    people, sessions,
};

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
