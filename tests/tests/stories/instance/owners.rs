//! How an organization gets its zone and its first owner.

use lectern_tests::story;

story!(
    /// Whoever runs the server adds an organization with a zone; as long as it has no owner its page offers to make one, who then signs
    /// in. With an owner there is no such form, and sending it makes nobody.
    an_organization_gets_its_first_owner, |app| async {
        let root = app.super_admin().await;
        let browser = root.browser(app);
        let page = browser.get("/organizations").await;
        let of = |zone| [("name", "Birch"), ("slug", "birch"), ("vocabulary", "school"), ("time_zone", zone)];
        let wrong = browser.submit(&page, "/organizations", &of("Mars/Olympus")).await;
        assert!(wrong.status() == 422 && wrong.html().contains("id=\"f-time_zone-error\""), "{}", wrong.html());
        let made = browser.submit(&page, "/organizations", &of("Asia/Dhaka")).await;
        let path = made.location().strip_suffix("?notice=organization_added").unwrap_or_else(|| panic!("{}", made.html())).to_owned();
        let page = browser.get(&path).await;
        assert!(page.html().contains("No owner yet"), "{}", page.html());
        assert!(browser.get("/organizations").await.html().contains("No owner yet"));

        let to = format!("{path}/owner");
        let word = "birch bark and ink";
        let typed = |password| [("email", "omar@birch.example"), ("first_name", "Omar"), ("last_name", ""), ("password", password)];
        let refused = browser.submit(&page, &to, &typed("short")).await;
        assert!(refused.status() == 422 && refused.html().contains("id=\"f-password-error\""), "{}", refused.html());
        assert!(refused.html().contains("value=\"omar@birch.example\"") && !refused.html().contains("value=\"short\""), "{}", refused.html());
        assert_eq!(app.database.count("people where email = 'omar@birch.example'").await, 0);
        let made = browser.submit(&page, &to, &typed(word)).await;
        assert_eq!((made.status(), made.location()), (303, format!("{path}?notice=owner_added").as_str()), "{}", made.html());
        let shown = browser.get(made.location()).await;
        assert!(shown.html().contains("The owner can sign in now.") && !shown.html().contains("No owner yet"), "{}", shown.html());
        let again = [("email", "second@birch.example"), ("first_name", "Second"), ("password", word)];
        let again = browser.submit(&page, &to, &again).await;
        assert_eq!(again.status(), 409, "the page was from before: {}", again.html());
        assert!(again.html().contains("This organization has an owner by now."), "{}", again.html());
        assert_eq!(app.database.count("people where email like '%@birch.example'").await, 1);
        assert_eq!(app.database.count("audit where kind = 'person.created' and actor_kind = 'operator'").await, 1);

        let omar = app.browser();
        assert_eq!(omar.sign_in("birch", "omar@birch.example", word).await.location(), "/");
        let organization = omar.get("/organization").await.html().replace("&#x2f;", "/");
        assert!(organization.contains("<option value=\"Asia/Dhaka\" selected>"), "{organization}");
        assert!(omar.get("/people").await.html().contains("value=\"owner\""), "an owner names owners");

        // An owner who may not come any more is none.
        app.database.execute("update people set state = 'disabled' where email = 'omar@birch.example'").await;
        let page = browser.get(&path).await;
        assert!(page.html().contains("No owner yet"), "{}", page.html());
        let taken = browser.submit(&page, &to, &typed(word)).await;
        assert!(taken.status() == 422 && taken.html().contains("This one is taken already."), "{}", taken.html());
        app.settle().await;
    }
);
