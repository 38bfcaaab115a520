//! What a person chooses for themselves: language and zone. As JSON and as a page.

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use chrono_tz::Tz;
use lectern_core::{ids::PersonId, role::Role};
use lectern_web::{
    Choice as PageChoice, FieldError as PageFieldError, Lang, Section,
    pages::me::{MePage, TopicChoice},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Person, store};
use crate::{
    app::App,
    audit::{self, EntryKind},
    db::Tx,
    error::{ApiError, FieldError, Problem},
    extract::{Form, Json, Member, Query, SignedIn},
    notify::{self, Topic, choices::Choice},
    organizations,
    pages::{NoticeQuery, Pages, Reader, field_errors, see_other},
    sessions::pages::zones,
};

/// Who is asking.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// The person's id; nil for an API key.
    pub id: Uuid,
    /// Their name.
    pub name: String,
    /// 0, 1 or 2.
    pub role: i64,
    /// The same in a word.
    pub role_name: &'static str,
    /// An admin who may name owners.
    pub owner: bool,
    /// The organization; null for whoever runs the server.
    pub organization_id: Option<Uuid>,
    /// `en` or `bn`, when chosen.
    pub language: Option<String>,
    /// The IANA zone in which they see their timetable, when chosen; else the organization's.
    pub time_zone: Option<String>,
}

/// Who the request's proof belongs to.
#[utoipa::path(get, path = "/api/v1/me", tag = "sign-in", responses((status = 200, body = Me), (status = 401, body = Problem, content_type = "application/problem+json")))]
pub async fn me(State(app): State<App>, who: SignedIn) -> Result<axum::Json<Me>, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let person = store::find(&mut tx, who.organization, who.person).await?;
    Ok(axum::Json(view(&who, person.as_ref())))
}

fn view(who: &SignedIn, person: Option<&Person>) -> Me {
    Me {
        id: who.person.uuid(),
        name: who.name.clone(),
        role: who.role.number(),
        role_name: if who.is_super_admin() { "super_admin" } else { who.role.name() },
        owner: who.owner,
        organization_id: (!who.is_super_admin()).then(|| who.organization.uuid()),
        language: person.and_then(|person| person.language.clone()),
        time_zone: person.and_then(|person| person.time_zone.clone()),
    }
}

/// What a person may choose; what is left out stays, an empty text takes the choice back.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeMe {
    /// `en` or `bn`.
    #[serde(default)]
    #[schema(example = "bn")]
    pub language: Option<String>,
    /// IANA zone.
    #[serde(default)]
    #[schema(example = "Europe/London")]
    pub time_zone: Option<String>,
}

/// Changes what one chose for oneself.
#[utoipa::path(patch, path = "/api/v1/me", tag = "sign-in", request_body = ChangeMe, responses((status = 200, body = Me), (status = 403, description = "An API key is nobody", body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn change_me(
    State(app): State<App>,
    who: Member,
    Json(body): Json<ChangeMe>,
) -> Result<axum::Json<Me>, ApiError> {
    let person = change(&app, &who, who.person()?, &body).await?;
    Ok(axum::Json(view(&who, Some(&person))))
}

/// Reads a choice of language and zone into a person.
pub(super) fn choose(
    person: &mut Person,
    (language, zone): (Option<&str>, Option<&str>),
    errors: &mut Vec<FieldError>,
) {
    match language {
        None => {}
        Some("") => person.language = None,
        Some(language @ ("en" | "bn")) => person.language = Some(language.to_owned()),
        Some(_) => errors.push(FieldError::new("language", "Use en or bn.")),
    }
    match zone.map(|zone| (zone, zone.parse::<Tz>())) {
        None => {}
        Some(("", _)) => person.time_zone = None,
        Some((_, Ok(zone))) => person.time_zone = Some(zone.name().to_owned()),
        Some((_, Err(_))) => {
            errors.push(FieldError::new("time_zone", "Use an IANA zone such as Asia/Dhaka."))
        }
    }
}

