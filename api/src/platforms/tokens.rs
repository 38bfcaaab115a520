//! Access tokens of one connection: one refresh at a time over all processes, the new pair on disk before anybody uses it.

use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use lectern_core::{
    ids::{ConnectionId, OrganizationId},
    provider::{AccessTokens, BoxError, Call, ErrorKind, ProviderError, ProviderName, Result, TokenSet},
    secret::SecretString,
    sentence::Sentence,
};
use lectern_providers::registry;
use tokio::time::Instant;

use super::{
    settings,
    store::{
        self,
        connections::{Connection, Pair, State},
        settings::Mode,
    },
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    db::Tx,
    error::ApiError,
    events::{self, Event, EventType},
    keys::Sealer,
    notify,
};

/// A token that ends within this is refreshed before it is used.
const AHEAD: TimeDelta = TimeDelta::minutes(5);
/// A refresher that vanished is replaced after this long.
const LEASE: TimeDelta = TimeDelta::seconds(30);
/// The platform's answer is waited for less long than the lease lasts.
const CALL: Duration = Duration::from_secs(20);
/// Somebody else's refresh is waited for this long.
const PATIENCE: Duration = Duration::from_secs(35);
/// How often the row is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(50);

/// The tokens of one connection.
#[derive(Clone)]
pub(super) struct Tokens {
    app: App,
    organization: OrganizationId,
    provider: ProviderName,
    connection: ConnectionId,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("connection", &self.connection).finish_non_exhaustive()
    }
}

#[async_trait]
impl AccessTokens for Tokens {
    async fn current(&self) -> Result<SecretString> {
        self.get(None, AHEAD).await
    }

    async fn replace(&self, refused: &SecretString) -> Result<SecretString> {
        self.get(Some(refused), AHEAD).await
    }
}

/// What a look at the row says.
enum Look {
    /// This one works.
    Good(SecretString),
    /// It has to be refreshed; the present token, when it still lives.
    Old(Box<Connection>, Option<SecretString>),
}

impl Tokens {
    pub(super) fn new(
        app: &App,
        organization: OrganizationId,
        provider: ProviderName,
        connection: ConnectionId,
    ) -> Self {
        Self { app: app.clone(), organization, provider, connection }
    }

    fn error(&self, kind: ErrorKind) -> ProviderError {
        ProviderError::new(self.provider, "refresh token", kind)
    }

    /// Our own trouble: a later try may succeed.
    fn ours(&self, error: impl Into<BoxError>) -> ProviderError {
        self.error(ErrorKind::Unavailable).source(error)
    }

    /// Refreshes whatever ends within `ahead`.
    pub(super) async fn refresh_ahead(&self, ahead: TimeDelta) -> Result<()> {
        self.get(None, ahead).await.map(drop)
    }

    /// Refreshes now, unless somebody did so since `generation`.
    pub(super) async fn refresh_now(&self, generation: i64) -> Result<()> {
        let row = self.row().await?;
        if row.generation != generation {
            return Ok(());
        }
        let sealer = self.app.keys.sealer(self.organization).await.map_err(|error| self.ours(error))?;
        let present = self.open_access(&sealer, &row)?;
        self.get(present.as_ref(), AHEAD).await.map(drop)
    }

    /// The row, read on a task of its own: one task may have several calls under way, and another's would be taken for one
    /// that is made while this transaction is open.
    async fn row(&self) -> Result<Connection> {
        let (app, organization, connection) = (self.app.clone(), self.organization, self.connection);
        let reading = tokio::spawn(async move {
            let mut tx = app.db.read(organization).await?;
            store::connections::find(&mut tx, organization, connection).await
        });
        let row = reading.await.map_err(|error| self.ours(error))?;
        match row.map_err(|error| self.ours(error))? {
            Some(row) if row.state == State::Active => Ok(row),
            _ => Err(self.error(ErrorKind::Reconnect)),
        }
    }

    fn open_access(&self, sealer: &Sealer, row: &Connection) -> Result<Option<SecretString>> {
        let open = |sealed: &Vec<u8>| sealer.open_text("connections", "access_token", row.id.uuid(), sealed);
        row.access_token.as_ref().map(open).transpose().map_err(|error| self.ours(error))
    }

    async fn look(&self, refused: Option<&SecretString>, ahead: TimeDelta) -> Result<Look> {
        let row = self.row().await?;
        let sealer = self.app.keys.sealer(self.organization).await.map_err(|error| self.ours(error))?;
        let token = self.open_access(&sealer, &row)?.filter(|token| refused != Some(token));
        let left = row.access_expires_at.map_or(TimeDelta::zero(), |end| end - self.app.clock.now());
        match token {
            Some(token) if left > ahead => Ok(Look::Good(token)),
            token => Ok(Look::Old(Box::new(row), token.filter(|_| left > TimeDelta::zero()))),
        }
    }

