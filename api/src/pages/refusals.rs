use lectern_web::FieldError as PageFieldError;

use crate::{app::App, error::ApiError, people::pages::field_errors};

/// A refusal of the whole form, in every language where the catalogue has words for its code, else as the API says it.
#[must_use]
pub fn conflict(app: &App, code: &str, detail: &str, next: &str) -> PageFieldError {
    let key = format!("conflict.{code}");
    if app.web.catalog().has(&format!("problem.{key}")) {
        PageFieldError::form(key)
    } else {
        PageFieldError::form(format!("{detail} {next}"))
    }
}

/// What is wrong, beside the form.
///
/// # Errors
/// What no change of the form mends goes on.
pub fn beside_form(app: &App, error: ApiError) -> Result<Vec<PageFieldError>, ApiError> {
    match error {
        ApiError::Invalid(errors) => Ok(field_errors(&errors)),
        ApiError::Conflict(code, detail, next) => Ok(vec![conflict(app, code, &detail, &next)]),
        other => Err(other),
    }
}
