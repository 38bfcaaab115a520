//! What every provider promises, by Lantern on its simulator.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod vendor;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use lectern_core::{
    clock::Clock as _,
    conformance::{Deletion, Door, Guest, Harness, Room, Tokens, Trouble},
    provider::{Call, Meeting, Provider, TokenSet},
    random::SeededRandomness,
    settings::ClassSettings,
};
use lectern_lantern::Lantern;
use lectern_providers::{
    registry::{Connection, ProviderSettings},
    transport::{Transport, TransportOptions},
};

use self::vendor::{Run, Vendor, Visit};

const CALL: Call = Call::background();

struct Rooms {
    vendor: Vendor,
    transport: Transport,
    tokens: TokenSet,
    provider: Arc<dyn Provider>,
}

fn settings(vendor: &Vendor) -> ProviderSettings {
    ProviderSettings {
        provider: lectern_lantern::NAME,
        tenant: "oak".to_owned(),
        client_id: "client".to_owned(),
        client_secret: "client-secret".into(),
        account_id: Some("oak".to_owned()),
        api_base: format!("{}/v1", vendor.base).parse().unwrap(),
        oauth_base: format!("{}/oauth", vendor.base).parse().unwrap(),
        others: BTreeMap::new(),
        hosts: vec![vendor.host()],
    }
}

async fn connected(
    vendor: &Vendor,
    transport: &Transport,
    tokens: &TokenSet,
    scopes: Vec<String>,
) -> Arc<dyn Provider> {
    let unconnected = Arc::new(Lantern::new(settings(vendor), transport.clone(), None));
    let account = unconnected.oauth().unwrap().account(&CALL, &tokens.access_token, None).await.unwrap();
    let connection = Connection {
        tokens: Arc::new(Tokens::new(unconnected, tokens.clone())),
        rate_key: account.account_id.clone(),
        account,
        scopes,
    };
    Arc::new(Lantern::new(settings(vendor), transport.clone(), Some(connection)))
}

#[async_trait]
impl Harness for Rooms {
    async fn start() -> Self {
        let vendor = Vendor::start().await;
        let transport = Transport::new(TransportOptions {
            allow_loopback: true,
            clock: Arc::new(vendor.clock.clone()),
            randomness: Arc::new(SeededRandomness::new(1)),
            before_each: || {},
            inspect: None,
        })
        .unwrap();
        let unconnected = Lantern::new(settings(&vendor), transport.clone(), None);
        let tokens = unconnected.oauth().unwrap().account_token(&CALL).await.unwrap();
        let provider = connected(&vendor, &transport, &tokens, tokens.scopes.clone()).await;
        Self { vendor, transport, tokens, provider }
    }

    fn provider(&self) -> Arc<dyn Provider> {
        Arc::clone(&self.provider)
    }

    async fn poorer(&self) -> Vec<Arc<dyn Provider>> {
        let only = |scope: &str| vec![scope.to_owned()];
        vec![
            Arc::new(Lantern::new(settings(&self.vendor), self.transport.clone(), None)),
            connected(&self.vendor, &self.transport, &self.tokens, only("rooms")).await,
            connected(&self.vendor, &self.transport, &self.tokens, only("visits")).await,
        ]
    }

    fn now(&self) -> DateTime<Utc> {
        self.vendor.clock.now()
    }

    fn advance(&self, by: TimeDelta) {
        self.vendor.clock.advance(by);
    }

    fn requests(&self) -> Option<usize> {
        Some(self.vendor.world().requests)
    }

    fn meetings(&self) -> usize {
        self.vendor.world().rooms.len()
    }

    fn deletion(&self) -> Deletion {
        Deletion::Removed
    }

    fn trouble(&self, trouble: Trouble) -> bool {
        self.vendor.world().trouble = trouble;
        trouble != Trouble::DayIsSpent
    }

    fn pages(&self, rows: usize) {
        self.vendor.world().page = rows;
    }

    /// Somebody made a new secret, which ends every token.
    async fn revoke(&self) -> bool {
        let mut world = self.vendor.world();
        world.secret = "a newer secret".to_owned();
        world.tokens.clear();
        true
    }

    async fn take_scope(&self) -> bool {
        self.vendor.world().scopes = vec!["visits"];
        true
    }

    async fn settings(&self, meeting: &Meeting) -> ClassSettings {
        let waiting_room = self.vendor.world().rooms[&meeting.id].lobby;
        ClassSettings { waiting_room, ..ClassSettings::default() }
    }

    fn room(&self) -> Option<&dyn Room> {
        Some(self)
    }
}

impl Rooms {
    fn come(&self, meeting: &Meeting, name: &str) {
        let visit = Visit { name: name.to_owned(), joined_at: self.now(), left_at: None };
        let mut world = self.vendor.world();
        world.rooms.get_mut(&meeting.id).unwrap().runs.last_mut().unwrap().visits.push(visit);
    }
}

impl Room for Rooms {
    fn begin(&self, meeting: &Meeting) {
        let run = Run { started_at: self.now(), ended_at: None, visits: Vec::new() };
        self.vendor.world().rooms.get_mut(&meeting.id).unwrap().runs.push(run);
        self.come(meeting, "Ada Lantern");
    }

    fn comes(&self, meeting: &Meeting, guest: &Guest) -> Door {
        if self.vendor.world().rooms[&meeting.id].lobby {
            return Door::Waits;
        }
        self.come(meeting, &guest.name());
        Door::In
    }

    fn admit(&self, meeting: &Meeting, guest: &Guest) {
        self.come(meeting, &guest.name());
    }

    fn leaves(&self, meeting: &Meeting, guest: &Guest) {
        let (now, mut world) = (self.now(), self.vendor.world());
        let run = world.rooms.get_mut(&meeting.id).unwrap().runs.last_mut().unwrap();
        let inside = |visit: &&mut Visit| visit.name == guest.name() && visit.left_at.is_none();
        run.visits.iter_mut().find(inside).unwrap().left_at = Some(now);
    }

    fn end(&self, meeting: &Meeting) {
        let now = self.now();
        self.vendor.world().rooms.get_mut(&meeting.id).unwrap().end(now);
    }

    fn is_running(&self, meeting: &Meeting) -> bool {
        self.vendor.world().rooms[&meeting.id].is_running()
    }

    fn settles_in(&self) -> TimeDelta {
        TimeDelta::minutes(5)
    }
}

lectern_core::conformance!(Rooms);
