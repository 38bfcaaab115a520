//! A series is one meeting a session, at the same hour of the class's zone.

use chrono::{NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Timelike as _, Utc};
use chrono_tz::Europe::Warsaw;

use super::{
    harness::{Deletion, Harness},
    stage::{CALL, Stage},
};
use crate::provider::{CreateRecovery, MeetingDraft};

/// Four weeks around the last Sunday of March, when Warsaw's clocks go forward: each session at six in the evening there, so
/// at another instant of the day in UTC afterwards. Moving one over the change moves that one alone.
pub async fn a_series_keeps_its_hour_across_a_change_of_the_clocks<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let meetings = stage.meetings();
    assert!(stage.can().recurrence.is_possible(), "a series is a meeting a session at least");
    let first = NaiveDate::from_ymd_opt(2027, 3, 15).unwrap();
    let six = NaiveTime::from_hms_opt(18, 0, 0).unwrap();
    let evening = |week: i64| {
        let local = (first + TimeDelta::weeks(week)).and_time(six);
        Warsaw.from_local_datetime(&local).single().unwrap().with_timezone(&Utc)
    };
    let draft = |number: usize, week| MeetingDraft {
        starts_at: evening(week),
        time_zone: Warsaw,
        ..stage.draft(number)
    };
    assert_ne!(evening(1).hour(), evening(2).hour(), "the change is between these two");
    let mut series = Vec::new();
    for (number, week) in (1..).zip(0..4) {
        series.push(stage.create(&draft(number, week)).await);
    }
    let alone = stage.harness.deletion() != Deletion::NothingMade;
    if alone {
        let mut links: Vec<_> = series.iter().map(|meeting| meeting.join_url.expose().clone()).collect();
        links.sort();
        links.dedup();
        assert_eq!(links.len(), 4, "who has the link of one lesson has them all");
        assert_eq!(stage.harness.meetings(), 4);
    }
    let moved = meetings.update(&CALL, &stage.at(&series[0]), &draft(1, 4)).await.unwrap();
    assert_eq!(moved.id, series[0].id);
    for (number, week, meeting) in
        [(1, 4, &series[0]), (2, 1, &series[1]), (3, 2, &series[2]), (4, 3, &series[3])]
    {
        let seen = meetings.get(&CALL, &stage.at(meeting)).await.unwrap();
        // A platform without times keeps none, before and after.
        assert_eq!(seen.starts_at, meeting.starts_at.map(|_| evening(week)));
        if let Some(starts_at) = seen.starts_at {
            assert_eq!(starts_at.with_timezone(&Warsaw).hour(), 18);
        }
        if stage.can().create_recovery != CreateRecovery::None {
            let found = meetings.find(&CALL, &draft(number, week)).await.unwrap();
            assert_eq!(found.unwrap().id, meeting.id);
        }
    }
}
