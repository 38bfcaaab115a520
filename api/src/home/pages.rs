//! `GET /`.

use axum::{extract::State, response::Response};
use lectern_core::role::Role;
use lectern_web::Section;

use super::{overview, student, today, why as reasons};
use crate::{
    app::App,
    error::ApiError,
    extract::{Member, Query, SignedIn},
    pages::{NoticeQuery, Pages, Reader, see_other},
};

/// The first page of whoever asks.
pub async fn show(
    State(app): State<App>,
    who: Option<SignedIn>,
    reader: Reader,
    Query(query): Query<NoticeQuery>,
) -> Result<Response, ApiError> {
    let Some(who) = who else { return Ok(see_other("/sign-in")) };
    if who.is_super_admin() {
        return Ok(see_other("/organizations"));
    }
    let section = match who.role {
        Role::Admin => Section::Overview,
        Role::Instructor => Section::Today,
        Role::Student => Section::Home,
    };
    let pages = Pages::new(&app, &who, reader, section).await?.notice(query.notice);
    match who.role {
        Role::Admin => pages.show(&overview::page(&app, &who).await?),
        Role::Instructor => pages.show(&today::page(&app, &who).await?),
        Role::Student => pages.show(&student::page(&app, &who).await?),
    }
}

/// `GET /why`: why the reader cannot join, class by class, and what to do.
pub async fn why(State(app): State<App>, who: Member, reader: Reader) -> Result<Response, ApiError> {
    let page = reasons::page(&app, &who).await?;
    Pages::new(&app, &who, reader, Section::Home).await?.show(&page)
}
