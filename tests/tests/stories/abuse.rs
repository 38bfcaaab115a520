//! Requests that no honest client sends.

use std::time::{Duration, Instant};

use lectern_tests::{Client, Lectern, TestApp, story};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::LECTERN;

/// Sends bytes until the server has answered or hung up; the answer's status and how much was taken.
async fn flood(address: &str, head: &str, piece: &[u8], pieces: usize) -> (u16, usize) {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let head = head.to_owned();
    let piece = piece.to_vec();
    let sending = tokio::spawn(async move {
        let mut sent = 0;
        if write.write_all(head.as_bytes()).await.is_ok() {
            for _ in 0..pieces {
                if write.write_all(&piece).await.is_err() {
                    break;
                }
                sent += piece.len();
            }
        }
        // Kept open: hanging up is the server's part.
        (sent, write)
    });
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(Ok(count @ 1..)) =
        tokio::time::timeout(Duration::from_secs(20), read.read(&mut buffer)).await
    {
        answer.extend_from_slice(&buffer[..count]);
        if answer.windows(4).any(|window| window == b"\r\n\r\n") {
            break;
        }
    }
    drop(read);
    let (sent, _) =
        tokio::time::timeout(Duration::from_secs(20), sending).await.expect("the server hangs up").unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("no answer: {answer:?}")), sent)
}

/// S-37: a gigabyte is refused after little of it, with and without a length, and costs no memory.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s37_a_gigabyte_is_refused_early() {
    let data = tempfile::tempdir().unwrap();
    let lectern = Lectern::new(LECTERN, data.path());
    let server = lectern.serve().await;
    let address = server.base.trim_start_matches("http://").to_owned();
    let before = server.most_memory();
    let started = Instant::now();
    let piece = vec![b'x'; 1 << 16];
    let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), &piece, b"\r\n"].concat();
    for path in ["/api/v1/auth/login", "/sign-in"] {
        let kind = if path == "/sign-in" { "application/x-www-form-urlencoded" } else { "application/json" };
        let head = format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {kind}\r\n");
        let (status, sent) =
            flood(&address, &format!("{head}Content-Length: {}\r\n\r\n", 1_u64 << 30), &piece, 1 << 14).await;
        assert_eq!(status, 413, "{path}");
        assert!(sent < 32 << 20, "{path}: {sent} bytes were taken");
        let (status, sent) =
            flood(&address, &format!("{head}Transfer-Encoding: chunked\r\n\r\n"), &chunk, 1 << 14).await;
        assert_eq!(status, 413, "{path}, without a length");
        assert!(sent < 32 << 20, "{path}: {sent} bytes were taken");
    }
    let (status, _) = flood(
        &address,
        &format!("GET /sign-in?{} HTTP/1.1\r\nHost: {address}\r\n\r\n", "a=1&".repeat(1_000_000)),
        b"",
        0,
    )
    .await;
    assert!(matches!(status, 400 | 414 | 431), "a million parameters: {status}");
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    let grown = server.most_memory() - before;
    assert!(grown < 32 << 10, "memory grew by {grown} KiB");
    server.signal("TERM").await;
    assert_eq!(server.ended().await, Some(0));
}

/// S-37: a body that never comes to its end is given up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s37_a_slow_body_is_given_up() {
    let data = tempfile::tempdir().unwrap();
    let server =
        Lectern::new(LECTERN, data.path()).with("LECTERN_LIMITS__REQUEST_SECONDS", "1").serve().await;
    let address = server.base.trim_start_matches("http://").to_owned();
    let head = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    );
    let (status, _) = flood(&address, &head, b"", 0).await;
    assert_eq!(status, 408);
    server.signal("TERM").await;
    assert_eq!(server.ended().await, Some(0));
}

async fn raw(client: &Client, path: &str, body: Vec<u8>, headers: &[(&str, &str)]) -> (u16, Value) {
    let mut request = client.request(reqwest::Method::POST, path).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

story!(
    /// S-37: deep JSON, many fields, compressed bodies and other shapes are refused with a problem document.
    s37_shapes_that_are_refused, |app| async {
        let amina = app.organization("oakwood").await.admin().await;
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
            let (status, problem) = raw(&amina, "/api/v1/people", deep.into_bytes(), &[]).await;
            assert!(matches!(status, 400 | 422), "{status}");
            assert!(problem["code"].is_string());
            let inside = format!("{{\"email\": {}1{}}}", open.repeat(10_000), close.repeat(10_000));
            assert!(matches!(raw(&amina, "/api/v1/people", inside.into_bytes(), &[]).await.0, 400 | 422));
        }
        let many = format!("{{{}\"z\":1}}", (0..60_000).map(|n| format!("\"f{n}\":1,")).collect::<String>());
        assert_eq!(raw(&amina, "/api/v1/people", many.into_bytes(), &[]).await.0, 422);
        let good = r#"{"email":"gz@oakwood.example","name":"G","role":0}"#;
        // The same in gzip. A server that inflates requests can be made to inflate anything.
        let packed = hex::decode("1f8b0800000000000203ab564acd4dcccc51b2524aaf72c84fcc2ecfcf4fd14bad48cc2dc84955d251ca4bcc4d05cab9039945f940112b835a0071ca36f132000000").unwrap();
        assert_eq!(raw(&amina, "/api/v1/people", packed, &[("content-encoding", "gzip")]).await.0, 400);
        assert_eq!(app.database.count("people where email_key = 'gz@oakwood.example'").await, 0);
        for body in [b"\xff\xfe".to_vec(), b"null".to_vec(), b"[]".to_vec(), b"\"x\"".to_vec(), format!("{good}{good}").into_bytes(), vec![0; 64]] {
            let (status, problem) = raw(&amina, "/api/v1/people", body.clone(), &[]).await;
            assert!(matches!(status, 400 | 422), "{body:?}: {status} {problem}");
        }
        let (status, problem) = raw(&amina, "/api/v1/people", b" [\"nul@oakwood.example\", \"A\", 0]".to_vec(), &[]).await;
        assert!(status == 400 && problem["detail"].as_str().unwrap().contains("one JSON object, not a list"), "{problem}");
        let text = amina.request(reqwest::Method::POST, "/api/v1/people").body(good).send().await.unwrap();
        assert_eq!(text.status(), 400, "a body that does not say it is JSON");
        let nul = json!({"email": "nul@oakwood.example", "name": "a\u{0}b", "role": 0});
        assert_eq!(amina.post("/api/v1/people", nul).await.0, 422);
        assert_eq!(amina.get("/api/v1/people?external_id=%00").await.0, 422);
        let login = json!({"organization": "oak\u{0}wood", "email": "a\u{0}", "password": "p"});
        assert_eq!(app.nobody().post("/api/v1/auth/login", login).await.0, 422);
        let form = [("organization", "oak\0wood"), ("email", "a\0@oakwood.example"), ("password", "p")];
        assert_eq!(app.browser().post("/sign-in", &form).await.status(), 422);
        assert_eq!(amina.get("/api/v1/people/not-a-uuid").await.0 / 100, 4);
        assert_eq!(app.database.count("people where email_key like 'gz%' or email_key like 'nul%'").await, 0);
    }
);

