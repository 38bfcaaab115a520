//! A Lantern to talk to: an HTTP server on loopback with its documents' rules, and a hand on it.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Path, Query, Request, State},
    http::{HeaderMap, StatusCode},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use chrono::{DateTime, Utc};
use lectern_core::{
    clock::{Clock as _, FixedClock},
    conformance::Trouble,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// Somebody's time in a room.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) name: String,
    pub(crate) joined_at: DateTime<Utc>,
    pub(crate) left_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
    pub(crate) visits: Vec<Visit>,
}

#[derive(Clone, Debug)]
pub(crate) struct Room {
    key: String,
    title: String,
    starts_at: DateTime<Utc>,
    minutes: u32,
    pub(crate) lobby: bool,
    pub(crate) runs: Vec<Run>,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) rooms: BTreeMap<String, Room>,
    pub(crate) requests: usize,
    pub(crate) trouble: Trouble,
    pub(crate) page: usize,
    pub(crate) secret: String,
    pub(crate) tokens: BTreeSet<String>,
    pub(crate) scopes: Vec<&'static str>,
    numbers: u32,
}

/// The running service.
#[derive(Clone, Debug)]
pub(crate) struct Vendor {
    pub(crate) clock: FixedClock,
    pub(crate) base: String,
    world: Arc<Mutex<World>>,
}

/// What a room is asked to be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    key: String,
    title: String,
    starts_at: DateTime<Utc>,
    minutes: u32,
    lobby: bool,
}

fn refused(status: u16, code: &str) -> Response {
    (StatusCode::from_u16(status).unwrap(), Json(json!({"code": code}))).into_response()
}

fn no_room() -> Response {
    refused(404, "no_room")
}

/// The connection ends in the middle of the answer.
fn hang_up() -> Response {
    let broken = futures::stream::once(async { Err::<Bytes, _>(io::Error::other("gone")) });
    Body::from_stream(broken).into_response()
}

impl Vendor {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let vendor = Self {
            clock: FixedClock::at("2026-11-21T12:00:00Z".parse().unwrap()),
            base: format!("http://{}", listener.local_addr().unwrap()),
            world: Arc::new(Mutex::new(World {
                rooms: BTreeMap::new(),
                requests: 0,
                trouble: Trouble::Over,
                page: 50,
                secret: "client-secret".to_owned(),
                tokens: BTreeSet::new(),
                scopes: vec!["rooms", "visits"],
                numbers: 0,
            })),
        };
        let api = Router::new()
            .route("/owner", get(owner))
            .route("/token", delete(revoke))
            .route("/rooms", get(find).post(create))
            .route("/rooms/{id}", get(look).put(change).delete(remove))
            .route("/rooms/{id}/run", delete(end))
            .route("/rooms/{id}/runs", get(runs))
            .route("/rooms/{id}/runs/{run}/visits", get(visits))
            .layer(from_fn_with_state(vendor.clone(), admit));
        let router =
            Router::new().nest("/v1", api).route("/oauth/token", post(token)).with_state(vendor.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        vendor
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub(crate) fn host(&self) -> String {
        self.base.trim_start_matches("http://").to_owned()
    }

    fn room(&self, id: &str, room: &Room) -> Value {
        json!({
            "id": id, "title": room.title, "starts_at": room.starts_at, "minutes": room.minutes, "lobby": room.lobby,
            "url": format!("{}/r/{id}", self.base), "running": room.is_running(),
        })
    }
}

impl Room {
    pub(crate) fn is_running(&self) -> bool {
        self.runs.last().is_some_and(|run| run.ended_at.is_none())
    }

