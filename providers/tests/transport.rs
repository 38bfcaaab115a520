//! The outbound client, over HTTP against a scripted server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod script;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use lectern_core::provider::{Call, ErrorKind};
use lectern_providers::{
    registry,
    transport::{
        Allowance, Body, Credentials, Failure, FailureKind, Field, Inspect, Judgement, Request, Response,
        Seen, Transport,
    },
};
use reqwest::Method;
use script::{Answer, CLASSIC, Server, connection, settings, transport, transport_with};
use serde_json::json;
use url::Url;

fn request(url: Url) -> Request {
    Request {
        provider: lectern_providers::zoom::NAME,
        operation: "test",
        route: "/test",
        method: Method::GET,
        url,
        headers: Vec::new(),
        credentials: None,
        body: Body::Empty,
        repeatable: true,
        tries: 1,
        tenant: "school".into(),
        budget: None,
        judge: |_, _| Judgement::Final,
        tracking_header: "x-tracking",
    }
}

async fn send(transport: &Transport, request: &Request) -> Result<Response, Failure> {
    transport.send(request, &Allowance::start(&Call::background())).await
}

#[tokio::test]
async fn this_machine_is_called_only_by_choice() {
    let server = Server::list([Answer::empty(204)]).await;
    let closed = transport_with(false, || {}, None);
    let failure = send(&closed, &request(server.origin.clone())).await.unwrap_err();
    assert!(matches!(failure.kind, FailureKind::Forbidden(_)) && !failure.maybe_done);
    assert!(server.asked().is_empty());
    send(&transport(), &request(server.origin.clone())).await.unwrap();
}

/// S-27, for the providers' client.
#[tokio::test]
async fn s_27_inner_addresses_are_never_called() {
    for url in [
        "https://127.0.0.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/",
        "https://2130706433/",
        "https://10.0.0.1/",
        "https://localhost/",
    ] {
        let failure =
            send(&transport_with(false, || {}, None), &request(url.parse().unwrap())).await.unwrap_err();
        assert!(matches!(failure.kind, FailureKind::Forbidden(_)), "{url}: {failure:?}");
    }
}

#[tokio::test]
async fn redirects_are_answers_not_orders() {
    let server = Server::list([Answer::empty(302).header("location", "/elsewhere")]).await;
    assert_eq!(send(&transport(), &request(server.origin.clone())).await.unwrap().status, 302);
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    let server = Server::list([Answer::bytes(200, vec![b' '; 8 * 1024 * 1024 + 1])]).await;
    let failure = send(&transport(), &request(server.origin.clone())).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::TooLarge);
}

#[tokio::test]
async fn nobody_there_means_nothing_was_done() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let failure = send(&transport(), &request(url)).await.unwrap_err();
    assert_eq!((failure.kind, failure.maybe_done), (FailureKind::NotConnected, false));
}

/// The machine takes the connection, and nobody ever answers.
#[tokio::test]
async fn silence_ends_with_the_deadline_and_leaves_a_doubt() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let call = Call { deadline: std::time::Duration::from_millis(50), interactive: false };
    let failure = transport().send(&request(url), &Allowance::start(&call)).await.unwrap_err();
    assert_eq!((failure.kind, failure.maybe_done), (FailureKind::TimedOut, true));
}

#[tokio::test]
async fn a_broken_answer_leaves_a_doubt() {
    let server = Server::list([Answer::cut()]).await;
    let failure = send(&transport(), &request(server.origin.clone())).await.unwrap_err();
    assert_eq!((failure.kind, failure.maybe_done), (FailureKind::Interrupted, true));
}

static CHECKS: AtomicU32 = AtomicU32::new(0);

#[tokio::test]
async fn each_request_is_preceded_by_the_check() {
    let server = Server::start(|_| Answer::empty(204)).await;
    let transport = transport_with(
        true,
        || {
            CHECKS.fetch_add(1, Ordering::SeqCst);
        },
        None,
    );
    send(&transport, &request(server.origin.clone())).await.unwrap();
    send(&transport, &request(server.origin.clone())).await.unwrap();
    assert_eq!(CHECKS.load(Ordering::SeqCst), 2);
}

