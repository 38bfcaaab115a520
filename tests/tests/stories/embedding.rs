//! Parts of ours inside a host application's pages: who may see them, who may frame them, and what the frame's cookie opens.

use chrono::Duration;
use lectern_core::{
    embed::{EmbedClaims, EmbedLinks, EmbedPurpose, EmbedView},
    random::SeededRandomness,
    seal::MasterKey,
};
use lectern_tests::{Browser, Client, Page, Person, TestApp, story};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{host_tokens, live};

const SHOP: &str = "https://www.dreamcrowd.example";
const EMBEDS: &str = "/api/v1/embeds";
const ORIGINS: &str = "/api/v1/organization/embedding";
/// What a browser says when a frame asks.
const FRAME: [(&str, &str); 2] = [("sec-fetch-dest", "iframe"), ("sec-fetch-site", "cross-site")];

async fn allow(owner: &Person, origins: &[&str]) {
    let (status, saved) = owner.put(ORIGINS, json!({"origins": origins})).await;
    assert_eq!(status, 200, "{saved}");
}

async fn link(app: &TestApp, who: &Client, body: Value) -> String {
    let made = who.create(EMBEDS, body).await;
    let url = made["url"].as_str().unwrap().to_owned();
    app.secret(url.split("token=").nth(1).unwrap());
    url
}

/// A browser in which a page of the shop has framed this view, and the view.
async fn framed(app: &TestApp, who: &Client, body: Value) -> (Browser, Page) {
    let browser = app.browser();
    let url = link(app, who, body).await;
    let opened = browser.send(Method::GET, &url, None, &FRAME).await;
    assert_eq!(opened.status(), 303, "{}", opened.html());
    let page = browser.get(opened.location()).await;
    assert_eq!(page.status(), 200, "{}", page.html());
    (browser, page)
}

/// A page's text as a browser reads it.
fn read(page: &Page) -> String {
    page.html().replace("&#x2f;", "/").replace("&#x3d;", "=").replace("&quot;", "\"").replace("&amp;", "&")
}

/// Who may frame an answer, by its headers: what new browsers obey, and old ones.
fn frame_of(page: &Page) -> (String, String) {
    let policy = page.answer.header("content-security-policy").to_owned();
    let ancestors = policy.split("frame-ancestors ").nth(1).unwrap_or_default();
    (ancestors.split(';').next().unwrap().to_owned(), page.answer.header("x-frame-options").to_owned())
}

fn nobody_frames(page: &Page) {
    assert_eq!(frame_of(page), ("'none'".to_owned(), "DENY".to_owned()), "{}", page.path);
}

/// The same refusal for everything: 403, these bytes, in no frame, without a cookie.
fn refused(page: &Page) -> &str {
    assert_eq!(page.status(), 403, "{}: {}", page.path, page.html());
    nobody_frames(page);
    assert!(page.answer.headers.get("set-cookie").is_none());
    page.html()
}

