//! Pages of rooms that are open in browsers. A page without scripts reloads itself; one that no longer does was closed,
//! and its visitor is gone.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, header};
use chrono::{DateTime, TimeDelta, Utc};

/// How often an open room tells that it is still open.
const RELOAD_SECONDS: u32 = 15;
/// A page that was silent for this long counts as closed.
const SILENCE: TimeDelta = TimeDelta::seconds(60);

/// Who has a page open, and when it was last seen.
#[derive(Debug, Default)]
pub(crate) struct OpenPages(BTreeMap<u64, DateTime<Utc>>);

/// What happens by itself next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A visitor's page counts as closed from now on.
    Closed { visitor: u64, at: DateTime<Utc> },
    /// A timer, by its key, rings.
    Timer((DateTime<Utc>, u64)),
}

impl OpenPages {
    /// A sign of life.
    pub(crate) fn seen(&mut self, visitor: u64, now: DateTime<Utc>) {
        self.0.insert(visitor, now);
    }

    /// The visitor has left, or was put out.
    pub(crate) fn closed(&mut self, visitor: u64) {
        self.0.remove(&visitor);
    }

    /// The first of what happens until now: a page falls silent, or a timer rings; timers go first. A page that fell silent
    /// is forgotten with that.
    pub(crate) fn next<T>(
        &mut self,
        timers: &BTreeMap<(DateTime<Utc>, u64), T>,
        now: DateTime<Utc>,
    ) -> Option<Next> {
        let silent = self.0.iter().map(|(visitor, seen)| (*seen + SILENCE, *visitor)).min();
        let silent = silent.filter(|(due, _)| *due <= now);
        let timer = timers.keys().next().filter(|(due, _)| *due <= now).copied();
        match (silent, timer) {
            (Some((at, visitor)), timer) if timer.is_none_or(|(due, _)| at < due) => {
                self.closed(visitor);
                Some(Next::Closed { visitor, at })
            }
            (_, timer) => timer.map(Next::Timer),
        }
    }
}

/// For the head of a room's page: it comes again by itself.
pub(crate) fn again(key: &str) -> String {
    format!("<meta http-equiv=\"refresh\" content=\"{RELOAD_SECONDS};url=/room/{key}\">")
}

/// The mark by which a browser is known again, when it has this cookie.
pub(crate) fn mark(headers: &HeaderMap, cookie: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(cookie).and_then(|rest| rest.strip_prefix('=')))
        .map(str::to_owned)
}

/// The header that gives a browser its mark.
pub(crate) fn set_mark(cookie: &str, mark: &str) -> String {
    format!("{cookie}={mark}; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    #[test]
    fn what_happens_first_comes_first() {
        let mut pages = OpenPages::default();
        pages.seen(1, second(30));
        pages.seen(2, second(10));
        let mut timers = BTreeMap::from([((second(70), 1), ())]);
        assert_eq!(pages.next(&timers, second(69)), None);
        assert_eq!(pages.next(&timers, second(200)), Some(Next::Timer((second(70), 1))));
        timers.clear();
        assert_eq!(pages.next(&timers, second(200)), Some(Next::Closed { visitor: 2, at: second(70) }));
        pages.closed(1);
        assert_eq!(pages.next(&timers, second(200)), None);
    }

    #[test]
    fn a_browser_is_known_by_its_own_cookie_alone() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "other=x; room=abc; room_x=y".parse().unwrap());
        assert_eq!(mark(&headers, "room").as_deref(), Some("abc"));
        assert_eq!(mark(&headers, "roo"), None);
        assert_eq!(set_mark("room", "abc").split(';').next(), Some("room=abc"));
    }
}
