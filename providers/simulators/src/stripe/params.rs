//! Parameters of a form, with names in brackets: `line_items[0][price_data][currency]`.

use std::collections::{BTreeMap, BTreeSet};

use super::errors::{self, Refusal};
use crate::query::Query;

/// A call's parameters, by their whole names. Of two with one name the last counts.
#[derive(Debug, Default)]
pub(crate) struct Params(BTreeMap<String, String>);

/// Whether a name has this form: `#` stands for a number, `*` for any word without brackets.
fn fits(pattern: &str, name: &str) -> bool {
    let parts = |text: &str| {
        text.split('[').map(|part| part.strip_suffix(']').unwrap_or(part).to_owned()).collect::<Vec<_>>()
    };
    let (pattern, parts_of_name) = (parts(pattern), parts(name));
    let whole = name.matches('[').count() == name.matches(']').count()
        && (parts_of_name.len() == 1 || name.ends_with(']'));
    whole
        && pattern.len() == parts_of_name.len()
        && pattern.iter().zip(&parts_of_name).all(|(pattern, part)| match pattern.as_str() {
            "#" => !part.is_empty() && part.len() < 4 && part.bytes().all(|byte| byte.is_ascii_digit()),
            "*" => !part.is_empty() && !part.contains(']'),
            word => word == part,
        })
}

impl Params {
    /// Refuses a name that fits none of the patterns.
    pub(crate) fn read(pairs: &Query, patterns: &[&str]) -> Result<Self, Refusal> {
        let mut read = BTreeMap::new();
        for (name, value) in pairs.pairs() {
            if !patterns.iter().any(|pattern| fits(pattern, name)) {
                return Err(errors::unknown(name));
            }
            read.insert(name.to_owned(), value.to_owned());
        }
        Ok(Self(read))
    }

    /// A text that is not empty.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.0.get(name).map(String::as_str) {
            Some("") => Err(errors::empty(name)),
            other => Ok(other),
        }
    }

    pub(crate) fn needed(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name)?.ok_or_else(|| errors::missing(name))
    }

    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| errors::no_integer(name, text))
    }

    /// A text out of a list.
    pub(crate) fn one_of(&self, name: &str, words: &[&str]) -> Result<Option<&str>, Refusal> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        if words.contains(&text) {
            return Ok(Some(text));
        }
        let (last, others) = words.split_last().unwrap_or((&"", &[]));
        let message = format!("Invalid {name}: must be one of {}, or {last}", others.join(", "));
        Err(errors::invalid(None, Some(name), message))
    }

    pub(crate) fn url(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let good = url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if good && text.len() <= 5000 {
            return Ok(Some(text));
        }
        Err(errors::invalid(Some("url_invalid"), Some(name), "Not a valid URL"))
    }

    pub(crate) fn email(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        if is_email(text) {
            return Ok(Some(text));
        }
        Err(errors::invalid(Some("email_invalid"), Some(name), format!("Invalid email address: {text}")))
    }

    /// The numbers in `name[#]…`. They begin at 0 and skip none.
    pub(crate) fn indices(&self, name: &str) -> Result<usize, Refusal> {
        let start = format!("{name}[");
        let found: BTreeSet<usize> = self
            .0
            .keys()
            .filter_map(|key| key.strip_prefix(&start)?.split(']').next()?.parse().ok())
            .collect();
        if found.iter().copied().eq(0..found.len()) {
            return Ok(found.len());
        }
        let message =
            format!("Invalid array: the keys of {name} must be numeric and sequential starting from 0.");
        Err(errors::invalid(None, Some(name), message))
    }

    /// `metadata[*]`: up to 50 pairs, 40 characters for a name, 500 for a value. An empty value leaves a name out.
    pub(crate) fn metadata(&self, name: &str) -> Result<BTreeMap<String, String>, Refusal> {
        let start = format!("{name}[");
        let mut read = BTreeMap::new();
        for (key, value) in &self.0 {
            let Some(word) = key.strip_prefix(&start).and_then(|rest| rest.strip_suffix(']')) else {
                continue;
            };
            let (long_key, long_value) = (word.chars().count(), value.chars().count());
            if long_key > 40 {
                let message = format!(
                    "Metadata keys can have up to 40 characters, but you passed in a key that is {long_key} characters. Invalid key: {word}"
                );
                return Err(errors::invalid(None, Some(name), message));
            }
            if long_value > 500 {
                let message = format!(
                    "Metadata values can have up to 500 characters, but you passed in a value that is {long_value} characters. Invalid value: {value}"
                );
                return Err(errors::invalid(None, Some(key), message));
            }
            if !value.is_empty() {
                read.insert(word.to_owned(), value.clone());
            }
        }
        if read.len() > 50 {
            let message =
                format!("Metadata can have up to 50 keys, but you are trying to set {}.", read.len());
            return Err(errors::invalid(None, Some(name), message));
        }
        Ok(read)
    }
}

/// Something, an `@`, something with a dot.
pub(crate) fn is_email(text: &str) -> bool {
    let good = |part: &str| !part.is_empty() && !part.contains(['@', ' ', '<', '>']);
    text.len() <= 800
        && text.split_once('@').is_some_and(|(name, host)| good(name) && good(host) && host.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_brackets() {
        assert!(fits("line_items[#][price_data][currency]", "line_items[0][price_data][currency]"));
        assert!(fits("metadata[*]", "metadata[class of]"));
        for wrong in [
            "line_items[a][quantity]",
            "line_items[][quantity]",
            "line_items[0][quantity",
            "line_items[0]quantity]",
        ] {
            assert!(!fits("line_items[#][quantity]", wrong), "{wrong}");
        }
        assert!(
            !fits("mode", "mode[x]")
                && !fits("metadata[*]", "metadata")
                && !fits("metadata[*]", "metadata[]")
        );
    }

    #[test]
    fn lists_begin_at_nothing_and_skip_nothing() {
        let of = |text: &str| Params::read(&Query::parse(text), &["a[#][x]"]).unwrap().indices("a").ok();
        assert_eq!(of("a[0][x]=1&a[1][x]=2"), Some(2));
        assert_eq!(of(""), Some(0));
        assert_eq!(of("a[1][x]=2"), None);
    }
}