story!(
    /// A seller whom only DreamCrowd knows connects, renews and gives up the account in DreamCrowd's own panel; the consent itself
    /// goes on in a window of its own.
    a_seller_connects_in_dreamcrowds_panel, |app| async {
        let dreamcrowd = app.organization("dreamcrowd").await;
        let owner = app.set_up_zoom(&dreamcrowd).await;
        app.zoom_host("seller@dreamcrowd.example");
        host_tokens::take_hs256(&dreamcrowd, app).await;
        allow(&owner, &[SHOP, "http://localhost:3000"]).await;
        let claims = host_tokens::with(host_tokens::claims(app), json!({"sub": "seller-1", "role": 1, "email": "seller@dreamcrowd.example", "name": "Sadia Seller"}));
        let token = host_tokens::hs256(host_tokens::SECRET.as_bytes(), &claims);
        app.secret(&token);
        let seller = app.nobody().with_bearer(Some(&token));
        let theme = json!({"accent": "#FFE600", "scheme": "dark"});
        let (browser, panel) = framed(app, &seller, json!({"view": "connection", "theme": theme, "language": "bn"})).await;
        assert_eq!(frame_of(&panel), (format!("http://localhost:3000 {SHOP}"), String::new()));
        assert!(panel.html().contains("lang=\"bn\"") && !read(&panel).contains("href=\"/people"), "{}", panel.html());
        let shown = read(&panel);
        let sheet = shown.split("href=\"").find_map(|rest| rest.starts_with("/embed/theme/").then(|| rest.split('"').next().unwrap()));
        let sheet = browser.get(sheet.unwrap()).await;
        assert_eq!((sheet.status(), sheet.answer.header("content-type")), (200, "text/css; charset=utf-8"));
        assert!(sheet.html().contains("--accent:#ffe600") && sheet.html().contains("color-scheme:dark"), "{}", sheet.html());
        // On to Zoom in a browser window that has not even the frame's cookie.
        let window = app.browser();
        let connect = "/embed/connection/zoom/connect";
        let (_, proof) = panel.forms().into_iter().find(|(action, _)| action == connect).unwrap();
        let proof: Vec<_> = proof.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let elsewhere = window.send(Method::POST, connect, Some(&proof), &[("origin", SHOP)]).await;
        assert_eq!(elsewhere.status(), 400, "a form of the page around ours");
        let on = window.post(connect, &proof).await;
        assert_eq!(on.status(), 303, "{}", on.html());
        let asked = window.get(on.location()).await;
        assert!(asked.html().contains("Sadia Seller"), "{}", asked.html());
        nobody_frames(&asked);
        let away = window.submit(&asked, "/oauth/zoom/start", &[]).await;
        let back = app.zoom.allow(away.location(), "seller@dreamcrowd.example").unwrap();
        assert_eq!(window.get(&back).await.location(), "/oauth/zoom/done?notice=connected");
        // The frame looks again, and shows it.
        let panel = browser.get("/embed/connection").await;
        assert!(panel.html().contains("seller@dreamcrowd.example"), "{}", panel.html());
        let renewed = browser.submit(&panel, "/embed/connection/zoom/refresh", &[]).await;
        assert_eq!(renewed.location(), "/embed/connection?notice=refreshed");
        assert_eq!(frame_of(&renewed).1, "", "a redirect within a frame is an answer in it");
        let untold = browser.post("/embed/connection/zoom/disconnect", &[("csrf", "x")]).await;
        assert_eq!(untold.status(), 400, "a form that nobody was shown");
        let foreign = [("sec-fetch-site", "cross-site"), ("origin", SHOP)];
        let (_, fields) = panel.forms().into_iter().find(|(action, _)| action.ends_with("/disconnect")).unwrap();
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let stolen = browser.send(Method::POST, "/embed/connection/zoom/disconnect", Some(&fields), &foreign).await;
        assert_eq!(stolen.status(), 400, "a form of the page around ours");
        let gone = browser.submit(&panel, "/embed/connection/zoom/disconnect", &[]).await;
        assert_eq!(gone.location(), "/embed/connection?notice=disconnected");
        let (_, connection) = seller.get("/api/v1/platforms/zoom/connection").await;
        assert_eq!(connection["state"], "none", "{connection}");
        app.settle().await;
    }
);

