//! The form: shown, looked at, sent.

use axum::{extract::State, response::Response};
use lectern_core::{locks::ClassOption, organization::MeetingCreated, provider::Capabilities, role::Role};
use lectern_web::{
    Choice, FieldError, Section,
    pages::{
        class::{Ability, Elsewhere, SettingsAbilities},
        schedule::{CohortTick, MeetingsMade, PreviewClash, PreviewLine, SchedulePage, SchedulePlan},
    },
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    form::ScheduleForm,
    plan::{self, Plan},
    service::{self, Outcome},
};
use crate::{
    app::App,
    classes::{
        self,
        choosing::PlatformChoiceView,
        enrollments,
        pages::{ability_of, missed, platform_choices, shown},
    },
    cohorts,
    error::ApiError,
    extract::{Form, Instructor, Query, SignedIn},
    list::Paging,
    live::feed::instant,
    organizations,
    pages::{Pages, Reader, beside_form, see_other},
    pasted_links, people,
    platforms::service::HostState,
    sessions::{
        pages::{Schedule, empty_form, zones},
        series::PreviewedSession,
    },
};

/// Classes to choose from.
const CHOICES: i64 = 200;

/// Query of the form.
#[derive(Debug, Default, Deserialize)]
pub struct ScheduleQuery {
    class: Option<Uuid>,
    instructor_id: Option<Uuid>,
}

/// `GET /schedule`
pub async fn show(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Query(query): Query<ScheduleQuery>,
) -> Result<Response, ApiError> {
    let zone = organizations::service::settings(&app, who.organization).await?.time_zone;
    let when = empty_form(app.clock.now(), &zone);
    let form = ScheduleForm {
        class: query.class.map(|id| id.to_string()).unwrap_or_default(),
        instructor_id: query.instructor_id.map(|id| id.to_string()).unwrap_or_default(),
        date: when.date,
        time: when.time,
        duration_minutes: when.duration_minutes,
        time_zone: when.time_zone,
        repeats: when.repeat.repeats,
        interval: when.repeat.interval,
        ends: when.repeat.ends,
        count: when.repeat.count,
        press: plan::press(&app),
        ..ScheduleForm::default()
    };
    let mut plan = plan::work_out(&app, &who, &form).await?;
    // Nothing was filled in yet: nothing is wrong, and nothing has been looked at.
    plan.errors.retain(|error| error.field == "instructor_id");
    let wrong = !plan.errors.is_empty();
    let page = page(&app, &who, form, plan, false).await?;
    let pages = Pages::new(&app, &who, reader, Section::Classes).await?;
    if wrong { pages.refuse(&page) } else { pages.show(&page) }
}

/// `GET /schedule/look`: there is nothing to look at without a form.
pub async fn back_to_form(_: Instructor) -> Response {
    see_other("/schedule")
}

/// `POST /schedule/look`: the form again, with what will happen.
pub async fn look(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Form(mut form): Form<ScheduleForm>,
) -> Result<Response, ApiError> {
    form.takes_the_time_of_the_button();
    let mut plan = plan::work_out(&app, &who, &form).await?;
    if reader.fragment {
        // Somebody is filling it in: what is still empty is not told yet.
        plan.errors.retain(|error| error.message != "required");
    }
    let wrong = !plan.errors.is_empty();
    let page = page(&app, &who, form, plan, true).await?;
    let pages = Pages::new(&app, &who, reader, Section::Classes).await?;
    if wrong { pages.refuse(&page) } else { pages.show(&page) }
}

/// `POST /schedule`: does what was looked at, once.
pub async fn schedule(
    State(app): State<App>,
    who: Instructor,
    reader: Reader,
    Form(mut form): Form<ScheduleForm>,
) -> Result<Response, ApiError> {
    let plan = plan::work_out(&app, &who, &form).await?;
    let looked = form.seen == form.sight(plan.count()) && plan::is_press(&form.press);
    let mut errors = Vec::new();
    // What this very form made may be what is in its way now.
    let outcome = match service::sent_before(&app, &who, &form).await? {
        Some(outcome) => Ok(Some(outcome)),
        None if plan.errors.is_empty() && looked => {
            service::schedule(&app, &who, &form, plan).await.map(Some)
        }
        None => {
            if plan.errors.is_empty() {
                errors.push(FieldError::form("look_again"));
            }
            Ok(None)
        }
    };
    match outcome {
        Ok(Some(Outcome::Done(location))) => return Ok(see_other(&location)),
        Ok(Some(Outcome::SentBefore)) => {
            form.press = plan::press(&app);
            errors.push(FieldError::form("sent_before"));
        }
        Ok(None) => {}
        Err(error) => errors.extend(refused(&app, error)?),
    }
    // As things are now.
    let mut plan = plan::work_out(&app, &who, &form).await?;
    let told = |one: &FieldError| {
        !plan.errors.iter().any(|known| known.field == one.field && known.message == one.message)
    };
    errors.retain(told);
    plan.errors.extend(errors);
    let page = page(&app, &who, form, plan, true).await?;
    Pages::new(&app, &who, reader, Section::Classes).await?.refuse(&page)
}

