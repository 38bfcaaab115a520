//! The main evening, told once and held on every platform: connect, create, start, students and a guest join, a copied link is
//! refused, the live page, the end, and who was there.

use chrono::Duration;
use lectern_providers::teams::oauth::{APPLICATION_PERMISSIONS, SCOPES};
use lectern_simulators::{
    meet::{AccountSpec, AppSpec as GoogleApp, Visitor, Where},
    teams::{AppSpec as MicrosoftApp, Identity, PolicySpec, UserSpec},
    zoom::Visit as ZoomVisit,
};
use lectern_tests::{CLIENT_SECRET, Organization, Person, TestApp, story};
use serde_json::{Value, json};

const TENANT: &str = "909c6581-5130-43e9-88f3-fcb3582cde37";
const AYESHA: &str = "ayesha@dreamcrowd.example";
const SAMI: &str = "sami@dreamcrowd.example";
const ROKEYA: &str = "rokeya@dreamcrowd.example";
/// Everybody who may join: address, and the name they go by at the platform.
const PEOPLE: [(&str, &str); 3] = [(AYESHA, "Ayesha Noor"), (SAMI, "Sami Reza"), (ROKEYA, "Rokeya Begum")];

/// Where the evening is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Platform {
    Zoom,
    Teams,
    /// Teams, by an app of the whole school.
    School,
    Meet,
}

/// Somebody in a meeting.
enum Visit {
    Zoom(ZoomVisit),
    Teams(lectern_simulators::teams::Visit),
    Meet(lectern_simulators::meet::Visit),
}

