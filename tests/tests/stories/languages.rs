//! In which languages an organization speaks: what it offers, and whose choice counts.

use lectern_tests::{Browser, Lesson, story};
use reqwest::Method;
use serde_json::json;

const SETTINGS: &str = "/api/v1/organization/settings";
const BUYER: &str = "buyer@home.example";

/// The language of the page that this browser gets.
async fn spoken(browser: &Browser, path: &str, wishes: &[(&str, &str)]) -> String {
    let page = browser.send(Method::GET, path, None, wishes).await;
    let html = page.html();
    html.split("<html lang=\"").nth(1).unwrap_or_else(|| panic!("{path}: {html}"))[..2].to_owned()
}

const ENGLISH: &[(&str, &str)] = &[("accept-language", "en-GB, en;q=0.9")];
const BENGALI: &[(&str, &str)] = &[("accept-language", "bn-BD")];
const FRENCH: &[(&str, &str)] = &[("accept-language", "fr")];

story!(
    /// A school with Bengali only speaks Bengali to everybody who chose nothing, on pages, in mails and where something went wrong,
    /// whatever a browser asks for.
    a_school_with_one_language_speaks_it, |app| async {
        let (owner, seller, lesson) = app.evening().await;
        let browser = owner.browser(app);
        let page = browser.get("/languages").await;
        assert!(page.html().contains("Chosen by 0 people.") && page.html().contains("people have not chosen"), "{}", page.html());
        let saved = browser.submit(&page, "/languages", &[("language", "bn"), ("default_language", "bn")]).await;
        assert_eq!((saved.status(), saved.location()), (303, "/languages?notice=saved"), "{}", saved.html());
        let (_, settings) = owner.get(SETTINGS).await;
        assert_eq!((&settings["languages"], &settings["default_language"]), (&json!(["bn"]), &json!("bn")), "{settings}");
        lesson.enroll(app, &seller, BUYER, "Ayesha Noor").await;
        let link = app.mailed_link(BUYER);
        let mail = app.mail.messages_to(BUYER).pop().unwrap();
        assert!(mail.html.contains("<html lang=\"bn\">") && mail.subject.contains("Watercolour"), "{}", mail.html);
        for (path, who) in [("/", owner.browser(app)), ("/me", owner.browser(app)), ("/nowhere/at/all", app.browser()), (&link, app.browser())] {
            for wishes in [ENGLISH, FRENCH, &[]] {
                // Nobody is known where nothing is: that page speaks as the browser does.
                let expected = if path.starts_with("/nowhere") && wishes != BENGALI { "en" } else { "bn" };
                assert_eq!(spoken(&who, path, wishes).await, expected, "{path} {wishes:?}");
            }
        }
        let missing = spoken(&owner.browser(app), "/classes/018f0000-0000-7000-8000-000000000001", ENGLISH).await;
        assert_eq!(missing, "bn", "the school's own also where something is not there");
        let asked = owner.browser(app);
        assert_eq!(spoken(&asked, "/?lang=en", &[]).await, "bn");
        assert!(!asked.cookies().contains_key("lectern-lang"), "what is not to be had is not remembered");
        let home = asked.get("/").await;
        assert!(!home.html().contains("?lang=") && !home.html().contains("English"), "there is nothing else to choose: {}", home.html());
        let me = asked.get("/me").await;
        assert!(!me.html().contains("value=\"en\""), "{}", me.html());
        let (status, problem) = owner.patch("/api/v1/me", json!({"language": "en"})).await;
        assert_eq!((status, &problem["errors"][0]["message"]), (422, &json!("Use one of: bn.")), "{problem}");
    }
);

