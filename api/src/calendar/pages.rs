//! The calendar, as a page and as a feed.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{Datelike, NaiveDate};
use lectern_core::{calendar::Extent, role::Role, session::Delivery};
use lectern_web::{
    NoticeKind, Section,
    pages::calendar::{CalendarDay, CalendarEntry, CalendarPage},
};
use serde::Deserialize;

use super::{
    feed,
    service::{self, CalendarView, Day, Entry},
};
use crate::{
    app::App,
    error::ApiError,
    extract::{Form, Member, Path, Query, SignedIn},
    list::{Paging, instant_cursor, page_cursor},
    live::feed::instant,
    pages::{Pages, Reader, see_other},
    sessions::pages::page_state,
};

/// Which sheet.
#[derive(Debug, Default, Deserialize)]
pub struct CalendarQuery {
    view: Option<String>,
    on: Option<String>,
    cursor: Option<String>,
    notice: Option<NoticeKind>,
}

/// A day whose sheet can be shown; any other is today.
fn is_sensible(day: &NaiveDate) -> bool {
    (1900..=2999).contains(&day.year())
}

/// `GET /calendar`
pub async fn show(
    State(app): State<App>,
    who: Member,
    reader: Reader,
    Query(query): Query<CalendarQuery>,
) -> Result<Response, ApiError> {
    let extent = query.view.as_deref().and_then(Extent::parse).unwrap_or_default();
    let on = query.on.as_deref().and_then(|day| day.parse::<NaiveDate>().ok()).filter(is_sensible);
    let after = Paging::new(None, query.cursor.as_deref())?.instant_and_id()?;
    let view = service::sheet(&app, &who, on, extent, after).await?;
    let mut tx = app.db.read(who.organization).await?;
    let feed = feed::url(&app, &mut tx, &who).await.ok();
    drop(tx);
    let page = page(&who, &view, feed);
    Pages::new(&app, &who, reader, Section::Calendar).await?.notice(query.notice).show(&page)
}

fn page(who: &SignedIn, view: &CalendarView, feed_url: Option<String>) -> CalendarPage {
    let extent = view.sheet.extent;
    let url = |extent: Extent, on: NaiveDate| format!("/calendar?view={}&on={on}", extent.as_str());
    let shown = |day: &Day| CalendarDay {
        number: day.date.day(),
        noon: instant(day.noon),
        out: !view.sheet.is_about(day.date),
        today: day.date == view.today,
        holiday: day.holiday.clone(),
        entries: day.entries.iter().map(|one| entry(one, view)).collect(),
        more: day.more,
        url: url(Extent::List, day.date),
    };
    let days: Vec<CalendarDay> = view.days.iter().map(shown).collect();
    let weeks = if extent == Extent::List { vec![days] } else { days.chunks(7).map(<[_]>::to_vec).collect() };
    let on = view.sheet.on;
    let go_on = view
        .next
        .map(|(at, id)| format!("{}&cursor={}", url(extent, on), page_cursor(&instant_cursor(at, id))));
    CalendarPage {
        view: extent.as_str().to_owned(),
        month: chrono::Datelike::month(&on),
        year: chrono::Datelike::year(&on),
        zone: view.zone.name().to_owned(),
        whole: who.role == Role::Admin,
        can_schedule: who.role != Role::Student,
        weeks,
        before_url: view.sheet.before().map(|day| url(extent, day)),
        today_url: format!("/calendar?view={}", extent.as_str()),
        after_url: view.sheet.after().map(|day| url(extent, day)),
        month_url: url(Extent::Month, on),
        week_url: url(Extent::Week, on),
        list_url: url(Extent::List, on),
        next_url: go_on,
        feed_url,
    }
}

fn entry(one: &Entry, view: &CalendarView) -> CalendarEntry {
    let session = &one.session;
    CalendarEntry {
        id: session.id.to_string(),
        title: session.title.clone(),
        class_title: one.class_title.clone(),
        state: page_state(session.state),
        hybrid: session.delivery == Delivery::Hybrid,
        in_person: session.delivery == Delivery::InPerson,
        starts_at: instant(session.starts_at),
        ends_at: instant(session.ends_at),
        other_zone: Some(session.time_zone.clone()).filter(|zone| zone != view.zone.name()),
    }
}

/// `POST /calendar/rotate`
pub async fn rotate(State(app): State<App>, who: Member, Form(()): Form<()>) -> Result<Response, ApiError> {
    feed::rotate(&app, &who).await?;
    Ok(see_other("/calendar?notice=saved#feed"))
}

/// `GET /calendar/{token}.ics`
pub async fn ics(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let token = name.strip_suffix(".ics").ok_or(ApiError::NotFound)?;
    let feed = feed::read(&app, token).await?;
    let tag = HeaderValue::from_str(&feed.tag).map_err(ApiError::internal)?;
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| *known == tag);
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8"))], feed.text)
            .into_response()
    };
    let head = response.headers_mut();
    head.insert(header::ETAG, tag);
    head.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=300"));
    // The address is a secret: no search engine keeps it.
    head.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    Ok(response)
}