impl Platform {
    const fn word(self) -> &'static str {
        match self {
            Self::Zoom => "zoom",
            Self::Teams | Self::School => "teams",
            Self::Meet => "meet",
        }
    }

    pub(crate) fn base(self, app: &TestApp) -> String {
        match self {
            Self::Zoom => app.zoom.base_url(),
            Self::Teams | Self::School => app.others.teams.base_url(),
            Self::Meet => app.others.meet.base_url(),
        }
    }

    /// The administrator registers the app at the platform, and saves its credentials here.
    pub(crate) async fn set_up(self, app: &TestApp, dreamcrowd: &Organization<'_>) -> Person {
        let redirect_uris = vec![format!("{}/oauth/{}/callback", app.base, self.word())];
        let api = match self {
            Self::Zoom => return app.set_up_zoom(dreamcrowd).await,
            Self::Teams | Self::School => {
                let names = SCOPES.iter().map(|scope| scope.name.to_owned());
                app.others.teams.add_app(MicrosoftApp {
                    client_id: "lectern-app".to_owned(),
                    client_secret: CLIENT_SECRET.to_owned(),
                    name: "Lectern".to_owned(),
                    redirect_uris,
                    scopes: names.collect(),
                    roles: APPLICATION_PERMISSIONS.iter().map(|role| role.name.to_owned()).collect(),
                });
                app.others.teams.api_url()
            }
            Self::Meet => {
                app.others.meet.add_app(GoogleApp {
                    client_id: "lectern-app".to_owned(),
                    client_secret: CLIENT_SECRET.to_owned(),
                    name: "Lectern".to_owned(),
                    project: "dreamcrowd".to_owned(),
                    redirect_uris,
                    testing: false,
                    internal: None,
                    blocked_scopes: Vec::new(),
                });
                app.others.meet.api_url()
            }
        };
        app.secret(CLIENT_SECRET);
        let owner = dreamcrowd.owner().await;
        let mut settings =
            json!({"client_id": "lectern-app", "client_secret": CLIENT_SECRET, "base_url": api});
        if self == Self::School {
            app.others.teams.consent(TENANT, "lectern-app");
            let policy = PolicySpec {
                tenant: TENANT.to_owned(),
                client_id: "lectern-app".to_owned(),
                user: None,
                delay_minutes: 0,
            };
            app.others.teams.grant_policy(policy);
            settings["mode"] = json!("server_to_server");
            settings["account_id"] = json!(TENANT);
        }
        let (status, saved) = owner.put(&format!("/api/v1/platforms/{}", self.word()), settings).await;
        assert_eq!(status, 200, "{saved}");
        owner
    }

    /// The seller has an account at the platform, and allows Lectern there.
    pub(crate) async fn connect(self, app: &TestApp, seller: &Person) {
        match self {
            Self::Zoom => return app.connect(seller).await,
            Self::Teams | Self::School => {
                app.others.teams.add_user(UserSpec {
                    email: seller.email.clone(),
                    name: "Farhan Karim".to_owned(),
                    tenant: TENANT.to_owned(),
                    licensed: true,
                });
                for (email, name) in PEOPLE {
                    app.others.teams.add_user(UserSpec {
                        email: email.to_owned(),
                        name: name.to_owned(),
                        tenant: TENANT.to_owned(),
                        licensed: true,
                    });
                }
                app.others.teams.consent(TENANT, "lectern-app");
            }
            Self::Meet => {
                app.others.meet.add_account(AccountSpec::new(&seller.email, "Farhan Karim"));
                for (email, name) in PEOPLE {
                    app.others.meet.add_account(AccountSpec::new(email, name));
                }
            }
        }
        if self == Self::School {
            return;
        }
        let path = format!("/api/v1/platforms/{}/connection", self.word());
        let (status, answer) = seller.post(&path, json!({})).await;
        assert_eq!(status, 200, "{answer}");
        let url = answer["authorize_url"].as_str().unwrap();
        let callback = match self {
            Self::Teams => app.others.teams.accept(url, &seller.email),
            _ => app.others.meet.allow(url, &seller.email, &[]),
        };
        let callback = callback.expect("the platform sends the browser back");
        let answer = seller.send("GET", callback.strip_prefix(&app.base).unwrap(), None, &[]).await;
        assert!(answer.status < 400, "{} {}", answer.status, answer.text);
        let (_, connection) = seller.get(&path).await;
        assert_eq!(connection["state"], json!("connected"), "{connection}");
    }

    /// The teacher opens the meeting in the platform's own client.
    fn teacher_comes(self, app: &TestApp, seller: &Person, launch: &str) -> Option<Visit> {
        match self {
            Self::Zoom => Some(Visit::Zoom(app.zoom.host_joins(app.zoom.meetings()[0].0).unwrap())),
            Self::Teams | Self::School => {
                Some(Visit::Teams(app.others.teams.organizer_joins(launch).unwrap()))
            }
            Self::Meet => {
                Some(Visit::Meet(app.others.meet.joins(launch, Visitor::account(&seller.email)).unwrap()))
            }
        }
    }

    /// Somebody opens where Lectern sent them; whoever waits is admitted by the teacher.
    fn comes(self, app: &TestApp, location: &str, (email, _): (&str, &str)) -> Visit {
        match self {
            Self::Zoom => {
                let visit = app.zoom.joins(location).unwrap();
                app.zoom.admit(visit).unwrap();
                Visit::Zoom(visit)
            }
            Self::Teams | Self::School => {
                let visit = app.others.teams.joins(location, Identity::Entra, email).unwrap();
                app.others.teams.admit(visit).unwrap();
                Visit::Teams(visit)
            }
            // On the space's list: in without knocking.
            Self::Meet => Visit::Meet(app.others.meet.joins(location, Visitor::account(email)).unwrap()),
        }
    }

    /// What the door says of how the platform takes this person in, and of what it was told.
    const fn says_at_the_door(self) -> (&'static str, &'static str) {
        match self {
            Self::Zoom => ("You appear there as", "Your name and your e-mail address"),
            Self::Teams | Self::School => ("wait until the", "Nothing. What you sign in with"),
            Self::Meet => ("Be signed in there as", "Your e-mail address, so that"),
        }
    }

    /// A stranger with the platform's own link, which somebody leaked, does not get in by it.
    fn keeps_strangers_out(self, app: &TestApp, location: &str) {
        match self {
            // The link is one person's seat: it is Zoom's to know that it is in use.
            Self::Zoom => {}
            Self::Teams | Self::School => {
                let visit = app.others.teams.joins(location, Identity::Anonymous, "A stranger").unwrap();
                assert!(app.others.teams.is_waiting(visit), "everybody waits for the teacher");
                app.others.teams.leaves(visit).unwrap();
            }
            Self::Meet => {
                let visit = app.others.meet.joins(location, Visitor::anonymous("A stranger")).unwrap();
                assert_eq!(
                    app.others.meet.place(visit),
                    Some(Where::Knocking),
                    "whoever is not on the list knocks"
                );
                app.others.meet.deny(visit).unwrap();
            }
        }
    }

    fn leaves(self, app: &TestApp, visit: Visit) {
        match visit {
            Visit::Zoom(visit) => app.zoom.leaves(visit).unwrap(),
            Visit::Teams(visit) => app.others.teams.leaves(visit).unwrap(),
            Visit::Meet(visit) => app.others.meet.leaves(visit).unwrap(),
        }
    }

    /// Where the platform cannot end a meeting for everyone, the teacher does, as the page says.
    fn teacher_ends(self, app: &TestApp, launch: &str) {
        if matches!(self, Self::Teams | Self::School) {
            assert!(app.others.teams.end_for_all(launch));
        }
    }
}

