//! Bringing one entry of another timetable about: its class, its session, and by them the classroom.

use chrono::{DateTime, SubsecRound, Utc};
use lectern_core::{
    ids::SessionId,
    role::Role,
    schedule::Scope,
    session::{Delivery, SessionState},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    app::App,
    classes::{
        self, Class,
        service::{ChangeClass, CreateClass},
    },
    db::Tx,
    error::{ApiError, FieldError},
    extract::SignedIn,
    people,
    sessions::{
        self, Session,
        service::{ChangeSession, ScheduleSessions},
    },
};

/// Whose class it is, and what it is called; found by `external_id`, made when it is not there.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryClass {
    /// The timetable's id of the class.
    #[schema(example = "math-8")]
    pub external_id: String,
    /// Its title: needed when it is not there yet; another one renames it.
    #[serde(default)]
    #[schema(example = "Mathematics, class 8")]
    pub title: Option<String>,
    /// Who teaches it, by the timetable's id of the person or by address. For admins and programs.
    #[serde(default)]
    #[schema(example = "farhan@oakwood.example")]
    pub instructor: Option<String>,
    /// On which platform a new class is held; the organization's default when left out.
    #[serde(default)]
    pub provider: Option<String>,
}

/// What a timetable says of one session.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The timetable's id of the session; needed where many are sent, else it is in the path.
    #[serde(default)]
    #[schema(example = "lesson-2026-12-01-1")]
    pub external_id: Option<String>,
    /// Of which class.
    pub class: EntryClass,
    /// First instant.
    #[schema(value_type = String, example = "2026-12-01T03:00:00Z")]
    pub starts_at: DateTime<Utc>,
    /// 1 to 1440.
    #[schema(example = 45)]
    pub duration_minutes: i64,
    /// IANA zone; the organization's when left out.
    #[serde(default)]
    #[schema(example = "Asia/Dhaka")]
    pub time_zone: Option<String>,
    /// The class's title when left out.
    #[serde(default)]
    pub title: Option<String>,
    /// `virtual` (when left out), `hybrid` or `in_person`. It cannot change afterwards.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub delivery: Option<Delivery>,
    /// It does not take place.
    #[serde(default)]
    pub cancelled: bool,
    /// Why not.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What an entry came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The session was not there.
    Created,
    /// It was there and is another now.
    Updated,
    /// It was called off.
    Cancelled,
    /// Everything was so already.
    Unchanged,
    /// Nothing was done: see `problem`.
    Refused,
}

/// An entry, brought about, or what would come of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EntryView {
    /// The timetable's id of the session.
    pub external_id: String,
    /// What it came to.
    pub outcome: Outcome,
    /// The session; none when it was refused, or would only be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<Uuid>,
    /// Its class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_id: Option<Uuid>,
    /// Which fields are another now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<&'static str>,
    /// Why it was refused, in plain words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl EntryView {
    fn new(external_id: &str, outcome: Outcome) -> Self {
        Self {
            external_id: external_id.to_owned(),
            outcome,
            session_id: None,
            class_id: None,
            changed: Vec::new(),
            problem: None,
        }
    }

    /// An entry of many that was refused.
    pub(super) fn refused(external_id: &str, error: ApiError) -> Self {
        let problem = error.problem();
        let fields = problem.errors.iter().map(|error| format!("{}: {}", error.field, error.message));
        let told = fields.collect::<Vec<_>>().join(" ");
        let detail = if told.is_empty() { problem.detail } else { told };
        Self { problem: Some(detail), ..Self::new(external_id, Outcome::Refused) }
    }
}

/// What is there of an entry.
struct Found {
    class: Option<Class>,
    session: Option<Session>,
    instructor: Option<Uuid>,
}

async fn look(tx: &mut Tx, who: &SignedIn, external: &str, entry: &Entry) -> Result<Found, ApiError> {
    let class = classes::service::find_by_external(tx, who.organization, &entry.class.external_id).await?;
    if let Some(class) = &class {
        // Somebody else's class is not there for this person.
        classes::service::own(tx, who, class.id).await?;
    }
    let session = sessions::service::find_by_external(tx, who.organization, external).await?;
    if let Some(session) = &session
        && class.as_ref().is_none_or(|class| class.id != session.class)
    {
        return Err(ApiError::field(
            "class.external_id",
            "The session with this id belongs to another class. Send it under another id.",
        ));
    }
    let instructor = match &entry.class.instructor {
        None => None,
        Some(_) if who.role != Role::Admin => {
            return Err(ApiError::field("class.instructor", "Only an admin can name the instructor."));
        }
        Some(word) => Some(find_instructor(tx, who, word).await?),
    };
    Ok(Found { class, session, instructor })
}

