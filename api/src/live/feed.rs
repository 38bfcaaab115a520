//! "As it happens": the audit log of one session in the words of a page, newest first.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, SecondsFormat, Utc};
use lectern_core::{
    attendance::{PresenceKind, Roster, Source},
    ids::{OrganizationId, PersonId},
    role::SessionRole,
};
use lectern_web::{
    charts::Step,
    pages::session::{FeedItem, FeedKind, ParticipantRole},
};

use super::service::{SessionBoard, count};
use crate::{
    audit::{
        self, EntryKind,
        service::{Filter, Row},
    },
    db::Tx,
    error::ApiError,
    people,
};

/// Entries looked at for one session.
const LOOK_BACK: i64 = 200;

/// An instant as pages take it.
#[must_use]
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A role as pages take it; none for somebody without a seat.
#[must_use]
pub const fn page_role(role: SessionRole) -> Option<ParticipantRole> {
    match role {
        SessionRole::Student => Some(ParticipantRole::Student),
        SessionRole::Instructor => Some(ParticipantRole::Instructor),
        SessionRole::Guest => Some(ParticipantRole::Guest),
        SessionRole::Unknown => None,
    }
}

fn kind_of(word: &str) -> Option<FeedKind> {
    let kinds = [
        (EntryKind::SessionStarted, FeedKind::Started),
        (EntryKind::SessionEnded, FeedKind::Ended),
        (EntryKind::ParticipantJoined, FeedKind::Joined),
        (EntryKind::ParticipantLeft, FeedKind::Left),
        (EntryKind::JoinRedeemed, FeedKind::OnTheWay),
        (EntryKind::JoinRefused, FeedKind::TurnedAway),
        (EntryKind::JoinUrlRefused, FeedKind::TurnedAway),
        (EntryKind::MeetingLost, FeedKind::MeetingLost),
        (EntryKind::SessionStoodBy, FeedKind::StoodBy),
        (EntryKind::StandbyNotReady, FeedKind::StandbyNotReady),
    ];
    kinds.into_iter().find(|(entry, _)| entry.as_str() == word).map(|(_, kind)| kind)
}

/// What the platform showed of somebody without a seat.
fn shown(details: &serde_json::Value) -> Option<String> {
    let name = details.get("name")?.as_str()?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// What happened in a session, newest first.
pub async fn feed(
    tx: &mut Tx,
    organization: OrganizationId,
    board: &SessionBoard,
    late_after_minutes: u32,
) -> Result<Vec<FeedItem>, ApiError> {
    let filter = Filter { session: Some(board.facts.session), ..Filter::default() };
    let rows = audit::service::rows(tx, organization, &filter, LOOK_BACK).await?;
    let people: HashMap<PersonId, (&str, SessionRole)> = board
        .expected
        .iter()
        .map(|expected| (expected.seat.person, (expected.seat.name.as_str(), expected.seat.role)))
        .collect();
    // An admin may end a class of somebody else's, without a seat in it.
    let starter = |row: &Row| {
        let about_class = matches!(kind_of(&row.kind), Some(FeedKind::Started | FeedKind::Ended));
        row.actor_id.filter(|_| about_class && row.actor_kind == "person").map(PersonId)
    };
    let outside = rows.iter().filter_map(starter).filter(|person| !people.contains_key(person));
    let outside = people::service::names(tx, organization, outside).await?;
    let mut came: HashSet<uuid::Uuid> = HashSet::new();
    let mut items = Vec::new();
    // Oldest first, to know who comes back.
    for row in rows.iter().rev() {
        let Some(mut kind) = kind_of(&row.kind) else { continue };
        let person = match (kind, row.person_id) {
            (FeedKind::Started | FeedKind::Ended, _) => starter(row).or(Some(board.facts.instructor)),
            (_, person) => person.map(PersonId),
        };
        let known = person.and_then(|person| people.get(&person));
        let mut minutes_late = None;
        if kind == FeedKind::Joined
            && let Some(PersonId(id)) = person
        {
            if !came.insert(id) {
                kind = FeedKind::CameBack;
            } else if known.is_some_and(|(_, role)| *role != SessionRole::Instructor) {
                let minutes = u32::try_from((row.at - board.facts.starts_at).num_minutes()).unwrap_or(0);
                minutes_late = Some(minutes).filter(|minutes| *minutes > late_after_minutes);
            }
        }
        items.push(FeedItem {
            at: instant(row.at),
            kind,
            person: known
                .map(|(name, _)| (*name).to_owned())
                .or_else(|| outside.get(&person?).cloned())
                .or_else(|| shown(&row.details.0)),
            role: known.and_then(|(_, role)| page_role(*role)),
            minutes_late,
            reason: row.details.0.get("why").and_then(|why| why.as_str()).map(str::to_owned),
        });
    }
    items.reverse();
    // The platform tells whole seconds: who set out and joined within one did so in this order.
    items.sort_by(|a, b| {
        b.at.cmp(&a.at).then_with(|| {
            let set_out = |item: &FeedItem| item.kind == FeedKind::OnTheWay;
            set_out(a).cmp(&set_out(b))
        })
    });
    Ok(items)
}

/// How many people, the instructor not counted, were in class over time, as the platform's events tell it.
#[must_use]
pub fn steps(board: &SessionBoard) -> Vec<Step> {
    let seats: Vec<_> = board.expected.iter().map(|expected| expected.seat.clone()).collect();
    let roster = Roster::new(seats);
    let mut marks: Vec<(DateTime<Utc>, bool, String)> = Vec::new();
    for stay in &board.presences {
        if stay.key.source != Source::Webhook || stay.key.kind != PresenceKind::Main {
            continue;
        }
        let person = stay.assigned.or_else(|| roster.find(&stay.facts).map(|found| found.person));
        if person == Some(board.facts.instructor) {
            continue;
        }
        let who = person
            .map_or_else(|| format!("{} {}", stay.key.run, stay.key.entry), |person| person.to_string());
        marks.extend(stay.joins.iter().map(|at| (*at, true, who.clone())));
        marks.extend(stay.leaves.iter().map(|at| (*at, false, who.clone())));
    }
    marks.sort();
    let mut devices: HashMap<String, usize> = HashMap::new();
    let mut steps: Vec<Step> = Vec::new();
    for (at, came_in, who) in marks {
        let inside = devices.entry(who).or_default();
        *inside = if came_in { *inside + 1 } else { inside.saturating_sub(1) };
        let step =
            Step { at: instant(at), here: count(devices.values().filter(|inside| **inside > 0).count()) };
        match steps.last_mut() {
            Some(last) if last.at == step.at => *last = step,
            _ => steps.push(step),
        }
    }
    steps
}
