//! What an organization decides for itself, on its page.

use lectern_tests::story;
use serde_json::json;

const SETTINGS: &str = "/api/v1/organization/settings";

story!(
    /// An owner changes name, words, zone, platforms and policies on one page; it holds at once, and the log says from what to what.
    an_owner_sets_the_organization_up_on_its_page, |app| async {
        let owner = app.organization("oakwood").await.owner().await;
        let browser = owner.browser(app);
        let page = browser.get("/organization").await;
        let html = page.html().replace("&#x2f;", "/");
        for words in [
            "value=\"Oakwood\"", "stays oakwood", "name=\"late_after_minutes\" type=\"text\" value=\"5\"", "value=\"30\"",
            "href=\"/holidays\"", "href=\"/payments\"", "href=\"/webhooks\"", "href=\"/api-keys\"", "option value=\"link\"",
        ] {
            assert!(html.contains(words), "{words}: {html}");
        }
        let saved = browser.submit(&page, "/organization", &[
            ("name", "Oakwood Arts"), ("vocabulary", "marketplace"), ("time_zone", "Europe/London"), ("default_provider", "meet"),
            ("meeting_created", "started"), ("standby_provider", "link"), ("standby_after_minutes", "3"), ("credentials_by", "owners"),
            ("join_opens_minutes", "২০"), ("join_closes_minutes", "10"), ("late_after_minutes", "7"), ("left_early_minutes", "6"),
            ("minimum_presence_percent", "50"), ("reminder_minutes", "1440, ৩০"), ("relay_domain", " seats.oakwood.example "),
        ]).await;
        assert_eq!((saved.status(), saved.location()), (303, "/organization?notice=saved"), "{}", saved.html());
        let (_, settings) = owner.get(SETTINGS).await;
        assert_eq!((&settings["name"], &settings["vocabulary"]), (&json!("Oakwood Arts"), &json!("marketplace")), "{settings}");
        assert_eq!((&settings["time_zone"], &settings["default_provider"]), (&json!("Europe/London"), &json!("meet")), "{settings}");
        let policies = json!({
            "meeting_created": "started", "standby_provider": "link", "standby_after_minutes": 3, "credentials_by": "owners",
            "join_opens_minutes": 20, "join_closes_minutes": 10, "late_after_minutes": 7, "left_early_minutes": 6,
            "minimum_presence_percent": 50, "reminder_minutes": [1440, 30], "aliases": "by_class", "relay_domain": "seats.oakwood.example",
        });
        for (name, value) in policies.as_object().unwrap() {
            assert_eq!(&settings["policies"][name], value, "{name}: {settings}");
        }
        let page = browser.get("/organization?notice=saved").await;
        assert!(page.html().contains("Oakwood Arts") && page.html().contains("value=\"1440, 30\""), "{}", page.html());
        assert!(browser.get("/connections").await.html().contains("Seller"), "the words changed everywhere");
        let bengali = browser.get("/organization?lang=bn").await;
        assert!(bengali.html().contains("বিকল্প প্ল্যাটফর্ম") && !bengali.html().contains("Standby"), "{}", bengali.html());
        let (_, log) = owner.get("/api/v1/audit?kind=organization.policies_changed").await;
        let details = &log["items"][0]["details"];
        assert_eq!(details["name"], json!({"from": "Oakwood", "to": "Oakwood Arts"}), "{log}");
        assert_eq!(details["reminder_minutes"], json!({"from": [30], "to": [1440, 30]}), "{log}");
        assert_eq!(app.audited("platform.default_changed").await, 1);
        let again = browser.submit(&page, "/organization", &[("late_after_minutes", "7"), ("reminder_minutes", "1440,30")]).await;
        assert_eq!(again.status(), 303);
        assert_eq!(app.audited("organization.policies_changed").await, 1, "nothing changed, nothing written");
        let none = browser.submit(&page, "/organization", &[("reminder_minutes", ""), ("standby_provider", "")]).await;
        assert_eq!(none.status(), 303, "{}", none.html());
        let (_, settings) = owner.get(SETTINGS).await;
        assert_eq!((&settings["policies"]["reminder_minutes"], &settings["policies"]["standby_provider"]), (&json!([]), &json!(null)), "{settings}");
        app.settle().await;
    }
);

