use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Response},
};
use lectern_core::{role::Role, sentence::Sentence};
use lectern_web::{House, Lang, Languages, Notice, NoticeKind, Page, Section, Shell, Viewer, Vocabulary};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    app::App,
    branding,
    error::ApiError,
    extract::{SignedIn, cookie},
    notify, organizations, sessions,
};

/// What a reader wishes, the best first: asked for in the address, chosen before in this browser, chosen by the person, and what the
/// browser asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes {
    asked: Option<Lang>,
    chosen: Option<Lang>,
    own: Option<Lang>,
    browser: [Option<Lang>; Lang::ALL.len()],
}

impl Wishes {
    /// From the request alone.
    #[must_use]
    pub fn of(headers: &HeaderMap, query: Option<&str>) -> Self {
        let asked = query.and_then(|query| {
            url::form_urlencoded::parse(query.as_bytes())
                .find(|(key, _)| key == "lang")
                .and_then(|(_, tag)| Lang::from_tag(&tag))
        });
        let mut browser = [None; Lang::ALL.len()];
        let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        for (place, lang) in browser.iter_mut().zip(header.into_iter().flat_map(Lang::accepted)) {
            *place = Some(lang);
        }
        Self { asked, chosen: cookie(headers, "lectern-lang").and_then(Lang::from_tag), own: None, browser }
    }

    /// With what the person chose for themselves.
    #[must_use]
    pub fn own(self, language: Option<&str>) -> Self {
        Self { own: self.own.or_else(|| language.and_then(Lang::from_tag)), ..self }
    }

    /// With what was chosen for them by whoever shows the page.
    #[must_use]
    pub fn chosen(self, language: Option<&str>) -> Self {
        Self { chosen: language.and_then(Lang::from_tag).or(self.chosen), ..self }
    }

    /// The best of these languages.
    #[must_use]
    pub fn among(&self, languages: Languages) -> Lang {
        languages.pick([self.asked, self.chosen, self.own].into_iter().chain(self.browser).flatten())
    }
}

/// How the reader wants the page: language, and whole or only its changing part.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// Language.
    pub lang: Lang,
    /// Only title and main part (`X-Fragment: 1`): what the live script replaces.
    pub fragment: bool,
    wishes: Wishes,
}

impl FromRequestParts<App> for Reader {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Self::Rejection> {
        let who = parts.extensions.get::<SignedIn>();
        let wishes =
            Wishes::of(&parts.headers, parts.uri.query()).own(who.and_then(|who| who.language.as_deref()));
        let lang = wishes.among(who.map(|who| who.languages).unwrap_or_default());
        Ok(Self { lang, fragment: parts.headers.contains_key("x-fragment"), wishes })
    }
}

impl Reader {
    /// Of a page of an organization with these languages, outside the extractor.
    #[must_use]
    pub fn of(wishes: Wishes, languages: Languages, headers: &HeaderMap) -> Self {
        Self { lang: wishes.among(languages), fragment: headers.contains_key("x-fragment"), wishes }
    }

    /// The same reader on a page of an organization with these languages.
    #[must_use]
    pub fn among(self, languages: Languages) -> Self {
        Self { lang: self.wishes.among(languages), ..self }
    }

    /// The same reader, known by a link of their own to have chosen a language.
    #[must_use]
    pub fn who_chose(self, language: Option<&str>) -> Self {
        Self { wishes: self.wishes.own(language), ..self }
    }

    fn finish(self, html: String) -> Response {
        let mut response = Html(html).into_response();
        // Asked for in the address, and to be had: remembered.
        if self.wishes.asked == Some(self.lang)
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

/// What was done before the page came, in its address.
#[derive(Debug, Default, Deserialize)]
pub struct NoticeQuery {
    /// One of our own words: nothing a stranger writes there becomes text.
    pub notice: Option<NoticeKind>,
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
            house: branding::house(&organization),
            organization: organization.name,
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
    /// A page without navigation: an organization's, with its languages and its looks, or one that is nobody's.
    pub fn bare<P: Page>(self, app: &App, page: &P, house: impl Into<House>) -> Result<Response, ApiError> {
        let house = house.into();
        let reader = self.among(house.languages);
        let html = if reader.fragment {
            app.web.bare_fragment(page, house, reader.lang)
        } else {
            app.web.bare(page, house, reader.lang)
        };
        Ok(reader.finish(html.map_err(ApiError::internal)?))
    }
}

/// On to a page that offers to take back what was just done to this row.
pub fn see_other_with_undo(who: &SignedIn, location: &str, id: Uuid) -> Response {
    see_other(&format!("{location}&undo={id}.{}", who.proof_of(id)))
}

/// The row that an address of [`see_other_with_undo`] names: of this very sign-in, so that nobody puts a way back before others.
#[must_use]
pub fn undoable(who: &SignedIn, asked: Option<&str>) -> Option<Uuid> {
    let (id, proof) = asked?.split_once('.')?;
    let id = id.parse().ok()?;
    (!proof.is_empty() && proof == who.proof_of(id)).then_some(id)
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
