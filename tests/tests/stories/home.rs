//! Everybody's first page, what is known of one's own attendance, and why one cannot join.

use chrono::Duration;
use lectern_tests::{Lesson, story};
use serde_json::json;

story!(
    /// A student's first page counts down to the next class, has the one button once the door is open, and goes on to the next day's
    /// class afterwards; the day is shown on the student's own clock. Whoever belongs to no class is told what happens next.
    a_student_sees_when_and_where_and_the_one_button, |app| async {
        let dreamcrowd = app.organization("dreamcrowd").await;
        let (lonely, bela) = (dreamcrowd.student("lonely").await, dreamcrowd.student("bela").await);
        let (_, seller, lesson) = app.evening().await;
        let page = lonely.browser(app).get("/").await;
        assert!(page.html().contains("Good afternoon, Lonely Rahman") && page.html().contains("You are in no class yet"), "{}", page.html());
        lesson.enroll(app, &seller, &bela.email, "Bela Rahman").await;
        let later = lesson.another(app, &seller, app.now() + Duration::hours(5)).await;
        let browser = bela.browser(app);
        let page = browser.get("/").await;
        for words in ["Watercolour for beginners", "Farhan Rahman · Zoom", "Join the class", &format!("/join/class/{}", lesson.class), "opens 19:30"] {
            assert!(page.html().contains(words), "{words}: {}", page.html());
        }
        assert!(!page.html().contains("data-countdown="), "{}", page.html());
        let door = browser.get(&format!("/join/class/{}", lesson.class)).await;
        assert_eq!(door.standing(), "ready", "the button leads to an open door");
        // The class is over; the next one waits.
        app.pass(Duration::hours(1) + Duration::minutes(20));
        app.settle().await;
        let page = browser.get("/").await;
        assert!(page.html().contains("data-countdown=\"2026-11-23T13:30:00Z\"") && page.html().contains("<title>Opens at 19:30"), "{}", page.html());
        assert!(!page.html().contains("Join the class"), "{}", page.html());
        assert_eq!(bela.patch("/api/v1/me", json!({"time_zone": "Europe/London"})).await.0, 200);
        let page = browser.get("/").await;
        assert!(page.html().contains("13:45 – 14:30, London time"), "{}", page.html());
        let (status, _) = seller.delete(&format!("/api/v1/sessions/{later}")).await;
        assert_eq!(status, 204);
        app.settle().await;
        let page = browser.get("/").await;
        assert!(page.html().contains("Nothing is planned for you") && page.html().contains("Cancelled"), "{}", page.html());
        // A door of another day says which.
        lesson.another(app, &seller, app.now() + Duration::days(1)).await;
        let page = browser.get("/").await;
        assert!(page.html().contains("opens Tuesday 24 November, ") && page.html().contains("<title>Opens Tuesday 24 November, "), "{}", page.html());
    }
);

story!(
    /// Why a student cannot join is said class by class, with the next step: too early, open, over, cancelled, in person.
    why_one_cannot_join_is_said_class_by_class, |app| async {
        let bela = app.organization("dreamcrowd").await.student("bela").await;
        let (_, seller, lesson) = app.evening().await;
        lesson.enroll(app, &seller, &bela.email, "Bela Rahman").await;
        let off = lesson.another(app, &seller, app.now() + Duration::hours(3)).await;
        lesson.another(app, &seller, app.now() + Duration::hours(6)).await;
        let room = json!({"starts_at": app.now() + Duration::hours(9), "duration_minutes": 45, "time_zone": "Asia/Dhaka", "delivery": "in_person"});
        seller.create(&format!("/api/v1/classes/{}/sessions", lesson.class), room).await;
        let reason = json!({"reason": "The brushes are gone"});
        let called_off = seller.send("DELETE", &format!("/api/v1/sessions/{off}"), Some(&reason), &[]).await;
        assert_eq!(called_off.status, 204);
        app.settle().await;
        let browser = bela.browser(app);
        let page = browser.get("/why").await;
        for words in ["your teacher has not started yet", "The brushes are gone", "Too early: it opens at 20:30", "held in person: come to the room", "My class is not in the list"] {
            assert!(page.html().contains(words), "{words}: {}", page.html());
        }
        app.pass(Duration::minutes(80));
        app.settle().await;
        let page = browser.get("/why").await;
        assert!(page.html().contains("This class is over"), "{}", page.html());
    }
);

story!(
    /// A student's own attendance: what was held against them and what was not, and whether a teacher has looked; nobody else's.
    a_student_sees_their_own_attendance, |app| async {
        let dreamcrowd = app.organization("dreamcrowd").await;
        let (bela, other) = (dreamcrowd.student("bela").await, dreamcrowd.student("mina").await);
        let (_, seller, lesson) = app.evening().await;
        for who in [&bela, &other] {
            lesson.enroll(app, &seller, &who.email, "Somebody").await;
        }
        let browser = bela.browser(app);
        let empty = browser.get("/attendance").await;
        assert!(empty.html().contains("No class of yours is over yet"), "{}", empty.html());
        assert_eq!(seller.post(&format!("/api/v1/sessions/{}/start", lesson.session), json!({})).await.0 / 100, 2);
        app.settle().await;
        app.pass(Duration::minutes(70));
        assert_eq!(seller.post(&format!("/api/v1/sessions/{}/end", lesson.session), json!({})).await.0 / 100, 2);
        app.settle().await;
        let proposed = browser.get("/attendance").await;
        assert!(proposed.html().contains("no figure yet") && !proposed.html().contains("0 %"), "nobody has looked: {}", proposed.html());
        let url = format!("/api/v1/sessions/{}/attendance/{}", lesson.session, bela.id);
        let (status, said) = seller.patch(&url, json!({"state": "late", "note": "The tram."})).await;
        assert_eq!(status, 200, "{said}");
        let page = browser.get("/attendance").await;
        for words in ["Watercolour for beginners", "Late", "Verified", "100 %", "of one class"] {
            assert!(page.html().contains(words), "{words}: {}", page.html());
        }
        assert_eq!(page.html().matches("/sessions/").count(), 1, "one session: {}", page.html());
        let home = browser.get("/").await;
        assert!(home.html().contains("100 %") && home.html().contains("/attendance"), "{}", home.html());
        let mine = seller.browser(app).get("/").await;
        assert!(mine.html().contains("Attendance to verify") && mine.html().contains("one person"), "the other one waits: {}", mine.html());
    }
);

