//! The rooms' addresses, and their pages that are open in browsers. A page without scripts reloads itself; one that no longer does was closed,
//! and its visitor is gone.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    extract::{Path, Request, State},
    http::{HeaderMap, Method, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    answer::Answer,
    http::{form, only_looking},
    query::Query,
    stage::{Simulated, Stage},
};

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
fn mark(headers: &HeaderMap, cookie: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(cookie).and_then(|rest| rest.strip_prefix('=')))
        .map(str::to_owned)
}

/// A browser's mark, and the header that gives it one when it has none.
pub(crate) fn browser(
    headers: &HeaderMap,
    cookie: &str,
    new: impl FnOnce() -> String,
) -> (String, Option<String>) {
    if let Some(known) = mark(headers, cookie) {
        return (known, None);
    }
    let made = new();
    let set = format!("{cookie}={made}; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400");
    (made, Some(set))
}

/// With the header that a new browser gets.
pub(crate) fn with_cookie(answer: Answer, cookie: Option<String>) -> Answer {
    match cookie {
        Some(cookie) => answer.header("set-cookie", cookie),
        None => answer,
    }
}

/// A world with rooms where browsers are.
pub(crate) trait Rooms: Simulated {
    /// `GET /room/{key}`: where somebody is now, and a sign of life. It never joins anew.
    fn room_again(&mut self, key: &str, now: DateTime<Utc>) -> Answer;

    /// `POST /room/{key}/{what}`: a button in the room.
    fn room_button(&mut self, key: &str, what: &str, form: &Query, now: DateTime<Utc>) -> Answer;
}

/// The rooms' addresses.
pub(crate) fn routes<W: Rooms>() -> Router<Arc<Stage<W>>> {
    Router::new().route("/room/{key}", get(room::<W>)).route("/room/{key}/{what}", post(button::<W>))
}

async fn room<W: Rooms>(
    State(stage): State<Arc<Stage<W>>>,
    Path(key): Path<String>,
    method: Method,
) -> Response {
    if let Some(answer) = only_looking(&method) {
        return answer;
    }
    stage.act(|world, now| world.room_again(&key, now)).into_response()
}

async fn button<W: Rooms>(
    State(stage): State<Arc<Stage<W>>>,
    Path((key, what)): Path<(String, String)>,
    request: Request,
) -> Response {
    let form = form(request).await;
    let route = ("POST", "/room/{key}/{what}", "roomButton");
    stage.answered(route, |world, now| world.room_button(&key, &what, &form, now))
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
        assert_eq!(browser(&headers, "room", String::new), ("abc".to_owned(), None));
        let (made, set) = browser(&headers, "roo", || "new".to_owned());
        assert_eq!((made.as_str(), set.unwrap().split(';').next()), ("new", Some("roo=new")));
    }
}
