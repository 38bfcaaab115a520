//! What the simulators' control routes share. Loopback only, JSON in and out.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::{FromRequestParts, Query, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    faults::{FaultPlan, Faults},
    stage::{Simulated, Stage},
};

/// Shows that the caller sits on this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loopback;

impl<S: Send + Sync> FromRequestParts<S> for Loopback {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let peer = parts.extensions.get::<SocketAddr>();
        if peer.is_some_and(|peer| peer.ip().is_loopback()) { Ok(Self) } else { Err(StatusCode::NOT_FOUND) }
    }
}

/// From where on a log is wanted.
#[derive(Debug, Deserialize)]
pub(crate) struct Since {
    /// A sequence number, or a moment.
    #[serde(default)]
    since: String,
}

impl Since {
    /// The entries after it; `at` gives an entry's moment.
    pub(crate) fn cut<'a, T>(&self, log: &'a [T], at: impl Fn(&T) -> DateTime<Utc>) -> &'a [T] {
        match (self.since.parse::<u64>(), DateTime::parse_from_rfc3339(&self.since)) {
            (Ok(seq), _) => since(log, seq),
            (_, Ok(moment)) => {
                log.get(log.partition_point(|entry| at(entry) <= moment)..).unwrap_or_default()
            }
            _ => log,
        }
    }
}

/// The entries after a sequence number: the log's numbers begin at 1 and never skip.
pub(crate) fn since<T>(log: &[T], seq: u64) -> &[T] {
    usize::try_from(seq).ok().and_then(|seq| log.get(seq..)).unwrap_or_default()
}

/// What carries events to receivers, and what may happen to them on the way.
pub(crate) trait Carrier {
    /// What happens on the way.
    type Behaviour: Clone + Serialize + DeserializeOwned + Send + Sync;
    /// An attempt to deliver, or a loss on purpose.
    type Record: Serialize;

    fn set(&mut self, behaviour: Self::Behaviour);
    /// All attempts, oldest first.
    fn log(&self) -> &[Self::Record];
    /// When an attempt was made.
    fn at(record: &Self::Record) -> DateTime<Utc>;
    /// How many deliveries wait.
    fn waiting(&self) -> usize;
    /// When the first of them goes out.
    fn next_due(&self) -> Option<DateTime<Utc>>;
}

/// A world as far as every vendor's control routes reach.
pub(crate) trait Controlled: Simulated {
    /// Its switches.
    type Behaviour: Clone + Serialize + DeserializeOwned + Send + Sync;
    /// A line of its log of calls.
    type Record: Serialize;
    /// An answer that the next calls of an operation give.
    type Forced: Clone + Serialize + DeserializeOwned + Send + Sync;
    /// What carries its events.
    type Carrier: Carrier;
    /// The route that says what happens on the way, by the vendor's word for what is carried.
    const CARRIER_AT: &str;

    fn forced(&mut self) -> &mut Vec<Self::Forced>;
    fn carrier(&mut self) -> &mut Self::Carrier;

    fn behaviour(&mut self) -> &mut Self::Behaviour;
    fn faults(&mut self) -> &mut Faults;
    /// All calls served, oldest first.
    fn log(&self) -> &[Self::Record];
    /// When a call was served.
    fn at(record: &Self::Record) -> DateTime<Utc>;
}

/// Gives a world to the control routes: its switches, its log, what is forced and what carries its events, each by its field.
macro_rules! controlled {
    ($world:ty { forced: $forced:ty = $($kept:ident).+, $carrier:ident: $outbox:ty = $at:literal }) => {
        impl $crate::control::Controlled for $world {
            type Behaviour = Behaviour;
            type Record = RequestRecord;
            type Forced = $forced;
            type Carrier = $outbox;
            const CARRIER_AT: &str = $at;

            fn behaviour(&mut self) -> &mut Behaviour {
                &mut self.behaviour
            }

            fn faults(&mut self) -> &mut $crate::faults::Faults {
                &mut self.faults
            }

            fn log(&self) -> &[RequestRecord] {
                &self.log
            }

            fn at(record: &RequestRecord) -> chrono::DateTime<chrono::Utc> {
                record.at
            }

            fn forced(&mut self) -> &mut Vec<$forced> {
                &mut self.$($kept).+
            }

            fn carrier(&mut self) -> &mut $outbox {
                &mut self.$carrier
            }
        }
    };
}
pub(crate) use controlled;

