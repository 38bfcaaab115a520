//! The day so far: credentials, connections, a class that is over, classes that run now, classes to come.

use std::{collections::HashMap, ops::Range};

use chrono::{DateTime, Duration, Utc};
use lectern_core::clock::{Clock, ShiftedClock};
use lectern_simulators::{
    stripe::{self, AccountSpec, KeySpec},
    zoom::EndpointSpec,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    cast::{Cast, Company, Player, Pupil},
    hands::{Hands, Slip, slip},
    platforms::{Platform, Platforms, Visit},
};
use crate::{app::App, attendance, events::publisher::Delivery, jobs, webhooks_in};

/// Where the day takes place.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    pub(super) app: &'a App,
    pub(super) platforms: &'a Platforms,
    pub(super) clock: &'a ShiftedClock,
    pub(super) url: &'a str,
    pub(super) hands: Hands,
}

/// Somebody who came by a mailed link.
#[derive(Clone, Debug)]
pub(super) struct Seated {
    /// Where their own press of Join led.
    pub(super) onward: String,
    /// Their stay in the simulated meeting; none once they left.
    pub(super) visit: Option<Visit>,
}

/// A class that runs now, with those who may come and go.
#[derive(Clone, Debug)]
pub(super) struct Room {
    /// Where it is.
    pub(super) on: Platform,
    /// The class.
    pub(super) title: &'static str,
    /// The teacher's address.
    pub(super) teacher: String,
    /// Its crowd.
    pub(super) pupils: Vec<Pupil>,
    /// Those who already came, by link.
    pub(super) seated: HashMap<String, Seated>,
}

/// Plays the day up to the present.
pub(super) async fn play(stage: &Stage<'_>, cast: &Cast) -> Result<Vec<Room>, Slip> {
    let mut rooms = Vec::new();
    let mut early = Vec::new();
    for company in &cast.companies {
        set_up(stage, company).await?;
        if company.slug == "dreamcrowd" {
            open_the_till(stage, company).await?;
        }
        early.push(schedule_all(stage, company).await?);
    }
    stage.settle().await?;
    let all = || early.iter().flatten();
    stage.until(stage.present() - Duration::minutes(150)).await?;
    hold(stage, &all().filter(|lesson| lesson.plan.when == When::Earlier).collect::<Vec<_>>()).await?;
    stage.until(stage.present() - Duration::minutes(12)).await?;
    for lesson in all().filter(|lesson| lesson.plan.when == When::Now) {
        begin(stage, lesson).await?;
        let seated = arrive(stage, lesson, lesson.pupils.len() * 2 / 3).await?.into_iter().collect();
        rooms.push(Room {
            on: lesson.plan.on,
            title: lesson.plan.class,
            teacher: lesson.teacher.clone(),
            pupils: lesson.pupils.clone(),
            seated,
        });
    }
    jobs::tick(stage.app, webhooks_in::looking::TICK).await.map_err(slip)?;
    stage.settle().await?;
    Ok(rooms)
}

impl Stage<'_> {
    /// The machine's own instant.
    fn present(&self) -> DateTime<Utc> {
        self.clock.base_now()
    }

    /// Lets time pass up to an instant; what is due by then happens.
    async fn until(&self, at: DateTime<Utc>) -> Result<(), Slip> {
        let rest = at - self.clock.now();
        if rest > Duration::zero() {
            self.clock.advance(rest);
        }
        self.settle().await
    }

    /// Does what is due: what the platforms tell, deliveries, jobs, events.
    async fn settle(&self) -> Result<(), Slip> {
        let mut delivery = Delivery::from_now(self.app).await.map_err(slip)?;
        for _round in 0..50 {
            let mut done = self.platforms.tell().await;
            done += webhooks_in::processor::process_pending(self.app)
                .await
                .map_err(|error| slip(format!("{error:?}")))?;
            done += jobs::runner::run_due(self.app).await.map_err(slip)?;
            done += delivery.turn(self.app).await.map_err(slip)?;
            if done == 0 {
                return Ok(());
            }
            tokio::time::sleep(super::BREATH).await;
        }
        Ok(())
    }
}

