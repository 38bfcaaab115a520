//! Lessons, who came, and what the platform told of it.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use lectern_core::{
    attendance::{Presence, PresenceKey, PresenceKind, Source},
    provider::ParticipantFacts,
};
use serde_json::json;
use uuid::Uuid;

use super::{Plan, Scribe, SomeBody, SomeClass, SomeSession, row};
use crate::Cell;

const LENGTH: Duration = Duration::minutes(45);
/// Older lessons keep their verdicts; the stays behind them are as many again and change nothing of what is measured.
const STAYS_KEPT: Duration = Duration::weeks(2);

impl Scribe {
    pub(super) async fn sessions(&mut self, classes: &[SomeClass], plan: Plan) -> Vec<SomeSession> {
        let (of, now) = (self.of, self.now);
        let mut all = Vec::with_capacity(classes.len() * plan.lessons);
        let (mut rows, mut meetings, mut told, mut read) = (vec![], vec![], vec![], vec![]);
        for (number, class) in classes.iter().enumerate() {
            for lesson in 0..plan.lessons {
                let starts_at = class.first + Duration::weeks(i64::try_from(lesson).unwrap());
                let ends_at = starts_at + LENGTH;
                let id = self.dice.id(class.created_at);
                let meeting = self.dice.id(class.created_at);
                let cancelled = self.dice.percent(2);
                let state = match () {
                    () if starts_at <= now && now < ends_at => "live",
                    () if cancelled => "cancelled",
                    () if ends_at <= now => "ended",
                    () => "scheduled",
                };
                let held = matches!(state, "live" | "ended");
                let local = starts_at.format("%Y-%m-%dT%H:%M:%S").to_string();
                rows.push(row![
                    id,
                    of,
                    class.id,
                    class.id,
                    class.title.clone(),
                    starts_at,
                    ends_at,
                    "UTC",
                    "virtual",
                    state,
                    held.then_some(starts_at),
                    (state == "ended").then_some(ends_at),
                    i64::from(cancelled),
                    class.created_at,
                    class.created_at,
                    local.clone(),
                    local,
                    false
                ]);
                // Meetings are made two weeks ahead and go some days after their lesson.
                if held || (state == "scheduled" && starts_at < now + Duration::days(16)) {
                    let over = ends_at + Duration::days(2) < now;
                    meetings.push(row![
                        meeting,
                        of,
                        id,
                        "zoom",
                        format!("{:010}", all.len()),
                        if over { "removed" } else { "ready" },
                        1_i64,
                        format!("8{:010}", all.len()),
                        1_i64,
                        starts_at - Duration::days(14),
                        starts_at - Duration::days(14),
                        over.then_some(ends_at + Duration::days(2))
                    ]);
                }
                if state == "ended" {
                    read.push(row![of, id, "finished", 1_i64, "admin_report", ends_at, ends_at]);
                }
                // Who is to be reminded today was reminded.
                if state == "scheduled" && starts_at < now + Duration::days(2) {
                    for lead in [30_i64, 60, 1_440] {
                        told.push(row![of, id, "reminder", starts_at, lead, now]);
                        told.push(row![of, id, "preflight", starts_at, lead, now]);
                    }
                }
                all.push(SomeSession { id, class: number, state, starts_at, meeting });
            }
        }
        let columns = "id, organization_id, class_id, series_id, title, starts_at, ends_at, time_zone, delivery, state, started_at, ended_at, revision, created_at, updated_at, series_slot, local_start, moved";
        self.bulk.write("sessions", columns, rows).await;
        let columns = "id, organization_id, session_id, provider, reference, state, attempt, provider_id, registration, wanted_at, ready_at, removed_at";
        self.bulk.write("meetings", columns, meetings).await;
        let columns = "organization_id, session_id, state, attempt, report, asked_at, finished_at";
        self.bulk.write("reconciliations", columns, read).await;
        let columns = "organization_id, session_id, kind, starts_at, lead_minutes, planned_at";
        self.bulk.write("planned_notices", columns, told).await;
        all
    }

