//! The pages around a consent for people who are not signed in here: before it, and after it.

use axum::{
    extract::{RawForm, State},
    http::HeaderMap,
    response::Response,
};
use lectern_core::{organization::Vocabulary, provider::ProviderName};
use lectern_web::pages::consent::{Consent, ConsentState};
use serde::Deserialize;

use super::{routes::with_cookie, settings, tickets};
use crate::{
    app::App,
    branding::house,
    error::ApiError,
    extract::{Path, Query, Visitor, is_own_page, read_form},
    pages::{Reader, see_other, vocabulary},
};

/// The ticket, in the address and in the form.
#[derive(Debug, Default, Deserialize)]
pub struct Ticket {
    #[serde(default)]
    ticket: String,
}

/// `GET /oauth/{provider}/start`: says whose account is about to be connected. Changes nothing.
pub async fn show(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    reader: Reader,
    Path(provider): Path<String>,
    Query(asked): Query<Ticket>,
) -> Result<Response, ApiError> {
    let provider = settings::provider(&provider)?;
    let found = tickets::look(&app, provider, &asked.ticket, visitor.as_ref()).await?;
    let house = house(&found.organization);
    let page = Consent {
        platform: provider.title().to_owned(),
        state: ConsentState::Ask {
            person: found.person.name(),
            organization: found.organization.name,
            action: tickets::path(provider),
            ticket: asked.ticket,
        },
    };
    reader.bare(&app, &page, house)
}

/// `POST`: uses the ticket up and leads on to the platform. Only from the page above: a form of another site could bring a ticket
/// of its own maker, and with it have this person's account connected to a stranger.
pub async fn begin(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    headers: HeaderMap,
    Path(provider): Path<String>,
    RawForm(form): RawForm,
) -> Result<Response, ApiError> {
    if !is_own_page(&headers, &app) {
        return Err(ApiError::Malformed("This request came from a page of another site.".into()));
    }
    let provider = settings::provider(&provider)?;
    let form: Ticket = read_form(&form)?;
    let started = tickets::begin(&app, provider, &form.ticket, visitor.as_ref()).await?;
    Ok(with_cookie(&app, &started, see_other(started.authorize_url.as_str())))
}

/// How it went.
#[derive(Debug, Deserialize)]
pub struct Done {
    notice: Option<String>,
}

/// `GET /oauth/{provider}/done`: how it went, for somebody who has no page of ours to go back to.
pub async fn done(
    State(app): State<App>,
    reader: Reader,
    Path(provider): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, ApiError> {
    let provider: ProviderName = settings::provider(&provider)?;
    let connected = done.notice.as_deref() == Some("connected");
    let state = if connected { ConsentState::Connected } else { ConsentState::Failed };
    let page = Consent { platform: provider.title().to_owned(), state };
    reader.bare(&app, &page, vocabulary(Vocabulary::School))
}