story!(
    /// A teacher's first page: the class that runs, then the next; an account that has to be connected again comes first, with the
    /// button that mends it, and goes away once it is.
    a_teacher_sees_what_is_on_and_what_stands_in_the_way, |app| async {
        let (_, seller, lesson) = app.evening().await;
        let browser = seller.browser(app);
        let page = browser.get("/").await;
        for words in ["Good afternoon, Farhan Rahman", "Watercolour for beginners", &format!("/sessions/{}", lesson.session), "Everything is verified."] {
            assert!(page.html().contains(words), "{words}: {}", page.html());
        }
        assert!(!page.html().contains("note bad"), "{}", page.html());
        lesson.another(app, &seller, app.now() + Duration::hours(3)).await;
        app.zoom.revoke_silently("lectern-app", &seller.email);
        app.pass(Duration::minutes(59));
        app.tick("tick.refresh_tokens").await;
        let page = browser.get("/").await;
        assert!(page.html().contains("Your Zoom connection has ended") && page.html().contains("href=\"&#x2f;connection\""), "{}", page.html());
        let bengali = browser.get("/?lang=bn").await;
        assert!(bengali.html().contains("আপনার Zoom সংযোগ শেষ হয়েছে"), "{}", bengali.html());
    }
);

story!(
    /// An organization that has just begun is led step by step until the first class is planned; then the list is gone, and the day
    /// with its figures and the weeks stands there, problems first.
    an_admin_is_led_to_the_first_class, |app| async {
        let (oakwood, page) = {
            let oakwood = app.organization("oakwood").await;
            let admin = oakwood.admin().await;
            let page = admin.browser(app).get("/").await;
            (admin, page)
        };
        for words in ["Until the first class", "Set up a platform", "Add those who teach", "Schedule its first session"] {
            assert!(page.html().contains(words), "{words}: {}", page.html());
        }
        let other = oakwood.browser(app).get("/live").await;
        assert_eq!(other.status(), 200);
        app.organization("dreamcrowd").await.student("bela").await;
        let (owner, seller, _) = app.evening().await;
        let page = owner.browser(app).get("/").await;
        assert!(!page.html().contains("Until the first class"), "{}", page.html());
        for words in ["Watercolour for beginners", "class today", "Classes per week", "All live classes"] {
            assert!(page.html().contains(words), "{words}: {}", page.html());
        }
        app.zoom.revoke_silently("lectern-app", &seller.email);
        app.pass(Duration::minutes(59));
        app.tick("tick.refresh_tokens").await;
        let page = owner.browser(app).get("/").await;
        assert!(page.html().contains("Accounts that have to be connected again: 1.") && page.html().contains("href=\"&#x2f;connections\""), "{}", page.html());
        // Nothing of another organization.
        let lesson = Lesson::schedule_at(app, &seller, "Oil", app.now() + Duration::minutes(15)).await;
        lesson.another(app, &seller, app.now() + Duration::minutes(25)).await;
        app.tick("tick.prepare_sessions").await;
        // One cause is one trouble, with whose it is.
        let page = owner.browser(app).get("/").await;
        assert!(page.html().contains("and 1 more") && page.html().contains("Farhan Rahman"), "{}", page.html());
        let page = oakwood.browser(app).get("/").await;
        assert!(!page.html().contains("Oil") && !page.html().contains(&lesson.session), "{}", page.html());
    }
);

story!(
    /// Back to back: a class nobody has ended, or nobody started, gives way to the one that is on; and of a long day the page that says
    /// why one cannot join tells of now, not of the morning.
    what_is_on_comes_before_what_nobody_ended, |app| async {
        let bela = app.organization("dreamcrowd").await.student("bela").await;
        let (_, seller, lesson) = app.evening().await;
        lesson.enroll(app, &seller, &bela.email, "Bela Rahman").await;
        let starts = app.now() + Duration::minutes(15);
        assert_eq!(seller.post(&format!("/api/v1/sessions/{}/start", lesson.session), json!({})).await.0 / 100, 2);
        let second = Lesson::schedule_at(app, &seller, "Oil painting", starts + Duration::minutes(45)).await;
        second.enroll(app, &seller, &bela.email, "Bela Rahman").await;
        for hour in 2..10 {
            lesson.another(app, &seller, starts + Duration::hours(hour)).await;
        }
        app.pass(Duration::minutes(65));
        let browser = bela.browser(app);
        let page = browser.get("/").await;
        assert!(page.html().contains(&format!("/join/class/{}", second.class)), "{}", page.html());
        assert!(!page.html().contains(&format!("/join/class/{}", lesson.class)), "{}", page.html());
        app.pass(Duration::hours(8));
        app.settle().await;
        let page = browser.get("/why").await;
        assert!(page.html().contains("Too early") || page.html().contains("your teacher has not started yet"), "{}", page.html());
        assert!(page.html().matches("This class is over").count() <= 1, "{}", page.html());
    }
);
