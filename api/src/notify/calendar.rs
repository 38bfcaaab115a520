//! Calendar entries: our link and nothing of the platform; a stable UID and a growing SEQUENCE.

use icalendar::{Calendar, Component, Event, EventLike, EventStatus, Property};

use crate::{app::App, sessions::Session};

/// What the entry does to a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method<'a> {
    /// A copy to keep.
    Publish,
    /// An entry that follows later changes, for the person of this address.
    Request(&'a str),
    /// Takes the entry out again.
    Cancel(&'a str),
}

impl Method<'_> {
    /// The word of RFC 5546.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Publish => "PUBLISH",
            Self::Request(_) => "REQUEST",
            Self::Cancel(_) => "CANCEL",
        }
    }
}

/// The calendar file for one session. Times are in UTC, so that no zone definition can be missing or stale.
#[must_use]
pub fn invitation(app: &App, session: &Session, class_title: &str, link: &str, method: Method<'_>) -> String {
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
    // RFC 5546 wants whom a request or its cancellation is for; nobody is asked to answer us.
    if let Method::Request(address) | Method::Cancel(address) = method {
        let mut attendee = Property::new("ATTENDEE", format!("mailto:{address}"));
        attendee.add_parameter("RSVP", "FALSE");
        event.append_property(attendee.done());
    }
    let cancelled = matches!(method, Method::Cancel(_));
    event.status(if cancelled { EventStatus::Cancelled } else { EventStatus::Confirmed });
    let mut calendar = Calendar::new();
    calendar.append_property(Property::new("METHOD", method.word()));
    calendar.push(event.done());
    calendar.done().to_string()
}
