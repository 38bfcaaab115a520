use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use tokio::{sync::Semaphore, time::timeout_at};

use super::{Line, line, locked};
use crate::transport::{Allowance, Exchange, Failure, FailureKind, Request, Response};

/// Calls of one organization to one provider that may be under way together.
const AT_ONCE: usize = 24;
/// Of these, how many may be background work: the rest is kept for people who wait.
const BACKGROUND_AT_ONCE: usize = 16;

/// Bounds how many calls are under way, for each (provider, organization) apart: a slow vendor holds up only itself.
#[derive(Debug)]
pub struct Concurrency<E> {
    inner: E,
    lines: Mutex<HashMap<Line, Arc<Places>>>,
}

#[derive(Debug)]
struct Places {
    all: Semaphore,
    background: Semaphore,
}

impl<E> Concurrency<E> {
    /// Wraps an exchange.
    pub fn new(inner: E) -> Self {
        Self { inner, lines: Mutex::new(HashMap::new()) }
    }

    fn places(&self, line: Line) -> Arc<Places> {
        locked(&self.lines)
            .entry(line)
            .or_insert_with(|| {
                Arc::new(Places {
                    all: Semaphore::new(AT_ONCE),
                    background: Semaphore::new(BACKGROUND_AT_ONCE),
                })
            })
            .clone()
    }
}

impl<E: Exchange> Exchange for Concurrency<E> {
    async fn exchange(&self, request: &Request, time: &Allowance) -> Result<Response, Failure> {
        let places = self.places(line(request));
        let no_time = || Failure::new(FailureKind::NoTime);
        let _background = match time.interactive() {
            true => None,
            false => {
                Some(timeout_at(time.until(), places.background.acquire()).await.map_err(|_| no_time())?)
            }
        };
        let _place = timeout_at(time.until(), places.all.acquire()).await.map_err(|_| no_time())?;
        self.inner.exchange(request, time).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use futures::future::join_all;
    use lectern_core::provider::Call;

    use super::*;
    use crate::layer::scripted::{Scripted, request};

    #[derive(Debug, Default)]
    struct Slow {
        now: AtomicUsize,
        most: AtomicUsize,
        quick: Option<Scripted>,
    }

    impl Exchange for Slow {
        async fn exchange(&self, request: &Request, time: &Allowance) -> Result<Response, Failure> {
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.now.fetch_sub(1, Ordering::SeqCst);
            self.quick.as_ref().expect("a script").exchange(request, time).await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn background_work_leaves_places_for_people() {
        let layer = Concurrency::new(Slow { quick: Some(Scripted::statuses([])), ..Slow::default() });
        let request = request(true);
        let background = Allowance::start(&Call::background());
        let person = Allowance::start(&Call::interactive(Duration::from_millis(1500)));
        let work = join_all((0..40).map(|_| layer.exchange(&request, &background)));
        let people = join_all((0..8).map(|_| layer.exchange(&request, &person)));
        let (work, people) = tokio::join!(work, people);
        assert!(people.iter().all(Result::is_ok));
        assert!(work.iter().all(Result::is_ok));
        assert_eq!(layer.inner.most.load(Ordering::SeqCst), AT_ONCE);
    }
}
