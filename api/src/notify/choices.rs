//! What people want to be told, and how: everybody gets everything until they choose otherwise.

use std::collections::HashMap;

use lectern_core::{
    ids::{OrganizationId, PersonId},
    personal_link::{PersonalClaims, PersonalPurpose},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::store;
use crate::{app::App, audit, audit::EntryKind, db::Tx, error::ApiError};

/// What notices are about, as people choose them. What lets somebody in (a link, a code) is no matter of choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// A session is about to begin.
    Reminder,
    /// A session was moved, called off, or is held on another platform.
    Change,
    /// An account must be connected again, or something stands in the way of a session to come.
    Trouble,
    /// Somebody booked with the reader, or gave a booking back.
    Booking,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 4] = [Self::Reminder, Self::Change, Self::Trouble, Self::Booking];

    /// The stored word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reminder => "reminder",
            Self::Change => "change",
            Self::Trouble => "trouble",
            Self::Booking => "booking",
        }
    }

    /// Reads the word in an address.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == word)
    }

    /// The topic of a kind of notice.
    #[must_use]
    pub fn of(kind: &str) -> Option<Self> {
        match kind {
            "reminder" => Some(Self::Reminder),
            "moved" | "cancelled" | "standby" => Some(Self::Change),
            "connection_lost" | "preflight" => Some(Self::Trouble),
            "booking_made" | "booking_left" => Some(Self::Booking),
            _ => None,
        }
    }
}

/// How somebody wants to be told of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// By e-mail.
    pub mail: bool,
    /// On the pages they have open.
    pub live: bool,
}

impl Choice {
    /// Until somebody chooses.
    pub const BOTH: Self = Self { mail: true, live: true };
}

/// Choices of one topic that differ from getting everything.
#[derive(Debug, Default)]
pub struct Choices(HashMap<PersonId, Choice>);

impl Choices {
    /// What this person chose.
    #[must_use]
    pub fn of(&self, person: PersonId) -> Choice {
        self.0.get(&person).copied().unwrap_or(Choice::BOTH)
    }
}

/// Everybody's choices for a kind of notice.
pub async fn of_kind(tx: &mut Tx, organization: OrganizationId, kind: &str) -> Result<Choices, ApiError> {
    let Some(topic) = Topic::of(kind) else { return Ok(Choices::default()) };
    let rows = store::choices_of_topic(tx, organization, topic.as_str()).await?;
    Ok(Choices(
        rows.into_iter().map(|(person, mail, live)| (PersonId(person), Choice { mail, live })).collect(),
    ))
}

/// One person's choices, of every topic.
pub async fn of_person(
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
) -> Result<Vec<(Topic, Choice)>, ApiError> {
    let rows = store::choices_of_person(tx, organization, person).await?;
    let chosen = |topic: Topic| rows.iter().find(|(word, ..)| word == topic.as_str());
    Ok(Topic::ALL
        .into_iter()
        .map(|topic| {
            (topic, chosen(topic).map_or(Choice::BOTH, |(_, mail, live)| Choice { mail: *mail, live: *live }))
        })
        .collect())
}

/// Writes a person's choice.
pub async fn choose(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    person: PersonId,
    topic: Topic,
    choice: Choice,
) -> Result<(), ApiError> {
    store::save_choice(tx, organization, person, topic.as_str(), (choice.mail, choice.live), app.clock.now())
        .await?;
    let details = serde_json::json!({"topic": topic, "mail": choice.mail, "live": choice.live});
    let entry = app.entry(organization, EntryKind::NoticeChoiceChanged, audit::Actor::Person(person));
    audit::store::insert(tx, &entry.person(person).details(details)).await?;
    Ok(())
}

/// The address under a mail at which its person takes this topic off their mails, without signing in.
#[must_use]
pub fn off_url(app: &App, organization: OrganizationId, person: PersonId, topic: Topic) -> String {
    let claims = PersonalClaims {
        purpose: PersonalPurpose::Unsubscribe,
        organization,
        of: person.uuid(),
        generation: 0,
    };
    let token = app.personal_links.token(&claims);
    app.config.server.url(&format!("/notices/off/{}?topic={}", token, topic.as_str()))
}
