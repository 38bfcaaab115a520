//! The people of an organization, on their pages.

use lectern_tests::{Page, story};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

fn csrf(page: &Page) -> String {
    let mut hidden = page.forms().into_iter().flat_map(|(_, hidden)| hidden);
    hidden.find(|(name, _)| name == "csrf").unwrap().1
}

fn plain(page: &Page) -> String {
    page.html().replace("&#x2f;", "/").replace("&amp;", "&")
}

story!(
    /// An admin mends a misspelt name while an owner makes the student an instructor: both changes stay, although both looked at the
    /// same page. What is wrong is said beside its field, and what is not changed is not written.
    an_admin_mends_a_person_on_their_page, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (owner, amina, ayesha) = (oakwood.owner().await, oakwood.admin().await, oakwood.student("ayesha").await);
        let (path, saved) = (format!("/people/{}", ayesha.id), format!("/people/{}?notice=saved", ayesha.id));
        let (first, second) = (amina.browser(app), owner.browser(app));
        assert!(plain(&first.get("/people").await).contains(&format!("href=\"{path}\"")), "the list leads there");
        let (page, also) = (first.get(&path).await, second.get(&path).await);
        assert!(page.html().contains(&ayesha.email) && !page.html().contains("value=\"owner\""), "{}", page.html());
        assert!(also.html().contains("value=\"owner\""), "{}", also.html());
        let role = second.submit(&also, &path, &[("first_name", "Ayesha"), ("last_name", "Rahman"), ("role", "instructor"), ("password", "")]).await;
        assert_eq!((role.status(), role.location()), (303, saved.as_str()), "{}", role.html());
        let name = first.submit(&page, &path, &[("first_name", "Aisha"), ("last_name", "Rahman"), ("role", "student"), ("password", "")]).await;
        assert_eq!((name.status(), name.location()), (303, saved.as_str()), "{}", name.html());
        let (_, person) = amina.get(&format!("/api/v1{path}")).await;
        assert_eq!((&person["name"], &person["role"]), (&json!("Aisha Rahman"), &json!(1)), "{person}");
        assert_eq!(ayesha.get("/api/v1/me").await.1["role"], 1);
        let page = first.get(&saved).await;
        assert!(page.html().contains("Saved.") && page.html().contains("value=\"Aisha\""), "{}", page.html());

        let written = app.audited("person.changed").await;
        let same = [("first_name", "Aisha"), ("last_name", "Rahman"), ("role", "instructor"), ("password", "")];
        assert_eq!(first.submit(&page, &path, &same).await.location(), saved);
        assert_eq!(app.audited("person.changed").await, written, "nothing changed, nothing written");
        let none = first.submit(&page, &path, &[("first_name", " "), ("last_name", "Khatun"), ("role", "instructor")]).await;
        assert!(none.status() == 422 && none.html().contains("id=\"f-first_name-error\""), "{}", none.html());
        assert!(none.html().contains("value=\"Khatun\""), "what was typed stays: {}", none.html());
        let short = first.submit(&page, &path, &[("first_name", "Aisha"), ("last_name", "Rahman"), ("role", "instructor"), ("password", "short")]).await;
        assert!(short.status() == 422 && short.html().contains("id=\"f-password-error\""), "{}", short.html());
        let bengali = first.get(&format!("{path}?lang=bn")).await;
        assert!(bengali.html().contains("নতুন পাসওয়ার্ড") && !bengali.html().contains("New password"), "{}", bengali.html());
        assert_eq!(first.get(&format!("/people/{}", Uuid::nil())).await.status(), 404);
        let log = format!("/audit?person={}", ayesha.id);
        assert!(plain(&page).contains(&log) && first.get(&log).await.html().contains("Aisha Rahman"));

        let word = "ink and paper and ink";
        let page = first.get(&format!("{path}?lang=en")).await;
        first.submit(&page, &path, &[("first_name", "Aisha"), ("last_name", "Rahman"), ("role", "instructor"), ("password", word)]).await;
        assert_eq!(ayesha.get("/api/v1/me").await.0, 401, "a new password ends the sign-ins");
        assert_eq!(app.browser().sign_in("oakwood", &ayesha.email, word).await.location(), "/");
        app.settle().await;
    }
);

