//! Making cohorts, filling them, and enrolling them as a group.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use lectern_core::ids::{ClassId, CohortId, OrganizationId, PersonId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    keeping::{self, Moved},
    store::{self, ClassCohortRow, Cohort, MemberRow},
};
use crate::{
    app::App,
    audit::{self, EntryKind},
    classes,
    db::{StoreError, Tx},
    error::{ApiError, FieldError},
    extract::SignedIn,
    keys::Sealer,
    people::{self, service::Whom},
};

/// How many people a cohort holds.
pub const MOST_PEOPLE: usize = 5_000;

/// A cohort, as shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CohortView {
    /// Its id.
    pub id: Uuid,
    /// The host application's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// What it is called.
    #[schema(example = "Class 8, section A")]
    pub name: String,
    /// How many are in it.
    pub people: i64,
    /// In how many classes it is enrolled.
    pub classes: i64,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

impl From<Cohort> for CohortView {
    fn from(cohort: Cohort) -> Self {
        let Cohort { id, external_id, name, created_at, people, classes } = cohort;
        Self { id: id.uuid(), external_id, name, people, classes, created_at }
    }
}

/// Somebody in a cohort, as shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CohortMemberView {
    /// Who.
    pub person_id: Uuid,
    /// The host application's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Whether they may sign in and join; who may not is on no roster by the cohort.
    pub active: bool,
    /// In the cohort since when.
    pub added_at: DateTime<Utc>,
}

impl From<MemberRow> for CohortMemberView {
    fn from(row: MemberRow) -> Self {
        let name = match &row.last_name {
            Some(last) => format!("{} {last}", row.first_name),
            None => row.first_name,
        };
        let MemberRow { id, external_id, email, active, added_at, .. } = row;
        Self { person_id: id, external_id, name, email, active, added_at }
    }
}

/// A cohort that is enrolled in a class, as shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClassCohortView {
    /// Its id.
    pub id: Uuid,
    /// The host application's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// What it is called.
    pub name: String,
    /// How many are in it.
    pub people: i64,
    /// Enrolled since when.
    pub enrolled_at: DateTime<Utc>,
}

impl From<ClassCohortRow> for ClassCohortView {
    fn from(row: ClassCohortRow) -> Self {
        let ClassCohortRow { id, external_id, name, added_at, people } = row;
        Self { id, external_id, name, people, enrolled_at: added_at }
    }
}

/// A cohort of this organization.
pub async fn find(tx: &mut Tx, who: &SignedIn, id: CohortId) -> Result<Cohort, ApiError> {
    store::find(tx, who.organization, id).await?.ok_or(ApiError::NotFound)
}

/// Whether somebody is in a cohort; nobody is in one that is gone.
pub async fn has(
    tx: &mut Tx,
    organization: OrganizationId,
    id: CohortId,
    person: PersonId,
) -> Result<bool, ApiError> {
    Ok(store::has(tx, organization, id, person).await?)
}

/// The names of the organization's cohorts, the newest two hundred.
pub async fn names(tx: &mut Tx, organization: OrganizationId) -> Result<Vec<(CohortId, String)>, ApiError> {
    Ok(newest(tx, organization).await?.into_iter().map(|cohort| (cohort.id, cohort.name)).collect())
}

pub(super) async fn to_change(tx: &mut Tx, who: &SignedIn, id: CohortId) -> Result<Cohort, ApiError> {
    store::find_to_change(tx, who.organization, id).await?.ok_or(ApiError::NotFound)
}

/// A new cohort, or changes to one: what is left out of a change stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CohortBody {
    /// At most 120 characters.
    #[serde(default)]
    #[schema(example = "Class 8, section A")]
    pub name: Option<String>,
    /// The host application's id.
    #[serde(default)]
    pub external_id: Option<String>,
}

