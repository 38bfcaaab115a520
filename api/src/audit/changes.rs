//! What a line of the log says more, as a page shows it: one thing after another, in the log's own words.

use lectern_web::pages::audit::AuditDetail;
use serde_json::Value;

/// Characters of a value that a page shows; the file has all of it.
const SHOWN: usize = 200;

/// A value in one line.
fn words(value: &Value) -> String {
    let whole = match value {
        Value::String(text) if !text.is_empty() => text.clone(),
        Value::Array(items) if !items.is_empty() => items.iter().map(words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    match whole.char_indices().nth(SHOWN).map(|(end, _)| end) {
        Some(end) => format!("{}…", &whole[..end]),
        None => whole,
    }
}

/// Before and now, where a value is both.
fn both(value: &Value) -> Option<(&Value, &Value)> {
    let fields = value.as_object().filter(|fields| fields.len() == 2)?;
    Some((fields.get("from")?, fields.get("to")?))
}

fn change(name: &str, from: &Value, to: &Value) -> AuditDetail {
    AuditDetail { name: name.to_owned(), from: Some(words(from)), to: words(to) }
}

/// A value, or each that is in it.
fn put(lines: &mut Vec<AuditDetail>, name: &str, value: &Value) {
    match (both(value), value) {
        (Some((from, to)), _) => lines.push(change(name, from, to)),
        (None, Value::Object(fields)) if !fields.is_empty() => {
            for (inner, value) in fields {
                put(lines, &format!("{name}.{inner}"), value);
            }
        }
        _ => lines.push(AuditDetail { name: name.to_owned(), from: None, to: words(value) }),
    }
}

/// The details of a line. A change is `{name: {from, to}}`, or `{from, to}` of the whole, or a value with what was `before` beside
/// it. The reason of a refusal is left out: the page says it in words.
pub(super) fn lines(details: &Value) -> Vec<AuditDetail> {
    let Some(fields) = details.as_object() else { return Vec::new() };
    let before = fields.get("before").and_then(Value::as_object);
    let whole = fields.get("from").zip(fields.get("to"));
    let mut lines = Vec::new();
    match whole {
        Some((Value::Object(from), Value::Object(to))) => {
            let nothing = Value::Null;
            for (name, now) in to {
                let was = from.get(name).unwrap_or(&nothing);
                if was != now {
                    lines.push(change(name, was, now));
                }
            }
        }
        Some((from, to)) => lines.push(change("", from, to)),
        None => {}
    }
    for (name, value) in fields {
        let is_said = match name.as_str() {
            "why" => value.is_string(),
            "from" | "to" => whole.is_some(),
            "before" => before.is_some(),
            _ => false,
        };
        if is_said {
            continue;
        }
        match before.and_then(|before| before.get(name)) {
            Some(was) if was != value => lines.push(change(name, was, value)),
            _ => put(&mut lines, name, value),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(details: &Value) -> Vec<String> {
        let line = |one: AuditDetail| match one.from {
            Some(from) => format!("{}: {from} → {}", one.name, one.to),
            None => format!("{}: {}", one.name, one.to),
        };
        lines(details).into_iter().map(line).collect()
    }

    #[test]
    fn what_changed_is_said_before_and_now() {
        assert_eq!(
            said(&json!({"colour": {"from": null, "to": "#ffe600"}, "reply_to": "set"})),
            ["colour: null → #ffe600", "reply_to: set"]
        );
        assert_eq!(
            said(&json!({"from": {"people": 5, "classes": 2}, "to": {"people": 9, "classes": 2}})),
            ["people: 5 → 9"]
        );
        assert_eq!(
            said(&json!({"from": "zoom", "to": "meet", "meetings": 3})),
            [": zoom → meet", "meetings: 3"]
        );
        assert_eq!(
            said(&json!({"before": {"state": "absent", "minutes": 0}, "minutes": 0, "state": "late"})),
            ["minutes: 0", "state: absent → late"]
        );
    }

    #[test]
    fn everything_else_is_said_value_by_value() {
        assert_eq!(
            said(&json!({"settings": {"chat": "off", "name": ""}, "steps": ["ok", "bad"], "left": []})),
            ["left: []", "settings.chat: off", "settings.name: \"\"", "steps: ok, bad"]
        );
        assert!(said(&json!({"why": "forged"})).is_empty());
        assert!(said(&json!({})).is_empty());
    }

    #[test]
    fn a_long_value_is_cut_between_letters() {
        let cut = said(&json!({"name": "ক".repeat(500)}));
        assert_eq!(cut, [format!("name: {}…", "ক".repeat(200))]);
    }
}
