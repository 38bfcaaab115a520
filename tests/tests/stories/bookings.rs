//! Classes that people book: for money or free, with a waiting list, and back again.

use chrono::{DateTime, Duration, Utc};
use lectern_simulators::stripe::{
    AccountSpec, CARD_DECLINED, CARD_PAYS, CARD_REFUNDS_FAIL, EndpointSpec, ForcedAnswer, KeySpec, PayWith,
};
use lectern_tests::{Lesson, Organization, Person, TestApp, story};
use serde_json::{Value, json};

const KEY: &str = "sk_test_dreamcrowd0000000000";
const HOOK: &str = "whsec_stripe-hook-canary-55aa";
const BUYER: &str = "bela@home.example";

/// A marketplace with a Stripe account, a connected seller, and a class at nine in the evening of Dhaka in two days.
pub(crate) async fn market(app: &mut TestApp) -> (Person, Person, Lesson) {
    market_with(app, starts()).await
}

pub(crate) async fn market_with(app: &mut TestApp, starts_at: DateTime<Utc>) -> (Person, Person, Lesson) {
    let (owner, seller, _) = app.evening().await;
    let organization = app.organization("dreamcrowd").await.id;
    let url = format!("{}/api/stripe/webhook/{organization}", app.base);
    app.others.stripe.add_account(AccountSpec {
        id: "acct_dreamcrowd".to_owned(),
        name: "DreamCrowd Ltd".to_owned(),
        email: String::new(),
        country: String::new(),
        default_currency: String::new(),
        keys: vec![KeySpec::full(KEY)],
        endpoints: vec![EndpointSpec { url, secret: HOOK.to_owned(), livemode: false, events: vec![] }],
    });
    app.secret(KEY);
    app.secret(HOOK);
    let (status, saved) =
        owner.put("/api/v1/payments/stripe", json!({"secret_key": KEY, "webhook_secret": HOOK})).await;
    assert_eq!(status, 200, "{saved}");
    let lesson = Lesson::schedule_at(app, &seller, "Watercolour", starts_at).await;
    (owner, seller, lesson)
}

fn starts() -> DateTime<Utc> {
    "2026-11-25T15:00:00Z".parse().unwrap()
}

async fn offer(seller: &Person, lesson: &Lesson, terms: Value) -> Value {
    let (status, offer) = seller.put(&format!("/api/v1/classes/{}/offer", lesson.class), terms).await;
    assert_eq!(status, 200, "{offer}");
    offer
}

fn priced() -> Value {
    json!({"price": 120_000, "currency": "BDT", "seats": 2, "refund_hours": 24})
}

/// Books in a browser as somebody nobody knows; answers where the browser is led.
async fn books(app: &TestApp, lesson: &Lesson, email: &str, zone: &str) -> String {
    let browser = app.browser();
    let page = browser.get(&format!("/book/{}", lesson.class)).await;
    assert_eq!(page.status(), 200, "{}", page.html());
    let fields = [("email", email), ("first_name", "Bela"), ("last_name", "Rahman"), ("time_zone", zone)];
    let done = browser.post(&format!("/book/{}", lesson.class), &fields).await;
    assert_eq!(done.status(), 303, "{}", done.html());
    done.location().to_owned()
}

/// Pays on Stripe's page; answers where it leads back to.
pub(crate) fn pays(app: &TestApp, checkout: &str, card: &str) -> Result<String, String> {
    match app.others.stripe.pays(checkout, BUYER, PayWith::Card(card)) {
        Ok(lectern_simulators::stripe::Paid::Done(back)) => Ok(back),
        Ok(other) => Err(format!("{other:?}")),
        Err(why) => Err(format!("{why:?}")),
    }
}

async fn states(seller: &Person, lesson: &Lesson) -> Vec<String> {
    let all = seller.all(&format!("/api/v1/classes/{}/bookings", lesson.class)).await;
    all.iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect()
}

async fn roster(seller: &Person, lesson: &Lesson) -> usize {
    seller.all(&format!("/api/v1/classes/{}/enrollments", lesson.class)).await.len()
}

pub(crate) fn path<'a>(app: &TestApp, url: &'a str) -> &'a str {
    url.strip_prefix(&app.base).unwrap_or_else(|| panic!("{url} is elsewhere"))
}

