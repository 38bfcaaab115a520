//! The socket: events as they are numbered, from where its reader left off, for as long as its reader may see them.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use lectern_core::{ids::OrganizationId, role::Role};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Instant, MissedTickBehavior, interval_at, timeout},
};

use super::service::{self, Missed};
use crate::{
    app::App,
    error::ApiError,
    events::{self, EventType, Heard, LiveMessage},
    extract::{SignedIn, Via},
    people,
    sessions::facts,
};

/// The largest message a reader may send; nothing a reader says has a meaning.
pub const MOST_INCOMING: usize = 4 * 1024;
/// Pings, and the look whether the sign-in still holds.
const BEAT: Duration = Duration::from_secs(25);
/// A reader who takes nothing for this long is dropped.
const WRITE_PATIENCE: Duration = Duration::from_secs(10);
/// Messages a reader may send between two beats.
const MOST_MESSAGES: u32 = 50;

/// The close codes of this interface; 44xx are ours.
mod code {
    /// The server stops: connect again.
    pub(super) const GOING_AWAY: u16 = 1001;
    /// The reader sends too much.
    pub(super) const POLICY: u16 = 1008;
    /// A failure of ours: connect again.
    pub(super) const INTERNAL: u16 = 1011;
    /// The sign-in has ended.
    pub(super) const SIGNED_OUT: u16 = 4401;
    /// The reader no longer belongs to what was watched: connect again to see what is left.
    pub(super) const REMOVED: u16 = 4403;
}

/// Who watches; small, for there are thousands.
struct Watcher {
    app: App,
    organization: OrganizationId,
    who: Box<Proof>,
    role: Role,
    /// Everything up to this number was sent.
    seen: i64,
}

struct Proof {
    person: lectern_core::ids::PersonId,
    via: Via,
}

/// Why a socket ends.
enum End {
    /// Say why, then close.
    Close(u16, &'static str),
    /// The other side is gone, or does not read.
    Gone,
}

/// Somebody who is about to watch.
pub struct Reader {
    watcher: Watcher,
    since: Option<i64>,
    events: Receiver<Heard>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("organization", &self.watcher.organization).finish_non_exhaustive()
    }
}

/// Listens from now on, before the connection is told that it is open: whoever has been told misses nothing.
///
/// # Errors
/// When the database refuses.
pub async fn listen(app: App, who: SignedIn, since: Option<i64>) -> Result<Reader, ApiError> {
    let SignedIn { organization, person, role, via, .. } = who;
    // Listening before looking: whatever is numbered meanwhile is in one of the two, and what is in both is skipped.
    let events = app.hub.subscribe(organization);
    let seen = match since {
        Some(since) => since,
        None => events::history::last_seq(&app).await?,
    };
    let watcher = Watcher { app, organization, who: Box::new(Proof { person, via }), role, seen };
    Ok(Reader { watcher, since, events })
}

/// Serves one socket until it ends.
pub async fn run(reader: Reader, mut socket: WebSocket) {
    let Reader { mut watcher, since, events } = reader;
    let end = match Box::pin(watcher.catch_up(&mut socket, since)).await {
        Ok(()) => watcher.watch(&mut socket, events).await,
        Err(end) => end,
    };
    let end = match end {
        // What failed, failed because the server stops.
        End::Close(code::INTERNAL, _) if watcher.app.is_stopping() => {
            End::Close(code::GOING_AWAY, "the server stops")
        }
        end => end,
    };
    if let End::Close(code, reason) = end {
        let frame = Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) }));
        // A reader that is gone needs no goodbye.
        timeout(WRITE_PATIENCE, socket.send(frame)).await.map(drop).ok();
    }
}

