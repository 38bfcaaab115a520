//! The functions and filters templates may use, for one language and vocabulary.

use std::sync::Arc;

use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{Environment, Error, ErrorKind};
use serde::Serialize;

use crate::catalog::Catalog;
use crate::lang::{Lang, Vocabulary};
use crate::time::{Speaker, TimeError};
use crate::{assets, charts, icons, time};

/// What the functions of one environment know.
#[derive(Clone, Debug)]
struct Tongue {
    catalog: Arc<Catalog>,
    lang: Lang,
    vocabulary: Vocabulary,
}

impl Tongue {
    fn speaker(&self) -> Speaker<'_> {
        Speaker { catalog: &self.catalog, lang: self.lang }
    }

    /// Numbers take the language's digits; text stays as it is.
    fn argument(&self, value: &Value) -> Option<String> {
        if value.is_undefined() || value.is_none() {
            None
        } else if value.is_number() {
            Some(self.lang.digits(&value.to_string()))
        } else {
            Some(value.to_string())
        }
    }

    fn say(&self, key: &str, kwargs: &Kwargs, html: bool) -> Result<String, Error> {
        let count = kwargs.get::<Option<i64>>("count")?;
        let said = self
            .catalog
            .say(self.lang, self.vocabulary, key, count, &|name| {
                let value: Value = kwargs.peek(name).ok()?;
                let text = self.argument(&value)?;
                Some(if html && !value.is_safe() { escape(&text) } else { text })
            })
            .map_err(failed)?;
        Ok(said)
    }

    /// A sentence that carries its key (`lectern_core::sentence::Sentence`): by that key where the catalog has it, else in
    /// English, which is always there.
    fn said(&self, sentence: &Value) -> Result<String, Error> {
        let english = sentence.get_attr("english")?.to_string();
        let key = sentence.get_attr("key")?;
        let Some(key) = key.as_str() else { return Ok(self.of_numbers(english)) };
        let values = sentence.get_attr("values")?;
        let value = |name: &str| {
            let value = values.get_attr(name).ok().filter(|value| !value.is_undefined())?;
            self.said(&value).ok()
        };
        Ok(self.catalog.say(self.lang, self.vocabulary, key, None, &value).unwrap_or(english))
    }

    /// Figures and times of day take the language's digits.
    fn of_numbers(&self, text: String) -> String {
        let number = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == ':');
        if number { self.lang.digits(&text) } else { text }
    }
}

/// What happened, and what to do about it: a text cut behind its first sentence.
fn apart(text: &str) -> Vec<&str> {
    let end = |sign: &str| text.find(sign).map(|at| at + sign.trim_end().len());
    match [end(". "), end("। ")].into_iter().flatten().min() {
        Some(at) => vec![&text[..at], text[at..].trim_start()],
        None => vec![text, ""],
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::InvalidOperation, error.to_string()).with_source(error)
}

/// Text as HTML text or a quoted attribute.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

fn geometry(chart: impl Serialize) -> Value {
    Value::from(Serde(chart))
}

/// The first letters of the first and the last word.
fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.next_back().and_then(|word| word.chars().next());
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// One of four avatar tints, always the same for the same text.
fn tint(text: &str) -> &'static str {
    let sum = text.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    ["", "b", "c", "d"][(sum % 4) as usize]
}

/// Gives an environment everything its templates use.
pub(crate) fn install(
    env: &mut Environment<'static>,
    catalog: &Arc<Catalog>,
    lang: Lang,
    vocabulary: Vocabulary,
) {
    let tongue = Tongue { catalog: Arc::clone(catalog), lang, vocabulary };
    install_words(env, &tongue);
    install_time(env, &tongue);
    install_charts(env);

    env.add_function("icon", |name: &str, class: Option<&str>| {
        icons::svg(name, class.unwrap_or_default())
            .map(Value::from_safe_string)
            .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("there is no icon called {name}")))
    });
    env.add_function("mark", || Value::from_safe_string(icons::MARK.to_owned()));
    env.add_function("asset", |name: &str| {
        assets::url(name)
            .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("there is no static file {name}")))
    });
    env.add_filter("initials", |name: &str| initials(name));
    env.add_filter("tint", |text: &str| tint(text));
}

