use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use lectern_core::clock::Clock;

use super::{Line, line, locked};
use crate::transport::{Allowance, Exchange, Failure, FailureKind, Request, Response};

/// Outcomes that are looked at.
const REMEMBERED: usize = 20;
/// Older ones are forgotten.
const MEMORY: TimeDelta = TimeDelta::seconds(60);
/// Fewer prove nothing.
const ENOUGH: usize = 10;
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(5);
const LONGEST_PAUSE: TimeDelta = TimeDelta::seconds(60);

/// Leaves a vendor alone that is down: when at least three in five of the last calls of an organization failed (no answer,
/// or a server error), no call is made for a while; then one is let through, and its outcome decides. Each (provider,
/// organization) has its own.
#[derive(Debug)]
pub struct Circuit<E> {
    inner: E,
    clock: Arc<dyn Clock>,
    lines: Mutex<HashMap<Line, State>>,
}

#[derive(Debug, Default)]
struct State {
    outcomes: VecDeque<(DateTime<Utc>, bool)>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    until: DateTime<Utc>,
    pause: TimeDelta,
    probing: bool,
}

impl Open {
    /// How long nobody is let through; `None` when a probe is due. A clock that was set back does not make it longer than it
    /// can be.
    fn left(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let left = self.until - now;
        (left > TimeDelta::zero() && left <= LONGEST_PAUSE).then_some(left)
    }
}

impl<E> Circuit<E> {
    /// Wraps an exchange.
    pub fn new(inner: E, clock: Arc<dyn Clock>) -> Self {
        Self { inner, clock, lines: Mutex::new(HashMap::new()) }
    }

    /// Lets a call through, or says how long not.
    fn enter(&self, line: &Line) -> Result<Entered<'_, E>, Duration> {
        let now = self.clock.now();
        let mut lines = locked(&self.lines);
        let probe = match &mut lines.entry(line.clone()).or_default().open {
            None => false,
            Some(open) => {
                let left = open.left(now);
                if open.probing || left.is_some() {
                    let left = left.and_then(|left| left.to_std().ok()).unwrap_or_default();
                    return Err(left.max(Duration::from_secs(1)));
                }
                open.probing = true;
                true
            }
        };
        Ok(Entered { circuit: self, line: line.clone(), probe })
    }

    fn record(&self, line: &Line, good: bool, probe: bool) {
        let now = self.clock.now();
        let mut lines = locked(&self.lines);
        let state = lines.entry(line.clone()).or_default();
        if probe {
            match (&mut state.open, good) {
                (open, true) => {
                    *open = None;
                    state.outcomes.clear();
                }
                (Some(open), false) => {
                    open.pause = (open.pause * 2).min(LONGEST_PAUSE);
                    open.until = now + open.pause;
                    open.probing = false;
                }
                (None, false) => {}
            }
            return;
        }
        state.outcomes.push_back((now, good));
        while state.outcomes.len() > REMEMBERED
            || state.outcomes.front().is_some_and(|(at, _)| now - *at > MEMORY)
        {
            state.outcomes.pop_front();
        }
        let bad = state.outcomes.iter().filter(|(_, good)| !good).count();
        if state.open.is_none() && state.outcomes.len() >= ENOUGH && bad * 5 >= state.outcomes.len() * 3 {
            tracing::warn!(
                provider = line.0.as_str(),
                organization = line.1,
                "calls are paused: the vendor does not answer"
            );
            state.open = Some(Open { until: now + FIRST_PAUSE, pause: FIRST_PAUSE, probing: false });
        }
    }
}

/// A call that was let through. Dropped without an outcome (the caller went away), it lets the next one probe.
struct Entered<'a, E> {
    circuit: &'a Circuit<E>,
    line: Line,
    probe: bool,
}

impl<E> Entered<'_, E> {
    fn finish(mut self, good: bool) {
        self.circuit.record(&self.line, good, self.probe);
        self.probe = false;
    }
}

impl<E> Drop for Entered<'_, E> {
    fn drop(&mut self) {
        if self.probe
            && let Some(Some(open)) =
                locked(&self.circuit.lines).get_mut(&self.line).map(|state| state.open.as_mut())
        {
            open.probing = false;
        }
    }
}

