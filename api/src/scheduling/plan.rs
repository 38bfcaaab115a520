//! What the form comes to, and everything that is wrong with it at once; nothing is done.

use chrono::{DateTime, Duration, NaiveTime, Timelike, Utc};
use lectern_core::{provider::ProviderName, secret::SecretString, settings::ClassSettings};
use lectern_web::FieldError;
use uuid::Uuid;

use super::{
    form::ScheduleForm,
    ground::Ground,
    people::{self, Coming},
};
use crate::{
    app::App,
    classes::{
        service::{self, CreateClass},
        settings,
    },
    error::ApiError,
    extract::SignedIn,
    pages::field_errors,
    pasted_links, platforms,
    sessions::{
        pages::Schedule,
        series::{self, Preview, PreviewSessions},
        service::ScheduleSessions,
    },
};

/// Times of a day that are tried where one clashes.
const TRIED: usize = 6;
/// A proposed time is one people would write.
const STEP_MINUTES: i64 = 5;

/// What the form comes to.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) ground: Ground,
    /// The options as chosen.
    pub(super) options: ClassSettings,
    pub(super) coming: Coming,
    /// What is to be made, when nothing is wrong with its class.
    pub(super) class: Option<CreateClass>,
    /// None: no session for now, or one that cannot be read.
    pub(super) sessions: Option<ScheduleSessions>,
    /// Every session, as it would be.
    pub(super) preview: Option<Preview>,
    /// Another time on the same days at which nothing clashes.
    pub(super) free_at: Option<NaiveTime>,
    /// The account that will hold the meetings, where it is known.
    pub(super) account: Option<String>,
    pub(super) errors: Vec<FieldError>,
}

impl Plan {
    /// How many sessions it makes, of those that are written out.
    pub(super) fn count(&self) -> usize {
        let all = self.preview.as_ref().map_or(&[][..], |preview| &preview.occurrences);
        all.iter().filter(|one| one.holiday.is_none()).count()
    }

    /// At how many of them the host has something else.
    pub(super) fn clashing(&self) -> usize {
        let all = self.preview.as_ref().map_or(&[][..], |preview| &preview.occurrences);
        all.iter().filter(|one| one.holiday.is_none() && !one.clashes.is_empty()).count()
    }

    /// Whether there is anything to look at.
    pub(super) fn is_whole(&self, form: &ScheduleForm) -> bool {
        self.preview.is_some() || form.is_for_later()
    }
}

/// Works out what the form comes to.
///
/// # Errors
/// [`ApiError::NotFound`] for a class that is not this person's.
pub(super) async fn work_out(app: &App, who: &SignedIn, form: &ScheduleForm) -> Result<Plan, ApiError> {
    let mut ground = Ground::of(app, who, form).await?;
    let mut errors = std::mem::take(&mut ground.errors);
    let class = match ground.class {
        Some(_) => None,
        None => new_class(app, form, &ground, &mut errors),
    };
    let options = options(form, &ground, &mut errors);
    let mut tx = app.db.read(who.organization).await?;
    let asked = (form.cohorts(), form.people.as_str(), form.guests.as_str());
    let coming = people::coming(&mut tx, who, &ground, asked, &mut errors).await?;
    let account =
        platforms::service::held_as(&mut tx, who.organization, ground.provider, ground.instructor).await?;
    drop(tx);
    let mut plan = Plan {
        ground,
        options,
        coming,
        class,
        sessions: None,
        preview: None,
        free_at: None,
        account,
        errors,
    };
    if !form.is_for_later() {
        work_out_sessions(app, who, form, &mut plan).await?;
    }
    Ok(plan)
}

/// The new class, as its room takes it.
fn new_class(
    app: &App,
    form: &ScheduleForm,
    ground: &Ground,
    errors: &mut Vec<FieldError>,
) -> Option<CreateClass> {
    let before = errors.len();
    let mut wrong = Vec::new();
    match form.title.trim().chars().count() {
        0 => errors.push(FieldError::new("title", "required")),
        1..=200 => drop(service::title(&form.title, &mut wrong)),
        _ => errors.push(FieldError::new("title", "too_long")),
    }
    service::description(Some(&form.description), &mut wrong);
    errors.extend(field_errors(&wrong));
    // The field is there for every platform, and means something on one that lives by a link.
    let means = pasted_links::service::lives_by_one(ground.provider) && !form.link.trim().is_empty();
    let link = means.then(|| SecretString::new(form.link.clone()));
    if let Err(ApiError::Invalid(wrong)) = service::pasted(app, ground.provider, link.as_ref()) {
        errors.extend(field_errors(&wrong));
    }
    (before == errors.len()).then(|| CreateClass {
        title: form.title.clone(),
        description: Some(form.description.clone()),
        provider: Some(ground.provider.as_str().to_owned()),
        instructor_id: Some(ground.instructor.uuid()),
        external_id: None,
        link,
    })
}

