//! Sign-in, sign-out, set-up and the list of people, as pages. One person's page is beside this.

use axum::{
    extract::{RawForm, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use lectern_core::{ids::PersonId, role::Role};
use lectern_web::{
    FieldError as PageFieldError, NoticeKind, Section, Vocabulary,
    pages::{entrance, people as page},
};
use serde::Deserialize;
use uuid::Uuid;

use super::service::{self, ChangePerson, CreatePerson, Login, NameInput, SetUp};
use crate::{
    app::App,
    error::ApiError,
    extract::{Admin, ClientAddress, Form, Path, Query, SignedIn, read_form},
    pages::{Pages, Reader, back, beside_form, field_errors, see_other, see_other_with_undo, undoable},
};

/// Seconds a sign-in cookie lasts; the server forgets the sign-in at the same time.
const COOKIE_LIFE: i64 = 14 * 24 * 3_600;

/// Where a person goes after signing in: only a path of ours.
#[must_use]
pub fn own_path(next: Option<&str>) -> &str {
    let good = next.filter(|next| {
        let mut bytes = next.bytes();
        bytes.next() == Some(b'/')
            && !matches!(bytes.next(), Some(b'/' | b'\\'))
            && !next.chars().any(|c| c.is_control() || c == '\\')
            && next.is_ascii()
    });
    good.unwrap_or("/")
}

/// Query of the sign-in page.
#[derive(Debug, Default, Deserialize)]
pub struct SignInQuery {
    next: Option<String>,
    organization: Option<String>,
    notice: Option<NoticeKind>,
}

/// `GET /sign-in`
pub async fn sign_in(
    State(app): State<App>,
    reader: Reader,
    Query(query): Query<SignInQuery>,
) -> Result<Response, ApiError> {
    let page = entrance::SignIn {
        organization: query.organization.unwrap_or_default(),
        next: query.next.filter(|next| own_path(Some(next)) == next),
        notice: query.notice,
        ..entrance::SignIn::default()
    };
    reader.bare(&app, &page, Vocabulary::School)
}

#[derive(Debug, Deserialize)]
struct SignInForm {
    organization: String,
    email: String,
    password: lectern_core::secret::SecretString,
    #[serde(default)]
    next: Option<String>,
}

/// `POST /sign-in`. Another site cannot sign a person in: the origin is checked although nobody is signed in yet.
pub async fn do_sign_in(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    reader: Reader,
    headers: HeaderMap,
    RawForm(form): RawForm,
) -> Result<Response, ApiError> {
    let foreign = headers
        .get(header::ORIGIN)
        .is_some_and(|origin| origin.as_bytes() != app.config.server.origin().as_bytes());
    if foreign {
        return Err(ApiError::Malformed("This form was sent from another site.".into()));
    }
    let form: SignInForm = read_form(&form)?;
    let login = Login {
        organization: Some(form.organization.clone()).filter(|slug| !slug.trim().is_empty()),
        email: form.email.clone(),
        password: form.password,
    };
    match service::sign_in(&app, address, &login).await {
        Ok((token, ..)) => {
            let mut response = see_other(own_path(form.next.as_deref()));
            let cookie = app.config.server.set_cookie("lectern", Some(token.expose()), COOKIE_LIFE);
            response
                .headers_mut()
                .append(header::SET_COOKIE, HeaderValue::from_str(&cookie).map_err(ApiError::internal)?);
            Ok(response)
        }
        Err(ApiError::Invalid(_)) => {
            let page = entrance::SignIn {
                organization: form.organization,
                email: form.email,
                next: form.next.filter(|next| own_path(Some(next)) == next),
                errors: vec![PageFieldError::form("sign_in")],
                ..entrance::SignIn::default()
            };
            let mut response = reader.bare(&app, &page, Vocabulary::School)?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
        Err(other) => Err(other),
    }
}

/// `POST /sign-out`
pub async fn sign_out(State(app): State<App>, who: SignedIn) -> Result<Response, ApiError> {
    service::sign_out(&app, &who).await?;
    let mut response = see_other("/sign-in?notice=signed_out");
    let cookie = app.config.server.set_cookie("lectern", None, 0);
    response
        .headers_mut()
        .append(header::SET_COOKIE, HeaderValue::from_str(&cookie).map_err(ApiError::internal)?);
    Ok(response)
}

/// Query of the set-up page.
#[derive(Debug, Deserialize)]
pub struct SetUpQuery {
    token: String,
}

/// `GET /set-up?token=…`: only with the link that was printed, only until it was used.
pub async fn set_up(
    State(app): State<App>,
    reader: Reader,
    Query(query): Query<SetUpQuery>,
) -> Result<Response, ApiError> {
    if !service::set_up_is_open(&app, &query.token).await? {
        return Err(ApiError::NotFound);
    }
    reader.bare(
        &app,
        &entrance::SetUp { token: query.token, ..entrance::SetUp::default() },
        Vocabulary::School,
    )
}

/// `POST /set-up`
pub async fn do_set_up(
    State(app): State<App>,
    reader: Reader,
    RawForm(form): RawForm,
) -> Result<Response, ApiError> {
    let form: SetUp = read_form(&form)?;
    match service::set_up(&app, form.clone()).await {
        Ok(()) => Ok(see_other(&format!(
            "/sign-in?organization={}",
            form.organization_slug.trim().to_ascii_lowercase()
        ))),
        Err(ApiError::Invalid(errors)) => {
            let page = entrance::SetUp {
                token: form.token,
                organization_name: form.organization_name,
                organization_slug: form.organization_slug,
                name: form.name,
                email: form.email,
                errors: field_errors(&errors),
                ..entrance::SetUp::default()
            };
            let mut response = reader.bare(&app, &page, Vocabulary::School)?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
        Err(other) => Err(other),
    }
}

/// Query of the list of people.
#[derive(Debug, Default, Deserialize)]
pub struct PeopleQuery {
    #[serde(default)]
    q: String,
    /// `student`, `instructor` or `admin`; anything else: everybody.
    #[serde(default)]
    role: String,
    cursor: Option<String>,
    notice: Option<NoticeKind>,
    /// Who was just taken their account.
    undo: Option<String>,
}

async fn people_page(
    app: &App,
    who: &SignedIn,
    (asked, role, cursor): (&str, &str, Option<&str>),
    form: page::PersonForm,
) -> Result<page::People, ApiError> {
    let role = [Role::Student, Role::Instructor, Role::Admin].into_iter().find(|one| one.name() == role);
    let chosen = role.map(Role::name).unwrap_or_default();
    let paging = crate::list::Paging::new(Some(100), cursor)?;
    let mut tx = app.db.read(who.organization).await?;
    let list = service::page(&mut tx, who.organization, Some(asked), role, &paging).await?;
    let settings = crate::organizations::service::settings_in(&mut tx, who.organization).await?;
    Ok(page::People {
        items: list.items.iter().map(|person| page_row(person, who)).collect(),
        asked: asked.to_owned(),
        role: chosen.to_owned(),
        form,
        roles: roles_given_by(who),
        zone: settings.time_zone,
        next_url: list
            .next_cursor
            .map(|cursor| crate::list::next_url("/people?", &[("q", asked), ("role", chosen)], &cursor)),
    })
}

/// The roles that somebody may give to others.
pub(super) fn roles_given_by(who: &SignedIn) -> Vec<String> {
    let roles = ["student", "instructor", "admin", "owner"].into_iter().take(if who.owner { 4 } else { 3 });
    roles.map(str::to_owned).collect()
}

/// The word by which a page names somebody's role.
pub(super) fn role_word(person: &super::Person) -> &'static str {
    if person.owner { "owner" } else { person.role.name() }
}

/// The number of the role that a page names so.
///
/// # Errors
/// [`ApiError::Invalid`] for a word that is none.
pub(super) fn role_number(word: &str) -> Result<i64, ApiError> {
    match word {
        "owner" | "admin" => Ok(2),
        "instructor" => Ok(1),
        "student" => Ok(0),
        _ => Err(ApiError::field("role", "Choose one of the roles.")),
    }
}

fn page_row(person: &super::Person, who: &SignedIn) -> page::PersonRow {
    page::PersonRow {
        id: person.id.to_string(),
        name: person.name(),
        email: person.email.clone(),
        role: role_word(person).to_owned(),
        active: person.active,
        can_change: person.id != who.person && (who.owner || !person.owner),
    }
}

/// `GET /people`
pub async fn people(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Query(query): Query<PeopleQuery>,
) -> Result<Response, ApiError> {
    let form = page::PersonForm { role: "student".to_owned(), ..page::PersonForm::default() };
    let page =
        people_page(&app, &who, (query.q.trim(), query.role.as_str(), query.cursor.as_deref()), form).await?;
    let undo = undoable(&who, query.undo.as_deref()).map(|id| format!("/people/{id}/enable"));
    Pages::new(&app, &who, reader, Section::People).await?.notice(query.notice).undo(undo).show(&page)
}

/// The form that adds a person.
#[derive(Debug, Deserialize)]
pub struct PersonForm {
    email: String,
    first_name: String,
    #[serde(default)]
    last_name: Option<String>,
    role: String,
    #[serde(default)]
    password: Option<lectern_core::secret::SecretString>,
}

/// `POST /people`
pub async fn add_person(
    State(app): State<App>,
    who: Admin,
    reader: Reader,
    Form(form): Form<PersonForm>,
) -> Result<Response, ApiError> {
    let new = CreatePerson {
        email: form.email.clone(),
        name: NameInput {
            name: None,
            first_name: Some(form.first_name.clone()),
            last_name: form.last_name.clone(),
        },
        role: role_number(&form.role)?,
        owner: Some(form.role == "owner"),
        password: form.password.filter(|password| !password.expose().is_empty()),
        external_id: None,
    };
    let errors = match service::create_person(&app, who.organization, who.actor(), who.owner, new).await {
        Ok(_) => return Ok(see_other("/people?notice=person_added")),
        Err(ApiError::Invalid(errors)) => field_errors(&errors),
        Err(error @ ApiError::Conflict("limit_people", ..)) => beside_form(&app, error)?,
        Err(ApiError::Conflict("taken", ..)) => vec![PageFieldError::new("email", "taken")],
        Err(other) => return Err(other),
    };
    let form = page::PersonForm {
        email: form.email,
        first_name: form.first_name,
        last_name: form.last_name.unwrap_or_default(),
        role: form.role,
        errors,
    };
    let page = people_page(&app, &who, ("", "", None), form).await?;
    Pages::new(&app, &who, reader, Section::People).await?.refuse(&page)
}

/// `POST /people/{id}/disable`
pub async fn disable(
    State(app): State<App>,
    who: Admin,
    headers: HeaderMap,
    Path(id): Path<Uuid>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    set_active(&app, &who, &headers, (id, false)).await
}

/// `POST /people/{id}/enable`
pub async fn enable(
    State(app): State<App>,
    who: Admin,
    headers: HeaderMap,
    Path(id): Path<Uuid>,
    Form(()): Form<()>,
) -> Result<Response, ApiError> {
    set_active(&app, &who, &headers, (id, true)).await
}

async fn set_active(
    app: &App,
    who: &SignedIn,
    headers: &HeaderMap,
    (id, active): (Uuid, bool),
) -> Result<Response, ApiError> {
    service::change_person(
        app,
        who,
        PersonId(id),
        ChangePerson { active: Some(active), ..ChangePerson::default() },
    )
    .await?;
    // Back to the person's own page, when it was pressed there.
    let own = format!("/people/{id}");
    let from = back(app, headers, &own, String::new());
    let to = if from == own { from.as_str() } else { "/people" };
    Ok(match active {
        true => see_other(&format!("{to}?notice=person_enabled")),
        false => see_other_with_undo(who, &format!("{to}?notice=person_disabled"), id),
    })
}

#[cfg(test)]
mod tests {
    use super::own_path;

    /// S-08: only a path of ours is followed after signing in.
    #[test]
    fn s08_only_a_path_of_ours_is_followed() {
        for good in ["/", "/live", "/classes/1?tab=x", "/join/class/1?token=a"] {
            assert_eq!(own_path(Some(good)), good);
        }
        for bad in [
            "//evil.example",
            "/\\evil.example",
            "https:evil",
            "https://evil.example",
            "evil",
            "",
            "/a\r\nSet-Cookie: x",
            "/\t/evil",
            "/a\\..\\b",
            "javascript:alert(1)",
        ] {
            assert_eq!(own_path(Some(bad)), "/", "{bad:?}");
        }
    }
}