story!(
    /// A stranger books a paid class in the browser, pays at Stripe, and is on the roster with a mail that carries their own link;
    /// both times are said. Nothing of the card, the key or Stripe's page stays with us.
    a_stranger_books_and_pays, |app| async {
        let (_, seller, lesson) = market(app).await;
        let said = offer(&seller, &lesson, priced()).await;
        assert_eq!((&said["stand"], &said["taken"], &said["currency"]), (&json!("free"), &json!(0), &json!("bdt")), "{said}");
        let page = app.browser().get(&format!("/book/{}?zone=Europe/London", lesson.class)).await;
        for words in ["1,200.00 BDT", "2 seats are left", "21:00 – 21:45, Dhaka time", "15:00 – 15:45, London time"] {
            assert!(page.html().contains(words), "{words}: {}", page.html());
        }
        let checkout = books(app, &lesson, BUYER, "Europe/London").await;
        assert!(checkout.starts_with(&app.others.stripe.base_url()), "{checkout}");
        assert_eq!((states(&seller, &lesson).await, roster(&seller, &lesson).await), (vec!["held".to_owned()], 0));
        // Anybody can write anybody's address: whoever books again is led nowhere, and the booking's own link is mailed.
        let again = app.browser().post(&format!("/book/{}", lesson.class), &[("email", BUYER), ("first_name", "Bela")]).await;
        assert!(again.status() == 422 && again.html().contains("has booked this class already"), "{}", again.html());
        app.settle().await;
        let mail = app.mail.messages_to(BUYER).pop().unwrap();
        assert!(mail.subject == "A seat is kept for you: Watercolour" && mail.text.contains("The seat is kept until"), "{}", mail.text);
        let own = mail.text.split_whitespace().find(|word| word.contains("/booking/")).unwrap();
        assert_eq!(app.browser().post(path(app, own), &[]).await.location(), checkout, "it leads to the same page");
        assert!(pays(app, &checkout, CARD_DECLINED).is_err());
        let back = pays(app, &checkout, CARD_PAYS).unwrap();
        let waiting = app.browser().get(path(app, &back)).await;
        assert!(waiting.html().contains("http-equiv=\"refresh\""), "{}", waiting.html());
        app.settle().await;
        assert_eq!((states(&seller, &lesson).await, roster(&seller, &lesson).await), (vec!["confirmed".to_owned()], 1));
        let booked = app.browser().get(path(app, &back)).await;
        assert!(booked.html().contains("Booked") && booked.html().contains("Your link is in your mail"), "{}", booked.html());
        assert!(!booked.html().contains("join&#x2f;class"), "the link is for whoever reads the mails: {}", booked.html());
        let subjects: Vec<String> = app.mail.messages_to(BUYER).into_iter().map(|mail| mail.subject).collect();
        assert_eq!(subjects.len(), 3, "{subjects:?}");
        assert!(subjects.contains(&"Booked: Watercolour".to_owned()), "{subjects:?}");
        let join = app.mail.messages_to(BUYER).into_iter().find(|mail| mail.text.contains("/join/class/")).unwrap();
        assert!(join.text.contains("For you: Wednesday 25 November, 15:00 – 15:45, London time"), "{}", join.text);
        let dump = app.database.dump().await;
        for secret in [KEY, HOOK, checkout.as_str(), CARD_PAYS] {
            assert!(!dump.contains(secret), "{secret} lies open in the database");
        }
        for kind in ["offer.saved", "booking.made", "booking.confirmed", "payments.saved"] {
            assert_eq!(app.audited(kind).await, 1, "{kind}");
        }
    }
);