story!(
    /// A buyer sees when the class opens, and the button leads to the buyer's own join page, which nobody may frame; nothing of the
    /// platform is in the frame.
    a_buyer_joins_from_dreamcrowds_page, |app| async {
        let lesson = app.held_class("dreamcrowd", &["ayesha", "tanvir"]).await;
        let dreamcrowd = app.organization("dreamcrowd").await;
        let owner = dreamcrowd.owner().await;
        let (ayesha, body) = (&lesson.students[0], json!({"view": "join", "class_id": lesson.class}));
        let (status, off) = ayesha.post(EMBEDS, body.clone()).await;
        assert_eq!((status, &off["code"]), (409, &json!("embedding_off")), "{off}");
        allow(&owner, &[SHOP]).await;
        let later = json!({"policies": {"join_opens_minutes": 5}});
        assert_eq!(owner.patch("/api/v1/organization/settings", later).await.0, 200);
        let (browser, page) = framed(app, ayesha, body.clone()).await;
        assert!(page.html().contains("Fractions") && page.html().contains("data-countdown"), "{}", page.html());
        app.pass(Duration::minutes(11));
        let page = browser.get(&page.path).await;
        assert!(!page.html().contains("data-countdown"), "the door is open: {}", page.html());
        let shown = read(&page);
        let join = shown.split("href=\"").find(|rest| rest.contains("/join/class/")).unwrap();
        let (address, rest) = join.split_once('"').unwrap();
        assert!(rest.starts_with(" target=\"_blank\" rel=\"noopener noreferrer\""), "{rest}");
        assert!(!page.html().contains(&app.zoom.base_url()), "{}", page.html());
        let window = app.browser();
        nobody_frames(&window.get(address).await);
        let joined = window.press_join(address).await;
        assert!(joined.location().starts_with(&app.zoom.base_url()), "{}", joined.html());
        // Another buyer's class, and one there is not: the same answer.
        let stranger = dreamcrowd.student("nadia").await;
        for class in [lesson.class.clone(), app.new_id::<lectern_core::ids::ClassId>().to_string()] {
            let (status, told) = stranger.post(EMBEDS, json!({"view": "join", "class_id": class})).await;
            assert_eq!((status, &told["errors"][0]["field"]), (422, &json!("class_id")), "{told}");
        }
        // Taken from the roster, the view is over.
        let roster = lesson.teacher.all(&format!("/api/v1/classes/{}/enrollments", lesson.class)).await;
        let enrollment = roster.iter().find(|row| row.to_string().contains(&ayesha.email)).unwrap();
        let path = format!("/api/v1/classes/{}/enrollments/{}", lesson.class, enrollment["id"].as_str().unwrap());
        assert_eq!(lesson.teacher.delete(&path).await.0, 204);
        refused(&browser.get(&page.path).await);
        app.settle().await;
    }
);

story!(
    /// FR-10 in DreamCrowd's own admin: the board in a frame, told of everything by its own cookie; a class is ended in a window that
    /// nobody frames, after a question.
    an_admin_watches_in_dreamcrowds_page, |app| async {
        let lesson = app.held_class("dreamcrowd", &["ayesha"]).await;
        let dreamcrowd = app.organization("dreamcrowd").await;
        let (owner, amina) = (dreamcrowd.owner().await, dreamcrowd.admin().await);
        allow(&owner, &[SHOP]).await;
        for student in &lesson.students {
            assert_eq!(student.post(EMBEDS, json!({"view": "live"})).await.0, 403);
            assert_eq!(student.post(EMBEDS, json!({"view": "connection"})).await.0, 403);
        }
        let (browser, board) = framed(app, &amina, json!({"view": "live"})).await;
        assert!(read(&board).contains("data-live-at=\"/embed/live/events\""), "{}", board.html());
        let cookie = ("cookie", format!("lectern-embed-live={}", browser.cookies()["lectern-embed-live"]));
        let events = "/embed/live/events";
        let mut socket = live::open_at(app, events, &[cookie.clone(), ("origin", app.base.clone())]).await.unwrap();
        assert_eq!(live::open_at(app, events, &[cookie.clone(), ("origin", SHOP.to_owned())]).await.err(), Some(403));
        assert_eq!(live::open_at(app, "/api/v1/live", &[cookie]).await.err(), Some(401), "the interface's own socket");
        assert_eq!(live::open_at(app, events, &[live::bearer(&amina)]).await.err(), Some(403), "another proof than the view's");
        app.pass(Duration::minutes(14));
        lesson.host_comes(app);
        lesson.comes(app, 0);
        app.settle().await;
        let told = live::next_of(&mut socket, "participant_joined").await;
        assert_eq!(told["class_id"], json!(lesson.class), "{told}");
        let news = browser.get("/embed/live/events?since=0").await;
        assert_eq!((news.status(), frame_of(&news).0), (200, SHOP.to_owned()));
        assert!(news.answer.json().to_string().contains("Ayesha Rahman"), "{}", news.html());
        let board = browser.get(&format!("/embed/live?open={}", lesson.session)).await;
        assert!(board.html().contains("Ayesha Rahman") && !read(&board).contains("href=\"/sessions"), "{}", board.html());
        // Ending it: a question first, outside the frame.
        let window = app.browser();
        let (_, proof) = board.forms().into_iter().find(|(action, _)| action == "/embed/live/end").unwrap();
        let proof: Vec<_> = proof.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let question = window.post("/embed/live/end", &proof).await;
        assert_eq!(question.status(), 200, "{}", question.html());
        nobody_frames(&question);
        assert_eq!(app.database.count("sessions where state = 'live'").await, 1, "a click alone ends nothing");
        let ended = window.submit(&question, "/embed/live/end", &[]).await;
        assert_eq!(ended.status(), 200, "{}", ended.html());
        assert_eq!(app.database.count("sessions where state = 'live'").await, 0);
        // Another organization's session, by the same proof.
        let elsewhere = app.held_class("oakwood", &["tanvir"]).await;
        let mut other = proof.clone();
        other.retain(|(name, _)| *name != "session");
        other.extend([("session", elsewhere.session.as_str()), ("sure", "yes")]);
        assert_eq!(window.post("/embed/live/end", &other).await.status(), 404);
        // Who is disabled hears nothing more.
        assert_eq!(owner.patch(&format!("/api/v1/people/{}", amina.id), json!({"active": false})).await.0, 200);
        let code = loop {
            if let Err(code) = live::next(&mut socket).await {
                break code;
            }
        };
        assert_eq!(code, 4401);
        refused(&window.post("/embed/live/end", &proof).await);
        app.settle().await;
    }
);

