//! The log as a file for spreadsheets. It is read page by page while it is sent, so it takes no more memory for a long log than for a
//! short one.

use std::collections::HashMap;

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use chrono::SecondsFormat;
use chrono_tz::Tz;
use futures::stream;
use lectern_core::{
    ids::{ClassId, OrganizationId, SessionId},
    sentence::Sentence,
};
use lectern_web::{Lang, Vocabulary, catalog::Catalog};

use super::{
    EntryKind,
    asked::AuditQuery,
    service::{self, EntryView, Filter, Titles},
    store,
};
use crate::{
    app::App,
    error::ApiError,
    extract::{AnyAdmin, Query},
    organizations,
    pages::{Reader, vocabulary},
    spreadsheet::line,
};

/// Lines a file holds at most.
const MOST: usize = 100_000;
/// Lines that are read at a time.
const PAGE: usize = 1_000;

const HEAD: [&str; 13] = [
    "at",
    "local_time",
    "time_zone",
    "kind",
    "what",
    "actor_kind",
    "actor",
    "person",
    "class",
    "session",
    "reason",
    "details",
    "id",
];

/// `GET /audit.csv?kind&person&class&session&from&to`: the lines the page shows with the same filters, newest first, and no others. That
/// they were taken out is itself a line of the log.
pub async fn download(
    State(app): State<App>,
    who: AnyAdmin,
    reader: Reader,
    Query(query): Query<AuditQuery>,
) -> Result<Response, ApiError> {
    let organization =
        organizations::service::find_active(&app, who.organization).await?.ok_or(ApiError::SignedOut)?;
    let mut tx = app.db.begin(who.organization).await?;
    let zone = organizations::service::settings_in(&mut tx, who.organization).await?.time_zone;
    let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
    let filter = query.filter(&mut tx, who.organization, zone).await?;
    let entry = app.entry(who.organization, EntryKind::AuditExported, who.actor());
    store::insert(&mut tx, &entry.details(query.noted(&filter))).await?;
    tx.commit().await?;
    let today = app.zones.local_of(zone, app.clock.now()).date();
    let words = Words::of(&app, reader.lang, vocabulary(organization.vocabulary));
    let export =
        Export { app, organization: who.organization, filter, zone, words, left: MOST, state: At::Head };
    let name = format!("attachment; filename=\"audit-{today}.csv\"");
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    let pages = stream::try_unfold(export, |export: Export| async move {
        let organization = export.organization;
        export.next().await.inspect_err(|error| {
            // The file breaks off, and the browser says that it did.
            tracing::error!(%organization, %error, "the export of the audit log broke off: {error}");
        })
    });
    Ok((headers, Body::from_stream(pages)).into_response())
}

/// How far a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Head,
    Lines,
    End,
}

/// A file that is being written.
#[derive(Debug)]
struct Export {
    app: App,
    organization: OrganizationId,
    filter: Filter,
    zone: Tz,
    words: Words,
    /// Lines there is still room for.
    left: usize,
    state: At,
}

impl Export {
    /// The next part of the file, and what then follows; none when it is whole.
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, ApiError> {
        let mut text = String::new();
        match self.state {
            At::End => return Ok(None),
            At::Head => {
                line(&mut text, HEAD);
                self.state = At::Lines;
            }
            At::Lines => self.lines(&mut text).await?,
        }
        Ok(Some((Bytes::from(text), self)))
    }

