//! Logo, colour and the sender of mails: an organization's own, for everybody who reads its pages and mails, and nobody else's.

use lectern_core::{
    colour::{Accent, Colour, Scheme, TEXT_CONTRAST},
    ids::OrganizationId,
};
use lectern_simulators::mail::CaughtMessage;
use lectern_tests::{LOGO, LOGO_SEEN, Lesson, Organization, Page, Person, TestApp, story};
use serde_json::{Value, json};

const BRANDING: &str = "/api/v1/organization/branding";
const LOGO_AT: &str = "/api/v1/organization/logo";
const BUYER: &str = "buyer@home.example";

/// The address in an attribute of a page, as a browser reads it.
fn address(page: &Page, before: &str, end: &str) -> Option<String> {
    let html = page.html().replace("&#x2f;", "/");
    html.split('"').find(|part| part.starts_with(before) && part.ends_with(end)).map(str::to_owned)
}

/// The style sheet and the logo that a page links.
fn shown(page: &Page) -> (Option<String>, Option<String>) {
    (address(page, "/branding/", ".css"), address(page, "/branding/", "/logo"))
}

/// A value of a sheet; the first is for light pages, the second for dark ones.
fn tokens(sheet: &str, name: &str) -> Vec<Colour> {
    let before = format!("--{name}:");
    sheet.split(&before).skip(1).map(|rest| rest[..7].parse().unwrap()).collect()
}

async fn chosen(owner: &Person) -> Value {
    let (status, view) = owner.get(BRANDING).await;
    assert_eq!(status, 200, "{view}");
    view
}

/// The files there are of an organization, past every wall.
fn files(app: &TestApp, organization: OrganizationId) -> Vec<String> {
    let folder = app.data().join("files").join(organization.to_string()).join("logos");
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// A header of a mail, unfolded.
fn header(mail: &CaughtMessage, name: &str) -> Vec<String> {
    let head = mail.raw.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
    let fields = head.split("\r\n").filter_map(|line| line.split_once(": "));
    fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).collect()
}

const FORM: [(&str, &str); 4] = [
    ("colour", "#FFE600"),
    ("logo_ground", "paper"),
    ("sender_name", "Dream School"),
    ("reply_to", "office@dream.example"),
];

