//! Boards, missed events and tickets.

use std::{collections::HashMap, sync::Arc};

use axum::extract::ws::Utf8Bytes;
use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    attendance::{
        AttendancePolicy, Board, Interval, Occasion, Presence, PresenceKind, Roster, Run, Source,
        Whereabouts, board,
    },
    ids::{OrganizationId, PersonId},
    role::{Role, SessionRole},
};
use lectern_providers::registry::{self, LiveSource};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::store::{self, Ticket};
use crate::{
    app::App,
    attendance::{
        self,
        sheet::{is_over, of_its_time},
    },
    db::Tx,
    error::ApiError,
    events::{self, history::Since},
    extract::{SignedIn, Via},
    people,
    sessions::facts::{self, Expected, SessionFacts},
};

/// How long a ticket opens a socket.
const TICKET_LIFE: Duration = Duration::seconds(30);

/// A session's live board with everything a page shows beside it.
#[derive(Debug)]
pub struct SessionBoard {
    /// The session.
    pub facts: SessionFacts,
    /// Everybody expected, in the board's order (the instructor last).
    pub expected: Vec<Expected>,
    /// Who is where.
    pub board: Board,
    /// The stays it was read from.
    pub presences: Vec<Presence>,
}

/// Reads a session's board, in the caller's transaction.
pub async fn session_board(
    tx: &mut Tx,
    organization: OrganizationId,
    facts: SessionFacts,
    now: DateTime<Utc>,
) -> Result<SessionBoard, ApiError> {
    session_boards(tx, organization, vec![facts], now).await?.pop().ok_or(ApiError::NotFound)
}

/// Reads the boards of several sessions, in their order and in as many statements as for one.
pub async fn session_boards(
    tx: &mut Tx,
    organization: OrganizationId,
    sessions: Vec<SessionFacts>,
    now: DateTime<Utc>,
) -> Result<Vec<SessionBoard>, ApiError> {
    let mut expected = facts::expected_of(tx, organization, &sessions).await?;
    let ids = sessions.iter().map(|facts| facts.session);
    let mut evidence = attendance::evidence::of_sessions(tx, organization, ids).await?;
    let boards = sessions.into_iter().map(|facts| {
        let expected = expected.remove(&facts.session).unwrap_or_default();
        let (presences, runs) = evidence.remove(&facts.session).unwrap_or_default();
        board_of(facts, expected, presences, runs, now)
    });
    Ok(boards.collect())
}

fn board_of(
    facts: SessionFacts,
    expected: Vec<Expected>,
    presences: Vec<Presence>,
    runs: Vec<Run>,
    now: DateTime<Utc>,
) -> SessionBoard {
    let (runs, presences) = of_its_time(&facts, runs, presences, now);
    let roster = Roster::new(expected.iter().map(|person| person.seat.clone()).collect());
    let board = board(&Occasion {
        window: Interval::new(facts.starts_at, facts.ends_at),
        // Who is where does not depend on thresholds.
        policy: &AttendancePolicy::default(),
        roster: &roster,
        presences: &presences,
        runs: &runs,
        now,
        ended: is_over(&facts, now),
    });
    SessionBoard { facts, expected, board, presences }
}

/// The word for where somebody is.
#[must_use]
pub const fn whereabouts_word(whereabouts: Whereabouts) -> &'static str {
    match whereabouts {
        Whereabouts::NotSeen => "expected",
        Whereabouts::Waiting => "waiting",
        Whereabouts::InClass => "in_class",
        Whereabouts::Left => "left",
    }
}

/// One person on a board, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Who; none for somebody without a seat.
    pub person: Option<PersonId>,
    /// Their name, or the one shown in the meeting.
    pub name: String,
    /// What they are to the session.
    pub role: SessionRole,
    /// Where.
    pub whereabouts: Whereabouts,
    /// When they last came in, or began to wait.
    pub joined_at: Option<DateTime<Utc>>,
    /// When they went.
    pub left_at: Option<DateTime<Utc>>,
    /// When we last sent them in.
    pub redirected_at: Option<DateTime<Utc>>,
}

impl SessionBoard {
    /// Whether anybody tells who is in class while it runs. A teacher's own Teams connection and a pasted link tell nothing: their
    /// silence does not mean that nobody is there.
    #[must_use]
    pub fn is_told(&self) -> bool {
        let silent =
            matches!(registry::live_source(self.facts.provider), LiveSource::Asked | LiveSource::Afterwards);
        !silent || self.presences.iter().any(|stay| stay.key.source == Source::Webhook)
    }