story!(
    /// Only an organization's embed pages may be framed, and only by what it named; every other page by nobody. A page of another
    /// organization names other origins.
    only_named_origins_frame_and_only_embeds, |app| async {
        let (dreamcrowd, oakwood) = (app.organization("dreamcrowd").await, app.organization("oakwood").await);
        let (omar, rita) = (dreamcrowd.owner().await, oakwood.owner().await);
        allow(&omar, &[SHOP]).await;
        allow(&rita, &["https://intranet.oakwood.example:8443"]).await;
        let (browser, ours) = framed(app, &omar, json!({"view": "live"})).await;
        assert_eq!(frame_of(&ours), (SHOP.to_owned(), String::new()));
        let (_, theirs) = framed(app, &rita, json!({"view": "live"})).await;
        assert_eq!(frame_of(&theirs).0, "https://intranet.oakwood.example:8443");
        for (page, other) in [(&ours, "oakwood.example"), (&theirs, "dreamcrowd.example")] {
            let shown = format!("{}{:?}", page.html(), page.answer.headers);
            assert!(!shown.contains(other), "{other} in {shown}");
        }
        let fragment = browser.send(Method::GET, "/embed/live", None, &[("x-fragment", "1")]).await;
        assert_eq!(frame_of(&fragment).0, SHOP);
        let signed_in = omar.browser(app);
        for (method, path) in lectern_api::routes::PAGES {
            if *method == "get" && !path.contains("/embed/theme") {
                let path = path.replace("{class}", "00000000-0000-0000-0000-000000000000");
                nobody_frames(&signed_in.get(&path).await);
            }
        }
        nobody_frames(&signed_in.get("/embed/theme/auto.css").await);
        nobody_frames(&signed_in.get("/no-such-page").await);
        nobody_frames(&browser.get("/live").await);
        // Nobody named any more: what is open ends, and does not come back with the next name.
        allow(&omar, &[]).await;
        refused(&browser.get("/embed/live").await);
        allow(&omar, &[SHOP]).await;
        refused(&browser.get("/embed/live").await);
        assert_eq!(app.audited("organization.embedding_changed").await, 4);
        // The same names in another order, or as they are typed, are no change.
        allow(&omar, &[" HTTPS://WWW.dreamcrowd.example:443/ ", SHOP]).await;
        assert_eq!(app.audited("organization.embedding_changed").await, 4);
    }
);

