//! Stays that no key of the platform gives to anybody: a person in charge says whose they are.

use chrono::{DateTime, Utc};
use lectern_core::{
    attendance::{
        Likeness, Presence, Roster, Run, Source, Unmatched,
        assigning::{Refused, assign},
        calls,
    },
    ids::{PersonId, SessionId},
    role::SessionRole,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{service, sheet::Sheet, store};
use crate::{
    app::App,
    audit::{self, EntryKind},
    error::ApiError,
    extract::SignedIn,
    sessions::facts,
};

/// Suggestions shown for one stay.
const MOST_SUGGESTIONS: usize = 3;

/// A stay that is nobody's.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StrayView {
    /// Names the stay in this session.
    pub stay: String,
    /// The name it had on the platform.
    pub name: String,
    /// `webhook`, `past_participants` or `admin_report`.
    #[schema(value_type = String)]
    pub source: Source,
    /// First instant inside the session's time.
    pub from: DateTime<Utc>,
    /// Last instant.
    pub to: DateTime<Utc>,
    /// Whom it may be, likeliest first. Never used by itself: names prove nothing.
    pub suggestions: Vec<SuggestionView>,
}

/// Whom a stay may belong to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SuggestionView {
    /// The person.
    pub person_id: Uuid,
    /// Their name.
    pub name: String,
    /// `shared_address`, `same_name`, `same_words`, `part_of_name` or `similar`.
    #[schema(value_type = String)]
    pub likeness: Likeness,
}

impl StrayView {
    /// `None` for a stay outside the session's time.
    #[must_use]
    pub fn of(stay: &Unmatched, sheet: &Sheet) -> Option<Self> {
        let suggestions = stay.suggestions.iter().filter_map(|suggestion| {
            let line = sheet.line(suggestion.person)?;
            let name = line.expected.seat.name.clone();
            Some(SuggestionView { person_id: suggestion.person.uuid(), name, likeness: suggestion.likeness })
        });
        Some(Self {
            stay: stay.presence.handle(),
            name: stay.facts.name.clone().unwrap_or_default(),
            source: stay.presence.source,
            from: stay.counted.first()?.from,
            to: stay.counted.last()?.to,
            suggestions: suggestions.take(MOST_SUGGESTIONS).collect(),
        })
    }
}

/// Whose a stay is.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assign {
    /// The stay: from `strays`, or from a piece of evidence that was given by hand.
    pub stay: String,
    /// A person on the sheet; null takes the stay back.
    pub person_id: Option<Uuid>,
}

/// Gives a stay to somebody on the sheet, or to nobody again, and computes the verdicts anew.
///
/// # Errors
/// [`ApiError::NotFound`] for a session that is not this caller's to decide on; [`ApiError::Conflict`] for a stay whose person the
/// platform names; [`ApiError::Invalid`].
pub async fn give(app: &App, who: &SignedIn, session: SessionId, body: &Assign) -> Result<(), ApiError> {
    who.person()?;
    let organization = who.organization;
    let sealer = app.keys.sealer(organization).await?;
    let mut tx = app.db.begin(organization).await?;
    store::lock(&mut tx, organization).await?;
    let facts = facts::of_session(&mut tx, organization, session)
        .await?
        .filter(|facts| service::may_manage(who, facts))
        .ok_or(ApiError::NotFound)?;
    let roster = Roster::new(facts::roster(&mut tx, organization, &facts).await?);
    let presences = store::presences_of(&mut tx, organization, session).await?;
    let runs = store::runs_of(&mut tx, organization, session).await?;
    let person = body.person_id.map(PersonId);
    let stay = as_stored(&presences, runs.into_iter().map(|run| run.run).collect(), &body.stay);
    let done = assign(&roster, &presences, &stay, person).map_err(refusal)?;
    if done.before == person {
        return Ok(());
    }
    let role = person
        .and_then(|person| roster.seats().iter().find(|seat| seat.person == person))
        .map_or(SessionRole::Unknown, |seat| seat.role);
    store::save_presence(&mut tx, organization, session, &done.presence, (person, role)).await?;
    let kind = if person.is_some() { EntryKind::StayAssigned } else { EntryKind::StayReleased };
    let entry = app
        .entry(organization, kind, who.actor())
        .class(facts.class)
        .session(session)
        .details(serde_json::json!({"stay": body.stay, "before": done.before}));
    let about = person.or(done.before);
    audit::store::insert(&mut tx, &audit::Entry { person: about, ..entry }).await?;
    service::recompute(app, &mut tx, &sealer, organization, facts).await?;
    tx.commit().await?;
    app.wake.outbox.notify_one();
    Ok(())
}

/// The stored stay's handle: on the sheet a stay whose event named no run has that of the run in which it lies.
fn as_stored(presences: &[Presence], runs: Vec<Run>, shown: &str) -> String {
    let (_, read) = calls::named(runs, presences.to_vec());
    let mut both = presences.iter().zip(&read);
    let stored = both.find(|(_, read)| read.key.handle() == shown).map(|(stored, _)| stored.key.handle());
    stored.unwrap_or_else(|| shown.to_owned())
}

fn refusal(refused: Refused) -> ApiError {
    match refused {
        Refused::UnknownStay => ApiError::field("stay", "There is no such stay in this session."),
        Refused::NotExpected => ApiError::field("person_id", "This person is not on the sheet."),
        Refused::Known => ApiError::conflict(
            "stay_known",
            "The platform says whose this stay is.",
            "Decide on the person\u{2019}s attendance instead.",
        ),
    }
}