story!(
    /// S-38: what an untrusted peer says about itself and the address it came by is ignored.
    s38_forged_forwarding_is_ignored, |app| async {
        let amina = app.organization("oakwood").await.admin().await;
        let limit = app.config.limits.sign_ins_per_address;
        let address = "sign-in from 127.0.0.1";
        for _ in 0..limit {
            app.limiter.count(address, limit).unwrap();
        }
        let body = json!({"organization": "oakwood", "email": amina.email, "password": lectern_tests::PASSWORD});
        for forged in ["10.1.1.1", "127.0.0.2, 10.0.0.1", "::1"] {
            for name in ["x-forwarded-for", "forwarded", "x-real-ip"] {
                let answer = app.nobody().send("POST", "/api/v1/auth/login", Some(&body), &[(name, forged)]).await;
                assert_eq!(answer.status, 429, "{name}: {forged}");
            }
        }
        let headers = [("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "https"), ("host", "evil.example")];
        let page = app.browser().send(reqwest::Method::GET, "/people", None, &headers).await;
        assert_eq!(page.location(), "/sign-in?next=%2Fpeople");
        app.pass(chrono::Duration::minutes(11));
        let browser = app.browser();
        let shown = browser.get("/sign-in").await;
        assert!(!shown.html().contains("evil.example"));
        let fields = [("organization", "oakwood"), ("email", amina.email.as_str()), ("password", lectern_tests::PASSWORD)];
        let signed_in = browser.send(reqwest::Method::POST, "/sign-in", Some(&fields), &headers).await;
        assert_eq!(signed_in.location(), "/");
        assert!(!signed_in.answer.header("set-cookie").contains("__Host-"), "the scheme is the operator's to say");
    }
);

async fn shown_people(app: &TestApp, amina: &lectern_tests::Person) -> String {
    let page = amina.browser(app).get("/people").await;
    assert_eq!(page.status(), 200);
    page.html().to_owned()
}

story!(
    /// S-30: markup, template signs and ends of scripts in a name are shown as text.
    s30_markup_is_text, |app| async {
        let amina = app.organization("oakwood").await.admin().await;
        for (number, name) in ["<img src=x onerror=alert(1)>", "{{7*7}}{% raw %}", "</script><script>alert(1)</script>", "\" autofocus onfocus=alert(1) x=\"", "'><svg/onload=alert(1)>", "&lt;b&gt;"].iter().enumerate() {
            let made = amina.create("/api/v1/people", json!({"email": format!("m{number}@oakwood.example"), "name": name, "role": 0})).await;
            assert_eq!(made["name"], *name, "kept as it was written");
        }
        let html = shown_people(app, &amina).await;
        for raw in ["<img src=x", "<script>alert", "onfocus=alert(1) x=\"", "<svg/onload", "<b>"] {
            assert!(!html.contains(raw), "{raw}");
        }
        assert!(html.contains("{{7*7}}") && !html.contains("49{%"), "no template is made of data");
        assert!(html.contains("&lt;img src=x onerror=alert(1)&gt;"), "{html}");
        let policy = amina.browser(app).get("/people").await.answer.header("content-security-policy").to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"), "{policy}");
    }
);

story!(
    /// S-31: a line break in a name, title or address is refused where it enters.
    s31_line_breaks_are_refused, |app| async {
        let root = app.super_admin().await;
        let amina = app.organization("oakwood").await.admin().await;
        for bad in ["A\r\nBcc: x@evil.example", "A\nATTENDEE:mailto:x@evil.example", "A\u{0}B", "A\u{85}B", "A\u{2028}B", "A\u{2029}B", "A\u{202e}B", "A\u{2067}B", "A\u{1b}B", "\r\n"] {
            for field in ["name", "email", "external_id"] {
                let mut body = json!({"email": "ok@oakwood.example", "name": "Ok", "role": 0});
                body[field] = json!(if field == "email" { format!("{bad}@oakwood.example") } else { bad.to_owned() });
                let (status, problem) = amina.post("/api/v1/people", body).await;
                assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!(field)), "{bad:?}");
            }
            let (status, problem) = root.post("/api/v1/organizations", json!({"slug": "new", "name": bad})).await;
            assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("name")), "{bad:?}");
        }
        assert_eq!(app.database.count("people where email_key = 'ok@oakwood.example'").await, 0);
    }
);