fn install_words(env: &mut Environment<'static>, tongue: &Tongue) {
    let words = tongue.clone();
    env.add_function("t", move |key: &str, kwargs: Kwargs| words.say(key, &kwargs, false));
    let words = tongue.clone();
    // For the few strings that carry markup of their own; the arguments are escaped here.
    env.add_function("t_html", move |key: &str, kwargs: Kwargs| {
        words.say(key, &kwargs, true).map(Value::from_safe_string)
    });
    let words = tongue.clone();
    // For names that come from elsewhere (an audit kind, an error's short name): the catalog's words, else its own.
    env.add_function("t_or", move |prefix: &str, name: &str, kwargs: Kwargs| {
        let key = format!("{prefix}.{name}");
        if words.catalog.has(&key) { words.say(&key, &kwargs, false) } else { Ok(name.to_owned()) }
    });
    let words = tongue.clone();
    env.add_function("said", move |sentence: Value| words.said(&sentence));
    env.add_filter("apart", |text: &str| apart(text).into_iter().map(Value::from).collect::<Vec<_>>());
    let lang = tongue.lang;
    env.add_filter("num", move |value: Value| lang.digits(&value.to_string()));
}

fn install_time(env: &mut Environment<'static>, tongue: &Tongue) {
    type Say = fn(&Speaker<'_>, &str, &str) -> Result<String, TimeError>;
    let points: [(&'static str, Say); 6] = [
        ("weekday", |s, at, zone| s.weekday(at, zone)),
        ("day", |s, at, zone| s.day(at, zone)),
        ("clock", |s, at, zone| s.clock(at, zone)),
        ("clock_s", |s, at, zone| s.clock_s(at, zone)),
        ("moment", |s, at, zone| s.moment(at, zone)),
        ("date", |s, at, zone| s.date(at, zone)),
    ];
    for (name, say) in points {
        let words = tongue.clone();
        env.add_filter(name, move |at: &str, zone: &str| say(&words.speaker(), at, zone).map_err(failed));
    }
    let words = tongue.clone();
    env.add_function("when", move |from: &str, to: &str, zone: &str| {
        words.speaker().when(from, to, zone).map_err(failed)
    });
    let words = tongue.clone();
    env.add_function("span", move |from: &str, to: &str, zone: &str| {
        words.speaker().span(from, to, zone).map_err(failed)
    });
    let words = tongue.clone();
    env.add_filter("zone_words", move |zone: &str| words.speaker().zone_words(zone).map_err(failed));
    env.add_function("minutes_between", |from: &str, to: &str| {
        time::minutes_between(from, to).map_err(failed)
    });
}

fn install_charts(env: &mut Environment<'static>) {
    env.add_function(
        "presence_chart",
        |steps: Serde<Vec<charts::Step>>, starts: &str, ends: &str, now: &str, roster: u32| {
            charts::presence(&steps, starts, ends, now, roster).map(geometry).map_err(failed)
        },
    );
    env.add_function(
        "attendance_track",
        |starts: &str, ends: &str, intervals: Serde<Vec<charts::Interval>>, now: Option<&str>| {
            charts::attendance(starts, ends, &intervals, now).map(geometry).map_err(failed)
        },
    );
    env.add_function("progress_track", |starts: &str, ends: &str, now: &str| {
        charts::progress(starts, ends, now).map(geometry).map_err(failed)
    });
    env.add_function("door_line", |now: &str, opens: &str, starts: &str, ends: &str| {
        charts::door(now, opens, starts, ends).map(geometry).map_err(failed)
    });
    env.add_function("day_line", |stretches: Serde<Vec<charts::Stretch>>, now: &str, zone: &str| {
        charts::day(&stretches, now, zone).map(geometry).map_err(failed)
    });
    env.add_function("columns", |of: Serde<Vec<charts::Column>>| geometry(charts::columns(&of)));
    env.add_function("share", |part: u32, whole: u32| charts::share(part, whole));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_come_from_the_first_and_the_last_name() {
        assert_eq!(initials("Ayesha Noor"), "AN");
        assert_eq!(initials("Maria del Carmen Ruiz"), "MR");
        assert_eq!(initials("Plato"), "P");
        assert_eq!(initials("  "), "");
    }

    #[test]
    fn the_same_person_keeps_the_same_tint() {
        assert_eq!(tint("018f"), tint("018f"));
    }
}
