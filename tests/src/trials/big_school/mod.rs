//! An organization as large as schools become, written straight into the tables: two years of lessons, of which the first is over.
//! The same plan makes the same rows, but for the instant they are counted from.

mod around;
mod dice;
mod lessons;
mod roster;

use chrono::{DateTime, Duration, Utc};
use lectern_core::ids::OrganizationId;
use uuid::Uuid;

use self::dice::Dice;
use crate::{Bulk, TestApp};

/// Weeks from the first lesson to the last.
const WEEKS: usize = 104;

macro_rules! row {
    ($($value:expr),* $(,)?) => { vec![$(Cell::from($value)),*] };
}
use row;

/// How many of what.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Who teach.
    pub instructors: usize,
    /// Who learn.
    pub students: usize,
    /// What is taught, each in lessons once a week.
    pub classes: usize,
    /// Lessons of a class.
    pub lessons: usize,
    /// Verdicts on one person in one lesson.
    pub attendance: usize,
    /// Seeds the dice.
    pub seed: u64,
}

impl Plan {
    /// 200 instructors, 20,000 students, 50,000 sessions, 1,000,000 attendance rows.
    pub const LARGE: Self = Self {
        instructors: 200,
        students: 20_000,
        classes: 2_000,
        lessons: 25,
        attendance: 1_000_000,
        seed: 14,
    };
    /// The same in small.
    pub const SMALL: Self =
        Self { instructors: 4, students: 120, classes: 60, lessons: 25, attendance: 20_000, seed: 14 };
}

/// Somebody of the school.
#[derive(Clone, Debug)]
pub struct SomeBody {
    /// Their id.
    pub id: Uuid,
    /// Their address.
    pub email: String,
    /// Their whole name.
    pub name: String,
}

/// A class of the school.
#[derive(Clone, Debug)]
pub struct SomeClass {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub title: String,
    /// Its instructor's place in the list.
    pub instructor: usize,
    /// Its students' places in the list.
    pub students: Vec<usize>,
    created_at: DateTime<Utc>,
    first: DateTime<Utc>,
}

/// A lesson.
#[derive(Clone, Copy, Debug)]
pub struct SomeSession {
    /// Its id.
    pub id: Uuid,
    /// Its class's place in the list.
    pub class: usize,
    /// Its state, as stored.
    pub state: &'static str,
    starts_at: DateTime<Utc>,
    meeting: Uuid,
}

/// The school.
#[derive(Debug)]
pub struct BigSchool {
    /// Who teach.
    pub instructors: Vec<SomeBody>,
    /// Who learn.
    pub students: Vec<SomeBody>,
    /// What is taught.
    pub classes: Vec<SomeClass>,
    /// All lessons.
    pub sessions: Vec<SomeSession>,
    /// Year groups.
    pub cohorts: Vec<Uuid>,
    /// A class that is booked.
    pub booked: Uuid,
    /// How many verdicts there are.
    pub attendance: usize,
}

impl BigSchool {
    /// Fills an organization. `endpoint`: an outgoing webhook of it, that was sent much.
    pub async fn found(
        app: &TestApp,
        organization: OrganizationId,
        endpoint: Option<Uuid>,
        plan: Plan,
    ) -> Self {
        let now = app.now();
        let mut scribe = Scribe {
            bulk: Bulk::into(&app.database).await,
            dice: Dice::new(plan.seed),
            of: organization.uuid(),
            now,
            began: now - Duration::weeks(52) - Duration::minutes(20),
        };
        let instructors = scribe.people("teacher", 1, plan.instructors).await;
        let students = scribe.people("student", 0, plan.students).await;
        let classes = scribe.classes(plan, &instructors, &students).await;
        let sessions = scribe.sessions(&classes, plan).await;
        let attendance =
            scribe.attendance(&classes, &sessions, (&instructors, &students), plan.attendance).await;
        scribe.log(&classes, &sessions, &students).await;
        scribe.notices(&classes, &sessions, &students).await;
        let cohorts = scribe.cohorts(&classes, &students).await;
        let booked = scribe.bookings(&classes, &students).await;
        if let Some(endpoint) = endpoint {
            scribe.deliveries(endpoint, plan.classes * 10).await;
        }
        scribe.bulk.finish().await;
        Self { instructors, students, classes, sessions, cohorts, booked, attendance }
    }

    /// A lesson that is going on.
    #[must_use]
    pub fn live(&self) -> Option<&SomeSession> {
        self.sessions.iter().find(|session| session.state == "live")
    }

    /// The last lesson that is over.
    #[must_use]
    pub fn over(&self) -> &SomeSession {
        let over = self.sessions.iter().filter(|session| session.state == "ended");
        over.max_by_key(|session| session.starts_at).unwrap()
    }
}

/// Writes it all down.
struct Scribe {
    bulk: Bulk,
    dice: Dice,
    of: Uuid,
    now: DateTime<Utc>,
    /// The first week.
    began: DateTime<Utc>,
}
