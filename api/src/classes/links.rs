//! The join link of a roster row: made again whenever it is shown, never stored.

use lectern_core::{
    ids::{ClassId, OrganizationId, PersonId},
    join::{JoinClaims, Purpose},
};

use super::{Enrollment, EnrollmentKind};
use crate::app::App;

/// What a member's or a guest's link is for.
#[must_use]
pub const fn purpose(guest: bool) -> Purpose {
    if guest { Purpose::Guest } else { Purpose::Join }
}

/// What this person's link says.
#[must_use]
pub fn claims(organization: OrganizationId, enrollment: &Enrollment) -> JoinClaims {
    JoinClaims {
        purpose: purpose(enrollment.kind == EnrollmentKind::Guest),
        organization,
        class: enrollment.class,
        person: enrollment.person,
        generation: enrollment.generation,
        all_sessions: enrollment.all_sessions,
    }
}

/// What the link of a member says.
#[must_use]
pub const fn member_claims(
    organization: OrganizationId,
    class: ClassId,
    person: PersonId,
    generation: u32,
) -> JoinClaims {
    JoinClaims { purpose: Purpose::Join, organization, class, person, generation, all_sessions: true }
}

/// The only link a person ever sees.
#[must_use]
pub fn join_link(app: &App, organization: OrganizationId, enrollment: &Enrollment) -> String {
    link_of(app, &claims(organization, enrollment))
}

/// The link that says this.
#[must_use]
pub fn link_of(app: &App, claims: &JoinClaims) -> String {
    app.config.server.url(&format!("/join/class/{}?token={}", claims.class, app.links.token(claims)))
}

/// The class's own address, for members who sign in.
#[must_use]
pub fn class_link(app: &App, class: ClassId) -> String {
    app.config.server.url(&format!("/join/class/{class}"))
}
