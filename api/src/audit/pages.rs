//! The log as a page.

use axum::{extract::State, response::Response};
use chrono_tz::Tz;
use lectern_core::ids::{ClassId, OrganizationId, SessionId};
use lectern_web::{
    Section,
    pages::audit::{Audit, AuditFilter, AuditRow},
};

use super::{
    EntryKind,
    asked::AuditQuery,
    changes,
    service::{self, EntryView, Filter, Titles},
};
use crate::{
    app::App,
    classes,
    db::Tx,
    error::ApiError,
    extract::{AnyAdmin, Query},
    list::{Paging, instant_cursor, next_url},
    live::feed::instant,
    organizations,
    pages::{Pages, Reader},
    sessions,
};

/// `GET /audit?kind&person&class&session&from&to&cursor`: days are those of the organization's zone, both included.
pub async fn log(
    State(app): State<App>,
    who: AnyAdmin,
    reader: Reader,
    Query(query): Query<AuditQuery>,
) -> Result<Response, ApiError> {
    let paging = Paging::new(None, query.cursor.as_deref())?;
    let mut tx = app.db.read(who.organization).await?;
    let zone_name = organizations::service::settings_in(&mut tx, who.organization).await?.time_zone;
    let zone: Tz = zone_name.parse().unwrap_or(Tz::UTC);
    let filter = query.filter(&mut tx, who.organization, zone).await?;
    let filter = Filter { before: paging.instant_and_id()?, ..filter };
    let about = about(&mut tx, who.organization, &filter).await?;
    let rows = service::rows(&mut tx, who.organization, &filter, paging.fetch()).await?;
    let list = paging.list(rows, |row| instant_cursor(row.at, row.id), |row| row);
    let views = service::named(&mut tx, who.organization, list.items).await?;
    let titles = service::titles(&mut tx, who.organization, &views).await?;
    drop(tx);
    let next_url = list.next_cursor.map(|cursor| next_url("/audit?", &query.asked(), &cursor));
    let linked = !who.is_super_admin();
    let page = Audit {
        about,
        csv_url: query.csv_url(),
        kinds: EntryKind::ALL.iter().map(|kind| kind.as_str().to_owned()).collect(),
        items: views.iter().map(|view| row(view, &titles, linked)).collect(),
        zone: zone_name,
        next_url,
        filter: AuditFilter {
            kind: query.kind,
            person: query.person,
            class: query.class,
            session: query.session,
            from: query.from,
            to: query.to,
        },
    };
    Pages::new(&app, &who, reader, Section::Audit).await?.show(&page)
}

/// The title of the session or class that the log is narrowed to.
async fn about(
    tx: &mut Tx,
    organization: OrganizationId,
    filter: &Filter,
) -> Result<Option<String>, ApiError> {
    if let Some(session) = filter.session {
        let mut titles = sessions::service::titles(tx, organization, [session]).await?;
        return Ok(titles.remove(&session).map(|(_, title)| title));
    }
    let Some(class) = filter.class else { return Ok(None) };
    Ok(classes::service::titles(tx, organization, [class]).await?.remove(&class))
}

/// Whoever runs the server has none of an organization's pages: `linked` is false.
fn row(view: &EntryView, titles: &Titles, linked: bool) -> AuditRow {
    let about = view.person.as_ref().filter(|person| !person.name.is_empty());
    // The platform tells who came and went; the line is about that person.
    let seen = view.actor.kind == "provider" && view.kind.starts_with("participant.");
    let who = match (&view.actor.name, about) {
        (Some(name), _) => Some(name.clone()),
        (None, Some(person)) if seen => Some(person.name.clone()),
        _ => None,
    };
    let session = view.session_id.and_then(|id| titles.sessions.get(&SessionId(id)));
    let class = view.class_id.map(ClassId).or(session.map(|(class, _)| *class));
    let class_title = class.and_then(|id| titles.classes.get(&id));
    let mut what: Vec<&str> = Vec::new();
    if let Some(person) = about.filter(|person| who.as_ref() != Some(&person.name)) {
        what.push(&person.name);
    }
    if let Some((_, title)) = session {
        what.push(title);
    }
    if let Some(title) = class_title.filter(|title| !what.contains(&title.as_str())) {
        what.push(title);
    }
    let url = match (view.session_id, class, about) {
        (Some(id), ..) => Some(format!("/sessions/{id}")),
        (None, Some(id), _) => Some(format!("/classes/{id}")),
        (None, None, Some(_)) => Some("/people".to_owned()),
        (None, None, None) => None,
    };
    AuditRow {
        at: instant(view.at),
        kind: view.kind.clone(),
        who,
        actor: view.actor.kind.clone(),
        url: url.filter(|_| linked && !what.is_empty()),
        what: what.join(", "),
        reason: view.details.get("why").and_then(|why| why.as_str()).map(str::to_owned),
        details: changes::lines(&view.details),
        bad: BAD.iter().any(|kind| kind.as_str() == view.kind),
    }
}

/// What was refused or failed.
const BAD: &[EntryKind] = &[
    EntryKind::SignInFailed,
    EntryKind::ConnectionLost,
    EntryKind::Deauthorized,
    EntryKind::MeetingFailed,
    EntryKind::JoinRefused,
    EntryKind::JoinCodeWrong,
    EntryKind::JoinUrlRefused,
    EntryKind::SeatShared,
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use lectern_web::{Lang, catalog::Catalog};

    use super::*;

    #[test]
    fn every_kind_has_words_in_every_language() {
        let catalog = Catalog::load().unwrap();
        for lang in Lang::ALL {
            let missing: Vec<_> = EntryKind::ALL
                .iter()
                .map(|kind| format!("audit.kind.{}", kind.as_str()))
                .filter(|key| !catalog.strings(lang).contains_key(key))
                .collect();
            assert!(missing.is_empty(), "{lang:?}: {missing:?}");
        }
    }

    #[test]
    fn every_kind_with_words_exists() {
        let catalog = Catalog::load().unwrap();
        let known: Vec<_> =
            EntryKind::ALL.iter().map(|kind| format!("audit.kind.{}", kind.as_str())).collect();
        for key in catalog.strings(Lang::En).keys().filter(|key| key.starts_with("audit.kind.")) {
            assert!(known.contains(key), "{key} is nothing that happens");
        }
    }
}
