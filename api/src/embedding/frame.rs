//! What every page inside a frame shares: its cookie, its headers, its form token, and the one refusal.

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use lectern_core::{
    embed::{EmbedOrigin, EmbedView},
    ids::ClassId,
};
use lectern_web::{House, NoticeKind, pages::embed::EmbedFrame};

use super::service::{self, Holds, Secret};
use crate::{
    app::App,
    branding,
    error::ApiError,
    extract::{SignedIn, cookie, is_own_page, shown_to},
    pages::{FrameHeaders, JoinHeaders, Reader, Wishes},
};

/// Somebody who looks at a view inside a frame.
#[derive(Clone, Debug)]
pub struct Framed {
    /// What they look at.
    pub holds: Holds,
    /// Who they are, for the use cases behind the view; good for nothing but this view.
    pub who: SignedIn,
}

/// The cookie's name, before the prefix: each view has its own, and each class, so that one page may hold several.
#[must_use]
pub fn cookie_of(view: EmbedView, class: Option<ClassId>) -> String {
    match class {
        Some(class) => format!("lectern-embed-{}-{}", view.as_str(), class.uuid().simple()),
        None => format!("lectern-embed-{}", view.as_str()),
    }
}

/// The view's own page.
#[must_use]
pub fn page_of(view: EmbedView, class: Option<ClassId>) -> String {
    match class {
        Some(class) => format!("/embed/{}/{class}", view.as_str()),
        None => format!("/embed/{}", view.as_str()),
    }
}

/// The secret that came with this view's cookie.
#[must_use]
pub fn secret_in(app: &App, headers: &HeaderMap, view: EmbedView, class: Option<ClassId>) -> Option<Secret> {
    let name = app.config.server.cookie_name(&cookie_of(view, class));
    cookie(headers, &name).and_then(Secret::parse)
}

/// Whoever looks at this view, by its cookie. The cookie of another view opens nothing, whatever it is called.
pub async fn admit(
    app: &App,
    headers: &HeaderMap,
    view: EmbedView,
    class: Option<ClassId>,
) -> Result<Option<Framed>, ApiError> {
    let Some(secret) = secret_in(app, headers, view, class) else { return Ok(None) };
    let holds = service::of_secret(app, &secret).await?;
    let holds = holds.filter(|holds| holds.embed.view == view && holds.embed.class == class);
    Ok(holds.map(|holds| Framed { who: service::reader_of(&holds, secret.hash()), holds }))
}

/// The same for a form of the view, which must come from the view's page as it was shown to this cookie.
///
/// # Errors
/// [`ApiError::Malformed`] for a form from elsewhere.
pub async fn admit_form(
    app: &App,
    headers: &HeaderMap,
    view: EmbedView,
    form: &[u8],
) -> Result<Option<Framed>, ApiError> {
    let Some(framed) = admit(app, headers, view, None).await? else { return Ok(None) };
    own_page(app, headers)?;
    let token = url::form_urlencoded::parse(form)
        .find_map(|(key, value)| (key == "csrf").then(|| value.into_owned()));
    shown_to(&framed.who, token.as_deref())?;
    Ok(Some(framed))
}

/// A page inside a frame is ours, and its forms say so: their origin is our own, whoever frames it.
///
/// # Errors
/// [`ApiError::Malformed`] for a request from a page of another site.
pub fn own_page(app: &App, headers: &HeaderMap) -> Result<(), ApiError> {
    if is_own_page(headers, app) {
        return Ok(());
    }
    Err(ApiError::Malformed("This request came from a page of another site.".into()))
}

impl Framed {
    /// What stands around the view.
    #[must_use]
    pub fn around(&self, app: &App, notice: Option<NoticeKind>) -> EmbedFrame {
        let looks = &self.holds.embed.looks;
        // The colour that was asked for, else the organization's own.
        let own = || self.holds.organization.look.colour().map(|colour| colour.to_string());
        let accent = looks.accent.clone().or_else(own);
        let theme = (accent.is_some() || looks.scheme.is_some()).then(|| {
            let scheme = looks.scheme.as_deref().unwrap_or("auto");
            match accent.as_deref().map(|accent| accent.trim_start_matches('#')) {
                Some(accent) => format!("/embed/theme/{scheme}-{accent}.css"),
                None => format!("/embed/theme/{scheme}.css"),
            }
        });
        EmbedFrame {
            organization: self.holds.organization.name.clone(),
            theme,
            csrf: self.who.csrf(),
            leave: self.holds.leave(app),
            notice: notice.map(Into::into),
        }
    }

    /// How the reader wants it.
    #[must_use]
    pub fn reader(&self, headers: &HeaderMap) -> Reader {
        let wishes = Wishes::of(headers, None)
            .chosen(self.holds.embed.looks.language.as_deref())
            .own(self.who.language.as_deref());
        Reader::of(wishes, self.holds.organization.languages, headers)
    }

    /// The organization's words, languages and looks.
    #[must_use]
    pub fn house(&self) -> House {
        branding::house(&self.holds.organization)
    }

    /// An answer that the organization's origins may frame: a failure too, which a reader could not see otherwise.
    pub fn answer(&self, outcome: Result<Response, ApiError>) -> Response {
        framed(&self.holds, outcome.unwrap_or_else(IntoResponse::into_response))
    }
}

/// Lets this organization's origins frame an answer.
pub fn framed(holds: &Holds, mut response: Response) -> Response {
    response.extensions_mut().insert(FrameHeaders(EmbedOrigin::ancestors(&holds.origins)));
    response
}

/// The one refusal, the same as that of a join link: the same status and bytes, whatever is wrong. Nobody may frame it, so it
/// tells nothing of any organization either.
///
/// # Errors
/// When the page cannot be made.
pub fn refuse(app: &App) -> Result<Response, ApiError> {
    let html = app.web.refused().map_err(ApiError::internal)?;
    let mut response =
        (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response();
    response.extensions_mut().insert(JoinHeaders);
    Ok(response)
}
