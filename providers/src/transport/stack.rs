use std::sync::Arc;

use lectern_core::{clock::Clock, random::Randomness};

use super::{
    Allowance, Budget, Exchange, Failure, Http, Inspect, Opened, Request, Response, TransportBroken,
};
use crate::layer::{Circuit, Concurrency, RateBudgets, RateLimit, RetryLayer};

/// How the client is to behave.
#[derive(Debug)]
pub struct TransportOptions {
    /// Also plain HTTP to this machine itself: for simulators, in tests, the demo and development.
    pub allow_loopback: bool,
    /// For dates in answers, for daily limits and for how long a vendor that is down is left alone. Waiting uses the
    /// runtime's timer.
    pub clock: Arc<dyn Clock>,
    /// For jitter.
    pub randomness: Arc<dyn Randomness>,
    /// Called before each request: a check that no database transaction is open on this task.
    pub before_each: fn(),
    /// Sees every exchange.
    pub inspect: Option<Arc<dyn Inspect>>,
}

type Stack = RetryLayer<Circuit<Concurrency<RateLimit<Arc<Http>>>>>;

/// The outbound client of all providers, with what they must share: budgets, circuits, limits. Cheap to clone; make one.
#[derive(Clone, Debug)]
pub struct Transport {
    stack: Arc<Stack>,
    http: Arc<Http>,
    budgets: Arc<RateBudgets>,
    clock: Arc<dyn Clock>,
    allow_loopback: bool,
}

impl Transport {
    /// Makes the client.
    ///
    /// # Errors
    /// [`TransportBroken`] when the machine has no usable certificates.
    pub fn new(options: TransportOptions) -> Result<Self, TransportBroken> {
        let TransportOptions { allow_loopback, clock, randomness, before_each, inspect } = options;
        let http = Arc::new(Http::new(allow_loopback, before_each, inspect)?);
        let budgets = Arc::new(RateBudgets::new(clock.clone()));
        let limited = RateLimit::new(http.clone(), budgets.clone());
        let circuit = Circuit::new(Concurrency::new(limited), clock.clone());
        let stack = RetryLayer::new(circuit, clock.clone(), randomness);
        Ok(Self { stack: Arc::new(stack), http, budgets, clock, allow_loopback })
    }

    /// One answer, whatever its status, through all layers.
    ///
    /// # Errors
    /// [`Failure`] when no answer came.
    pub async fn send(&self, request: &Request, time: &Allowance) -> Result<Response, Failure> {
        self.stack.exchange(request, time).await
    }

    /// The same, with a failure in the words every caller can act on.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn answer(
        &self,
        request: &Request,
        time: &Allowance,
    ) -> lectern_core::provider::Result<Response> {
        self.send(request, time).await.map_err(|failure| {
            let mut error = failure.into_error(request.provider, request.operation, self.clock().now());
            // Looking changes nothing.
            error.maybe_done &= request.method != reqwest::Method::GET;
            error
        })
    }

    /// Opens a download: no layer repeats it, the size is not limited.
    ///
    /// # Errors
    /// [`Failure`] when no answer came.
    pub async fn open(&self, request: &Request, time: &Allowance) -> Result<Opened, Failure> {
        self.http.open(request, time).await
    }

    /// Whether so many calls of this budget could be made at once, without waiting, by somebody who waits for them.
    #[must_use]
    pub fn room_now(&self, budget: &Budget, calls: u32) -> bool {
        self.budgets.room_now(budget, calls)
    }

    /// The clock the client goes by.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// Whether this machine's own addresses may be called.
    #[must_use]
    pub const fn allow_loopback(&self) -> bool {
        self.allow_loopback
    }
}