async fn find_instructor(tx: &mut Tx, who: &SignedIn, word: &str) -> Result<Uuid, ApiError> {
    let by_id = people::service::find_by_external(tx, who.organization, word).await?;
    let person = match by_id {
        Some(person) => Some(person),
        None => people::service::find_by_email(tx, who.organization, word).await?,
    };
    let person = person.filter(|person| person.active && person.role != Role::Student).ok_or_else(|| {
        ApiError::field("class.instructor", "Nobody who may teach here has this id or address.")
    })?;
    Ok(person.id.uuid())
}

/// The fields in which a session is not what the entry says.
fn differences(session: &Session, class: &Class, entry: &Entry) -> Vec<&'static str> {
    let title = entry.title.as_deref().or(entry.class.title.as_deref()).unwrap_or(&class.title);
    let zone = entry.time_zone.as_deref().unwrap_or(&session.time_zone);
    [
        ("starts_at", session.starts_at != entry.starts_at.trunc_subsecs(0)),
        ("duration_minutes", session.minutes() != entry.duration_minutes),
        ("time_zone", session.time_zone != zone),
        ("title", session.title != title.trim()),
    ]
    .into_iter()
    .filter_map(|(field, other)| other.then_some(field))
    .collect()
}

fn class_differences(class: &Class, entry: &Entry, instructor: Option<Uuid>) -> Vec<&'static str> {
    let renamed = entry.class.title.as_deref().is_some_and(|title| title.trim() != class.title);
    let given = instructor.is_some_and(|instructor| instructor != class.instructor.uuid());
    [("class.title", renamed), ("class.instructor", given)]
        .into_iter()
        .filter_map(|(field, other)| other.then_some(field))
        .collect()
}

fn refuse_delivery(session: &Session, entry: &Entry) -> Result<(), ApiError> {
    match entry.delivery {
        Some(delivery) if delivery != session.delivery => Err(ApiError::field(
            "delivery",
            "It cannot change. Send this session with cancelled: true, and the new one under another id.",
        )),
        _ => Ok(()),
    }
}

/// Makes it so that the session with this id is what the entry says; with `dry_run` only says what would come of it.
///
/// # Errors
/// [`ApiError::Invalid`] and [`ApiError::Conflict`] as when scheduling by hand.
pub async fn put(
    app: &App,
    who: &SignedIn,
    external: &str,
    entry: Entry,
    dry_run: bool,
) -> Result<EntryView, ApiError> {
    let mut errors = Vec::new();
    classes::service::external(Some(external), &mut errors);
    if entry.external_id.as_deref().is_some_and(|named| named != external) {
        errors.push(FieldError::new("external_id", "It is not the one in the path."));
    }
    sessions::service::check_length(entry.duration_minutes, &mut errors);
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let mut tx = app.db.read(who.organization).await?;
    let found = look(&mut tx, who, external, &entry).await?;
    drop(tx);
    let Found { class, session, instructor } = found;
    let (class, class_changes) = match class {
        Some(class) => {
            let changes = class_differences(&class, &entry, instructor);
            if !changes.is_empty() && !dry_run {
                let change = ChangeClass {
                    title: entry.class.title.clone(),
                    instructor_id: instructor,
                    ..ChangeClass::default()
                };
                (Some(classes::service::change(app, who, class.id, change).await?), changes)
            } else {
                (Some(class), changes)
            }
        }
        None if entry.cancelled => return Ok(EntryView::new(external, Outcome::Unchanged)),
        None => (make_class(app, who, &entry, instructor, dry_run).await?, Vec::new()),
    };
    let mut view = match (session, &class) {
        (Some(session), Some(class)) => keep(app, who, session, class, &entry, dry_run).await?,
        _ if entry.cancelled => EntryView::new(external, Outcome::Unchanged),
        (_, class) => match make(app, who, external, class.as_ref(), &entry, dry_run).await {
            // The same entry, sent twice at once: the other one was faster.
            Err(ApiError::Conflict("taken", ..)) => {
                let mut tx = app.db.read(who.organization).await?;
                let Found { class, session, .. } = look(&mut tx, who, external, &entry).await?;
                drop(tx);
                let (Some(class), Some(session)) = (class, session) else { return Err(ApiError::NotFound) };
                keep(app, who, session, &class, &entry, dry_run).await?
            }
            made => made?,
        },
    };
    view.external_id = external.to_owned();
    view.class_id = class.map(|class| class.id.uuid());
    if !class_changes.is_empty() {
        view.changed.splice(0..0, class_changes);
        if view.outcome == Outcome::Unchanged {
            view.outcome = Outcome::Updated;
        }
    }
    Ok(view)
}

