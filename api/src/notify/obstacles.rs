//! What stands in the way of a session to come: grant, permissions, host, the meeting, mail, the disk; and who can mend it.

use std::{collections::HashMap, time::Duration as StdDuration};

use chrono::Duration;
use lectern_core::{
    ids::{OrganizationId, PersonId},
    provider::{ErrorKind, ProviderError, ProviderName, RepairedBy, Retry},
    sentence::Sentence,
    session::Delivery,
};
use lectern_web::mails::ObstacleLine;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::timeout;

use super::store;
use crate::{
    app::App,
    classes::Class,
    disk,
    error::ApiError,
    platforms,
    sessions::{self, MeetingState, Session},
};

/// An invitation that waits longer than this is late.
const MAIL_IS_LATE: Duration = Duration::minutes(10);
/// So long the mail server is waited for.
const MAIL_PATIENCE: StdDuration = StdDuration::from_secs(10);

/// Who can mend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MendedBy {
    /// Whoever teaches the class.
    Instructor,
    /// An administrator of the organization.
    Admin,
    /// Whoever runs this server.
    Operator,
    /// Time alone, or nobody.
    Nobody,
}

impl MendedBy {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Instructor => "instructor",
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Nobody => "nobody",
        }
    }
}

impl From<RepairedBy> for MendedBy {
    fn from(who: RepairedBy) -> Self {
        match who {
            RepairedBy::Student | RepairedBy::Instructor => Self::Instructor,
            RepairedBy::Admin => Self::Admin,
            RepairedBy::Operator => Self::Operator,
            RepairedBy::Nobody => Self::Nobody,
        }
    }
}

/// One thing that stands in the way, as it is kept with the notice.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Obstacle {
    /// What it is.
    pub words: Sentence,
    /// Who can mend it.
    pub by: MendedBy,
}

impl Obstacle {
    fn new(words: Sentence, by: MendedBy) -> Self {
        Self { words, by }
    }
}

/// Those kept with a notice.
pub(super) fn kept(facts: &Value) -> Vec<Obstacle> {
    let kept = facts.get("obstacles").cloned().unwrap_or_default();
    // Another release may have kept them in another form.
    serde_json::from_value(kept).unwrap_or_default()
}

/// The same, as pages and mails show them.
pub(super) fn lines(facts: &Value) -> Vec<ObstacleLine> {
    kept(facts)
        .into_iter()
        .map(|one| ObstacleLine { words: one.words, by: one.by.as_str().to_owned() })
        .collect()
}

/// One round of looking: what many sessions share is looked at once.
#[derive(Debug)]
pub(super) struct Round<'a> {
    app: &'a App,
    organization: OrganizationId,
    hosts: HashMap<(ProviderName, PersonId), Option<(Obstacle, Retry)>>,
    server: Option<Vec<Obstacle>>,
}

impl<'a> Round<'a> {
    pub(super) fn new(app: &'a App, organization: OrganizationId) -> Self {
        Self { app, organization, hosts: HashMap::new(), server: None }
    }

    /// What stands in the way of this session. `soon`: what passes by itself counts too. No transaction may be open.
    pub(super) async fn of(
        &mut self,
        session: &Session,
        class: &Class,
        soon: bool,
    ) -> Result<Vec<Obstacle>, ApiError> {
        let mut found = Vec::new();
        if session.delivery != Delivery::InPerson {
            let host = self.host(class.provider, class.instructor).await;
            let (host, passes) = match host {
                Some((obstacle, retry)) => (Some(obstacle), retry != Retry::Never),
                None => (None, false),
            };
            let is_fit = host.is_none();
            found.extend(host.filter(|_| soon || !passes));
            let mut look = self.app.db.read(self.organization).await?;
            if is_fit {
                let meeting =
                    sessions::meetings::of_session(&mut look, self.organization, session.id).await?;
                let failed = meeting.filter(|meeting| meeting.state == MeetingState::Failed);
                found.extend(
                    failed
                        .and_then(|meeting| meeting.problem)
                        .map(|words| Obstacle::new(words, MendedBy::Instructor)),
                );
            }
            let other = sessions::series::in_the_way(&mut look, self.organization, class, session).await?;
            found.extend(other.map(|title| {
                let words = Sentence::known(
                    "said.obstacle.host_busy",
                    "“{title}” is at the same time, and the host cannot hold more meetings at once.",
                );
                Obstacle::new(words.with("title", title), MendedBy::Instructor)
            }));
        }
        let mut look = self.app.db.read(self.organization).await?;
        let before = self.app.clock.now() - MAIL_IS_LATE;
        let late = store::late(&mut look, self.organization, session.id, before).await?;
        drop(look);
        if late > 0 {
            let words = Sentence::known(
                "said.obstacle.mail_late",
                "Mails about this session wait to be sent: {count}.",
            );
            found.push(Obstacle::new(words.with("count", late.to_string()), MendedBy::Operator));
        }
        found.extend(self.server().await.iter().cloned());
        Ok(found)
    }

    async fn host(&mut self, provider: ProviderName, instructor: PersonId) -> Option<(Obstacle, Retry)> {
        if let Some(known) = self.hosts.get(&(provider, instructor)) {
            return known.clone();
        }
        let found = platforms::fitness::check(self.app, self.organization, provider, instructor).await;
        let found = found.err().map(|error| (of_platform(&error), error.retry));
        self.hosts.insert((provider, instructor), found.clone());
        found
    }

    /// What concerns every session of this server.
    async fn server(&mut self) -> &[Obstacle] {
        let app = self.app;
        match &mut self.server {
            Some(known) => known,
            unknown => unknown.insert(of_server(app).await),
        }
    }
}

fn of_platform(error: &ProviderError) -> Obstacle {
    let words = match &error.kind {
        ErrorKind::ScopeMissing(scopes) => Sentence::known(
            "said.obstacle.scopes",
            "{platform} does not allow what a class needs; missing: {scopes}.",
        )
        .with("platform", error.provider.title())
        .with("scopes", scopes.join(", ")),
        _ => error.words(),
    };
    Obstacle::new(words, error.repaired_by.into())
}

async fn of_server(app: &App) -> Vec<Obstacle> {
    let mut found = Vec::new();
    if app.mailer.is_configured() && !matches!(timeout(MAIL_PATIENCE, app.mailer.test()).await, Ok(Ok(()))) {
        let words = Sentence::known("said.obstacle.mail", "The mail server does not take mails right now.");
        found.push(Obstacle::new(words, MendedBy::Operator));
    }
    let free = app.disk.free_kib(&app.config.data.0).await;
    if let Some(free) = free.filter(|free| *free < disk::LOW_KIB) {
        let words = Sentence::known(
            "said.obstacle.disk",
            "The disk of the server is almost full: {room} MiB are left.",
        );
        found.push(Obstacle::new(words.with("room", (free >> 10).to_string()), MendedBy::Operator));
    }
    found
}
