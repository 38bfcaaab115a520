//! Calendar entries: our link and nothing of the platform; a stable UID and a growing SEQUENCE.

use chrono::{DateTime, Utc};
use icalendar::{Calendar, Component, Event, EventLike, EventStatus, Property};
use lectern_core::session::SessionState;

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
    const fn word(self) -> &'static str {
        match self {
            Self::Publish => "PUBLISH",
            Self::Request(_) => "REQUEST",
            Self::Cancel(_) => "CANCEL",
        }
    }
}

fn host(app: &App) -> &str {
    app.config.server.public_url.host_str().unwrap_or("lectern")
}

/// The entry of one session, as of an instant. Times are in UTC, so that no zone definition can be missing or stale.
fn entry(app: &App, session: &Session, class_title: &str, link: &str, as_of: DateTime<Utc>) -> Event {
    let cancelled = session.state == SessionState::Cancelled;
    let host = host(app);
    let mut event = Event::new();
    event
        .uid(&format!("{}@{host}", session.id))
        .timestamp(as_of)
        .starts(session.starts_at)
        .ends(session.ends_at)
        .summary(&session.title)
        .description(&format!("{class_title}\n{link}"))
        .sequence(u32::try_from(session.revision).unwrap_or(u32::MAX))
        .url(link)
        .location(link)
        .status(if cancelled { EventStatus::Cancelled } else { EventStatus::Confirmed })
        .append_property(Property::new("ORGANIZER", format!("mailto:lectern@{host}")));
    event
}

fn empty(method: Method<'_>) -> Calendar {
    let mut calendar = Calendar::empty();
    calendar.append_property(Property::new("VERSION", "2.0"));
    calendar.append_property(Property::new("PRODID", "-//Lectern//Lectern//EN"));
    calendar.append_property(Property::new("CALSCALE", "GREGORIAN"));
    calendar.append_property(Property::new("METHOD", method.word()));
    calendar
}

/// The calendar file for one session.
#[must_use]
pub fn invitation(app: &App, session: &Session, class_title: &str, link: &str, method: Method<'_>) -> String {
    let mut event = entry(app, session, class_title, link, app.clock.now());
    // RFC 5546 wants whom a request or its cancellation is for; nobody is asked to answer us.
    if let Method::Request(address) | Method::Cancel(address) = method {
        let mut attendee = Property::new("ATTENDEE", format!("mailto:{address}"));
        attendee.add_parameter("RSVP", "FALSE");
        event.append_property(attendee.done());
    }
    let mut calendar = empty(method);
    calendar.push(event.done());
    calendar.done().to_string()
}

/// One session of a feed.
#[derive(Debug)]
pub struct FeedEntry<'a> {
    /// The session.
    pub session: &'a Session,
    /// Its class's title.
    pub class_title: &'a str,
    /// The reader's link.
    pub link: String,
    /// When the session's row last changed: the feed stays the same bytes while nothing does.
    pub changed_at: DateTime<Utc>,
}

/// Somebody's timetable, to be read again every hour.
#[must_use]
pub fn feed(app: &App, name: &str, entries: &[FeedEntry<'_>]) -> String {
    let mut calendar = empty(Method::Publish);
    calendar.name(name);
    let mut interval = Property::new("REFRESH-INTERVAL", "PT1H");
    interval.add_parameter("VALUE", "DURATION");
    calendar.append_property(interval.done());
    calendar.append_property(Property::new("X-PUBLISHED-TTL", "PT1H"));
    for one in entries {
        calendar.push(entry(app, one.session, one.class_title, &one.link, one.changed_at).done());
    }
    calendar.done().to_string()
}