    async fn get(&self, refused: Option<&SecretString>, ahead: TimeDelta) -> Result<SecretString> {
        if let Look::Good(token) = self.look(refused, ahead).await? {
            return Ok(token);
        }
        // The refresh runs on a task of its own: a caller who gives up must not lose the pair that only this process knows.
        let (tokens, refused) = (self.clone(), refused.cloned());
        tokio::spawn(async move { tokens.refreshed(refused.as_ref(), ahead).await })
            .await
            .map_err(|error| self.ours(error))?
    }

    async fn refreshed(&self, refused: Option<&SecretString>, ahead: TimeDelta) -> Result<SecretString> {
        let _turn = self.app.providers.turn_to_refresh(self.connection).await;
        let until = Instant::now() + PATIENCE;
        loop {
            let (row, living) = match self.look(refused, ahead).await? {
                Look::Good(token) => return Ok(token),
                Look::Old(row, living) => (row, living),
            };
            let holder = format!("{}/{}", self.app.instance, self.app.ids.next());
            if self.take_lease(&row, &holder).await? {
                match self.refresh(&row, &holder).await {
                    // A token whose whole life is shorter than the margin is used all the same.
                    Ok(()) => {
                        return match self.look(refused, TimeDelta::zero()).await? {
                            Look::Good(token) => Ok(token),
                            Look::Old(..) => Err(self.error(ErrorKind::Unavailable)),
                        };
                    }
                    // Refreshing ahead failed, but the present token still lives.
                    Err(error) if living.is_some() && error.kind != ErrorKind::Reconnect => {
                        tracing::warn!(connection = %self.connection, %error, "connection {} could not be refreshed ahead: {error}", self.connection);
                        return living.ok_or(error);
                    }
                    Err(error) => return Err(error),
                }
            }
            if let Some(token) = living {
                return Ok(token);
            }
            if Instant::now() >= until {
                return Err(self.error(ErrorKind::Unavailable));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn take_lease(&self, row: &Connection, holder: &str) -> Result<bool> {
        let now = self.app.clock.now();
        let taking = async {
            let mut tx = self.app.db.begin(self.organization).await?;
            let taken = store::connections::take_lease(
                &mut tx,
                self.organization,
                row.id,
                row.generation,
                holder,
                now + LEASE,
                now,
            )
            .await?;
            tx.commit().await?;
            Ok::<_, crate::db::StoreError>(taken)
        };
        taking.await.map_err(|error| self.ours(error))
    }

    async fn drop_lease(&self, holder: &str) {
        let dropping = async {
            let mut tx = self.app.db.begin(self.organization).await?;
            store::connections::drop_lease(&mut tx, self.organization, self.connection, holder).await?;
            tx.commit().await
        };
        if let Err(error) = dropping.await {
            tracing::warn!(%error, "a refresh lease is left to end by itself: {error}");
        }
    }

    /// Asks the platform and stores what it gives; with the lease in hand.
    async fn refresh(&self, row: &Connection, holder: &str) -> Result<()> {
        match self.ask(row).await {
            Ok(tokens) => self.store(row, &tokens).await,
            Err(error) if error.kind == ErrorKind::Reconnect => {
                // Somebody may have refreshed with the same token: then theirs is the newer pair, and this one is void.
                if self.lose(row).await? { Err(error) } else { Ok(()) }
            }
            Err(error) => {
                self.drop_lease(holder).await;
                Err(error)
            }
        }
    }

    async fn ask(&self, row: &Connection) -> Result<TokenSet> {
        let sealer = self.app.keys.sealer(self.organization).await.map_err(|error| self.ours(error))?;
        let (found, settings) = settings::for_calls(&self.app, self.organization, self.provider).await?;
        let provider = registry::build(&settings, self.app.providers.transport(), None)
            .map_err(|error| self.ours(error))?;
        let oauth = provider.oauth().ok_or_else(|| self.error(ErrorKind::Unsupported("oauth")))?;
        let call = Call { deadline: CALL, interactive: false };
        match (&row.refresh_token, found.mode) {
            (Some(sealed), _) => {
                let refresh = sealer
                    .open_text("connections", "refresh_token", row.id.uuid(), sealed)
                    .map_err(|error| self.ours(error))?;
                oauth.refresh(&call, &refresh).await
            }
            (None, Mode::ServerToServer) => oauth.account_token(&call).await,
            (None, Mode::User) => Err(self.error(ErrorKind::Reconnect)),
        }
    }

    async fn store(&self, row: &Connection, tokens: &TokenSet) -> Result<()> {
        let sealer = self.app.keys.sealer(self.organization).await.map_err(|error| self.ours(error))?;
        let pair = seal(&sealer, row.id, tokens, &self.app, &row.scopes);
        let mut tries = 0;
        let stored = loop {
            match self.write(row, &pair).await {
                Ok(stored) => break stored,
                // Only this process knows the pair: it tries for as long as its lease would last.
                Err(error) if tries < 20 => {
                    tries += 1;
                    tracing::warn!(%error, "a fresh token pair could not be stored, trying again: {error}");
                    tokio::time::sleep(Duration::from_millis(250)).await;
                }
                Err(error) => return Err(self.ours(error)),
            }
        };
        if !stored {
            self.discard(row, tokens).await;
        }
        Ok(())
    }

    async fn write(&self, row: &Connection, pair: &Pair) -> Result<bool, crate::db::StoreError> {
        let mut tx = self.app.db.begin(self.organization).await?;
        let stored =
            store::connections::store_pair(&mut tx, self.organization, row.id, row.generation, pair).await?;
        if stored {
            let mut entry = self.app.entry(self.organization, EntryKind::Refreshed, Actor::System);
            entry.person = row.person;
            let entry = entry.details(details(self.provider, row.id));
            audit::store::insert(&mut tx, &entry).await?;
        }
        tx.commit().await?;
        Ok(stored)
    }

    /// The grant was ended while its new pair was on the way: end that at the platform too. A newer pair is left alone.
    async fn discard(&self, row: &Connection, tokens: &TokenSet) {
        let looking = async {
            let mut tx = self.app.db.read(self.organization).await?;
            store::connections::find(&mut tx, self.organization, self.connection).await
        };
        let gone = looking.await.is_ok_and(|found| found.is_none_or(|row| row.state == State::Gone));
        if gone {
            super::ending::revoke_at_platform(
                &self.app,
                self.organization,
                row.provider,
                &tokens.access_token,
            )
            .await;
        }
    }

    /// Marks the grant as lost, unless it has a newer pair; whether it is lost.
    async fn lose(&self, row: &Connection) -> Result<bool> {
        let app = &self.app;
        let losing = async {
            let sealer = app.keys.sealer(self.organization).await?;
            let now = app.clock.now();
            let problem = Sentence::known(
                "said.permission_refused",
                "{platform} no longer accepts the saved permission.",
            )
            .with("platform", self.provider.title());
            let mut tx = app.db.begin(self.organization).await?;
            let lost = store::connections::lose(&mut tx, self.organization, row.id, row.generation, &problem)
                .await?;
            if lost {
                let mut entry = app.entry(self.organization, EntryKind::ConnectionLost, Actor::System);
                entry.person = row.person;
                let entry = entry.details(details(self.provider, row.id));
                audit::store::insert(&mut tx, &entry).await?;
                let event = changed(now, row, "needs_reconnect");
                events::emit(&mut tx, &app.ids, &sealer, self.organization, now, &event).await?;
                tell(app, &mut tx, self.organization, row).await?;
            }
            tx.commit().await?;
            Ok::<_, ApiError>(lost)
        };
        let lost = losing.await.map_err(|error| self.ours(format!("{error:?}")))?;
        if lost {
            app.wake.outbox.notify_one();
            app.wake.jobs.notify_one();
            tracing::warn!(connection = %row.id, "connection {} must be connected again", row.id);
        }
        Ok(lost)
    }
}

/// Seals a pair for its row.
pub(super) fn seal(
    sealer: &Sealer,
    id: ConnectionId,
    tokens: &TokenSet,
    app: &App,
    earlier_scopes: &[String],
) -> Pair {
    let seal = |column, token: &SecretString| {
        sealer.seal("connections", column, id.uuid(), token.expose().as_bytes())
    };
    Pair {
        access_token: seal("access_token", &tokens.access_token),
        refresh_token: tokens.refresh_token.as_ref().map(|token| seal("refresh_token", token)),
        expires_at: tokens.expires_at,
        // A refresh that says nothing about scopes changes nothing about them.
        scopes: if tokens.scopes.is_empty() { earlier_scopes.to_vec() } else { tokens.scopes.clone() },
        now: app.clock.now(),
    }
}

/// What the audit log keeps about a connection.
pub(super) fn details(provider: ProviderName, id: ConnectionId) -> serde_json::Value {
    serde_json::json!({"provider": provider.as_str(), "connection_id": id.uuid()})
}

/// The person is told by mail that only they can mend it.
pub(super) async fn tell(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    row: &Connection,
) -> std::result::Result<(), ApiError> {
    let Some(person) = row.person else { return Ok(()) };
    notify::service::connection_lost(
        app,
        tx,
        organization,
        person,
        row.provider.as_str(),
        row.id.uuid(),
        row.generation,
    )
    .await
}

/// A connection changed, for those who watch.
pub(super) fn changed(now: chrono::DateTime<chrono::Utc>, row: &Connection, state: &str) -> Event {
    let mut event = Event::new(EventType::ConnectionChanged, now).detail(state);
    event.instructor = row.person;
    event.connection = Some((row.id, row.provider.as_str().to_owned()));
    event
}