story!(
    /// The link: forged, of another purpose, class, person or server, over, or opened by another browser before: the same bytes, no
    /// cookie. The first browser may come back.
    a_link_opens_once_and_only_as_it_was_made, |app| async {
        let lesson = app.held_class("dreamcrowd", &["ayesha", "tanvir"]).await;
        let dreamcrowd = app.organization("dreamcrowd").await;
        allow(&dreamcrowd.owner().await, &[SHOP]).await;
        let ayesha = &lesson.students[0];
        let body = json!({"view": "join", "class_id": lesson.class});
        let url = link(app, ayesha, body.clone()).await;
        let token = url.split("token=").nth(1).unwrap();
        let genuine = app.embed_links.verify(token, EmbedPurpose::Open).unwrap();
        let opens = async |token: &str| app.browser().get(&format!("/embed/open?token={token}")).await;
        let first = opens("").await;
        let bytes = refused(&first).to_owned();
        // A look that is no visit uses nothing up.
        assert_eq!(app.browser().send(Method::HEAD, &url, None, &[]).await.status(), 403);
        let other = link(app, &lesson.students[1], body.clone()).await;
        let other = app.embed_links.verify(other.split("token=").nth(1).unwrap(), EmbedPurpose::Open).unwrap();
        let foreign_key = MasterKey::generate(&SeededRandomness::new(7));
        let foreign = EmbedLinks::new([&foreign_key]);
        let forged = [
            EmbedClaims { purpose: EmbedPurpose::Leave, ..genuine },
            EmbedClaims { view: EmbedView::Live, class: None, ..genuine },
            EmbedClaims { class: Some(app.new_id()), ..genuine },
            EmbedClaims { person: other.person, ..genuine },
            EmbedClaims { embed: other.embed, ..genuine },
            EmbedClaims { organization: app.organization("oakwood").await.id, ..genuine },
        ];
        let mut bad: Vec<String> = forged.iter().map(|claims| app.embed_links.token(claims)).collect();
        bad.push(foreign.token(&genuine));
        bad.push(format!("{token}x"));
        let other_bit = if &token[60..61] == "A" { "B" } else { "A" };
        bad.push(format!("{}{other_bit}{}", &token[..60], &token[61..]));
        bad.push(format!("{token}&token={token}"));
        let links = app.join_links(dreamcrowd.id, lesson.class.parse().unwrap(), lesson.session.parse().unwrap()).await;
        bad.extend(links.iter().map(|(_, link)| link.split("token=").nth(1).unwrap().to_owned()));
        for token in &bad {
            assert_eq!(refused(&opens(token).await), bytes, "{token}");
        }
        // The first browser gets it, and comes back to it; a copy of the link is worth nothing.
        let browser = app.browser();
        let opened = browser.get(&url).await;
        assert_eq!((opened.status(), opened.location()), (303, format!("/embed/join/{}", lesson.class).as_str()));
        assert_eq!(frame_of(&opened).0, SHOP);
        assert!(!opened.location().contains(token) && opened.answer.header("referrer-policy") == "no-referrer");
        assert_eq!(browser.get(&url).await.status(), 303, "a frame that is loaded again");
        assert_eq!(refused(&opens(token).await), bytes, "a copy");
        // What nobody opened within five minutes is over.
        let late = link(app, ayesha, body).await;
        app.pass(Duration::minutes(5));
        assert_eq!(refused(&app.browser().get(&late).await), bytes, "over");
        assert_eq!(browser.get(&url).await.status(), 303, "the browser that has it may come back");
        assert_eq!(browser.get(opened.location()).await.status(), 200);
        app.pass(Duration::hours(8));
        refused(&browser.get(opened.location()).await);
        assert_eq!(refused(&browser.get(&url).await), bytes);
        app.tick("tick.clean_up").await;
        assert_eq!(app.database.count("embeds").await, 0);
        app.settle().await;
    }
);