story!(
    /// Whatever is wrong is said beside its field, in the reader's language, all at once; what was typed stays, and nothing is kept of
    /// the rest.
    what_is_wrong_is_said_beside_its_field, |app| async {
        let owner = app.organization("oakwood").await.owner().await;
        let (_, before) = owner.get(SETTINGS).await;
        let browser = owner.browser(app);
        let page = browser.get("/organization").await;
        let refused = browser.submit(&page, "/organization", &[
            ("name", " "), ("vocabulary", "circus"), ("time_zone", "Mars/Olympus"), ("default_provider", "webex"), ("late_after_minutes", "2000"),
            ("minimum_presence_percent", "101"), ("standby_after_minutes", "61"), ("reminder_minutes", "30, 30"), ("relay_domain", "no domain"),
            ("join_opens_minutes", "25"),
        ]).await;
        assert_eq!(refused.status(), 422);
        for (field, words) in [
            ("name", "This is needed."), ("vocabulary", "Choose one."), ("time_zone", "This is not a time zone."), ("default_provider", "Choose one."),
            ("late_after_minutes", "from 0 to 1440"), ("minimum_presence_percent", "from 0 to 100"), ("standby_after_minutes", "from 0 to 60"),
            ("reminder_minutes", "up to five different numbers"), ("relay_domain", "Write a domain name"),
        ] {
            let told = refused.html().split(&format!("id=\"f-{field}-error\"")).nth(1).unwrap_or_else(|| panic!("{field}: {}", refused.html()));
            assert!(told.split("</p>").next().unwrap().contains(words), "{field}: {told:.200}");
        }
        assert!(refused.html().contains("value=\"25\"") && refused.html().contains("value=\"2000\""), "what was typed stays: {}", refused.html());
        let page = browser.get("/organization?lang=bn").await;
        let refused = browser.submit(&page, "/organization", &[("name", ""), ("late_after_minutes", "soon"), ("reminder_minutes", "a day")]).await;
        assert!(refused.status() == 422 && refused.html().contains("পূর্ণ মিনিট লিখুন") && refused.html().contains("value=\"soon\""), "{}", refused.html());
        // Meet lets in the accounts on its list, so it must know people's own addresses.
        let page = browser.get("/organization?lang=en").await;
        let aliases = |word: &str| json!({"policies": {"aliases": word}});
        assert_eq!(owner.patch(SETTINGS, aliases("always")).await.0, 200);
        let refused = browser.submit(&page, "/organization", &[("default_provider", "meet")]).await;
        assert!(refused.status() == 422 && refused.html().contains("Aliases everywhere do not go"), "{}", refused.html());
        // The form that was open says nothing of aliases: they stay.
        let saved = browser.submit(&page, "/organization", &[("late_after_minutes", "5")]).await;
        assert_eq!((saved.status(), &owner.get(SETTINGS).await.1["policies"]["aliases"]), (303, &json!("always")));
        assert_eq!(app.audited("organization.locks_changed").await, 1, "the lock is the same decision");
        assert_eq!(owner.patch(SETTINGS, aliases("by_class")).await.0, 200);
        assert_eq!(owner.get(SETTINGS).await.1, before);
        assert_eq!(app.audited("organization.policies_changed").await, 2, "aliases there and back, and nothing of what was refused");
    }
);

story!(
    /// The name, the words and who edits credentials are an owner's: another admin sees them and changes the rest; a program neither.
    the_name_is_an_owners, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (owner, amina) = (oakwood.owner().await, oakwood.admin().await);
        let browser = amina.browser(app);
        let page = browser.get("/organization").await;
        assert!(page.html().contains("Only an owner changes this.") && !page.html().contains("name=\"name\""), "{}", page.html());
        assert_eq!(browser.submit(&page, "/organization", &[("late_after_minutes", "9")]).await.status(), 303);
        for forged in [("name", "Mine"), ("vocabulary", "marketplace"), ("credentials_by", "owners")] {
            assert_eq!(browser.submit(&page, "/organization", &[forged, ("late_after_minutes", "11")]).await.status(), 403, "{forged:?}");
        }
        let key = owner.create("/api/v1/api-keys", json!({"name": "k", "scopes": ["read", "write"]})).await;
        let program = app.nobody().with_bearer(key["token"].as_str());
        assert_eq!(program.patch(SETTINGS, json!({"name": "Mine"})).await.0, 403);
        let (_, settings) = owner.get(SETTINGS).await;
        assert_eq!((&settings["name"], &settings["policies"]["late_after_minutes"]), (&json!("Oakwood"), &json!(9)), "{settings}");
        assert_eq!(owner.patch(SETTINGS, json!({"name": "Oakwood Academy", "default_provider": "link"})).await.0, 200);
        let (status, problem) = owner.patch(SETTINGS, json!({"vocabulary": "circus", "default_provider": "webex"})).await;
        assert_eq!((status, problem["errors"].as_array().unwrap().len()), (422, 2), "{problem}");
        assert!(browser.get("/organization").await.html().contains("Oakwood Academy"));
    }
);

story!(
    /// Two admins who change different things at the same moment both get what they asked for.
    two_admins_at_once_lose_nothing, |app| async {
        let oakwood = app.organization("oakwood").await;
        let (owner, admin) = (oakwood.owner().await, oakwood.admin().await);
        let locks = |chat: &str| json!({
            "waiting_room": "usually_on", "recording": "usually_off", "recording_place": "cloud", "breakout_rooms": "usually_off",
            "chat": chat, "screen_share": "usually_on", "aliases": "usually_off",
        });
        for (late, chat) in [(1, "always"), (2, "never"), (3, "usually_off"), (4, "always"), (5, "never"), (6, "usually_on")] {
            let policies = json!({"policies": {"late_after_minutes": late}});
            let (one, other) = tokio::join!(owner.patch(SETTINGS, policies), admin.put("/api/v1/organization/locks", locks(chat)));
            assert_eq!((one.0, other.0), (200, 200), "{} {}", one.1, other.1);
            let (_, settings) = owner.get(SETTINGS).await;
            let (_, held) = owner.get("/api/v1/organization/locks").await;
            assert_eq!((&settings["policies"]["late_after_minutes"], &held["chat"]), (&json!(late), &json!(chat)));
        }
    }
);
