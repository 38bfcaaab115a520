//! The join link of a roster row: made again whenever it is shown, never stored.

use lectern_core::{
    ids::OrganizationId,
    join::{JoinClaims, Purpose},
};

use super::{Enrollment, EnrollmentKind};
use crate::app::App;

/// What this person's link says.
#[must_use]
pub fn claims(organization: OrganizationId, enrollment: &Enrollment) -> JoinClaims {
    JoinClaims {
        purpose: if enrollment.kind == EnrollmentKind::Guest { Purpose::Guest } else { Purpose::Join },
        organization,
        class: enrollment.class,
        person: enrollment.person,
        generation: enrollment.generation,
        all_sessions: enrollment.all_sessions,
    }
}

/// The only link a person ever sees.
#[must_use]
pub fn join_link(app: &App, organization: OrganizationId, enrollment: &Enrollment) -> String {
    let token = app.links.token(&claims(organization, enrollment));
    app.config.server.url(&format!("/join/class/{}?token={token}", enrollment.class))
}

/// The class's own address, for members who sign in.
#[must_use]
pub fn class_link(app: &App, class: lectern_core::ids::ClassId) -> String {
    app.config.server.url(&format!("/join/class/{class}"))
}
