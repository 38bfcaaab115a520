//! One's own notices, and the way out of a kind of mail, as pages.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::Response,
};
use chrono::Duration;
use lectern_core::{
    ids::{OrganizationId, PersonId},
    personal_link::PersonalPurpose,
};
use lectern_web::{
    NoticeKind, Section,
    pages::notices::{NoticeItem, NoticesPage, OffPage},
};
use serde::Deserialize;

use super::{
    choices::{self, Choice, Topic},
    obstacles, store,
};
use crate::{
    app::App,
    branding::house,
    calendar,
    db::Tx,
    error::ApiError,
    extract::{Form, Member, Path, Query, SignedIn},
    list::Paging,
    live::feed::instant,
    organizations,
    pages::{Pages, Reader, see_other},
};

/// Notices older than this are not counted beside the navigation.
const COUNTED: Duration = Duration::days(14);

/// How many notices the navigation counts: at most 100.
pub async fn unseen(app: &App, tx: &mut Tx, who: &SignedIn) -> Result<u32, ApiError> {
    let Ok(person) = who.person() else { return Ok(0) };
    let since = app.clock.now() - COUNTED;
    Ok(u32::try_from(store::unseen(tx, who.organization, person, since).await?).unwrap_or(0))
}

/// Which notices.
#[derive(Debug, Default, Deserialize)]
pub struct NoticesQuery {
    cursor: Option<String>,
    notice: Option<NoticeKind>,
}

fn item(row: store::NoticeRow) -> NoticeItem {
    NoticeItem {
        id: row.id.to_string(),
        seen: row.seen_at.is_some(),
        at: instant(row.created_at),
        url: match (row.session_id, row.kind.as_str()) {
            (Some(session), _) => format!("/sessions/{session}"),
            (None, "connection_lost") => "/connection".to_owned(),
            (None, _) => row
                .facts
                .get("class")
                .and_then(|class| class.as_str())
                .map_or_else(|| "/".to_owned(), |class| format!("/classes/{class}")),
        },
        obstacles: obstacles::lines(&row.facts.0),
        kind: row.kind,
        title: row.title,
        starts_at: row.starts_at.map(instant),
        ends_at: row.ends_at.map(instant),
        reason: row.cancel_reason,
        platform: row
            .facts
            .get("provider")
            .and_then(|name| name.as_str())
            .and_then(|name| lectern_providers::registry::named(name).ok())
            .map(|name| name.title().to_owned()),
    }
}

/// `GET /notices`
pub async fn list(
    State(app): State<App>,
    who: Member,
    reader: Reader,
    Query(query): Query<NoticesQuery>,
) -> Result<Response, ApiError> {
    let paging = Paging::new(None, query.cursor.as_deref())?;
    let person = who.person()?;
    let mut tx = app.db.read(who.organization).await?;
    let rows =
        store::notices(&mut tx, who.organization, person, paging.id_or_last()?, paging.fetch()).await?;
    let zone = calendar::service::zone_of(&mut tx, &who).await?;
    drop(tx);
    let list = paging.list(rows, |row| row.id.to_string(), item);
    let page = NoticesPage {
        items: list.items,
        zone: zone.name().to_owned(),
        next_url: list.next_cursor.map(|cursor| format!("/notices?cursor={cursor}")),
    };
    Pages::new(&app, &who, reader, Section::Notices).await?.notice(query.notice).show(&page)
}

/// `POST /notices/seen`
pub async fn see(State(app): State<App>, who: Member, Form(()): Form<()>) -> Result<Response, ApiError> {
    let person = who.person()?;
    let mut tx = app.db.begin(who.organization).await?;
    store::see(&mut tx, who.organization, person, app.clock.now()).await?;
    tx.commit().await?;
    Ok(see_other("/notices"))
}

/// Which topic a mail's foot names.
#[derive(Debug, Default, Deserialize)]
pub struct OffQuery {
    topic: Option<String>,
}

/// The person behind a link in a mail's foot, and the topic.
async fn off(
    app: &App,
    token: &str,
    query: &OffQuery,
) -> Result<(organizations::Organization, PersonId, Topic), ApiError> {
    let claims = app.personal_links.verify(token, PersonalPurpose::Unsubscribe).ok_or(ApiError::NotFound)?;
    let topic = query.topic.as_deref().and_then(Topic::parse).ok_or(ApiError::NotFound)?;
    let organization: OrganizationId = claims.organization;
    let tenant = organizations::service::find_active(app, organization).await?.ok_or(ApiError::NotFound)?;
    let mut tx = app.db.read(organization).await?;
    let person = crate::people::service::find(&mut tx, organization, PersonId(claims.of)).await?;
    Ok((tenant, person.ok_or(ApiError::NotFound)?.id, topic))
}

fn off_page(
    app: &App,
    reader: Reader,
    tenant: &organizations::Organization,
    topic: Topic,
    done: bool,
) -> Result<Response, ApiError> {
    let page = OffPage { organization: tenant.name.clone(), topic: topic.as_str().to_owned(), done };
    let mut response = reader.bare(app, &page, house(tenant))?;
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}

/// `GET /notices/off/{token}`: asks; mail programs that look at links before their reader does change nothing.
pub async fn ask_off(
    State(app): State<App>,
    reader: Reader,
    Path(token): Path<String>,
    Query(query): Query<OffQuery>,
) -> Result<Response, ApiError> {
    let (tenant, _, topic) = off(&app, &token, &query).await?;
    off_page(&app, reader, &tenant, topic, false)
}

/// `POST /notices/off/{token}`: no such mail from now on. The link is the proof (RFC 8058), whatever is posted.
pub async fn turn_off(
    State(app): State<App>,
    reader: Reader,
    Path(token): Path<String>,
    Query(query): Query<OffQuery>,
) -> Result<Response, ApiError> {
    let (tenant, person, topic) = off(&app, &token, &query).await?;
    let mut tx = app.db.begin(tenant.id).await?;
    let present = choices::of_person(&mut tx, tenant.id, person).await?;
    let live = present.iter().find(|(one, _)| *one == topic).is_none_or(|(_, choice)| choice.live);
    choices::choose(&app, &mut tx, tenant.id, person, topic, Choice { mail: false, live }).await?;
    tx.commit().await?;
    off_page(&app, reader, &tenant, topic, true)
}