/// A refusal of the rooms, at the form's inputs.
fn refused(app: &App, error: ApiError) -> Result<Vec<FieldError>, ApiError> {
    let beside = |field: &str| {
        ["cohort", "people", "guests", "title", "description", "link", "provider", "instructor_id"]
            .contains(&field)
            || ClassOption::parse(field).is_some()
    };
    match error {
        ApiError::Invalid(errors) if errors.iter().all(|error| beside(&error.field)) => {
            beside_form(app, ApiError::Invalid(errors))
        }
        ApiError::Conflict("host_busy", ..) => Ok(vec![FieldError::new("time", "conflict.host_busy")]),
        other => Schedule::refused(app, other),
    }
}

fn count(many: usize) -> u32 {
    u32::try_from(many).unwrap_or(u32::MAX)
}

async fn page(
    app: &App,
    who: &SignedIn,
    form: ScheduleForm,
    plan: Plan,
    looked: bool,
) -> Result<SchedulePage, ApiError> {
    let seen = if looked && plan.is_whole(&form) { form.sight(plan.count()) } else { String::new() };
    let shown_plan = (looked && plan.is_whole(&form)).then(|| outcome(&form, &plan));
    let (ground, mut errors) = (plan.ground, plan.errors);
    for error in &mut errors {
        if error.field == "title" && ground.class.is_some() {
            error.field = "session_title".to_owned();
        }
    }
    let mut tx = app.db.read(who.organization).await?;
    let mut classes_to_choose: Vec<Choice> =
        classes::service::list(&mut tx, who, &Paging::new(Some(CHOICES), None)?)
            .await?
            .items
            .into_iter()
            .filter(|class| class.active)
            .map(|class| Choice::new(class.id.to_string(), class.title))
            .collect();
    let (mut on_list, mut cohorts_enrolled) = (0, Vec::new());
    let mut enrolled_ids = Vec::new();
    if let Some(class) = &ground.class {
        let id = class.id.to_string();
        if classes_to_choose.iter().all(|choice| choice.value != id) {
            classes_to_choose.insert(0, Choice::new(id, class.title.clone()));
        }
        on_list = count(enrollments::of_class(&mut tx, who.organization, class.id).await?.len());
        for cohort in cohorts::service::of_class(&mut tx, who, class.id).await? {
            enrolled_ids.push(cohort.id);
            cohorts_enrolled.push(cohort.name);
        }
    }
    let ticked = form.cohorts();
    let cohorts = cohorts::service::newest(&mut tx, who.organization).await?;
    let cohorts = cohorts.into_iter().filter(|cohort| !enrolled_ids.contains(&cohort.id.uuid()));
    let cohorts = cohorts.map(|cohort| CohortTick {
        ticked: ticked.contains(&cohort.id),
        id: cohort.id.to_string(),
        name: cohort.name,
        people: u32::try_from(cohort.people).unwrap_or_default(),
    });
    let mut instructors = Vec::new();
    if who.role == Role::Admin && ground.class.is_none() {
        let teachers = people::service::teachers(&mut tx, who.organization).await?;
        instructors.extend(teachers.iter().map(|person| Choice::new(person.id.to_string(), person.name())));
    }
    let names = people::service::names(&mut tx, who.organization, [ground.instructor]).await?;
    drop(tx);
    // What was asked stands in the form again; what is locked stands as it is locked.
    let asked = ground.can.fit(&ground.locks.over(&plan.options));
    let mut options = shown(&asked, &ground.can, &ground.locks, ground.set_by.as_deref());
    let out_of_reach = ground.locks.out_of_reach(&ground.wishes, &ground.can);
    let missed = missed(ground.set_by.as_deref(), &out_of_reach);
    if ground.class.is_none() {
        say_where(&mut options.can, &ground.platforms, ground.provider.as_str());
    }
    let own = ground.instructor == who.person;
    let mut providers = platform_choices(&ground.platforms, own);
    if ground.class.is_some() {
        providers.retain(|platform| platform.name == ground.provider.as_str());
    }
    Ok(SchedulePage {
        class: ground.class.as_ref().map(|class| class.id.to_string()).unwrap_or_default(),
        classes: classes_to_choose,
        on_list,
        title: form.title.clone(),
        description: form.description.clone(),
        instructors,
        instructor_id: ground.instructor.to_string(),
        host: names.into_values().next().unwrap_or_default(),
        cohorts: cohorts.collect(),
        cohorts_enrolled,
        people: form.people.clone(),
        guests: form.guests.clone(),
        later: form.later.is_some(),
        left_out: form.left_out().iter().map(|day| day.format("%Y-%m-%d").to_string()).collect(),
        zones: zones(),
        provider: ground.provider.as_str().to_owned(),
        platform: ground.provider.title().to_owned(),
        default_provider: ground.default_provider.as_str().to_owned(),
        providers,
        link: form.link.clone(),
        options,
        missed,
        plan: shown_plan,
        press: if plan::is_press(&form.press) { form.press.clone() } else { plan::press(app) },
        seen,
        form: form.when().again(errors.clone()),
        errors,
    })
}

