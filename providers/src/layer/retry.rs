use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use lectern_core::{clock::Clock, random::Randomness};

use super::{Line, line, locked};
use crate::transport::{Allowance, Exchange, Failure, Judgement, Request, Response};

/// Tries of one request, the first included.
const TRIES: u8 = 3;
const TRIES_WHILE_A_PERSON_WAITS: u8 = 2;
/// A person is not kept waiting longer than this between two tries.
const LONGEST_PAUSE_WHILE_A_PERSON_WAITS: Duration = Duration::from_secs(1);

const FIRST_PAUSE: Duration = Duration::from_millis(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// Each request pays in this much of a retry: at most a fifth of the traffic is repetition.
const PAID_IN: f64 = 0.2;
/// A quiet line may repeat this often before it must have paid in.
const MOST_SAVED: f64 = 12.0;

/// Tries again what may be tried again: within the use's deadline, at most three times, with full jitter, obeying the
/// vendor's `Retry-After`, and only while the retry budget lasts. What may have been done is repeated only when the
/// request says that twice has the effect of once.
#[derive(Debug)]
pub struct RetryLayer<E> {
    inner: E,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    saved: Mutex<HashMap<Line, f64>>,
}

impl<E> RetryLayer<E> {
    /// Wraps an exchange.
    pub fn new(inner: E, clock: Arc<dyn Clock>, randomness: Arc<dyn Randomness>) -> Self {
        Self { inner, clock, randomness, saved: Mutex::new(HashMap::new()) }
    }

    fn pay_in(&self, line: &Line) {
        let mut saved = locked(&self.saved);
        let saved = saved.entry(line.clone()).or_insert(MOST_SAVED);
        *saved = (*saved + PAID_IN).min(MOST_SAVED);
    }

    fn draw(&self, line: &Line) -> bool {
        let mut saved = locked(&self.saved);
        let saved = saved.entry(line.clone()).or_insert(MOST_SAVED);
        let enough = *saved >= 1.0;
        if enough {
            *saved -= 1.0;
        }
        enough
    }

    fn jitter(&self, ceiling: Duration) -> Duration {
        let micros = u64::try_from(ceiling.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.randomness.below(micros.saturating_add(1)))
    }

    /// How long until the next try; `None`: there must be none.
    fn pause(&self, request: &Request, outcome: &Result<Response, Failure>, tried: u8) -> Option<Duration> {
        let after = match outcome {
            Ok(response) => match (request.judge)(response, self.clock.now()) {
                Judgement::Again { after, refused } if refused || request.repeatable => after,
                Judgement::Again { .. } | Judgement::Final => return None,
            },
            Err(failure) if failure.is_transient() && (request.repeatable || !failure.maybe_done) => None,
            Err(_) => return None,
        };
        let ceiling = (FIRST_PAUSE * 2_u32.saturating_pow(u32::from(tried) - 1)).min(LONGEST_PAUSE);
        Some(match after {
            // The vendor's own moment, and a little more so that not everybody comes back at once.
            Some(after) => after + self.jitter(FIRST_PAUSE),
            None => self.jitter(ceiling),
        })
    }
}

impl<E: Exchange> Exchange for RetryLayer<E> {
    async fn exchange(&self, request: &Request, time: &Allowance) -> Result<Response, Failure> {
        let line = line(request);
        self.pay_in(&line);
        let most = request.tries.min(if time.interactive() { TRIES_WHILE_A_PERSON_WAITS } else { TRIES });
        let mut maybe_done = false;
        let mut tried = 0;
        loop {
            tried += 1;
            let mut outcome = self.inner.exchange(request, time).await;
            if let Err(failure) = &mut outcome {
                maybe_done |= failure.maybe_done;
                failure.maybe_done = maybe_done;
            }
            let Some(pause) = self.pause(request, &outcome, tried) else { return outcome };
            let too_long = pause >= time.remaining()
                || (time.interactive() && pause > LONGEST_PAUSE_WHILE_A_PERSON_WAITS);
            if tried >= most || too_long || !self.draw(&line) {
                return outcome;
            }
            let millis = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
            tracing::debug!(
                provider = request.provider.as_str(),
                operation = request.operation,
                tried,
                millis,
                "again"
            );
            tokio::time::sleep(pause).await;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use lectern_core::{clock::FixedClock, provider::Call, random::SeededRandomness};
    use tokio::time::Instant;

    use super::*;
    use crate::layer::scripted::{Scripted, request};
    use crate::transport::FailureKind;

    fn layer(script: Scripted) -> RetryLayer<Scripted> {
        let clock = FixedClock::at("2026-11-21T09:00:00Z".parse().unwrap());
        RetryLayer::new(script, Arc::new(clock), Arc::new(SeededRandomness::new(7)))
    }

    async fn run(layer: &RetryLayer<Scripted>, request: &Request, call: Call) -> Result<u16, Failure> {
        layer.exchange(request, &Allowance::start(&call)).await.map(|response| response.status)
    }

    #[tokio::test(start_paused = true)]
    async fn a_safe_request_is_tried_three_times() {
        let layer = layer(Scripted::statuses([500, 502, 200]));
        assert_eq!(run(&layer, &request(true), Call::background()).await.unwrap(), 200);
        assert_eq!(layer.inner.calls(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn and_never_a_fourth_time() {
        let layer = layer(Scripted::statuses([500, 500, 500, 200]));
        assert_eq!(run(&layer, &request(true), Call::background()).await.unwrap(), 500);
        assert_eq!(layer.inner.calls(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_create_that_may_have_been_done_is_not_repeated() {
        let late = layer(Scripted::failures([Failure::after_sending(FailureKind::TimedOut)]));
        let failure = run(&late, &request(false), Call::background()).await.unwrap_err();
        assert!(failure.maybe_done);
        assert_eq!(late.inner.calls(), 1);
        let broken = layer(Scripted::statuses([500, 201]));
        assert_eq!(run(&broken, &request(false), Call::background()).await.unwrap(), 500);
        assert_eq!(broken.inner.calls(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_create_that_was_surely_not_done_is_repeated() {
        let refused = layer(Scripted::statuses([429, 201]));
        assert_eq!(run(&refused, &request(false), Call::background()).await.unwrap(), 201);
        let unconnected = layer(Scripted::failures([Failure::new(FailureKind::NotConnected)]));
        assert_eq!(run(&unconnected, &request(false), Call::background()).await.unwrap(), 200);
    }

    #[tokio::test(start_paused = true)]
    async fn the_doubt_of_an_earlier_try_is_kept() {
        let layer = layer(Scripted::failures([
            Failure::after_sending(FailureKind::TimedOut),
            Failure::new(FailureKind::NotConnected),
            Failure::new(FailureKind::NotConnected),
        ]));
        assert!(run(&layer, &request(true), Call::background()).await.unwrap_err().maybe_done);
    }

    /// One 429 with this header: the pause until the second call, in whole seconds of the paused clock, and the calls there were.
    async fn pause_asked_by(header: &'static str, call: Call) -> (Option<u64>, usize, u16) {
        let layer = layer(Scripted::statuses([429, 200]).retry_after(header));
        let status = run(&layer, &request(true), call).await.unwrap();
        let at = layer.inner.at();
        let pause = at.get(1).map(|second| *second - at[0]);
        if let Some(pause) = pause {
            assert!(pause.subsec_millis() <= 300, "{header}: what is added keeps people apart: {pause:?}");
        }
        (pause.map(|pause| pause.as_secs()), layer.inner.calls(), status)
    }

    #[tokio::test(start_paused = true)]
    async fn r_03_no_call_comes_before_the_vendors_moment_and_one_comes_after_it() {
        // The layer's clock says 09:00:00.
        for (header, seconds) in [
            ("30", 30),
            ("0", 0),
            ("Sat, 21 Nov 2026 09:00:45 GMT", 45),
            ("2026-11-21T09:00:20Z", 20),
            ("Sat, 21 Nov 2026 08:59:00 GMT", 0),
            ("soon", 1),
            ("-5", 1),
            ("", 1),
        ] {
            assert_eq!(
                pause_asked_by(header, Call::background()).await,
                (Some(seconds), 2, 200),
                "{header:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn r_03_a_day_is_cut_to_five_minutes() {
        let patient = Call { deadline: Duration::from_secs(3600), ..Call::background() };
        for header in ["86400", "99999999", "Sun, 22 Nov 2026 09:00:00 GMT"] {
            assert_eq!(pause_asked_by(header, patient).await, (Some(300), 2, 200), "{header}");
            // Beyond an ordinary call's own deadline nothing is waited for: the job comes back later.
            assert_eq!(pause_asked_by(header, Call::background()).await, (None, 1, 429), "{header}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_beyond_the_deadline_is_not_begun() {
        let begun = Instant::now();
        let layer = layer(Scripted::statuses([429, 200]).retry_after("30"));
        let call = Call::interactive(Duration::from_secs(5));
        assert_eq!(run(&layer, &request(true), call).await.unwrap(), 429);
        assert!(begun.elapsed() < Duration::from_millis(1));
    }

    #[tokio::test(start_paused = true)]
    async fn r_04_repetition_stays_within_its_budget() {
        let layer = layer(Scripted::statuses(std::iter::repeat_n(503, 3000)));
        for _ in 0..1000 {
            assert_eq!(run(&layer, &request(true), Call::background()).await.unwrap(), 503);
        }
        let repeated = layer.inner.calls() - 1000;
        assert!(repeated <= 212, "{repeated} repetitions of 1000 requests");
    }
}
