//! Zoom's answers.

use serde_json::json;

pub(crate) use crate::answer::Answer;

impl Answer {
    /// Zoom's error body.
    pub(crate) fn error(status: u16, code: i64, message: impl Into<String>) -> Self {
        Self::json(status, json!({ "code": code, "message": message.into() }))
    }

    /// Zoom's validation answer: code 300 with the field at fault.
    pub(crate) fn invalid(field: &str, message: &str) -> Self {
        Self::json(
            400,
            json!({ "code": 300, "message": "Validation Failed.", "errors": [{ "field": field, "message": message }] }),
        )
    }

    /// Zoom's own code, in an error answer.
    pub(crate) fn code(&self) -> Option<i64> {
        if self.status < 400 { None } else { self.json_body()?.get("code")?.as_i64() }
    }
}