fn of<'a>(sheet: &'a Value, email: &str, names: &[(&str, &str)]) -> &'a Value {
    let name = names.iter().find(|(address, _)| *address == email).unwrap().1;
    let rows = sheet["items"].as_array().unwrap();
    rows.iter().find(|row| row["person"]["name"] == json!(name)).unwrap_or_else(|| panic!("{name}: {sheet}"))
}

async fn evening(app: &mut TestApp, on: Platform) {
    let (owner, seller) = {
        let dreamcrowd = app.organization("dreamcrowd").await;
        (on.set_up(app, &dreamcrowd).await, dreamcrowd.instructor("farhan").await)
    };
    on.connect(app, &seller).await;

    // A class with a session a quarter of an hour ahead, two buyers and a guest.
    let class =
        seller.create("/api/v1/classes", json!({"title": "Watercolour", "provider": on.word()})).await;
    let class = class["id"].as_str().unwrap().to_owned();
    let body = json!({"starts_at": app.now() + Duration::minutes(15), "duration_minutes": 45, "time_zone": "Asia/Dhaka"});
    let sessions = seller.create(&format!("/api/v1/classes/{class}/sessions"), body).await;
    let session = format!("/api/v1/sessions/{}", sessions["items"][0]["id"].as_str().unwrap());
    for (email, name) in &PEOPLE[..2] {
        seller
            .create(&format!("/api/v1/classes/{class}/enrollments"), json!({"email": email, "name": name}))
            .await;
    }
    let guest = json!({"email": ROKEYA, "first_name": "Rokeya", "last_name": "Begum"});
    seller.create(&format!("/api/v1/classes/{class}/guests"), guest).await;
    app.settle().await;

    let (status, started) = seller.post(&format!("{session}/start"), json!({})).await;
    assert_eq!(
        (status, &started["state"], &started["meeting"]["state"]),
        (200, &json!("live"), &json!("ready")),
        "{started}"
    );
    app.settle().await;
    let link = app.mailed_link(AYESHA);
    let (_, launch) = seller.post(&format!("{session}/launch"), json!({})).await;
    let launch = launch["location"].as_str().unwrap().to_owned();
    assert!(launch.starts_with(&on.base(app)), "{launch}");
    app.pass(Duration::minutes(15));
    let teacher = on.teacher_comes(app, &seller, &launch);

    // Each by the link in their own mail, which says nothing of the platform.
    let mut visits = Vec::new();
    for (email, name) in PEOPLE {
        let link = app.mailed_link(email);
        assert!(link.starts_with(&app.base) && !app.mail.messages_to(email)[0].raw.contains(&on.base(app)));
        let browser = app.browser();
        let door = browser.get(&link).await;
        let (entrance, told) = on.says_at_the_door();
        assert!(door.html().contains(entrance) && door.html().contains(told), "{on:?}: {}", door.html());
        let joined = browser.press_join(&link).await;
        assert_eq!(joined.status(), 303, "{name}: {}", joined.html());
        assert!(joined.location().starts_with(&on.base(app)), "{}", joined.location());
        let other = app.browser();
        let copied = other.press_join(&link).await;
        assert_eq!((copied.status(), copied.location()), (200, ""), "another browser must prove itself");
        on.keeps_strangers_out(app, joined.location());
        let mut location = joined.location().to_owned();
        if email == SAMI {
            // The other browser is Sami's own: with the code from the mail it has the seat, and the platform's door opens.
            app.settle().await;
            let code = app.mailed_code(email);
            let own_page = session.replace("/api/v1", "");
            let turned_away = async || {
                let page = seller.browser(app).get(&own_page).await;
                page.html().matches("Turned away: the link was opened in another browser").count()
            };
            let before = turned_away().await;
            let moved = other.submit(&copied, &format!("/join/class/{class}"), &[("code", &code)]).await;
            assert_eq!(moved.status(), 303, "{}", moved.html());
            moved.location().clone_into(&mut location);
            app.settle().await;
            assert_eq!(turned_away().await, before - 1, "who was let in needs no hand any more");
        }
        visits.push(on.comes(app, &location, (email, name)));
    }
    app.settle().await;
    app.tick("tick.look").await;

    // Who is there: told by Zoom, and by Teams to an app of the whole school; looked at on Meet. On Teams a teacher's own
    // connection is told nothing until the report.
    let (_, live) = owner.get("/api/v1/live").await;
    let people = live["sessions"][0]["participants"].as_array().unwrap();
    for (_, name) in PEOPLE {
        let who = people
            .iter()
            .find(|who| who["person"]["name"] == json!(name))
            .unwrap_or_else(|| panic!("{live}"));
        let expected = if on == Platform::Teams { "expected" } else { "in_class" };
        assert_eq!(who["state"], json!(expected), "{on:?} {name}: {live}");
    }

    // The board of who is in class says so where nobody tells, and raises no alarm.
    let board = owner.browser(app).get("/live").await;
    let untold = board.html().contains("Microsoft Teams does not tell who is here");
    assert_eq!(untold, on == Platform::Teams, "{on:?}: {}", board.html());
    assert_eq!(board.html().contains("3 went through the door"), untold, "{on:?}: {}", board.html());
    assert!(!untold || !board.html().contains("Host missing"), "{on:?}: {}", board.html());

    // Sami leaves after 20 minutes, the others stay to the end, 30 minutes in.
    app.pass(Duration::minutes(20));
    on.leaves(app, visits.remove(1));
    app.pass(Duration::minutes(10));
    // Where Lectern cannot end the meeting, it says so before and after.
    let page = session.replace("/api/v1", "");
    let teacher_page = seller.browser(app);
    let ends = !matches!(on, Platform::Teams | Platform::School);
    let by_hand = "End meeting in Teams";
    let asked = teacher_page.get(&format!("{page}/end")).await;
    assert_eq!(asked.html().contains("Everyone leaves"), ends, "{on:?}: {}", asked.html());
    assert_eq!(asked.html().contains(by_hand), !ends, "{on:?}: {}", asked.html());
    let (status, ended) = seller.post(&format!("{session}/end"), json!({})).await;
    assert_eq!((status, &ended["state"]), (200, &json!("ended")), "{ended}");
    app.settle().await;
    assert_eq!(teacher_page.get(&page).await.html().contains(by_hand), !ends, "{on:?}");
    on.teacher_ends(app, &launch);
    drop((teacher, visits));
    app.settle().await;
    for _ in 0..6 {
        app.pass(Duration::minutes(10));
        app.tick("tick.reconcile").await;
    }
    let (_, sheet) = seller.get(&format!("{session}/attendance")).await;
    for (email, minutes) in [(AYESHA, 30), (SAMI, 20), (ROKEYA, 30)] {
        assert_eq!(of(&sheet, email, &PEOPLE)["minutes"], json!(minutes), "{on:?} {email}: {sheet:#}");
    }
    let late = app.browser().get(&link).await;
    assert_eq!((late.status(), late.standing()), (200, "over"));
}

