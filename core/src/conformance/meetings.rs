//! Meetings are made once, found again, changed in place and removed.

use chrono::TimeDelta;

use super::{
    harness::{Deletion, Door, Harness, Trouble},
    people::Guest,
    stage::{CALL, Stage},
};
use crate::provider::{Can, CreateRecovery, ErrorKind, MeetingDraft};

/// After a create that failed for certain, the next try makes the meeting; after one that worked, looking for it finds that
/// one, or nothing where the vendor has no way to look.
pub async fn a_create_that_was_retried_makes_one_meeting<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let (meetings, draft) = (stage.meetings(), stage.draft(1));
    let knows_trouble = stage.harness.trouble(Trouble::NotMade);
    assert_eq!(knows_trouble, stage.harness.requests().is_some(), "whoever is asked can fail to answer");
    if knows_trouble {
        let failed = meetings.create(&CALL, &draft).await.unwrap_err();
        assert_eq!(failed.kind, ErrorKind::Unavailable);
        assert_eq!(stage.harness.meetings(), 0);
        stage.harness.trouble(Trouble::Over);
        assert!(
            stage.can().create_recovery == CreateRecovery::ByKey
                || meetings.find(&CALL, &draft).await.unwrap().is_none()
        );
    }
    let made = stage.create(&draft).await;
    let kept = usize::from(stage.harness.deletion() != Deletion::NothingMade);
    assert_eq!(stage.harness.meetings(), kept);
    let found = meetings.find(&CALL, &draft).await.unwrap();
    match stage.can().create_recovery {
        CreateRecovery::ByKey => {
            assert_eq!(found.unwrap().id, made.id);
            assert_eq!(meetings.create(&CALL, &draft).await.unwrap().id, made.id);
        }
        CreateRecovery::ByMarker => assert_eq!(found.unwrap().id, made.id),
        CreateRecovery::None => assert!(found.is_none(), "what is found again can be recovered"),
    }
    assert_eq!(stage.harness.meetings(), kept);
    let other = meetings.find(&CALL, &stage.draft(2)).await.unwrap();
    let same = stage.harness.deletion() == Deletion::NothingMade;
    assert!(same || other.is_none(), "another reference is another meeting");
}

/// A create whose answer was lost says that it may have been done. The next try finds it, or leaves at most one meeting behind
/// that nobody refers to: no more than [`CreateRecovery`] admits.
pub async fn a_create_that_timed_out_after_the_work_leaves_one_referenced_meeting<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let (meetings, draft) = (stage.meetings(), stage.draft(1));
    if !stage.harness.trouble(Trouble::AnswerLost) {
        assert_eq!(stage.harness.requests(), None, "whoever is asked can fail to answer");
        let (one, two) = (stage.create(&draft).await, stage.create(&draft).await);
        return assert_eq!((one.id, stage.harness.meetings()), (two.id, 0));
    }
    let lost = meetings.create(&CALL, &draft).await.unwrap_err();
    assert!(lost.maybe_done, "{lost}: whoever reads this must not take it for not done");
    assert_eq!(stage.harness.meetings(), 1);
    stage.harness.trouble(Trouble::Over);
    let found = meetings.find(&CALL, &draft).await.unwrap();
    let allowed = match stage.can().create_recovery {
        CreateRecovery::ByKey | CreateRecovery::ByMarker => {
            assert!(found.is_some(), "promised to be found again");
            0
        }
        CreateRecovery::None => 1,
    };
    let referenced = match found {
        Some(found) => found,
        None => stage.create(&draft).await,
    };
    let orphans = stage.harness.meetings() - 1;
    assert!(orphans <= allowed, "{orphans} orphans");
    let seen = meetings.get(&CALL, &stage.at(&referenced)).await.unwrap();
    assert_eq!((seen.id, seen.join_url), (referenced.id.clone(), referenced.join_url.clone()));
    // What was found is as it was asked, not half of it.
    assert!(referenced.differences.is_empty(), "{:?}", referenced.differences);
}

