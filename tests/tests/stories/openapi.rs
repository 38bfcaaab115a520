//! The description of the interface says what each operation takes and how it refuses, as the server really does.

use lectern_tests::story;
use serde_json::{Value, json};

use crate::access::refusals_of;

/// Method, path, operation.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if ["get", "post", "put", "patch", "delete"].contains(&method.as_str()) {
                all.push((method.to_uppercase(), path.clone(), operation.clone()));
            }
        }
    }
    assert!(all.len() > 60, "{}", all.len());
    all
}

fn examples(operation: &Value) -> Vec<&Value> {
    let bodies =
        operation["requestBody"]["content"].as_object().into_iter().flat_map(|content| content.values());
    let answers = operation["responses"].as_object().into_iter().flat_map(|answers| answers.values());
    let answers =
        answers.flat_map(|answer| answer["content"].as_object()).flat_map(|content| content.values());
    bodies.chain(answers).filter_map(|content| content.get("example")).collect()
}

/// The properties of a schema, and which of them are needed; none when it is open.
fn properties<'a>(
    document: &'a Value,
    schema: &'a Value,
) -> Option<(&'a serde_json::Map<String, Value>, Vec<&'a str>)> {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#'))?,
        None => schema,
    };
    let needed = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    Some((schema["properties"].as_object()?, needed.collect()))
}

/// Each operation has an example; each body's example has only fields that there are, and all that are needed; each refusal
/// that some role is given by the table of S-12 is declared as a problem document, and so is what a wrong body gets.
#[test]
fn every_operation_has_an_example_and_its_refusals() {
    let document = serde_json::to_value(lectern_api::openapi::document()).unwrap();
    let mut wrong = Vec::new();
    for (method, path, operation) in operations(&document) {
        let name = format!("{method} {path}");
        if examples(&operation).is_empty() {
            wrong.push(format!("{name} has no example"));
        }
        if let Some(content) = operation["requestBody"]["content"].get("application/json") {
            match content.get("example") {
                None => wrong.push(format!("{name} has no example of its body")),
                Some(example) => {
                    if let Some((known, needed)) = properties(&document, &content["schema"]) {
                        let sent = example.as_object().unwrap();
                        let unknown: Vec<_> =
                            sent.keys().filter(|field| !known.contains_key(*field)).collect();
                        let missing: Vec<_> =
                            needed.iter().filter(|field| !sent.contains_key(**field)).collect();
                        if !unknown.is_empty() || !missing.is_empty() {
                            wrong.push(format!("{name}: the example has {unknown:?} and lacks {missing:?}"));
                        }
                    }
                }
            }
        }
        let mut expected = refusals_of(&name);
        let public = operation["security"] == json!([{}]);
        if public {
            // These are told apart by a status alone, or by what is wrong with the sign-in.
            expected.clear();
        }
        let takes = operation["requestBody"].is_object()
            || operation["parameters"].as_array().into_iter().flatten().any(|one| one["in"] == "query");
        if takes && path.starts_with("/api/v1/") {
            expected.push(422);
        }
        for status in expected {
            let declared = &operation["responses"][status.to_string()]["content"]["application/problem+json"];
            if declared["schema"]["$ref"] != json!("#/components/schemas/Problem")
                || !declared["example"].is_object()
            {
                wrong.push(format!("{name} does not declare its {status}"));
            } else if declared["example"]["status"] != json!(status) {
                wrong.push(format!("{name}: the example of {status} says {}", declared["example"]["status"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

story!(
    /// The examples of the refusals are what the server really says, and the example of a body is taken.
    the_examples_are_true, |app| async {
        let (_, document) = app.nobody().get("/api/openapi.json").await;
        let oakwood = app.organization("oakwood").await;
        let (owner, student) = (oakwood.owner().await, oakwood.student("rafi").await);
        let said = |pointer: &str| document.pointer(pointer).unwrap_or_else(|| panic!("{pointer}")).clone();
        let example = |path: &str, method: &str, status: u16| {
            let path = path.replace('/', "~1");
            said(&format!("/paths/{path}/{method}/responses/{status}/content/application~1problem+json/example"))
        };
        let nowhere = "/api/v1/people/00000000-0000-0000-0000-0000000000ff";
        for (answer, told) in [
            (app.nobody().get("/api/v1/people").await, example("/api/v1/people", "get", 401)),
            (student.get("/api/v1/people").await, example("/api/v1/people", "get", 403)),
            (owner.get(nowhere).await, example("/api/v1/people/{id}", "get", 404)),
            (owner.post("/api/v1/classes", json!({"title": ""})).await, example("/api/v1/classes", "post", 422)),
        ] {
            let (status, problem) = answer;
            assert_eq!(json!(status), told["status"], "{problem}");
            assert_eq!(problem, told);
        }
        let class = owner.create("/api/v1/classes", said("/paths/~1api~1v1~1classes/post/requestBody/content/application~1json/example")).await;
        let body = |path: &str, method: &str| said(&format!("/paths/{}/{method}/requestBody/content/application~1json/example", path.replace('/', "~1")));
        let class_path = format!("/api/v1/classes/{}", class["id"].as_str().unwrap());
        for end in ["enrollments", "sessions"] {
            let path = format!("/api/v1/classes/{{id}}/{end}");
            owner.create(&format!("{class_path}/{end}"), body(&path, "post")).await;
        }
        owner.create("/api/v1/people", body("/api/v1/people", "post")).await;
        owner.create("/api/v1/api-keys", body("/api/v1/api-keys", "post")).await;
        app.super_admin().await.create("/api/v1/organizations", {
            let mut new = body("/api/v1/organizations", "post");
            new["slug"] = json!("birch");
            new
        }).await;
        for (method, path, template) in [
            ("PATCH", class_path.clone(), "/api/v1/classes/{id}"),
            ("PUT", format!("{class_path}/settings"), "/api/v1/classes/{id}/settings"),
            ("PATCH", format!("/api/v1/people/{}", student.id), "/api/v1/people/{id}"),
            ("PATCH", "/api/v1/organization/settings".to_owned(), "/api/v1/organization/settings"),
            ("PUT", "/api/v1/organization/host-tokens".to_owned(), "/api/v1/organization/host-tokens"),
            ("PUT", "/api/v1/organization/default-platform".to_owned(), "/api/v1/organization/default-platform"),
        ] {
            let sent = body(template, &method.to_lowercase());
            let answer = owner.send(method, &path, Some(&sent), &[]).await;
            assert!(answer.status < 300, "{method} {path} with its own example: {} {}", answer.status, answer.text);
        }
        app.settle().await;
    }
);
