//! The day so far: credentials, connections, a class that is over, classes that run now, classes to come.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use lectern_core::clock::{Clock, ShiftedClock};
use lectern_simulators::zoom::{
    AccountPlan, AppMode, AppSpec, EndpointSpec, HostPlan, HostSpec, Visit, ZoomSimulator,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    cast::{Cast, Company, Player},
    hands::{Hands, Slip, slip},
};
use crate::{app::App, attendance, events::publisher::Delivery, jobs, webhooks_in};

/// Where the day takes place.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    pub(super) app: &'a App,
    pub(super) zoom: &'a ZoomSimulator,
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

/// A class that runs now, with the links of those who may come and go.
#[derive(Clone, Debug)]
pub(super) struct Room {
    /// Zoom's number of its meeting.
    pub(super) meeting: u64,
    /// The join links of its crowd.
    pub(super) links: Vec<String>,
    /// Those who already came, by link.
    pub(super) seated: HashMap<String, Seated>,
}

/// Plays the day up to the present.
pub(super) async fn play(stage: &Stage<'_>, cast: &Cast) -> Result<Vec<Room>, Slip> {
    let mut rooms = Vec::new();
    let mut early = Vec::new();
    for company in &cast.companies {
        set_up(stage, company).await?;
        early.push(schedule_all(stage, company).await?);
    }
    stage.settle().await?;
    stage.until(stage.present() - Duration::minutes(150)).await?;
    for lesson in early.iter().flatten().filter(|lesson| lesson.when == When::Earlier) {
        begin(stage, lesson).await?;
        hold(stage, lesson).await?;
    }
    let late = Duration::minutes(12);
    stage.until(stage.present() - late).await?;
    for lesson in early.iter().flatten().filter(|lesson| lesson.when == When::Now) {
        begin(stage, lesson).await?;
        let seated = arrive(stage, lesson, lesson.links.len() * 2 / 3).await?.into_iter().collect();
        rooms.push(Room { meeting: meeting_of(stage, lesson).await?, links: lesson.links.clone(), seated });
    }
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

    /// Does what is due: simulated webhooks, deliveries, jobs, events.
    async fn settle(&self) -> Result<(), Slip> {
        let mut delivery = Delivery::from_now(self.app).await.map_err(slip)?;
        for _round in 0..50 {
            let mut done = self.zoom.flush_webhooks().await;
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

/// Credentials by the owner, and every instructor's connection but one.
async fn set_up(stage: &Stage<'_>, company: &Company) -> Result<(), Slip> {
    let owner = company.the("owner").ok_or_else(|| Slip("no owner".to_owned()))?;
    let token = stage.hands.sign_in(company.slug, &owner.email).await?;
    let client = format!("{}-app", company.slug);
    let (secret, signing) =
        (format!("{}-client-secret", company.slug), format!("{}-webhook-secret-token", company.slug));
    let scopes =
        lectern_providers::zoom::oauth::SCOPES.iter().map(|scope| scope.granular.to_owned()).collect();
    stage.zoom.add_app(AppSpec {
        client_id: client.clone(),
        client_secret: secret.clone(),
        name: "Lectern".to_owned(),
        mode: AppMode::User,
        account_id: None,
        redirect_uris: vec![format!("{}/oauth/zoom/callback", stage.url)],
        scopes,
        endpoints: Vec::new(),
    });
    let settings = json!({"client_id": client, "client_secret": secret, "base_url": stage.zoom.api_url(), "webhook_secret": signing});
    stage.hands.call(Method::PUT, "/api/v1/platforms/zoom", Some(&token), Some(settings)).await?;
    let url = format!("{}/api/zoom/webhook/{}", stage.url, company.id);
    stage
        .zoom
        .subscribe(&client, EndpointSpec { url, secret_token: signing, events: Vec::new() })
        .await
        .map_err(slip)?;
    for instructor in company.all("instructor") {
        give_account(stage, company, instructor);
        if !instructor.name.contains("Not-Connected") {
            connect(stage, company, instructor).await?;
        }
    }
    stage
        .hands
        .call(Method::POST, "/api/v1/platforms/zoom/test", Some(&token), Some(json!({})))
        .await
        .map(drop)
}

/// An account at the platform, which whoever has not connected it yet may connect.
fn give_account(stage: &Stage<'_>, company: &Company, instructor: &Player) {
    let (first, last) = instructor.name.split_once(' ').unwrap_or((instructor.name, ""));
    stage.zoom.add_host(HostSpec {
        email: instructor.email.clone(),
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        plan: HostPlan::Licensed,
        account_id: format!("{}-account", company.slug),
        account_plan: AccountPlan::Pro,
        time_zone: "UTC".to_owned(),
    });
}

async fn connect(stage: &Stage<'_>, company: &Company, instructor: &Player) -> Result<(), Slip> {
    let token = stage.hands.sign_in(company.slug, &instructor.email).await?;
    let answer = stage
        .hands
        .call(Method::POST, "/api/v1/platforms/zoom/connection", Some(&token), Some(json!({})))
        .await?;
    let allowed = answer["authorize_url"].as_str().and_then(|url| stage.zoom.allow(url, &instructor.email));
    let callback = allowed.ok_or_else(|| Slip(format!("{} could not allow the app", instructor.email)))?;
    let path = callback.strip_prefix(stage.url).unwrap_or(&callback).to_owned();
    stage.hands.call(Method::GET, &path, Some(&token), None).await.map(drop)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Earlier,
    Now,
    Later,
}

struct Lesson {
    when: When,
    teacher: String,
    session: String,
    links: Vec<String>,
}

/// The classes of one organization, with everybody enrolled.
async fn schedule_all(stage: &Stage<'_>, company: &Company) -> Result<Vec<Lesson>, Slip> {
    let now = stage.present();
    let minutes = |minutes| now + Duration::minutes(minutes);
    let school = company.slug == "oakwood";
    let mut teachers = company.all("instructor").map(|player| player.email.clone());
    let first = teachers.next().unwrap_or_default();
    let second = teachers.next().filter(|_| school).unwrap_or_else(|| first.clone());
    let idle = company.all("instructor").last().map(|player| player.email.clone()).unwrap_or_default();
    let plan = if school {
        vec![
            (When::Earlier, &first, "Physics, class 9", "Motion and speed", minutes(-150), 60),
            (
                When::Now,
                &first,
                "Mathematics, class 8",
                "Fractions: dividing and multiplying",
                minutes(-10),
                50,
            ),
            (When::Later, &second, "Chemistry, class 10", "Acids and bases", minutes(35), 45),
            (When::Later, &first, "Mathematics, class 8", "Fractions: word problems", minutes(60 * 24), 50),
            (When::Later, &idle, "Drawing club", "Light and shadow", minutes(90), 60),
        ]
    } else {
        vec![
            (
                When::Now,
                &first,
                "Watercolour for beginners",
                "Watercolour for beginners: skies",
                minutes(-8),
                60,
            ),
            (When::Later, &first, "Portraits in charcoal", "Portraits in charcoal: eyes", minutes(120), 60),
            (
                When::Later,
                &idle,
                "Street photography",
                "Street photography: composition",
                minutes(60 * 26),
                90,
            ),
        ]
    };
    let mut lessons: Vec<Lesson> = Vec::new();
    let mut classes: Vec<(String, String, Vec<String>)> = Vec::new();
    for (when, teacher, class, title, starts_at, length) in plan {
        let token = stage.hands.sign_in(company.slug, teacher).await?;
        let known = classes.iter().position(|(name, ..)| name == class);
        let index = match known {
            Some(index) => index,
            None => {
                let made = stage
                    .hands
                    .call(Method::POST, "/api/v1/classes", Some(&token), Some(json!({"title": class})))
                    .await?;
                classes.push((class.to_owned(), text(&made["id"]), Vec::new()));
                classes.len() - 1
            }
        };
        let id = classes[index].1.clone();
        let body = json!({"title": title, "starts_at": starts_at, "duration_minutes": length});
        let sessions = stage
            .hands
            .call(Method::POST, &format!("/api/v1/classes/{id}/sessions"), Some(&token), Some(body))
            .await?;
        if known.is_none() {
            classes[index].2 = enroll_all(stage, company, &token, &id).await?;
        }
        let links = classes[index].2.clone();
        lessons.push(Lesson { when, teacher: token, session: text(&sessions["items"][0]["id"]), links });
    }
    Ok(lessons)
}

async fn enroll_all(
    stage: &Stage<'_>,
    company: &Company,
    token: &str,
    class: &str,
) -> Result<Vec<String>, Slip> {
    let mut links = Vec::new();
    let path = format!("/api/v1/classes/{class}/enrollments");
    for student in company.all("student") {
        let body = json!({"email": student.email, "name": student.name});
        stage.hands.call(Method::POST, &path, Some(token), Some(body)).await?;
    }
    for name in company.crowd {
        let local = name.to_ascii_lowercase().replace(' ', ".");
        let body = json!({"email": format!("{local}@{}.example", company.slug), "name": name});
        let enrolled = stage.hands.call(Method::POST, &path, Some(token), Some(body)).await?;
        links.push(text(&enrolled["join_url"]));
    }
    let guest = json!({"email": "rokeya@guest.example", "first_name": "Rokeya", "last_name": "Begum", "sessions": []});
    let guest = stage
        .hands
        .call(Method::POST, &format!("/api/v1/classes/{class}/guests"), Some(token), Some(guest))
        .await?;
    links.push(text(&guest["join_url"]));
    Ok(links)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The teacher starts, and is in the meeting.
async fn begin(stage: &Stage<'_>, lesson: &Lesson) -> Result<(), Slip> {
    stage
        .hands
        .call(
            Method::POST,
            &format!("/api/v1/sessions/{}/start", lesson.session),
            Some(&lesson.teacher),
            Some(json!({})),
        )
        .await?;
    stage.settle().await?;
    let meeting = meeting_of(stage, lesson).await?;
    stage.zoom.host_joins(meeting).map(drop).map_err(|refusal| slip(format!("{refusal:?}")))
}

/// The number in the host's own address: the demo drives the meeting at the platform, as its people do.
async fn meeting_of(stage: &Stage<'_>, lesson: &Lesson) -> Result<u64, Slip> {
    let path = format!("/api/v1/sessions/{}/launch", lesson.session);
    let launch = stage.hands.call(Method::POST, &path, Some(&lesson.teacher), Some(json!({}))).await?;
    let url = url::Url::parse(&text(&launch["location"])).map_err(slip)?;
    let number = url.path_segments().into_iter().flatten().find_map(|part| part.parse().ok());
    number.ok_or_else(|| Slip(format!("the host's address {} names no meeting", url.path())))
}

/// The first `count` people come, one after the other, and are admitted.
async fn arrive(stage: &Stage<'_>, lesson: &Lesson, count: usize) -> Result<Vec<(String, Seated)>, Slip> {
    let mut seated = Vec::new();
    for link in lesson.links.iter().take(count) {
        if let Some(onward) = stage.hands.press_join(link).await?
            && let Ok(visit) = stage.zoom.joins(&onward)
        {
            // Without a waiting room there is nobody to admit.
            stage.zoom.admit(visit).ok();
            seated.push((link.clone(), Seated { onward, visit: Some(visit) }));
        }
        stage.clock.advance(Duration::seconds(17));
    }
    stage.settle().await?;
    Ok(seated)
}

/// A whole class: people come, some go and come back, it ends, the report is read.
async fn hold(stage: &Stage<'_>, lesson: &Lesson) -> Result<(), Slip> {
    let seated = arrive(stage, lesson, lesson.links.len()).await?;
    for (visit, minutes) in seated.iter().filter_map(|(_, who)| who.visit).zip([8, 14, 22, 30]) {
        stage.clock.advance(Duration::minutes(minutes - 7));
        stage.zoom.leaves(visit).ok();
    }
    stage.settle().await?;
    stage.until(stage.present() - Duration::minutes(90)).await?;
    stage
        .hands
        .call(
            Method::POST,
            &format!("/api/v1/sessions/{}/end", lesson.session),
            Some(&lesson.teacher),
            Some(json!({})),
        )
        .await?;
    stage.until(stage.present() - Duration::minutes(60)).await?;
    jobs::tick(stage.app, attendance::jobs::TICK).await.map_err(slip)?;
    stage.settle().await
}
