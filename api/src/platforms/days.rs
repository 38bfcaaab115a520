//! How connections stood on the days behind us.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveTime, Utc};
use chrono_tz::Tz;
use lectern_core::{
    connection_days::{DayState, Standing, Turn, days},
    ids::{OrganizationId, PersonId},
};
use lectern_web::pages::connection::{ConnectionDay, DayMark};
use uuid::Uuid;

use crate::{
    app::App,
    audit::{self, EntryKind},
    db::Tx,
    error::ApiError,
    live::feed::instant,
};

/// As many as are shown.
const SHOWN: u64 = 30;

/// The last 30 days of an organization, each from midnight to midnight by its own clock; the last one until now.
pub(super) struct Past {
    now: DateTime<Utc>,
    edges: Vec<DateTime<Utc>>,
    turns: HashMap<Uuid, Vec<Turn>>,
}

impl Past {
    /// Looks: at one person's connections, or at all.
    pub(super) async fn look(
        app: &App,
        tx: &mut Tx,
        organization: OrganizationId,
        person: Option<PersonId>,
        zone: &str,
    ) -> Result<Self, ApiError> {
        let now = app.clock.now();
        let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
        let today = app.zones.local_of(zone, now).date();
        let midnight = |ago| {
            let day = today.checked_sub_days(Days::new(ago)).unwrap_or(today);
            app.zones.instant_of(zone, day.and_time(NaiveTime::MIN))
        };
        let mut edges: Vec<DateTime<Utc>> = (0..SHOWN).rev().map(midnight).collect();
        // What happens at this very instant belongs to the day.
        edges.push(now + chrono::TimeDelta::microseconds(1));
        let mut turns: HashMap<Uuid, Vec<Turn>> = HashMap::new();
        for (connection, at, kind) in audit::service::connection_turns(tx, organization, person).await? {
            let to = match kind {
                EntryKind::Connected => Standing::Works,
                EntryKind::ConnectionLost | EntryKind::Deauthorized => Standing::Lost,
                _ => Standing::Gone,
            };
            turns.entry(connection).or_default().push(Turn { at, to });
        }
        Ok(Self { edges, turns, now })
    }

    /// The days of one connection.
    pub(super) fn of(&self, connection: Uuid, works: bool) -> Vec<ConnectionDay> {
        let standing = if works { Standing::Works } else { Standing::Lost };
        let mut turns = self.turns.get(&connection).cloned().unwrap_or_default();
        // What no entry tells of: somebody else connected the same account, or the organization another app.
        if turns.last().is_some_and(|last| last.to != standing) {
            turns.push(Turn { at: self.now, to: standing });
        }
        let mark = |state| match state {
            DayState::Unconnected => DayMark::None,
            DayState::Worked => DayMark::Worked,
            DayState::Broke => DayMark::Broke,
            DayState::Down => DayMark::Down,
        };
        let states = days(&turns, standing, &self.edges);
        states
            .into_iter()
            .zip(&self.edges)
            .map(|(state, at)| ConnectionDay { at: instant(*at), mark: mark(state) })
            .collect()
    }
}