story!(
    /// Whoever is booked hears of it and of what is given back, by mail and on their pages, with the buyer's name and where the
    /// bookings are; such mails can be taken off. A seat that nobody has paid for yet is no news.
    the_seller_hears_of_bookings, |app| async {
        let (_, seller, lesson) = market(app).await;
        offer(&seller, &lesson, priced()).await;
        let told = |app: &TestApp| -> Vec<_> {
            let all = app.mail.messages_to(&seller.email);
            all.into_iter().filter(|mail| mail.subject.contains("ooking")).collect()
        };
        let checkout = books(app, &lesson, BUYER, "Europe/London").await;
        app.settle().await;
        assert!(told(app).is_empty(), "a held seat: {:?}", told(app)[0].subject);
        let back = pays(app, &checkout, CARD_PAYS).unwrap();
        app.settle().await;
        let new = told(app).pop().unwrap();
        assert_eq!(new.subject, "New booking: Watercolour");
        for words in ["Bela Rahman has booked:", &format!("/classes/{}/bookings", lesson.class), "topic=booking"] {
            assert!(new.text.contains(words), "{words}: {}", new.text);
        }
        let page = seller.browser(app).get("/notices").await;
        assert!(page.html().contains("Somebody has booked with you"), "{}", page.html());
        let own = path(app, &back).split('?').next().unwrap().to_owned();
        app.browser().post(&format!("{own}/cancel"), &[]).await;
        app.settle().await;
        let subjects: Vec<_> = told(app).into_iter().map(|mail| mail.subject).collect();
        assert_eq!(subjects, ["New booking: Watercolour", "A booking was given back: Watercolour"]);
        let off = json!({"mail": false, "live": true});
        assert_eq!(seller.put("/api/v1/notification-choices/booking", off).await.0, 200);
        let checkout = books(app, &lesson, "omar@home.example", "").await;
        pays(app, &checkout, CARD_PAYS).unwrap();
        app.settle().await;
        assert_eq!(told(app).len(), 2, "taken off");
    }
);

story!(
    /// Two seats: the third waits. Who does not pay in time loses the seat, and who waits gets it, with a day to pay; a doubled
    /// event changes nothing, and one that never came is found by looking.
    seats_run_out_and_come_free, |app| async {
        let (_, seller, lesson) = market(app).await;
        offer(&seller, &lesson, priced()).await;
        let first = books(app, &lesson, BUYER, "").await;
        books(app, &lesson, "omar@home.example", "").await;
        let third = books(app, &lesson, "tom@home.example", "").await;
        assert!(third.contains("/booking/"), "{third}");
        assert!(app.browser().get(third.as_str()).await.html().contains("waiting list"));
        app.settle().await;
        assert_eq!(app.mail.messages_to("tom@home.example")[0].subject, "On the waiting list: Watercolour");
        // The first pays, and Stripe's event is lost; the second never pays.
        app.others.stripe.set_webhooks(lectern_simulators::stripe::WebhookBehaviour { lose: 100, ..Default::default() });
        pays(app, &first, CARD_PAYS).unwrap();
        app.pass(Duration::minutes(32));
        app.tick("tick.bookings").await;
        assert_eq!(states(&seller, &lesson).await, ["confirmed", "expired", "held"]);
        let told = app.mail.messages_to("tom@home.example").pop().unwrap();
        assert_eq!(told.subject, "A seat is free: Watercolour");
        let page = app.browser().get(third.as_str()).await;
        let browser = app.browser();
        let paying = browser.submit(&page, third.as_str(), &[]).await;
        app.others.stripe.set_webhooks(lectern_simulators::stripe::WebhookBehaviour { duplicate: 100, ..Default::default() });
        pays(app, paying.location(), CARD_PAYS).unwrap();
        app.settle().await;
        assert_eq!(states(&seller, &lesson).await, ["confirmed", "expired", "confirmed"]);
        assert_eq!(roster(&seller, &lesson).await, 2);
        assert_eq!(app.audited("booking.confirmed").await, 2);
    }
);

