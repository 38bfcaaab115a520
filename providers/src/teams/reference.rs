//! The id of a class's meeting as Lectern keeps it: the calendar event, its online meeting, and for an application the
//! organizer. Opaque to everybody else.

use lectern_core::provider::{ErrorKind, MeetingRef, ProviderError, Result};

use super::wire::segment;

/// Changes when the parts change.
const VERSION: &str = "t1";

/// What Graph needs to find a meeting again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// The calendar event.
    pub(super) event: String,
    /// The online meeting.
    pub(super) meeting: String,
    /// The organizer's object id, for an application.
    pub(super) organizer: Option<String>,
}

fn part(text: &str) -> String {
    segment(text).replace('.', "%2E")
}

fn whole(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let (high, low) = (char::from(rest.next()?), char::from(rest.next()?));
                u8::try_from(high.to_digit(16)? * 16 + low.to_digit(16)?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
}

impl Reference {
    pub(super) fn id(&self) -> String {
        let organizer = self.organizer.as_deref().map(|id| format!(".{}", part(id))).unwrap_or_default();
        format!("{VERSION}.{}.{}{organizer}", part(&self.event), part(&self.meeting))
    }

    /// Reads an id that [`Reference::id`] made.
    pub(super) fn read(operation: &'static str, meeting: &MeetingRef) -> Result<Self> {
        let mut parts = meeting.id.split('.');
        let known = parts.next() == Some(VERSION);
        let mut next = || parts.next().and_then(whole);
        let (event, online) = (next(), next());
        let organizer = next().or_else(|| meeting.host.clone());
        match (known, event, online) {
            (true, Some(event), Some(online)) => Ok(Self { event, meeting: online, organizer }),
            _ => Err(ProviderError::new(crate::teams::NAME, operation, ErrorKind::NotFound)
                .vendor_code("no meeting id")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn read(id: &str, host: Option<&str>) -> Result<Reference> {
        Reference::read("test", &MeetingRef { id: id.to_owned(), host: host.map(str::to_owned) })
    }

    #[test]
    fn an_id_comes_back_whatever_is_in_it() {
        for (event, meeting, organizer) in [
            ("AAMkADAAABIGYDZAAA=", "MSpkYzE3/Njc+Yy==", None),
            ("a.b", "c.d%2E", Some("dc17674c-81d9-4adb-bfb2-8f6a442e4622")),
            ("é", "../..", Some("x@y.example")),
        ] {
            let reference = Reference {
                event: event.to_owned(),
                meeting: meeting.to_owned(),
                organizer: organizer.map(str::to_owned),
            };
            assert_eq!(read(&reference.id(), None).unwrap(), reference);
        }
        assert_eq!(read("t1.a.b", Some("host")).unwrap().organizer.as_deref(), Some("host"));
    }

    #[test]
    fn what_is_no_id_is_not_found() {
        for id in ["", "t1", "t1.a", "t1..b", "t2.a.b", "94890226305", "t1.a.%", "t1.a.%zz", "t1.%ff.b"] {
            assert_eq!(read(id, None).unwrap_err().kind, ErrorKind::NotFound, "{id}");
        }
    }
}
