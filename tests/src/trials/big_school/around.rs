//! What gathers around lessons: the log, notices, groups, bookings, and what was sent elsewhere.

use chrono::Duration;
use uuid::Uuid;

use super::{Scribe, SomeBody, SomeClass, SomeSession, row};
use crate::Cell;

impl Scribe {
    /// Begin and end of each lesson, and some who joined it or were refused.
    pub(super) async fn log(
        &mut self,
        classes: &[SomeClass],
        sessions: &[SomeSession],
        students: &[SomeBody],
    ) {
        let mut rows = Vec::new();
        for session in sessions.iter().filter(|session| matches!(session.state, "ended" | "live")) {
            let class = &classes[session.class];
            let mut kinds = vec![("session.started", "provider", 0), ("session.ended", "system", 45)];
            if session.state == "live" {
                kinds.pop();
            }
            for (kind, actor, minutes) in kinds {
                let at = session.starts_at + Duration::minutes(minutes);
                let id = self.dice.id(at);
                rows.push(row![id, self.of, at, kind, actor, class.id, session.id, None::<Uuid>, "{}"]);
            }
            for _ in 0..5 {
                let at = session.starts_at + Duration::seconds(i64::try_from(self.dice.below(600)).unwrap());
                let who = students[class.students[self.dice.below(class.students.len())]].id;
                let (kind, why) = if self.dice.percent(2) {
                    ("join.refused", "{\"why\":\"removed\"}")
                } else {
                    ("join.redeemed", "{}")
                };
                let id = self.dice.id(at);
                rows.push(row![id, self.of, at, kind, "nobody", class.id, session.id, who, why]);
            }
        }
        let columns = "id, organization_id, at, kind, actor_kind, class_id, session_id, person_id, details";
        self.bulk.write("audit", columns, rows).await;
    }

    /// Reminders of the lessons of the last five weeks.
    pub(super) async fn notices(
        &mut self,
        classes: &[SomeClass],
        sessions: &[SomeSession],
        students: &[SomeBody],
    ) {
        let since = self.now - Duration::weeks(5);
        let mut rows = Vec::new();
        for session in sessions.iter().filter(|one| one.state == "ended" && one.starts_at > since) {
            let at = session.starts_at - Duration::minutes(30);
            let facts = serde_json::json!({"starts_at": session.starts_at, "lead_minutes": 30}).to_string();
            let about = format!("{} {} 30", session.id, session.starts_at.timestamp());
            for student in &classes[session.class].students {
                let (id, who) = (self.dice.id(at), students[*student].id);
                let seen = self.dice.percent(50).then_some(at + Duration::hours(1));
                rows.push(row![
                    id,
                    self.of,
                    who,
                    session.id,
                    "reminder",
                    about.clone(),
                    facts.clone(),
                    "sent",
                    at,
                    at,
                    seen
                ]);
            }
        }
        let columns = "id, organization_id, person_id, session_id, kind, about, facts, state, created_at, sent_at, seen_at";
        self.bulk.write("mails", columns, rows).await;
    }

    /// A hundred year groups at most, each enrolled in some classes.
    pub(super) async fn cohorts(&mut self, classes: &[SomeClass], students: &[SomeBody]) -> Vec<Uuid> {
        let (of, at) = (self.of, self.began);
        let count = (students.len() / 200).max(2);
        let size = students.len() / count;
        let mut ids = Vec::new();
        let (mut rows, mut members, mut enrolled) = (vec![], vec![], vec![]);
        for (number, group) in students.chunks(size).take(count).enumerate() {
            let id = self.dice.id(at + Duration::seconds(i64::try_from(number).unwrap()));
            rows.push(row![id, of, format!("Year group {number}"), at, at]);
            members.extend(group.iter().map(|who| row![of, id, who.id, at]));
            for _ in 0..5 {
                let class = classes[self.dice.below(classes.len())].id;
                enrolled.push((class, id));
            }
            ids.push(id);
        }
        enrolled.sort_unstable();
        enrolled.dedup();
        self.bulk.write("cohorts", "id, organization_id, name, created_at, updated_at", rows).await;
        let columns = "organization_id, cohort_id, person_id, added_at";
        self.bulk.write("cohort_members", columns, members).await;
        let enrolled = enrolled.into_iter().map(|(class, cohort)| row![of, cohort, class, at]);
        let columns = "organization_id, cohort_id, class_id, added_at";
        self.bulk.write("cohort_classes", columns, enrolled).await;
        ids
    }

    /// One class in forty is booked, for money; the largest is returned.
    pub(super) async fn bookings(&mut self, classes: &[SomeClass], students: &[SomeBody]) -> Uuid {
        let (of, at) = (self.of, self.began);
        let (mut offers, mut rows) = (vec![], vec![]);
        for class in classes.iter().step_by(40) {
            offers.push(row![of, class.id, "open", 2_500_i64, "usd", 200_i64, 24_i64, at]);
            for (number, student) in class.students.iter().enumerate() {
                let at = at + Duration::minutes(i64::try_from(number).unwrap());
                let id = self.dice.id(at);
                let state = if self.dice.percent(90) { "confirmed" } else { "refunded" };
                let who = students[*student].id;
                rows.push(row![id, of, class.id, who, state, 2_500_i64, "usd", 1_i64, at, at]);
            }
        }
        let columns = "organization_id, class_id, state, price, currency, seats, refund_hours, updated_at";
        self.bulk.write("offers", columns, offers).await;
        let columns = "id, organization_id, class_id, person_id, state, price, currency, attempt, created_at, updated_at";
        self.bulk.write("bookings", columns, rows).await;
        let booked = classes.iter().step_by(40).max_by_key(|class| class.students.len());
        booked.map(|class| class.id).unwrap_or_default()
    }

    /// Messages that an endpoint of the organization took, one a minute up to now.
    pub(super) async fn deliveries(&mut self, endpoint: Uuid, count: usize) {
        let mut rows = Vec::with_capacity(count);
        for number in 0..count {
            let at = self.now - Duration::minutes(i64::try_from(count - number).unwrap());
            let (id, event) = (self.dice.id(at), self.dice.id(at));
            let kind = self.dice.of(&["session.started", "session.ended", "attendance.proposed"]);
            let (state, status) = if self.dice.percent(2) { ("failed", 500_i64) } else { ("delivered", 204) };
            rows.push(row![
                id,
                self.of,
                endpoint,
                event,
                kind,
                Cell::Bytes(vec![7; 300]),
                state,
                1_i64,
                at,
                status,
                12_i64,
                at
            ]);
        }
        let columns = "id, organization_id, endpoint_id, event_id, kind, payload, state, tries, tried_at, status, millis, created_at";
        self.bulk.write("webhook_deliveries", columns, rows).await;
    }
}