story!(
    /// Given back in time, the money comes back and the place goes; too late, it is said; whoever teaches the class may always.
    /// A refund that fails is shown to them.
    a_booking_is_given_back, |app| async {
        let (_, seller, lesson) = market(app).await;
        offer(&seller, &lesson, json!({"price": 2_000, "currency": "eur", "seats": 5, "refund_hours": 24})).await;
        let mut booked = Vec::new();
        for (email, card) in [(BUYER, CARD_PAYS), ("omar@home.example", CARD_PAYS), ("tom@home.example", CARD_REFUNDS_FAIL)] {
            let checkout = books(app, &lesson, email, "").await;
            booked.push(pays(app, &checkout, card).unwrap());
            app.pass(Duration::seconds(5));
        }
        app.settle().await;
        assert_eq!(roster(&seller, &lesson).await, 3);
        let link = app.mail.messages_to(BUYER).iter().find_map(|mail| {
            mail.text.split_whitespace().find(|word| word.contains("/join/class/")).map(str::to_owned)
        });
        let browser = app.browser();
        let page = browser.get(path(app, &booked[0])).await;
        let end = page.forms().into_iter().map(|(action, _)| action).find(|action| action.ends_with("/cancel")).unwrap();
        let done = browser.submit(&page, &end, &[]).await;
        assert_eq!(done.status(), 303, "{}", done.html());
        app.settle().await;
        assert_eq!(states(&seller, &lesson).await, ["refunded", "confirmed", "confirmed"]);
        let subjects: Vec<String> = app.mail.messages_to(BUYER).into_iter().map(|mail| mail.subject).collect();
        assert!(subjects.contains(&"Your money is back: Watercolour".to_owned()), "{subjects:?}");
        let refused = app.browser().get(path(app, &link.unwrap())).await;
        assert_eq!(refused.status(), 403, "the link is dead");
        app.pass(starts() - Duration::hours(23) - app.now());
        let page = browser.get(path(app, &booked[1])).await;
        assert!(page.html().contains("can no longer be given back"), "{}", page.html());
        let tried = browser.post(&format!("{}/cancel", path(app, booked[1].split('?').next().unwrap())), &[]).await;
        assert!(tried.html().contains("24 hours before"), "{}", tried.html());
        let all = seller.all(&format!("/api/v1/classes/{}/bookings", lesson.class)).await;
        for one in &all[1..] {
            let (status, ended) = seller.delete(&format!("/api/v1/bookings/{}", one["id"].as_str().unwrap())).await;
            assert_eq!((status, &ended["state"]), (200, &json!("refunding")), "{ended}");
        }
        app.settle().await;
        app.pass(Duration::days(2));
        app.settle().await;
        assert_eq!(states(&seller, &lesson).await, ["refunded", "refunded", "refund_failed"]);
        assert_eq!(roster(&seller, &lesson).await, 0);
        let page = seller.browser(app).get(&format!("/classes/{}/bookings", lesson.class)).await;
        assert!(page.html().contains("could not be given back"), "{}", page.html());
    }
);

story!(
    /// A free class needs no payment, and no account at Stripe; a student who is signed in books by one press. A price without an
    /// account, or terms that make no sense, are refused with what to do.
    a_free_class_needs_no_payment, |app| async {
        let (owner, seller, _) = app.evening().await;
        let lesson = Lesson::schedule_at(app, &seller, "Watercolour", starts()).await;
        let terms = format!("/api/v1/classes/{}/offer", lesson.class);
        let (status, problem) = seller.put(&terms, priced()).await;
        assert_eq!((status, &problem["code"]), (409, &json!("payments_missing")), "{problem}");
        for (wrong, field) in [
            (json!({"price": -1}), "price"),
            (json!({"currency": "taka"}), "currency"),
            (json!({"seats": 0}), "seats"),
            (json!({"refund_hours": 9999}), "refund_hours"),
            (json!({"opens_at": "2026-12-02T00:00:00Z", "closes_at": "2026-12-01T00:00:00Z"}), "closes_at"),
        ] {
            let (status, problem) = seller.put(&terms, wrong).await;
            assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!(field)), "{problem}");
        }
        offer(&seller, &lesson, json!({"seats": 1, "opens_at": app.now() + Duration::hours(1)})).await;
        let dreamcrowd: Organization<'_> = app.organization("dreamcrowd").await;
        let (bela, tom) = (dreamcrowd.student("bela").await, dreamcrowd.student("tom").await);
        let book = format!("/api/v1/classes/{}/bookings", lesson.class);
        let (status, problem) = bela.post(&book, json!({})).await;
        assert_eq!((status, &problem["code"]), (409, &json!("booking_not_open")), "{problem}");
        app.pass(Duration::hours(1));
        let browser = bela.browser(app);
        let page = browser.get(&format!("/book/{}", lesson.class)).await;
        assert!(page.html().contains("You book as Bela Rahman"), "{}", page.html());
        let done = browser.post(&format!("/book/{}", lesson.class), &[]).await;
        assert!(done.location().contains("/booking/"), "{}", done.html());
        let waits = tom.create(&book, json!({})).await;
        assert_eq!((&waits["state"], &waits["checkout_url"]), (&json!("waiting"), &Value::Null), "{waits}");
        app.settle().await;
        assert!(app.mail.messages_to(&bela.email).iter().any(|mail| mail.text.contains("/join/class/")));
        let mine = format!("/api/v1/bookings/{}", waits["id"].as_str().unwrap());
        assert_eq!((bela.get(&mine).await.0, tom.get(&mine).await.0, owner.get(&mine).await.0), (404, 200, 200));
        let first = seller.all(&book).await[0]["id"].as_str().unwrap().to_owned();
        let (status, ended) = bela.delete(&format!("/api/v1/bookings/{first}")).await;
        assert_eq!((status, &ended["state"]), (200, &json!("cancelled")), "{ended}");
        app.settle().await;
        assert_eq!(states(&seller, &lesson).await, ["cancelled", "confirmed"], "who waited has the seat");
        let (status, problem) = bela.delete(&format!("/api/v1/bookings/{first}")).await;
        assert_eq!((status, &problem["code"]), (409, &json!("booking_ended")), "{problem}");
        let nobody = app.browser().post(&format!("/book/{}", lesson.class), &[("email", "no"), ("first_name", "")]).await;
        assert_eq!(nobody.status(), 422, "{}", nobody.html());
    }
);