    /// A verdict on everybody of each lesson that is over, until there are enough; returns how many there are.
    pub(super) async fn attendance(
        &mut self,
        classes: &[SomeClass],
        sessions: &[SomeSession],
        (instructors, students): (&[SomeBody], &[SomeBody]),
        most: usize,
    ) -> usize {
        let of = self.of;
        let (mut rows, mut stays, mut runs) = (Vec::with_capacity(most.min(200_000)), vec![], vec![]);
        let columns = "organization_id, session_id, person_id, state, seconds, first_joined_at, last_left_at, proposed, updated_at";
        let mut written = 0;
        for session in sessions.iter().filter(|session| matches!(session.state, "ended" | "live")) {
            let class = &classes[session.class];
            let live = session.state == "live";
            let kept = live || session.starts_at > self.now - STAYS_KEPT;
            let run = format!("run-{}", session.id.simple());
            if kept {
                let end = (!live).then_some(session.starts_at + LENGTH);
                let report = (!live).then_some("admin_report");
                runs.push(row![
                    of,
                    session.meeting,
                    session.id,
                    run.clone(),
                    session.starts_at,
                    end,
                    report,
                    end
                ]);
            }
            let learners = class.students.iter().map(|student| &students[*student]);
            for (number, who) in learners.chain([&instructors[class.instructor]]).enumerate() {
                let teaches = number == class.students.len();
                let (state, late, seconds) = match self.dice.below(100) {
                    _ if teaches => ("present", 0, 2_700),
                    0..80 => ("present", 0, 2_700),
                    80..88 => ("late", 9, 2_160),
                    88..92 => ("left_early", 0, 1_800),
                    _ => ("absent", 0, 0),
                };
                let came = (seconds > 0).then(|| session.starts_at + Duration::minutes(late));
                let left = came.map(|came| came + Duration::seconds(seconds));
                if kept && let (Some(came), Some(left)) = (came, left) {
                    let stay = Stay { who, run: &run, came, left: (!live).then_some(left) };
                    stays.push(stay.row(of, session.id, teaches));
                }
                if !live && written < most {
                    let proposed =
                        json!({"proposed": {"state": state, "seconds": seconds}, "verified": null});
                    let proposed = proposed.to_string();
                    let at = session.starts_at + LENGTH;
                    rows.push(row![of, session.id, who.id, state, seconds, came, left, proposed, at]);
                    written += 1;
                }
            }
            if rows.len() > 100_000 {
                self.bulk.write("attendance", columns, rows.drain(..)).await;
            }
        }
        self.bulk.write("attendance", columns, rows).await;
        let columns =
            "organization_id, meeting_id, session_id, run_id, started_at, ended_at, report, reported_at";
        self.bulk.write("runs", columns, runs).await;
        let columns = "organization_id, session_id, person_id, role, source, run_id, stay, kind, joined_at, left_at, facts, received_at";
        self.bulk.write("presences", columns, stays).await;
        written
    }
}

struct Stay<'a> {
    who: &'a SomeBody,
    run: &'a str,
    came: DateTime<Utc>,
    left: Option<DateTime<Utc>>,
}

impl Stay<'_> {
    fn row(&self, of: Uuid, session: Uuid, teaches: bool) -> Vec<Cell> {
        // While a lesson goes on its events are known; afterwards the report is.
        let source = if self.left.is_some() { Source::AdminReport } else { Source::Webhook };
        let entry = self.who.id.simple().to_string();
        let presence = Presence {
            key: PresenceKey { source, run: self.run.to_owned(), kind: PresenceKind::Main, entry },
            assigned: None,
            joins: BTreeSet::from([self.came]),
            leaves: self.left.into_iter().collect(),
            facts: ParticipantFacts {
                stay: Some(self.who.id.to_string()),
                email: Some(self.who.email.clone()),
                name: Some(self.who.name.clone()),
                ..ParticipantFacts::default()
            },
            received_at: self.came,
        };
        row![
            of,
            session,
            self.who.id,
            if teaches { "instructor" } else { "student" },
            source.name(),
            self.run.to_owned(),
            presence.key.entry.clone(),
            PresenceKind::Main.name(),
            self.came,
            self.left,
            serde_json::to_string(&presence).unwrap(),
            self.came
        ]
    }
}