async fn make_class(
    app: &App,
    who: &SignedIn,
    entry: &Entry,
    instructor: Option<Uuid>,
    dry_run: bool,
) -> Result<Option<Class>, ApiError> {
    let Some(title) = entry.class.title.clone() else {
        return Err(ApiError::field("class.title", "There is no class with this id yet: send its title."));
    };
    let new = CreateClass {
        title,
        provider: entry.class.provider.clone(),
        instructor_id: instructor,
        external_id: Some(entry.class.external_id.clone()),
        ..CreateClass::default()
    };
    if dry_run {
        classes::service::could_create(app, who, &new).await?;
        return Ok(None);
    }
    match classes::service::create(app, who, new).await {
        Ok(class) => Ok(Some(class)),
        // Another entry of the same class was faster.
        Err(ApiError::Conflict("taken", ..)) => {
            let mut tx = app.db.read(who.organization).await?;
            classes::service::find_by_external(&mut tx, who.organization, &entry.class.external_id).await
        }
        Err(other) => Err(other.below("class")),
    }
}

async fn make(
    app: &App,
    who: &SignedIn,
    external: &str,
    class: Option<&Class>,
    entry: &Entry,
    dry_run: bool,
) -> Result<EntryView, ApiError> {
    let mut view = EntryView::new(external, Outcome::Created);
    let new = ScheduleSessions {
        starts_at: Some(entry.starts_at),
        duration_minutes: entry.duration_minutes,
        time_zone: entry.time_zone.clone(),
        title: entry.title.clone(),
        delivery: entry.delivery,
        external_id: Some(external.to_owned()),
        ..ScheduleSessions::default()
    };
    sessions::service::check_new(app, &new)?;
    let (Some(class), false) = (class, dry_run) else { return Ok(view) };
    let made = sessions::service::schedule(app, who, class.id, new).await?;
    view.session_id = made.first().map(|session| session.id);
    Ok(view)
}

async fn keep(
    app: &App,
    who: &SignedIn,
    session: Session,
    class: &Class,
    entry: &Entry,
    dry_run: bool,
) -> Result<EntryView, ApiError> {
    let mut view = EntryView::new("", Outcome::Unchanged);
    view.session_id = Some(session.id.uuid());
    if entry.cancelled {
        if session.state == SessionState::Cancelled {
            return Ok(view);
        }
        if !dry_run {
            sessions::service::cancel(app, who, session.id, Scope::This, entry.reason.as_deref()).await?;
        }
        view.outcome = Outcome::Cancelled;
        return Ok(view);
    }
    refuse_delivery(&session, entry)?;
    if session.state == SessionState::Cancelled {
        return Err(ApiError::conflict(
            "cancelled",
            "This session was cancelled, and its people were told.",
            "Send it under another id.",
        ));
    }
    view.changed = differences(&session, class, entry);
    if view.changed.is_empty() {
        return Ok(view);
    }
    view.outcome = Outcome::Updated;
    let change = ChangeSession {
        starts_at: Some(entry.starts_at),
        duration_minutes: Some(entry.duration_minutes),
        time_zone: entry.time_zone.clone(),
        title: Some(entry.title.clone().unwrap_or_else(|| class.title.clone())),
        ..ChangeSession::default()
    };
    if dry_run {
        sessions::service::check_change(app, &session, &change)?;
    } else {
        sessions::service::change(app, who, SessionId(session.id.uuid()), change).await?;
    }
    Ok(view)
}

/// Entries of one request, at most.
pub const MOST: usize = 500;

/// The ids of many entries, checked before anything is done.
///
/// # Errors
/// [`ApiError::Invalid`] for too many, one without an id, or two with the same.
pub fn ids_of(entries: &[Entry]) -> Result<Vec<String>, ApiError> {
    if entries.len() > MOST {
        return Err(ApiError::field("entries", format!("At most {MOST} at a time.")));
    }
    let mut seen = std::collections::BTreeSet::new();
    let (mut ids, mut wrong) = (Vec::new(), Vec::new());
    for (at, entry) in entries.iter().enumerate() {
        let told = match &entry.external_id {
            None => "This is needed.",
            Some(id) if !seen.insert(id) => "This id is there twice.",
            Some(id) => {
                ids.push(id.clone());
                continue;
            }
        };
        wrong.push(FieldError::new(format!("entries[{at}].external_id"), told));
    }
    if wrong.is_empty() { Ok(ids) } else { Err(ApiError::Invalid(wrong)) }
}