story!(
    /// Two people press at the same moment, and there is one seat: one has it, the other waits.
    two_people_never_get_one_seat, |app| async {
        let (_, seller, _) = app.evening().await;
        let lesson = Lesson::schedule_at(app, &seller, "Watercolour", starts()).await;
        offer(&seller, &lesson, json!({"seats": 1})).await;
        let book = format!("/api/v1/classes/{}/bookings", lesson.class);
        let mut students = Vec::new();
        let dreamcrowd = app.organization("dreamcrowd").await;
        for name in ["bela", "tom", "omar", "diya"] {
            students.push(dreamcrowd.student(name).await);
        }
        let all = futures::future::join_all(students.iter().map(|one| one.post(&book, json!({})))).await;
        let confirmed = all.iter().filter(|(status, one)| *status == 201 && one["state"] == "confirmed").count();
        let waiting = all.iter().filter(|(status, one)| *status == 201 && one["state"] == "waiting").count();
        assert_eq!((confirmed, waiting), (1, 3), "{all:?}");
        app.settle().await;
    }
);

story!(
    /// A price Stripe does not take, and a Stripe that does not answer: the buyer reads which of both it is in their own language
    /// and keeps the seat, whoever teaches reads Stripe's own sentence, and an address that says something else says nothing.
    what_cannot_be_paid_says_so, |app| async {
        let (_, seller, lesson) = market(app).await;
        offer(&seller, &lesson, json!({"price": 20, "currency": "GBP", "seats": 2})).await;
        let own = books(app, &lesson, BUYER, "Europe/London").await;
        assert!(own.contains("/booking/") && own.ends_with("?problem=unpayable"), "{own}");
        let page = app.browser().get(&own).await;
        assert!(page.html().contains("cannot be paid as it stands"), "{}", page.html());
        let page = app.browser().get(&format!("{own}&lang=bn")).await;
        assert!(page.html().contains("এই অবস্থায় এই বুকিংয়ের টাকা দেওয়া যায় না"), "{}", page.html());
        let list = format!("/api/v1/classes/{}/bookings", lesson.class);
        let known = &seller.all(&list).await[0];
        assert!(known["problem"].as_str().unwrap().starts_with("Stripe: ") && known["state"] == "held", "{known}");
        let board = seller.browser(app).get(&format!("/classes/{}/bookings", lesson.class)).await;
        assert!(board.html().contains("must add up to at least"), "{}", board.html());
        // Given back, and booked again at a price that can be paid; Stripe is away for a moment.
        offer(&seller, &lesson, priced()).await;
        let booking = own.split('?').next().unwrap().to_owned();
        app.browser().post(&format!("{booking}/cancel"), &[]).await;
        app.others.stripe.force_answer(ForcedAnswer {
            operation: "PostCheckoutSessions".to_owned(),
            status: 500,
            kind: "api_error".to_owned(),
            code: None,
            decline_code: None,
            kept: false,
            times: 1,
        });
        let own = books(app, &lesson, BUYER, "Europe/London").await;
        assert!(own.ends_with("?problem=payments_silent"), "{own}");
        let page = app.browser().get(&own).await;
        assert!(page.html().contains("try again in a minute"), "{}", page.html());
        let booking = own.split('?').next().unwrap().to_owned();
        let page = app.browser().get(&format!("{booking}?problem=archived")).await;
        assert!(!page.html().contains("role=\"alert\""), "{}", page.html());
        let checkout = app.browser().post(&booking, &[]).await;
        pays(app, checkout.location(), CARD_PAYS).unwrap();
        app.settle().await;
        assert_eq!(states(&seller, &lesson).await, ["cancelled", "confirmed"]);
        assert_eq!(seller.all(&list).await[1]["problem"], Value::Null);
    }
);