async fn change(app: &App, who: &SignedIn, id: PersonId, asked: &ChangeMe) -> Result<Person, ApiError> {
    let mut tx = app.db.begin(who.organization).await?;
    let mut person = store::find(&mut tx, who.organization, id).await?.ok_or(ApiError::NotFound)?;
    let mut errors = Vec::new();
    let before = person.language.clone();
    choose(&mut person, (asked.language.as_deref(), asked.time_zone.as_deref()), &mut errors);
    let offered = |tag: &str| Lang::from_tag(tag).is_some_and(|lang| who.languages.offers(lang));
    if person.language != before && person.language.as_deref().is_some_and(|tag| !offered(tag)) {
        let tags: Vec<_> = who.languages.offered().map(Lang::tag).collect();
        errors.push(FieldError::new("language", format!("Use one of: {}.", tags.join(", "))));
    }
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    store::update(&mut tx, who.organization, &person, app.clock.now()).await?;
    let entry = app.entry(who.organization, EntryKind::PersonChanged, who.actor()).person(id);
    audit::store::insert(&mut tx, &entry).await?;
    tx.commit().await?;
    Ok(person)
}

async fn page(tx: &mut Tx, who: &SignedIn, errors: Vec<PageFieldError>) -> Result<MePage, ApiError> {
    let person = store::find(tx, who.organization, who.person).await?.ok_or(ApiError::NotFound)?;
    let settings = organizations::service::settings_in(tx, who.organization).await?;
    let choice = |lang: Lang| PageChoice::new(lang.tag(), lang.own_name());
    Ok(MePage {
        name: person.name(),
        email: person.email,
        student: who.role == Role::Student,
        gone: person
            .language
            .as_deref()
            .and_then(Lang::from_tag)
            .filter(|lang| !who.languages.offers(*lang))
            .map(choice),
        languages: who.languages.offered().map(choice).collect(),
        language: person.language.unwrap_or_default(),
        time_zone: person.time_zone.unwrap_or_default(),
        organization_zone: settings.time_zone,
        zones: zones(),
        choices: notify::choices::of_person(tx, who.organization, who.person)
            .await?
            .into_iter()
            .map(|(topic, choice)| TopicChoice {
                topic: topic.as_str().to_owned(),
                mail: choice.mail,
                live: choice.live,
            })
            .collect(),
        errors,
    })
}

/// `GET /me`
pub async fn show(
    State(app): State<App>,
    who: Member,
    reader: Reader,
    Query(query): Query<NoticeQuery>,
) -> Result<Response, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let page = page(&mut tx, &who, Vec::new()).await?;
    drop(tx);
    Pages::new(&app, &who, reader, Section::Me).await?.notice(query.notice).show(&page)
}

/// The form of one's own settings: a box that is not ticked is not sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MeForm {
    language: String,
    time_zone: String,
    /// `mail_reminder`, `live_reminder`, and so on for every topic.
    #[serde(flatten)]
    ticked: BTreeMap<String, String>,
}

impl MeForm {
    fn choices(&self) -> [(Topic, Choice); Topic::ALL.len()] {
        let ticked = |how: &str, topic: Topic| self.ticked.contains_key(&format!("{how}_{}", topic.as_str()));
        Topic::ALL.map(|topic| (topic, Choice { mail: ticked("mail", topic), live: ticked("live", topic) }))
    }
}

/// `POST /me`
pub async fn save(
    State(app): State<App>,
    who: Member,
    reader: Reader,
    Form(form): Form<MeForm>,
) -> Result<Response, ApiError> {
    let choices = form.choices();
    let asked = ChangeMe { language: Some(form.language), time_zone: Some(form.time_zone) };
    let errors = match change(&app, &who, who.person()?, &asked).await {
        Ok(_) => {
            let mut tx = app.db.begin(who.organization).await?;
            let present = notify::choices::of_person(&mut tx, who.organization, who.person).await?;
            for (topic, choice) in choices.into_iter().filter(|one| !present.contains(one)) {
                notify::choices::choose(&app, &mut tx, who.organization, who.person, topic, choice).await?;
            }
            tx.commit().await?;
            return Ok(see_other("/me?notice=saved"));
        }
        Err(ApiError::Invalid(errors)) => field_errors(&errors),
        Err(other) => return Err(other),
    };
    let mut tx = app.db.read(who.organization).await?;
    let page = page(&mut tx, &who, errors).await?;
    drop(tx);
    Pages::new(&app, &who, reader, Section::Me).await?.refuse(&page)
}
