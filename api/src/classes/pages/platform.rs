use axum::{extract::State, response::Response};
use lectern_core::{
    ids::ClassId,
    provider::{Degree, Difference},
    secret::SecretString,
};
use lectern_providers::registry;
use lectern_web::{
    FieldError as PageFieldError, Section,
    pages::class_platform::{ClassPlatform, MoveLine, MovePlan},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    class::head,
    list::{choice, host_note},
};
use crate::{
    app::App,
    classes::{
        moving::{self, MoveClass, MoveView},
        service,
    },
    error::ApiError,
    extract::{Form, Instructor, Path, Query, SignedIn},
    pages::{Pages, Reader, beside_form, see_other},
    pasted_links::{
        self,
        service::{PasteLink, lives_by_one},
    },
    platforms::{service::HostState, settings::for_classes},
};

/// Query of the page.
#[derive(Debug, Default, Deserialize)]
pub struct PlatformQuery {
    to: Option<String>,
}

fn line(difference: &Difference) -> MoveLine {
    MoveLine {
        capability: difference.capability.to_owned(),
        after: match difference.after {
            Degree::Yes => "yes",
            Degree::Helped => "helped",
            Degree::No => "no",
        },
        reason: difference.reason.as_ref().map(|reason| reason.0.clone()),
    }
}

fn shown(view: &MoveView, own: bool) -> MovePlan {
    let comparison = &view.comparison;
    let (losses, gains): (Vec<_>, Vec<_>) =
        comparison.differences.iter().partition(|difference| difference.is_loss());
    MovePlan {
        name: view.to.as_str().to_owned(),
        label: view.to.title().to_owned(),
        losses: losses.into_iter().map(line).collect(),
        gains: gains.into_iter().map(line).collect(),
        weaker_door: comparison.guarantee_after > comparison.guarantee_before,
        meetings: view.meetings,
        pasted: lives_by_one(view.to),
        note: (!matches!(view.host, HostState::Ready | HostState::Pasted))
            .then(|| host_note(view.host, own).to_owned()),
    }
}

async fn page(
    app: &App,
    who: &SignedIn,
    id: Uuid,
    to: Option<&str>,
    link: String,
    mut errors: Vec<PageFieldError>,
) -> Result<ClassPlatform, ApiError> {
    let plan = match to {
        None => None,
        Some(to) => match moving::preview(app, who, ClassId(id), to).await {
            Ok(view) => Some(view),
            Err(error) => {
                // The same refusal is not told twice.
                if errors.is_empty() {
                    errors = beside_form(app, error)?;
                }
                None
            }
        },
    };
    let mut tx = app.db.read(who.organization).await?;
    let class = service::own(&mut tx, who, ClassId(id)).await?;
    let head = head(&mut tx, who, &class).await?;
    drop(tx);
    let link_host = match lives_by_one(class.provider) {
        true => Some(pasted_links::service::show(app, who, class.id).await?.host),
        false => None,
    };
    let others = for_classes(app).into_iter().filter(|name| *name != class.provider);
    Ok(ClassPlatform {
        class: head,
        choices: others.map(|name| choice(name, None)).collect(),
        plan: plan.map(|view| shown(&view, class.instructor == who.person)),
        link_host,
        link,
        errors,
    })
}

/// `GET /classes/{id}/platform`
pub async fn platform(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Query(query): Query<PlatformQuery>,
) -> Result<Response, ApiError> {
    let page = page(&app, &who, id, query.to.as_deref(), String::new(), Vec::new()).await?;
    Pages::new(&app, &who, reader, Section::Classes).await?.show(&page)
}

/// Where to, as sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MoveForm {
    provider: String,
    link: String,
}

/// `POST /classes/{id}/platform`
pub async fn move_class(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Form(form): Form<MoveForm>,
) -> Result<Response, ApiError> {
    let pasted = registry::named(&form.provider).is_ok_and(lives_by_one);
    let asked = MoveClass {
        provider: form.provider.clone(),
        link: pasted.then(|| SecretString::new(form.link.clone())),
    };
    let errors = match moving::move_class(&app, &who, ClassId(id), &asked).await {
        Ok(_) => return Ok(see_other(&format!("/classes/{id}/settings?notice=saved"))),
        Err(error) => beside_form(&app, error)?,
    };
    let page = page(&app, &who, id, Some(&form.provider), form.link, errors).await?;
    Pages::new(&app, &who, reader, Section::Classes).await?.refuse(&page)
}

/// Another link, as sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LinkForm {
    link: String,
}

/// `POST /classes/{id}/link`
pub async fn set_link(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Form(form): Form<LinkForm>,
) -> Result<Response, ApiError> {
    let paste = PasteLink { link: SecretString::new(form.link.clone()) };
    let errors = match pasted_links::service::set(&app, &who, ClassId(id), &paste).await {
        Ok(_) => return Ok(see_other(&format!("/classes/{id}/settings?notice=saved"))),
        Err(error) => beside_form(&app, error)?,
    };
    let page = page(&app, &who, id, None, form.link, errors).await?;
    Pages::new(&app, &who, reader, Section::Classes).await?.refuse(&page)
}
