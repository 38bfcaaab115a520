//! A form that somebody else overtook: what it sends as it was shown is no change, so two people save side by side.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::error::ApiError;

/// A form's fields, and how they stood when it was shown: its hidden field `before`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Overtaken<T> {
    #[serde(flatten)]
    pub typed: T,
    #[serde(default)]
    pub before: String,
}

impl<T: Serialize + DeserializeOwned> Overtaken<T> {
    /// What was typed, without the fields that stand as they were shown. A form without `before` changes all it sends.
    ///
    /// # Errors
    /// None that a form of this server makes.
    pub fn changed(&self) -> Result<T, ApiError> {
        let before: Value = serde_json::from_str(&self.before).unwrap_or_default();
        let mut fields = serde_json::to_value(&self.typed).map_err(ApiError::internal)?;
        if let Value::Object(fields) = &mut fields {
            fields.retain(|name, value| !value.is_null() && before.get(name) != Some(value));
        }
        serde_json::from_value(fields).map_err(ApiError::internal)
    }
}

/// What a form shows, for its hidden field `before`.
///
/// # Errors
/// When the fields are no data, which the types exclude.
pub fn before<T: Serialize>(shown: &T) -> Result<String, ApiError> {
    serde_json::to_string(shown).map_err(ApiError::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct Fields {
        name: Option<String>,
        zone: Option<String>,
    }

    #[test]
    fn what_stands_as_it_was_shown_is_no_change() {
        let shown = Fields { name: Some("Oak".into()), zone: Some("UTC".into()) };
        let typed = Fields { zone: Some("Asia/Dhaka".into()), ..shown.clone() };
        let overtaken = Overtaken { typed: typed.clone(), before: before(&shown).unwrap() };
        assert_eq!(overtaken.changed().unwrap(), Fields { name: None, zone: typed.zone.clone() });
        for unread in ["", "[1]", "nonsense"] {
            let whole = Overtaken { typed: typed.clone(), before: unread.into() };
            assert_eq!(whole.changed().unwrap(), typed);
        }
    }
}
