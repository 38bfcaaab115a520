//! A marketplace's evening on the simulated Zoom: credentials, a connected seller, a class with a session, and ways in.

use chrono::{DateTime, Duration, Utc};
use lectern_simulators::zoom::{AccountPlan, AppMode, AppSpec, EndpointSpec, HostPlan, HostSpec};
use serde_json::{Value, json};

use crate::{Browser, Client, Organization, Page, Person, TestApp};

/// The app's secrets: none of them may ever be seen again.
pub const CLIENT_SECRET: &str = "client-secret-canary-7f3a";
/// The secret that signs the platform's events.
pub const WEBHOOK_SECRET: &str = "webhook-secret-canary-91bc";

impl TestApp {
    /// Registers a Zoom app with everything Lectern asks for, and saves its credentials as an owner does.
    pub async fn set_up_zoom(&self, organization: &Organization<'_>) -> Person {
        self.set_up_zoom_at(organization, &self.zoom.api_url()).await
    }

    /// The same, reached at one of the addresses the operator allows.
    pub async fn set_up_zoom_at(&self, organization: &Organization<'_>, api: &str) -> Person {
        self.register_zoom_app("lectern-app");
        let owner = organization.owner().await;
        let mut settings = zoom_settings(self, "lectern-app");
        settings["base_url"] = json!(api);
        let (status, saved) = owner.put("/api/v1/platforms/zoom", settings).await;
        assert_eq!(status, 200, "{saved}");
        let url = format!("{}/api/zoom/webhook/{}", self.base, organization.id);
        let endpoint = EndpointSpec { url, secret_token: WEBHOOK_SECRET.to_owned(), events: Vec::new() };
        self.zoom.subscribe("lectern-app", endpoint).await.unwrap();
        for secret in [CLIENT_SECRET, WEBHOOK_SECRET] {
            self.secret(secret);
        }
        owner
    }

    /// A general app at Zoom with every scope.
    pub fn register_zoom_app(&self, client_id: &str) {
        let scopes =
            lectern_providers::zoom::oauth::SCOPES.iter().map(|scope| scope.granular.to_owned()).collect();
        self.zoom.add_app(AppSpec {
            client_id: client_id.to_owned(),
            client_secret: CLIENT_SECRET.to_owned(),
            name: "Lectern".to_owned(),
            mode: AppMode::User,
            account_id: None,
            redirect_uris: vec![format!("{}/oauth/zoom/callback", self.base)],
            scopes,
            endpoints: Vec::new(),
        });
    }

    /// A licensed Zoom user with this address.
    pub fn zoom_host(&self, email: &str) {
        self.zoom.add_host(HostSpec {
            email: email.to_owned(),
            first_name: "Farhan".to_owned(),
            last_name: "Karim".to_owned(),
            plan: HostPlan::Licensed,
            account_id: "dreamcrowd-account".to_owned(),
            account_plan: AccountPlan::Pro,
            time_zone: "Asia/Dhaka".to_owned(),
        });
    }

    /// The seller allows Lectern at Zoom.
    pub async fn connect(&self, seller: &Person) {
        self.zoom_host(&seller.email);
        let (status, answer) = seller.post("/api/v1/platforms/zoom/connection", json!({})).await;
        assert_eq!(status, 200, "{answer}");
        let callback = self.zoom.allow(answer["authorize_url"].as_str().unwrap(), &seller.email).unwrap();
        let path = callback.strip_prefix(&self.base).unwrap();
        let answer = seller.send("GET", path, None, &[]).await;
        assert!(answer.status < 400, "{} {}", answer.status, answer.text);
    }

    /// The newest join link that was mailed to this address.
    pub fn mailed_link(&self, address: &str) -> String {
        let mails = self.mail.messages_to(address);
        let mail = mails.last().unwrap_or_else(|| panic!("{address} has no mail"));
        let start = mail.text.find("/join/class/").map(|at| mail.text[..at].rfind("http").unwrap());
        mail.text[start.unwrap()..].split_whitespace().next().unwrap().to_owned()
    }

    /// The Zoom number of a session's meeting, past every wall.
    pub async fn zoom_meeting(&self, session: &str) -> u64 {
        let hex = session.replace('-', "");
        let rows = match self.db.engine() {
            lectern_api::db::Engine::Sqlite => {
                self.database
                    .rows(&format!(
                        "select provider_id from meetings where session_id = x'{hex}' and state <> 'removed'"
                    ))
                    .await
            }
            lectern_api::db::Engine::Postgres => self
                .database
                .rows(&format!(
                    "select provider_id from meetings where session_id = '{session}' and state <> 'removed'"
                ))
                .await,
        };
        rows[0][0].parse().unwrap()
    }
}

impl TestApp {
    /// A marketplace with credentials, a connected seller and a class that starts at nine: its door opens now.
    pub async fn evening(&mut self) -> (Person, Person, Lesson) {
        self.evening_at(&self.zoom.api_url()).await
    }