story!(
    /// The cookie: its attributes, for a browser's frame and for a program over http on loopback; and that it opens its view alone.
    a_frames_cookie_opens_its_view_alone, |app| async {
        let lesson = app.held_class("dreamcrowd", &["ayesha"]).await;
        let dreamcrowd = app.organization("dreamcrowd").await;
        let (owner, amina) = (dreamcrowd.owner().await, dreamcrowd.admin().await);
        allow(&owner, &[SHOP]).await;
        let set = async |headers: &[(&str, &str)]| {
            let url = link(app, &amina, json!({"view": "live"})).await;
            let opened = app.browser().send(Method::GET, &url, None, headers).await;
            let cookie = opened.answer.header("set-cookie").to_owned();
            let (value, attributes) = cookie.split_once("; ").unwrap();
            let value = value.strip_prefix("lectern-embed-live=").unwrap().to_owned();
            app.secret(&value);
            (value, attributes.to_owned())
        };
        let (value, attributes) = set(&FRAME).await;
        assert_eq!(attributes, "Path=/; HttpOnly; Max-Age=28800; SameSite=None; Secure; Partitioned");
        let (_, attributes) = set(&[]).await;
        assert_eq!(attributes, "Path=/; HttpOnly; Max-Age=28800; SameSite=Lax");
        // Whatever it is called, it is good for the live view and nothing else.
        let class = lesson.class.replace('-', "");
        let browser = app.browser();
        for name in ["lectern", "lectern-browser", "lectern-embed-connection", &format!("lectern-embed-join-{class}")] {
            browser.set_cookie(name, &value);
        }
        for (method, path) in lectern_api::routes::PAGES {
            let path = path.replace("{class}", &lesson.class).replace("{id}", &lesson.class);
            let public = ["/sign-in", "/set-up", "/why", "/oauth/", "/book", "/static", "/calendar/", "/notices/off", "/embed/theme"];
            if *method != "get" || path == "/" || public.iter().any(|start| path.starts_with(start)) {
                continue;
            }
            let page = browser.get(&path).await;
            let led_away = page.status() == 303 && !page.location().starts_with("/embed");
            assert!(led_away || matches!(page.status(), 401 | 403 | 404), "{path}: {}", page.status());
        }
        for path in ["/api/v1/me", "/api/v1/live", "/api/v1/classes", ORIGINS] {
            assert_eq!(browser.get(path).await.status(), 401, "{path}");
            assert_eq!(app.nobody().with_bearer(Some(&value)).get(path).await.0, 401, "{path}");
        }
        browser.set_cookie("lectern-embed-live", &value);
        assert_eq!(browser.get("/embed/live").await.status(), 200);
        for wrong in [format!("{value}x"), value.replace('.', ""), value[33..].to_owned(), "x.y".to_owned()] {
            browser.set_cookie("lectern-embed-live", &wrong);
            refused(&browser.get("/embed/live").await);
        }
        app.settle().await;
    }
);

story!(
    /// A view ends with its person: disabled, with another role, another password, signed out here or by the host application; and
    /// with its organization. A link that nobody opened yet ends, too.
    a_view_ends_with_its_person_and_its_organization, |app| async {
        let dreamcrowd = app.organization("dreamcrowd").await;
        let owner = dreamcrowd.owner().await;
        allow(&owner, &[SHOP]).await;
        let farhan = dreamcrowd.instructor("farhan").await;
        let path = format!("/api/v1/people/{}", farhan.id);
        let back = async |change: Value| assert_eq!(owner.patch(&path, change).await.0, 200);
        for (what, end, mend) in [
            ("disabled", json!({"active": false}), json!({"active": true})),
            ("another role", json!({"role": 0}), json!({"role": 1})),
            ("another password", json!({"password": "chalk and another duster"}), json!({})),
        ] {
            let client = app.signed_in(dreamcrowd.id, farhan.id).await;
            let (browser, _) = framed(app, &client, json!({"view": "live"})).await;
            let unopened = link(app, &client, json!({"view": "live"})).await;
            back(end).await;
            refused(&browser.get("/embed/live").await);
            refused(&app.browser().get(&unopened).await);
            back(mend).await;
            if what != "another role" {
                refused(&browser.get("/embed/live").await);
            }
        }
        let client = app.signed_in(dreamcrowd.id, farhan.id).await;
        let (browser, _) = framed(app, &client, json!({"view": "live"})).await;
        assert_eq!(client.post("/api/v1/auth/logout", json!({})).await.0, 204);
        refused(&browser.get("/embed/live").await);
        // The host application's own sign-out.
        host_tokens::take_hs256(&dreamcrowd, app).await;
        let claims = host_tokens::with(host_tokens::claims(app), json!({"sub": "seller-1", "role": 1, "email": "sadia@home.example"}));
        let token = host_tokens::hs256(host_tokens::SECRET.as_bytes(), &claims);
        app.secret(&token);
        let hosted = app.nobody().with_bearer(Some(&token));
        let (browser, _) = framed(app, &hosted, json!({"view": "connection"})).await;
        assert_eq!(hosted.post("/api/v1/auth/logout", json!({})).await.0, 204);
        refused(&browser.get("/embed/connection").await);
        let (browser, _) = framed(app, &hosted, json!({"view": "live"})).await;
        let root = app.super_admin().await;
        assert_eq!(root.patch(&format!("/api/v1/organizations/{}", dreamcrowd.id), json!({"active": false})).await.0, 200);
        refused(&browser.get("/embed/live").await);
        app.settle().await;
    }
);

