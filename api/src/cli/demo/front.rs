//! The demo's own page: everybody in it, one click away.

use std::sync::{Arc, OnceLock};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use lectern_web::{
    Shell, Vocabulary,
    pages::{
        ComponentsPage,
        demo::{DemoGroup, DemoLink, DemoPage, DemoPerson, DemoRoom},
    },
};

use super::{Told, cast};
use crate::{app::App, error::ApiError, pages::Reader};

/// Where it is.
pub(super) const PATH: &str = "/demo";

/// Where every component of the pages stands beside the others.
const COMPONENTS: &str = "/demo/components";

/// Within the frame of a signed-in page, for whoever looks.
async fn components(State(app): State<App>, reader: Reader) -> Result<Response, ApiError> {
    let shell = Shell::samples().swap_remove(0);
    let html = app.web.page(&ComponentsPage::whole(), &shell, reader.lang).map_err(ApiError::internal)?;
    Ok(Html(html).into_response())
}

/// What the page shows, once everybody is there.
#[derive(Clone, Default)]
pub(super) struct Front(Arc<OnceLock<DemoPage>>);

impl Front {
    /// The page, beside the server's own.
    pub(super) fn router(&self, app: &App) -> Router<App> {
        let (front, app) = (self.clone(), app.clone());
        let show = move |State(_): State<App>, reader: Reader| {
            let (front, app) = (front.clone(), app.clone());
            async move { front.show(&app, reader) }
        };
        Router::new().route(PATH, get(show)).route(COMPONENTS, get(components))
    }

    fn show(&self, app: &App, reader: Reader) -> Result<Response, ApiError> {
        match self.0.get() {
            Some(page) => reader.bare(app, page, Vocabulary::School),
            None => Ok((StatusCode::SERVICE_UNAVAILABLE, "The day is not there yet.").into_response()),
        }
    }

    /// From now on the page is there.
    pub(super) fn open(&self, told: &Told<'_>) {
        let mut groups: Vec<DemoGroup> = Vec::new();
        for player in told.cast.everybody() {
            let organization = player.organization.unwrap_or_default().to_owned();
            let person = DemoPerson {
                organization: organization.clone(),
                role: player.role.to_owned(),
                name: player.name.to_owned(),
                email: player.email.clone(),
                password: cast::PASSWORD.to_owned(),
            };
            match groups.iter_mut().find(|group| group.organization == organization) {
                Some(group) => group.people.push(person),
                None => groups.push(DemoGroup { organization, people: vec![person] }),
            }
        }
        let room = |room: &super::day::Room| DemoRoom {
            title: room.title.to_owned(),
            platform: room.on.name().title().to_owned(),
            teacher: room.teacher.clone(),
        };
        let link = |(_, title, url): (&str, &str, String)| DemoLink { title: title.to_owned(), url };
        let page = DemoPage {
            groups,
            rooms: told.rooms.iter().map(room).collect(),
            mail_url: told.mail.base_url(),
            shop_url: told.shop.to_owned(),
            simulators: told.platforms.addresses().into_iter().map(link).collect(),
        };
        // Opened once.
        self.0.set(page).ok();
    }
}
