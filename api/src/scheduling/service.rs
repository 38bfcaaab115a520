//! All that the form asks for, in one transaction: either everything is made or nothing. Meetings and mails follow as jobs.

use lectern_core::ids::SessionId;

use super::{form::ScheduleForm, people::Written, plan::Plan};
use crate::{
    app::App,
    classes::{
        self, Class, Enrollment, EnrollmentKind,
        enrollments::{self, Enroll},
        guests::{self, Invite},
        settings,
    },
    cohorts,
    db::Tx,
    error::{ApiError, FieldError},
    extract::SignedIn,
    idempotency::{Press, Pressed},
    keys::Sealer,
    people::email_key,
    sessions::{self, Session},
};

const ROUTE: &str = "POST /schedule";

/// What came of it.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is done, now or when the same form was sent before: where it leads.
    Done(String),
    /// This form was sent before, filled in otherwise; nothing was done now.
    SentBefore,
}

fn press(who: &SignedIn, form: &ScheduleForm) -> Press {
    Press::new(who.organization, who.person.uuid(), ROUTE, &form.press, form.hash())
}

/// What came of this form when it was sent before.
pub(super) async fn sent_before(
    app: &App,
    who: &SignedIn,
    form: &ScheduleForm,
) -> Result<Option<Outcome>, ApiError> {
    let sealer = app.keys.sealer(who.organization).await?;
    Ok(match press(who, form).before(app, &sealer).await? {
        None | Some(Pressed::First) => None,
        Some(Pressed::Before(location)) => Some(Outcome::Done(location)),
        Some(Pressed::Otherwise(_)) => Some(Outcome::SentBefore),
    })
}

/// Does it.
///
/// # Errors
/// What a room refuses, at the form's inputs: then nothing was done.
pub(super) async fn schedule(
    app: &App,
    who: &SignedIn,
    form: &ScheduleForm,
    plan: Plan,
) -> Result<Outcome, ApiError> {
    let sealer = app.keys.sealer(who.organization).await?;
    let mut tx = app.db.begin(who.organization).await?;
    let press = press(who, form);
    match press.claim(app, &mut tx, &sealer).await? {
        Pressed::First => {}
        Pressed::Before(location) => return Ok(Outcome::Done(location)),
        Pressed::Otherwise(_) => return Ok(Outcome::SentBefore),
    }
    let class = the_class(app, &mut tx, who, &plan).await?;
    for cohort in &plan.coming.cohorts {
        let enrolled = cohorts::service::enroll_in(app, &mut tx, &sealer, who, class.id, *cohort).await;
        enrolled.map_err(|error| at("cohort", error))?;
    }
    for one in &plan.coming.people {
        let whom = Enroll { email: Some(one.email.clone()), name: one.name.clone(), ..Enroll::default() };
        let enrolled = enrollments::enroll_in(app, &mut tx, &sealer, who, &class, whom).await;
        enrolled.map_err(|error| at("people", error))?;
    }
    let (planned, goes_on) = (plan.count(), plan.preview.as_ref().is_some_and(|preview| preview.goes_on));
    let made = match plan.sessions {
        Some(new) => sessions::service::schedule_in(app, &mut tx, &sealer, who, &class, new).await?,
        None => Vec::new(),
    };
    let guests = match plan.coming.guests.is_empty() {
        true => Vec::new(),
        false => enrollments::list(&mut tx, who, class.id, EnrollmentKind::Guest).await?,
    };
    let later = goes_on || made.len() < planned;
    for one in &plan.coming.guests {
        // Of a long series the rest is written out later: all of a new class is that series.
        let named = match (later, &plan.ground.class) {
            (false, _) => &made[..],
            (true, None) => &[],
            (true, Some(_)) => return Err(ApiError::field("guests", "guests_long")),
        };
        let invited = invite(app, &mut tx, &sealer, who, (&class, named, &guests), one).await;
        invited.map_err(|error| at("guests", error))?;
    }
    let location = match made.is_empty() {
        true => format!("/classes/{}?notice=class_created", class.id),
        false => format!("/classes/{}/sessions?notice=scheduled", class.id),
    };
    press.leads_to(&mut tx, &sealer, &location).await?;
    tx.commit().await?;
    app.wake.jobs.notify_one();
    app.wake.outbox.notify_one();
    Ok(Outcome::Done(location))
}

/// The class, with its options: made, or as it is with what was changed.
async fn the_class(app: &App, tx: &mut Tx, who: &SignedIn, plan: &Plan) -> Result<Class, ApiError> {
    let ground = &plan.ground;
    match (&ground.class, &plan.class) {
        (Some(class), _) if plan.options == ground.shown => {
            classes::service::own_active(tx, who, class.id).await
        }
        (Some(class), _) => {
            classes::service::own_active(tx, who, class.id).await?;
            let from = (&ground.shown, &ground.can);
            settings::set_settings_in(app, tx, who, class.id, from, &plan.options).await
        }
        (None, Some(new)) => {
            let wishes = ground.wishes.changed(&ground.shown, &plan.options);
            classes::service::create_in(app, tx, who, new.clone(), Some(wishes)).await
        }
        (None, None) => Err(ApiError::NotFound),
    }
}

/// Invites a guest to what is scheduled, besides what they were invited to before; to the class where nothing is named.
async fn invite(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    who: &SignedIn,
    (class, made, guests): (&Class, &[Session], &[Enrollment]),
    one: &Written,
) -> Result<(), ApiError> {
    let mut named: Vec<SessionId> = made.iter().map(|session| session.id).collect();
    let key = email_key(&one.email);
    let before = guests.iter().find(|guest| email_key(&guest.email) == key);
    if let Some(before) = before {
        let Some(sessions) = enrollments::named_sessions(tx, who.organization, before).await? else {
            return Ok(());
        };
        named.extend(sessions);
    }
    let guest = Invite {
        email: one.email.clone(),
        first_name: one.name.clone().unwrap_or_default(),
        last_name: None,
        sessions: Some(named.into_iter().map(SessionId::uuid).collect()),
    };
    guests::invite_in(app, tx, sealer, who, class, guest).await.map(drop)
}

/// A room's refusal at the form's own input.
fn at(field: &str, error: ApiError) -> ApiError {
    match error {
        ApiError::Invalid(errors) => {
            ApiError::Invalid(errors.into_iter().map(|error| FieldError::new(field, error.message)).collect())
        }
        ApiError::NotFound => ApiError::field(field, "One of these is gone. Look again."),
        other => other,
    }
}