/// Topic, time and length change; id and link stay.
pub async fn an_update_keeps_the_link<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let (meetings, draft) = (stage.meetings(), stage.draft(1));
    let made = stage.create(&draft).await;
    let moved = MeetingDraft {
        topic: "Geometry".to_owned(),
        starts_at: draft.starts_at + TimeDelta::days(1),
        length: draft.length * 2,
        ..draft.clone()
    };
    let changed = meetings.update(&CALL, &stage.at(&made), &moved).await.unwrap();
    let again = meetings.update(&CALL, &stage.at(&made), &moved).await.unwrap();
    let seen = meetings.get(&CALL, &stage.at(&made)).await.unwrap();
    for now in [&changed, &again, &seen] {
        assert_eq!((&now.id, &now.join_url), (&made.id, &made.join_url));
        // A platform without topics and times keeps none; one that has them has the new ones.
        assert_eq!(now.starts_at, made.starts_at.map(|_| moved.starts_at));
        assert_eq!(now.minutes, if made.minutes == 0 { 0 } else { 120 });
    }
    if stage.harness.requests().is_some() && !made.topic.is_empty() {
        assert_eq!((made.topic.as_str(), seen.topic.as_str()), (draft.topic.as_str(), "Geometry"));
    }
    let kept = usize::from(stage.harness.deletion() != Deletion::NothingMade);
    assert_eq!(stage.harness.meetings(), kept);
}

/// A deleted meeting is gone, or locked where the vendor keeps it; deleting what is gone is fine.
pub async fn a_meeting_is_deleted_and_deleting_is_repeatable<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let meetings = stage.meetings();
    let (first, second) = (stage.create(&stage.draft(1)).await, stage.create(&stage.draft(2)).await);
    let at = stage.at(&first);
    meetings.delete(&CALL, &at).await.unwrap();
    meetings.delete(&CALL, &at).await.unwrap();
    match stage.harness.deletion() {
        Deletion::Removed => {
            assert_eq!(meetings.get(&CALL, &at).await.unwrap_err().kind, ErrorKind::NotFound);
            let update = meetings.update(&CALL, &at, &stage.draft(1)).await;
            assert_eq!(update.unwrap_err().kind, ErrorKind::NotFound);
            assert_eq!(stage.harness.meetings(), 1);
        }
        Deletion::Locked => {
            let room = stage.room().expect("a locked door is seen by somebody who tries it");
            room.begin(&first);
            assert_ne!(room.comes(&first, &Guest::new(1)), Door::In, "the link still opens the meeting");
        }
        Deletion::NothingMade => {
            assert_eq!((stage.harness.meetings(), stage.harness.requests()), (0, None));
        }
    }
    let other = meetings.get(&CALL, &stage.at(&second)).await.unwrap();
    assert_eq!(other.join_url, second.join_url);
}

/// Ending ends for everybody; where the vendor has no such thing the capability says what is done instead, or that nothing is.
pub async fn a_class_is_ended_for_everybody_or_nobody_says_so<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let meetings = stage.meetings();
    let made = stage.create(&stage.draft(1)).await;
    let at = stage.at(&made);
    if !stage.can().end_meeting.is_possible() {
        return stage.refuses("end_meeting", async || meetings.end(&CALL, &at).await).await;
    }
    // One that does not run is fine.
    meetings.end(&CALL, &at).await.unwrap();
    let Some(room) = stage.room() else { return };
    room.begin(&made);
    assert!(room.is_running(&made));
    meetings.end(&CALL, &at).await.unwrap();
    if let Can::Yes { .. } = stage.can().end_meeting {
        assert!(!room.is_running(&made));
    }
    meetings.end(&CALL, &at).await.unwrap();
}

/// The meeting that was lost is found among more than fit on a page.
pub async fn a_lost_meeting_is_found_beyond_the_first_page<H: Harness>() {
    let stage = Stage::<H>::new().await;
    stage.harness.pages(2);
    let mut ids = Vec::new();
    for number in 1..=7 {
        ids.push(stage.create(&stage.draft(number)).await.id);
    }
    for (number, id) in (1..).zip(&ids) {
        let found = stage.meetings().find(&CALL, &stage.draft(number)).await.unwrap().map(|found| found.id);
        match stage.can().create_recovery {
            CreateRecovery::None => assert_eq!(found, None),
            CreateRecovery::ByKey | CreateRecovery::ByMarker => assert_eq!(found.as_ref(), Some(id)),
        }
    }
}
