//! Google's discovery documents, in the shape of OpenAPI ones.

use serde_json::{Map, Value, json};

/// The documents of the APIs that are used.
pub(crate) const FILES: &[&str] = &[
    "meet.v2.json",
    "workspaceevents.v1.json",
    "drive.v3.reduced.json",
    "people.v1.reduced.json",
    "admin.directory_v1.reduced.json",
    "pubsub.v1.reduced.json",
];

/// A schema's name, apart from those of other APIs.
fn name_of(api: &str, schema: &str) -> String {
    format!("{api}.{schema}")
}

/// A schema without what JSON Schema reads otherwise: limits as texts, `required` as a flag, `any`, `id`.
fn schema(api: &str, value: &Value) -> Value {
    let Some(fields) = value.as_object() else { return value.clone() };
    if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
        return json!({"$ref": format!("#/components/schemas/{}", name_of(api, reference))});
    }
    let mut plain = Map::new();
    for (key, value) in fields {
        match key.as_str() {
            "properties" => {
                let properties = value.as_object().into_iter().flatten();
                let properties = properties.map(|(name, value)| (name.clone(), schema(api, value))).collect();
                plain.insert(key.clone(), Value::Object(properties));
            }
            "items" | "additionalProperties" => {
                plain.insert(key.clone(), schema(api, value));
            }
            "type" if value == "any" => {}
            "type" | "enum" | "pattern" => {
                plain.insert(key.clone(), value.clone());
            }
            "format" if value == "date-time" || value == "google-datetime" => {
                plain.insert(key.clone(), "date-time".into());
            }
            _ => {}
        }
    }
    Value::Object(plain)
}

fn parameters(api: &str, of: &Value) -> Vec<Value> {
    let all = of["parameters"].as_object().into_iter().flatten();
    all.filter(|(_, parameter)| parameter["location"] == "query")
        .map(|(name, parameter)| json!({"in": "query", "name": name, "schema": schema(api, parameter)}))
        .collect()
}

fn content(api: &str, reference: &Value) -> Option<Value> {
    let name = reference.get("$ref")?.as_str()?;
    let schema = json!({"$ref": format!("#/components/schemas/{}", name_of(api, name))});
    Some(json!({"content": {"application/json": {"schema": schema}}}))
}

/// Both of Google's envelopes. No document describes them.
fn failure() -> Value {
    let error = json!({"type": "object", "required": ["code", "message"], "properties": {
        "code": {"type": "integer"}, "message": {"type": "string"}, "status": {"type": "string"},
        "details": {"type": "array"}, "errors": {"type": "array"},
    }});
    let schema = json!({"type": "object", "required": ["error"], "properties": {"error": error}});
    json!({"content": {"application/json": {"schema": schema}}})
}

fn methods(document: &Value, api: &str, resource: &Value, paths: &mut Map<String, Value>) {
    for method in resource["methods"].as_object().into_iter().flatten().map(|(_, method)| method) {
        let text = |name: &str| method[name].as_str().unwrap_or_default();
        let below = document["servicePath"].as_str().unwrap_or_default();
        let path = format!("/{below}{}", method["flatPath"].as_str().unwrap_or_else(|| text("path")));
        let mut query = parameters(api, method);
        query.extend(parameters(api, document));
        let mut operation = json!({"operationId": text("id"), "parameters": query, "responses": {"4XX": failure(), "5XX": failure()}});
        match content(api, &method["response"]) {
            Some(body) => operation["responses"]["200"] = body,
            None => operation["responses"]["204"] = json!({}),
        }
        if let Some(mut body) = content(api, &method["request"]) {
            body["required"] = false.into();
            operation["requestBody"] = body;
        }
        let verb = text("httpMethod").to_ascii_lowercase();
        paths.entry(path).or_insert_with(|| json!({}))[verb] = operation;
    }
    for child in resource["resources"].as_object().into_iter().flatten().map(|(_, child)| child) {
        methods(document, api, child, paths);
    }
}

/// All documents as one.
pub(crate) fn openapi(documents: &[Value]) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for document in documents {
        let api = document["name"].as_str().unwrap_or_default();
        for (name, value) in document["schemas"].as_object().into_iter().flatten() {
            schemas.insert(name_of(api, name), schema(api, value));
        }
        methods(document, api, document, &mut paths);
    }
    json!({"paths": paths, "components": {"schemas": schemas}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_discovery_document_reads_like_an_openapi_one() {
        let document = json!({
            "name": "meet", "servicePath": "", "parameters": {"fields": {"type": "string", "location": "query"}},
            "schemas": {"Space": {"id": "Space", "type": "object", "properties": {
                "count": {"type": "integer", "minimum": "0", "required": true}, "more": {"$ref": "Space"}, "open": {"type": "any"},
            }}},
            "resources": {"spaces": {"methods": {"get": {
                "id": "meet.spaces.get", "httpMethod": "GET", "flatPath": "v2/spaces/{spacesId}", "path": "v2/{+name}",
                "parameters": {"name": {"location": "path", "type": "string"}}, "response": {"$ref": "Space"},
            }}}},
        });
        let read = openapi(&[document]);
        let get = &read["paths"]["/v2/spaces/{spacesId}"]["get"];
        assert_eq!(get["operationId"], "meet.spaces.get");
        assert_eq!(
            get["parameters"],
            json!([{"in": "query", "name": "fields", "schema": {"type": "string"}}])
        );
        let space = &read["components"]["schemas"]["meet.Space"]["properties"];
        assert_eq!(space["count"], json!({"type": "integer"}));
        assert_eq!(space["more"], json!({"$ref": "#/components/schemas/meet.Space"}));
        assert_eq!(space["open"], json!({}));
    }
}