story!(
    /// An owner gives the organization its logo, its colour and its sender on one page: students, join pages and mails show them at once.
    an_owner_gives_the_organization_its_looks, |app| async {
        let (owner, seller, lesson) = app.evening().await;
        let student = app.organization("dreamcrowd").await.student("ayesha").await;
        lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        let (link, plain_home) = (app.mailed_link(BUYER), student.browser(app).get("/").await);
        let plain_join = app.browser().get(&link).await;
        for page in [&plain_home, &plain_join] {
            assert_eq!(shown(page), (None, None), "who has no looks of their own loads nothing for them: {}", page.html());
        }
        let first = app.mail.messages_to(BUYER).pop().unwrap();
        assert!(first.html.contains("#0E5E49") && header(&first, "reply-to").is_empty(), "{}", first.raw);
        let browser = owner.browser(app);
        let organization = browser.get("/organization").await.html().replace("&#x2f;", "/");
        assert!(organization.contains("href=\"/branding\"") && organization.contains("href=\"/languages\""), "{organization}");
        let page = browser.get("/branding").await;
        let saved = browser.submit_file(&page, "/branding", &FORM, ("logo", "logo.png", "image/png", LOGO)).await;
        assert_eq!((saved.status(), saved.location()), (303, "/branding?notice=saved"), "{}", saved.html());
        let page = browser.get("/branding?notice=saved").await;
        for words in ["value=\"#ffe600\"", "value=\"Dream School\"", "value=\"office@dream.example\"", "width=\"96\" height=\"32\"", "could not be read there"] {
            assert!(page.html().contains(words), "{words}: {}", page.html());
        }
        let bengali = browser.get("/branding?lang=bn").await;
        assert!(bengali.html().contains("আপনার রঙে সেখানে পড়া যেত না") && !bengali.html().contains("could not"), "{}", bengali.html());

        // Whoever is signed in, whoever has a link: the same two addresses.
        let home = student.browser(app).get("/").await;
        let (Some(sheet), Some(logo)) = shown(&home) else { panic!("{}", home.html()) };
        let stranger = app.browser();
        let join = stranger.get(&link).await;
        assert_eq!(shown(&join), (Some(sheet.clone()), Some(logo.clone())), "{}", join.html());
        for page in [&home, &join] {
            assert!(page.html().contains("logo paper") && page.html().contains("Dreamcrowd</span>"), "{}", page.html());
        }

        // Nobody needs to be anybody to see them, and they are kept for ever.
        let visitor = app.browser();
        let css = visitor.get(&sheet).await;
        assert_eq!((css.status(), css.answer.header("content-type")), (200, "text/css; charset=utf-8"));
        let picture = visitor.get(&logo).await;
        assert_eq!((picture.status(), picture.answer.header("content-type")), (200, "image/png"));
        assert_eq!(picture.answer.header("content-security-policy"), "default-src 'none'; sandbox");
        assert_eq!(picture.answer.bytes.len(), LOGO_SEEN);
        assert!(!picture.html().contains("taken at home"), "what is not seen is not told");
        for page in [&css, &picture] {
            assert_eq!(page.answer.header("cache-control"), "public, max-age=31536000, immutable");
            assert_eq!(page.answer.header("x-content-type-options"), "nosniff");
            assert_eq!(page.answer.header("set-cookie"), "");
        }
        assert!(!css.html().contains("Dream"), "{}", css.html());

        // A yellow that nobody can read on white is darkened as far as needed; on dark pages it stays.
        let yellow: Colour = "#ffe600".parse().unwrap();
        let (accents, softs, inks) = (tokens(css.html(), "accent"), tokens(css.html(), "accent-soft"), tokens(css.html(), "on-accent"));
        assert_eq!((accents.len(), softs.len(), inks.len()), (2, 2, 2), "{}", css.html());
        let grounds = [["#ffffff", "#f4f7f5", "#eaefec"], ["#18211d", "#0f1613", "#0a100d"]];
        for (scheme, grounds) in grounds.iter().enumerate() {
            let grounds = grounds.iter().map(|ground| ground.parse().unwrap()).chain([softs[scheme], inks[scheme]]);
            for ground in grounds {
                assert!(accents[scheme].contrast(ground) >= TEXT_CONTRAST, "{} on {ground}", accents[scheme]);
            }
        }
        assert!(yellow.contrast("#ffffff".parse().unwrap()) < TEXT_CONTRAST && accents[0] != yellow);
        assert_eq!(accents[1], yellow, "it can be read on a dark ground as it is");

        // Mails: the button's colour, the sender's name, and where answers go. The address they come from is the server's.
        let again = Lesson::schedule(app, &seller, "Ink").await;
        again.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        let mail = app.mail.messages_to(BUYER).pop().unwrap();
        let button = Accent::of(yellow, Scheme::Light).accent.to_string();
        assert!(mail.html.contains(&format!("background-color:{button}")) && !mail.html.contains("#0E5E49"), "{}", mail.html);
        assert_eq!(header(&mail, "reply-to").len(), 1, "{}", mail.raw);
        assert!(header(&mail, "reply-to")[0].contains("office@dream.example"), "{}", mail.raw);
        let (before, after) = (header(&first, "from"), header(&mail, "from"));
        assert!(after[0].contains("Dream School") && !before[0].contains("Dream School"), "{after:?}");
        assert_eq!(before[0].split('<').nth(1), after[0].split('<').nth(1), "the same address");

        // The log says what, and keeps neither the file nor anybody's address.
        let (_, log) = owner.get("/api/v1/audit?kind=organization.branding_changed").await;
        let details = &log["items"][0]["details"];
        assert_eq!((&details["colour"], &details["reply_to"]), (&json!({"from": null, "to": "#ffe600"}), &json!("set")), "{log}");
        let (_, log) = owner.get("/api/v1/audit?kind=organization.logo_changed").await;
        assert_eq!(log["items"][0]["details"], json!({"kind": "png", "width": 96, "height": 32, "bytes": LOGO_SEEN}), "{log}");
        let again = browser.submit(&page, "/branding", &FORM).await;
        assert_eq!((again.status(), app.audited("organization.branding_changed").await), (303, 1), "nothing changed, nothing written");
        // What a browser sends for a field that was left alone.
        let alone = browser.submit_file(&page, "/branding", &FORM, ("logo", "", "application/octet-stream", b"")).await;
        assert_eq!((alone.status(), app.audited("organization.logo_changed").await), (303, 1), "{}", alone.html());
    }
);

