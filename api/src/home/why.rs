//! Why somebody cannot join.

use lectern_core::session::{Delivery, SessionState};
use lectern_web::pages::{
    home::DaySession,
    why::{Why, WhyItem, WhyReason},
};

use super::day::{self, Clock};
use crate::{
    app::App,
    error::ApiError,
    extract::SignedIn,
    live::feed::instant,
    sessions::{Line, MeetingState},
};

/// Sessions near now that are explained.
const SHOWN: usize = 6;

pub(super) async fn page(app: &App, who: &SignedIn) -> Result<Why, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let clock = Clock::of(app, &mut tx, who).await?;
    let mut lines = day::lines(&mut tx, who, &clock).await?;
    // From the last one that is over on: it may be asked about too.
    let to_come = lines.iter().position(|line| line.session.ends_at > clock.now).unwrap_or(lines.len());
    lines.drain(..to_come.saturating_sub(1));
    lines.truncate(SHOWN);
    let entries = day::entries(&mut tx, who, &clock, &lines).await?;
    let item = |(session, line): (DaySession, &Line)| WhyItem {
        reason: reason(&session, line),
        detail: line.session.cancel_reason.clone(),
        session,
    };
    Ok(Why {
        items: entries.into_iter().zip(&lines).map(item).collect(),
        now: instant(clock.now),
        zone: clock.zone.name().to_owned(),
    })
}

fn reason(shown: &DaySession, line: &Line) -> WhyReason {
    let failed = line.meeting.as_ref().is_some_and(|meeting| meeting.state == MeetingState::Failed);
    match line.session.state {
        SessionState::Cancelled => WhyReason::Cancelled,
        SessionState::Ended => WhyReason::Over,
        _ if line.session.delivery == Delivery::InPerson => WhyReason::InPerson,
        _ if shown.opens_at.is_some() => WhyReason::Early,
        _ if !shown.open => WhyReason::Over,
        _ if failed => WhyReason::PlatformDown,
        SessionState::Live => WhyReason::Open,
        SessionState::Scheduled => WhyReason::TeacherNotHere,
    }
}