story!(
    /// Only Stripe's own signature counts, and only for this organization; the account is tested, and its keys are never shown.
    only_stripe_is_believed, |app| async {
        let (owner, seller, lesson) = market(app).await;
        offer(&seller, &lesson, priced()).await;
        let checkout = books(app, &lesson, BUYER, "").await;
        let dreamcrowd = app.organization("dreamcrowd").await.id;
        let elmfield = app.organization("elmfield").await.id;
        let body = json!({"id": "evt_forged", "object": "event", "type": "checkout.session.completed", "created": app.now().timestamp(),
            "livemode": false, "data": {"object": {"id": checkout.rsplit('/').next(), "object": "checkout.session", "status": "complete", "payment_status": "paid"}}});
        let sign = |secret: &str| {
            lectern_simulators::stripe::signature(&[secret], app.now(), body.to_string().as_bytes(), false)
        };
        for (organization, signature) in [(dreamcrowd, String::new()), (dreamcrowd, sign("whsec_other")), (elmfield, sign(HOOK))] {
            let answer = app
                .nobody()
                .send("POST", &format!("/api/stripe/webhook/{organization}"), Some(&body), &[("stripe-signature", &signature)])
                .await;
            assert_eq!(answer.status, 401, "{}", answer.text);
        }
        assert_eq!(states(&seller, &lesson).await, ["held"]);
        let (status, tested) = owner.post("/api/v1/payments/stripe/test", json!({})).await;
        assert_eq!((status, &tested["account"]), (200, &json!("DreamCrowd Ltd")), "{tested}");
        let page = owner.browser(app).get("/payments").await;
        assert!(page.html().contains("DreamCrowd Ltd") && !page.html().contains(KEY), "{}", page.html());
        for (wrong, field) in [
            (json!({"secret_key": "pk_test_abc"}), "secret_key"),
            (json!({"secret_key": "hello"}), "secret_key"),
            (json!({"webhook_secret": "sk_test_x"}), "webhook_secret"),
        ] {
            let (status, problem) = owner.put("/api/v1/payments/stripe", wrong).await;
            assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!(field)), "{problem}");
        }
        app.others.stripe.expire_key(KEY);
        let (status, problem) = owner.post("/api/v1/payments/stripe/test", json!({})).await;
        assert_eq!(status, 409, "{problem}");
        let (status, _) = owner.delete("/api/v1/payments/stripe").await;
        assert_eq!(status, 204);
        let (_, shown) = owner.get("/api/v1/payments/stripe").await;
        assert_eq!(shown["configured"], false);
    }
);