story!(
    /// An owner is changed by owners only, and nobody gives themselves another role. Who is disabled on their page is there again
    /// afterwards, with the way back.
    some_people_are_not_for_everybody_to_change, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (owner, amina, ayesha) = (oakwood.owner().await, oakwood.admin().await, oakwood.student("ayesha").await);
        let browser = amina.browser(app);
        let theirs = format!("/people/{}", owner.id);
        let page = browser.get(&theirs).await;
        assert!(page.html().contains("Owners are changed by owners.") && !page.html().contains("name=\"first_name\""), "{}", page.html());
        let csrf = csrf(&page);
        let tried = browser.post(&theirs, &[("csrf", &csrf), ("first_name", "Nobody"), ("was_first_name", "Omar")]).await;
        assert_eq!(tried.status(), 403);
        let own = format!("/people/{}", amina.id);
        let page = browser.get(&own).await;
        assert!(page.html().contains("name=\"first_name\"") && !page.html().contains("name=\"role\""), "{}", page.html());
        let role = [("first_name", "Amina"), ("last_name", "Rahman"), ("was_role", "admin"), ("role", "student")];
        let tried = browser.submit(&page, &own, &role).await;
        assert!(tried.status() == 422 && tried.html().contains("Somebody else must change your own access."), "{}", tried.html());
        let named = browser.submit(&page, &own, &[("first_name", "Amena"), ("last_name", "Rahman")]).await;
        assert_eq!(named.location(), format!("{own}?notice=saved"));
        assert_eq!(amina.get("/api/v1/me").await.1["role"], 2);

        let path = format!("/people/{}", ayesha.id);
        let (referer, fields) = (format!("{}{path}", app.base), [("csrf", csrf.as_str())]);
        let from = [("referer", referer.as_str())];
        let disabled = browser.send(Method::POST, &format!("{path}/disable"), Some(&fields[..]), &from).await;
        assert!(disabled.location().starts_with(&format!("{path}?notice=person_disabled&undo=")), "{}", disabled.location());
        let page = browser.get(disabled.location()).await;
        assert!(page.html().contains("Undo") && page.html().contains("Disabled: they cannot sign in"), "{}", page.html());
        let enabled = browser.send(Method::POST, &format!("{path}/enable"), Some(&fields[..]), &from).await;
        assert_eq!(enabled.location(), format!("{path}?notice=person_enabled"));
        app.settle().await;
    }
);

story!(
    /// The list is narrowed to a role, with what is looked for and without, over all its pages.
    the_list_is_narrowed_to_a_role, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (owner, _, farhan) = (oakwood.owner().await, oakwood.admin().await, oakwood.instructor("farhan").await);
        for number in 0..102 {
            let pupil = json!({"email": format!("pupil{number}@home.example"), "first_name": "Pupil", "last_name": "Das", "role": 0});
            owner.create("/api/v1/people", pupil).await;
        }
        let browser = owner.browser(app);
        let page = browser.get("/people?role=student").await;
        let html = plain(&page);
        assert!(!html.contains("@oakwood.example</small>") && html.contains("<option value=\"student\" selected>Students"), "{html}");
        assert_eq!(html.matches("@home.example</small>").count(), 100);
        let next = html.split("href=\"").filter_map(|rest| rest.split('"').next()).find(|href| href.contains("cursor=")).unwrap();
        assert!(next.contains("role=student"), "{next}");
        assert_eq!(plain(&browser.get(next).await).matches("@home.example</small>").count(), 2);
        for (asked, there, gone) in [
            ("role=admin", vec!["omar", "amina"], "farhan"),
            ("role=instructor", vec!["farhan"], "omar"),
            ("q=rahman&role=admin", vec!["omar", "amina"], "farhan"),
            ("q=rahman&role=instructor", vec!["farhan"], "amina"),
            ("q=rahman&role=king", vec!["omar", "amina", "farhan"], "pupil"),
        ] {
            let html = plain(&browser.get(&format!("/people?{asked}")).await);
            for name in there {
                assert!(html.contains(&format!("<small>{name}@")), "{asked}: {html}");
            }
            assert!(!html.contains(&format!("<small>{gone}")), "{asked}: {html}");
        }
        let none = browser.get("/people?q=das&role=instructor").await;
        assert!(none.html().contains("Nothing found"), "{}", none.html());
        let (status, _) = owner.patch(&format!("/api/v1/people/{}", farhan.id), json!({"role": 0})).await;
        assert_eq!(status, 200);
        let none = browser.get("/people?role=instructor").await;
        assert!(none.html().contains("Nobody with this role"), "{}", none.html());
        app.settle().await;
    }
);