story!(
    /// What may frame, and what may be asked for, is checked with the field named; an API key stands for nobody.
    what_is_wrong_is_named, |app| async {
        let dreamcrowd = app.organization("dreamcrowd").await;
        let (owner, farhan) = (dreamcrowd.owner().await, dreamcrowd.instructor("farhan").await);
        let wrong = json!({"origins": [SHOP, "http://shop.example", "https://*.shop.example", "https://a;script-src *"]});
        let (status, told) = owner.put(ORIGINS, wrong).await;
        let fields: Vec<_> = told["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
        assert_eq!((status, fields), (422, vec!["origins[1]", "origins[2]", "origins[3]"]), "{told}");
        let many: Vec<_> = (0..11).map(|number| format!("https://shop{number}.example")).collect();
        assert_eq!(owner.put(ORIGINS, json!({"origins": many})).await.1["errors"][0]["field"], "origins");
        assert_eq!(owner.get(ORIGINS).await.1, json!({"origins": []}), "everything or nothing");
        let key = owner.create("/api/v1/api-keys", json!({"name": "k", "scopes": ["read", "write"]})).await;
        let key = app.nobody().with_bearer(key["token"].as_str());
        assert_eq!(key.put(ORIGINS, json!({"origins": [SHOP]})).await.0, 403);
        // The same on the page, in the reader's language.
        let browser = owner.browser(app);
        let page = browser.get("/organization/embedding?lang=bn").await;
        let typed = format!("{SHOP}\r\nhttp://shop.example\r\n");
        let again = browser.submit(&page, "/organization/embedding", &[("origins", &typed)]).await;
        assert_eq!(again.status(), 422);
        let told = read(&again);
        assert!(told.contains("দিয়ে শুরু করুন") && told.contains("<li>http://shop.example</li>") && told.contains(SHOP), "{told}");
        let saved = browser.submit(&again, "/organization/embedding", &[("origins", SHOP)]).await;
        assert_eq!(saved.location(), "/organization/embedding?notice=saved");
        assert_eq!(owner.get(ORIGINS).await.1, json!({"origins": [SHOP]}));
        for (body, field) in [
            (json!({"view": "audit"}), "view"),
            (json!({"view": "join"}), "class_id"),
            (json!({"view": "live", "class_id": farhan.id}), "class_id"),
            (json!({"view": "live", "theme": {"accent": "red"}}), "theme.accent"),
            (json!({"view": "live", "theme": {"scheme": "dim"}}), "theme.scheme"),
            (json!({"view": "live", "language": "xx"}), "language"),
            (json!({"view": "live", "person_id": farhan.id}), "person_id"),
        ] {
            let (status, told) = farhan.post(EMBEDS, body.clone()).await;
            assert_eq!((status, told["errors"][0]["field"].as_str()), (422, Some(field)), "{body}: {told}");
        }
        assert_eq!(key.post(EMBEDS, json!({"view": "live"})).await.0, 403);
    }
);

story!(
    /// Two admins decide at once who may frame: what stands afterwards is what one of them was told, not a mixture of both.
    two_admins_at_once_decide_one_after_the_other, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (owner, admin) = (oakwood.owner().await, oakwood.admin().await);
        for round in 0..4 {
            let one = json!({"origins": [format!("https://a{round}.example"), SHOP]});
            let other = json!({"origins": [format!("https://b{round}.example"), SHOP]});
            let (first, second) = tokio::join!(owner.put(ORIGINS, one.clone()), admin.put(ORIGINS, other.clone()));
            assert_eq!((first.0, second.0), (200, 200), "{first:?} {second:?}");
            let (_, stands) = owner.get(ORIGINS).await;
            assert!(stands == one || stands == other, "{stands}");
        }
    }
);
