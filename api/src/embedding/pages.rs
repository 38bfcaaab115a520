//! `/embed/…`: the views inside a frame.

use axum::{
    body::Bytes,
    extract::{
        RawQuery, State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    response::{IntoResponse, Response},
};
use lectern_core::{colour::Colour, embed::EmbedView, ids::ClassId};
use lectern_web::{
    pages::embed::{EmbedConnection, EmbedJoin, EmbedLive},
    theme,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    frame::{self, Framed, admit, admit_form, refuse},
    service::{self, Opened},
};
use crate::{
    app::App,
    error::ApiError,
    extract::{ClientAddress, Path, Query},
    join, live,
    pages::{JoinHeaders, NoticeQuery, see_other},
    platforms,
};

/// The token of a link; none when there are two.
fn token_of(query: Option<&str>) -> Option<String> {
    let mut tokens =
        url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).filter(|(key, _)| key == "token");
    let (_, token) = tokens.next()?;
    tokens.next().is_none().then(|| token.into_owned())
}

/// `GET /embed/open?token=`: gives the view to this browser and leads on to it, without the token. A request that does not want
/// to see it (`HEAD`) uses nothing up.
pub async fn open(
    State(app): State<App>,
    method: Method,
    headers: HeaderMap,
    ClientAddress(address): ClientAddress,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let token = token_of(query.as_deref()).filter(|_| method == Method::GET).unwrap_or_default();
    let opened = match service::view_of(&app, &token) {
        Some((view, class)) => {
            let known = frame::secret_in(&app, &headers, view, class);
            service::open(&app, &token, known.as_ref()).await?
        }
        None => Opened::Refused,
    };
    let (holds, secret) = match opened {
        Opened::Now(holds, secret) => (holds, Some(secret)),
        Opened::Before(holds) => (holds, None),
        Opened::Refused => {
            let most = app.config.limits.refused_joins_per_address;
            app.limiter.count(&format!("embed refused {address}"), most).map_err(ApiError::TooMany)?;
            return refuse(&app);
        }
    };
    let (view, class) = (holds.embed.view, holds.embed.class);
    let mut response = see_other(&frame::page_of(view, class));
    if let Some(secret) = secret {
        let browser = headers.contains_key("sec-fetch-dest");
        let life = service::VIEW_LIFE.num_seconds();
        let name = frame::cookie_of(view, class);
        let cookie = app.config.server.set_frame_cookie(&name, secret.expose(), life, browser);
        let cookie = HeaderValue::from_str(&cookie).map_err(ApiError::internal)?;
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response.extensions_mut().insert(JoinHeaders);
    Ok(frame::framed(&holds, response))
}

/// `GET /embed/connection`: an instructor's own accounts.
pub async fn connection(
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<NoticeQuery>,
) -> Result<Response, ApiError> {
    let Some(framed) = admit(&app, &headers, EmbedView::Connection, None).await? else { return refuse(&app) };
    let outcome = async {
        let own = platforms::pages::own_connections(&app, &framed.who).await?;
        let page = EmbedConnection { frame: framed.around(&app, query.notice), own };
        framed.reader(&headers).bare(&app, &page, framed.house())
    };
    let outcome = outcome.await;
    Ok(framed.answer(outcome))
}

fn back_to_connection(notice: Option<&str>) -> Response {
    match notice {
        Some(notice) => see_other(&format!("/embed/connection?notice={notice}")),
        None => see_other("/embed/connection"),
    }
}

/// `POST /embed/connection/{provider}/refresh`
pub async fn refresh(
    State(app): State<App>,
    headers: HeaderMap,
    Path(provider): Path<String>,
    form: Bytes,
) -> Result<Response, ApiError> {
    let Some(framed) = admit_form(&app, &headers, EmbedView::Connection, &form).await? else {
        return refuse(&app);
    };
    let outcome = platforms::pages::refreshed(&app, &framed.who, &provider).await;
    Ok(framed.answer(outcome.map(back_to_connection)))
}

/// `POST /embed/connection/{provider}/disconnect`
pub async fn disconnect(
    State(app): State<App>,
    headers: HeaderMap,
    Path(provider): Path<String>,
    form: Bytes,
) -> Result<Response, ApiError> {
    let Some(framed) = admit_form(&app, &headers, EmbedView::Connection, &form).await? else {
        return refuse(&app);
    };
    let outcome = platforms::pages::disconnected(&app, &framed.who, &provider).await;
    Ok(framed.answer(outcome.map(|notice| back_to_connection(Some(notice)))))
}

/// `GET /embed/join/{class}`: when it is, and the way to the join page, which opens at top level. Nobody joins inside a frame.
pub async fn join(
    State(app): State<App>,
    headers: HeaderMap,
    Path(class): Path<String>,
) -> Result<Response, ApiError> {
    let Ok(class) = class.parse::<ClassId>() else { return refuse(&app) };
    let Some(framed) = admit(&app, &headers, EmbedView::Join, Some(class)).await? else {
        return refuse(&app);
    };
    // Taken from the roster since.
    let Some(way) = join::way_in(&app, &framed.who, class).await? else { return refuse(&app) };
    let page = EmbedJoin {
        frame: framed.around(&app, None),
        class_title: way.class_title,
        instructor: way.instructor,
        session: way.session,
        state: way.state,
        join_url: way.link,
        now: app.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
    };
    let outcome = framed.reader(&headers).bare(&app, &page, framed.house());
    Ok(framed.answer(outcome))
}

/// What is opened on the board.
#[derive(Debug, Default, Deserialize)]
pub struct BoardQuery {
    open: Option<Uuid>,
}

/// `GET /embed/live?open={session}`: what is on now.
pub async fn board(
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<BoardQuery>,
) -> Result<Response, ApiError> {
    let Some(framed) = admit(&app, &headers, EmbedView::Live, None).await? else { return refuse(&app) };
    let outcome = board_page(&app, &headers, &framed, query.open).await;
    Ok(framed.answer(outcome))
}

async fn board_page(
    app: &App,
    headers: &HeaderMap,
    framed: &Framed,
    open: Option<Uuid>,
) -> Result<Response, ApiError> {
    let mut board = live::pages::board_of(app, &framed.who, open).await?;
    // A session's own page is for people who are signed in here.
    for problem in &mut board.problems {
        problem.url = None;
    }
    let page = EmbedLive { frame: framed.around(app, None), board };
    framed.reader(headers).bare(app, &page, framed.house())
}

/// `GET /embed/live/events`: what the board is told, as `/api/v1/live` tells it, by this view's cookie.
pub async fn events(
    State(app): State<App>,
    headers: HeaderMap,
    query: Result<Query<live::routes::LiveQuery>, ApiError>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let Some(framed) = admit(&app, &headers, EmbedView::Live, None).await? else { return refuse(&app) };
    let told = live::routes::tell(app, &headers, Some(framed.who.clone()), query, upgrade).await;
    Ok(framed.answer(told))
}

/// `GET /embed/theme/{file}`: the colours a view was asked for in, as `auto.css`, `dark-0e5e49.css`; made from the address alone.
pub async fn colours(Path(file): Path<String>) -> Response {
    let Some(sheet) = sheet_of(&file) else { return ApiError::NotFound.into_response() };
    let headers: [(HeaderName, &str); 2] =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=86400")];
    (headers, sheet).into_response()
}

fn sheet_of(file: &str) -> Option<String> {
    let name = file.strip_suffix(".css")?;
    let (scheme, accent) = match name.split_once('-') {
        Some((scheme, accent)) => (scheme, Some(format!("#{accent}").parse::<Colour>().ok()?)),
        None => (name, None),
    };
    let scheme = match scheme {
        "auto" => None,
        "light" => Some(lectern_core::colour::Scheme::Light),
        "dark" => Some(lectern_core::colour::Scheme::Dark),
        _ => return None,
    };
    Some(theme::sheet(scheme, accent))
}

#[cfg(test)]
mod tests {
    use super::{sheet_of, token_of};

    #[test]
    fn a_sheet_is_made_for_a_scheme_and_six_digits() {
        for good in ["auto.css", "light.css", "dark-0e5e49.css", "auto-FFFFFF.css"] {
            assert!(sheet_of(good).is_some(), "{good}");
        }
        for bad in [
            "",
            ".css",
            "auto",
            "dim.css",
            "auto-.css",
            "auto-0e5e4.css",
            "auto-}body{.css",
            "auto-0e5e49-1.css",
        ] {
            assert!(sheet_of(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_link_has_one_token() {
        assert_eq!(token_of(Some("token=a")).as_deref(), Some("a"));
        assert_eq!(token_of(Some("token=a&token=b")), None);
        assert_eq!((token_of(Some("x=a")), token_of(None)), (None, None));
    }
}