story!(
    /// Whatever is no whole picture of a fitting size is refused beside its field, whatever it is called, and the logo stays; the rest of
    /// the form is not kept either.
    a_bad_file_is_refused_and_the_old_logo_stays, |app| async {
        let oakwood = app.organization("oakwood").await;
        let owner = oakwood.owner().await;
        let answer = owner.put_file(LOGO_AT, "image/png", LOGO).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let (before, kept) = (chosen(&owner).await, files(app, oakwood.id));
        assert_eq!((&before["logo"]["width"], kept.len()), (&json!(96), 1), "{before}");
        let browser = owner.browser(app);
        let page = browser.get("/branding").await;
        let cut = &LOGO[..LOGO.len() - 12];
        let mut torn = LOGO.to_vec();
        torn[LOGO.len() - 30] ^= 1;
        let mut wide = LOGO.to_vec();
        wide.splice(16..20, 9_000_u32.to_be_bytes());
        let large = [LOGO, &vec![0; 600 << 10]].concat();
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
        let bad: [(&str, &str, &[u8], &str); 8] = [
            ("logo.png", "image/png", b"", "The file is empty."),
            ("logo.svg", "image/svg+xml", svg, "This is no PNG, JPEG or WebP file"),
            ("logo.png", "image/png", svg, "This is no PNG, JPEG or WebP file"),
            ("logo.png", "image/png", b"<!doctype html><h1>Logo</h1>", "This is no PNG, JPEG or WebP file"),
            ("logo.png", "image/png", b"GIF89a\x01\x00\x01\x00", "This is no PNG, JPEG or WebP file"),
            ("logo.png", "image/png", cut, "The file is damaged or not whole"),
            ("logo.png", "image/png", &torn, "The file is damaged or not whole"),
            ("logo.png", "image/png", &large, "The file is too large: at most 512 KB."),
        ];
        for (called, kind, bytes, words) in bad {
            let refused = browser.submit_file(&page, "/branding", &FORM, ("logo", called, kind, bytes)).await;
            assert_eq!(refused.status(), 422, "{words}: {}", refused.html());
            let told = refused.html().split("id=\"f-logo-error\"").nth(1).unwrap_or_else(|| panic!("{}", refused.html()));
            assert!(told.split("</p>").next().unwrap().contains(words), "{words}: {told:.200}");
            assert!(refused.html().contains("value=\"Dream School\""), "what was typed stays: {}", refused.html());
            let answer = owner.put_file(LOGO_AT, "image/png", bytes).await;
            assert_eq!((answer.status, &answer.json()["errors"][0]["field"]), (422, &json!("logo")), "{}", answer.text);
        }
        // Its size is in its head, and a check behind that.
        assert_eq!(owner.put_file(LOGO_AT, "image/png", &wide).await.status, 422);
        let lies = owner.put_file(LOGO_AT, "image/jpeg", LOGO).await;
        assert!(lies.status == 422 && lies.text.contains("The file is image/png"), "{}", lies.text);
        assert_eq!(owner.put_file(LOGO_AT, "image/svg+xml", svg).await.status, 400);
        let huge = owner.put_file(LOGO_AT, "image/png", &vec![0; 3 << 20]).await;
        assert_eq!((huge.status, huge.header("connection")), (413, "close"), "what was not read is not taken for a request");
        let typed = browser.submit(&page, "/branding", &[
            ("colour", "yellow"), ("logo_ground", "sky"), ("sender_name", "bank@bank.example"), ("reply_to", "office"),
        ]).await;
        assert_eq!(typed.status(), 422);
        for (field, words) in [("colour", "six digits"), ("logo_ground", "Choose one."), ("sender_name", "Write a name"), ("reply_to", "not an e-mail address")] {
            let told = typed.html().split(&format!("id=\"f-{field}-error\"")).nth(1).unwrap_or_else(|| panic!("{field}: {}", typed.html()));
            assert!(told.split("</p>").next().unwrap().contains(words), "{field}: {told:.200}");
        }
        for (field, value) in [("sender_name", "Oakwood\r\nBcc: all@oakwood.example"), ("reply_to", "a@b.example\r\nBcc: c@d.example"), ("colour", "#12345")] {
            let (status, problem) = owner.patch(BRANDING, json!({field: value})).await;
            assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!(field)), "{problem}");
        }
        assert_eq!((chosen(&owner).await, files(app, oakwood.id)), (before, kept), "nothing changed");
        assert_eq!(app.audited("organization.branding_changed").await, 0);
    }
);

