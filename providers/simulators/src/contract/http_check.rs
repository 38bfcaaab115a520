//! Requests and answers against the OpenAPI document.

use std::collections::BTreeMap;

use serde_json::Value;

use super::document::{Contract, DocumentedOperation};

impl DocumentedOperation {
    pub(crate) fn read(id: &str, method: &str, path: &str, operation: &Value) -> Self {
        let content = |holder: &Value| {
            let content = holder["content"].as_object()?;
            content.iter().find(|(kind, _)| kind.contains("json")).map(|(_, media)| media["schema"].clone())
        };
        let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        let query = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "query")
            .filter_map(|parameter| {
                Some((parameter["name"].as_str()?.to_owned(), parameter["schema"].clone()))
            })
            .collect();
        let body = operation
            .get("requestBody")
            .and_then(|body| Some((body["required"].as_bool().unwrap_or(false), content(body)?)));
        let answers = operation["responses"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(status, answer)| {
                // `4XX` stands for all that begin with a four.
                let status = status.strip_suffix("XX").unwrap_or(status);
                Some((status.parse().ok()?, content(answer)))
            })
            .collect::<BTreeMap<_, _>>();
        Self {
            id: id.to_owned(),
            method: method.to_uppercase(),
            segments: path.trim_start_matches('/').split('/').map(str::to_owned).collect(),
            query,
            body,
            answers,
        }
    }

    fn fits(&self, method: &str, parts: &[&str]) -> bool {
        self.method == method
            && self.segments.len() == parts.len()
            && self.segments.iter().zip(parts).all(|(wanted, part)| match wanted.strip_prefix('{') {
                // `{spacesId}:endActiveConference`: what follows the parameter must be there.
                Some(parameter) => parameter.split_once('}').is_none_or(|(_, verb)| {
                    part.strip_suffix(verb).is_some_and(|value| !verb.is_empty() || !value.contains(':'))
                }),
                None => wanted == part,
            })
    }
}

impl Contract {
    fn operation(&self, method: &str, path: &str) -> Option<&DocumentedOperation> {
        let parts = path.trim_start_matches('/').split('/').collect::<Vec<_>>();
        let mut fitting =
            self.operations.iter().filter(|operation| operation.fits(method, &parts)).collect::<Vec<_>>();
        // `/users/me/zak` before `/users/{userId}/...`: the path with fewer parameters is meant.
        fitting.sort_by_key(|operation| {
            operation.segments.iter().filter(|segment| segment.starts_with('{')).count()
        });
        fitting.first().copied()
    }

    /// Checks a whole exchange as a client's transport sees it; addresses outside the API are not the document's.
    pub fn check_exchange(&self, method: &str, url: &url::Url, body: &[u8], answer: Option<(u16, &[u8])>) {
        let below = |base: &&str| url.path().strip_prefix(*base).filter(|rest| rest.starts_with('/'));
        let Some(path) = self.bases.iter().find_map(below) else { return };
        self.check_request(method, path, url.query(), body);
        if let Some((status, body)) = answer {
            self.check_response(method, path, status, body);
        }
    }

    /// Checks a request: the operation, the names and types of its query, its body. `path` is still encoded and begins
    /// after the API's base (`/meetings/123`).
    pub fn check_request(&self, method: &str, path: &str, query: Option<&str>, body: &[u8]) {
        let Some(operation) = self.operation(method, path) else {
            let shape = super::strict::generalize(path);
            self.differs(
                "unknown",
                format!("operation:{method} {shape}"),
                "the document does not know this operation".to_owned(),
            );
            return;
        };
        self.covered(&operation.id);
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match operation.query.get(name.as_ref()) {
                None => self.differs(
                    &operation.id,
                    format!("query:{name}"),
                    "the document does not know this parameter".to_owned(),
                ),
                Some(schema) => {
                    let typed = typed(schema, &value);
                    self.check_body(
                        &operation.id,
                        &format!("query:{name}"),
                        &format!("query {name}"),
                        schema,
                        &typed,
                    );
                }
            }
        }
        match (&operation.body, body.is_empty()) {
            (None, true) | (Some((false, _)), true) => {}
            (None, false) => {
                self.differs(&operation.id, "request:".to_owned(), "this operation takes no body".to_owned())
            }
            (Some((true, _)), true) => {
                self.differs(&operation.id, "request:".to_owned(), "the body is missing".to_owned())
            }
            (Some((_, schema)), false) => match serde_json::from_slice(body) {
                Ok(body) => self.check_body(&operation.id, "request", "request", schema, &body),
                Err(_) => self.differs(&operation.id, "request:".to_owned(), "not JSON".to_owned()),
            },
        }
    }

    /// Checks an answer to such a request: its status, and its body where it is JSON.
    pub fn check_response(&self, method: &str, path: &str, status: u16, body: &[u8]) {
        // An unknown operation has been reported by its request.
        let Some(operation) = self.operation(method, path) else { return };
        let family = operation.answers.get(&(status / 100));
        let Some(answer) = operation.answers.get(&status).or(family) else {
            self.differs(
                &operation.id,
                format!("status:{status}"),
                "the document does not know this status".to_owned(),
            );
            return;
        };
        match (answer, body.is_empty()) {
            (None, true) => {}
            (None, false) => self.differs(
                &operation.id,
                format!("response:{status}"),
                "this answer has no body".to_owned(),
            ),
            (Some(_), true) => {
                self.differs(&operation.id, format!("response:{status}"), "the body is missing".to_owned())
            }
            (Some(schema), false) => match serde_json::from_slice(body) {
                Ok(body) => self.check_body(&operation.id, "response", &status.to_string(), schema, &body),
                Err(_) => self.differs(&operation.id, format!("response:{status}"), "not JSON".to_owned()),
            },
        }
    }
}

/// A query's text as the type the document wants, where it can be read so.
fn typed(schema: &Value, text: &str) -> Value {
    match schema["type"].as_str() {
        Some("integer" | "number") => text
            .parse::<i64>()
            .map(Value::from)
            .or_else(|_| text.parse::<f64>().map(Value::from))
            .unwrap_or_else(|_| text.into()),
        Some("boolean") => text.parse::<bool>().map_or_else(|_| text.into(), Value::from),
        _ => text.into(),
    }
}
