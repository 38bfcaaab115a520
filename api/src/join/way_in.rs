use chrono::SecondsFormat;
use lectern_core::ids::ClassId;
use lectern_web::pages::join::{JoinSession, JoinState};

use super::{pages::standing_state, service};
use crate::{app::App, classes, error::ApiError, extract::SignedIn};

/// One person's way into one class, for a page that leads there.
#[derive(Clone, Debug)]
pub struct WayIn {
    /// The class's title.
    pub class_title: String,
    /// Who teaches it.
    pub instructor: String,
    /// The session it is about, if one is.
    pub session: Option<JoinSession>,
    /// Where the person stands, as in a browser that did not join yet.
    pub state: JoinState,
    /// Their own link to the join page.
    pub link: String,
}

/// How somebody gets into a class; none for whoever has no place in it. Changes nothing.
pub async fn way_in(app: &App, who: &SignedIn, class: ClassId) -> Result<Option<WayIn>, ApiError> {
    let service::Door::Welcome(arrival) = service::at_the_door(app, Some(class), None, Some(who)).await?
    else {
        return Ok(None);
    };
    let standing = service::look(app, &arrival, None, None).await?;
    let (session, state) = standing_state(app, &arrival, standing);
    let instant = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let session = session.map(|session| JoinSession {
        id: session.id.to_string(),
        title: session.title.clone(),
        starts_at: instant(session.starts_at),
        ends_at: instant(session.ends_at),
        zone: session.time_zone.clone(),
    });
    Ok(Some(WayIn {
        class_title: arrival.class.title.clone(),
        instructor: arrival.instructor.clone(),
        session,
        state,
        link: classes::links::join_link(app, arrival.organization.id, &arrival.enrollment),
    }))
}