impl CohortBody {
    fn read(&self) -> Result<(Option<String>, Option<String>), ApiError> {
        let mut errors = Vec::new();
        let name = self.name.as_deref().and_then(|name| {
            let read = people::service::one_line(name, 120);
            read.map_err(|message| errors.push(FieldError::new("name", message))).ok()
        });
        let external = classes::service::external(self.external_id.as_deref(), &mut errors);
        if errors.is_empty() { Ok((name, external)) } else { Err(ApiError::Invalid(errors)) }
    }
}

fn taken(error: StoreError) -> ApiError {
    if error.is_taken() {
        return ApiError::conflict(
            "taken",
            "Another cohort has this external_id.",
            "Find it with ?external_id= or send another id.",
        );
    }
    error.into()
}

/// Makes a cohort.
pub async fn create(app: &App, who: &SignedIn, new: &CohortBody) -> Result<Cohort, ApiError> {
    let (name, external_id) = new.read()?;
    let name = name.ok_or_else(|| ApiError::field("name", "This is needed."))?;
    let (id, created_at) = (app.new_id(), app.clock.now());
    let cohort = Cohort { id, external_id, name, created_at, people: 0, classes: 0 };
    let mut tx = app.db.begin(who.organization).await?;
    store::insert(&mut tx, who.organization, &cohort).await.map_err(taken)?;
    log(app, &mut tx, who, EntryKind::CohortCreated, &cohort).await?;
    tx.commit().await?;
    Ok(cohort)
}

/// Changes a cohort.
pub async fn change(
    app: &App,
    who: &SignedIn,
    id: CohortId,
    change: &CohortBody,
) -> Result<Cohort, ApiError> {
    let (name, external_id) = change.read()?;
    let mut tx = app.db.begin(who.organization).await?;
    let mut cohort = to_change(&mut tx, who, id).await?;
    cohort.name = name.unwrap_or(cohort.name);
    cohort.external_id = external_id.or(cohort.external_id);
    store::update(&mut tx, who.organization, &cohort, app.clock.now()).await.map_err(taken)?;
    log(app, &mut tx, who, EntryKind::CohortChanged, &cohort).await?;
    tx.commit().await?;
    Ok(cohort)
}

/// Removes a cohort: it leaves its classes, and so does everybody whom it alone brought. The people stay.
pub async fn remove(app: &App, who: &SignedIn, id: CohortId) -> Result<(), ApiError> {
    let organization = who.organization;
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    let cohort = to_change(&mut tx, who, id).await?;
    let classes = store::classes_of(&mut tx, organization, id).await?;
    store::unenroll_everywhere(&mut tx, organization, id).await?;
    store::remove_all(&mut tx, organization, id).await?;
    store::remove(&mut tx, organization, id).await?;
    log(app, &mut tx, who, EntryKind::CohortRemoved, &cohort).await?;
    keeping::keep(app, &mut tx, &sealer, who, &classes, json!({"cohort": id})).await?;
    tx.commit().await?;
    wake(app);
    Ok(())
}

async fn log(
    app: &App,
    tx: &mut Tx,
    who: &SignedIn,
    kind: EntryKind,
    cohort: &Cohort,
) -> Result<(), ApiError> {
    let entry = app.entry(who.organization, kind, who.actor()).details(json!({"cohort": cohort.id}));
    Ok(audit::store::insert(tx, &entry).await?)
}

pub(super) fn wake(app: &App) {
    app.wake.jobs.notify_one();
    app.wake.outbox.notify_one();
}