impl Watcher {
    /// Sends what was missed since a number; without one, only what comes counts.
    async fn catch_up(&mut self, socket: &mut WebSocket, since: Option<i64>) -> Result<(), End> {
        let internal = |error: ApiError| {
            tracing::error!(?error, "missed events could not be read");
            End::Close(code::INTERNAL, "try again")
        };
        let Some(since) = since else { return Ok(()) };
        let reader = (self.who.person.uuid(), self.role);
        match service::missed(&self.app, self.organization, reader, since).await.map_err(internal)? {
            Missed::Events(events, seen) => {
                for json in events {
                    send(socket, Message::Text(json)).await?;
                }
                self.seen = seen;
            }
            Missed::Resync(seen) => {
                let message = format!(r#"{{"type":"resync","seq":{seen}}}"#);
                send(socket, Message::Text(message.into())).await?;
                self.seen = seen;
            }
        }
        Ok(())
    }

    async fn watch(&mut self, socket: &mut WebSocket, mut events: Receiver<Heard>) -> End {
        let mut beat = interval_at(Instant::now() + BEAT, BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut incoming = 0_u32;
        // Whether the last ping was answered.
        let mut alive = true;
        loop {
            tokio::select! {
                biased;
                () = self.app.stopping() => return End::Close(code::GOING_AWAY, "the server stops"),
                event = events.recv() => {
                    let outcome = match event {
                        Ok(Heard::Event(message)) => self.pass(socket, &message).await,
                        Ok(Heard::SignInEnded(person)) if person == self.who.person => {
                            Box::pin(self.check_again()).await
                        }
                        Ok(Heard::SignInEnded(_)) => Ok(()),
                        // More came than a reader of this speed could take: the rest is read from the table.
                        Err(RecvError::Lagged(_)) => Box::pin(self.catch_up(socket, Some(self.seen))).await,
                        Err(RecvError::Closed) => Err(End::Close(code::GOING_AWAY, "the server stops")),
                    };
                    if let Err(end) = outcome {
                        return end;
                    }
                }
                _ = beat.tick() => {
                    if !alive {
                        return End::Gone;
                    }
                    (incoming, alive) = (0, false);
                    if let Err(end) = Box::pin(self.check_again()).await {
                        return end;
                    }
                    if let Err(end) = send(socket, Message::Ping(axum::body::Bytes::new())).await {
                        return end;
                    }
                }
                message = socket.recv() => {
                    match message {
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return End::Gone,
                        Some(Ok(_)) => {}
                    }
                    alive = true;
                    incoming += 1;
                    if incoming > MOST_MESSAGES {
                        return End::Close(code::POLICY, "too many messages");
                    }
                }
            }
        }
    }

    /// Passes one event on, if it is new and for this reader; first makes sure that they may still read.
    async fn pass(&mut self, socket: &mut WebSocket, message: &LiveMessage) -> Result<(), End> {
        if message.seq <= self.seen {
            return Ok(());
        }
        self.seen = message.seq;
        if matches!(self.who.via, Via::HostToken(until) if until <= self.app.clock.now()) {
            return Err(End::Close(code::SIGNED_OUT, "the token has ended"));
        }
        let event = &message.event;
        let person = self.who.person.uuid();
        let concerns_me = event.person.as_ref().is_none_or(|about| about.id == Some(person));
        match event.kind {
            EventType::AccessChanged if concerns_me => Box::pin(self.check_again()).await?,
            EventType::RosterChanged if concerns_me && self.role == Role::Student => {
                if let Some(class) = event.class {
                    Box::pin(self.check_member(class)).await?;
                }
            }
            _ => {}
        }
        if message.is_for(person, self.role) {
            send(socket, Message::Text(message.json.clone())).await?;
        }
        Ok(())
    }

    /// The sign-in must still hold; a changed role holds from here on.
    async fn check_again(&mut self) -> Result<(), End> {
        let Proof { person, via } = &*self.who;
        match people::service::check_again(&self.app, self.organization, *person, via).await {
            Ok(who) => {
                self.role = who.role;
                Ok(())
            }
            Err(ApiError::SignedOut | ApiError::Forbidden | ApiError::KeyForbidden(..)) => {
                Err(End::Close(code::SIGNED_OUT, "signed out"))
            }
            Err(error) => {
                tracing::error!(?error, "a socket's sign-in could not be checked");
                Err(End::Close(code::INTERNAL, "try again"))
            }
        }
    }

    async fn check_member(&self, class: lectern_core::ids::ClassId) -> Result<(), End> {
        let member = async {
            let mut tx = self.app.db.read(self.organization).await?;
            facts::is_member(&mut tx, self.organization, class, self.who.person).await
        };
        match member.await {
            Ok(true) => Ok(()),
            Ok(false) => Err(End::Close(code::REMOVED, "no longer in this class")),
            Err(error) => {
                tracing::error!(?error, "a socket's membership could not be checked");
                Err(End::Close(code::INTERNAL, "try again"))
            }
        }
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), End> {
    match timeout(WRITE_PATIENCE, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Gone),
    }
}
