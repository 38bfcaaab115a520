//! Partial answers: `fields=name,capabilities(canDownload,canDelete),members/email`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// What is wanted below a field; empty: all of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Mask(BTreeMap<String, Mask>);

impl Mask {
    /// `None` when it cannot be read.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut rest = text;
        let mask = Self::list(&mut rest)?;
        rest.is_empty().then_some(mask)
    }

    fn list(rest: &mut &str) -> Option<Self> {
        let mut mask = Self::default();
        loop {
            let end = rest.find([',', '(', ')', '/']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            let name = name.trim();
            if name.is_empty() {
                return None;
            }
            *rest = after;
            let below = if let Some(inside) = rest.strip_prefix('(') {
                *rest = inside;
                let below = Self::list(rest)?;
                *rest = rest.strip_prefix(')')?;
                below
            } else if let Some(inside) = rest.strip_prefix('/') {
                *rest = inside;
                Self::one(rest)?
            } else {
                Self::default()
            };
            mask.0.entry(name.to_owned()).or_default().0.extend(below.0);
            match rest.strip_prefix(',') {
                Some(more) => *rest = more,
                None => return Some(mask),
            }
        }
    }

    /// What follows a slash: one name, and perhaps more below it.
    fn one(rest: &mut &str) -> Option<Self> {
        let end = rest.find([',', '(', ')', '/']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name.is_empty() {
            return None;
        }
        *rest = after;
        let below = if let Some(inside) = rest.strip_prefix('/') {
            *rest = inside;
            Self::one(rest)?
        } else if let Some(inside) = rest.strip_prefix('(') {
            *rest = inside;
            let below = Self::list(rest)?;
            *rest = rest.strip_prefix(')')?;
            below
        } else {
            Self::default()
        };
        Some(Self(BTreeMap::from([(name.to_owned(), below)])))
    }

    pub(crate) fn names(&self, field: &str) -> bool {
        self.0.contains_key(field) || self.0.contains_key("*")
    }

    /// The part of a value that is wanted.
    pub(crate) fn cut(&self, value: &Value) -> Value {
        if self.0.is_empty() || self.0.contains_key("*") {
            return value.clone();
        }
        match value {
            Value::Array(items) => items.iter().map(|item| self.cut(item)).collect(),
            Value::Object(fields) => {
                let wanted = fields.iter().filter_map(|(name, value)| {
                    self.0.get(name).map(|below| (name.clone(), below.cut(value)))
                });
                Value::Object(wanted.collect::<Map<_, _>>())
            }
            other => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_named_is_answered() {
        let whole = json!({"id": "1", "size": "9", "capabilities": {"canDownload": true, "canShare": true}, "list": [{"a": 1, "b": 2}]});
        let cut = |text: &str| Mask::parse(text).map(|mask| mask.cut(&whole));
        assert_eq!(cut("id"), Some(json!({"id": "1"})));
        assert_eq!(cut("*"), Some(whole.clone()));
        assert_eq!(
            cut("size,capabilities(canDownload),list/a"),
            Some(json!({"size": "9", "capabilities": {"canDownload": true}, "list": [{"a": 1}]}))
        );
        assert_eq!(cut("capabilities(canDownload"), None);
        assert_eq!(cut(""), None);
        assert_eq!(cut("a,,b"), None);
    }
}