story!(
    /// A new logo has a new address and takes the old one's file away; without a logo there is Lectern's sign again. A file that was
    /// written for a change that never came is taken away too.
    the_old_files_are_taken_away, |app| async {
        let oakwood = app.organization("oakwood").await;
        let owner = oakwood.owner().await;
        owner.put_file(LOGO_AT, "image/png", LOGO).await;
        let first = chosen(&owner).await["logo"]["url"].as_str().unwrap().to_owned();
        let kept = files(app, oakwood.id);
        assert_eq!(owner.put_file(LOGO_AT, "image/png", LOGO).await.status, 200);
        app.settle().await;
        let second = chosen(&owner).await["logo"]["url"].as_str().unwrap().to_owned();
        assert!(first != second && files(app, oakwood.id).len() == 1 && files(app, oakwood.id) != kept);
        let visitor = app.browser();
        assert_eq!((visitor.get(&first).await.status(), visitor.get(&second).await.status()), (404, 200), "old and new");
        let (_, coloured) = owner.patch(BRANDING, json!({"colour": "0e5e49"})).await;
        assert_eq!(coloured["accents"]["light"]["accent"], "#0e5e49", "{coloured}");
        assert_eq!(visitor.get(&second).await.status(), 404, "its address is that of all that is shown");
        // A crash between file and row.
        let id: uuid::Uuid = app.ids.next();
        let key = lectern_api::storage::Key { organization: oakwood.id, shelf: lectern_api::storage::Shelf::Logos, id };
        app.storage.put(&key, LOGO.into()).await.unwrap();
        let job = lectern_api::jobs::store::NewJob {
            id: app.ids.next(), kind: lectern_api::branding::jobs::TIDY, body: json!({"logo": id}), unique_key: None,
            run_at: app.now(), now: app.now(),
        };
        let mut tx = app.db.begin(oakwood.id).await.unwrap();
        lectern_api::jobs::store::insert(&mut tx, oakwood.id, &job).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(files(app, oakwood.id).len(), 2);
        app.pass(chrono::Duration::minutes(11));
        app.settle().await;
        assert_eq!(files(app, oakwood.id).len(), 1, "the one that is shown stays");
        let browser = owner.browser(app);
        let page = browser.get("/branding").await;
        let removed = browser.submit(&page, "/branding/logo/remove", &[]).await;
        assert_eq!(removed.status(), 303, "{}", removed.html());
        app.settle().await;
        let view = chosen(&owner).await;
        assert_eq!((&view["logo"], &view["colour"], files(app, oakwood.id).len()), (&json!(null), &json!("#0e5e49"), 0), "{view}");
        assert_eq!(owner.send("DELETE", LOGO_AT, None, &[]).await.status, 200, "twice is no error");
        assert_eq!(app.audited("organization.logo_changed").await, 3);
        let plain = owner.patch(BRANDING, json!({"colour": ""})).await.1;
        assert_eq!((&plain["colour"], &plain["accents"]), (&json!(null), &json!(null)), "{plain}");
        assert_eq!(shown(&browser.get("/branding").await), (None, None));
    }
);

