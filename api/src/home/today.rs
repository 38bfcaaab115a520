//! An instructor's first page.

use std::collections::BTreeSet;

use chrono::Duration;
use lectern_core::{provider::ProviderName, sentence::Sentence, session::SessionState};
use lectern_web::pages::today::{ToVerify, Today, Trouble, TroubledSession};

use super::{
    day::{self, Clock, preferred},
    store,
};
use crate::{
    app::App,
    error::ApiError,
    extract::SignedIn,
    live::feed::instant,
    platforms::service::{self as platforms, HostState},
    sessions::Line,
    totals,
};

/// What stands in the way of sessions so far ahead is shown.
const AHEAD: Duration = Duration::days(7);
/// Attendance of sessions so long ago is still asked about.
const BACK: Duration = Duration::days(30);
/// More of a kind are not shown.
pub(super) const FEW: usize = 5;

pub(super) async fn page(app: &App, who: &SignedIn) -> Result<Today, ApiError> {
    let mut tx = app.db.read(who.organization).await?;
    let clock = Clock::of(app, &mut tx, who).await?;
    let lines = day::lines(&mut tx, who, &clock).await?;
    let entries = day::entries(&mut tx, who, &clock, &lines).await?;
    let is_next = |line: &Line| match line.session.state {
        SessionState::Live => true,
        SessionState::Scheduled => line.session.ends_at > clock.now,
        SessionState::Ended | SessionState::Cancelled => false,
    };
    let running = lines.iter().enumerate().filter(|(_, line)| line.session.state == SessionState::Live);
    let live = running.min_by_key(|(_, line)| preferred(line, clock.now)).map(|(at, _)| at);
    let next = live.or_else(|| lines.iter().position(is_next));
    let people = match next {
        Some(at) => {
            let class = lines[at].session.class.uuid();
            totals::service::of_one(&mut tx, who.organization, class).await?.members
        }
        None => 0,
    };
    let next = next.map(|at| entries[at].clone());
    let to_verify = store::to_verify(&mut tx, who.organization, who.person, clock.now - BACK, FEW).await?;
    let today = entries.into_iter().zip(&lines).filter(|(_, line)| clock.is_today(&line.session));
    let today = today.map(|(one, _)| one).collect();
    let day = day::day(app, &mut tx, who, &clock, today, 0).await?;
    drop(tx);
    let coming: Vec<&Line> =
        lines.iter().filter(|line| is_next(line) && line.session.starts_at < clock.now + AHEAD).collect();
    let (mut troubles, lost) = of_accounts(app, who, &coming).await?;
    // What an account lacks is said once, not again by each of its sessions.
    let apart = coming.iter().filter(|line| !lost.contains(&line.provider));
    troubles.extend(apart.filter_map(|line| of_meeting(line)).take(FEW));
    Ok(Today {
        day,
        next,
        people,
        troubles,
        to_verify: to_verify
            .into_iter()
            .map(|row| ToVerify {
                session_id: row.id.to_string(),
                title: row.title,
                starts_at: instant(row.starts_at),
                ends_at: instant(row.ends_at),
                zone: row.time_zone,
                people: u32::try_from(row.people).unwrap_or(u32::MAX),
            })
            .collect(),
    })
}

/// The accounts that the coming sessions need and lack, and whose they are.
async fn of_accounts(
    app: &App,
    who: &SignedIn,
    coming: &[&Line],
) -> Result<(Vec<Trouble>, BTreeSet<ProviderName>), ApiError> {
    let needed: BTreeSet<ProviderName> = coming.iter().map(|line| line.provider).collect();
    let (mut troubles, mut lost) = (Vec::new(), BTreeSet::new());
    for provider in needed {
        let words = match platforms::standing(app, who.organization, provider, Some(who.person)).await?.state
        {
            HostState::NeedsReconnect => Sentence::known(
                "said.home.reconnect",
                "Your {platform} connection has ended. Classes cannot start until you reconnect.",
            ),
            HostState::NotConnected => Sentence::known(
                "said.home.connect",
                "Your classes are held on {platform}, and your account is not connected yet.",
            ),
            HostState::Ready | HostState::NotSetUp | HostState::Pasted => continue,
        };
        lost.insert(provider);
        troubles.push(Trouble {
            about: None,
            words: words.with("platform", provider.title()),
            url: "/connection".to_owned(),
            action: "connect",
        });
    }
    Ok((troubles, lost))
}

/// What is wrong with the meeting of one session.
fn of_meeting(line: &Line) -> Option<Trouble> {
    let (_, words) = line.meeting.as_ref()?.problem.clone()?;
    Some(Trouble {
        about: Some(TroubledSession {
            title: line.session.title.clone(),
            starts_at: instant(line.session.starts_at),
            instructor: None,
            more: 0,
        }),
        words,
        url: format!("/sessions/{}", line.session.id),
        action: "open",
    })
}
