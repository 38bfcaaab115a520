use axum::{extract::State, response::Response};
use lectern_core::{ids::ClassId, settings::ClassSettings};
use lectern_web::{
    FieldError as PageFieldError, Section,
    pages::class::{ClassName, ClassSettings as SettingsPage},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    class::{ClassQuery, head},
    options::{OptionsForm, missed, shown},
};
use crate::{
    app::App,
    classes::{
        Class,
        service::{self, ChangeClass},
        settings as options,
    },
    error::ApiError,
    extract::{Form, Instructor, Path, Query, SignedIn},
    pages::{Beside, Pages, Reader, beside_form, field_errors, see_other},
};

/// What a class is called and is about, and what the page showed of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NameForm {
    title: String,
    description: String,
    was_title: String,
    was_description: String,
}

impl NameForm {
    /// As a class is called now.
    fn of(class: &Class) -> Self {
        Self {
            title: class.title.clone(),
            description: class.description.clone(),
            was_title: class.title.clone(),
            was_description: class.description.clone(),
        }
    }

    /// Browsers send line breaks in their own way; a form that does not say what was shown showed what is there.
    fn read(self, class: &Class) -> Self {
        let told = !self.was_title.is_empty();
        let was_description = if told { &self.was_description } else { &class.description };
        Self {
            was_description: was_description.replace("\r\n", "\n"),
            was_title: if told { self.was_title } else { class.title.clone() },
            description: self.description.replace("\r\n", "\n"),
            title: self.title,
        }
    }

    /// Title and description, beside what they are now.
    fn beside<'a>(&'a self, class: &'a Class) -> (Beside<'a>, Beside<'a>) {
        (
            Beside::new(&self.title, &self.was_title, &class.title),
            Beside::new(&self.description, &self.was_description, &class.description),
        )
    }

    /// What somebody else changed meanwhile and this form would change back.
    fn overtaken(&self, class: &Class) -> Vec<PageFieldError> {
        let (title, description) = self.beside(class);
        [("title", title), ("description", description)]
            .into_iter()
            .filter(|(_, input)| input.is_changed() && input.is_overtaken())
            .map(|(field, input)| input.overtaken(field, "meanwhile"))
            .collect()
    }

    /// What it asks for otherwise than it is; none: nothing.
    fn change(&self, class: &Class) -> Option<ChangeClass> {
        let (title, description) = self.beside(class);
        (title.asks() || description.asks()).then(|| ChangeClass {
            title: title.asks().then(|| title.typed.to_owned()),
            description: description.asks().then(|| description.typed.to_owned()),
            seen: Some((class.title.clone(), class.description.clone())),
            ..ChangeClass::default()
        })
    }

    /// On its page: what was typed stays, and what was not touched is as it is now.
    fn shown(&self, class: &Class, errors: Vec<PageFieldError>) -> ClassName {
        let (title, description) = self.beside(class);
        let overtaken = self.overtaken(class);
        ClassName {
            title: title.again(),
            description: description.again(),
            was_title: class.title.clone(),
            was_description: class.description.clone(),
            errors: if overtaken.is_empty() { errors } else { overtaken },
        }
    }
}

async fn page(
    app: &App,
    who: &SignedIn,
    id: Uuid,
    asked: Option<ClassSettings>,
    errors: Vec<PageFieldError>,
) -> Result<SettingsPage, ApiError> {
    let (class, view) = options::settings(app, who, ClassId(id)).await?;
    // What was asked stands in the form again; what is locked stands as it is locked.
    let asked = asked.map(|asked| class.locks.over(&asked));
    let settings = asked.unwrap_or(view.settings);
    let mut tx = app.db.read(who.organization).await?;
    Ok(SettingsPage {
        name: NameForm::of(&class).shown(&class, Vec::new()),
        class: head(&mut tx, who, &class).await?,
        options: shown(&settings, &view.capabilities, &class.locks, view.set_by.as_deref()),
        missed: missed(view.set_by.as_deref(), &view.out_of_reach),
        errors,
    })
}

/// `GET /classes/{id}/settings`
pub async fn settings(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Query(query): Query<ClassQuery>,
) -> Result<Response, ApiError> {
    let page = page(&app, &who, id, None, Vec::new()).await?;
    Pages::new(&app, &who, reader, Section::Classes).await?.notice(query.notice).show(&page)
}

/// `POST /classes/{id}/settings`
pub async fn set_settings(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Form(form): Form<OptionsForm>,
) -> Result<Response, ApiError> {
    let (class, view) = options::settings(&app, &who, ClassId(id)).await?;
    let asked = form.read(&view.settings, &view.capabilities);
    if !class.locks.forbidden(&view.settings, &asked).is_empty() {
        let page = page(&app, &who, id, Some(asked), vec![PageFieldError::form("locked")]).await?;
        return Pages::new(&app, &who, reader, Section::Classes).await?.refuse(&page);
    }
    match options::set_settings(&app, &who, ClassId(id), asked.clone()).await {
        Ok(_) => Ok(see_other(&format!("/classes/{id}/settings?notice=saved"))),
        Err(ApiError::Invalid(errors)) => {
            // The form has no place beside its switches: each sentence stands above it.
            let errors = field_errors(&errors);
            let errors = errors.into_iter().map(|error| PageFieldError::form(error.message)).collect();
            let page = page(&app, &who, id, Some(asked), errors).await?;
            Pages::new(&app, &who, reader, Section::Classes).await?.refuse(&page)
        }
        Err(other) => Err(other),
    }
}

/// `GET` of an address that takes only a form: the class's settings.
pub async fn back_to_settings(_: SignedIn, Path(id): Path<Uuid>) -> Response {
    see_other(&format!("/classes/{id}/settings"))
}

async fn own(app: &App, who: &SignedIn, id: Uuid) -> Result<Class, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    service::own(&mut tx, who, ClassId(id)).await
}

/// `POST /classes/{id}/name`
pub async fn rename(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Path(id): Path<Uuid>,
    Form(form): Form<NameForm>,
) -> Result<Response, ApiError> {
    let class = own(&app, &who, id).await?;
    let form = form.read(&class);
    let mut errors = form.overtaken(&class);
    if errors.is_empty() {
        let Some(change) = form.change(&class) else {
            return Ok(see_other(&format!("/classes/{id}/settings?notice=nothing_changed")));
        };
        match service::change(&app, &who, ClassId(id), change).await {
            Ok(_) => return Ok(see_other(&format!("/classes/{id}/settings?notice=saved"))),
            Err(error) => errors = beside_form(&app, error)?,
        }
    }
    let name = form.shown(&own(&app, &who, id).await?, errors);
    let page = SettingsPage { name, ..page(&app, &who, id, None, Vec::new()).await? };
    Pages::new(&app, &who, reader, Section::Classes).await?.refuse(&page)
}