/// What can be done to every simulator: its log read, its clock moved, faults planned, answers forced, switches set, and what
/// becomes of its events on the way.
pub(crate) fn common<W: Controlled>() -> Router<Arc<Stage<W>>> {
    Router::new()
        .route("/_control/requests", get(requests::<W>))
        .route("/_control/clock", get(clock::<W>).post(advance::<W>))
        .route("/_control/faults", post(faults::<W>))
        .route("/_control/behaviour", get(behaviour::<W>).put(set_behaviour::<W>))
        .route("/_control/errors", post(force::<W>))
        .route(W::CARRIER_AT, get(deliveries::<W>).post(carry::<W>))
}

async fn requests<W: Controlled>(
    _: Loopback,
    State(stage): State<Arc<Stage<W>>>,
    Query(wanted): Query<Since>,
) -> Json<Value> {
    let world = stage.world();
    let log = world.log();
    Json(json!({ "requests": wanted.cut(log, W::at), "seq": log.len() }))
}

async fn clock<W: Controlled>(_: Loopback, State(stage): State<Arc<Stage<W>>>) -> Json<Value> {
    Json(json!({ "now": stage.now() }))
}

/// How far a clock is moved.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: i64,
}

async fn advance<W: Controlled>(
    _: Loopback,
    State(stage): State<Arc<Stage<W>>>,
    Json(wanted): Json<Advance>,
) -> Response {
    let Some(clock) = &stage.shifted else {
        let why = json!({ "error": "this simulator's clock cannot be moved from here" });
        return (StatusCode::CONFLICT, Json(why)).into_response();
    };
    clock.advance(TimeDelta::seconds(wanted.advance_seconds));
    stage.act(|_, now| Json(json!({ "now": now }))).into_response()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    plan: FaultPlan,
}

async fn faults<W: Controlled>(
    _: Loopback,
    State(stage): State<Arc<Stage<W>>>,
    Json(wanted): Json<Plan>,
) -> Json<Value> {
    stage.world().faults().set(wanted.seed, wanted.plan.clone());
    Json(json!({ "seed": wanted.seed, "plan": wanted.plan }))
}

async fn behaviour<W: Controlled>(_: Loopback, State(stage): State<Arc<Stage<W>>>) -> Json<W::Behaviour> {
    Json(stage.world().behaviour().clone())
}

async fn set_behaviour<W: Controlled>(
    _: Loopback,
    State(stage): State<Arc<Stage<W>>>,
    Json(wanted): Json<W::Behaviour>,
) -> Json<W::Behaviour> {
    stage.world().behaviour().clone_from(&wanted);
    Json(wanted)
}

async fn force<W: Controlled>(
    _: Loopback,
    State(stage): State<Arc<Stage<W>>>,
    Json(forced): Json<W::Forced>,
) -> Json<Value> {
    stage.world().forced().push(forced.clone());
    Json(json!({ "forced": forced }))
}

type CarrierOf<W> = <W as Controlled>::Carrier;

async fn carry<W: Controlled>(
    _: Loopback,
    State(stage): State<Arc<Stage<W>>>,
    Json(wanted): Json<<CarrierOf<W> as Carrier>::Behaviour>,
) -> Json<<CarrierOf<W> as Carrier>::Behaviour> {
    stage.world().carrier().set(wanted.clone());
    Json(wanted)
}

async fn deliveries<W: Controlled>(
    _: Loopback,
    State(stage): State<Arc<Stage<W>>>,
    Query(wanted): Query<Since>,
) -> Json<Value> {
    let (mut world, _) = stage.present();
    let carrier = world.carrier();
    let told = wanted.cut(carrier.log(), CarrierOf::<W>::at);
    Json(json!({ "deliveries": told, "waiting": carrier.waiting(), "next_due": carrier.next_due() }))
}