story!(
    /// Another organization sees nothing of it, neither on its pages nor under its own address; and the page for bad links is the same
    /// bytes for everybody, whoever has looks.
    looks_are_nobody_elses, |app| async {
        let (owner, seller, lesson) = app.evening().await;
        lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        let link = app.mailed_link(BUYER);
        let (other, elsewhere): (Organization<'_>, _) = (app.organization("oakwood").await, app.organization("oakwood").await.owner().await);
        let forged = format!("{}x", link.strip_prefix(&app.base).unwrap());
        let refused = app.browser().get(&forged).await;
        assert_eq!(refused.status(), 403);
        assert_eq!(owner.put_file(LOGO_AT, "image/png", LOGO).await.status, 200);
        let (status, view) = owner.patch(BRANDING, json!({"colour": "#7a1f5c", "sender_name": "Dream"})).await;
        assert_eq!(status, 200, "{view}");
        let again = app.browser().get(&forged).await;
        assert_eq!((again.status(), again.html()), (403, refused.html()));
        let nothing = chosen(&elsewhere).await;
        let expected = json!({"colour": null, "accents": null, "logo": null, "logo_ground": "board", "sender_name": null, "reply_to": null});
        assert_eq!(nothing, expected);
        for path in ["/", "/organization", "/branding"] {
            let page = elsewhere.browser(app).get(path).await;
            assert_eq!(shown(&page), (None, None), "{path}: {}", page.html());
        }
        let logo = view["logo"]["url"].as_str().unwrap();
        let mine = app.organization("dreamcrowd").await.id.to_string();
        let visitor = app.browser();
        assert_eq!(visitor.get(logo).await.status(), 200);
        for path in [
            logo.replace(&mine, &other.id.to_string()), logo.replace(&mine, &OrganizationId(uuid::Uuid::nil()).to_string()),
            logo.replace(&mine, "..%2f.."), format!("/branding/{mine}/0000000000000000/logo"), format!("/branding/{mine}/..%2f..%2fmaster.key/logo"),
        ] {
            let page = visitor.get(&path).await;
            assert!(page.status() == 404 && page.answer.header("cache-control") == "no-store", "{path}: {}", page.status());
        }
        // A closed organization shows nothing to anybody.
        let root = app.super_admin().await;
        assert_eq!(root.patch(&format!("/api/v1/organizations/{mine}"), json!({"active": false})).await.0, 200);
        assert_eq!(visitor.get(logo).await.status(), 404);
    }
);

story!(
    /// Without scripts the colour field beside the text counts when it was the one that changed; and one may only look.
    a_colour_is_chosen_by_eye, |app| async {
        let owner = app.organization("oakwood").await.owner().await;
        let browser = owner.browser(app);
        let page = browser.get("/branding").await;
        let looked = browser.submit(&page, "/branding", &[("colour", "#ffe600"), ("picked", "#0e5e49"), ("preview", "1")]).await;
        assert!(looked.status() == 200 && looked.html().contains("value=\"#ffe600\"") && looked.html().contains("class=\"swatch\""), "{}", looked.html());
        assert_eq!(chosen(&owner).await["colour"], json!(null), "only looked at");
        let saved = browser.submit(&page, "/branding", &[("colour", ""), ("picked", "#7a1f5c")]).await;
        assert_eq!((saved.status(), &chosen(&owner).await["colour"]), (303, &json!("#7a1f5c")));
        let page = browser.get("/branding").await;
        let saved = browser.submit(&page, "/branding", &[("colour", ""), ("picked", "#7a1f5c")]).await;
        assert_eq!((saved.status(), &chosen(&owner).await["colour"]), (303, &json!(null)), "an empty text takes it back");
    }
);
