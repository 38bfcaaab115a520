//! What goes on outside the frame, in a window of its own that nobody may frame: a consent at a platform, whose pages refuse
//! frames too, and the end of a class, which is not to be had by a click that a page around ours has stolen.
//!
//! The frame's cookie stays in its frame, so the form brings a token of the view instead. It ends with the view and opens
//! nothing: each of these pages says what is about to happen, and to whom, and asks.

use axum::{body::Bytes, extract::State, http::HeaderMap, response::Response};
use lectern_core::{embed::EmbedView, ids::SessionId};
use lectern_web::pages::embed::{EmbedEnd, EmbedEndState};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    frame::{Framed, own_page, refuse},
    service,
};
use crate::{
    app::App,
    error::ApiError,
    extract::{Path, read_form},
    pages::see_other,
    platforms, sessions,
};

/// A form that leaves the frame.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Leaving {
    leave: String,
    session: Option<Uuid>,
    sure: Option<String>,
}

async fn came(
    app: &App,
    headers: &HeaderMap,
    view: EmbedView,
    form: &[u8],
) -> Result<Option<(Framed, Leaving)>, ApiError> {
    own_page(app, headers)?;
    let form: Leaving = read_form(form).unwrap_or_default();
    let holds = service::left(app, &form.leave, view).await?;
    // Out here nothing is shown to a cookie: the form's token is the proof.
    Ok(holds.map(|holds| (Framed { who: service::reader_of(&holds, [0; 32]), holds }, form)))
}

/// `POST /embed/connection/{provider}/connect`: on to the page that says whose account is about to be connected.
pub async fn connect(
    State(app): State<App>,
    headers: HeaderMap,
    Path(provider): Path<String>,
    form: Bytes,
) -> Result<Response, ApiError> {
    let Some((framed, _)) = came(&app, &headers, EmbedView::Connection, &form).await? else {
        return refuse(&app);
    };
    let provider = platforms::settings::provider(&provider)?;
    let url = platforms::tickets::issue(&app, &framed.who, provider).await?;
    Ok(see_other(&url.ok_or(ApiError::Forbidden)?))
}

/// `POST /embed/live/end {leave, session, sure?}`: asks before a class ends for everybody, and ends it.
pub async fn end(State(app): State<App>, headers: HeaderMap, form: Bytes) -> Result<Response, ApiError> {
    let Some((framed, form)) = came(&app, &headers, EmbedView::Live, &form).await? else {
        return refuse(&app);
    };
    let session = form.session.ok_or(ApiError::NotFound)?;
    let around = framed.around(&app, None);
    let state = if form.sure.is_some() {
        sessions::service::end(&app, &framed.who, SessionId(session)).await?;
        EmbedEndState::Ended
    } else {
        match sessions::pages::ending(&app, &framed.who, session).await? {
            Some(asked) => EmbedEndState::Ask { session: Box::new(asked), leave: form.leave },
            None => EmbedEndState::Ended,
        }
    };
    let page = EmbedEnd { organization: around.organization, theme: around.theme, state };
    framed.reader(&headers).bare(&app, &page, framed.house())
}