    /// The same, with everything between Lectern and Zoom on the story's wire.
    pub async fn evening_on_the_wire(&mut self) -> (Person, Person, Lesson) {
        self.evening_at(&self.wire.api_url()).await
    }

    async fn evening_at(&mut self, api: &str) -> (Person, Person, Lesson) {
        let (owner, seller) = {
            let dreamcrowd = self.organization("dreamcrowd").await;
            let owner = self.set_up_zoom_at(&dreamcrowd, api).await;
            (owner, dreamcrowd.instructor("farhan").await)
        };
        self.connect(&seller).await;
        let lesson = Lesson::schedule(self, &seller, "Watercolour for beginners").await;
        (owner, seller, lesson)
    }

    /// The newest code that was mailed to this address.
    pub fn mailed_code(&self, address: &str) -> String {
        let mails = self.mail.messages_to(address);
        let digits = |text: &str| {
            let words = text.split(|c: char| !c.is_ascii_digit());
            words.filter(|word| word.len() == 6).map(str::to_owned).next()
        };
        mails
            .iter()
            .rev()
            .find_map(|mail| digits(&mail.text))
            .unwrap_or_else(|| panic!("{address} has no code"))
    }

    /// How often the log has this word.
    pub async fn audited(&self, kind: &str) -> u64 {
        self.database.count(&format!("audit where kind = '{kind}'")).await
    }

    /// Calls of one of Zoom's operations so far.
    pub fn zoom_calls(&self, operation: &str) -> usize {
        self.zoom.requests_since(0).iter().filter(|request| request.operation == operation).count()
    }
}

/// What an administrator types into the platform form.
pub fn zoom_settings(app: &TestApp, client_id: &str) -> Value {
    json!({
        "client_id": client_id,
        "client_secret": CLIENT_SECRET,
        "base_url": app.zoom.api_url(),
        "webhook_secret": WEBHOOK_SECRET,
    })
}

/// A class of a seller, with one session a quarter of an hour ahead.
#[derive(Debug)]
pub struct Lesson {
    /// The class.
    pub class: String,
    /// Its session.
    pub session: String,
}

impl Lesson {
    /// Schedules a class that starts at nine, as the seller; everything that follows has happened.
    pub async fn schedule(app: &mut TestApp, seller: &Client, title: &str) -> Self {
        let starts_at = app.now() + Duration::minutes(15);
        Self::schedule_at(app, seller, title, starts_at).await
    }

    /// The same, with a session that starts at this instant.
    pub async fn schedule_at(
        app: &mut TestApp,
        seller: &Client,
        title: &str,
        starts_at: DateTime<Utc>,
    ) -> Self {
        let class = seller.create("/api/v1/classes", json!({"title": title})).await;
        let class = class["id"].as_str().unwrap().to_owned();
        let body = json!({"starts_at": starts_at, "duration_minutes": 45, "time_zone": "Asia/Dhaka"});
        let sessions = seller.create(&format!("/api/v1/classes/{class}/sessions"), body).await;
        let session = sessions["items"][0]["id"].as_str().unwrap().to_owned();
        app.settle().await;
        Self { class, session }
    }

    /// Enrolls somebody by address; their mail has gone out and their seat is made.
    pub async fn enroll(&self, app: &mut TestApp, seller: &Client, email: &str, name: &str) -> Value {
        let body = json!({"email": email, "name": name});
        let enrollment = seller.create(&format!("/api/v1/classes/{}/enrollments", self.class), body).await;
        app.settle().await;
        enrollment
    }

    /// Another session of the class; everything that follows has happened.
    pub async fn another(&self, app: &mut TestApp, seller: &Client, starts_at: DateTime<Utc>) -> String {
        let body = json!({"starts_at": starts_at, "duration_minutes": 45, "time_zone": "Asia/Dhaka"});
        let sessions = seller.create(&format!("/api/v1/classes/{}/sessions", self.class), body).await;
        app.settle().await;
        sessions["items"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Where the join form posts to.
    pub fn door(&self) -> String {
        format!("/join/class/{}", self.class)
    }
}

impl Browser {
    /// Opens a join link and presses the one button.
    pub async fn press_join(&self, link: &str) -> Page {
        let page = self.get(link).await;
        assert_eq!(page.answer.status, 200, "{}", page.html());
        let action = page.forms().first().map(|(action, _)| action.clone()).unwrap_or_default();
        self.submit(&page, &action, &[]).await
    }
}

impl Page {
    /// What the join page says: `ready`, `early`, ...; empty when it is none.
    #[must_use]
    pub fn standing(&self) -> &str {
        let mark = "data-join=\"";
        self.html().find(mark).map_or("", |at| self.html()[at + mark.len()..].split('"').next().unwrap_or(""))
    }
}