    pub(crate) fn end(&mut self, now: DateTime<Utc>) {
        if let Some(run) = self.runs.last_mut().filter(|run| run.ended_at.is_none()) {
            run.ended_at = Some(now);
            for visit in &mut run.visits {
                visit.left_at.get_or_insert(now);
            }
        }
    }
}

/// Counting, today's trouble, the token, its scopes.
async fn admit(State(vendor): State<Vendor>, headers: HeaderMap, request: Request, next: Next) -> Response {
    let creates = request.method() == "POST" && request.uri().path().ends_with("/rooms");
    let needs = if request.uri().path().ends_with("/visits") { "visits" } else { "rooms" };
    let trouble = {
        let mut world = vendor.world();
        world.requests += 1;
        let bearer = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !world.tokens.contains(bearer.trim_start_matches("Bearer ")) {
            return refused(401, "bad_token");
        }
        if !world.scopes.contains(&needs) {
            return (StatusCode::FORBIDDEN, Json(json!({"code": "not_allowed", "needs": needs})))
                .into_response();
        }
        world.trouble
    };
    match trouble {
        Trouble::TooMany => {
            let headers = [("retry-after", "2")];
            (StatusCode::TOO_MANY_REQUESTS, headers, Json(json!({"code": "too_many"}))).into_response()
        }
        Trouble::NotMade if creates => hang_up(),
        Trouble::AnswerLost if creates => {
            next.run(request).await;
            hang_up()
        }
        _ => next.run(request).await,
    }
}

async fn token(State(vendor): State<Vendor>, headers: HeaderMap) -> Response {
    let mut world = vendor.world();
    world.requests += 1;
    let basic = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if basic != format!("Basic {}", base64(&format!("client:{}", world.secret))) {
        return refused(401, "bad_credentials");
    }
    world.numbers += 1;
    let token = format!("token-{}", world.numbers);
    world.tokens.insert(token.clone());
    let scope = world.scopes.join(" ");
    Json(json!({"access_token": token, "expires_in": 3600, "scope": scope})).into_response()
}

fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits =
            chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = LETTERS[usize::try_from(bits >> (18 - 6 * place) & 63).unwrap()];
            out.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

async fn owner() -> Json<Value> {
    Json(json!({"id": "u-1", "account": "oak", "email": "ada@oak.test", "name": "Ada Lantern"}))
}

async fn revoke(State(vendor): State<Vendor>) -> StatusCode {
    vendor.world().tokens.clear();
    StatusCode::NO_CONTENT
}

/// A page of a list: as long as the service likes.
fn paged(world: &World, query: &BTreeMap<String, String>, items: Vec<Value>) -> Response {
    let from: usize = query.get("page").and_then(|page| page.parse().ok()).unwrap_or(0);
    let next = (from + world.page < items.len()).then(|| (from + world.page).to_string());
    let items: Vec<_> = items.into_iter().skip(from).take(world.page).collect();
    Json(json!({"items": items, "next": next})).into_response()
}

async fn find(State(vendor): State<Vendor>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let world = vendor.world();
    let wanted = |room: &Room| query.get("key").is_none_or(|key| *key == room.key);
    let found = world.rooms.iter().filter(|(_, room)| wanted(room)).map(|(id, room)| vendor.room(id, room));
    paged(&world, &query, found.collect())
}

async fn create(State(vendor): State<Vendor>, Json(wanted): Json<Wanted>) -> Response {
    let mut world = vendor.world();
    if let Some((id, room)) = world.rooms.iter().find(|(_, room)| room.key == wanted.key) {
        return Json(vendor.room(id, room)).into_response();
    }
    world.numbers += 1;
    let id = format!("room-{}", world.numbers);
    let Wanted { key, title, starts_at, minutes, lobby } = wanted;
    let room = Room { key, title, starts_at, minutes, lobby, runs: Vec::new() };
    let answer = vendor.room(&id, &room);
    world.rooms.insert(id, room);
    (StatusCode::CREATED, Json(answer)).into_response()
}

async fn look(State(vendor): State<Vendor>, Path(id): Path<String>) -> Response {
    let world = vendor.world();
    world.rooms.get(&id).map_or_else(no_room, |room| Json(vendor.room(&id, room)).into_response())
}

async fn change(
    State(vendor): State<Vendor>,
    Path(id): Path<String>,
    Json(wanted): Json<Wanted>,
) -> Response {
    let mut world = vendor.world();
    let Some(room) = world.rooms.get_mut(&id) else { return no_room() };
    let Wanted { title, starts_at, minutes, lobby, .. } = wanted;
    *room = Room { title, starts_at, minutes, lobby, ..room.clone() };
    Json(vendor.room(&id, room)).into_response()
}

async fn remove(State(vendor): State<Vendor>, Path(id): Path<String>) -> Response {
    match vendor.world().rooms.remove(&id) {
        Some(_) => StatusCode::NO_CONTENT.into_response(),
        None => no_room(),
    }
}

async fn end(State(vendor): State<Vendor>, Path(id): Path<String>) -> Response {
    let now = vendor.clock.now();
    match vendor.world().rooms.get_mut(&id).filter(|room| room.is_running()) {
        Some(room) => {
            room.end(now);
            StatusCode::NO_CONTENT.into_response()
        }
        None => no_room(),
    }
}

async fn runs(
    State(vendor): State<Vendor>,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let world = vendor.world();
    let Some(room) = world.rooms.get(&id) else { return no_room() };
    let ended = room.runs.iter().enumerate().filter(|(_, run)| run.ended_at.is_some());
    let items = ended.map(|(number, run)| json!({"id": number.to_string(), "started_at": run.started_at}));
    paged(&world, &query, items.collect())
}

async fn visits(
    State(vendor): State<Vendor>,
    Path((id, run)): Path<(String, usize)>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let world = vendor.world();
    let Some(run) = world.rooms.get(&id).and_then(|room| room.runs.get(run)) else { return no_room() };
    let items = run.visits.iter().enumerate().map(|(number, visit)| {
        json!({"id": number.to_string(), "name": visit.name, "joined_at": visit.joined_at, "left_at": visit.left_at})
    });
    paged(&world, &query, items.collect())
}
