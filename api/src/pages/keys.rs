use axum::{extract::State, response::Response};
use lectern_web::{Section, pages::KeysPage};

use super::{Pages, Reader};
use crate::{app::App, error::ApiError, extract::SignedIn};

/// `GET /keys`
pub async fn keys(State(app): State<App>, who: SignedIn, reader: Reader) -> Result<Response, ApiError> {
    Pages::new(&app, &who, reader, Section::Me).await?.show(&KeysPage {})
}