/// Puts somebody into a cohort, and onto the rosters of its classes: `false` when they were in it.
pub async fn add_member(
    app: &App,
    who: &SignedIn,
    id: CohortId,
    whom: Whom,
) -> Result<(CohortMemberView, bool), ApiError> {
    let organization = who.organization;
    let sealer = app.keys.sealer(organization).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin(organization).await?;
    to_change(&mut tx, who, id).await?;
    let person = people::service::find_or_make(app, &mut tx, organization, who.actor(), whom).await?;
    let view = CohortMemberView {
        person_id: person.id.uuid(),
        external_id: person.external_id.clone(),
        name: person.name(),
        email: person.email.clone(),
        active: person.active,
        added_at: now,
    };
    if store::has(&mut tx, organization, id, person.id).await? {
        return Ok((view, false));
    }
    if !person.active {
        return Err(ApiError::conflict("disabled", "This person is disabled.", "Enable the person first."));
    }
    let count = store::count(&mut tx, organization, id).await?;
    if usize::try_from(count).is_ok_and(|count| count >= MOST_PEOPLE) {
        return Err(ApiError::conflict(
            "full",
            format!("A cohort holds at most {MOST_PEOPLE} people."),
            "Make another cohort for the rest.",
        ));
    }
    join(app, &mut tx, who, id, &[person.id]).await?;
    let classes = store::classes_of(&mut tx, organization, id).await?;
    keeping::keep(app, &mut tx, &sealer, who, &classes, json!({"cohort": id})).await?;
    tx.commit().await?;
    wake(app);
    Ok((view, true))
}

/// Puts people into a cohort, and says so in the log; rosters are not yet in step.
pub(super) async fn join(
    app: &App,
    tx: &mut Tx,
    who: &SignedIn,
    id: CohortId,
    people: &[PersonId],
) -> Result<(), ApiError> {
    for some in people.chunks(500) {
        store::add(tx, who.organization, id, some, app.clock.now()).await?;
        let entries: Vec<_> = some
            .iter()
            .map(|person| {
                let entry = app.entry(who.organization, EntryKind::CohortJoined, who.actor());
                entry.person(*person).details(json!({"cohort": id}))
            })
            .collect();
        audit::store::insert_all(tx, &entries.iter().collect::<Vec<_>>()).await?;
    }
    Ok(())
}

/// Takes somebody out of a cohort, and off the rosters to which it alone brought them.
pub async fn remove_member(
    app: &App,
    who: &SignedIn,
    id: CohortId,
    person: PersonId,
) -> Result<(), ApiError> {
    let organization = who.organization;
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    to_change(&mut tx, who, id).await?;
    if !store::take_out(&mut tx, organization, id, person).await? {
        return Err(ApiError::NotFound);
    }
    let entry = app.entry(organization, EntryKind::CohortLeft, who.actor());
    audit::store::insert(&mut tx, &entry.person(person).details(json!({"cohort": id}))).await?;
    let classes = store::classes_of(&mut tx, organization, id).await?;
    keeping::keep(app, &mut tx, &sealer, who, &classes, json!({"cohort": id})).await?;
    tx.commit().await?;
    wake(app);
    Ok(())
}

/// The cohorts of a class this person may teach.
pub async fn of_class(tx: &mut Tx, who: &SignedIn, class: ClassId) -> Result<Vec<ClassCohortView>, ApiError> {
    let class = classes::service::own(tx, who, class).await?;
    let rows = store::cohorts_of_class(tx, who.organization, class.id).await?;
    Ok(rows.into_iter().map(ClassCohortView::from).collect())
}

/// Enrolls a cohort in a class; fine when it is.
pub async fn enroll(
    app: &App,
    who: &SignedIn,
    class: ClassId,
    id: CohortId,
) -> Result<(ClassCohortView, Moved), ApiError> {
    let organization = who.organization;
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    let class = classes::service::own_active(&mut tx, who, class).await?;
    let moved = enroll_in(app, &mut tx, &sealer, who, class.id, id).await?;
    let rows = store::cohorts_of_class(&mut tx, organization, class.id).await?;
    let view = rows.into_iter().find(|row| row.id == id.uuid()).ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    wake(app);
    Ok((view.into(), moved))
}

