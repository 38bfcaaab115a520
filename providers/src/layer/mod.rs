//! What wraps every provider's requests, so that no provider has to: retrying what may be retried, staying inside the vendor's limits, and leaving a vendor alone that is down.

mod circuit;
mod concurrency;
mod rate_limit;
mod retry;
mod retry_after;
#[cfg(test)]
pub(crate) mod scripted;

pub use circuit::Circuit;
pub use concurrency::Concurrency;
pub use rate_limit::{RateBudgets, RateLimit};
pub use retry::RetryLayer;
pub use retry_after::{next_utc_day, retry_after};

use std::sync::{Mutex, MutexGuard, PoisonError};

use lectern_core::provider::ProviderName;

use crate::transport::Request;

/// One vendor as one organization uses it: the unit of circuits, concurrency and retry budgets.
type Line = (ProviderName, String);

fn line(request: &Request) -> Line {
    (request.provider, request.tenant.clone().into_owned())
}

/// No code panics while it holds one of these locks, and the counts inside are right after any panic elsewhere.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