story!(
    /// DreamCrowd: a seller's weekly paid class at nine in the evening of Dhaka, a buyer in London, a guest. Mail and calendar say
    /// both times; when London's clocks change the class stays at nine in Dhaka and is an hour later in London; the reminder
    /// comes half an hour before, to buyer and guest.
    a_weekly_paid_class_across_the_change_of_the_clocks, |app| async {
        app.pass("2027-03-15T09:00:00Z".parse::<DateTime<Utc>>().unwrap() - app.now());
        let (_, seller, lesson) = market_with(app, "2027-03-16T15:00:00Z".parse().unwrap()).await;
        // Fridays at nine; London's clocks go forward on 28 March.
        let weekly = json!({"starts_at": "2027-03-26T15:00:00Z", "duration_minutes": 60, "time_zone": "Asia/Dhaka", "recurrence": "FREQ=WEEKLY;COUNT=3"});
        seller.create(&format!("/api/v1/classes/{}/sessions", lesson.class), weekly).await;
        seller.send("DELETE", &format!("/api/v1/sessions/{}", lesson.session), Some(&json!({})), &[]).await;
        app.settle().await;
        offer(&seller, &lesson, priced()).await;
        let bela = app.organization("dreamcrowd").await.student("bela").await;
        bela.patch("/api/v1/me", json!({"time_zone": "Europe/London"})).await;
        let browser = bela.browser(app);
        let page = browser.get(&format!("/book/{}", lesson.class)).await;
        for words in ["Friday 26 March, 21:00 – 22:00, Dhaka time", "Friday 26 March, 15:00 – 16:00, London time", "Friday 2 April, 16:00 – 17:00, London time"] {
            assert!(page.html().contains(words), "{words}: {}", page.html());
        }
        let done = browser.post(&format!("/book/{}", lesson.class), &[]).await;
        pays(app, done.location(), CARD_PAYS).unwrap();
        app.settle().await;
        let guest = json!({"email": "rokeya@guest.example", "first_name": "Rokeya", "sessions": []});
        seller.create(&format!("/api/v1/classes/{}/guests", lesson.class), guest).await;
        app.settle().await;
        let mut mails = app.mail.messages_to(&bela.email);
        mails.retain(|mail| mail.text.contains("/join/class/"));
        assert_eq!(mails.len(), 1, "one mail for the whole series");
        let mail = mails.remove(0);
        for words in ["Friday 26 March, 21:00 – 22:00, Dhaka time", "For you: Friday 26 March, 15:00 – 16:00, London time"] {
            assert!(mail.text.contains(words), "{words}: {}", mail.text);
        }
        let (_, feed) = bela.get("/api/v1/calendar-feed").await;
        let calendar = app.nobody().send("GET", path(app, feed["url"].as_str().unwrap()), None, &[]).await.text;
        assert!(calendar.contains("DTSTART:20270326T150000Z") && calendar.contains("DTSTART:20270402T150000Z"), "{calendar}");
        for (week, day, here, there) in [("2027-03-26", "Friday 26 March", "15:00", "21:00"), ("2027-04-02", "Friday 2 April", "16:00", "21:00")] {
            let page = bela.browser(app).get(&format!("/calendar?view=week&on={week}")).await;
            assert!(page.html().contains(&format!("<b>{here}</b>")) && page.html().contains(&format!("{there} Dhaka time")), "{week}: {}", page.html());
            let start: DateTime<Utc> = format!("{week}T15:00:00Z").parse().unwrap();
            let count = |address: &str| app.mail.messages_to(address).iter().filter(|mail| mail.text.contains("coming up")).count();
            let before = (count(&bela.email), count("rokeya@guest.example"));
            app.pass(start - Duration::minutes(31) - app.now());
            app.tick("tick.reminders").await;
            assert_eq!((count(&bela.email), count("rokeya@guest.example")), before);
            app.pass(Duration::minutes(1));
            app.tick("tick.reminders").await;
            assert_eq!((count(&bela.email), count("rokeya@guest.example")), (before.0 + 1, before.1 + 1), "{week}");
            let subject = app.mail.messages_to(&bela.email).pop().unwrap().subject;
            assert_eq!(subject, format!("{day}, {here}: Watercolour"), "on the buyer's own clock");
        }
    }
);

story!(
    /// A part given back by hand at Stripe ends no booking; all of it does.
    what_is_given_back_by_hand_is_followed, |app| async {
        let (_, seller, lesson) = market(app).await;
        offer(&seller, &lesson, json!({"price": 2_000, "currency": "eur"})).await;
        let checkout = books(app, &lesson, BUYER, "").await;
        pays(app, &checkout, CARD_PAYS).unwrap();
        app.settle().await;
        assert!(app.others.stripe.refunds_by_hand(&checkout, Some(500)).is_some());
        app.settle().await;
        assert_eq!((states(&seller, &lesson).await, roster(&seller, &lesson).await), (vec!["confirmed".to_owned()], 1));
        assert!(app.others.stripe.refunds_by_hand(&checkout, None).is_some());
        app.settle().await;
        assert_eq!((states(&seller, &lesson).await, roster(&seller, &lesson).await), (vec!["refunded".to_owned()], 0));
    }
);
