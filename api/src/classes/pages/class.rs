use axum::{extract::State, response::Response};
use lectern_core::{ids::ClassId, session::SessionState};
use lectern_web::{
    NoticeKind, Section,
    pages::class::{ClassHead, ClassOverview},
};
use serde::Deserialize;
use uuid::Uuid;

use super::options::missed;
use crate::{
    app::App,
    attendance,
    classes::{Class, enrollments, service, settings},
    db::Tx,
    error::ApiError,
    extract::{Member, Path, Query, SignedIn},
    pages::{Pages, Reader},
    people,
    sessions::{self, Session, pages::line},
    totals,
};

/// Coming and past sessions on the overview.
const FEW: usize = 5;

/// Query of a class's pages.
#[derive(Debug, Default, Deserialize)]
pub struct ClassQuery {
    pub(super) notice: Option<NoticeKind>,
    /// The place on the roster that was just taken away.
    pub(super) undo: Option<String>,
}

/// What all tabs of a class show above them.
pub(crate) async fn head(tx: &mut Tx, who: &SignedIn, class: &Class) -> Result<ClassHead, ApiError> {
    let names = people::service::names(tx, who.organization, [class.instructor]).await?;
    Ok(ClassHead {
        id: class.id.to_string(),
        title: class.title.clone(),
        description: Some(class.description.clone()).filter(|text| !text.is_empty()),
        instructor: names.into_values().next().unwrap_or_default(),
        platform: class.provider.title().to_owned(),
        can_manage: service::may_manage(who, class),
    })
}

/// `GET /classes/{id}`
pub async fn overview(
    State(app): State<App>,
    who: Member,
    reader: Reader,
    Path(id): Path<Uuid>,
    Query(query): Query<ClassQuery>,
) -> Result<Response, ApiError> {
    let now = app.clock.now();
    let organization = who.organization;
    let mut tx = app.db.read(organization).await?;
    let class = service::readable(&mut tx, &who, ClassId(id)).await?;
    let head = head(&mut tx, &who, &class).await?;
    let place = enrollments::of_person(&mut tx, organization, class.id, who.person).await?;
    let place = place.filter(|place| place.active);
    let mut all = sessions::service::of_class(&mut tx, organization, class.id).await?;
    if let Some(place) = place.as_ref().filter(|_| !head.can_manage)
        && let Some(named) = enrollments::named_sessions(&mut tx, organization, place).await?
    {
        all.retain(|session| named.contains(&session.id));
    }
    let is_coming = |session: &&Session| session.state == SessionState::Scheduled && session.ends_at > now;
    let next = all.iter().find(|session| session.state == SessionState::Live);
    let next = next.or_else(|| all.iter().find(is_coming));
    let coming = all.iter().filter(is_coming).filter(|session| next.is_none_or(|next| next.id != session.id));
    let past: Vec<&Session> =
        all.iter().rev().filter(|session| session.state == SessionState::Ended).take(FEW).collect();
    let came = if head.can_manage {
        let shown = past.iter().map(|session| session.id);
        attendance::service::came(&mut tx, organization, shown, class.instructor).await?
    } else {
        std::collections::HashMap::new()
    };
    let totals = totals::service::of_one(&mut tx, organization, class.id.uuid()).await?;
    let set_by = match head.can_manage {
        true => settings::set_by(&mut tx, organization, &class).await?,
        false => None,
    };
    drop(tx);
    // Before anybody counts on what is set for all classes, the class's own page says where its platform cannot follow.
    let missed = match &set_by {
        Some(by) => missed(Some(by), &settings::out_of_reach(&app, organization, &class).await?),
        None => None,
    };
    let page = ClassOverview {
        next: next.map(|session| line(session, None)),
        coming: coming.take(FEW).map(|session| line(session, None)).collect(),
        recent: past.into_iter().map(|session| line(session, came.get(&session.id).copied())).collect(),
        enrolled: totals.members,
        guests: if head.can_manage { totals.guests } else { 0 },
        join_url: place.map(|_| format!("/join/class/{}", class.id)),
        missed,
        class: head,
    };
    Pages::new(&app, &who, reader, Section::Classes).await?.notice(query.notice).show(&page)
}
