//! What a newer Graph may add: properties that no document of today knows.

use serde_json::{Value, json};

use crate::answer::{Answer, Content};

/// Puts an unknown property into every object.
pub(crate) fn add_unknown_properties(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(add_unknown_properties);
            fields.insert(
                "hologram".to_owned(),
                json!({"@odata.type": "#microsoft.graph.hologram", "level": 3}),
            );
        }
        Value::Array(items) => items.iter_mut().for_each(add_unknown_properties),
        _ => {}
    }
}

/// The same for a whole answer; refusals stay as they are.
pub(crate) fn strange(mut answer: Answer) -> Answer {
    if let (200..300, Content::Json(body)) = (answer.status, &mut answer.content) {
        add_unknown_properties(body);
    }
    answer
}