#[derive(Debug, Default)]
struct Notes(Mutex<Vec<String>>);

impl Inspect for Notes {
    fn exchanged(&self, seen: &Seen<'_>) {
        let answer = seen
            .answer
            .as_ref()
            .map(|answer| (answer.status, String::from_utf8_lossy(answer.body).into_owned()));
        let body = String::from_utf8_lossy(seen.body).into_owned();
        self.0.lock().unwrap().push(format!(
            "{} {} {:?} {body} {answer:?}",
            seen.method,
            seen.url.path(),
            seen.headers
        ));
    }
}

#[tokio::test]
async fn the_inspector_sees_everything_but_secrets() {
    let notes = Arc::new(Notes::default());
    let server = Server::list([
        Answer::json(200, json!({"access_token": "canary-3"})),
        Answer::json(404, json!({"code": 3001})),
    ])
    .await;
    let transport = transport_with(true, || {}, Some(notes.clone()));
    let mut form = request(server.origin.join("/oauth/token").unwrap());
    form.method = Method::POST;
    form.credentials = Some(Credentials::Basic("client".to_owned(), "canary-1".into()));
    form.body = Body::Form(vec![
        ("grant_type", Field::Open("refresh_token".to_owned())),
        ("refresh_token", Field::Hidden("canary-2".into())),
    ]);
    send(&transport, &form).await.unwrap();
    let mut call = request(server.origin.join("/v2/meetings/1").unwrap());
    call.credentials = Some(Credentials::Bearer("canary-4".into()));
    call.body = Body::Json(json!({"topic": "Algebra"}));
    send(&transport, &call).await.unwrap();
    let notes = notes.0.lock().unwrap().join("\n");
    assert!(!notes.contains("canary"), "{notes}");
    assert!(notes.contains("grant_type=refresh_token&refresh_token=***"), "{notes}");
    assert!(
        notes.contains(r#"{"topic":"Algebra"}"#) && notes.contains(r#"404, "{\"code\":3001}""#),
        "{notes}"
    );
    let everything = format!("{form:?} {call:?} {transport:?}");
    assert!(!everything.contains("canary"), "{everything}");
}

#[tokio::test]
async fn an_error_does_not_repeat_the_address() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = Url::parse(&format!("http://{}/x?token=canary", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let failure = send(&transport(), &request(url)).await.unwrap_err();
    let error =
        failure.into_error(lectern_providers::zoom::NAME, "test", "2026-11-21T09:00:00Z".parse().unwrap());
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(!format!("{error:?}").contains("canary"));
}

/// R-04: a vendor that is down for one organization is left alone; another organization's calls go on.
#[tokio::test]
async fn r_04_an_outage_stays_where_it_is() {
    let down = Server::start(|_| Answer::error(503, 0, "down")).await;
    let up = Server::start(|_| Answer::json(200, json!({"meetings": []}))).await;
    let transport = transport();
    let of = |server: &Server, tenant: &str| {
        let mut settings = settings(server, server, None);
        settings.tenant = tenant.to_owned();
        registry::build(&settings, &transport, Some(connection(CLASSIC, 2))).unwrap()
    };
    let meeting = lectern_core::provider::MeetingRef { id: "1".to_owned(), host: None };
    let (broken, fine) = (of(&down, "a"), of(&up, "b"));
    for _ in 0..100 {
        let error = broken
            .attendance()
            .unwrap()
            .runs(&Call::interactive(std::time::Duration::from_secs(2)), &meeting)
            .await
            .unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unavailable);
    }
    assert!(down.asked().len() <= 30, "{} requests", down.asked().len());
    fine.attendance().unwrap().runs(&Call::background(), &meeting).await.unwrap();
}
