//! Calendar entries: our link and nothing of the platform; a stable UID and a growing SEQUENCE.

use icalendar::{Calendar, Component, Event, EventLike, EventStatus, Property};

use crate::{app::App, sessions::Session};

/// What the entry does to a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A copy to keep.
    Publish,
    /// An entry that follows later changes.
    Request,
    /// Takes the entry out again.
    Cancel,
}

impl Method {
    const fn word(self) -> &'static str {
        match self {
            Self::Publish => "PUBLISH",
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
        }
    }
}

/// The calendar file for one session. Times are in UTC, so that no zone definition can be missing or stale.
#[must_use]
pub fn invitation(app: &App, session: &Session, class_title: &str, link: &str, method: Method) -> String {
    let host = app.config.server.public_url.host_str().unwrap_or("lectern").to_owned();
    let mut event = Event::new();
    event
        .uid(&format!("{}@{host}", session.id))
        .timestamp(app.clock.now())
        .starts(session.starts_at)
        .ends(session.ends_at)
        .summary(&session.title)
        .description(&format!("{class_title}\n{link}"))
        .sequence(u32::try_from(session.revision).unwrap_or(u32::MAX))
        .url(link)
        .location(link)
        .append_property(Property::new("ORGANIZER", format!("mailto:lectern@{host}")));
    event.status(if method == Method::Cancel { EventStatus::Cancelled } else { EventStatus::Confirmed });
    let mut calendar = Calendar::new();
    calendar.append_property(Property::new("METHOD", method.word()));
    calendar.push(event.done());
    calendar.done().to_string()
}