/// Credentials by the owner, and every instructor's connection but one's, on each platform.
async fn set_up(stage: &Stage<'_>, company: &Company) -> Result<(), Slip> {
    let owner = company.the("owner").ok_or_else(|| Slip("no owner".to_owned()))?;
    let token = stage.hands.sign_in(company.slug, &owner.email).await?;
    for &on in company.platforms {
        let path = format!("/api/v1/platforms/{}", on.name());
        let mut settings = stage.platforms.add_app(on, company.slug, stage.url);
        let signing = format!("{}-webhook-secret-token", company.slug);
        if on == Platform::Zoom {
            settings["webhook_secret"] = json!(signing);
        }
        let client = text(&settings["client_id"]);
        stage.hands.call(Method::PUT, &path, Some(&token), Some(settings)).await?;
        if on == Platform::Zoom {
            let url = format!("{}/api/zoom/webhook/{}", stage.url, company.id);
            let endpoint = EndpointSpec { url, secret_token: signing, events: Vec::new() };
            stage.platforms.zoom.subscribe(&client, endpoint).await.map_err(slip)?;
        }
        for student in company.all("student") {
            stage.platforms.add_student(on, &student.email, student.name);
        }
        for name in company.crowd {
            stage.platforms.add_student(on, &company.address(name), name);
        }
        for teacher in company.all("instructor") {
            stage.platforms.add_teacher(on, company.slug, &teacher.email, teacher.name);
            if !teacher.name.contains("Not-Connected") {
                connect(stage, on, company, teacher).await?;
            }
        }
        stage.hands.call(Method::POST, &format!("{path}/test"), Some(&token), Some(json!({}))).await?;
    }
    Ok(())
}

/// The market's account at Stripe, saved by the owner.
async fn open_the_till(stage: &Stage<'_>, company: &Company) -> Result<(), Slip> {
    let owner = company.the("owner").ok_or_else(|| Slip("no owner".to_owned()))?;
    let token = stage.hands.sign_in(company.slug, &owner.email).await?;
    let (key, secret) = ("sk_test_dreamcrowd0000000000", "whsec_dreamcrowd");
    let url = format!("{}/api/stripe/webhook/{}", stage.url, company.id);
    stage.platforms.stripe.add_account(AccountSpec {
        id: "acct_dreamcrowd".to_owned(),
        name: "DreamCrowd".to_owned(),
        email: owner.email.clone(),
        country: String::new(),
        default_currency: String::new(),
        keys: vec![KeySpec::full(key)],
        endpoints: vec![stripe::EndpointSpec {
            url,
            secret: secret.to_owned(),
            livemode: false,
            events: Vec::new(),
        }],
    });
    let keys = json!({"secret_key": key, "webhook_secret": secret});
    stage.hands.call(Method::PUT, "/api/v1/payments/stripe", Some(&token), Some(keys)).await?;
    let path = "/api/v1/payments/stripe/test";
    stage.hands.call(Method::POST, path, Some(&token), Some(json!({}))).await.map(drop)
}

async fn connect(stage: &Stage<'_>, on: Platform, company: &Company, teacher: &Player) -> Result<(), Slip> {
    let token = stage.hands.sign_in(company.slug, &teacher.email).await?;
    let path = format!("/api/v1/platforms/{}/connection", on.name());
    let answer = stage.hands.call(Method::POST, &path, Some(&token), Some(json!({}))).await?;
    let allowed =
        answer["authorize_url"].as_str().and_then(|url| stage.platforms.allow(on, url, &teacher.email));
    let callback = allowed.ok_or_else(|| Slip(format!("{} could not allow the app", teacher.email)))?;
    let path = callback.strip_prefix(stage.url).unwrap_or(&callback).to_owned();
    stage.hands.call(Method::GET, &path, Some(&token), None).await.map(drop)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Earlier,
    Now,
    Later,
}

/// What is planned: one line of the timetable.
#[derive(Clone, Debug)]
struct Plan {
    when: When,
    on: Platform,
    /// The teacher's first name.
    teacher: &'static str,
    class: &'static str,
    title: &'static str,
    /// Minutes from now.
    starts_in: i64,
    minutes: i64,
    /// Which of the crowd are in the class.
    crowd: Range<usize>,
}

