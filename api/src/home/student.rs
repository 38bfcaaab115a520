//! A student's first page.

use lectern_core::session::SessionState;
use lectern_web::pages::home::{OwnFigures, StudentHome};

use super::{
    day::{self, Clock, preferred},
    store,
};
use crate::{app::App, attendance, error::ApiError, extract::SignedIn};

pub(super) async fn page(app: &App, who: &SignedIn) -> Result<StudentHome, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let clock = Clock::of(app, &mut tx, who).await?;
    let lines = day::lines(&mut tx, who, &clock).await?;
    let entries = day::entries(&mut tx, who, &clock, &lines).await?;
    let in_person_to_come = |at: usize| {
        let session = &lines[at].session;
        session.state == SessionState::Scheduled && session.ends_at > clock.now
    };
    // What can be entered now comes before what opens next; of that, what is on before what nobody has ended, and what runs before
    // what was not started.
    let now = clock.now;
    let open =
        entries.iter().zip(&lines).filter(|(one, _)| one.open).min_by_key(|(_, line)| preferred(line, now));
    let open = open.map(|(one, _)| one);
    let coming = entries
        .iter()
        .enumerate()
        .find(|(at, one)| one.opens_at.is_some() || (one.in_person && in_person_to_come(*at)))
        .map(|(_, one)| one);
    let next = open.or(coming).cloned();
    let today = entries.into_iter().zip(&lines).filter(|(_, line)| clock.is_today(&line.session));
    let today = today.map(|(one, _)| one).collect();
    let figures = attendance::own::figures(&mut tx, who.organization, who.person).await?;
    let has_classes = !lines.is_empty() || store::belongs(&mut tx, who.organization, who.person).await?;
    Ok(StudentHome {
        day: day::day(app, &mut tx, who, &clock, today, 0).await?,
        next,
        attendance: Some(figures).filter(|figures| figures.held + figures.proposed > 0).map(OwnFigures::from),
        has_classes,
    })
}
