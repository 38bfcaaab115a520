//! People, and the classes they teach and belong to.

use std::collections::BTreeSet;

use chrono::Duration;
use lectern_core::settings::ClassSettings;

use super::{Plan, Scribe, SomeBody, SomeClass, WEEKS, row};
use crate::Cell;

fn seconds(number: usize) -> Duration {
    Duration::seconds(i64::try_from(number).unwrap())
}

impl Scribe {
    pub(super) async fn people(&mut self, word: &str, role: i64, count: usize) -> Vec<SomeBody> {
        let since = self.began - Duration::weeks(4);
        let mut all = Vec::with_capacity(count);
        let mut rows = Vec::with_capacity(count);
        for number in 0..count {
            let (first, last) = self.dice.name();
            let id = self.dice.id(since + seconds(number));
            let latin = |name: &str| -> String {
                name.to_lowercase().chars().filter(char::is_ascii_lowercase).collect()
            };
            let (given, family) = (latin(first), latin(last));
            let local =
                if given.is_empty() || family.is_empty() { word.to_owned() } else { given + "." + &family };
            let email = format!("{local}{number}@{word}s.bigschool.example");
            let zone = self.dice.percent(10).then_some("Europe/London");
            rows.push(row![
                id,
                self.of,
                "user",
                email.clone(),
                email.clone(),
                first,
                last,
                role,
                false,
                "active",
                zone,
                since,
                since
            ]);
            all.push(SomeBody { id, email, name: format!("{first} {last}") });
        }
        let columns = "id, organization_id, kind, email, email_key, first_name, last_name, role, owner, state, time_zone, created_at, updated_at";
        self.bulk.write("people", columns, rows).await;
        all
    }

    /// From 12 to 100 people in each class, some forty as a rule.
    pub(super) async fn classes(
        &mut self,
        plan: Plan,
        instructors: &[SomeBody],
        students: &[SomeBody],
    ) -> Vec<SomeClass> {
        let mut all = Vec::with_capacity(plan.classes);
        for number in 0..plan.classes {
            let (week, day, hour) =
                (self.dice.below(WEEKS - plan.lessons + 1), self.dice.below(5), self.dice.below(9));
            let first = self.began + Duration::hours(i64::try_from((week * 7 + day) * 24 + hour).unwrap());
            let created_at = self.began - Duration::weeks(3) + seconds(number);
            let id = self.dice.id(created_at);
            let title = self.dice.title();
            let throw = self.dice.below(1_000);
            let size = (12 + throw * throw * 89 / 1_000_000).min(students.len());
            let mut members = BTreeSet::new();
            while members.len() < size {
                members.insert(self.dice.below(students.len()));
            }
            all.push(SomeClass {
                id,
                title,
                instructor: number % instructors.len(),
                students: members.into_iter().collect(),
                created_at,
                first,
            });
        }
        let of = self.of;
        let settings = serde_json::to_string(&ClassSettings::default()).unwrap();
        let rows = all.iter().map(|class| {
            let teacher = instructors[class.instructor].id;
            let (title, at) = (class.title.clone(), class.created_at);
            row![class.id, of, title, "", teacher, "zoom", settings.clone(), "active", at, at]
        });
        let columns = "id, organization_id, title, description, instructor_id, provider, settings, state, created_at, updated_at";
        self.bulk.write("classes", columns, rows).await;
        let routes = all.iter().map(|class| row![class.id, of]);
        self.bulk.write("class_routes", "class_id, organization_id", routes).await;
        // All is written out: nothing is left for the series' own work.
        let series = all.iter().map(|class| {
            let local = class.first.format("%Y-%m-%dT%H:%M:%S").to_string();
            let rule = format!("RRULE:FREQ=WEEKLY;COUNT={}", plan.lessons);
            let (title, at) = (class.title.clone(), class.created_at);
            row![class.id, of, class.id, title, local, "UTC", 45_i64, "virtual", rule, "ended", at, at]
        });
        let columns = "id, organization_id, class_id, title, local_start, time_zone, duration_minutes, delivery, recurrence, state, created_at, updated_at";
        self.bulk.write("series", columns, series).await;
        let mut places = Vec::new();
        for class in &all {
            for student in &class.students {
                let (id, at) = (self.dice.id(class.created_at), class.created_at);
                let who = students[*student].id;
                places
                    .push(row![id, of, class.id, who, "member", true, 1_i64, "active", at, at, true, false]);
            }
        }
        let columns = "id, organization_id, class_id, person_id, kind, all_sessions, generation, state, created_at, updated_at, by_hand, kept_out";
        self.bulk.write("enrollments", columns, places).await;
        all
    }
}