    /// How many people, the instructor not counted, went through our door.
    #[must_use]
    pub fn through_door(&self) -> u32 {
        let went = |place: &&Place| place.role != SessionRole::Instructor && place.redirected_at.is_some();
        count(self.places().iter().filter(went).count())
    }

    /// Everybody on the board: first the roster, then people without a seat.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        let known = self.board.people.iter().zip(&self.expected).map(|(live, expected)| {
            let left = live.whereabouts == Whereabouts::Left;
            Place {
                person: Some(live.person),
                name: expected.seat.name.clone(),
                role: live.role,
                whereabouts: live.whereabouts,
                joined_at: if left { self.last_join(live.person) } else { live.since },
                left_at: live.since.filter(|_| left),
                redirected_at: live.redirected_at,
            }
        });
        let strangers = self.board.strangers.iter().map(|stranger| Place {
            person: None,
            name: stranger.facts.name.clone().unwrap_or_default(),
            role: SessionRole::Unknown,
            whereabouts: stranger.whereabouts,
            joined_at: stranger.since,
            left_at: None,
            redirected_at: None,
        });
        known.chain(strangers).collect()
    }

    fn last_join(&self, person: PersonId) -> Option<DateTime<Utc>> {
        let seat = self.expected.iter().find(|expected| expected.seat.person == person)?;
        let own = Roster::new(vec![seat.seat.clone()]);
        let theirs = self.presences.iter().filter(|stay| {
            stay.key.kind != PresenceKind::Waiting
                && stay.assigned.or_else(|| own.find(&stay.facts).map(|found| found.person)) == Some(person)
                && stay.key.source == lectern_core::attendance::Source::Webhook
        });
        theirs.filter_map(|stay| stay.joins.last().copied()).max()
    }

    /// When each person first came in, as the platform's events tell it.
    #[must_use]
    pub fn first_joins(&self) -> HashMap<PersonId, DateTime<Utc>> {
        let roster = Roster::new(self.expected.iter().map(|expected| expected.seat.clone()).collect());
        let mut first: HashMap<PersonId, DateTime<Utc>> = HashMap::new();
        for stay in &self.presences {
            if stay.key.kind == PresenceKind::Waiting
                || stay.key.source != lectern_core::attendance::Source::Webhook
            {
                continue;
            }
            let person = stay.assigned.or_else(|| roster.find(&stay.facts).map(|found| found.person));
            if let (Some(person), Some(at)) = (person, stay.joined_at()) {
                first.entry(person).and_modify(|known| *known = at.min(*known)).or_insert(at);
            }
        }
        first
    }

    /// How many are in class, the instructor not counted.
    #[must_use]
    pub fn head_count(&self) -> HeadCount {
        let learners = || self.board.people.iter().filter(|live| live.role != SessionRole::Instructor);
        let here = learners().filter(|live| live.whereabouts == Whereabouts::InClass).count();
        let strangers = self.board.strangers.iter().filter(|who| who.whereabouts == Whereabouts::InClass);
        HeadCount {
            here: count(here),
            strangers: count(strangers.count()),
            expected: count(learners().count()),
        }
    }
}

/// How many are in class, the instructor not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadCount {
    /// Of those expected.
    pub here: u32,
    /// Whom the platform shows and nobody on the roster is known by.
    pub strangers: u32,
    /// On the roster.
    pub expected: u32,
}

pub(crate) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// What somebody may watch now: the boards of live sessions, and the number of the last event in them.
#[derive(Debug)]
pub struct Snapshot {
    /// Everything up to this event is in the boards.
    pub seq: i64,
    /// The boards.
    pub boards: Vec<SessionBoard>,
}

/// The live sessions this caller may watch: admins all, instructors their own; everybody else those they belong to, with
/// nobody on the board but themselves.
pub async fn snapshot(app: &App, who: &SignedIn) -> Result<Snapshot, ApiError> {
    // The number first: an event that comes between is in the boards already and told again after them, never lost.
    let seq = events::history::last_seq(app).await?;
    let now = app.clock.now();
    let mut tx = app.db.read(who.organization).await?;
    let instructor = (who.role == Role::Instructor).then_some(who.person);
    let mut sessions = match who.role {
        Role::Student => Vec::new(),
        Role::Admin | Role::Instructor => facts::on_now(&mut tx, who.organization, now, instructor).await?,
    };
    sessions.retain(|facts| facts.state == lectern_core::session::SessionState::Live);
    if who.role != Role::Admin {
        let member = facts::live_for_member(&mut tx, who.organization, who.person).await?;
        let known: Vec<_> = sessions.iter().map(|facts| facts.session).collect();
        sessions.extend(member.into_iter().filter(|facts| !known.contains(&facts.session)));
    }
    let mut boards = session_boards(&mut tx, who.organization, sessions, now).await?;
    for board in &mut boards {
        if who.role != Role::Admin && board.facts.instructor != who.person {
            board.expected.retain(|expected| expected.seat.person == who.person);
            board.board.people.retain(|live| live.person == who.person);
            board.board.strangers.clear();
        }
    }
    Ok(Snapshot { seq, boards })
}