story!(
    /// The evening on Zoom.
    the_evening_on_zoom, |app| async { evening(app, Platform::Zoom).await }
);

story!(
    /// The evening on Microsoft Teams, by a teacher's own account.
    the_evening_on_teams, |app| async { evening(app, Platform::Teams).await }
);

story!(
    /// The evening on Microsoft Teams, by an app of the whole school, which is told who is there.
    the_evening_on_teams_by_the_school, |app| async { evening(app, Platform::School).await }
);

story!(
    /// The evening on Google Meet, with a roster of Google accounts.
    the_evening_on_meet, |app| async { evening(app, Platform::Meet).await }
);

story!(
    /// A platform is asked for nothing that is of no use with it, on the page and in JSON.
    no_platform_is_asked_for_what_it_has_no_use_for, |app| async {
        let owner = app.organization("oakwood").await.owner().await;
        let browser = owner.browser(app);
        for (platform, by_account, told) in [("zoom", true, true), ("teams", true, false), ("meet", false, false)] {
            let page = browser.get(&format!("/platforms/{platform}")).await;
            let fields = [("mode", by_account), ("account_id", by_account), ("default_host", by_account)];
            for (field, asked) in fields.into_iter().chain([("webhook_secret_token", told)]) {
                let name = format!("name=\"{field}\"");
                assert_eq!(page.html().contains(&name), asked, "{platform} {field}");
            }
            assert!(page.html().contains("name=\"client_secret\""));
            let html = page.html().replace("&#x2f;", "/");
            let published = platform == "meet";
            assert_eq!(html.contains("name=\"event_topic\""), published, "{platform}");
            assert_eq!(html.contains(&format!("/api/{platform}/webhook/")), told || published, "{platform}");
        }
        let school = json!({"mode": "server_to_server", "client_id": "c", "client_secret": "s", "account_id": TENANT});
        let (status, problem) = owner.put("/api/v1/platforms/meet", school).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("mode")), "{problem}");
    }
);
