//! Who was there, by reports and by events.

use super::{
    class::{lengths, told},
    events::heard,
    harness::{Harness, OnTheWay},
    stage::{CALL, Stage},
};
use crate::provider::LiveAttendance;

fn none_is_promised<H: Harness>(stage: &Stage<H>) {
    assert!(stage.provider.attendance().is_none() && stage.provider.live_roster().is_none());
    assert!(stage.can().attendance.reason().is_some());
}

/// The report of a class is what happened: each stay once, nobody missing, nobody more.
pub async fn a_report_is_what_happened<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let made = stage.create(&stage.draft(1)).await;
    let Some(room) = stage.room() else { return none_is_promised(&stage) };
    let attendance = stage.provider.attendance().unwrap();
    assert!(attendance.runs(&CALL, &stage.at(&made)).await.unwrap().is_empty(), "nothing has happened yet");
    let truth = stage.evening(room, &made);
    stage.settle(room);
    assert_eq!(lengths(&stage.reported(&made).await), truth);
}

/// With events alone, and with reports alone, everybody was there for the same time.
pub async fn events_tell_the_same_as_reports<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let made = stage.create(&stage.draft(1)).await;
    let Some(room) = stage.room() else { return none_is_promised(&stage) };
    let live = stage.can().attendance.how() == Some(&LiveAttendance::Live);
    if !live {
        assert!(stage.provider.live_roster().is_none() && stage.provider.subscriptions().is_none());
        return assert!(stage.can().attendance.reason().is_some(), "only afterwards, and nothing says so");
    }
    let began = stage.harness.now();
    let post = stage.post();
    if let Some(post) = post {
        post.listen(stage.provider.as_ref(), &made).await;
        post.on_the_way(OnTheWay::Straight);
    }
    let truth = stage.evening(room, &made);
    let events = match (stage.provider.live_roster(), post) {
        (Some(roster), _) => roster.look(&CALL, &stage.at(&made), began).await.unwrap(),
        (None, Some(post)) => heard(&stage, post).await,
        (None, None) => panic!("live attendance, and nothing that tells"),
    };
    let by_events = told(&events);
    assert_eq!(lengths(&by_events), truth);
    stage.settle(room);
    assert_eq!(by_events, stage.reported(&made).await);
}

/// A report of more people than fit on a page has them all.
pub async fn all_pages_of_a_report_are_read<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let made = stage.create(&stage.draft(1)).await;
    let Some(room) = stage.room() else { return none_is_promised(&stage) };
    stage.harness.pages(2);
    stage.full_house(room, &made, 7);
    stage.settle(room);
    assert_eq!(lengths(&stage.reported(&made).await), [600; 8]);
}

/// A meeting that was stopped and started again has a run each time, oldest first, also beyond a page of them.
pub async fn all_runs_of_a_meeting_are_listed<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let made = stage.create(&stage.draft(1)).await;
    let Some(room) = stage.room() else { return none_is_promised(&stage) };
    stage.harness.pages(2);
    let mut began = Vec::new();
    for _ in 0..5 {
        began.push(stage.harness.now());
        stage.full_house(room, &made, 1);
    }
    stage.settle(room);
    let runs = stage.provider.attendance().unwrap().runs(&CALL, &stage.at(&made)).await.unwrap();
    assert_eq!(runs.iter().map(|run| run.started_at).collect::<Vec<_>>(), began);
    assert_eq!(lengths(&stage.reported(&made).await), [3000; 2]);
}
