use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Response},
};
use lectern_core::{role::Role, sentence::Sentence};
use lectern_web::{Lang, Notice, NoticeKind, Page, Section, Shell, Viewer, Vocabulary};

use crate::{
    app::App,
    error::ApiError,
    extract::{SignedIn, cookie},
    notify, organizations, sessions,
};

/// The language a page is asked for in: chosen (`?lang=`, then cookie), the person's, the browser's.
#[derive(Clone, Copy, Debug)]
pub struct Language(pub Lang);

impl Language {
    /// From the request alone.
    #[must_use]
    pub fn of(headers: &HeaderMap, query: Option<&str>, person: Option<&str>) -> Self {
        let asked = query.and_then(|query| {
            url::form_urlencoded::parse(query.as_bytes())
                .find(|(key, _)| key == "lang")
                .and_then(|(_, tag)| Lang::from_tag(&tag))
        });
        let chosen = || cookie(headers, "lectern-lang").and_then(Lang::from_tag);
        let own = || person.and_then(Lang::from_tag);
        let browser = || {
            headers
                .get(header::ACCEPT_LANGUAGE)
                .and_then(|value| value.to_str().ok())
                .map(Lang::from_accept_language)
        };
        Self(asked.or_else(chosen).or_else(own).or_else(browser).unwrap_or_default())
    }
}

/// How the reader wants the page: language, and whole or only its changing part.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// Language.
    pub lang: Lang,
    /// Only title and main part (`X-Fragment: 1`): what the live script replaces.
    pub fragment: bool,
    /// The language was asked for in the address: remember it.
    remember: bool,
}

impl FromRequestParts<App> for Reader {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Self::Rejection> {
        let person = parts.extensions.get::<SignedIn>().and_then(|who| who.language.clone());
        let Language(lang) = Language::of(&parts.headers, parts.uri.query(), person.as_deref());
        let remember = parts.uri.query().is_some_and(|query| query.contains("lang="));
        Ok(Self { lang, fragment: parts.headers.contains_key("x-fragment"), remember })
    }
}

impl Reader {
    /// In a language that is settled; nothing of it is remembered.
    #[must_use]
    pub fn of(lang: Lang, headers: &HeaderMap) -> Self {
        Self { lang, fragment: headers.contains_key("x-fragment"), remember: false }
    }

    fn finish(self, html: String) -> Response {
        let mut response = Html(html).into_response();
        if self.remember
            && let Ok(value) = HeaderValue::from_str(&format!(
                "lectern-lang={}; Path=/; SameSite=Lax; Max-Age=31536000",
                self.lang.tag()
            ))
        {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
        response
    }
}

/// Renders pages for one signed-in reader.
#[derive(Debug)]
pub struct Pages<'a> {
    app: &'a App,
    shell: Shell,
    reader: Reader,
}

impl<'a> Pages<'a> {
    /// For whoever is signed in; `section` is the entry of the navigation the page belongs to.
    pub async fn new(
        app: &'a App,
        who: &SignedIn,
        reader: Reader,
        section: Section,
    ) -> Result<Pages<'a>, ApiError> {
        let organization =
            organizations::service::find_active(app, who.organization).await?.ok_or(ApiError::SignedOut)?;
        let viewer = match who.role {
            _ if who.is_super_admin() => Viewer::SuperAdmin,
            Role::Admin if who.owner => Viewer::Owner,
            Role::Admin => Viewer::Admin,
            Role::Instructor => Viewer::Instructor,
            Role::Student => Viewer::Student,
        };
        let (live_now, unseen) = if who.is_super_admin() {
            (0, 0)
        } else {
            let mut tx = app.db.read(who.organization).await?;
            let live_now = match who.role {
                Role::Student => 0,
                _ => sessions::service::live_count(&mut tx, who).await?,
            };
            (live_now, notify::pages::unseen(app, &mut tx, who).await?)
        };
        let shell = Shell {
            person: who.name.clone(),
            viewer,
            organization: organization.name,
            vocabulary: vocabulary(organization.vocabulary),
            section,
            live_now,
            unseen,
            csrf: who.csrf(),
            notice: None,
        };
        Ok(Self { app, shell, reader })
    }

    /// With a notice on top, named in the address a form led to (`?notice=…`).
    #[must_use]
    pub fn notice(mut self, kind: Option<NoticeKind>) -> Self {
        self.shell.notice = kind.map(Notice::from);
        self
    }

    /// The notice offers to take back what was done, by a form that leads there.
    #[must_use]
    pub fn undo(mut self, path: Option<String>) -> Self {
        if let Some(notice) = &mut self.shell.notice {
            notice.undo = path;
        }
        self
    }

    /// With a notice on top and a sentence to it, which only the server says: it never comes from an address.
    #[must_use]
    pub fn told(mut self, kind: NoticeKind, detail: Sentence) -> Self {
        self.shell.notice = Some(Notice { detail: Some(detail), ..Notice::from(kind) });
        self
    }

    /// With this many classes live now.
    #[must_use]
    pub fn live_now(mut self, count: u32) -> Self {
        self.shell.live_now = count;
        self
    }

    /// What every form of the page carries.
    #[must_use]
    pub fn csrf(&self) -> String {
        self.shell.csrf.clone()
    }

    /// The page.
    pub fn show<P: Page>(&self, page: &P) -> Result<Response, ApiError> {
        let web = &self.app.web;
        let html = if self.reader.fragment {
            web.fragment(page, &self.shell, self.reader.lang)
        } else {
            web.page(page, &self.shell, self.reader.lang)
        };
        Ok(self.reader.finish(html.map_err(ApiError::internal)?))
    }

    /// The page again, with what is wrong: 422.
    pub fn refuse<P: Page>(&self, page: &P) -> Result<Response, ApiError> {
        let mut response = self.show(page)?;
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        Ok(response)
    }
}

impl Reader {
    /// A page without navigation.
    pub fn bare<P: Page>(self, app: &App, page: &P, vocabulary: Vocabulary) -> Result<Response, ApiError> {
        let html = if self.fragment {
            app.web.bare_fragment(page, vocabulary, self.lang)
        } else {
            app.web.bare(page, vocabulary, self.lang)
        };
        Ok(self.finish(html.map_err(ApiError::internal)?))
    }
}

/// The pages' vocabulary for an organization's.
#[must_use]
pub const fn vocabulary(of: lectern_core::organization::Vocabulary) -> Vocabulary {
    match of {
        lectern_core::organization::Vocabulary::School => Vocabulary::School,
        lectern_core::organization::Vocabulary::Marketplace => Vocabulary::Marketplace,
    }
}

/// The page of ours a form was sent from, when it is below one of these paths; else another.
#[must_use]
pub fn back(app: &App, headers: &HeaderMap, below: &str, otherwise: String) -> String {
    let from = headers.get(header::REFERER).and_then(|value| value.to_str().ok());
    let path = from.and_then(|from| from.strip_prefix(app.config.server.origin().as_str()));
    match path.and_then(|path| path.split(['?', '#']).next()) {
        Some(path) if path.starts_with(below) => path.to_owned(),
        _ => otherwise,
    }
}

/// After a form: go and look.
#[must_use]
pub fn see_other(path: &str) -> Response {
    match HeaderValue::from_str(path) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => ApiError::NotFound.into_response(),
    }
}