/// A school day: on each platform one class is over and one runs; the rest is to come.
fn school_day() -> Vec<Plan> {
    use Platform::{Meet, Teams, Zoom};
    use When::{Earlier, Later, Now};
    let (eight, nine, ten) = (0..8, 8..14, 14..20);
    let lesson = |when, on, teacher, class, title, (starts_in, minutes), crowd: &Range<usize>| Plan {
        when,
        on,
        teacher,
        class,
        title,
        starts_in,
        minutes,
        crowd: crowd.clone(),
    };
    let (fractions, cells) = ("Fractions: dividing and multiplying", "Cells and tissues");
    vec![
        lesson(Earlier, Zoom, "farhan", "Physics, class 9", "Motion and speed", (-150, 60), &nine),
        lesson(Earlier, Teams, "leela", "English, class 10", "Reading aloud", (-150, 60), &ten),
        lesson(Earlier, Meet, "sumaiya", "Geography, class 8", "Rivers and deltas", (-150, 60), &eight),
        lesson(Now, Zoom, "farhan", "Mathematics, class 8", fractions, (-10, 50), &eight),
        lesson(Now, Teams, "leela", "Biology, class 10", cells, (-10, 50), &ten),
        lesson(Now, Meet, "sumaiya", "Bangla, class 9", "Writing a letter", (-10, 50), &nine),
        lesson(Later, Teams, "leela", "Chemistry, class 10", "Acids and bases", (55, 45), &ten),
        lesson(Later, Zoom, "imran", "Drawing club", "Light and shadow", (90, 60), &(4..9)),
        lesson(Later, Meet, "sumaiya", "Geography, class 8", "Reading a map", (60 * 23, 60), &eight),
        lesson(
            Later,
            Zoom,
            "farhan",
            "Mathematics, class 8",
            "Fractions: word problems",
            (60 * 24, 50),
            &eight,
        ),
    ]
}

/// A marketplace's day, on Zoom.
/// What people can book in the market.
const FOR_SALE: &str = "Portraits in charcoal";

fn market_day() -> Vec<Plan> {
    let lesson = |when, teacher, class, title, starts_in, minutes| Plan {
        when,
        on: Platform::Zoom,
        teacher,
        class,
        title,
        starts_in,
        minutes,
        crowd: 0..4,
    };
    let (watercolour, skies) = ("Watercolour for beginners", "Watercolour for beginners: skies");
    let (street, composition) = ("Street photography", "Street photography: composition");
    vec![
        lesson(When::Now, "sadia", watercolour, skies, -8, 60),
        lesson(When::Later, "sadia", "Portraits in charcoal", "Portraits in charcoal: eyes", 120, 60),
        lesson(When::Later, "bruno", street, composition, 60 * 26, 90),
    ]
}

/// A line of the timetable, in the product.
struct Lesson {
    plan: Plan,
    /// The teacher's address.
    teacher: String,
    token: String,
    session: String,
    pupils: Vec<Pupil>,
}

/// The classes of one organization, with everybody enrolled.
async fn schedule_all(stage: &Stage<'_>, company: &Company) -> Result<Vec<Lesson>, Slip> {
    let now = stage.present();
    let mut lessons: Vec<Lesson> = Vec::new();
    let mut classes: HashMap<&str, (String, Vec<Pupil>)> = HashMap::new();
    for plan in if company.slug == "oakwood" { school_day() } else { market_day() } {
        let teacher = format!("{}@{}.example", plan.teacher, company.slug);
        let token = stage.hands.sign_in(company.slug, &teacher).await?;
        let known = classes.contains_key(plan.class);
        if !known {
            let class = json!({"title": plan.class, "provider": plan.on.name()});
            let made = stage.hands.call(Method::POST, "/api/v1/classes", Some(&token), Some(class)).await?;
            classes.insert(plan.class, (text(&made["id"]), Vec::new()));
        }
        let Some((id, pupils)) = classes.get_mut(plan.class) else { continue };
        let starts_at = now + Duration::minutes(plan.starts_in);
        let body = json!({"title": plan.title, "starts_at": starts_at, "duration_minutes": plan.minutes});
        let path = format!("/api/v1/classes/{id}/sessions");
        let sessions = stage.hands.call(Method::POST, &path, Some(&token), Some(body)).await?;
        if !known && plan.class == FOR_SALE {
            let terms = json!({"price": 120_000, "currency": "bdt", "seats": 12, "refund_hours": 24});
            let path = format!("/api/v1/classes/{id}/offer");
            stage.hands.call(Method::PUT, &path, Some(&token), Some(terms)).await?;
        }
        if !known {
            *pupils = enroll_all(stage, company, &token, id, plan.crowd.clone()).await?;
        }
        let session = text(&sessions["items"][0]["id"]);
        if lessons.is_empty() {
            open_office(stage, &token).await?;
        }
        lessons.push(Lesson { plan, teacher, token, session, pupils: pupils.clone() });
    }
    Ok(lessons)
}