story!(
    /// Own choice, then the browser's, then the organization's; a language that is taken away falls back and comes back with the
    /// choices people made. Another organization keeps its own.
    a_language_taken_away_falls_back, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (owner, ayesha, bela) = (oakwood.owner().await, oakwood.student("ayesha").await, oakwood.student("bela").await);
        let elsewhere = app.organization("elmfield").await.student("elias").await;
        assert_eq!(owner.patch(SETTINGS, json!({"default_language": "bn"})).await.0, 200);
        assert_eq!(ayesha.patch("/api/v1/me", json!({"language": "en"})).await.0, 200);
        let page = async |who: &lectern_tests::Person, wishes| spoken(&who.browser(app), "/", wishes).await;
        assert_eq!(page(&ayesha, BENGALI).await, "en", "her own choice");
        assert_eq!((page(&bela, ENGLISH).await.as_str(), page(&bela, FRENCH).await.as_str(), page(&bela, &[]).await.as_str()), ("en", "bn", "bn"));
        assert_eq!((page(&elsewhere, &[]).await.as_str(), page(&elsewhere, BENGALI).await.as_str()), ("en", "bn"));
        let browser = owner.browser(app);
        let counted = browser.get("/languages?lang=en").await;
        assert!(counted.html().contains("Chosen by 1 person.") && counted.html().contains("2 people have not chosen."), "{}", counted.html());
        for (fields, words) in [
            (&[("default_language", "bn")][..], "Offer at least one language."),
            (&[("language", "en"), ("default_language", "bn")], "Choose one of the languages that you offer."),
            (&[("language", "en"), ("default_language", "")], "Choose one of the languages that you offer."),
        ] {
            let refused = browser.submit(&counted, "/languages", fields).await;
            assert!(refused.status() == 422 && refused.html().contains(words), "{words}: {}", refused.html());
        }
        for wrong in [json!({"languages": []}), json!({"languages": ["fr"]}), json!({"languages": ["en"]}), json!({"default_language": "xx"})] {
            assert_eq!(owner.patch(SETTINGS, wrong.clone()).await.0, 422, "{wrong}");
        }
        assert_eq!(owner.patch(SETTINGS, json!({"languages": ["bn"]})).await.0, 200);
        assert_eq!((page(&ayesha, ENGLISH).await.as_str(), page(&bela, ENGLISH).await.as_str()), ("bn", "bn"));
        let me = ayesha.browser(app).get("/me").await;
        assert!(me.html().contains("English (এখন রাখা হয়নি)"), "{}", me.html());
        let browser = ayesha.browser(app);
        assert_eq!(browser.submit(&me, "/me", &[("language", "en"), ("time_zone", "")]).await.status(), 303, "an old choice may stay");
        assert_eq!(owner.patch(SETTINGS, json!({"languages": ["en", "bn"]})).await.0, 200);
        assert_eq!((page(&ayesha, BENGALI).await.as_str(), page(&bela, &[]).await.as_str()), ("en", "bn"), "her choice was kept");
        let (_, log) = owner.get("/api/v1/audit?kind=organization.policies_changed").await;
        assert_eq!(log["items"][0]["details"], json!({"languages": {"from": ["bn"], "to": ["en", "bn"]}}), "{log}");
        assert_eq!(log["items"].as_array().unwrap().len(), 3, "{log}");
        app.settle().await;
    }
);

story!(
    /// Whoever chose a language is written to in it, whoever did not in the organization's.
    mails_speak_as_their_reader_chose, |app| async {
        let (owner, seller, lesson) = app.evening().await;
        assert_eq!(owner.patch(SETTINGS, json!({"default_language": "bn"})).await.0, 200);
        let buyer = app.organization("dreamcrowd").await.student("ayesha").await;
        assert_eq!(buyer.patch("/api/v1/me", json!({"language": "en"})).await.0, 200);
        lesson.enroll(app, &seller, BUYER, "Bela Rahman").await;
        let other = Lesson::schedule(app, &seller, "Ink").await;
        seller.create(&format!("/api/v1/classes/{}/enrollments", other.class), json!({"user_id": buyer.id.uuid()})).await;
        app.settle().await;
        let lang = |address: &str| {
            let html = app.mail.messages_to(address).pop().unwrap_or_else(|| panic!("{address} has no mail")).html;
            html.split("<html lang=\"").nth(1).unwrap()[..2].to_owned()
        };
        assert_eq!((lang(BUYER).as_str(), lang(&buyer.email).as_str()), ("bn", "en"));
        // Her own link greets her in the language she chose.
        let link = app.mailed_link(&buyer.email);
        assert_eq!(spoken(&app.browser(), &link, BENGALI).await, "en");
    }
);
