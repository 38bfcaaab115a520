//! `GET|POST /join/class/{class_id}`: the page with one button, and the redemption.

use axum::{
    extract::{RawForm, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use lectern_core::{
    ids::{ClassId, SessionId},
    join::{BrowserSecret, Window, window},
    session::SessionState,
};
use lectern_web::pages::join::{Join, JoinChoice, JoinSession, JoinState};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    codes,
    door::Arrival,
    entrance,
    redeem::{Redeemed, Wish, redeem},
    service::{self, Door, Standing},
};
use crate::{
    app::App,
    branding::house,
    error::ApiError,
    extract::{ClientAddress, Path, Visitor, cookie, read_form},
    pages::{JoinHeaders, PastedLinkHeaders, Reader, see_other},
    pasted_links::service::lives_by_one,
    sessions::Session,
};

/// The cookie that is one browser; kept for as long as browsers keep one.
const BROWSER: &str = "lectern-browser";
const BROWSER_LIFE: i64 = 400 * 24 * 3_600;

/// What is in the link.
#[derive(Debug, Deserialize)]
pub struct JoinQuery {
    #[serde(default)]
    token: Vec<String>,
    #[serde(default)]
    session: Option<Uuid>,
}

impl JoinQuery {
    /// Reads the link's query. One that cannot be read, or with two tokens, is a link with a token that is worth nothing; only
    /// one without any token is none.
    fn read(query: Option<&str>) -> Self {
        let read = serde_html_form::from_str(query.unwrap_or_default());
        read.unwrap_or_else(|_| Self { token: vec![String::new()], session: None })
    }

    fn token(&self) -> Option<&str> {
        match self.token.as_slice() {
            [] => None,
            [token] => Some(token),
            _ => Some(""),
        }
    }
}

fn known_browser(app: &App, headers: &HeaderMap) -> Option<BrowserSecret> {
    cookie(headers, &app.config.server.cookie_name(BROWSER)).and_then(BrowserSecret::parse)
}

/// `GET`: shows where the person stands. Changes nothing but the browser's own cookie.
pub async fn show(
    State(app): State<App>,
    Path(class): Path<String>,
    axum::extract::RawQuery(query): axum::extract::RawQuery,
    Visitor(visitor): Visitor,
    ClientAddress(address): ClientAddress,
    reader: Reader,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let class = class.parse::<ClassId>().ok();
    let query = JoinQuery::read(query.as_deref());
    let arrival = match service::at_the_door(&app, class, query.token(), visitor.as_ref()).await? {
        Door::Welcome(arrival) => arrival,
        Door::Teacher => {
            return Ok(see_other(&format!(
                "/classes/{}",
                class.map(|class| class.to_string()).unwrap_or_default()
            )));
        }
        Door::Unknown => {
            return Ok(join_headers(see_other(&format!(
                "/sign-in?next=/join/class/{}",
                class.map(|class| class.to_string()).unwrap_or_default()
            ))));
        }
        Door::Refused => return refuse(&app, class, address, "link").await,
    };
    let known = known_browser(&app, &headers);
    let standing = service::look(
        &app,
        &arrival,
        query.session.map(SessionId),
        known.as_ref().map(BrowserSecret::hash).as_ref(),
    )
    .await?;
    let fresh = known.is_none();
    let browser = known.unwrap_or_else(|| BrowserSecret::generate(app.randomness.as_ref()));
    let mut response =
        page(&app, &arrival, reader, &browser, standing_state(&app, &arrival, standing), false).await?;
    if fresh {
        set_browser(&app, &mut response, &browser)?;
    }
    Ok(response)
}

fn set_browser(app: &App, response: &mut Response, browser: &BrowserSecret) -> Result<(), ApiError> {
    let value = app.config.server.set_cookie(BROWSER, Some(browser.as_str()), BROWSER_LIFE);
    response
        .headers_mut()
        .append(header::SET_COOKIE, HeaderValue::from_str(&value).map_err(ApiError::internal)?);
    Ok(())
}

#[derive(Debug, Default, Deserialize)]
struct JoinForm {
    #[serde(default)]
    form: String,
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    session: Option<String>,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    again: Option<String>,
}

/// `POST`: redeems. Guarded by the page's form token, which belongs to this browser's cookie, and by `Sec-Fetch-Site`: a page
/// that sends no referrer posts with `Origin: null`.
pub async fn post(
    State(app): State<App>,
    Path(class): Path<String>,
    Visitor(visitor): Visitor,
    ClientAddress(address): ClientAddress,
    reader: Reader,
    headers: HeaderMap,
    RawForm(form): RawForm,
) -> Result<Response, ApiError> {
    let class = class.parse::<ClassId>().ok();
    let foreign = headers.get("sec-fetch-site").is_some_and(|site| site.as_bytes() == b"cross-site")
        || headers.get(header::ORIGIN).is_some_and(|origin| {
            origin.as_bytes() != b"null" && origin.as_bytes() != app.config.server.origin().as_bytes()
        });
    let form: JoinForm = read_form(&form).unwrap_or_default();
    let token = form.token.as_deref().filter(|token| !token.is_empty());
    let door = if foreign {
        Door::Refused
    } else {
        service::at_the_door(&app, class, token, visitor.as_ref()).await?
    };
    let Door::Welcome(arrival) = door else {
        return refuse(&app, class, address, if foreign { "foreign_page" } else { "link" }).await;
    };
    let now = app.clock.now();
    let browser = known_browser(&app, &headers);
    let browser = browser.filter(|browser| {
        app.forms.verify(&form.form, browser, arrival.class.id, arrival.enrollment.person, now)
    });
    let Some(browser) = browser else { return refuse(&app, class, address, "form").await };
    let wish = Wish {
        session: form.session.and_then(|id| id.parse().ok()),
        code: form.code,
        again: form.again.is_some(),
    };
    let state = match redeem(&app, &arrival, &browser.hash(), &wish).await? {
        Redeemed::Go(url) => {
            let location = HeaderValue::from_str(url.expose()).map_err(ApiError::internal)?;
            return Ok(join_headers((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()));
        }
        Redeemed::Stand(standing) => standing_state(&app, &arrival, standing),
        Redeemed::OtherBrowser { session, tries_left, spent } => (
            arrival.session(session),
            JoinState::OtherBrowser {
                masked_email: entrance::masked(&arrival.enrollment.email),
                minutes: u32::try_from(codes::LIFE.num_minutes()).unwrap_or(10),
                tries_left: tries_left.and_then(|left| u32::try_from(left).ok()),
                spent,
            },
        ),
    };
    page(&app, &arrival, reader, &browser, state, true).await
}

/// The one refusal: the same status and bytes, whatever is wrong.
async fn refuse(
    app: &App,
    class: Option<ClassId>,
    address: std::net::IpAddr,
    why: &'static str,
) -> Result<Response, ApiError> {
    service::refused(app, class, address, why).await?;
    let html = app.web.refused().map_err(ApiError::internal)?;
    Ok(join_headers(
        (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response(),
    ))
}

fn join_headers(mut response: Response) -> Response {
    response.extensions_mut().insert(JoinHeaders);
    response
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// The page's words for where somebody stands, and the session it is about.
pub(super) fn standing_state<'a>(
    app: &App,
    arrival: &'a Arrival,
    standing: Standing,
) -> (Option<&'a Session>, JoinState) {
    let now = app.clock.now();
    let opens = |id| {
        let session: Option<&Session> = arrival.session(id);
        session.map(|session| text(session.starts_at - arrival.policies.join_opens())).unwrap_or_default()
    };
    let next = || {
        let coming =
            arrival.sessions.iter().map(|at| &at.session).filter(|session| {
                matches!(window(&session.times(), &arrival.policies, now), Window::Early(_))
            });
        coming.map(|session| session.starts_at).min().map(text)
    };
    match standing {
        Standing::Choose(ids) => {
            let sessions = ids.iter().filter_map(|id| arrival.session(*id)).map(|session| JoinChoice {
                id: session.id.to_string(),
                title: session.title.clone(),
                starts_at: text(session.starts_at),
                ends_at: text(session.ends_at),
                zone: session.time_zone.clone(),
            });
            (None, JoinState::Choose { sessions: sessions.collect() })
        }
        Standing::Early(id, at) => (arrival.session(id), JoinState::Early { opens_at: text(at) }),
        Standing::Ready(id) => (arrival.session(id), JoinState::Ready { opens_at: opens(id) }),
        Standing::Joined(id, at, seen) => {
            (arrival.session(id), JoinState::Joined { at: text(at), seen_at: seen.map(text) })
        }
        Standing::Preparing(id) => (arrival.session(id), JoinState::Preparing),
        Standing::PlatformDown(id) => (arrival.session(id), JoinState::PlatformDown),
        Standing::TeacherNotHere(id) => (arrival.session(id), JoinState::TeacherNotHere),
        Standing::InPerson(id) => (arrival.session(id), JoinState::InPerson),
        Standing::Over(id) => {
            let ended = arrival
                .session(id)
                .map(|session| text(session.ended_at.unwrap_or(session.ends_at)))
                .unwrap_or_default();
            (arrival.session(id), JoinState::Over { ended_at: ended, next_at: next() })
        }
        Standing::Cancelled(id) => {
            let reason = arrival.session(id).and_then(|session| session.cancel_reason.clone());
            (arrival.session(id), JoinState::Cancelled { reason, next_at: next() })
        }
        Standing::Nothing => (None, JoinState::Over { ended_at: text(now), next_at: None }),
    }
}

async fn page(
    app: &App,
    arrival: &Arrival,
    reader: Reader,
    browser: &BrowserSecret,
    (session, state): (Option<&Session>, JoinState),
    resume: bool,
) -> Result<Response, ApiError> {
    let now = app.clock.now();
    let class = arrival.class.id;
    let token = arrival.token.clone();
    let meeting = session.and_then(|session| arrival.at(session.id)).and_then(|at| at.meeting.as_ref());
    let held_on = meeting.map_or(arrival.class.provider, |meeting| meeting.provider);
    let query = token.as_ref().map(|token| format!("?token={token}")).unwrap_or_default();
    let naming = arrival.naming(app).await?;
    let (entrance, told) = entrance::of(held_on, meeting, &arrival.enrollment, &naming);
    let page = Join {
        class_id: class.to_string(),
        class_title: arrival.class.title.clone(),
        organization: arrival.organization.name.clone(),
        instructor: arrival.instructor.clone(),
        platform: held_on.title().to_owned(),
        instead_of: Some(arrival.class.provider)
            .filter(|own| {
                *own != held_on && session.is_some_and(|session| session.state == SessionState::Live)
            })
            .map(|own| own.title().to_owned()),
        entrance,
        told,
        person: arrival.enrollment.name(),
        session: session.map(|session| JoinSession {
            id: session.id.to_string(),
            title: session.title.clone(),
            starts_at: text(session.starts_at),
            ends_at: text(session.ends_at),
            zone: session.time_zone.clone(),
        }),
        form: app.forms.token(browser, class, arrival.enrollment.person, now),
        self_url: format!("/join/class/{class}{query}"),
        calendar_url: session.map(|_| format!("/join/class/{class}/calendar.ics{query}")),
        token,
        now: text(now),
        resume,
        state,
    };
    let reader = reader.who_chose(arrival.enrollment.language.as_deref());
    let mut response = reader.bare(app, &page, house(&arrival.organization))?;
    if lives_by_one(held_on) {
        response.extensions_mut().insert(PastedLinkHeaders);
    }
    Ok(join_headers(response))
}

/// `GET /join/class/{class_id}/calendar.ics`: the next session, with our link and nothing of the platform.
pub async fn calendar(
    State(app): State<App>,
    Path(class): Path<String>,
    axum::extract::RawQuery(query): axum::extract::RawQuery,
    Visitor(visitor): Visitor,
    ClientAddress(address): ClientAddress,
) -> Result<Response, ApiError> {
    let class = class.parse::<ClassId>().ok();
    let query = JoinQuery::read(query.as_deref());
    let Door::Welcome(arrival) = service::at_the_door(&app, class, query.token(), visitor.as_ref()).await?
    else {
        return refuse(&app, class, address, "link").await;
    };
    let now = app.clock.now();
    let coming = arrival
        .sessions
        .iter()
        .map(|at| &at.session)
        .filter(|session| session.ends_at > now)
        .min_by_key(|session| session.starts_at);
    let session = coming.ok_or(ApiError::NotFound)?;
    let link = crate::classes::links::join_link(&app, arrival.organization.id, &arrival.enrollment);
    let text = crate::calendar::ics::invitation(
        &app,
        session,
        &arrival.class.title,
        &link,
        crate::calendar::ics::Method::Publish,
    );
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"class.ics\""),
    ];
    Ok(join_headers((headers, text).into_response()))
}
