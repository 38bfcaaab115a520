//! Filters of lists: `space.name = "spaces/a" AND end_time IS NULL`.

use chrono::{DateTime, Utc};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    IsNull,
    Equals(String),
    Compares(&'static str, String),
}

/// Conditions that must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter(Vec<(String, Test)>);

const OPERATORS: [&str; 5] = [">=", "<=", ">", "<", "="];

impl Filter {
    /// `None` when it cannot be read, or names a field that this list has not.
    pub(crate) fn parse(text: Option<&str>, fields: &[&str]) -> Option<Self> {
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
            return Some(Self::default());
        };
        let mut all = Vec::new();
        for condition in text.split(" AND ") {
            let condition = condition.trim();
            let (field, test) = if let Some(field) = condition.strip_suffix("IS NULL") {
                (field.trim(), Test::IsNull)
            } else {
                let operator = *OPERATORS.iter().find(|operator| condition.contains(**operator))?;
                let (field, value) = condition.split_once(operator)?;
                let value = value.trim().trim_matches('"').to_owned();
                let test =
                    if operator == "=" { Test::Equals(value) } else { Test::Compares(operator, value) };
                (field.trim(), test)
            };
            if !fields.contains(&field) {
                return None;
            }
            all.push((field.to_owned(), test));
        }
        Some(Self(all))
    }

    /// Whether a row passes: `text` and `time` give its fields.
    pub(crate) fn passes(
        &self,
        text: impl Fn(&str) -> Option<String>,
        time: impl Fn(&str) -> Option<DateTime<Utc>>,
    ) -> bool {
        self.0.iter().all(|(field, test)| match test {
            Test::IsNull => time(field).is_none() && text(field).is_none(),
            Test::Equals(wanted) => {
                text(field).is_some_and(|value| value == *wanted)
                    || time(field).is_some_and(|at| parse(wanted) == Some(at))
            }
            Test::Compares(operator, wanted) => match (time(field), parse(wanted)) {
                (Some(at), Some(wanted)) => match *operator {
                    ">=" => at >= wanted,
                    "<=" => at <= wanted,
                    ">" => at > wanted,
                    _ => at < wanted,
                },
                _ => false,
            },
        })
    }
}

fn parse(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_and_unknown_fields_refused() {
        let fields = ["space.name", "end_time", "start_time"];
        let read = |text| Filter::parse(Some(text), &fields);
        assert_eq!(
            read("space.name = \"spaces/a\" AND end_time IS NULL"),
            Some(Filter(vec![
                ("space.name".to_owned(), Test::Equals("spaces/a".to_owned())),
                ("end_time".to_owned(), Test::IsNull)
            ]))
        );
        assert!(read("start_time>=\"2026-11-16T09:00:00Z\"").is_some());
        assert!(read("title = \"x\"").is_none());
        assert!(read("nonsense").is_none());
        assert_eq!(Filter::parse(None, &fields), Some(Filter::default()));
    }
}
