//! Calls a second: 100 of an account live and 25 in a sandbox, and 25 of any one endpoint.
//!
//! Source: docs.stripe.com/rate-limits. Limits of concurrent calls are not simulated.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Duration, Utc};

use super::{
    errors::{Refusal, too_many},
    state::Owner,
};

const LIVE: usize = 100;
const SANDBOX: usize = 25;
const ENDPOINT: usize = 25;

/// The calls of the last second, by account and operation (empty: all of the account's).
#[derive(Debug, Default)]
pub(crate) struct Limits(BTreeMap<(Owner, &'static str), VecDeque<DateTime<Utc>>>);

impl Limits {
    /// Counts a call, or says that there were too many.
    pub(crate) fn count(
        &mut self,
        owner: &Owner,
        operation: &'static str,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        let all = if owner.livemode { LIVE } else { SANDBOX };
        let limits = [("", all, "global-rate"), (operation, ENDPOINT, "endpoint-rate")];
        for (what, most, reason) in limits {
            let recent = self.0.entry((owner.clone(), what)).or_default();
            while recent.front().is_some_and(|at| now - *at >= Duration::seconds(1)) {
                recent.pop_front();
            }
            if recent.len() >= most {
                return Err(too_many(reason));
            }
        }
        for (what, ..) in limits {
            self.0.entry((owner.clone(), what)).or_default().push_back(now);
        }
        Ok(())
    }
}