/// A teacher's office hours, every evening: anybody who has the page's address books one.
async fn open_office(stage: &Stage<'_>, token: &str) -> Result<(), Slip> {
    let evening = |weekday: &&str| json!({"weekday": weekday, "from": "18:00", "to": "21:00"});
    let weekly: Vec<_> = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"].iter().map(evening).collect();
    let terms = json!({
        "title": "Office hours",
        "description": "Twenty minutes for your questions.",
        "duration_minutes": 20,
        "buffer_after_minutes": 5,
        "daily_limit": 6,
        "weekly": weekly,
    });
    stage.hands.call(Method::POST, "/api/v1/booking-pages", Some(token), Some(terms)).await?;
    Ok(())
}

async fn enroll_all(
    stage: &Stage<'_>,
    company: &Company,
    token: &str,
    class: &str,
    crowd: Range<usize>,
) -> Result<Vec<Pupil>, Slip> {
    let mut pupils = Vec::new();
    let path = format!("/api/v1/classes/{class}/enrollments");
    for student in company.all("student") {
        let body = json!({"email": student.email, "name": student.name});
        stage.hands.call(Method::POST, &path, Some(token), Some(body)).await?;
    }
    for name in company.crowd.get(crowd).unwrap_or_default() {
        let email = company.address(name);
        let body = json!({"email": email, "name": name});
        let enrolled = stage.hands.call(Method::POST, &path, Some(token), Some(body)).await?;
        let link = text(&enrolled["join_url"]);
        pupils.push(Pupil { name: (*name).to_owned(), email, guest: false, link });
    }
    let (email, first, last) = ("rokeya@guest.example", "Rokeya", "Begum");
    let guest = json!({"email": email, "first_name": first, "last_name": last, "sessions": []});
    let path = format!("/api/v1/classes/{class}/guests");
    let guest = stage.hands.call(Method::POST, &path, Some(token), Some(guest)).await?;
    let (name, link) = (format!("{first} {last}"), text(&guest["join_url"]));
    pupils.push(Pupil { name, email: email.to_owned(), guest: true, link });
    Ok(pupils)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Lesson {
    /// The teacher's own call on the session.
    async fn call(&self, stage: &Stage<'_>, what: &str) -> Result<Value, Slip> {
        let path = format!("/api/v1/sessions/{}/{what}", self.session);
        stage.hands.call(Method::POST, &path, Some(&self.token), Some(json!({}))).await
    }
}

/// The teacher starts, and is in the meeting; gives the host's own address, by which the demo drives the meeting at the
/// platform, as its people do.
async fn begin(stage: &Stage<'_>, lesson: &Lesson) -> Result<String, Slip> {
    lesson.call(stage, "start").await?;
    stage.settle().await?;
    let launch = text(&lesson.call(stage, "launch").await?["location"]);
    stage.platforms.teacher_joins(lesson.plan.on, &launch, &lesson.teacher)?;
    Ok(launch)
}

/// The first `count` people come, one after the other, and are admitted.
async fn arrive(stage: &Stage<'_>, lesson: &Lesson, count: usize) -> Result<Vec<(String, Seated)>, Slip> {
    let mut seated = Vec::new();
    for pupil in lesson.pupils.iter().take(count) {
        if let Some(onward) = stage.hands.press_join(&pupil.link).await?
            && let Some(visit) = stage.platforms.joins(lesson.plan.on, &onward, pupil)
        {
            seated.push((pupil.link.clone(), Seated { onward, visit: Some(visit) }));
        }
        stage.clock.advance(Duration::seconds(17));
    }
    stage.settle().await?;
    Ok(seated)
}

/// Whole classes, side by side: people come, some go again, they end, the reports are read.
async fn hold(stage: &Stage<'_>, lessons: &[&Lesson]) -> Result<(), Slip> {
    let mut launches = Vec::new();
    let mut visits = Vec::new();
    for lesson in lessons {
        launches.push(begin(stage, lesson).await?);
        let seated = arrive(stage, lesson, lesson.pupils.len()).await?;
        visits.push(seated.into_iter().filter_map(|(_, who)| who.visit).collect::<Vec<_>>());
    }
    for (number, minutes) in [1, 7, 15, 23].into_iter().enumerate() {
        stage.clock.advance(Duration::minutes(minutes));
        for visits in &visits {
            visits.get(number).into_iter().for_each(|visit| stage.platforms.leaves(*visit));
        }
    }
    stage.settle().await?;
    stage.until(stage.present() - Duration::minutes(90)).await?;
    for (lesson, launch) in lessons.iter().zip(&launches) {
        lesson.call(stage, "end").await?;
        stage.platforms.teacher_ends(lesson.plan.on, launch);
    }
    stage.until(stage.present() - Duration::minutes(60)).await?;
    jobs::tick(stage.app, attendance::jobs::TICK).await.map_err(slip)?;
    stage.settle().await
}
