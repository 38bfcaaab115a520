//! Fingerprints: equal for duplicates of one event, different otherwise.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// Hashes a text so that no two sequences of texts give the same bytes.
pub(crate) fn add(hash: &mut Sha256, text: &str) {
    hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
    hash.update(text.as_bytes());
}

/// Hashes a value, its keys in order, without those that differ between duplicates.
pub(crate) fn add_value(hash: &mut Sha256, value: &Value, is_volatile: fn(&str) -> bool) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().filter(|(key, _)| !is_volatile(key)).collect();
            fields.sort_by_key(|(key, _)| key.as_str());
            add(hash, "{");
            for (key, value) in fields {
                add(hash, key);
                add_value(hash, value, is_volatile);
            }
            add(hash, "}");
        }
        Value::Array(items) => {
            add(hash, "[");
            items.iter().for_each(|item| add_value(hash, item, is_volatile));
            add(hash, "]");
        }
        other => add(hash, &other.to_string()),
    }
}
