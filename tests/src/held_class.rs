//! A class on the simulated Zoom, from credentials to the host's entrance: what a story about teaching begins with.

use chrono::{DateTime, Duration, Utc};
use lectern_simulators::zoom::Visit;
use serde_json::{Value, json};

use crate::{Person, TestApp};

/// A session of a class whose meeting is ready.
#[derive(Debug)]
pub struct HeldClass {
    /// The class's id.
    pub class: String,
    /// The session's id.
    pub session: String,
    /// Zoom's number of the meeting.
    pub meeting: u64,
    /// What signs its organization's webhooks.
    pub webhook_secret: String,
    /// Who teaches.
    pub teacher: Person,
    /// Who is enrolled.
    pub students: Vec<Person>,
    /// Scheduled start.
    pub starts_at: DateTime<Utc>,
    /// Scheduled end.
    pub ends_at: DateTime<Utc>,
}

impl TestApp {
    /// A class of `farhan`'s at Zoom with these students, and a session of 45 minutes that begins in 15; the meeting and
    /// everybody's registrant are made.
    pub async fn held_class(&self, slug: &str, students: &[&str]) -> HeldClass {
        let webhook_secret = self.organization(slug).await.zoom(self).await.webhook_secret;
        // The host lets everybody in at once.
        self.zoom.set_behaviour(|behaviour| behaviour.auto_admit = true);
        let teacher = self.organization(slug).await.instructor("farhan").await;
        teacher.connect_zoom(self).await;
        let class =
            teacher.create("/api/v1/classes", json!({"title": "Fractions", "provider": "zoom"})).await;
        let class = class["id"].as_str().unwrap().to_owned();
        let mut enrolled = Vec::new();
        for name in students {
            let student = self.organization(slug).await.student(name).await;
            teacher
                .create(&format!("/api/v1/classes/{class}/enrollments"), json!({"user_id": student.id}))
                .await;
            enrolled.push(student);
        }
        let starts_at = self.now() + Duration::minutes(15);
        let body = json!({"starts_at": starts_at, "duration_minutes": 45, "time_zone": "Asia/Dhaka"});
        let sessions = teacher.create(&format!("/api/v1/classes/{class}/sessions"), body).await;
        let session = sessions["items"][0]["id"].as_str().unwrap().to_owned();
        self.settle().await;
        let meeting = self.zoom_meeting(&session).await;
        let ends_at = starts_at + Duration::minutes(45);
        HeldClass { class, session, webhook_secret, meeting, teacher, students: enrolled, starts_at, ends_at }
    }
}

impl HeldClass {
    /// It is held and over: the first student is there all the time, the second comes a quarter of an hour late and leaves
    /// before the end, nobody else comes.
    pub async fn is_held(&self, app: &mut TestApp) {
        app.pass(Duration::minutes(14));
        self.host_comes(app);
        let first = self.comes(app, 0);
        app.settle().await;
        app.pass(Duration::minutes(16));
        let late = self.comes(app, 1);
        app.settle().await;
        app.pass(Duration::minutes(20));
        app.zoom.leaves(late).expect("they are in");
        app.pass(Duration::minutes(11));
        app.zoom.leaves(first).expect("they are in");
        app.zoom.end_for_all(self.meeting);
        app.settle().await;
    }

    /// The body of Zoom's event that somebody came in.
    #[must_use]
    pub fn joined_event(&self, app: &TestApp, student: usize, stay: &str, registrant: &str) -> String {
        let (now, email) = (app.now(), &self.students[student].email);
        json!({
            "event": "meeting.participant_joined", "event_ts": now.timestamp_millis(),
            "payload": {"account_id": "account", "object": {
                "id": self.meeting.to_string(), "uuid": "4444AAAiAAAAAiAiAiiAii==", "host_id": "host", "topic": "Fractions",
                "type": 2, "start_time": now, "duration": 45, "timezone": "UTC",
                "participant": {"user_id": stay, "user_name": self.students[student].name, "participant_uuid": format!("uuid-{stay}"),
                    "email": email, "join_time": now, "registrant_id": registrant}}}
        })
        .to_string()
    }

    /// The body of another of Zoom's events about this meeting; a stay's events name it, the run's do not.
    #[must_use]
    pub fn event(&self, kind: &str, at: DateTime<Utc>, who: Option<(usize, &str)>) -> String {
        let mut object = json!({
            "id": self.meeting.to_string(), "uuid": "4444AAAiAAAAAiAiAiiAii==", "host_id": "host", "topic": "Fractions",
            "type": 2, "start_time": self.starts_at, "duration": 45, "timezone": "UTC",
        });
        if kind == "meeting.ended" {
            object["end_time"] = json!(at);
        }
        if let Some((student, stay)) = who {
            let student = &self.students[student];
            let time = if kind.ends_with("_left") { "leave_time" } else { "join_time" };
            object["participant"] = json!({
                "user_id": stay, "user_name": student.name, "participant_uuid": format!("uuid-{stay}"),
                "email": student.email, "registrant_id": "", time: at,
            });
        }
        json!({
            "event": kind, "event_ts": at.timestamp_millis(), "payload": {"account_id": "account", "object": object},
        })
        .to_string()
    }

    /// Sends an event as Zoom does, signed; the status of the answer.
    pub async fn deliver(&self, app: &TestApp, body: &str) -> u16 {
        self.deliver_signed(app, body, app.now()).await
    }

    /// The same with a signature of this instant.
    pub async fn deliver_signed(&self, app: &TestApp, body: &str, at: DateTime<Utc>) -> u16 {
        let organization = app.organization(&self.teacher.organization).await.id;
        let timestamp = at.timestamp().to_string();
        let signature =
            lectern_simulators::zoom::signature(&self.webhook_secret, &timestamp, body.as_bytes());
        let request = app
            .nobody()
            .request(reqwest::Method::POST, &format!("/api/zoom/webhook/{organization}"))
            .header("x-zm-request-timestamp", &timestamp)
            .header("x-zm-signature", &signature)
            .header("content-type", "application/json")
            .body(body.to_owned());
        request.send().await.unwrap().status().as_u16()
    }

    /// The host comes in.
    pub fn host_comes(&self, app: &TestApp) -> Visit {
        app.zoom.host_joins(self.meeting).unwrap()
    }

    /// The student of this index comes in, by the registrant made for them.
    pub fn comes(&self, app: &TestApp, student: usize) -> Visit {
        let email = &self.students[student].email;
        let registrants = app.zoom.registrants(self.meeting);
        let (_, _, url) = registrants.iter().find(|(_, address, _)| address == email).expect("a registrant");
        app.zoom.joins(url).unwrap()
    }

    /// The attendance sheet as its instructor sees it.
    pub async fn sheet(&self) -> Value {
        let (status, sheet) =
            self.teacher.get(&format!("/api/v1/sessions/{}/attendance", self.session)).await;
        assert_eq!(status, 200, "{sheet}");
        sheet
    }

    /// State and minutes of each student, in the order of enrollment.
    pub async fn verdicts(&self) -> Vec<(String, i64)> {
        let sheet = self.sheet().await;
        let of = |student: &Person| {
            let row = sheet["items"]
                .as_array()
                .unwrap()
                .iter()
                .find(|row| row["person"]["id"] == json!(student.id));
            let row = row.unwrap_or_else(|| panic!("{} is on the sheet: {sheet}", student.name));
            (row["state"].as_str().unwrap().to_owned(), row["minutes"].as_i64().unwrap())
        };
        self.students.iter().map(of).collect()
    }
}
