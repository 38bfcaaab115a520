//! Turning a document's open schemas into strict ones: what they do not list is a difference.

use serde_json::{Map, Value};

/// Forbids unlisted properties wherever a schema lists some, and translates OpenAPI's `nullable`.
pub(crate) fn close(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            close_object(map);
            for value in map.values_mut() {
                close(value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn close_object(map: &mut Map<String, Value>) {
    let lists = map.get("properties").is_some_and(Value::is_object)
        && map.get("type").is_none_or(|kind| kind == "object");
    if lists && !map.contains_key("additionalProperties") {
        map.insert("additionalProperties".to_owned(), false.into());
    }
    if map.remove("nullable") == Some(Value::Bool(true))
        && let Some(kind) = map.get("type").cloned()
    {
        map.insert("type".to_owned(), Value::Array(vec![kind, "null".into()]));
    }
}

/// A pointer with its array positions replaced by `*`.
pub(crate) fn generalize(pointer: &str) -> String {
    pointer
        .split('/')
        .map(
            |part| {
                if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) { "*" } else { part }
            },
        )
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn listed_objects_are_closed_at_every_depth() {
        let mut schema = json!({ "type": "object", "properties": { "a": { "type": "array", "items": { "properties": { "b": { "type": "string", "nullable": true } } } } } });
        close(&mut schema);
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["properties"]["a"]["items"]["additionalProperties"], false);
        assert_eq!(schema["properties"]["a"]["items"]["properties"]["b"]["type"], json!(["string", "null"]));
    }

    #[test]
    fn positions_become_stars() {
        assert_eq!(generalize("/rows/12/x1/0"), "/rows/*/x1/*");
    }
}