/// The options as chosen. What was chosen for another platform and cannot be had on this one rests.
fn options(form: &ScheduleForm, ground: &Ground, errors: &mut Vec<FieldError>) -> ClassSettings {
    let chosen = form.options().read(&ground.shown, &ground.can);
    let wrong =
        settings::check(&ground.locks, ground.set_by.as_deref(), (&ground.shown, &ground.can), &chosen);
    errors.extend(field_errors(&wrong));
    chosen
}

async fn work_out_sessions(
    app: &App,
    who: &SignedIn,
    form: &ScheduleForm,
    plan: &mut Plan,
) -> Result<(), ApiError> {
    let title = form.session_title.trim();
    if !title.is_empty()
        && let Err(message) = crate::people::service::one_line(title, 200)
    {
        plan.errors.push(FieldError::new("session_title", message));
    }
    let sessions = match form.sessions() {
        Ok(sessions) => sessions,
        Err(errors) => {
            plan.errors.extend(errors);
            return Ok(());
        }
    };
    let host = (plan.ground.instructor, plan.ground.provider);
    let asked = PreviewSessions {
        starts_at: sessions.starts_at.unwrap_or_else(|| app.clock.now()),
        duration_minutes: sessions.duration_minutes,
        time_zone: sessions.time_zone.clone(),
        viewer_time_zone: form.when().viewer_time_zone(),
        delivery: None,
        recurrence: sessions.recurrence.clone(),
    };
    let preview = match series::preview_for(app, who.organization, host, asked.clone()).await {
        Ok(preview) => preview,
        Err(error) => {
            plan.errors.extend(Schedule::refused(app, error)?);
            return Ok(());
        }
    };
    plan.preview = Some(preview);
    plan.sessions = Some(sessions);
    if plan.count() == 0 {
        plan.errors.push(FieldError::new("date", "no_day_left"));
    }
    if plan.clashing() > 0 {
        plan.free_at = free_at(app, who, host, &asked, plan).await?;
        if form.allow_clashes.is_none() {
            plan.errors.push(FieldError::new("time", "clash"));
        }
    }
    Ok(())
}

/// Another time of the same days at which the host has nothing else: right behind what clashes.
async fn free_at(
    app: &App,
    who: &SignedIn,
    host: (lectern_core::ids::PersonId, ProviderName),
    asked: &PreviewSessions,
    plan: &Plan,
) -> Result<Option<NaiveTime>, ApiError> {
    let Some(preview) = &plan.preview else { return Ok(None) };
    let held = preview.occurrences.iter().filter(|one| one.holiday.is_none());
    let mut later: Vec<Duration> = held
        .flat_map(|one| one.clashes.iter().map(move |clash| up(clash.ends_at) - one.starts_at))
        .filter(|by| *by > Duration::zero())
        .collect();
    later.sort_unstable();
    later.dedup();
    for by in later.into_iter().take(TRIED) {
        let shifted = PreviewSessions { starts_at: asked.starts_at + by, ..asked.clone() };
        let Ok(other) = series::preview_for(app, who.organization, host, shifted).await else { continue };
        let (Some(before), Some(after)) = (preview.occurrences.first(), other.occurrences.first()) else {
            continue;
        };
        let same_day = before.local_starts_at.date() == after.local_starts_at.date();
        if same_day && other.occurrences.iter().all(|one| one.clashes.is_empty()) {
            return Ok(Some(after.local_starts_at.time()));
        }
    }
    Ok(None)
}

/// The next time people would write.
fn up(at: DateTime<Utc>) -> DateTime<Utc> {
    let at = if at.second() > 0 { at + Duration::seconds(60 - i64::from(at.second())) } else { at };
    let over = i64::from(at.minute()) % STEP_MINUTES;
    if over == 0 { at } else { at + Duration::minutes(STEP_MINUTES - over) }
}

/// A key for a form that is shown now.
pub(super) fn press(app: &App) -> String {
    app.new_id::<Uuid>().to_string()
}

/// Whether a form was sent with a key of ours.
pub(super) fn is_press(key: &str) -> bool {
    Uuid::try_parse(key).is_ok()
}
