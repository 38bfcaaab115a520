//! A class on the simulated Teams of a whole school, by the school's own app: what a story about notifications begins with.

use chrono::{DateTime, Duration, Utc};
use lectern_core::ids::OrganizationId;
use lectern_providers::teams::oauth::{APPLICATION_PERMISSIONS, SCOPES};
use lectern_simulators::teams::{AppSpec, Identity, PolicySpec, UserSpec, Visit};
use serde_json::{Value, json};

use crate::{CLIENT_SECRET, Person, TestApp};

/// A school whose app may act for everybody in its directory.
#[derive(Debug)]
pub struct School {
    /// Its short name.
    pub slug: String,
    /// Its id, which is its directory's as well.
    pub id: OrganizationId,
    /// The app's id at Microsoft.
    pub client_id: String,
    /// Who set it up.
    pub owner: Person,
}

/// A session of a class there.
#[derive(Debug)]
pub struct SchoolClass {
    /// The path of the session.
    pub session: String,
    /// Who teaches.
    pub teacher: Person,
    /// Who is enrolled.
    pub students: Vec<Person>,
    /// Scheduled start.
    pub starts_at: DateTime<Utc>,
}

impl TestApp {
    /// The school of this short name, with its app's credentials, consent, and access to its teachers' meetings.
    pub async fn school(&self, slug: &str) -> School {
        let organization = self.organization(slug).await;
        let (id, client_id) = (organization.id, format!("{slug}-app"));
        let (tenant, teams) = (id.to_string(), &self.others.teams);
        teams.add_app(AppSpec {
            client_id: client_id.clone(),
            client_secret: CLIENT_SECRET.to_owned(),
            name: "Lectern".to_owned(),
            redirect_uris: vec![format!("{}/oauth/teams/callback", self.base)],
            scopes: SCOPES.iter().map(|scope| scope.name.to_owned()).collect(),
            roles: APPLICATION_PERMISSIONS.iter().map(|role| role.name.to_owned()).collect(),
        });
        teams.consent(&tenant, &client_id);
        teams.grant_policy(PolicySpec {
            tenant: tenant.clone(),
            client_id: client_id.clone(),
            user: None,
            delay_minutes: 0,
        });
        self.secret(CLIENT_SECRET);
        let owner = organization.owner().await;
        let settings = json!({
            "client_id": client_id, "client_secret": CLIENT_SECRET, "base_url": teams.api_url(), "mode": "server_to_server",
            "account_id": tenant,
        });
        let (status, saved) = owner.put("/api/v1/platforms/teams", settings).await;
        assert_eq!(status, 200, "{saved}");
        School { slug: slug.to_owned(), id, client_id, owner }
    }
}

impl School {
    /// Where its notifications go.
    #[must_use]
    pub fn address(&self) -> String {
        format!("/api/teams/webhook/{}", self.id)
    }

    fn account(&self, app: &TestApp, person: &Person) {
        app.others.teams.add_user(UserSpec {
            email: person.email.clone(),
            name: person.name.clone(),
            tenant: self.id.to_string(),
            licensed: true,
        });
    }

    /// A class of `farhan`'s with these students, and a session of 45 minutes that begins so far ahead.
    pub async fn class(&self, app: &TestApp, students: &[&str], ahead: Duration) -> SchoolClass {
        let organization = app.organization(&self.slug).await;
        let teacher = organization.instructor("farhan").await;
        self.account(app, &teacher);
        let class =
            teacher.create("/api/v1/classes", json!({"title": "Fractions", "provider": "teams"})).await;
        let class = class["id"].as_str().unwrap().to_owned();
        let mut enrolled = Vec::new();
        for name in students {
            let student = organization.student(name).await;
            self.account(app, &student);
            teacher
                .create(&format!("/api/v1/classes/{class}/enrollments"), json!({"user_id": student.id}))
                .await;
            enrolled.push(student);
        }
        let starts_at = app.now() + ahead;
        let body = json!({"starts_at": starts_at, "duration_minutes": 45, "time_zone": "Asia/Dhaka"});
        let sessions = teacher.create(&format!("/api/v1/classes/{class}/sessions"), body).await;
        let session = format!("/api/v1/sessions/{}", sessions["items"][0]["id"].as_str().unwrap());
        app.settle().await;
        SchoolClass { session, teacher, students: enrolled, starts_at }
    }
}

impl SchoolClass {
    /// The meeting's link; the session has been started.
    pub async fn link(&self) -> String {
        let (status, launch) = self.teacher.post(&format!("{}/launch", self.session), json!({})).await;
        assert_eq!(status, 200, "{launch}");
        launch["location"].as_str().unwrap().to_owned()
    }

    /// The teacher starts the session, and opens the link.
    pub async fn start(&self, app: &TestApp) -> (String, Visit) {
        let (status, started) = self.teacher.post(&format!("{}/start", self.session), json!({})).await;
        assert_eq!(status, 200, "{started}");
        app.settle().await;
        let link = self.link().await;
        let visit = app.others.teams.organizer_joins(&link).unwrap();
        (link, visit)
    }

    /// A student opens the link and is admitted.
    #[must_use]
    pub fn comes(&self, app: &TestApp, link: &str, student: usize) -> Visit {
        let visit = app.others.teams.joins(link, Identity::Entra, &self.students[student].email).unwrap();
        app.others.teams.admit(visit).unwrap();
        visit
    }

    /// How each student stands on the live page, in order of enrolment.
    pub async fn standings(&self) -> Vec<String> {
        let (_, live) = self.teacher.get("/api/v1/live").await;
        let people = live["sessions"][0]["participants"].as_array().cloned().unwrap_or_default();
        let of = |student: &Person| people.iter().find(|who| who["person"]["name"] == json!(student.name));
        let state = |who: &Value| who["state"].as_str().unwrap_or_default().to_owned();
        self.students.iter().map(|student| of(student).map(state).unwrap_or_default()).collect()
    }

    /// Everybody's minutes on the attendance sheet, in order of enrolment.
    pub async fn minutes(&self) -> Vec<i64> {
        let (_, sheet) = self.teacher.get(&format!("{}/attendance", self.session)).await;
        let rows = sheet["items"].as_array().unwrap();
        let of = |student: &Person| {
            let row = rows.iter().find(|row| row["person"]["name"] == json!(student.name));
            row.unwrap_or_else(|| panic!("{}: {sheet}", student.name))["minutes"].as_i64().unwrap()
        };
        self.students.iter().map(of).collect()
    }
}