impl<E: Exchange> Exchange for Circuit<E> {
    async fn exchange(&self, request: &Request, time: &Allowance) -> Result<Response, Failure> {
        let entered =
            self.enter(&line(request)).map_err(|pause| Failure::new(FailureKind::CircuitOpen(pause)))?;
        let outcome = self.inner.exchange(request, time).await;
        match &outcome {
            Ok(response) => entered.finish(response.status < 500),
            Err(failure) if failure.is_transient() => entered.finish(false),
            // Our own limits say nothing about the vendor.
            Err(_) => drop(entered),
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use lectern_core::{clock::FixedClock, provider::Call};

    use super::*;
    use crate::layer::scripted::{Scripted, request};

    fn circuit(script: Scripted) -> (Circuit<Scripted>, FixedClock) {
        let clock = FixedClock::at("2026-11-21T09:00:00Z".parse().unwrap());
        (Circuit::new(script, Arc::new(clock.clone())), clock)
    }

    async fn run(circuit: &Circuit<Scripted>, tenant: &'static str) -> Result<u16, FailureKind> {
        let mut request = request(true);
        request.tenant = tenant.into();
        let time = Allowance::start(&Call::background());
        circuit
            .exchange(&request, &time)
            .await
            .map(|response| response.status)
            .map_err(|failure| failure.kind)
    }

    fn is_open(outcome: &Result<u16, FailureKind>) -> bool {
        matches!(outcome, Err(FailureKind::CircuitOpen(_)))
    }

    #[tokio::test]
    async fn r_04_a_vendor_that_is_down_is_left_alone_and_tried_again() {
        let (circuit, clock) = circuit(Scripted::statuses(std::iter::repeat_n(503, ENOUGH + 1)));
        for _ in 0..ENOUGH {
            assert_eq!(run(&circuit, "a").await, Ok(503));
        }
        for _ in 0..1000 {
            assert!(is_open(&run(&circuit, "a").await));
        }
        assert_eq!(circuit.inner.calls(), ENOUGH);
        // The first probe fails: twice the pause.
        clock.advance(FIRST_PAUSE);
        assert_eq!(run(&circuit, "a").await, Ok(503));
        assert!(is_open(&run(&circuit, "a").await));
        clock.advance(FIRST_PAUSE);
        assert!(is_open(&run(&circuit, "a").await));
        clock.advance(FIRST_PAUSE);
        assert_eq!(run(&circuit, "a").await, Ok(200));
        assert_eq!(run(&circuit, "a").await, Ok(200));
    }

    #[tokio::test]
    async fn another_organization_is_not_touched() {
        let (circuit, _) = circuit(Scripted::statuses(std::iter::repeat_n(503, ENOUGH)));
        for _ in 0..ENOUGH {
            assert_eq!(run(&circuit, "a").await, Ok(503));
        }
        assert!(is_open(&run(&circuit, "a").await));
        assert_eq!(run(&circuit, "b").await, Ok(200));
    }

    #[tokio::test]
    async fn some_failures_among_successes_open_nothing() {
        let (circuit, _) = circuit(Scripted::statuses((0..200).map(|n| if n % 4 == 0 { 500 } else { 429 })));
        for _ in 0..200 {
            assert!(!is_open(&run(&circuit, "a").await));
        }
    }

    #[tokio::test]
    async fn a_probe_that_is_given_up_does_not_block_the_next() {
        let (circuit, clock) = circuit(Scripted::statuses(std::iter::repeat_n(503, ENOUGH)));
        for _ in 0..ENOUGH {
            assert_eq!(run(&circuit, "a").await, Ok(503));
        }
        clock.advance(FIRST_PAUSE);
        let line = (crate::zoom::NAME, "a".to_owned());
        let probe = circuit.enter(&line).map_err(|_| ()).unwrap();
        assert!(circuit.enter(&line).is_err());
        drop(probe);
        assert_eq!(run(&circuit, "a").await, Ok(200));
    }

    #[tokio::test]
    async fn a_clock_that_was_set_back_keeps_nobody_out() {
        let (circuit, clock) = circuit(Scripted::statuses(std::iter::repeat_n(503, ENOUGH)));
        for _ in 0..ENOUGH {
            assert_eq!(run(&circuit, "a").await, Ok(503));
        }
        assert!(is_open(&run(&circuit, "a").await));
        clock.advance(TimeDelta::hours(-1));
        assert_eq!(run(&circuit, "a").await, Ok(200));
    }
}
