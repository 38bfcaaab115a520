use axum::{extract::State, response::Response};
use lectern_core::{ids::ClassId, session::SessionState};
use lectern_web::{NoticeKind, Section, pages::class::ClassSessions};
use serde::Deserialize;
use uuid::Uuid;

use super::class::head;
use crate::{
    app::App,
    attendance,
    classes::service,
    error::ApiError,
    extract::{Instructor, Path, Query, SignedIn},
    list::Paging,
    pages::{Pages, Reader},
    sessions::{self, pages::line},
};

async fn page(app: &App, who: &SignedIn, id: Uuid, cursor: Option<&str>) -> Result<ClassSessions, ApiError> {
    let paging = Paging::new(None, cursor)?;
    let now = app.clock.now();
    let organization = who.organization;
    let mut tx = app.db.read(organization).await?;
    let class = service::own(&mut tx, who, ClassId(id)).await?;
    let list = sessions::service::page_of_class(&mut tx, organization, class.id, now, &paging).await?;
    let shown = list.items.iter().map(|session| session.id);
    let came = attendance::service::came(&mut tx, organization, shown, class.instructor).await?;
    let items = list.items.iter().map(|session| {
        let came = came.get(&session.id).copied().filter(|_| session.state == SessionState::Ended);
        line(session, came)
    });
    Ok(ClassSessions {
        class: head(&mut tx, who, &class).await?,
        items: items.collect(),
        next_url: list.next_cursor.map(|cursor| format!("/classes/{id}/sessions?cursor={cursor}")),
    })
}

/// Query of the page.
#[derive(Debug, Default, Deserialize)]
pub struct SessionsQuery {
    notice: Option<NoticeKind>,
    cursor: Option<String>,
}

/// `GET /classes/{id}/sessions`
pub async fn sessions(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Query(query): Query<SessionsQuery>,
) -> Result<Response, ApiError> {
    let page = page(&app, &who, id, query.cursor.as_deref()).await?;
    Pages::new(&app, &who, reader, Section::Classes).await?.notice(query.notice).show(&page)
}