/// Beside what the chosen platform cannot do: the first one that is ready for this host and can.
fn say_where(can: &mut SettingsAbilities, platforms: &[PlatformChoiceView], chosen: &str) {
    let ready = |one: &&PlatformChoiceView| {
        one.provider.as_str() != chosen && matches!(one.state, HostState::Ready | HostState::Pasted)
    };
    let first = |able: &dyn Fn(&Capabilities) -> bool| {
        let found = platforms.iter().filter(ready).find(|one| able(&one.capabilities));
        found.map(|one| Elsewhere { name: one.provider.as_str().to_owned(), label: one.title.to_owned() })
    };
    let missing = |ability: &Ability| ability.state == lectern_web::pages::class::AbilityState::No;
    for option in ClassOption::ALL {
        let ability = ability_of(can, option);
        if missing(ability) && ability.locked.is_none() {
            ability.elsewhere = first(&|capabilities| option.possible(capabilities));
        }
    }
    if missing(&can.recording_cloud) {
        can.recording_cloud.elsewhere =
            first(&|capabilities| capabilities.auto_recording.how().is_some_and(|how| how.cloud));
    }
}

/// What will happen, as the page says it.
fn outcome(form: &ScheduleForm, plan: &Plan) -> SchedulePlan {
    let ground = &plan.ground;
    let preview = plan.preview.as_ref();
    let meetings = match ground.policies.meeting_created {
        _ if pasted_links::service::lives_by_one(ground.provider) => MeetingsMade::Link,
        MeetingCreated::Scheduled if preview.is_some_and(|preview| preview.recurrence.is_some()) => {
            MeetingsMade::Ahead
        }
        MeetingCreated::Scheduled => MeetingsMade::Now,
        MeetingCreated::Booked => MeetingsMade::Booked,
        MeetingCreated::Started => MeetingsMade::Started,
    };
    SchedulePlan {
        rule: preview.and_then(|preview| preview.sentence.clone()),
        lines: preview.map(|preview| preview.occurrences.iter().map(line).collect()).unwrap_or_default(),
        goes_on: preview.is_some_and(|preview| preview.goes_on),
        viewer_time_zone: preview
            .map_or_else(|| ground.time_zone.clone(), |preview| preview.viewer_time_zone.clone()),
        sessions: count(plan.count()),
        clashing: count(plan.clashing()),
        clashes_allowed: form.allow_clashes.is_some(),
        free_at: plan.free_at.map(|time| time.format("%H:%M").to_string()),
        meetings,
        account: plan.account.clone(),
        told: count(plan.coming.told),
        reminders: ground.policies.reminder_minutes.clone(),
    }
}

fn line(one: &PreviewedSession) -> PreviewLine {
    PreviewLine {
        starts_at: instant(one.starts_at),
        ends_at: instant(one.ends_at),
        day: one.local_starts_at.format("%Y-%m-%d").to_string(),
        holiday: one.holiday.clone(),
        shift_minutes: one.shift_minutes,
        viewer_shift_minutes: one.viewer_shift_minutes,
        skipped_minutes: one.skipped_minutes,
        twice: one.twice,
        clashes: one
            .clashes
            .iter()
            .map(|clash| PreviewClash {
                title: clash.title.clone(),
                starts_at: instant(clash.starts_at),
                ends_at: instant(clash.ends_at),
            })
            .collect(),
    }
}
