//! Documents made from OData: types that inherit by `allOf`, answers by family of status, references to parameters.

use serde_json::{Map, Value, json};

/// The name in `#/components/schemas/{name}`, and the like.
fn referred<'a>(value: &'a Value, folder: &str) -> Option<&'a str> {
    value.get("$ref")?.as_str()?.strip_prefix("#/components/")?.strip_prefix(folder)?.strip_prefix('/')
}

/// All properties of a type, its bases' first.
fn properties(schemas: &Value, schema: &Value) -> Map<String, Value> {
    let mut all = Map::new();
    if let Some(base) = referred(schema, "schemas") {
        all.extend(properties(schemas, &schemas[base]));
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        all.extend(properties(schemas, part));
    }
    all.extend(schema["properties"].as_object().cloned().unwrap_or_default());
    all
}

/// `allOf` of one reference, perhaps nullable: how these documents give a reference a description.
fn simple(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some([reference]) = map.get("allOf").and_then(Value::as_array).map(Vec::as_slice)
                && reference.get("$ref").is_some()
            {
                let mut choices = vec![reference.clone()];
                if map.get("nullable") == Some(&Value::Bool(true)) {
                    choices.push(json!({"type": "null"}));
                }
                *map = Map::from_iter([("anyOf".to_owned(), Value::Array(choices))]);
                return;
            }
            map.values_mut().for_each(simple);
        }
        Value::Array(items) => items.iter_mut().for_each(simple),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Makes every type whole, so that closing it forbids what neither it nor its bases list.
fn flatten(schemas: &mut Value) {
    let before = schemas.clone();
    for schema in schemas.as_object_mut().into_iter().flat_map(Map::values_mut) {
        if schema["allOf"].is_array() {
            let title =
                schema["allOf"].as_array().and_then(|parts| parts.last()).cloned().unwrap_or_default();
            *schema =
                json!({"title": title["title"], "type": "object", "properties": properties(&before, schema)});
        }
        simple(schema);
    }
}

/// References among parameters and answers, replaced by what they name.
fn resolve(document: &mut Value) {
    let components = document["components"].clone();
    let named = |value: &Value| {
        ["parameters", "responses"]
            .into_iter()
            .find_map(|folder| referred(value, folder).map(|name| components[folder][name].clone()))
    };
    let paths = document["paths"].as_object_mut();
    for operation in
        paths.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut).flat_map(Map::values_mut)
    {
        for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
            if let Some(found) = named(parameter) {
                *parameter = found;
            }
        }
        if let Some(answers) = operation.get_mut("responses").and_then(Value::as_object_mut) {
            for answer in answers.values_mut() {
                if let Some(found) = named(answer) {
                    *answer = found;
                }
            }
            // A body is bytes or VTT there, where it is not JSON.
            for answer in answers.values_mut() {
                simple(answer);
            }
        }
    }
}

/// A document of this kind, in the form the checks read.
pub(crate) fn plain(mut document: Value) -> Value {
    flatten(&mut document["components"]["schemas"]);
    resolve(&mut document);
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_gets_what_its_bases_have() {
        let document = plain(json!({
            "components": {
                "schemas": {
                    "base": {"type": "object", "properties": {"id": {"type": "string"}}},
                    "middle": {"allOf": [{"$ref": "#/components/schemas/base"}, {"title": "middle", "properties": {"a": {"type": "string"}}}]},
                    "leaf": {"allOf": [{"$ref": "#/components/schemas/middle"}, {"title": "leaf", "properties": {
                        "b": {"allOf": [{"$ref": "#/components/schemas/base"}], "nullable": true}}}]},
                },
                "parameters": {"top": {"name": "$top", "in": "query"}},
                "responses": {"error": {"description": "Error"}},
            },
            "paths": {"/x": {"get": {"parameters": [{"$ref": "#/components/parameters/top"}],
                "responses": {"4XX": {"$ref": "#/components/responses/error"}}}}},
        }));
        let leaf = &document["components"]["schemas"]["leaf"];
        assert_eq!(leaf["properties"].as_object().map(Map::len), Some(3));
        assert_eq!(leaf["properties"]["b"]["anyOf"][1], json!({"type": "null"}));
        assert_eq!(document["paths"]["/x"]["get"]["parameters"][0]["name"], "$top");
        assert_eq!(document["paths"]["/x"]["get"]["responses"]["4XX"]["description"], "Error");
    }
}
