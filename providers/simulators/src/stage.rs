//! Behind every simulator's handle: one world behind one lock, the clock that rules it, and its courier.

use std::{
    fmt, io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, Utc};
use lectern_core::clock::{Clock, ShiftedClock};
use tokio::{sync::Notify, task::JoinHandle};

use crate::{
    answer::Answer,
    contract::Contract,
    server::{Server, bind, serve},
};

/// A courier looks this often whether something has become due.
const PAUSE: Duration = Duration::from_millis(200);

/// How to start a simulator.
#[derive(Clone, Debug)]
pub struct Options {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The clock that `/_control/clock` moves, where there is one.
    pub shifted: Option<ShiftedClock>,
    /// The same seed and the same calls give the same ids, faults and orders. RSA keys, and what is signed with them, are new
    /// each time.
    pub seed: u64,
    /// Where to listen; port 0 lets the system choose.
    pub bind: SocketAddr,
    /// Checks every call and answer, and the webhooks that a document describes.
    pub contract: Option<Arc<Contract>>,
    /// Serve `/_control/…`.
    pub control: bool,
    /// Tell receivers by itself as time passes. Without it, the simulator's `flush_…` sends what is due.
    pub live: bool,
}

impl Options {
    /// Loopback, a port the system chooses, no control routes, receivers told by hand.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, seed: u64) -> Self {
        Self {
            clock,
            shifted: None,
            seed,
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            contract: None,
            control: false,
            live: false,
        }
    }
}

/// The simulated world of one vendor.
pub(crate) trait Simulated: fmt::Debug + Send + Sized + 'static {
    /// How long a receiver may take to answer, where a call does not say otherwise.
    const PATIENCE: Duration;

    /// A world without anybody. `base` is the scheme, host and port of its server.
    fn begin(options: &Options, base: String) -> Self;

    /// Everything that happens by itself until now, each at its own time.
    fn tick(&mut self, now: DateTime<Utc>);

    /// Everything it serves.
    fn router(stage: Arc<Stage<Self>>) -> Router;

    /// Writes a call outside the API into the log, by method, route and our word for it.
    fn note_page(&mut self, at: DateTime<Utc>, what: (&str, &str, &str), answer: &Answer);

    /// Sends everything that is due; returns how many deliveries were attempted.
    fn deliver_due(stage: &Stage<Self>) -> impl Future<Output = usize> + Send;
}

#[derive(Debug)]
pub(crate) struct Stage<W> {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) shifted: Option<ShiftedClock>,
    pub(crate) contract: Option<Arc<Contract>>,
    pub(crate) control: bool,
    world: Mutex<W>,
    /// What the courier calls with.
    pub(crate) client: reqwest::Client,
    /// Held by the one who sends: deliveries go out in order.
    pub(crate) sending: tokio::sync::Mutex<()>,
    /// Told whenever something may have become due.
    pub(crate) wake: Notify,
}

impl<W: Simulated> Stage<W> {
    fn new(options: Options, base: String) -> io::Result<Self> {
        let client = reqwest::Client::builder()
            .timeout(W::PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(io::Error::other)?;
        Ok(Self {
            world: Mutex::new(W::begin(&options, base)),
            clock: options.clock,
            shifted: options.shifted,
            contract: options.contract,
            control: options.control,
            client,
            sending: tokio::sync::Mutex::new(()),
            wake: Notify::new(),
        })
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, W> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The world, after everything that happened by itself until now.
    pub(crate) fn present(&self) -> (MutexGuard<'_, W>, DateTime<Utc>) {
        let now = self.now();
        let mut world = self.world();
        world.tick(now);
        (world, now)
    }

    /// Does something in the present world, and lets the courier look.
    pub(crate) fn act<T>(&self, deed: impl FnOnce(&mut W, DateTime<Utc>) -> T) -> T {
        let (mut world, now) = self.present();
        let outcome = deed(&mut world, now);
        drop(world);
        self.wake.notify_one();
        outcome
    }

    /// Answers a call outside the API, and notes it.
    pub(crate) fn answered(
        &self,
        what: (&str, &str, &str),
        work: impl FnOnce(&mut W, DateTime<Utc>) -> Answer,
    ) -> Response {
        let answer = self.act(|world, now| {
            let answer = work(world, now);
            world.note_page(now, what, &answer);
            answer
        });
        answer.into_response()
    }
}

/// A listener and its courier. Both end when this is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    server: Server,
    courier: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(courier) = &self.courier {
            courier.abort();
        }
    }
}

impl Running {
    /// Scheme, host and port.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.server.address)
    }
}

/// Starts listening.
///
/// # Errors
/// When the address cannot be bound.
pub(crate) async fn start<W: Simulated>(options: Options) -> io::Result<(Arc<Stage<W>>, Running)> {
    let listener = bind(options.bind).await?;
    let base = format!("http://{}", listener.local_addr()?);
    let live = options.live;
    let stage = Arc::new(Stage::new(options, base)?);
    let server = serve(listener, W::router(Arc::clone(&stage)))?;
    let courier = live.then(|| {
        let stage = Arc::clone(&stage);
        tokio::spawn(async move {
            loop {
                W::deliver_due(&stage).await;
                let pause = tokio::time::sleep(PAUSE);
                tokio::select! {
                    () = stage.wake.notified() => {}
                    () = pause => {}
                }
            }
        })
    });
    Ok((stage, Running { server, courier }))
}