    async fn lines(&mut self, text: &mut String) -> Result<(), ApiError> {
        // One more than there is room for shows whether something is cut off.
        let asked = PAGE.min(self.left + 1);
        let limit = i64::try_from(asked).map_err(ApiError::internal)?;
        let mut tx = self.app.db.read(self.organization).await?;
        let mut rows = service::rows(&mut tx, self.organization, &self.filter, limit).await?;
        if rows.len() < asked {
            self.state = At::End;
        }
        let cut = rows.len() > self.left;
        rows.truncate(self.left);
        self.left -= rows.len();
        self.filter.before = rows.last().map(|row| (row.at, row.id)).or(self.filter.before);
        let views = service::named(&mut tx, self.organization, rows).await?;
        let titles = service::titles(&mut tx, self.organization, &views).await?;
        drop(tx);
        for view in &views {
            self.line(text, view, &titles);
        }
        if cut {
            self.state = At::End;
            let until =
                self.filter.before.map(|(at, _)| at.with_timezone(&self.zone).date_naive().to_string());
            let said = self.words.cut(MOST, &until.unwrap_or_default());
            let mut fields = [""; HEAD.len()];
            fields[0] = &said;
            line(text, fields);
        }
        Ok(())
    }

    fn line(&self, text: &mut String, view: &EntryView, titles: &Titles) {
        let session = view.session_id.and_then(|id| titles.sessions.get(&SessionId(id)));
        let class = view.class_id.map(ClassId).or(session.map(|(class, _)| *class));
        let class = class.and_then(|id| titles.classes.get(&id));
        let details = view.details.as_object().filter(|details| !details.is_empty());
        line(
            text,
            [
                view.at.to_rfc3339_opts(SecondsFormat::Secs, true).as_str(),
                &view.at.with_timezone(&self.zone).format("%Y-%m-%d %H:%M:%S").to_string(),
                self.zone.name(),
                &view.kind,
                self.words.kind(&view.kind),
                &view.actor.kind,
                view.actor.name.as_deref().unwrap_or_default(),
                view.person.as_ref().map_or("", |person| &person.name),
                class.map_or("", String::as_str),
                session.map_or("", |(_, title)| title),
                view.details.get("why").and_then(|why| why.as_str()).map_or("", |why| self.words.reason(why)),
                &details.map(|_| view.details.to_string()).unwrap_or_default(),
                &view.id.to_string(),
            ],
        );
    }
}

/// What the file says in its reader's language: looked up once, not in every line.
#[derive(Debug)]
struct Words {
    kinds: HashMap<&'static str, String>,
    reasons: HashMap<String, String>,
    /// With `{count}` and `{day}` to be filled in.
    cut: String,
    lang: Lang,
}

impl Words {
    fn of(app: &App, lang: Lang, vocabulary: Vocabulary) -> Self {
        let catalog: &Catalog = app.web.catalog();
        let say = |key: &str, value: &dyn Fn(&str) -> Option<String>| {
            catalog.say(lang, vocabulary, key, None, value).ok()
        };
        let kinds = EntryKind::ALL.iter().filter_map(|kind| {
            let word = kind.as_str();
            Some((word, say(&format!("audit.kind.{word}"), &|_| None)?))
        });
        let reasons = catalog.strings(lang).keys().filter_map(|key| {
            let word = key.strip_prefix("refusal.")?;
            Some((word.to_owned(), say(key, &|_| None)?))
        });
        let cut = Sentence::known(
            "said.audit.cut",
            "Cut off here: a file holds at most {count} lines. Export what is older by itself, with {day} as the last day.",
        );
        let kept = |name: &str| Some(format!("{{{name}}}"));
        let cut = cut.key().and_then(|key| say(key, &kept)).unwrap_or_else(|| cut.to_string());
        Self { kinds: kinds.collect(), reasons: reasons.collect(), cut, lang }
    }

    fn kind<'a>(&'a self, word: &'a str) -> &'a str {
        self.kinds.get(word).map_or(word, String::as_str)
    }

    fn reason<'a>(&'a self, word: &'a str) -> &'a str {
        self.reasons.get(word).map_or(word, String::as_str)
    }

    fn cut(&self, most: usize, day: &str) -> String {
        let figure = |text: &str| self.lang.digits(text);
        self.cut.replace("{count}", &figure(&most.to_string())).replace("{day}", &figure(day))
    }
}