/// Events somebody missed.
#[derive(Debug)]
pub enum Missed {
    /// These, in order; up to this number nothing more.
    Events(Vec<Utf8Bytes>, i64),
    /// Too old, too many, or of another database: start anew after this number.
    Resync(i64),
}

/// The events after a number that this person may see.
pub async fn missed(
    app: &App,
    organization: OrganizationId,
    (person, role): (Uuid, Role),
    since: i64,
) -> Result<Missed, ApiError> {
    Ok(match events::history::since(app, organization, since).await? {
        Since::Gone(last) => Missed::Resync(last),
        Since::Events(events, seen) => {
            let theirs = events.into_iter().filter(|event| event.is_for(person, role));
            Missed::Events(theirs.map(|event| event.json).collect(), seen)
        }
    })
}

/// A ticket that opens one socket within 30 seconds, for clients that can send neither cookie nor header with it.
pub async fn ticket(app: &App, who: &SignedIn) -> Result<String, ApiError> {
    let ticket = hex::encode(app.randomness.bytes::<24>());
    let (via, via_ref) = match &who.via {
        Via::Cookie(hash) => ("cookie", Some(hash.to_vec())),
        Via::Bearer(hash) => ("bearer", Some(hash.to_vec())),
        Via::ApiKey(id, _) => ("api_key", Some(id.as_bytes().to_vec())),
        Via::HostToken(until) => ("host_token", Some(until.timestamp().to_be_bytes().to_vec())),
        // Its socket goes by its own cookie.
        Via::Embed(_) => return Err(ApiError::Forbidden),
    };
    let row = Ticket {
        organization_id: who.organization.uuid(),
        person_id: who.person.uuid(),
        via: via.to_owned(),
        via_ref,
        expires_at: app.clock.now() + TICKET_LIFE,
    };
    let mut tx = app.db.system().await?;
    store::insert(&mut tx, &hash(&ticket), &row).await?;
    tx.commit().await?;
    Ok(ticket)
}

/// Part of tick `clean_up`: tickets nobody used in their 30 seconds.
pub async fn remove_old_tickets(tx: &mut Tx, now: DateTime<Utc>) -> Result<u64, ApiError> {
    Ok(store::remove_old(tx, now).await?)
}

/// Who asked for this ticket; it is used up by asking.
///
/// # Errors
/// [`ApiError::SignedOut`] when it is unknown, used, too old, or its sign-in has ended since.
pub async fn redeem(app: &App, ticket: &str) -> Result<SignedIn, ApiError> {
    let mut tx = app.db.system().await?;
    let row = store::take(&mut tx, &hash(ticket)).await?;
    tx.commit().await?;
    let row = row.filter(|row| row.expires_at > app.clock.now()).ok_or(ApiError::SignedOut)?;
    let reference = row.via_ref.unwrap_or_default();
    let sign_in = || <[u8; 32]>::try_from(reference.as_slice()).map_err(|_| ApiError::SignedOut);
    let via = match row.via.as_str() {
        "cookie" => Via::Cookie(sign_in()?),
        "bearer" => Via::Bearer(sign_in()?),
        "api_key" => Via::ApiKey(Uuid::from_slice(&reference).map_err(|_| ApiError::SignedOut)?, Vec::new()),
        _ => {
            let seconds = <[u8; 8]>::try_from(reference.as_slice()).map_err(|_| ApiError::SignedOut)?;
            let until = DateTime::from_timestamp(i64::from_be_bytes(seconds), 0);
            Via::HostToken(until.ok_or(ApiError::SignedOut)?)
        }
    };
    let who =
        people::service::check_again(app, row.organization_id.into(), row.person_id.into(), &via).await?;
    match &who.via {
        Via::ApiKey(_, scopes) if !scopes.contains(&people::Scope::Read) => Err(ApiError::Forbidden),
        _ => Ok(who),
    }
}

fn hash(ticket: &str) -> Arc<[u8]> {
    Arc::from(Sha256::digest(ticket.as_bytes()).as_slice())
}