/// The same in the caller's transaction, in a class that is not archived and that this person may teach.
///
/// # Errors
/// [`ApiError::NotFound`] when there is no such cohort.
pub async fn enroll_in(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    who: &SignedIn,
    class: ClassId,
    id: CohortId,
) -> Result<Moved, ApiError> {
    let organization = who.organization;
    let cohort = to_change(tx, who, id).await?;
    if store::enroll(tx, organization, id, class, app.clock.now()).await? {
        let entry = app.entry(organization, EntryKind::CohortEnrolled, who.actor()).class(class);
        audit::store::insert(tx, &entry.details(json!({"cohort": cohort.id}))).await?;
    }
    keeping::keep(app, tx, sealer, who, &[class], json!({"cohort": id})).await
}

/// Whom these cohorts would have on a class's roster: whoever may come, is not its instructor, and was not taken out by hand.
/// For a class that is not there yet, any id of none.
pub async fn would_bring(
    tx: &mut Tx,
    organization: OrganizationId,
    (class, instructor): (ClassId, PersonId),
    cohorts: &[CohortId],
) -> Result<Vec<PersonId>, ApiError> {
    if cohorts.is_empty() {
        return Ok(Vec::new());
    }
    Ok(store::would_bring(tx, organization, class, instructor, cohorts).await?)
}

/// The organization's cohorts, the newest two hundred.
pub async fn newest(tx: &mut Tx, organization: OrganizationId) -> Result<Vec<Cohort>, ApiError> {
    Ok(store::list(tx, organization, Uuid::max(), 200).await?)
}

/// Takes a cohort off a class; whoever is there by hand or by another cohort stays.
pub async fn unenroll(app: &App, who: &SignedIn, class: ClassId, id: CohortId) -> Result<Moved, ApiError> {
    let organization = who.organization;
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    let class = classes::service::own_active(&mut tx, who, class).await?;
    to_change(&mut tx, who, id).await?;
    if !store::unenroll(&mut tx, organization, id, class.id).await? {
        return Err(ApiError::NotFound);
    }
    let entry = app.entry(organization, EntryKind::CohortUnenrolled, who.actor()).class(class.id);
    audit::store::insert(&mut tx, &entry.details(json!({"cohort": id}))).await?;
    let moved = keeping::keep(app, &mut tx, &sealer, who, &[class.id], json!({"cohort": id})).await?;
    tx.commit().await?;
    wake(app);
    Ok(moved)
}

/// Whether a cohort brings a person into a class: for other rooms.
pub async fn brings(
    tx: &mut Tx,
    organization: OrganizationId,
    class: ClassId,
    person: PersonId,
) -> Result<bool, ApiError> {
    Ok(store::brings(tx, organization, class, person).await?)
}

/// What a class's roster shows of cohorts.
#[derive(Debug, Default)]
pub struct OnRoster {
    /// Those that are enrolled.
    pub cohorts: Vec<ClassCohortView>,
    /// Those that could be: of the newest 200.
    pub others: Vec<Cohort>,
    /// By which cohorts each person comes.
    pub ways: HashMap<PersonId, Vec<String>>,
    /// Who was taken out by hand though a cohort brings them.
    pub kept_out: Vec<people::Person>,
}

/// What a class's roster shows of cohorts, to who may teach it.
pub async fn on_roster(tx: &mut Tx, who: &SignedIn, class: ClassId) -> Result<OnRoster, ApiError> {
    let organization = who.organization;
    let cohorts = of_class(tx, who, class).await?;
    let mut ways: HashMap<PersonId, Vec<String>> = HashMap::new();
    for (person, cohort) in store::ways(tx, organization, class).await? {
        ways.entry(PersonId(person)).or_default().push(cohort);
    }
    let mut others = newest(tx, organization).await?;
    others.retain(|cohort| cohorts.iter().all(|enrolled| enrolled.id != cohort.id.uuid()));
    let kept_out = store::kept_out(tx, organization, class).await?;
    let kept_out = people::service::of_ids(tx, organization, &kept_out).await?;
    Ok(OnRoster { cohorts, others, ways, kept_out })
}
