//! The payment account, as a page.

use axum::{extract::State, response::Response};
use lectern_core::secret::SecretString;
use lectern_web::{FieldError as PageFieldError, Section, pages::booking::PaymentsPage};
use serde::Deserialize;

use super::service::{self, SavePayments};
use crate::{
    app::App,
    error::ApiError,
    extract::{Admin, Form, Query, SignedIn},
    organizations,
    pages::{NoticeQuery, Pages, Reader, beside_form, see_other},
    platforms::settings::may_edit,
};

async fn page(app: &App, who: &SignedIn, errors: Vec<PageFieldError>) -> Result<PaymentsPage, ApiError> {
    let view = service::show(app, who.organization).await?;
    let policies = organizations::service::settings(app, who.organization).await?.policies;
    Ok(PaymentsPage {
        configured: view.configured,
        live: view.live,
        account: view.account,
        webhook_url: view.webhook_url,
        webhook_secret_set: view.webhook_secret_set,
        can_edit: may_edit(who, policies.credentials_by),
        errors,
    })
}

/// `GET /payments`
pub async fn show(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Query(query): Query<NoticeQuery>,
) -> Result<Response, ApiError> {
    let page = page(&app, &who, Vec::new()).await?;
    Pages::new(&app, &who, reader, Section::Payments).await?.notice(query.notice).show(&page)
}

/// The form of the keys: an empty field stays as it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeysForm {
    secret_key: Option<SecretString>,
    webhook_secret: Option<SecretString>,
}

async fn refuse(
    app: &App,
    who: &SignedIn,
    reader: Reader,
    errors: Vec<PageFieldError>,
) -> Result<Response, ApiError> {
    let page = page(app, who, errors).await?;
    Pages::new(app, who, reader, Section::Payments).await?.refuse(&page)
}

/// `POST /payments`
pub async fn save(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Form(form): Form<KeysForm>,
) -> Result<Response, ApiError> {
    let body = SavePayments { secret_key: form.secret_key, webhook_secret: form.webhook_secret };
    match service::save(&app, &who, body).await {
        Ok(_) => Ok(see_other("/payments?notice=saved")),
        Err(error) => {
            let errors = beside_form(&app, error)?;
            refuse(&app, &who, reader, errors).await
        }
    }
}

/// `POST /payments/test`
pub async fn test(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    match service::test(&app, &who).await {
        Ok(_) => Ok(see_other("/payments?notice=tested")),
        Err(error) => {
            let errors = beside_form(&app, error)?;
            refuse(&app, &who, reader, errors).await
        }
    }
}

/// `POST /payments/remove`
pub async fn remove(State(app): State<App>, who: Admin, Form(()): Form<()>) -> Result<Response, ApiError> {
    service::remove(&app, &who).await?;
    Ok(see_other("/payments?notice=removed"))
}
