use axum::{
    extract::{Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use lectern_web::{
    House, Lang, Vocabulary,
    pages::error::{ErrorKind, ErrorPage},
};

use super::{FrameHeaders, Wishes, see_other};
use crate::{app::App, error::Problem, extract::Asker};

/// Turns the refusals of page routes into pages; a page that needs a sign-in leads there.
pub async fn errors_as_pages(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let is_page = !request.uri().path().starts_with("/api/");
    let get = matches!(*request.method(), Method::GET | Method::HEAD);
    let fragment = request.headers().contains_key("x-fragment");
    let here = request.uri().path_and_query().map(|path| path.as_str().to_owned()).unwrap_or_default();
    // A form's own address may have no page; the one it stood on has.
    let from = request.headers().get(header::REFERER).and_then(|from| from.to_str().ok());
    let from = from.and_then(|from| from.strip_prefix(&app.config.server.origin()).map(str::to_owned));
    let back = if get { here } else { from.unwrap_or_else(|| "/".to_owned()) };
    let wishes = Wishes::of(request.headers(), request.uri().query());
    let asker = Asker::default();
    request.extensions_mut().insert(asker.clone());
    let response = next.run(request).await;
    let Some(problem) = response.extensions().get::<Problem>().cloned().filter(|_| is_page) else {
        return response;
    };
    if problem.status == StatusCode::UNAUTHORIZED.as_u16() && get && !fragment {
        return see_other(&sign_in_for(&back));
    }
    let kind = match problem.status {
        400 => ErrorKind::Expired,
        403 => ErrorKind::Forbidden,
        // Somebody reloads the address of a form.
        404 | 405 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        413 => ErrorKind::TooLarge,
        422 => ErrorKind::Invalid,
        429 => ErrorKind::TooMany,
        502 | 503 => ErrorKind::Unavailable,
        401 => ErrorKind::SignedOut,
        _ => ErrorKind::Internal,
    };
    let (languages, chosen) = asker.languages();
    let lang = wishes.own(chosen).among(languages);
    let own_words = |code: &&str| app.web.catalog().has(&format!("problem.conflict.{code}"));
    let conflict = Some(problem.code.as_str()).filter(|_| kind == ErrorKind::Conflict).filter(own_words);
    let told = matches!(kind, ErrorKind::Conflict | ErrorKind::Invalid | ErrorKind::Unavailable);
    // What the interface says is English, and for programs: other readers get what their language has.
    let exact = match problem.errors.first() {
        Some(error) => Some(error.message.clone()),
        None => told.then_some(problem.detail),
    };
    let exact = exact.filter(|_| lang == Lang::En).map(Into::into);
    let steps = matches!(kind, ErrorKind::Conflict | ErrorKind::Unavailable) && lang == Lang::En;
    let page = ErrorPage {
        status: problem.status,
        kind,
        conflict: conflict.map(str::to_owned),
        sentence: problem.words.filter(|_| told).or(exact),
        next_step: problem.next_step.filter(|_| steps),
        sign_in: (kind == ErrorKind::SignedOut).then(|| sign_in_for(&back)),
        id: problem.id.unwrap_or_default(),
    };
    let house = House { languages, ..House::from(Vocabulary::School) };
    match app.web.bare(&page, house, lang) {
        Ok(html) => {
            let mut page = (response.status(), [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html)
                .into_response();
            if let Some(frame) = response.extensions().get::<FrameHeaders>() {
                page.extensions_mut().insert(frame.clone());
            }
            for name in [header::RETRY_AFTER, header::CONNECTION] {
                if let Some(value) = response.headers().get(&name) {
                    page.headers_mut().insert(name, value.clone());
                }
            }
            page
        }
        Err(error) => {
            tracing::error!(%error, "the error page cannot be rendered: {error}");
            response
        }
    }
}

/// The sign-in that leads back there.
fn sign_in_for(back: &str) -> String {
    let next = url::form_urlencoded::byte_serialize(back.as_bytes()).collect::<String>();
    format!("/sign-in?next={next}")
}
